package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Whatever is wrong with a message, four octets of a PIN block or of a working key
// in a row, or a card number beyond its first six and last four digits, are not
// shown: one bit of its bitmap is another, or one octet is gone, added or another.
func TestBrokenMessageShowsNoSecret(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector, and has no race to find")
	}
	t.Parallel()
	const pan, block = "6225880013577532", "DEADBEEF13579BDF"
	keys := strings.Repeat("C1D2E3F4A5B69788", 7) + "E3F4A5B6"
	d := dialect.CUP()
	octets := func(fill func(m *wire.Message)) []byte {
		m := d.NewMessage()
		copy(m.Head, "\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x00")
		fill(m)
		b, err := m.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	purchase := func(m *wire.Message) {
		d.Form(dialect.Purchase).Begin(m)
		m.SetString(wire.PAN, pan)
		m.SetUint(wire.Amount, 12345)
		m.SetUint(wire.Trace, 42)
		m.SetString(wire.Expiry, "3012")
		m.SetString(wire.EntryMode, "051")
		m.SetString(wire.PINCapture, "12")
		m.SetString(wire.TerminalID, "10000001")
		m.SetString(wire.MerchantID, "123456789012345")
		v, _ := hex.DecodeString(block)
		m.Set(wire.PINBlock, v)
		m.SetString(wire.SecurityControl, "2600000000000000")
		m.AddMAC()
	}
	secrets := windows(block, 8)
	for i := 0; i+8 <= len(keys); i += 2 {
		secrets = append(secrets, keys[i:i+8])
	}
	secrets = append(secrets, pan[4:12], pan[5:13], pan[6:12]+pan[12:], pan)
	tried, bad := 0, 0
	for name, good := range map[string][]byte{
		"purchase": octets(purchase),
		"sign-in": octets(func(m *wire.Message) {
			m.SetMTI("0810")
			m.SetUint(wire.Trace, 42)
			m.SetString(wire.ResponseCode, "00")
			m.SetString(wire.TerminalID, "10000001")
			m.SetString(wire.MerchantID, "123456789012345")
			m.SetFieldString(60, "00000001004")
			v, _ := hex.DecodeString(keys)
			m.Set(wire.WorkingKeys, v)
		}),
	} {
		for what, b := range broken(good, d.Header.Len()+2) {
			tried++
			text := shownOf(d, hex.EncodeToString(b))
			flat := strings.ToUpper(strings.Map(func(r rune) rune {
				if r == ' ' || r == '\n' {
					return -1
				}
				return r
			}, text))
			for _, s := range secrets {
				if strings.Contains(flat, s) {
					if bad++; bad <= 5 {
						t.Errorf("%s, %s: shows %s\n%s", name, what, s, text)
					}
					break
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("%d broken messages", tried)
	}
	t.Logf("%d of %d broken messages show a secret", bad, tried)
}

// windows are all runs of n characters that begin at an octet.
func windows(s string, n int) (out []string) {
	for i := 0; i+n <= len(s); i += 2 {
		out = append(out, s[i:i+n])
	}
	return out
}

// broken gives a message that is wrong in one place, in many ways; its bitmap
// begins at the given octet.
func broken(good []byte, bitmap int) map[string][]byte {
	out := map[string][]byte{}
	for bit := range 64 {
		b := bytes.Clone(good)
		b[bitmap+bit/8] ^= 0x80 >> (bit % 8)
		out[fmt.Sprintf("bit %d flipped", bit+1)] = b
	}
	for i := bitmap + 8; i < len(good); i++ {
		out[fmt.Sprintf("octet %d gone", i)] = slices.Delete(bytes.Clone(good), i, i+1)
		out[fmt.Sprintf("octet %d doubled", i)] = slices.Insert(bytes.Clone(good), i, good[i])
		for _, v := range []byte{0x00, 0x99, 0xFF, good[i] ^ 1, good[i] ^ 0x10} {
			b := bytes.Clone(good)
			b[i] = v
			out[fmt.Sprintf("octet %d is %02X", i, v)] = b
		}
	}
	return out
}
