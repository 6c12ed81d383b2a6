package capture

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// signInAnswer is the answer to a sign-in in CUP's fields, from its TPDU on.
func signInAnswer(t testing.TB, d *dialect.Dialect) []byte {
	t.Helper()
	q, a := d.NewMessage(), d.NewMessage()
	d.Form(dialect.SignIn).Begin(q)
	copy(q.Head, d.Head())
	q.SetUint(wire.Trace, 42)
	q.SetString(wire.TerminalID, "10000001")
	q.SetString(wire.MerchantID, "898000000000001")
	a.AnswerTo(q)
	a.SetString(wire.ResponseCode, "00")
	a.SetString(wire.LocalTime, "101530")
	a.SetString(wire.LocalDate, "1126")
	a.SetString(wire.WorkingKeys, strings.Repeat("\xA5", 40))
	octets, err := a.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

func TestAnswerInAnotherFramingNamesTheKeys(t *testing.T) {
	d := dialect.CUP()
	x := signInAnswer(t, d)
	n := len(x)
	number := func(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
	bcd, _ := hex.DecodeString(fmt.Sprintf("%04d", n))
	join := func(parts ...any) (out []byte) {
		for _, p := range parts {
			switch p := p.(type) {
			case string:
				out = append(out, p...)
			case []byte:
				out = append(out, p...)
			}
		}
		return out
	}
	noTPDU, noHeader, bare := x[5:], join(x[:5], x[11:]), x[11:]
	for _, c := range []struct {
		name  string
		heard []byte
		want  string
	}{
		{"as it should be", join(number(n), x), ""},
		{"two octets after the message, counted", join(number(n+2), x, "00"), "in a dialect file that extends cup: framing: {length: binary2, trailer: \"3030\", counts: [trailer]}"},
		{"the same of two answers", join(number(n+2), x, "00", number(n+2), x, "00"), "in a dialect file that extends cup: framing: {length: binary2, trailer: \"3030\", counts: [trailer]}"},
		{"four octets", join("\x00\x00", number(n), x), "length: binary4"},
		{"ASCII digits", join(fmt.Sprintf("%04d", n), x), "length: digits4"},
		{"packed digits", join(bcd, x), "length: packed2"},
		{"little-endian", binary.LittleEndian.AppendUint16(nil, uint16(n)), ""},
		{"little-endian", join(binary.LittleEndian.AppendUint16(nil, uint16(n)), x), "length: little2"},
		{"counts itself", join(number(n+2), x), "in a dialect file that extends cup: framing: {length: binary2, counts: [itself]}"},
		{"STX and ETX", join("\x02", number(n), x, "\x03"), `in a dialect file that extends cup: framing: {length: binary2, before: "02", trailer: "03"}`},
		{"no length", x, `no length stands before its messages: in a dialect file that extends cup: framing: {channel: PAD, tpdu: "6000030000", header: "603100310000"}`},
		{"no TPDU", join(number(n-5), noTPDU), "tpdu: none"},
		{"no header", join(number(n-6), noHeader), "header: none"},
		{"neither", join(number(n-11), bare), "tpdu: none, header: none"},
		{"neither, and digits", join(fmt.Sprintf("%04d", n-11), bare), "length: digits4, tpdu: none, header: none"},
		{"hexadecimal characters", join(number(2*n), strings.ToUpper(hex.EncodeToString(x))), "it is written in hexadecimal characters, two for an octet: let the host send octets"},
		{"HTTP", []byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), ""},
		{"half of it", join(number(n), x[:n/2]), ""},
		{"nothing", nil, ""},
	} {
		got := ""
		if f := ReadsAs(d, c.heard, nil, true); f != nil {
			got = f.String()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzReadsAs(f *testing.F) {
	d := dialect.CUP()
	x := signInAnswer(f, d)
	f.Add(append([]byte{0, byte(len(x))}, x...))
	f.Add([]byte(hex.EncodeToString(x)))
	f.Fuzz(func(t *testing.T, heard []byte) {
		if f := ReadsAs(d, heard, nil, true); f != nil && strings.ContainsAny(f.String(), "\n\x00") {
			t.Errorf("it says %q", f)
		}
	})
}
