package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

func keysCommand() *cobra.Command {
	var f networkFlags
	var terminals int
	var ca bool
	var file keysFile
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "the terminals of a profile with the check values of their master keys, or new keys for them",
		Long: "Lists the terminals that a host under test has to know: terminal id, merchant id, kind, and the\n" +
			"check value of the master key as a triple-DES and as an SM4 key (the first 4 octets of a block of\n" +
			"zeros under it; hosts that show 3 show the first 6 digits). No key is shown.\n\n" +
			"With --out it draws new master keys for them first and writes these into a file that only its owner can read: a list\n" +
			"for terminals of a profile ({list: FILE}). With --under each is a TR-31 key block under the key block protection key\n" +
			"in that file (32, 48 or 64 hexadecimal digits), which the profile then names, too ({list: FILE, under: KEYFILE}).\n" +
			"With --under pkcs11:… an HSM draws them, and each is written under its local master key (docs/hsm.md). With --keep\n" +
			"the keys are the profile's own.\n\n" +
			"With --ca it lists instead the public keys of the authorities behind the cards that terminals authenticate off line, as a\n" +
			"host has to give them to download (370).\n\n" + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if ca {
				for _, other := range []string{"out", "under", "keep", "terminals", "profile"} {
					if cmd.Flags().Changed(other) {
						return usage(fmt.Errorf("--ca lists public keys that are the same always; leave --%s away", other))
					}
				}
				return usage(listAuthorities(cmd.OutOrStdout()))
			}
			if terminals < 0 || terminals == 0 && cmd.Flags().Changed("terminals") {
				return usage(fmt.Errorf("--terminals %d: want at least 1", terminals))
			}
			p, err := f.load(terminals)
			if err != nil {
				return err
			}
			switch {
			case file.path != "":
				heed(cmd.Context())
				if err := file.write(p); err != nil {
					return err
				}
			case file.under != "":
				return usage(errors.New("--under goes with --out, the file for new keys"))
			case file.keep:
				return usage(errors.New("--keep goes with --out, the file for the keys"))
			}
			return usage(listKeys(cmd.OutOrStdout(), p))
		},
	}
	fl := cmd.Flags()
	f.flags = fl
	fl.StringVar(&f.profile, "profile", "", "profile file of the network under test (default: the bundled network)")
	fl.StringVar(&f.dialect, "dialect", "", dialectUsage)
	fl.IntVar(&terminals, "terminals", 0, "how many (default: the profile's)")
	fl.StringVar(&file.path, "out", "", "draw new keys for them and write these into this new file")
	fl.StringVar(&file.under, "under", "", "file of the key block protection key under which they are written, or PKCS#11 URI of the HSM that draws them")
	fl.BoolVar(&file.keep, "keep", false, "write the profile's keys and not new ones")
	fl.BoolVar(&ca, "ca", false, "list public keys of certification authorities instead")
	return cmd
}

// listKeys writes a line for each terminal.
func listKeys(out io.Writer, p *profile.Profile) error {
	if _, err := fmt.Fprintf(out, "%-8s  %-15s  %-7s  %-8s  %-8s  %s\n", "tid", "mid", "kind", "3DES", "SM4", "AES"); err != nil {
		return err
	}
	for i := range p.Terminals {
		t := &p.Terminals[i]
		if t.Master == nil {
			if _, err := fmt.Fprintf(out, "%-8s  %-15s  %-7s  none: a sign-in of dialect %s brings no keys\n", t.TID, t.MID, t.Kind, p.Dialect.Name); err != nil {
				return err
			}
			continue
		}
		var kcvs [3]string
		for i, c := range []keys.Cipher{keys.CipherDES, keys.CipherSM4, keys.CipherAES} {
			if kcvs[i] = "-"; p.HSM.Supports(c) != nil {
				continue
			}
			kcv, err := keys.CheckValue(p.HSM, c, t.Master)
			if err != nil {
				return fmt.Errorf("master key of terminal %s: %w", t.TID, err)
			}
			kcvs[i] = fmt.Sprintf("%X", kcv)
		}
		if _, err := fmt.Fprintf(out, "%-8s  %-15s  %-7s  %-8s  %-8s  %s\n", t.TID, t.MID, t.Kind, kcvs[0], kcvs[1], kcvs[2]); err != nil {
			return err
		}
	}
	return nil
}

// listAuthorities writes what there is of each authority's key, by its tags.
func listAuthorities(out io.Writer) error {
	for _, a := range chip.Authorities() {
		note := ""
		if !a.Listed {
			note = "  no host is to tell of this one"
		}
		if _, err := fmt.Fprintf(out, "%s%s\n", a.Name, note); err != nil {
			return err
		}
		for t := range wire.Tags(a.Entry()) {
			if _, err := fmt.Fprintf(out, "  %04X  %-8s  %X\n", t.Tag, chip.TagName(t.Tag), t.Value); err != nil {
				return err
			}
		}
	}
	return nil
}
