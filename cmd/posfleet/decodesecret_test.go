package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

const (
	plantedPAN   = "6225880013577532"
	plantedTrack = plantedPAN + "D30121014469173582"
	plantedPIN   = "4C61B1E7F2A9C3D5"
	plantedKeys  = "C1D2E3F4A5B69788A7E5F9D0B3C2917FE3F4A5B6D8C7B1A3F0E9C2D4B6A89F71C1D2E3F4A5B69788E3F4A5B6"
)

// planted are messages with secrets in them, by dialect and what they are.
func planted(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	pin, _ := hex.DecodeString(plantedPIN)
	block, _ := hex.DecodeString(plantedKeys)
	for name, d := range dialect.Dialects() {
		if name != "cup" && name != "iso87" {
			continue
		}
		messages := map[string]func(m *wire.Message){
			"track": func(m *wire.Message) { m.SetFieldString(35, plantedTrack); m.Set(wire.PINBlock, pin) },
			"card":  func(m *wire.Message) { m.SetString(wire.PAN, plantedPAN); m.Set(wire.PINBlock, pin) },
		}
		messages["known"] = func(m *wire.Message) { // where none belongs
			m.SetFieldString(60, plantedPAN)
			m.SetFieldString(63, "CUP"+plantedPAN[:8]+"\n"+plantedPAN[8:])
		}
		if name == "cup" {
			messages["keys"] = func(m *wire.Message) {
				m.Reset()
				m.SetMTI("0810")
				m.SetUint(wire.Trace, 42)
				m.SetString(wire.ResponseCode, "00")
				m.SetString(wire.TerminalID, "10000001")
				m.SetString(wire.MerchantID, "123456789012345")
				m.SetFieldString(60, "00000001004")
				m.Set(wire.WorkingKeys, block)
			}
		}
		for of, fill := range messages {
			m := d.NewMessage()
			if d.Header.TPDU {
				copy(m.Head, "\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x00")
			}
			d.Form(dialect.Purchase).Begin(m)
			m.SetUint(wire.Amount, 12345)
			m.SetUint(wire.Trace, 42)
			m.SetString(wire.EntryMode, "021")
			m.SetString(wire.TerminalID, "10000001")
			m.SetString(wire.MerchantID, "123456789012345")
			fill(m)
			b, err := m.Append(nil)
			if err != nil {
				t.Fatal(name, of, err)
			}
			out[name+" "+of] = b
		}
	}
	return out
}

// secretForms are what must be in no output, in which blanks and the like are left
// out: any five octets of the secrets, in hexadecimal, as hexadecimal digits of
// text and in decimal, and a card's digits beyond the first six and last four.
func secretForms() (forms []string) {
	for _, s := range []string{plantedPIN, plantedKeys} {
		octets, _ := hex.DecodeString(s)
		for i := range len(octets) - 4 {
			forms = append(forms, fmt.Sprintf("%X", octets[i:i+5]), decimals(octets[i:i+5], "", 256))
		}
		for i := range len(s) - 9 {
			forms = append(forms, fmt.Sprintf("%X", s[i:i+10]), fmt.Sprintf("%X", strings.ToLower(s[i:i+10])), s[i:i+10])
		}
	}
	for i := 5; i <= 6; i++ {
		s := plantedPAN[i : i+7]
		forms = append(forms, s, fmt.Sprintf("%X", s))
	}
	after := strings.Split(plantedTrack, "D")[1]
	for i := range len(after) - 8 {
		forms = append(forms, after[i:i+9], fmt.Sprintf("%X", after[i:i+9]))
	}
	return forms
}

func decimals(b []byte, between string, above int) string {
	var words []string
	for _, c := range b {
		n := int(c)
		if n >= above {
			n -= 256
		}
		words = append(words, fmt.Sprint(n))
	}
	return strings.Join(words, between)
}

// textForms are the ways in which octets are pasted.
var textForms = map[string]func(b []byte) string{
	"hex":           hex.EncodeToString,
	"HEX":           func(b []byte) string { return fmt.Sprintf("%X", b) },
	"octets":        func(b []byte) string { return string(b) },
	"decimal":       func(b []byte) string { return decimals(b, ", ", 256) },
	"signed":        func(b []byte) string { return "[" + decimals(b, ", ", 128) + "]" },
	"decimal words": func(b []byte) string { return decimals(b, " ", 256) },
	"hex of hex":    func(b []byte) string { return fmt.Sprintf("%X", fmt.Sprintf("%X", b)) },
	"hex of small":  func(b []byte) string { return fmt.Sprintf("%x", fmt.Sprintf("%x", b)) },
	"octal":         func(b []byte) string { return strings.Trim(fmt.Sprintf("%03o", b), "[]") },
	"binary":        func(b []byte) string { return strings.Trim(fmt.Sprintf("%08b", b), "[]") },
	"base64":        base64.StdEncoding.EncodeToString,
	"Go":            func(b []byte) string { return fmt.Sprintf("%q", b) },
	"per cent":      func(b []byte) string { return "%" + strings.ReplaceAll(fmt.Sprintf("% X", b), " ", "%") },
	"framed hex": func(b []byte) string {
		return fmt.Sprintf("%04x", 2*len(b)) + hex.EncodeToString([]byte(hex.EncodeToString(b)))
	},
	"one digit": func(b []byte) string { return fmt.Sprintf("%#v", b) },
	"C string": func(b []byte) string {
		return `write(3, "\` + strings.ReplaceAll(strings.Trim(fmt.Sprintf("%03o", b), "[]"), " ", `\`) + `", 9)`
	},
	"dump": hex.Dump,
	"odd":  func(b []byte) string { return "0" + hex.EncodeToString(b) },
}

