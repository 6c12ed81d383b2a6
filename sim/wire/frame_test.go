package wire_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// chunks is a stream that gives at most so many octets a read.
type chunks struct {
	left string
	next func() int
}

func (c *chunks) Read(p []byte) (int, error) {
	if c.left == "" {
		return 0, io.EOF
	}
	n := copy(p, c.left[:min(max(c.next(), 1), len(c.left))])
	c.left = c.left[n:]
	return n, nil
}

// cut reads all messages of a stream.
func cut(r io.Reader, f *wire.Format) (messages []string, err error) {
	in := f.NewReader(r)
	for {
		b, err := in.Next()
		if err != nil {
			return messages, err
		}
		messages = append(messages, string(b))
	}
}

func TestFramesComeOutWholeHoweverTheyAreCut(t *testing.T) {
	d := dialect.CUP()
	var stream string
	var want []string
	for i := range 50 {
		s := samples(t)[i%27]
		stream += string(s.frame)
		want = append(want, string(s.frame[2:]))
	}
	for name, src := range map[string]io.Reader{
		"in one write":       strings.NewReader(stream),
		"octet by octet":     iotest.OneByteReader(strings.NewReader(stream)),
		"halves":             iotest.HalfReader(strings.NewReader(stream)),
		"EOF with the last":  iotest.DataErrReader(strings.NewReader(stream)),
		"split length":       &chunks{stream, func() int { return 1 + len(samples(t)[0].frame) }},
		"segments at random": &chunks{stream, func() int { return rand.IntN(200) }},
	} {
		got, err := cut(src, &d.Format)
		if err != io.EOF || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %d messages, %v; want %d", name, len(got), err, len(want))
		}
	}
}

func TestStreamThatEndsWithinAMessage(t *testing.T) {
	d := dialect.CUP()
	frame := string(samples(t)[0].frame)
	for n := range len(frame) {
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if got, err := cut(strings.NewReader(frame+frame[:n]), &d.Format); err != want || len(got) != 1 {
			t.Errorf("a message and %d octets: %d messages, %v; want 1, %v", n, len(got), err, want)
		}
	}
}

func TestLengthsThatNoMessageHas(t *testing.T) {
	cup, four, digits := dialect.CUP(), dialect.CUP(), dialect.CUP()
	four.Length, digits.Length = wire.Binary4, wire.Digits4
	for _, c := range []struct {
		d      *dialect.Dialect
		stream string
		want   error
	}{
		{cup, "\x80\x00", wire.ErrLength},
		{cup, "\xFF\xFF", wire.ErrLength},
		{cup, "\x10\x01", wire.ErrLength},
		{cup, "\x10\x00", io.ErrUnexpectedEOF}, // 4,096 may come
		{cup, "GET / HTTP/1.1\r\n\r\n", wire.ErrLength},
		{cup, "\x16\x03\x01\x00\xC8\x01\x00\x00\xC4\x03\x03", wire.ErrLength},
		{cup, strings.Repeat("\x00", 2*wire.MaxEmpty+2), wire.ErrIdle},
		{cup, strings.Repeat("\x00", 2*wire.MaxEmpty), io.EOF},
		{cup, "\x00", io.ErrUnexpectedEOF},
		{four, "\xFF\xFF\xFF\xFF", wire.ErrLength},
		{four, "\x7F\xFF\xFF\xFF", wire.ErrLength},
		{four, "\x00\x00\x10\x01", wire.ErrLength},
		{digits, "-001", wire.ErrLength},
		{digits, "+12 ", wire.ErrLength},
		{digits, "0x1F", wire.ErrLength},
		{digits, "12.4", wire.ErrLength},
		{digits, " 123", wire.ErrLength},
		{digits, "99999", wire.ErrLength},
		{digits, "\x12\x3F\x00\x00", wire.ErrLength},
		{digits, strings.Repeat("0", 4*wire.MaxEmpty+4), wire.ErrIdle},
		{digits, "4097", wire.ErrLength},
		{digits, "0004abcd", io.EOF},
	} {
		var err error
		n := allocated(func() {
			r := c.d.NewReader(strings.NewReader(c.stream))
			for err = nil; err == nil; {
				_, err = r.Next()
			}
		})
		if !errors.Is(err, c.want) {
			t.Errorf("%.20q: %v, want %v", c.stream, err, c.want)
		}
		if c.want == wire.ErrLength && n > 2048 {
			t.Errorf("%.20q: %d octets allocated before it is refused", c.stream, n)
		}
	}
}

func TestEmptyMessagesArePassedOver(t *testing.T) {
	d := dialect.CUP()
	frame := string(samples(t)[0].frame)
	stream := strings.Repeat(strings.Repeat("\x00", 2*wire.MaxEmpty)+frame, 20)
	if got, err := cut(strings.NewReader(stream), &d.Format); err != io.EOF || len(got) != 20 {
		t.Errorf("%d messages between keep-alives, %v; want 20", len(got), err)
	}
}

func TestBufferedTellsWhetherNextWouldWait(t *testing.T) {
	d := dialect.CUP()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	frame := samples(t)[0].frame
	go b.Write(append(append(append([]byte{}, frame...), frame...), frame[:10]...))
	r := d.NewReader(a)
	if r.Buffered() {
		t.Error("a whole message is there before anything was read")
	}
	for i, want := range []bool{true, false} {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if r.Buffered() != want {
			t.Errorf("after message %d: Buffered = %v, want %v", i+1, !want, want)
		}
	}
	a.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := r.Next(); !errors.Is(err, errTimeout(err)) {
		t.Errorf("a message that never ends: %v, want a timeout", err)
	}
}

// An answer that waits for the next message must not wait for one that an empty
// one only announces.
func TestEmptyMessagesAreNoneToWaitFor(t *testing.T) {
	d := dialect.CUP()
	frame := string(samples(t)[0].frame)
	for stream, want := range map[string]bool{
		frame + frame:                      true,
		frame + "\x00\x00":                 false,
		frame + "\x00\x00\x00":             false,
		frame + "\x00\x00\x00\x00" + frame: true,
		frame + strings.Repeat("\x00", 99): false,
	} {
		r := d.NewReader(strings.NewReader(stream))
		if _, err := r.Next(); err != nil || r.Buffered() != want {
			t.Errorf("%d octets after a message: %v, %v, want %v", len(stream)-len(frame), r.Buffered(), err, want)
		}
	}
}

// errTimeout is err itself when it is a timeout.
func errTimeout(err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return err
	}
	return errors.New("a timeout")
}

func TestLengthPrefixes(t *testing.T) {
	for name, l := range wire.Lengths() {
		for _, n := range []int{1, 9, 10, 255, 256, 999, 1000, 2047, wire.MaxFrame} {
			b := make([]byte, l.Octets)
			l.Put(b, n)
			if got, err := l.Number(b); got != uint64(n) || err != nil {
				t.Errorf("%s: %d written as %X reads %d, %v", name, n, b, got, err)
			}
		}
	}
}

func TestNothingIsLeftOfAMessageThatDoesNotPack(t *testing.T) {
	m := dialect.CUP().NewMessage()
	m.SetMTI("0200")
	m.SetFieldString(4, "1")
	if b, err := wire.AppendFrame([]byte("before"), m); err == nil || string(b) != "before" {
		t.Errorf("%q, %v", b, err)
	}
}
