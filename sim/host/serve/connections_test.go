package serve

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestServerOutlivesWantOfDescriptors(t *testing.T) {
	t.Parallel()
	l := &starvedListener{Listener: local(t), left: 4}
	start(t, by(echo), l)
	dial(t, l.Addr().String()).ask("at last")
}

func TestClosedListenerEndsServe(t *testing.T) {
	l := local(t)
	done := make(chan error, 1)
	go func() { done <- by(echo).Serve(context.Background(), l) }()
	l.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve gave %v, want %v", err, net.ErrClosed)
	}
}

func TestServeWaitsForAllItStarted(t *testing.T) {
	before := runtime.NumGoroutine()
	l := local(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- by(echo).Serve(ctx, l) }()
	for range 3 {
		dial(t, l.Addr().String()).ask("and left open")
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for i := 0; runtime.NumGoroutine() > before; i++ {
		if i == 100 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestPanicCostsOneConnection(t *testing.T) {
	for _, delays := range []bool{false, true} { // by the event loop, and by a goroutine
		s := by(func(dst, frame []byte, at time.Time) ([]byte, time.Time, error) {
			if string(frame) == "bad" {
				panic("planted")
			}
			return echo(dst, frame, at)
		})
		s.Delays = delays
		address := listen(t, s)
		good, bad := dial(t, address), dial(t, address)
		good.ask("good")
		bad.write(framed("bad"))
		bad.ended()
		good.ask("good")
		if n := s.Counts().Panics; n != 1 {
			t.Errorf("%d panics, want 1", n)
		}
	}
}

// Whatever begins no message ends the connection and is counted.
func TestOctetsThatAreNoMessageAreRefused(t *testing.T) {
	s := by(echo)
	address := listen(t, s)
	for i, octets := range []string{"\x80\x00", "\xFF\xFFlonger than any", "\x00\x01s", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("\x00", 10_000)} {
		c := dial(t, address)
		c.write([]byte(octets))
		c.ended()
		if n := s.Counts().Refused; n != int64(i+1) {
			t.Errorf("% X: %d refused, want %d", octets[:2], n, i+1)
		}
	}
}

// After a message that could not be read, octets that are no whole message are
// its own, counted wrong: the connection ends with what was answered. A whole one
// is answered.
func TestLeftOverOctetsEndTheConnection(t *testing.T) {
	wrong := errors.New("wrong")
	for _, delays := range []bool{false, true} { // by the event loop, and by a goroutine
		for _, together := range []bool{true, false} {
			var told atomic.Int64
			s := by(func(dst, frame []byte, at time.Time) ([]byte, time.Time, error) {
				dst, due, err := echo(dst, frame, at)
				if string(frame) == "bad" {
					err = wrong
				}
				return dst, due, err
			})
			s.Delays = delays
			s.Unread = func(from net.Addr, octets []byte, err error) {
				if err == wrong && string(octets) == "bad" && from != nil {
					told.Add(1)
				}
			}
			c := dial(t, listen(t, s))
			c.ask("good")
			c.ask("bad")
			c.ask("good again")
			c.ask("bad")
			octets := framed("bad")
			if together {
				octets = append(octets, 'X')
			}
			c.write(octets)
			c.hear("bad")
			if !together {
				c.write([]byte("X"))
			}
			c.ended()
			if told.Load() != 3 {
				t.Errorf("told of %d messages, want 3", told.Load())
			}
		}
	}
}

// A message that ends at any octet, in whatever way the connection ends, is none.
func TestCutMessagesAreNotAnswered(t *testing.T) {
	var asked atomic.Int64
	address := listen(t, by(func(dst, frame []byte, at time.Time) ([]byte, time.Time, error) {
		asked.Add(1)
		return echo(dst, frame, at)
	}))
	message := framed("a message of some length")
	for n := range len(message) {
		c := dial(t, address)
		c.write(message[:n])
		if n%2 == 0 {
			c.Conn.(*net.TCPConn).SetLinger(0) // RST instead of FIN
		}
		c.Close()
	}
	dial(t, address).ask("whole")
	if n := asked.Load(); n != 1 {
		t.Errorf("%d messages, want the whole one alone", n)
	}
}

// Answers leave when they are due, in the order of their times; those due at
// once in the order in which they were made.
func TestDelayedAnswersLeaveInTheOrderOfTheirTimes(t *testing.T) {
	s := by(func(dst, frame []byte, at time.Time) ([]byte, time.Time, error) {
		dst, _, _ = echo(dst, frame, at)
		wait := time.Duration(frame[0]-'0') * 10 * time.Millisecond
		if wait == 0 {
			return dst, time.Time{}, nil
		}
		return dst, at.Add(wait), nil
	})
	s.Delays = true
	c := dial(t, listen(t, s))
	begin := time.Now()
	var line []byte
	for _, message := range []string{"3 a", "1 a", "2 a", "1 b", "0 a", "1 c"} {
		line = append(line, framed(message)...)
	}
	c.write(line)
	for _, message := range []string{"0 a", "1 a", "1 b", "1 c", "2 a", "3 a"} {
		c.hear(message)
		if took, due := time.Since(begin), time.Duration(message[0]-'0')*10*time.Millisecond; took < due {
			t.Errorf("%q came after %v, due after %v", message, took, due)
		}
	}
}
