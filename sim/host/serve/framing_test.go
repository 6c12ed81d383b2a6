package serve

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// in is the server that echoes messages of a framing, by the event loop or by
// goroutines.
func in(f *wire.Format, delays bool) *Server {
	s := by(func(dst, message []byte, _ time.Time) ([]byte, time.Time, error) {
		out, err := f.Frame(dst, message, true)
		return out, time.Time{}, err
	})
	s.Format, s.Delays = f, delays
	return s
}

func framings(t *testing.T) map[string]wire.Framing {
	all := map[string]wire.Framing{
		"serial": {Before: "\x02", Length: wire.Length{Octets: 2, Form: wire.PackedDigits}, Trailer: "\x03", LRC: true},
		"HTTP":   {Length: wire.Binary2, HTTP: wire.HTTP{Path: "/pos"}},
	}
	for _, class := range wire.ChannelNames() {
		f, err := wire.Channel(class)
		if err != nil {
			t.Fatal(err)
		}
		f.Header = wire.Header{}
		if !f.ByFields { // these messages have no fields
			all[class] = f
		}
	}
	return all
}

// Messages are answered in every framing, whole, in pieces and several at once.
func TestEveryFramingIsServed(t *testing.T) {
	for name, framing := range framings(t) {
		f := &wire.Format{Framing: framing}
		for _, delays := range []bool{false, true} {
			c := dial(t, listen(t, in(f, delays)))
			c.reader = f.NewReader(c)
			frame := func(message string) []byte {
				out, err := f.Frame(nil, []byte(message), false)
				if err != nil {
					t.Fatal(err)
				}
				return out
			}
			c.write(frame("whole"))
			c.hear("whole")
			c.write(slices.Concat(frame("one"), frame("two"), frame("three")))
			for _, message := range []string{"one", "two", "three"} {
				c.hear(message)
			}
			for _, octet := range frame("in single octets: " + name) {
				c.write([]byte{octet})
			}
			c.hear("in single octets: " + name)
			c.Close()
		}
	}
}

// Keep-alives come back at once where the framing has them answered, between
// messages and alone, and are passed over where it has not.
func TestKeepAlivesAreAnswered(t *testing.T) {
	gicc, _ := wire.Channel("GICCChannel")
	silent := gicc
	silent.KeepAlive.Answer = false
	empty, a := strings.Repeat("\x00", 4), "\x00\x00\x00\x02aa"
	for _, delays := range []bool{false, true} {
		for _, x := range []struct {
			framing  wire.Framing
			in, want string
		}{
			{gicc, empty, empty},
			{gicc, empty + a, empty + a},
			{gicc, a + empty, a + empty},
			{silent, empty + a, a},
			{silent, a + empty + a, a + a},
		} {
			c := dial(t, listen(t, in(&wire.Format{Framing: x.framing}, delays)))
			c.write([]byte(x.in))
			got := make([]byte, len(x.want))
			c.SetReadDeadline(time.Now().Add(patient))
			n := 0
			for n < len(got) {
				k, err := c.Read(got[n:])
				if n += k; err != nil {
					break
				}
			}
			ordered := string(got) == x.want || string(got) == empty+a && x.want == a+empty // the empty one may overtake
			if !ordered {
				t.Errorf("%v: %X is answered %X, want %X", delays, x.in, got[:n], x.want)
			}
			c.Close()
		}
	}
}

// A connection on which keep-alives come is not cut as one on which a message
// takes too long.
func TestKeepAlivesKeepAConnection(t *testing.T) {
	for _, answer := range []bool{false, true} {
		f := &wire.Format{Framing: wire.Framing{Length: wire.Binary2, KeepAlive: wire.KeepAlive{Answer: answer}}}
		s := in(f, false)
		s.Limits = Limits{Message: 30 * time.Millisecond, Idle: 5 * time.Second}
		c := dial(t, listen(t, s))
		for range 10 {
			c.write([]byte{0, 0})
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(100 * time.Millisecond)
		c.ask("still there")
	}
}

// What is around a message and should not be ends the connection and is told.
func TestWrongFramesAreTold(t *testing.T) {
	all := framings(t)
	for framing, octets := range map[string]string{
		"serial":           "\x02\x00\x02aa\x03\x00",
		"HTTP":             "GET / HTTP/1.1\r\n\r\n",
		"RBPChannel":       "\xD0\x4B\x00\x02\x00\x00aa",
		"BASE24TCPChannel": "\x00\x03aa\x04",
	} {
		for _, delays := range []bool{false, true} {
			var mu sync.Mutex
			var told []string
			s := in(&wire.Format{Framing: all[framing]}, delays)
			s.Unread = func(_ net.Addr, octets []byte, err error) {
				mu.Lock()
				defer mu.Unlock()
				if !errors.Is(err, wire.ErrFrame) || len(octets) == 0 {
					t.Errorf("%s: told %v with %q", framing, err, octets)
				}
				told = append(told, fmt.Sprint(err))
			}
			c := dial(t, listen(t, s))
			c.write([]byte(octets))
			c.ended()
			mu.Lock()
			if len(told) != 1 || s.Counts().Refused != 1 {
				t.Errorf("%s: told %q, %d refused", framing, told, s.Counts().Refused)
			}
			mu.Unlock()
		}
	}
}
