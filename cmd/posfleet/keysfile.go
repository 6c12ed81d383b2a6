package main

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"strings"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
)

// newKeys gives each terminal of a profile a master key of its own, drawn at random, and
// writes them into a new file that only its owner can read: a list for a profile's
// terminals. Under a key block protection key they are TR-31 key blocks.
func newKeys(path string, p *profile.Profile, under []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usage(fmt.Errorf("--out %s is there already, and keys in it may be in use; name another file", path))
	}
	if err != nil {
		return usage(fmt.Errorf("--out: %w", err))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out := bufio.NewWriter(f)
	fmt.Fprintln(out, "tid,mid,kind,master")
	room := make([]byte, 16*len(p.Terminals))
	if _, err := rand.Read(room); err != nil {
		return err
	}
	for i := range p.Terminals {
		t, key := &p.Terminals[i], room[16*i:16*i+16:16*i+16]
		for j, b := range key {
			if bits.OnesCount8(b)%2 == 0 {
				key[j] = b ^ 1
			}
		}
		t.Master = key
		text := strings.ToUpper(hex.EncodeToString(key))
		if under != nil {
			if text, err = keys.WrapKey(under, masterHeader(under), key); err != nil {
				return usage(fmt.Errorf("--under: %w", err))
			}
		}
		fmt.Fprintf(out, "%s,%s,%s,%s\n", t.TID, t.MID, t.Kind, text)
	}
	return out.Flush()
}

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
