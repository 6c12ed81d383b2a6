package wire_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/wire"
)

// anyFraming makes a framing of some octets.
func anyFraming(b []byte) wire.Framing {
	at := func(i int) int {
		if i < len(b) {
			return int(b[i])
		}
		return 0
	}
	fixed := []string{"", "", "", "\x02", "\x03", "\x00\x00", "\xD0\x4A", "\r\n"}
	f := wire.Framing{
		Length: wire.Length{
			Octets: at(0) % 9, Form: wire.LengthForm(at(1) % 6),
			Itself: at(2)&1 > 0, Reserved: at(2)&2 > 0, NoHeader: at(2)&4 > 0, Trailer: at(2)&8 > 0,
		},
		Before: fixed[at(3)%8], After: fixed[at(4)%8], Trailer: fixed[at(5)%8],
		LRC:    at(6)&1 > 0,
		Header: wire.Header{TPDU: at(6)&6 == 2, BaseI: at(6)&6 == 4},
	}
	if at(7)&1 > 0 {
		f.HTTP.Path = "/pos"
	} else if at(7)&2 > 0 && f.Length.Octets > 0 {
		f.KeepAlive = wire.KeepAlive{Octets: strings.Repeat("\x00", f.Lead()), Answer: true}
	}
	return f
}

// A stream gives the same messages and the same end however it is cut, and what
// can be framed comes out as it was, whatever the framing.
func FuzzFrame(f *testing.F) {
	var all []byte
	for _, b := range seeds(f)[:20] {
		m := append([]byte{byte(len(b) >> 8), byte(len(b))}, b...)
		f.Add(m, []byte{1}, []byte{2})
		all = append(all, m...)
	}
	f.Add(all, []byte{3, 200, 1}, []byte{2})
	f.Add([]byte("0004abcd0000-001"), []byte{2}, []byte{4, 2})
	f.Add([]byte("\x00\x00\x00\x04abcd\xFF\xFF\xFF\xFF"), []byte{5}, []byte{4})
	f.Add(make([]byte, 100), []byte{1}, []byte{2})
	f.Add([]byte("\x02abcd\x03\x63\x02\x03\x03"), []byte{1}, []byte{0, 0, 0, 3, 0, 4, 1})
	f.Add([]byte("\xD0\x4A\x00\x08\x00\x00ab"), []byte{4}, []byte{2, 0, 3, 6, 5})
	f.Add([]byte("\x00\x00\x00\x03a\x03"), []byte{4}, []byte{2, 0, 9, 0, 0, 4, 0, 2})
	f.Add([]byte(strings.ReplaceAll(posted, "34", " 5")[:170]+"\x00\x03abc"), []byte{9}, []byte{2, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\x00\x02\r\n2\r\nab\r\n0\r\n\r\n"), []byte{7}, []byte{2, 0, 0, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, stream, cuts, which []byte) {
		d := &wire.Format{Framing: anyFraming(which)}
		if d.Check() != nil {
			return
		}
		if n := allocs.Above(4*uint64(len(stream))+16<<10, func() { cut(strings.NewReader(string(stream)), d) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(stream), n)
		}
		whole, end := cut(strings.NewReader(string(stream)), d)
		i := 0
		pieces, endOfPieces := cut(&chunks{string(stream), func() int {
			if len(cuts) == 0 {
				return 1
			}
			i++
			return int(cuts[i%len(cuts)])
		}}, d)
		if !slices.Equal(whole, pieces) || kindOf(end) != kindOf(endOfPieces) {
			t.Fatalf("%+v\nwhole: %d messages, %v; in pieces: %d, %v", d.Framing, len(whole), end, len(pieces), endOfPieces)
		}
		total := 0
		for _, m := range whole {
			if total += d.Lead() + len(m); len(m) == 0 || len(m) > wire.MaxFrame {
				t.Fatalf("a message of %d octets", len(m))
			}
		}
		if total > len(stream) {
			t.Fatalf("%d octets in messages out of %d", total, len(stream))
		}
		d.Says(stream)
		r := d.NewReader(strings.NewReader(string(stream)))
		for range whole {
			r.Next()
			r.Buffered()
			r.Begun()
		}
		if room := r.Room(); room > 64<<10 {
			t.Fatalf("a buffer of %d octets for a stream of %d", room, len(stream))
		}
		reframed(t, d, stream)
	})
}

// kindOf is what an end of a stream is, without what stood there.
func kindOf(end error) error {
	for _, kind := range []error{wire.ErrLength, wire.ErrFrame} {
		if errors.Is(end, kind) {
			return kind
		}
	}
	if end != io.EOF && end != io.ErrUnexpectedEOF && end != wire.ErrIdle {
		panic(end)
	}
	return end
}

// reframed puts a message into a frame and takes it out again.
func reframed(t *testing.T, d *wire.Format, message []byte) {
	for _, answer := range []bool{false, true} {
		frame, err := d.Frame(nil, message, answer)
		if err != nil || len(message) == 0 {
			return
		}
		at, err := d.Find(frame)
		if err != nil || !slices.Equal(at.Message, message) || at.End != len(frame) {
			if len(at.Message) == 0 && d.KeepAlive.Octets != "" && strings.HasPrefix(string(frame), d.KeepAlive.Octets) {
				return // told to be none
			}
			t.Fatalf("%+v\n%X is framed\n%X and found as\n%X, %v", d.Framing, message, frame, at.Message, err)
		}
	}
}
