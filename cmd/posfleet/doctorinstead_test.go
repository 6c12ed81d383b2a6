package main

import (
	"bytes"
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// The answers that doctor asks for on its first connection, in their order.
const (
	toEcho = 1 + iota
	toSignOn
	toInquiry
	toSignOff
)

// spoiling is a sound host whose nth answer on a connection is sent by spoil: it is given
// the frame, with two octets of length. It spoils those behind, too, with all.
func spoiling(t *testing.T, nth int, all bool, spoil func(c net.Conn, frame []byte)) string {
	t.Helper()
	d, host := dialect.CUP(), serveTLS(t, nil)
	return listening(t, func(c net.Conn) {
		in := d.NewReader(c)
		for n := 1; ; n++ {
			request, err := in.Next()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", host)
			if err != nil {
				return
			}
			frame, _ := d.Frame(nil, request, true)
			up.Write(frame)
			answer, err := d.NewReader(up).Next()
			up.Close()
			if err != nil {
				return
			}
			frame, _ = d.Frame(nil, answer, true)
			if n == nth || all && n > nth {
				spoil(c, frame)
			} else {
				c.Write(frame)
			}
		}
	})
}

// changed is a frame whose message has been changed.
func changed(frame []byte, change func(m *wire.Message)) []byte {
	m := dialect.CUP().NewMessage()
	if m.Read(frame[2:]) != nil {
		return nil
	}
	change(m)
	frame, _ = wire.AppendFrame(nil, m)
	return frame
}

// What is wrong with an answer is told of that answer, whichever it is: no key and no
// pairing field is blamed for it, and silence is not what a host is blamed for that speaks.
func TestDoctorTellsWhatComesInsteadOfAnAnswer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	const sound = "nothing to change"
	announcing := func(by int) func(net.Conn, []byte) {
		return func(c net.Conn, f []byte) {
			binary.BigEndian.PutUint16(f, uint16(len(f)-2+by))
			c.Write(f)
		}
	}
	without := func(c net.Conn, f []byte) {
		c.Write(changed(f, func(m *wire.Message) { m.Unset(wire.ResponseCode) }))
	}
	late := func(c net.Conn, f []byte) { time.Sleep(2500 * time.Millisecond); c.Write(f) }
	followed := func(by string) func(net.Conn, []byte) {
		return func(c net.Conn, f []byte) { c.Write(append(f, by...)) }
	}
	preceded := func(by wire.Element, value string) func(net.Conn, []byte) {
		return func(c net.Conn, f []byte) {
			c.Write(append(changed(f, func(m *wire.Message) { m.SetString(by, value) }), f...))
		}
	}
	for name, c := range map[string]struct {
		nth   int
		spoil func(c net.Conn, frame []byte)
		code  int
		want  string
		never string
	}{
		"keys that open and no code":       {toSignOn, without, exitUnreachable, `posfleet: the answer to the sign-on cannot be trusted: field 39 .*absent`, "master key|change in"},
		"no code in any of them":           {-toEcho, without, exitUnreachable, `posfleet: the answer to the sign-on cannot be trusted: field 39 .*absent`, "master key|change in"},
		"more announced than comes":        {toInquiry, announcing(1), exitUnreachable, `the balance inquiry with what is no whole message: a message of (\d+) octets is announced, of which \d+ come`, "in time"},
		"far more than there can be":       {toInquiry, announcing(40000), exitUnreachable, `the balance inquiry with what is no whole message: bad length prefix`, "in time"},
		"half, and the host hangs up":      {toInquiry, func(c net.Conn, f []byte) { c.Write(f[:40]); c.Close() }, exitUnreachable, `(?s)to the balance inquiry: 40 octets, no message; then the host hung up.*of which 38 come`, "in time"},
		"half of a length":                 {toInquiry, func(c net.Conn, f []byte) { c.Write(f[:1]) }, exitUnreachable, `1 octet, the beginning of a message whose length is not known`, "in time"},
		"late to the first message":        {toEcho, late, exitUnreachable, `(?s)to the echo test after [\d.]+s, which is [\d.]+m?s too late.*answers the echo test after [\d.]+s, and doctor waits 2s: ask with --timeout \d+s`, "tries"},
		"late to the balance inquiry":      {toInquiry, late, exitUnreachable, `to the balance inquiry after [\d.]+s, which is [\d.]+m?s too late`, "in time"},
		"late to the sign-off":             {toSignOff, late, exitUnreachable, `to the sign-off after [\d.]+s, which is`, sound},
		"another terminal's answer first":  {toInquiry, preceded(wire.TerminalID, "10099999"), 0, `(?s)inquiry: approved\nshould +a message 0210 comes before it, .*: field 41 .*"10099999", the request's is "10000001".*` + sound, "pair: "},
		"an answer to another trace first": {toInquiry, preceded(wire.Trace, "999999"), 0, `(?s)inquiry: approved\nshould +a message 0210 comes before it, .*: field 11 .*"999999".*` + sound, "pair: "},
		"the same to the sign-on":          {toSignOn, preceded(wire.Trace, "999999"), 0, `(?s)echo test after .*: approved\nsends .*sign-on: approved\nshould +a message 0810 comes before it.*` + sound, "pair: "},
		"line ends after it":               {toInquiry, followed("\r\n"), exitUnreachable, `octets that begin with 0D0A came after the answer before and are of no message, and the answer to the sign-off is read from there`, sound},
		"an octet after the first":         {toEcho, followed("\x03"), exitUnreachable, `octets that begin with 03 came after the answer before.* the answer to the sign-on is`, sound},
		"nothing to a sign-off":            {toSignOff, func(net.Conn, []byte) {}, exitUnreachable, `(?s)in a dialect file that extends cup: transactions: \{sign-off: none\}.*not the sign-off: no answer in time`, sound},
		"a sign-off that cannot be read":   {toSignOff, announcing(-3), exitUnreachable, `the host.s answer to the sign-off does not read as the dialect has its fields: its end is missing, or a field after 42 .*wants 6 octets, 3 are left`, sound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diagnose(t, c.code, []string{c.want}, c.never, "--host", spoiling(t, max(c.nth, -c.nth), c.nth < 0, c.spoil), "--timeout", "2s")
		})
	}
}

// Of a network without a sign-off nothing is sent after the last answer, and what came
// behind it is looked at all the same.
func TestDoctorLooksBehindTheLastAnswer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	d, _ := dialect.Named("iso87")
	host := listening(t, func(c net.Conn) {
		answeringIn(d, func(*wire.Message) {})(&following{Conn: c, rest: "\n"})
	})
	var out, errs bytes.Buffer
	run([]string{"doctor", "--host", host, "--dialect", "iso87", "--timeout", "2s"}, &out, &errs)
	if said := out.String() + errs.String(); !strings.Contains(said, "octets that begin with 0A came after") {
		t.Error(said)
	}
}

// following is a connection on which octets follow each message.
type following struct {
	net.Conn
	rest string
}

func (c *following) Write(b []byte) (int, error) {
	return c.Conn.Write(append(slices.Clone(b), c.rest...))
}
