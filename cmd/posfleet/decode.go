package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

func decodeCommand() *cobra.Command {
	var f networkFlags
	var request string
	cmd := &cobra.Command{
		Use:   "decode [hex | -]",
		Short: "one message, field by field, masked",
		Long: "Explains one message given as hexadecimal digits (blanks allowed), as an argument or on standard\n" +
			"input, with or without its length prefix. Cards are masked; PIN blocks, tracks and keys not shown.\n\n" + exitHelp,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.load(0)
			if err != nil {
				return err
			}
			text := "-"
			if len(args) == 1 {
				text = args[0]
			}
			if text == "-" {
				in, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 4*wire.MaxFrame+1))
				if err != nil {
					return usage(fmt.Errorf("standard input: %w", err))
				}
				text = string(in)
			}
			octets, err := unhex(text)
			if err != nil {
				return usage(err)
			}
			m, err := decode(p.Dialect, octets)
			if err != nil {
				return &exit{code: exitUsage, err: fmt.Errorf("not a %s message: %w", p.Dialect.Name, err),
					hint: "another dialect? try --dialect iso87, or --profile with its length, tpdu and header"}
			}
			p.Dialect.Describe(cmd.OutOrStdout(), m)
			if request != "" {
				return answerTo(cmd.OutOrStdout(), p, f.profile != "", request, m)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&request, "answer-to", "", "hexadecimal digits of the request that this answers: which rules it breaks")
	cmd.Flags().StringVar(&f.profile, "profile", "", "profile file whose dialect is meant")
	cmd.Flags().StringVar(&f.dialect, "dialect", "", "dialect: cup or iso87 (default: cup)")
	return cmd
}

// unhex reads hexadecimal digits; blanks and a leading 0x do not matter.
func unhex(text string) ([]byte, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "0x")
	digits := make([]byte, 0, len(text))
	for at, r := range text {
		switch {
		case unicode.IsSpace(r):
		case strings.ContainsRune("0123456789abcdefABCDEF", r):
			digits = append(digits, byte(r))
		default:
			return nil, fmt.Errorf("the message is not hexadecimal: character %d is %q", utf8.RuneCountInString(text[:at])+1, r)
		}
	}
	switch {
	case len(digits) == 0:
		return nil, errors.New("there is no message: give its hexadecimal digits as an argument or on standard input")
	case len(digits)%2 == 1:
		return nil, fmt.Errorf("the message has %d hexadecimal digits, an odd number: half an octet is missing", len(digits))
	}
	octets := make([]byte, len(digits)/2)
	_, err := hex.Decode(octets, digits)
	return octets, err
}

// decode reads a message whose length prefix may be there or not. When neither
// reading works the error of the likelier one is given.
func decode(d *dialect.Dialect, octets []byte) (*wire.Message, error) {
	m := d.NewMessage()
	r := d.NewReader(strings.NewReader(string(octets)))
	body, err := r.Next()
	if err == nil && len(body)+d.Length.Octets == len(octets) {
		return m, m.Read(body)
	}
	return m, m.Read(octets)
}
