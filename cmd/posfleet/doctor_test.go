package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// served starts posfleet host in a process of its own until the test ends, and gives
// its address.
func served(t *testing.T, flags ...string) string {
	t.Helper()
	cmd := exec.Command(program(t), append([]string{"host", "--listen", "127.0.0.1:0"}, flags...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address, _, _ := strings.Cut(strings.TrimPrefix(said, "listening on "), ": ")
	return address
}

// listening answers each connection by serve until the test ends.
func listening(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}

// profileWith is a file of the bundled profile after changes, of old and new text in
// turns.
func profileWith(t *testing.T, changes ...string) string {
	t.Helper()
	text := string(profile.BundledYAML())
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("the bundled profile has no %q", changes[i])
		}
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	file := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// answering reads CUP requests and answers each after it was changed.
func answering(change func(m *wire.Message)) func(net.Conn) {
	return answeringIn(dialect.CUP(), change)
}

// answeringIn does so in a dialect.
func answeringIn(d *dialect.Dialect, change func(m *wire.Message)) func(net.Conn) {
	return func(c net.Conn) {
		in := d.NewReader(c)
		for {
			octets, err := in.Next()
			if err != nil {
				return
			}
			q, a := d.NewMessage(), d.NewMessage()
			if q.Read(octets) != nil {
				return
			}
			a.AnswerTo(q)
			a.SetString(wire.ResponseCode, "00")
			change(a)
			frame, err := wire.AppendFrame(nil, a)
			if err != nil {
				return
			}
			c.Write(frame)
		}
	}
}

func TestDoctorFindsTheCause(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	unknown := profileWith(t, `first: "10000001"`, `first: "20000001"`)
	framed := profileWith(t, "length: binary2 ", "length: digits4 ", `tpdu: "6000030000"`, "tpdu: none", `header: "603100310000"`, "header: none")
	for name, c := range map[string]struct {
		host  string
		flags string
		code  int
		want  []string // patterns of what is said
	}{
		"all is well":              {served(t), "", 0, []string{"nothing to change", "sign-on: approved", "check --host 127"}},
		"another dialect":          {served(t, "--dialect", "iso87"), "", exitUnreachable, []string{"none to the echo test", `change in the profile:\n  dialect: iso87\n  tpdu: none\n  header: none\n`}},
		"back again":               {served(t), "--dialect iso87-binary", exitUnreachable, []string{"change in the profile:\n  dialect: cup"}},
		"another framing":          {served(t, "--profile", framed), "", exitUnreachable, []string{"length: digits4\n  tpdu: none\n  header: none"}},
		"an unknown terminal":      {served(t), "--profile " + unknown, exitUnreachable, []string{"refuses terminal 20000001 with 97", "look at terminals"}},
		"another card":             {served(t), "--profile " + profileWith(t, "count: 1000\n    expiry: \"4912\"", "count: 1000\n    expiry: \"4911\""), exitUnreachable, []string{"refuses the balance inquiry with 54 .*look at cards .expiry. in the profile"}},
		"other kinds of keys":      {served(t), "--profile " + profileWith(t, `sign-in: "004"`, `sign-in: "003"`), 0, []string{"nothing to change"}},
		"other keys":               {served(t, "--profile", profileWith(t, "test:706F73", "test:716F73")), "", exitUnreachable, []string{"cannot be trusted", "same master key"}},
		"silence":                  {listening(t, func(c net.Conn) { io.Copy(io.Discard, c) }), "--timeout 100ms", exitUnreachable, []string{"keeps them, and answers none of [0-9]+ ways", "waits for more", "capture"}},
		"hanging up":               {listening(t, func(c net.Conn) { c.Read(make([]byte, 10)) }), "--timeout 1s", exitUnreachable, []string{"(the host hung up|the line broke)", "hangs up on each of [0-9]+ ways", "know the address of this machine"}},
		"an answer without a code": {listening(t, answering(func(m *wire.Message) { m.Unset(wire.ResponseCode) })), "", exitUnreachable, []string{"answer +to the echo test after .*: .*field 39", "sign-on cannot be trusted: .*field 39"}},
		"text that begins with digits": {listening(t, func(c net.Conn) {
			c.Read(make([]byte, 200))
			io.WriteString(c, "0200 OK, what do you want of this server?\r\n")
		}), "--timeout 1s", exitUnreachable, []string{"(cannot be read|no message)"}},
		"octets in hexadecimal": {listening(t, func(c net.Conn) {
			b := make([]byte, 200)
			n, _ := c.Read(b)
			answering(func(*wire.Message) {})(&inHexadecimal{Conn: c, in: bytes.NewReader(b[:n])})
		}), "--timeout 1s", exitUnreachable, []string{"written in hexadecimal characters"}},
		"HTTP": {listening(t, func(c net.Conn) { c.Read(make([]byte, 99)); io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }), "", exitUnreachable, []string{"looks like .*HTTP"}},
		"an answer without its prefix": {listening(t, func(c net.Conn) {
			c.Read(make([]byte, 200))
			io.WriteString(c, "\x00\x00\x00")
			io.WriteString(c, "nothing that is a message 0123456789")
		}), "--timeout 1s", exitUnreachable, []string{"no message"}},
		"another trace":    {listening(t, answering(func(m *wire.Message) { m.SetString(wire.TerminalID, "99999999") })), "", exitUnreachable, []string{"field 41 .* is \"99999999\", the request's is \"10000001\""}},
		"TLS is wanted":    {tlsOnly(t), "--timeout 300ms", exitUnreachable, []string{`tls: \{\}|TLS`}},
		"nothing there":    {"127.0.0.1:1", "", exitUnreachable, []string{"refused", "nothing listens on that port"}},
		"host and capture": {"127.0.0.1:1", "x.pcap", exitUsage, []string{"not at both"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diagnose(t, c.code, c.want, "", append([]string{"--host", c.host}, strings.Fields(c.flags)...)...)
		})
	}
}

// diagnose runs doctor, which must exit with a code and say all that is wanted, and
// nothing that it should never say; empty for what does not matter.
func diagnose(t *testing.T, code int, want []string, never string, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(append([]string{"doctor"}, args...), &out, &errs); got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
	said := out.String() + errs.String()
	for _, want := range want {
		if !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("want it to say %q", want)
		}
	}
	if never != "" && regexp.MustCompile(never).MatchString(said) {
		t.Errorf("it says %q", never)
	}
	if t.Failed() {
		t.Log(said)
	}
}

// inHexadecimal is a connection on which one side has read, and writes its octets as
// hexadecimal digits.
type inHexadecimal struct {
	net.Conn
	in io.Reader
}

func (c *inHexadecimal) Read(b []byte) (int, error) { return c.in.Read(b) }

func (c *inHexadecimal) Write(b []byte) (int, error) { return fmt.Fprintf(c.Conn, "%x", b) }

// tlsOnly is a port that hangs up on what is no TLS.
func tlsOnly(t *testing.T) string {
	return listening(t, func(c net.Conn) {
		tls.Server(c, &tls.Config{Certificates: []tls.Certificate{}}).Handshake()
	})
}

func TestDoctorReadsCaptures(t *testing.T) {
	d := dialect.CUP()
	q := d.NewMessage()
	d.Form(dialect.Echo).Begin(q)
	q.Head = append(q.Head[:0], d.Head()...)
	q.SetString(wire.TerminalID, "10000001")
	q.SetString(wire.MerchantID, "999290054110001")
	frame, err := wire.AppendFrame(nil, q)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		octets []byte
		flags  []string
		code   int
		want   string
	}{
		"as the profile says": {frame, nil, 0, `(?s)as the profile says.*not judged:\n  answers: there is none to 1 request`},
		"another dialect":     {frame, []string{"--dialect", "iso87"}, exitUnreachable, `(?s)change in the profile:.*  dialect: cup\n`},
		"no message":          {bytes.Repeat([]byte{0x62, 0x25}, 30), nil, exitUsage, "nothing that posfleet knows, 60 octets"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(append([]string{"doctor", fmt.Sprintf("%X", c.octets)}, c.flags...), &out, &errs)
			if said := out.String() + errs.String(); code != c.code || !regexp.MustCompile(c.want).MatchString(said) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, c.code, c.want, said)
			} else if strings.Contains(said, "6225622562256225") || strings.Contains(said, "62 25 62 25") {
				t.Errorf("it shows octets that may be a card number:\n%s", said)
			}
		})
	}
}
