package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// echoTest is a whole message: 0800 with fields 3 and 11, in ASCII.
const echoTest = "08002020000000000000990000000042"

// framed is a framing and what it makes of a message.
type framed struct {
	name    string
	framing wire.Framing
	message string
	frame   string // in hexadecimal digits; M is the message
}

func length(t testing.TB, name string) wire.Length {
	l, ok := wire.LengthNamed(name)
	if !ok {
		t.Fatalf("no length %s", name)
	}
	return l
}

// framings are those of jPOS' channels, and others that are met.
func framings(t testing.TB) []framed {
	channel := func(name, message, frame string) framed {
		f, err := wire.Channel(name)
		if err != nil {
			t.Fatal(err)
		}
		return framed{name, f, message, frame}
	}
	with := func(name string, f wire.Framing, frame string) framed { return framed{name, f, echoTest, frame} }
	tpdu := "\x60\x00\x01\x00\x00" + echoTest
	baseI := "\x16\x01\x02\x00\x36\x65\x43\x21\x12\x34\x56\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + echoTest
	itself := func(l wire.Length) wire.Length { l.Itself = true; return l }
	reserved := func(l wire.Length) wire.Length { l.Itself, l.Reserved = true, true; return l }
	noHeader := func(l wire.Length) wire.Length { l.NoHeader = true; return l }
	trailer := func(l wire.Length) wire.Length { l.Trailer = true; return l }
	return []framed{
		channel("ASCIIChannel", echoTest, "30303332 M"),
		channel("org.jpos.iso.channel.NACChannel", tpdu, "0025 M"),
		channel("NCCChannel", tpdu, "0037 M"),
		channel("BCDChannel", tpdu, "0037 M"),
		channel("PostChannel", echoTest, "0020 M"),
		channel("RawChannel", echoTest, "00000020 M"),
		channel("CSChannel", echoTest, "0020 0000 M"),
		channel("GICCChannel", echoTest, "0000 0020 M"),
		channel("HEXChannel", echoTest+echoTest, "30303430 M"),
		channel("AmexChannel", echoTest, "0022 M"),
		channel("BASE24Channel", "ISO015000055"+echoTest, "M 03"),
		channel("BASE24TCPChannel", "ISO015000055"+echoTest, "002D M 03"),
		channel("VAPChannel", baseI, "0036 0000 M"),
		channel("RBPChannel", echoTest, "D04A 0020 0000 M"),
		channel("CMFChannel", echoTest, "000020 M"),
		with("NAC that counts its length", wire.Framing{Length: itself(wire.Binary2)}, "0022 M"),
		with("ASCII of 5 digits", wire.Framing{Length: length(t, "digits5")}, "3030303332 M"),
		with("1 octet", wire.Framing{Length: length(t, "binary1")}, "20 M"),
		with("8 octets", wire.Framing{Length: length(t, "binary8")}, "0000000000000020 M"),
		with("8 packed", wire.Framing{Length: length(t, "packed8")}, "0000000000000032 M"),
		with("8 hexadecimal digits", wire.Framing{Length: length(t, "hex8")}, "3030303030303230 M"),
		with("little-endian", wire.Framing{Length: length(t, "little2")}, "2000 M"),
		with("little-endian of 4", wire.Framing{Length: length(t, "little4")}, "20000000 M"),
		with("EBCDIC with reserved octets", wire.Framing{Length: length(t, "ebcdic4"), After: "\x00\x00"}, "F0F0F3F2 0000 M"),
		with("IMS, which counts all", wire.Framing{Length: reserved(wire.Binary2), After: "\x00\x00"}, "0024 0000 M"),
		{"header not counted", wire.Framing{Length: noHeader(wire.Binary2), Header: wire.Header{TPDU: true}}, tpdu, "0020 M"},
		with("trailer not counted", wire.Framing{Length: wire.Binary2, Trailer: "\r\n"}, "0020 M 0D0A"),
		with("trailer and check octet counted", wire.Framing{Length: trailer(wire.Binary2), Trailer: "\x03", LRC: true}, "0022 M 03 2F"),
		with("STX, packed length, ETX, LRC", wire.Framing{Before: "\x02", Length: length(t, "packed2"), Trailer: "\x03", LRC: true}, "02 0032 M 03 3F"),
		with("STX, ETX, LRC", wire.Framing{Before: "\x02", Trailer: "\x03", LRC: true}, "02 M 03 0D"),
		with("a line each", wire.Framing{Trailer: "\r\n"}, "M 0D0A"),
	}
}