// shownOf is what decode says of a text, errors too, without what stands between
// digits.
func shownOf(d *dialect.Dialect, text string) string {
	var out bytes.Buffer
	x := explainer{out: bufio.NewWriter(&out), dialect: d}
	err := x.input(strings.NewReader(text), "x")
	if err == nil {
		err = x.verdict()
	}
	x.out.Flush()
	return out.String() + fmt.Sprint(err)
}

var between = strings.NewReplacer(" ", "", "\n", "", ",", "", ".", "", "-", "", "left:", "")

func leaks(d *dialect.Dialect, text string, forms []string) (secret, shown string) {
	shown = shownOf(d, text)
	flat := strings.ToUpper(between.Replace(shown))
	for _, s := range forms {
		if strings.Contains(flat, s) {
			return s, shown
		}
	}
	return "", ""
}

// Whatever form octets are pasted in, whatever is cut off and whichever dialect is
// meant, what is shown has no part of a PIN block, a key, a track or a card number.
func TestNoFormOfAMessageShowsASecret(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector, and has no race to find")
	}
	t.Parallel()
	forms := secretForms()
	dialects := dialect.Dialects()
	for _, d := range dialects {
		d.Secrets = dialect.NewSecrets(func(add func(pan, pin, discretionary string)) { add(plantedPAN, "", "4469173582") })
	}
	tried, bad := 0, 0
	try := func(what string, octets []byte, as string) {
		for _, name := range []string{"cup", "iso87"} {
			tried++
			if s, shown := leaks(dialects[name], textForms[as](octets), forms); s != "" {
				if bad++; bad <= 5 {
					t.Errorf("%s, as %s, dialect %s: shows %s\n%s\n%s", what, as, name, s, textForms[as](octets), shown)
				}
			}
		}
	}
	r := rand.New(rand.NewPCG(11, 77))
	messages := planted(t)
	for _, of := range slices.Sorted(maps.Keys(messages)) {
		whole := messages[of]
		framed := append([]byte{byte(len(whole) >> 8), byte(len(whole))}, whole...)
		for _, as := range slices.Sorted(maps.Keys(textForms)) {
			try(of+" whole", whole, as)
			try(of+" framed", framed, as)
			i, j := r.IntN(len(framed)), r.IntN(len(framed))
			try(fmt.Sprintf("%s without %d in front", of, i), framed[i:], as)
			try(fmt.Sprintf("%s without %d at the end", of, j), framed[:j], as)
			try(fmt.Sprintf("%s from %d to %d", of, min(i, j), max(i, j)), framed[min(i, j):max(i, j)], as)
			try(fmt.Sprintf("%s from %d and again", of, i), append(bytes.Clone(framed[i:]), framed...), as)
		}
		for i := range framed {
			try(fmt.Sprintf("%s without %d in front", of, i), framed[i:], "hex")
			try(fmt.Sprintf("%s without %d at the end", of, i), framed[:len(framed)-i], "hex")
		}
		for range 30 {
			b := mangled(r, whole)
			if r.IntN(10) < 7 {
				b = append([]byte{byte(len(b) >> 8), byte(len(b))}, b...)
			}
			try(of+" mangled", b, "hex")
		}
	}
	if tried < 2500 {
		t.Errorf("%d inputs tried", tried)
	}
	t.Logf("%d of %d inputs show a secret", bad, tried)
}

// mangled is a message with an octet more or less, another bit in the bitmap, a
// stretch of another message, half an octet less or its end in hexadecimal digits.
func mangled(r *rand.Rand, whole []byte) []byte {
	b := bytes.Clone(whole)
	i, j := r.IntN(len(b)), r.IntN(len(b))
	switch r.IntN(8) {
	case 0:
		return slices.Delete(b, i, i+1)
	case 1:
		return slices.Insert(b, i, byte(r.IntN(256)))
	case 2:
		b[r.IntN(min(22, len(b)))] ^= 1 << r.IntN(8)
	case 3:
		return append(append(b[:i:i], byte(r.IntN(256)), byte(r.IntN(256))), whole[j:]...)
	case 4:
		s := hex.EncodeToString(b)
		b, _ = hex.DecodeString(s[:i] + s[i+1:] + "0")
	case 5:
		return append(b[:r.IntN(30)], strings.ToUpper(hex.EncodeToString(whole[r.IntN(30):]))...)
	case 6:
		b[i], b[j] = byte(r.IntN(256)), byte(r.IntN(256))
	case 7:
		return append(b[:i:i], b[min(len(b), i+1+r.IntN(8)):]...)
	}
	return b
}
