package main

import (
	"bufio"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
)

func dialectCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dialect",
		Short: "networks as files: those that come with posfleet, and your own",
		Long: "A dialect is how a network speaks ISO 8583: one YAML file, which a profile names. docs/dialects.md has\n" +
			"its keys; posfleet dialect show cup > bank.yaml is a start, and so are three lines that begin with\n" +
			"extends: cup.\n\n" + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(dialectListCommand(), dialectShowCommand(), dialectCheckCommand(), dialectImportCommand(), dialectExportCommand())
	return cmd
}

func dialectListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "the dialects that come with posfleet",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range dialect.Names() {
				d, _ := dialect.Named(name)
				fmt.Fprintf(cmd.OutOrStdout(), "%-12s  %s\n", name, d.Title)
			}
			return nil
		},
	}
}

func dialectShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show name | file",
		Short: "a whole dialect file, what it extends put in: one to start from",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, open, err := dialectText(args[0], &profile.Files{})
			if err != nil {
				return usage(err)
			}
			whole, err := dialect.Resolved(args[0], text, open)
			if err != nil {
				return usage(err)
			}
			_, err = cmd.OutOrStdout().Write(whole)
			return err
		},
	}
}

func dialectCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check name | file [message]",
		Short: "what is wrong with a dialect file, or what it has; what a message reads as in it",
		Long: "Tells all that is wrong with a dialect file, with line, key and mend; of a right one, what it has.\n" +
			"A message given besides, as posfleet decode takes it (hexadecimal digits, a file of them, a dump, a\n" +
			"capture), is explained as that dialect reads it.\n\n" + exitHelp,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := readDialect(args[0], &profile.Files{})
			if err != nil {
				return usage(err)
			}
			if err := rules.Known(d); err != nil {
				return usage(err)
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			defer out.Flush()
			if len(args) == 1 {
				d.Summary(out)
				return nil
			}
			in, name, done, err := decodeInput(cmd.InOrStdin(), args[1:], &d.Format)
			if err != nil {
				return usage(err)
			}
			defer done()
			x := explainer{out: out, dialect: d}
			if err := x.input(in, name); err != nil {
				return err
			}
			return x.verdict()
		},
	}
}

// readDialect gives the dialect that comes with posfleet under a name, or that of
// a file.
func readDialect(name string, files *profile.Files) (*dialect.Dialect, error) {
	if d, ok := dialect.Named(name); ok {
		return d, nil
	}
	text, open, err := dialectText(name, files)
	if err != nil {
		return nil, err
	}
	return dialect.Parse(name, text, open)
}

// dialectText gives the text of a dialect, and what opens the files that it
// extends, which stand beside it.
func dialectText(name string, files *profile.Files) (text []byte, open dialect.Open, err error) {
	if text, ok := dialect.Text(name); ok {
		return text, nil, nil
	}
	if _, err := files.Stat(name); err != nil && !dialect.IsFile(name) {
		return nil, nil, fmt.Errorf("dialect %q: want %s, or a dialect file", name, strings.Join(dialect.Names(), ", "))
	}
	read := func(path string) ([]byte, error) {
		text, _, err := files.Read(path, dialect.MaxFile+1)
		return text, err
	}
	open = func(base string) ([]byte, error) {
		if !filepath.IsAbs(base) {
			base = filepath.Join(filepath.Dir(name), base)
		}
		return read(base)
	}
	text, err = read(name)
	return text, open, err
}
