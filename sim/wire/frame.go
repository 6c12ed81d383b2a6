package wire

import (
	"errors"
	"fmt"
	"io"
)

// Length is the length prefix before each message. It does not count itself.
type Length struct {
	Octets int
	Digits bool // decimal digits in ASCII instead of a big-endian number
}

// The prefixes that profiles may name.
var (
	Binary2 = Length{Octets: 2}
	Binary4 = Length{Octets: 4}
	Digits4 = Length{Octets: 4, Digits: true}
)

// Lengths are the length prefixes by name.
func Lengths() map[string]Length {
	return map[string]Length{"binary2": Binary2, "binary4": Binary4, "digits4": Digits4}
}

var (
	// ErrLength marks a length prefix that no message can have. The stream
	// cannot be read on: where the next message begins is not known.
	ErrLength = errors.New("bad length prefix")
	// ErrIdle marks a peer that sends nothing but empty messages.
	ErrIdle = errors.New("too many empty messages")
)

// maxEmpty is how many empty messages (keep-alives) in a row are passed over.
const maxEmpty = 16

// Put writes the prefix for a message of n octets over dst's first octets.
func (l Length) Put(dst []byte, n int) {
	if l.Digits {
		PutUint(dst[:l.Octets], uint64(n))
		return
	}
	for i := range l.Octets {
		dst[i] = byte(n >> (8 * (l.Octets - 1 - i)))
	}
}

// take reads the prefix; b has at least l.Octets octets.
func (l Length) take(b []byte) (int, error) {
	n := 0
	for _, c := range b[:l.Octets] {
		if l.Digits {
			if c-'0' > 9 {
				return 0, fmt.Errorf("%w: holds 0x%02X, want %d decimal digits", ErrLength, c, l.Octets)
			}
			n = n*10 + int(c-'0')
			continue
		}
		n = n<<8 | int(c)
	}
	if n > MaxFrame {
		return 0, fmt.Errorf("%w: %d octets announced, at most %d are read (does the peer use another length prefix?)", ErrLength, n, MaxFrame)
	}
	return n, nil
}

// AppendFrame packs m after dst with its length before it. On an error dst is
// given back as it was.
func AppendFrame(dst []byte, m *Message) ([]byte, error) {
	l := m.f.Length
	at := len(dst)
	for range l.Octets {
		dst = append(dst, 0)
	}
	out, err := m.Append(dst)
	if err != nil {
		return dst[:at], err
	}
	l.Put(out[at:], len(out)-at-l.Octets)
	return out, nil
}

// wide is how large a Reader's buffer may grow on a line that is full of
// messages, in octets.
const wide = 32 << 10

// Reader cuts a stream into messages. It reads as much as the peer has sent,
// so many messages in one segment cost one system call.
type Reader struct {
	src        io.Reader
	length     Length
	buf        []byte
	start, end int
}

// NewReader reads messages of format f from src.
func (f *Format) NewReader(src io.Reader) *Reader {
	return &Reader{src: src, length: f.Length, buf: make([]byte, 512)}
}

// Next gives the next message, without its length prefix. It is a view that
// holds until the next call. The error is io.EOF when the stream ends between
// messages, io.ErrUnexpectedEOF when it ends within one, ErrLength or ErrIdle
// when reading on would be wrong, or what the source gave.
func (r *Reader) Next() ([]byte, error) {
	for empty := 0; ; empty++ {
		if empty > maxEmpty {
			return nil, ErrIdle
		}
		if err := r.fill(r.length.Octets); err != nil {
			return nil, err
		}
		n, err := r.length.take(r.buf[r.start:])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			r.start += r.length.Octets
			continue
		}
		if err := r.fill(r.length.Octets + n); err != nil {
			return nil, err
		}
		from := r.start + r.length.Octets
		r.start = from + n
		return r.buf[from:r.start:r.start], nil
	}
}

// Buffered reports whether a whole message has been read, so that Next will not
// wait. A bad length counts as one.
func (r *Reader) Buffered() bool {
	have := r.buf[r.start:r.end]
	if len(have) < r.length.Octets {
		return false
	}
	n, err := r.length.take(have)
	return err != nil || len(have) >= r.length.Octets+n
}

// Rest takes out the octets that have been read and are of no message yet: the
// reader is empty then. They hold until the next call.
func (r *Reader) Rest() []byte {
	rest := r.buf[r.start:r.end]
	r.start, r.end = 0, 0
	return rest
}

// Begun gives the octets that have come of a message that is not whole yet, and
// how many its length prefix, which is not among them, announces: 0 as long as
// the prefix is not whole itself, and then its octets are what is given. They
// hold until the next call.
func (r *Reader) Begun() (octets []byte, announced int) {
	have := r.buf[r.start:r.end]
	if len(have) < r.length.Octets {
		return have, 0
	}
	n, err := r.length.take(have)
	if err != nil {
		return have, 0
	}
	return have[r.length.Octets:], n
}

// fill reads until n octets are in the buffer. n is bounded by MaxFrame.
func (r *Reader) fill(n int) error {
	for r.end-r.start < n {
		if r.start > 0 && (r.start == r.end || r.start+n > len(r.buf)) {
			r.end = copy(r.buf, r.buf[r.start:r.end])
			r.start = 0
		}
		if n > len(r.buf) {
			r.buf = append(r.buf, make([]byte, max(n, 2*len(r.buf))-len(r.buf))...)
		}
		k, err := r.src.Read(r.buf[r.end:])
		r.end += k
		if r.end == len(r.buf) && len(r.buf) < wide {
			r.buf = append(r.buf, make([]byte, len(r.buf))...) // there is more: take more at a time
		}
		if err != nil && r.end-r.start < n {
			if err == io.EOF && r.end > r.start {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}
