package main

import (
	"bytes"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// behind gives the address of a CUP host that keeps its connections as serve does: answer
// is one exchange, false at the end.
func behind(t *testing.T, over *tls.Config, serve func(tcp, c net.Conn, answer func() bool)) string {
	d, host := dialect.CUP(), serveTLS(t, nil)
	return listening(t, func(tcp net.Conn) {
		c := tcp
		if over != nil {
			c = tls.Server(tcp, over)
		}
		in := d.NewReader(c)
		serve(tcp, c, func() bool {
			request, err := in.Next()
			if err != nil {
				return false
			}
			up, err := net.Dial("tcp", host)
			if err != nil {
				return false
			}
			defer up.Close()
			frame, _ := d.Frame(nil, request, true)
			up.Write(frame)
			answer, err := d.NewReader(up).Next()
			if err != nil {
				return false
			}
			frame, _ = d.Frame(nil, answer, true)
			_, err = c.Write(frame)
			return err == nil
		})
	})
}

// oneAtATime serves a connection when the one before has ended.
func oneAtATime() func(tcp, c net.Conn, answer func() bool) {
	var one sync.Mutex
	return func(_, _ net.Conn, answer func() bool) {
		one.Lock()
		defer one.Unlock()
		for answer() {
		}
	}
}

// What a host does with connections is no fault of what is said on them, and the line of
// the profile that goes with it is told.
func TestDoctorOfHostsThatHangUp(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	named := selfSigned(t, dir, "named", false, time.Hour, "pos.bank.test")
	secure := &tls.Config{Certificates: []tls.Certificate{named}}
	once := func(_, _ net.Conn, answer func() bool) { answer() }
	var one sync.Mutex
	const shared = `change in the profile:\n  line: shared:1\n`
	const sound, each, over = "nothing to change", `change in the profile:\n  line: each\n`, "tls: {ca: named.pem}\n"
	for name, c := range map[string]struct {
		host, profile string
		code          int
		want          []string
		never         string
	}{
		"after each answer":           {behind(t, nil, once), "", 0, []string{"line +the host hangs up after an answer", sound}, "beside"},
		"line each":                   {behind(t, nil, once), "line: each\n", 0, []string{sound}, "line +the host"},
		"line each, it would not":     {serveTLS(t, nil), "line: each\n", 0, []string{"on a connection that stays open", "second connection beside the first\nanswer +to the echo test: approved", sound}, "change in"},
		"shared lines":                {behind(t, nil, once), "line: shared:2\n", exitUnreachable, []string{each, "does not last"}, ""},
		"TLS with a word":             {behind(t, secure, func(_, c net.Conn, answer func() bool) { answer(); c.Close() }), over, 0, []string{"hangs up after an answer", sound}, ""},
		"TLS without":                 {behind(t, secure, once), over, 0, []string{"hangs up after an answer", sound}, ""},
		"TLS, line each":              {behind(t, secure, once), over + "line: each\n", 0, []string{sound}, ""},
		"when the next request comes": {behind(t, nil, func(_, c net.Conn, answer func() bool) { answer(); c.Read(make([]byte, 4096)) }), "", exitUnreachable, []string{"balance inquiry: approved", each, "that one is lost"}, ""},
		"when it comes over TLS":      {behind(t, secure, func(_, c net.Conn, answer func() bool) { answer(); c.Read(make([]byte, 4096)) }), over, exitUnreachable, []string{each, "that one is lost"}, ""},
		"many at a time":              {serveTLS(t, nil), "", 0, []string{"as terminal 10000002 on a second connection beside the first\nanswer +to the echo test: approved", sound}, ""},
		"one at a time":               {behind(t, nil, oneAtATime()), "policy: {timeout: 1s}\n", exitUnreachable, []string{shared, "serves one connection at a time.*when the first is closed", "check wants --terminals 1 or --line each"}, sound},
		"one at a time, line each":    {behind(t, nil, oneAtATime()), "policy: {timeout: 1s}\nline: each\n", exitUnreachable, []string{shared, "serves one connection at a time"}, sound},
		"one at a time, as is wanted": {behind(t, nil, oneAtATime()), "policy: {timeout: 1s}\nline: shared:1\n", 0, []string{"check does with --terminals 1", sound}, ""},
		"one, the second is closed": {behind(t, nil, func(_, _ net.Conn, answer func() bool) {
			if one.TryLock() {
				defer one.Unlock()
				for answer() {
				}
			}
		}), "", exitUnreachable, []string{shared, "answers on none beside it"}, sound},
		"no certificate of ours":     {serveTLS(t, &tls.Config{Certificates: secure.Certificates, ClientAuth: tls.RequireAnyClientCert}), over, exitUnreachable, []string{"certificate required", `hint: the host wants a certificate of ours: tls: \{cert: FILE`}, "ways of asking"},
		"no certificate, not a word": {behind(t, &tls.Config{Certificates: secure.Certificates, ClientAuth: tls.RequestClientCert}, func(_, c net.Conn, _ func() bool) { c.Read(make([]byte, 4096)) }), over, exitUnreachable, []string{`hint: the host asks for a certificate of ours, gets none`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := string(profile.BundledYAML())
			if strings.HasPrefix(c.profile, "policy: {timeout: 1s}\n") {
				text = strings.Replace(text, "timeout: 5s ", "timeout: 1s ", 1)
			}
			file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".yaml")
			if err := os.WriteFile(file, []byte(strings.TrimPrefix(c.profile, "policy: {timeout: 1s}\n")+text), 0o600); err != nil {
				t.Fatal(err)
			}
			diagnose(t, c.code, c.want, c.never, "--host", c.host, "--profile", file)
		})
	}
}