// octets are those of the frame.
func (f framed) octets(t testing.TB) string {
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "M", hex.EncodeToString([]byte(f.message))).Replace(f.frame))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFramesAreWrittenAndReadAsTheirFramingSays(t *testing.T) {
	for _, f := range framings(t) {
		want := f.octets(t)
		if err := f.framing.Check(); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
		if got, err := f.framing.Frame([]byte("x"), []byte(f.message), false); string(got) != "x"+want || err != nil {
			t.Errorf("%s: writes\n%X, %v, want\n%X", f.name, got, err, want)
		}
		if at, err := (&wire.Format{Framing: f.framing}).Find([]byte(want + "more")); string(at.Message) != f.message || at.End != len(want) || err != nil {
			t.Errorf("%s: finds %q up to %d, %v", f.name, at.Message, at.End, err)
		}
		d := &wire.Format{Framing: f.framing}
		for how, src := range map[string]io.Reader{
			"in one write":   strings.NewReader(want + want + want),
			"octet by octet": iotest.OneByteReader(strings.NewReader(want + want + want)),
		} {
			if got, err := cut(src, d); err != io.EOF || fmt.Sprint(got) != fmt.Sprint([]string{f.message, f.message, f.message}) {
				t.Errorf("%s, %s: %q, %v", f.name, how, got, err)
			}
		}
		for n := 1; n < len(want); n++ {
			if got, err := cut(strings.NewReader(want+want[:n]), d); err != io.ErrUnexpectedEOF || len(got) != 1 {
				t.Errorf("%s, and %d octets of the next: %d messages, %v", f.name, n, len(got), err)
			}
		}
	}
}

// How much of a message has come is told whatever its framing.
func TestBegunTellsWhatHasComeOfAMessage(t *testing.T) {
	for _, f := range framings(t) {
		frame := f.octets(t)
		for n := 1; n < len(frame); n++ {
			r := (&wire.Format{Framing: f.framing}).NewReader(strings.NewReader(frame[:n]))
			if _, err := r.Next(); err != io.ErrUnexpectedEOF {
				t.Fatalf("%s: %v", f.name, err)
			}
			if r.Buffered() {
				t.Errorf("%s: %d of %d octets are taken for a whole message", f.name, n, len(frame))
			}
			octets, announced := r.Begun()
			lead := f.framing.Lead()
			switch {
			case f.framing.Length.Octets == 0 && strings.HasSuffix(frame[:n], f.framing.Trailer): // only the check octet is missing
			case f.framing.Length.Octets == 0 || n < lead:
				if announced != 0 || string(octets) != frame[:n] {
					t.Errorf("%s, %d octets: %X of %d", f.name, n, octets, announced)
				}
			case announced != len(f.message) || string(octets) != frame[lead:n]:
				t.Errorf("%s, %d octets: %X of %d, want %X of %d", f.name, n, octets, announced, frame[lead:n], len(f.message))
			}
			if rest := r.Rest(); string(rest) != frame[:n] {
				t.Errorf("%s, %d octets: rest is %X", f.name, n, rest)
			}
		}
	}
}

