package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// reframed is the bundled host behind somebody who sends what it answers in another
// way.
func reframed(t *testing.T, send func(conn net.Conn, message []byte)) (address string) {
	t.Helper()
	p, err := profile.Bundled("cup", 8)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(p)
	if err != nil {
		t.Fatal(err)
	}
	var listeners []net.Listener
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners = append(listeners, l)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.Serve(ctx, listeners[0]) })
	wg.Go(func() {
		for {
			terminal, err := listeners[1].Accept()
			if err != nil {
				return
			}
			wg.Go(func() { pass(terminal, listeners[0].Addr().String(), &p.Dialect.Format, send) })
		}
	})
	t.Cleanup(func() {
		listeners[1].Close()
		stop()
		wg.Wait()
	})
	return listeners[1].Addr().String()
}

// pass passes requests on as they are, and answers as send sends them.
func pass(terminal net.Conn, address string, format *wire.Format, send func(net.Conn, []byte)) {
	defer terminal.Close()
	far, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer terminal.Close()
		r := format.NewReader(far)
		for {
			message, err := r.Next()
			if err != nil {
				return
			}
			send(terminal, message)
		}
	})
	octets := make([]byte, 4096)
	for {
		n, err := terminal.Read(octets)
		if err != nil {
			break
		}
		far.Write(octets[:n])
	}
	far.Close()
	wg.Wait()
}

func TestFirstAnswerSaysHowTheHostSpeaks(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	length := func(n int) string { return string([]byte{byte(n >> 8), byte(n)}) }
	for name, c := range map[string]struct {
		send func(m []byte) string
		want string
	}{
		"ASCII digits":  {func(m []byte) string { return fmt.Sprintf("%04d", len(m)) + string(m) }, "put into the profile: length: digits4"},
		"packed digits": {func(m []byte) string { return string([]byte{1, 0x41}) + string(m) }, "put into the profile: length: packed2"},
		"itself too":    {func(m []byte) string { return length(len(m)+2) + string(m) }, "counts: [itself]"},
		"octets after":  {func(m []byte) string { return length(len(m)+2) + string(m) + "\x00\x00" }, `trailer: "0000", counts: [trailer]`},
		"another's answer": {func(m []byte) string {
			other := bytes.Clone(m)
			other[22] ^= 0x11 // in the trace
			return length(len(m)) + string(other)
		}, "a message 0810 comes, which pairs with no request"},
		"no TPDU":     {func(m []byte) string { return length(len(m)-5) + string(m[5:]) }, "put into the profile: tpdu: none"},
		"no header":   {func(m []byte) string { return length(len(m)-6) + string(m[:5]) + string(m[11:]) }, "put into the profile: header: none"},
		"hexadecimal": {func(m []byte) string { return length(2*len(m)) + hex.EncodeToString(m) }, "hexadecimal characters"},
		"HTTP":        {func([]byte) string { return "HTTP/1.1 400 Bad Request\r\n\r\n" }, "looks like HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := reframed(t, func(conn net.Conn, m []byte) { conn.Write([]byte(c.send(m))) })
			var out, errs bytes.Buffer
			code := run([]string{"check", "--host", address, "--timeout", "3s", "core/echo"}, &out, &errs)
			if code != exitUnreachable || !strings.Contains(errs.String(), c.want) {
				t.Errorf("exit %d, want %d and %q:\n%s", code, exitUnreachable, c.want, &errs)
			}
		})
	}
}

// An echo server is told as that by each verb that would play at it, and not as a host whose
// answers want another pairing.
func TestEchoServerIsNoHost(t *testing.T) {
	t.Parallel()
	address := listening(t, func(c net.Conn) { io.Copy(c, c) })
	for _, verb := range []string{"check", "load --for 2s --out " + filepath.Join(t.TempDir(), "run")} {
		var out, errs bytes.Buffer
		code := run(append(strings.Fields(verb), "--host", address, "--timeout", "1s"), &out, &errs)
		if code != exitUnreachable || !strings.Contains(errs.String(), "it is an echo server") || strings.Contains(errs.String(), "pair") {
			t.Errorf("%s: exit %d:\n%s", verb, code, &errs)
		}
	}
}

// A host that is slow is told from one that is silent.
func TestSlowHostNeedsTime(t *testing.T) {
	address := reframed(t, func(conn net.Conn, m []byte) {
		time.Sleep(300 * time.Millisecond)
		conn.Write(append([]byte{byte(len(m) >> 8), byte(len(m))}, m...))
	})
	var out, errs bytes.Buffer
	code := run([]string{"check", "--host", address, "--timeout", "50ms", "core/echo"}, &out, &errs)
	if code != exitUnreachable || !strings.Contains(errs.String(), "when the terminal has given up: the timeout is 50ms") || !strings.Contains(errs.String(), "--timeout") {
		t.Errorf("exit %d:\n%s", code, &errs)
	}
}