// A check of such a host fails on most terminals, and says what may be why; a host that is
// silent to one of them, or that each exchange has a connection of its own with, is not it.
func TestCheckHintsAtOneConnectionAtATime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	var busy atomic.Bool
	resets := behind(t, nil, func(tcp, _ net.Conn, answer func() bool) {
		if !busy.CompareAndSwap(false, true) {
			tcp.(*net.TCPConn).SetLinger(0)
			return
		}
		defer busy.Store(false)
		for answer() {
		}
	})
	var out, errs bytes.Buffer
	run([]string{"check", "--host", resets, "--timeout", "500ms", "--terminals", "3", "core/echo", "core/signin"}, &out, &errs)
	if said := out.String() + errs.String(); !strings.Contains(said, "one connection at a time") || strings.Contains(said, "INCOMPLETE: the host went away") {
		t.Errorf("a host that resets further connections:\n%s", said)
	}
	host := behind(t, nil, oneAtATime())
	for flags, hint := range map[string]bool{"--terminals 3": true, "--terminals 3 --line each": false, "--terminals 1": false, "--terminals 2": false} {
		var out, errs bytes.Buffer
		code := run(append([]string{"check", "--host", host, "--timeout", "500ms", "core/echo"}, strings.Fields(flags)...), &out, &errs)
		if got := strings.Contains(errs.String(), "hint: the host answered terminal 10000001 before and after 2 others that it did not answer: does it serve one connection at a time"); got != hint || code == 0 == (hint || flags == "--terminals 2") {
			t.Errorf("%s: exit code %d, hint %v\n%s%s", flags, code, got, out.String(), errs.String())
		}
	}
}

// A host that takes one request on each connection, and hangs up when the next one comes:
// what one terminal's line learns of it spares the others.
func TestCheckLearnsOnceThatTheHostHangsUp(t *testing.T) {
	t.Parallel()
	host := behind(t, nil, func(_, c net.Conn, answer func() bool) { answer(); c.Read(make([]byte, 4096)) })
	var out, errs bytes.Buffer
	run([]string{"check", "--host", host, "@core-purchase-1", "@core-purchase-2", "@core-purchase-3", "@core-purchase-4", "-q"}, &out, &errs)
	if told := out.String(); !strings.Contains(told, ": 4 passed, 0 failed") || !strings.Contains(told, "with a request under way in 1 scenario, played once more") {
		t.Errorf("want all to pass, one when it was played once more\n%s%s", told, errs.String())
	}
}

// Lines that terminals share do not last at a host that hangs up after each answer: load
// says so, and not that answers came after the timeout.
func TestLoadOnSharedLinesOfAHostThatHangsUp(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	host := behind(t, nil, func(_, _ net.Conn, answer func() bool) { answer() })
	for lines, hint := range map[string]bool{"shared:2": true, "each": false} {
		var out, errs bytes.Buffer
		run([]string{"load", "--host", host, "--rate", "20/s", "--for", "1s", "--warmup", "0s", "--terminals", "20", "--line", lines, "--out", t.TempDir() + "/run"}, &out, &errs)
		said := out.String() + errs.String()
		if got := strings.Contains(said, "hint: the host hangs up after an answer"); got != hint || strings.Contains(said, "after the response timeout") {
			t.Errorf("%s: hint %v, want %v\n%s", lines, got, hint, said)
		}
	}
}

// What is advised is of the flags that were given: of --parallel, where that is what has
// more terminals than one connection at a time allows.
func TestAdviceIsOfWhatWasAskedFor(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	host := behind(t, nil, oneAtATime())
	var out, errs bytes.Buffer
	run([]string{"check", "--host", host, "--timeout", "300ms", "--terminals", "1", "--parallel", "4", "core/purchase"}, &out, &errs)
	if said := out.String() + errs.String(); !strings.Contains(said, "--parallel 1 or --line each") || strings.Contains(said, "--terminals 1 --parallel") {
		t.Errorf("it says\n%s", said)
	}
}