// A message that nothing stands around ends where its last field does, and is
// waited for as long as it could be one.
func TestMessagesThatEndWhereTheirFieldsDo(t *testing.T) {
	d := dialect.ISO87()
	d.Framing = wire.Framing{ByFields: true, Header: wire.Header{TPDU: true}}
	if err := d.Compile(); err != nil {
		t.Fatal(err)
	}
	m := d.NewMessage()
	copy(m.Head, "\x60\x00\x01\x00\x00")
	d.Form(dialect.Purchase).Begin(m)
	m.SetFieldUint(11, 42)
	m.SetFieldString(35, "6225000000000014=30122010000000000")
	m.SetFieldString(41, "10000001")
	b, err := wire.AppendFrame(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	one := string(b)
	for how, src := range map[string]io.Reader{
		"in one write":   strings.NewReader(one + one + one),
		"octet by octet": iotest.OneByteReader(strings.NewReader(one + one + one)),
	} {
		if got, err := cut(src, &d.Format); err != io.EOF || fmt.Sprint(got) != fmt.Sprint([]string{one, one, one}) {
			t.Errorf("%s: %q, %v", how, got, err)
		}
	}
	for n := 1; n < len(one); n++ {
		if got, err := cut(strings.NewReader(one+one[:n]), &d.Format); err != io.ErrUnexpectedEOF || len(got) != 1 {
			t.Errorf("%d octets of the next: %d messages, %v", n, len(got), err)
		}
	}
	for stream, want := range map[string]error{
		one + "GET / HTTP/1.1\r\n\r\n":        wire.ErrFrame,
		one[:11] + strings.Repeat("?", 1<<20): wire.ErrLength,
	} {
		if _, err := cut(strings.NewReader(stream), &d.Format); !errors.Is(err, want) {
			t.Errorf("%.60q: %v, want %v", stream, err, want)
		}
	}
}

func TestFramesThatAreNone(t *testing.T) {
	amex, _ := wire.Channel("AmexChannel")
	ims := wire.Framing{Length: wire.Length{Octets: 2, Itself: true, Reserved: true}, After: "\x00\x00"}
	rbp, _ := wire.Channel("RBPChannel")
	base24, _ := wire.Channel("BASE24Channel")
	tcp, _ := wire.Channel("BASE24TCPChannel")
	stx := wire.Framing{Before: "\x02", Length: length(t, "packed2"), Trailer: "\x03", LRC: true}
	of := func(name string) wire.Framing { return wire.Framing{Length: length(t, name)} }
	for _, c := range []struct {
		f      wire.Framing
		stream string
		want   error
	}{
		{amex, "\x00\x01", wire.ErrLength},                 // less than itself
		{amex, "\x00\x00\x00\x02\x00\x03a", io.EOF},        // keep-alives, a message
		{ims, "\x00\x00\x00\x00", wire.ErrLength},          // less than itself
		{ims, "\x00\x03\x00\x00", wire.ErrLength},          //
		{ims, "\x00\x04\xFF\xFF\x00\x05\x00\x00a", io.EOF}, // reserved octets may be any
		{ims, "\x10\x05\x00\x00", wire.ErrLength},          // more than is read
		{ims, "\x10\x04\x00\x00", io.ErrUnexpectedEOF},     // just as much
		{rbp, "\xD0\x4B\x00\x01\x00\x00a", wire.ErrFrame},  // another beginning
		{rbp, "\xD0", io.ErrUnexpectedEOF},
		{rbp, "\x00", wire.ErrFrame},                   // at once
		{tcp, "\x00\x02a\x04", wire.ErrFrame},          // another trailer
		{tcp, "\x00\x01\x00\x00\x00\x02a\x03", io.EOF}, // keep-alives
		{stx, "\x02\x00\x01a\x03\x63", io.EOF},         // 00 ^ 01 ^ 61 ^ 03
		{stx, "\x02\x00\x01a\x03\x64", wire.ErrFrame},  // another check octet
		{stx, "\x02\x0A", io.ErrUnexpectedEOF},         //
		{stx, "\x02\x0A\x01", wire.ErrLength},          // no digit
		{base24, strings.Repeat("9", wire.MaxFrame), io.ErrUnexpectedEOF},
		{base24, strings.Repeat("9", wire.MaxFrame) + "\x03", io.EOF},
		{base24, strings.Repeat("9", wire.MaxFrame+1), wire.ErrLength},
		{base24, strings.Repeat("9", 1<<20), wire.ErrLength},
		{base24, strings.Repeat("\x03", wire.MaxEmpty+1), wire.ErrIdle},
		{of("binary8"), strings.Repeat("\xFF", 8), wire.ErrLength},
		{of("binary8"), "\x80\x00\x00\x00\x00\x00\x00\x01", wire.ErrLength},
		{of("little8"), strings.Repeat("\xFF", 8), wire.ErrLength},
		{of("little2"), "\x00\x10", io.ErrUnexpectedEOF},
		{of("little2"), "\x01\x10", wire.ErrLength},
		{of("packed8"), strings.Repeat("\x99", 8), wire.ErrLength},
		{of("packed2"), "\x00\x1A", wire.ErrLength},
		{of("hex4"), "00fF", io.ErrUnexpectedEOF},
		{of("hex4"), "00g0", wire.ErrLength},
		{of("hex8"), "ffffffff", wire.ErrLength},
		{of("digits8"), "99999999", wire.ErrLength},
		{of("ebcdic4"), "\xF0\xF0\xF0\xFA", wire.ErrLength},
		{of("ebcdic4"), "0001", wire.ErrLength},
	} {
		var err error
		n := allocated(func() { _, err = cut(strings.NewReader(c.stream), &wire.Format{Framing: c.f}) })
		if !errors.Is(err, c.want) {
			t.Errorf("%+v\n%.20q: %v, want %v", c.f, c.stream, err, c.want)
		}
		if n > 64<<10 {
			t.Errorf("%.20q: %d octets allocated", c.stream, n)
		}
	}
}

func TestFramingsThatNoLineHas(t *testing.T) {
	for want, f := range map[string]wire.Framing{
		"nothing would say where a message ends": {},
		"length of 9 octets":                     {Length: wire.Length{Octets: 9}},
		"form ?":                                 {Length: wire.Length{Octets: 2, Form: 17}},
		"at most 8 each":                         {Length: wire.Binary2, Before: "123456789"},
		"routing header of 57 octets":            {Length: wire.Binary2, Header: wire.Header{App: 57}},
		"not both":                               {Length: wire.Binary2, Header: wire.Header{TPDU: true, BaseI: true}},
		"3 octets are given, it has 5":           {Length: wire.Binary2, Header: wire.Header{TPDU: true, Octets: "123"}},
		"nothing can stand after it":             {Trailer: "\x03", After: "\x00"},
		"it counts nothing":                      {Trailer: "\x03", Length: wire.Length{Trailer: true}},
		"want 2 each":                            {Length: wire.Binary2, KeepAlive: wire.KeepAlive{Octets: "\x00"}},
		"with neither length nor trailer":        {Before: "\x02", HTTP: wire.HTTP{Path: "/pos"}},
		"nothing else can stand around them":     {ByFields: true, Trailer: "\x03"},
		"want a / and":                           {HTTP: wire.HTTP{Path: "pos"}},
		"want the path":                          {Length: wire.Binary2, HTTP: wire.HTTP{Host: "a"}},
		"printable ASCII":                        {HTTP: wire.HTTP{Path: "/", Host: "a\r\nb: c"}},
		"header \"Host\": want a name":           {HTTP: wire.HTTP{Path: "/", Headers: "Host"}},
		"want a name, a colon":                   {HTTP: wire.HTTP{Path: "/", Headers: "A: b\r\nC: d"}},
		"header HOST: is not for":                {HTTP: wire.HTTP{Path: "/", Headers: "A: b\nHOST: x"}},
		"HTTP has none":                          {HTTP: wire.HTTP{Path: "/"}, KeepAlive: wire.KeepAlive{Answer: true}},
	} {
		if err := f.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", f, err, want)
		}
	}
}

