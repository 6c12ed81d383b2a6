package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
)

// keysFile is a file of master keys to be written: a list for a profile's terminals.
type keysFile struct {
	path  string
	under string // file of a key block protection key, or URI of an HSM; empty for keys in clear
	keep  bool   // the profile's keys, and not new ones
}

// write gives each terminal of a profile a master key, and writes these into a new file
// that only its owner can read.
func (k *keysFile) write(p *profile.Profile) (err error) {
	textOf, err := k.wrapper(p)
	if err != nil {
		return usage(err)
	}
	f, err := os.OpenFile(k.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usage(fmt.Errorf("--out %s is there already, and keys in it may be in use; name another file", k.path))
	}
	if err != nil {
		return usage(fmt.Errorf("--out: %w", err))
	}
	defer func() {
		if shut := f.Close(); err == nil && shut != nil {
			err = unwritten(fmt.Errorf("--out: %w", shut))
		}
		if err != nil {
			os.Remove(k.path)
		}
	}()
	out := bufio.NewWriter(f)
	fmt.Fprintln(out, "tid,mid,kind,master")
	for i := range p.Terminals {
		t := &p.Terminals[i]
		if !k.keep {
			if t.Master, err = p.HSM.Generate(keys.CipherDES); err != nil {
				return err
			}
		}
		text, err := textOf(t)
		if err != nil {
			return usage(fmt.Errorf("--under: %w", err))
		}
		fmt.Fprintf(out, "%s,%s,%s,%s\n", t.TID, t.MID, t.Kind, text)
	}
	if err := out.Flush(); err != nil {
		return unwritten(fmt.Errorf("--out: %w", err))
	}
	return nil
}

// wrapper gives how a terminal's master key is written, and makes the profile's HSM the
// one that new keys come from.
func (k *keysFile) wrapper(p *profile.Profile) (func(*profile.Terminal) (string, error), error) {
	inHSM := p.InHSM()
	for i := range p.Terminals {
		if k.keep && p.Terminals[i].Master == nil {
			return nil, fmt.Errorf("--keep: terminal %s has no key in the profile; leave --keep out to draw one", p.Terminals[i].TID)
		}
	}
	if strings.HasPrefix(k.under, keys.TokenScheme) {
		h, err := profile.OpenHSM(k.under)
		if err != nil {
			return nil, fmt.Errorf("--under: %w", err)
		}
		if k.keep && inHSM && h != p.HSM {
			return nil, errHeld
		}
		p.HSM = h
		return func(t *profile.Terminal) (string, error) {
			if k.keep && !inHSM {
				if t.Master, err = h.Import(t.Master); err != nil {
					return "", err
				}
			}
			return strings.ToUpper(hex.EncodeToString(t.Master)), nil
		}, nil
	}
	if k.keep && inHSM {
		return nil, errHeld
	}
	p.HSM = keys.Software{}
	if k.under == "" {
		return func(t *profile.Terminal) (string, error) { return strings.ToUpper(hex.EncodeToString(t.Master)), nil }, nil
	}
	kbpk, err := profile.ReadKey(k.under)
	if err != nil {
		return nil, fmt.Errorf("--under: %w", err)
	}
	return func(t *profile.Terminal) (string, error) { return keys.WrapKey(kbpk, masterHeader(kbpk), t.Master) }, nil
}

var errHeld = errors.New("--keep: the profile's keys are in an HSM, and do not leave it; leave --keep out to draw new ones")

// masterHeader is what a key block says of a master key: it enciphers keys (K0), is of
// triple DES, for both directions, and may go to trusted parties. A protection key of 32
// octets is AES's (version D), a shorter one triple DES's (B).
func masterHeader(under []byte) keys.KeyHeader {
	version := byte('B')
	if len(under) == 32 {
		version = 'D'
	}
	return keys.KeyHeader{Version: version, Usage: profile.MasterUsage, Algorithm: 'T', Mode: 'B', Number: "00", Exportable: 'E'}
}
