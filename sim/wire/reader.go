package wire

import "io"

// maxEmpty is how many empty messages (keep-alives) in a row are passed over: a
// day's, at three a minute.
const maxEmpty = 4096

// wide is how large a Reader's buffer may grow on a line that is full of
// messages, in octets.
const wide = 32 << 10

// Reader cuts a stream into messages. It reads as much as the peer has sent,
// so many messages in one segment cost one system call.
type Reader struct {
	// Alive is told of each keep-alive, with its octets, which hold until it
	// returns; whether to send them back is the framing's to say. It may be nil.
	Alive func(keepAlive []byte) error
	// Empty is how many frames without a message, which keep a connection alive, have
	// been passed over.
	Empty int

	src        io.Reader
	format     *Format
	buf        []byte
	start, end int
	plain      int // octets of the length of a plain framing; 0 for another
	searched   int // of the octets from start on, those without the end of the message
}

// NewReader reads messages of format f from src. Only for messages that end where
// their fields do must the format be compiled.
func (f *Format) NewReader(src io.Reader) *Reader {
	r := &Reader{src: src, format: f, buf: make([]byte, 512)}
	if f.Framing.plain() && f.KeepAlive == (KeepAlive{}) {
		r.plain = f.Length.Octets
	}
	return r
}

// Next gives the next message, without what its frame has around it. It is a
// view that holds until the next call. The error is io.EOF when the stream ends
// between messages, io.ErrUnexpectedEOF when it ends within one, ErrLength,
// ErrFrame or ErrIdle when reading on would be wrong, or what the source or
// Alive gave.
func (r *Reader) Next() ([]byte, error) {
	if r.plain > 0 {
		if message, err := r.nextPlain(); message != nil || err != nil {
			return message, err
		}
	}
	for empty := 0; ; empty++ {
		if empty > maxEmpty {
			return nil, ErrIdle
		}
		at, err := r.find()
		if err != nil {
			return nil, err
		}
		frame := r.buf[r.start : r.start+at.end]
		message, err := r.format.within(frame, at)
		if err != nil {
			return nil, err
		}
		r.start += at.end
		r.searched = 0
		if len(message) > 0 {
			return message, nil
		}
		r.Empty++
		if r.Alive != nil {
			if err := r.Alive(frame); err != nil {
				return nil, err
			}
		}
	}
}

// find reads until the next frame is there as a whole.
func (r *Reader) find() (found, error) {
	for {
		have := r.buf[r.start:r.end]
		at, err := r.format.scan(have, r.searched)
		if err != nil || at.end <= len(have) {
			return at, err
		}
		r.searched = at.searched
		if err := r.fill(at.end); err != nil {
			return at, err
		}
	}
}

// nextPlain is Next for a plain framing: what all messages of most networks
// take. It gives nothing, and no error, where there is more to it.
func (r *Reader) nextPlain() ([]byte, error) {
	if err := r.fill(r.plain); err != nil {
		return nil, err
	}
	n := r.announced(r.buf[r.start:])
	if n == 0 || uint(n) > MaxFrame {
		return nil, nil
	}
	if err := r.fill(r.plain + n); err != nil {
		return nil, err
	}
	from := r.start + r.plain
	r.start = from + n
	return r.buf[from:r.start:r.start], nil
}

// announced is the number with which b begins.
func (r *Reader) announced(b []byte) (n int) {
	for _, c := range b[:r.plain] {
		n = n<<8 | int(c)
	}
	return n
}

// SkipEmpty passes over the frames without a message that have been read and that no
// message stands before.
func (r *Reader) SkipEmpty() error {
	for r.end > r.start {
		at, err := r.format.scan(r.buf[r.start:r.end], 0)
		if err != nil || at.to > at.from || at.end > r.end-r.start || r.format.HTTP.Path != "" {
			return nil // Next tells
		}
		frame := r.buf[r.start : r.start+at.end]
		r.start, r.searched = r.start+at.end, 0
		r.Empty++
		if r.Alive != nil {
			if err := r.Alive(frame); err != nil {
				return err
			}
		}
	}
	return nil
}

// Buffered reports whether a message has been read as a whole, so that Next will
// not wait. A frame that can be none counts as one, and an empty one does not.
func (r *Reader) Buffered() bool {
	have := r.buf[r.start:r.end]
	if r.plain > 0 {
		if len(have) < r.plain {
			return false
		}
		if n := r.announced(have); n > 0 {
			return uint(n) > MaxFrame || len(have) >= r.plain+n
		}
	}
	searched := r.searched
	for range maxEmpty + 1 {
		at, err := r.format.scan(have, searched)
		switch {
		case err != nil || at.end <= len(have) && (at.to > at.from || r.format.HTTP.Path != ""):
			return true
		case at.end > len(have):
			return false
		}
		have, searched = have[at.end:], 0
	}
	return true // Next gives ErrIdle
}

// Left is how many octets have been read that Next has not given.
func (r *Reader) Left() int { return r.end - r.start }

// Unread gives them. They hold until the next call.
func (r *Reader) Unread() []byte { return r.buf[r.start:r.end] }

// Rest takes out the octets that have been read and are of no message yet: the
// reader is empty then. They hold until the next call.
func (r *Reader) Rest() []byte {
	rest := r.buf[r.start:r.end]
	r.start, r.end, r.searched = 0, 0, 0
	return rest
}

// Begun gives the octets that have come of a message that is not whole yet, and
// how many its length, which is not among them, announces: 0 as long as that is
// not known, and then the octets of the frame are what is given. They hold until
// the next call.
func (r *Reader) Begun() (octets []byte, announced int) {
	have := r.buf[r.start:r.end]
	at, err := r.format.scan(have, r.searched)
	switch {
	case err != nil:
		return have, 0
	case at.to > at.from:
		return have[at.from:], at.to - at.from
	case at.end <= len(have): // an empty one
		return have[at.end:], 0
	}
	return have, 0
}

// fill reads until n octets are in the buffer. n is bounded by MaxFrame and what
// stands around a message.
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