func TestMessagesThatAFramingCannotCarry(t *testing.T) {
	base24, _ := wire.Channel("BASE24Channel")
	for _, c := range []struct {
		f       wire.Framing
		message string
		want    string
	}{
		{wire.Framing{Length: length(t, "binary1")}, strings.Repeat("a", 256), "at most 255"},
		{wire.Framing{Length: length(t, "digits2")}, strings.Repeat("a", 100), "at most 99"},
		{wire.Framing{Length: length(t, "packed1")}, strings.Repeat("a", 100), "at most 99"},
		{wire.Framing{Length: length(t, "hex2")}, strings.Repeat("a", 256), "at most 255"},
		{wire.Framing{Length: wire.Binary4}, strings.Repeat("a", wire.MaxFrame+1), "at most 4096 go on a line"},
		{base24, "a\x03b", "holds 03, which would end it"},
		{wire.Framing{Trailer: "\r\n"}, "a\r", "holds 0D0A"},
	} {
		got, err := c.f.Frame([]byte("before"), []byte(c.message), false)
		if c.want == "holds 0D0A" { // the end of the message and the first octet of the trailer are not one
			if err != nil || string(got) != "beforea\r\r\n" {
				t.Errorf("%q, %v", got, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || string(got) != "before" {
			t.Errorf("%.10q: %q, %v, want %s", c.message, got, err, c.want)
		}
	}
}

// A MAC is put in when the frame is made already: the check octet follows it, and
// text that it ends is told.
func TestMACIsPutIntoAFrame(t *testing.T) {
	f := wire.Framing{Before: "\x02", Trailer: "\x03", LRC: true}
	frame, err := f.Frame(nil, []byte("0200........"), false)
	if err != nil {
		t.Fatal(err)
	}
	copy(frame[5:], "ABCDEF01")
	if err := f.Amend(frame); err != nil {
		t.Fatal(err)
	}
	if at, err := (&wire.Format{Framing: f}).Find(frame); err != nil || string(at.Message) != "0200ABCDEF01" {
		t.Errorf("%q, %v", at.Message, err)
	}
	frame[7] = 3
	if err := f.Amend(frame); err == nil {
		t.Error("a message with ETX in it goes on the line")
	}
}

func TestKeepAlivesAreTold(t *testing.T) {
	tcp, _ := wire.Channel("BASE24TCPChannel")
	gicc, _ := wire.Channel("GICCChannel")
	for _, c := range []struct {
		f          wire.Framing
		in, answer string
	}{
		{tcp, "\x00\x01\x00\x00\x00\x02a\x03", "\x00\x01\x00\x00"},
		{gicc, "\x00\x00\x00\x00\x00\x00\x00\x01a", "\x00\x00\x00\x00"},
		{wire.Framing{Length: wire.Binary2}, "\x00\x00\x00\x01a", "\x00\x00"}, // told, and not to be sent back
		{gicc, strings.Repeat("\x00\x00\x00\x00", 1000) + "\x00\x00\x00\x01a", strings.Repeat("\x00\x00\x00\x00", 1000)},
	} {
		var answer []byte
		r := (&wire.Format{Framing: c.f}).NewReader(strings.NewReader(c.in))
		r.Alive = func(b []byte) error { answer = append(answer, b...); return nil }
		if m, err := r.Next(); string(m) != "a" || err != nil || string(answer) != c.answer {
			t.Errorf("%X: %q, %v, answered %X, want %X", c.in, m, err, answer, c.answer)
		}
	}
	broken := errors.New("broken")
	r := (&wire.Format{Framing: gicc}).NewReader(strings.NewReader("\x00\x00\x00\x00"))
	r.Alive = func([]byte) error { return broken }
	if _, err := r.Next(); err != broken {
		t.Errorf("%v, want that of whom it was told to", err)
	}
}

func TestChannelsThatAreNoFraming(t *testing.T) {
	for class, want := range map[string]string{
		"GZIPChannel":                     "compression is not supported",
		"org.jpos.iso.channel.XMLChannel": "not ISO 8583",
		"X25Channel":                      "TCP does not keep",
		"FSDChannel":                      "FSD messages",
		"NoSuchChannel":                   "want one of ASCIIChannel, Amex",
	} {
		if _, err := wire.Channel(class); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", class, err, want)
		}
	}
}

func TestLengthNames(t *testing.T) {
	for name, l := range wire.Lengths() {
		if got, ok := wire.LengthNamed(name); !ok || got != l || l.String() != name {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
	for _, name := range []string{"", "binary", "binary0", "binary9", "binary22", "octal2", "Binary2", "packed-1"} {
		if _, ok := wire.LengthNamed(name); ok {
			t.Errorf("%q is a length", name)
		}
	}
	if l, ok := wire.LengthNamed("none"); !ok || l.Octets != 0 || l.String() != "none" {
		t.Error("none is no length")
	}
}

// Where nothing is said of a BASE I header, it is one that its peer reads.
func TestBaseIHeadersBeginWithTheirLength(t *testing.T) {
	d := *padded(t)
	d.Framing, _ = wire.Channel("VAPChannel")
	if err := d.Compile(); err != nil {
		t.Fatal(err)
	}
	m := d.NewMessage()
	m.SetMTI("0800")
	frame, err := wire.AppendFrame(nil, m)
	if n := len(frame) - 4; err != nil || !bytes.HasPrefix(frame, []byte{0, byte(n), 0, 0, 0x16, 1, 2, 0, byte(n), 0, 0}) {
		t.Fatalf("%X, %v", frame, err)
	}
	if err := m.Read(frame[4:]); err != nil {
		t.Error(err)
	}
}

// Whatever its header is, an answer has what a request's becomes.
func TestAnswersOfBaseIHaveTheStationsChangedOver(t *testing.T) {
	f, _ := wire.Channel("VAPChannel")
	f.Header.Octets = "\x16\x01\x02\x00\x00\x65\x43\x21\x12\x34\x56" + strings.Repeat("\x00", 11)
	d := *padded(t)
	d.Framing = f
	if err := d.Compile(); err != nil {
		t.Fatal(err)
	}
	req, ans := d.NewMessage(), d.NewMessage()
	req.SetMTI("0800")
	ans.AnswerTo(req)
	frame, err := wire.AppendFrame(nil, ans)
	if err != nil {
		t.Fatal(err)
	}
	n := len(frame) - 4
	want := []byte{0, byte(n), 0, 0, 0x16, 1, 2, 0, byte(n), 0x12, 0x34, 0x56, 0x65, 0x43, 0x21}
	if !bytes.HasPrefix(frame, want) {
		t.Errorf("%X, want %X…", frame, want)
	}
	for at, want := range map[int]string{
		0: "BASE I header begins with 17, want 16",
		1: "BASE I header of a message sent back",
		4: fmt.Sprintf("BASE I header counts %d octets, header and message have %d", n^1, n),
	} {
		b := bytes.Clone(frame[4:])
		if b[at] ^= 1; at == 1 {
			b[at] ^= 0x81
		}
		if err := ans.Read(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := ans.Read(frame[4:]); err != nil {
		t.Error(err)
	}
}
