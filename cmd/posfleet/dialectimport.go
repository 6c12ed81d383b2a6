package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

func dialectImportCommand() *cobra.Command {
	var out, as string
	cmd := &cobra.Command{
		Use:   "import file | -",
		Short: "a dialect file of a jPOS packager (XML) or of moov-io/iso8583's JSON",
		Long: "Writes a dialect file of another program's specification: a jPOS generic packager in XML, or the JSON of\n" +
			"moov-io/iso8583. Comments at its head say what was taken, what was guessed and what is left to you. What\n" +
			"a dialect cannot have is left out and named. Nothing that the file names is fetched or run.\n\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, name, err := readSpecification(cmd.InOrStdin(), args[0])
			if err != nil {
				return usage(err)
			}
			text, notes, err := dialect.Import(name, data, as)
			if err != nil {
				return usage(err)
			}
			for _, note := range notes {
				fmt.Fprintf(cmd.ErrOrStderr(), "posfleet: note: %s\n", note)
			}
			return writeTo(cmd, out, text)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the file to write, which must not be there yet (default standard output)")
	cmd.Flags().StringVar(&as, "as", "", "what the file is, "+strings.Join(dialect.ImportForms, " or ")+" (default: seen by how it begins)")
	return cmd
}

func dialectExportCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "export name | file",
		Short: "the fields of a dialect in moov-io/iso8583's JSON",
		Long: "Writes the field table of a dialect as moov-io/iso8583's JSON, with posfleet's own encodings by name where\n" +
			"moov has none. Imported again it is the same; transactions, masks and framing are no part of it.\n\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := readDialect(args[0], &profile.Files{})
			if err != nil {
				return usage(err)
			}
			text, err := d.Export()
			if err != nil {
				return usage(fmt.Errorf("%s: %w", args[0], err))
			}
			return writeTo(cmd, out, text)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the file to write, which must not be there yet (default standard output)")
	return cmd
}

// writeTo writes to a new file, or to standard output when none is named.
func writeTo(cmd *cobra.Command, name string, text []byte) error {
	if name == "" {
		_, err := cmd.OutOrStdout().Write(text)
		return err
	}
	return writeNew(name, text)
}

// maxSpecification is the longest file that is read, in octets; what may be in one
// is for package dialect to say.
const maxSpecification = 1 << 20

// readSpecification reads a file, or standard input for -, or one octet more than it
// may have. It gives what errors call it.
func readSpecification(stdin io.Reader, name string) ([]byte, string, error) {
	in := stdin
	if name == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, name, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxSpecification+1))
	return data, name, err
}

// writeNew writes a file that is not there yet: people edit what was imported.
func writeNew(name string, text []byte) error {
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		return usage(fmt.Errorf("%s is there already, and may have been edited; name another file, or remove it", name))
	}
	return unwritten(report.WriteFile(name, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}))
}
