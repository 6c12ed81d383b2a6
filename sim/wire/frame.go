package wire

import (
	"bytes"
	"errors"
	"fmt"
)

var (
	// ErrLength marks a length that no message can have. The stream cannot be
	// read on: where the next message begins is not known.
	ErrLength = errors.New("bad length prefix")
	// ErrFrame marks other octets around a message than its framing has. The
	// stream cannot be read on.
	ErrFrame = errors.New("bad frame")
	// ErrIdle marks a peer that sends nothing but empty messages.
	ErrIdle = errors.New("too many empty messages")
)

// AppendFrame packs m after dst, in its frame. On an error dst is given back as
// it was. After a MAC has been put into the message the frame must be amended:
// see [Framing.Amend].
func AppendFrame(dst []byte, m *Message) ([]byte, error) {
	f := &m.f.Framing
	at := len(dst)
	if octets := m.f.plain; octets > 0 {
		out, err := m.Append(append(dst, "\x00\x00\x00\x00\x00\x00\x00\x00"[:octets]...))
		if n := len(out) - at - octets; err == nil {
			for i := range octets {
				out[at+i] = byte(n >> (8 * (octets - 1 - i)))
			}
			return out, nil
		}
		return dst[:at], err
	}
	dst = f.begin(dst, m.IsAnswer())
	from := len(dst)
	out, err := m.Append(dst)
	if err != nil {
		return dst[:at], err
	}
	to := len(out)
	if out, err = f.finish(out, from); err != nil {
		return dst[:at], err
	}
	if len(out) > to { // perhaps elsewhere
		m.raw = out[from+len(m.Head) : to : to]
	}
	return out, nil
}

// plain reports whether a frame is a big-endian number and the message that it
// counts, as nearly all are: these take the shortest way.
func (f *Framing) plain() bool {
	return len(f.Before)|len(f.After)|len(f.Trailer)|len(f.HTTP.Path) == 0 && f.Length.Octets >= 2 &&
		f.Length == Length{Octets: f.Length.Octets} && !f.LRC && !f.Header.BaseI
}

// Frame puts the octets of a message into a frame after dst; answer says whether
// it is one, which HTTP wants to know. On an error dst is given back as it was.
func (f *Framing) Frame(dst, message []byte, answer bool) ([]byte, error) {
	at := len(dst)
	dst = f.begin(dst, answer)
	from := len(dst)
	out, err := f.finish(append(dst, message...), from)
	if err != nil {
		return dst[:at], err
	}
	return out, nil
}

// begin appends what stands before a message, with room for its length.
func (f *Framing) begin(dst []byte, answer bool) []byte {
	if f.HTTP.Path != "" {
		dst = f.HTTP.appendHead(dst, answer)
	}
	dst = append(dst, f.Before...)
	for range f.Length.Octets {
		dst = append(dst, 0)
	}
	return append(dst, f.After...)
}

// finish completes the frame of a message that stands in dst from there on.
func (f *Framing) finish(dst []byte, from int) ([]byte, error) {
	n := len(dst) - from
	if n > MaxFrame {
		return dst, &FieldError{Field: -1, Offset: MaxFrame, Reason: fmt.Sprintf("%d octets, at most %d go on a line", n, MaxFrame)}
	}
	begin := from - f.Lead()
	if l := &f.Length; l.Octets > 0 {
		said := n + f.more()
		if l.NoHeader && n <= f.Header.Len() {
			return dst, &FieldError{Field: -1, Offset: n, Reason: fmt.Sprintf("%d octets, no more than its routing header", n)}
		}
		if said < 0 || uint64(said) > l.Max() {
			return dst, &FieldError{Field: -1, Offset: n, Reason: fmt.Sprintf("a length of %d, and %v says at most %d", said, l, l.Max())}
		}
		l.Put(dst[begin+len(f.Before):], said)
	}
	dst = append(dst, f.Trailer...)
	if f.LRC {
		dst = append(dst, 0)
	}
	if f.HTTP.Path != "" {
		putContentLength(dst[:begin], len(dst)-begin)
	}
	return dst, f.amend(dst[begin:])
}

// Amend completes a frame whose message was changed after it was made, by the
// MAC that was put in: the check octet follows. It is an error when the message
// now holds the octets that would end it.
func (f *Framing) Amend(frame []byte) error {
	if !f.LRC && f.Length.Octets > 0 {
		return nil
	}
	if f.HTTP.Path != "" {
		frame = frame[bytes.Index(frame, []byte(headEnd))+len(headEnd):]
	}
	return f.amend(frame)
}

func (f *Framing) amend(frame []byte) error {
	tail := len(frame) - f.tail()
	if f.Length.Octets == 0 && f.Trailer != "" {
		if at := bytes.Index(frame[len(f.Before):], []byte(f.Trailer)); at != tail-len(f.Before) {
			return &FieldError{Field: -1, Offset: at, Reason: fmt.Sprintf("holds %X, which would end it: this framing is for text", f.Trailer)}
		}
	}
	if f.LRC {
		frame[len(frame)-1] = lrc(frame[len(f.Before) : len(frame)-1])
	}
	return nil
}

// lrc is the longitudinal redundancy check of some octets: their exclusive or.
func lrc(b []byte) (sum byte) {
	for _, c := range b {
		sum ^= c
	}
	return sum
}

// found is where a message lies among octets that begin with its frame.
type found struct {
	from, to int  // the message; from = to as long as its length is not known, and when it is empty
	searched int  // octets without the end of the message, to be told the next time
	end      int  // of the frame. Beyond the octets at hand: how many it takes to say more
	chunked  bool // of HTTP: the message is what stands in chunks from there on
}

// scan finds the message at the beginning of b, of which as many octets have been
// searched as it said the last time. It is an error when none can be there.
func (f *Framing) scan(b []byte, searched int) (found, error) {
	if f.HTTP.Path != "" {
		return f.HTTP.scan(b, searched)
	}
	if f.Length.Octets == 0 {
		return f.scanToTrailer(b, searched)
	}
	lead := f.Lead()
	if f.Before != "" && len(b) < lead {
		return found{end: min(lead, len(b)+1)}, f.checkBegin(b) // at once, if it is another
	}
	if len(b) < lead {
		return found{end: lead}, nil
	}
	if err := f.checkBegin(b); err != nil {
		return found{}, err
	}
	said, err := f.Length.number(b[len(f.Before):])
	if err != nil {
		return found{}, err
	}
	for k := f.KeepAlive.Octets; len(k) >= lead; k = k[lead:] {
		if string(b[:lead]) == k[:lead] {
			return found{from: lead, to: lead, end: lead}, nil
		}
	}
	more := f.more()
	switch {
	case said == 0 && more < 0:
		more = 0 // no routing header comes either
	case said > uint64(MaxFrame+more):
		return found{}, fmt.Errorf("%w: %d octets announced, at most %d are read (does the peer use another length prefix, or do octets stand behind the message before it?)", ErrLength, said, MaxFrame+more)
	case int(said) < more:
		return found{}, fmt.Errorf("%w: %d announced, which is less than the %d octets that it counts besides the message (does the peer count them?)", ErrLength, said, more)
	}
	at := found{from: lead, to: lead + int(said) - more}
	at.end = at.to + f.tail()
	if at.end > at.to && len(b) >= at.end {
		return at, f.checkTail(b[:at.end])
	}
	return at, nil
}

// scanToTrailer is scan where there is no length.
func (f *Framing) scanToTrailer(b []byte, searched int) (found, error) {
	from := len(f.Before)
	if err := f.checkBegin(b); err != nil {
		return found{}, err
	}
	begin := max(from, searched-len(f.Trailer)+1)
	n := -1
	if begin < len(b) {
		n = bytes.Index(b[begin:], []byte(f.Trailer))
	}
	to := begin + n
	if n < 0 {
		to = max(from, len(b)-len(f.Trailer)+1)
	}
	if to-from > MaxFrame {
		return found{}, fmt.Errorf("%w: %d octets without the trailer %X, at most %d are read", ErrLength, to-from, f.Trailer, MaxFrame)
	}
	if n < 0 {
		return found{end: len(b) + 1, searched: len(b)}, nil
	}
	at := found{from: from, to: to, end: to + f.tail()}
	if len(b) >= at.end {
		return at, f.checkTail(b[:at.end])
	}
	return at, nil
}

// checkBegin checks what stands before the length, as far as it has come.
func (f *Framing) checkBegin(b []byte) error {
	n := min(len(b), len(f.Before))
	if n == 0 || string(b[:n]) == f.Before[:n] {
		return nil
	}
	return fmt.Errorf("%w: begins with %X, want %X", ErrFrame, few(b[:n]), f.Before)
}

// few are the first octets of some, as many as tell what they are and not a card's
// number.
func few(b []byte) []byte { return b[:min(len(b), 3)] }

// checkTail checks what stands after the message in a whole frame.
func (f *Framing) checkTail(frame []byte) error {
	at := len(frame) - f.tail()
	if got := frame[at:][:len(f.Trailer)]; string(got) != f.Trailer {
		return fmt.Errorf("%w: ends with %X, want the trailer %X", ErrFrame, few(got), f.Trailer)
	}
	if f.LRC {
		n := len(frame) - 1
		if want := lrc(frame[len(f.Before):n]); frame[n] != want {
			return fmt.Errorf("%w: check octet %02X, want %02X", ErrFrame, frame[n], want)
		}
	}
	return nil
}

// within finds the message of a frame that is there as a whole: for HTTP that
// in the body, whose chunks it moves together.
func (f *Framing) within(b []byte, at found) (message []byte, err error) {
	if f.HTTP.Path == "" {
		return b[at.from:at.to:at.to], nil
	}
	body := b[at.from:at.to]
	if at.chunked {
		body = joinChunks(b[at.from:at.end])
	}
	if f.Length.Octets > 0 || f.Trailer != "" {
		inner := *f
		inner.HTTP = HTTP{}
		in, err := inner.scan(body, 0)
		if err == nil && in.end != len(body) {
			err = fmt.Errorf("%w: an HTTP body of %d octets, the frame in it has %d", ErrFrame, len(body), in.end)
		}
		if err != nil {
			return nil, err
		}
		body = body[in.from:in.to]
	}
	if len(body) == 0 {
		return nil, fmt.Errorf("%w: an HTTP body without a message", ErrFrame)
	}
	return body[:len(body):len(body)], nil
}

// Found is the message of a frame.
type Found struct {
	Message []byte // empty for a keep-alive
	From    int    // where it begins
	End     int    // where the frame ends
}

// Find gives the message of the frame with which b begins. It gives none, and no
// error, when the frame is not there as a whole.
func (f *Format) Find(b []byte) (Found, error) {
	at, err := f.scan(b, 0)
	if err != nil || at.end > len(b) {
		return Found{}, err
	}
	if at.chunked {
		b = bytes.Clone(b[:at.end])
	}
	message, err := f.within(b, at)
	from := at.from
	if f.HTTP.Path != "" {
		from += f.Lead()
	}
	return Found{message, from, at.end}, err
}

// scan is Framing's, and that of messages which end where their last field does.
// Of those it cannot tell one that is wrong from one that is not whole, but by
// its message type.
func (f *Format) scan(b []byte, searched int) (found, error) {
	if !f.ByFields {
		return f.Framing.scan(b, searched)
	}
	m := f.Acquire()
	defer m.Release()
	window := b[:min(len(b), MaxFrame)]
	n, err := m.ReadPart(window)
	wrong, _ := err.(*FieldError)
	switch {
	case err == nil, wrong != nil && wrong.Field == -1 && n > f.Header.Len():
		return found{to: n, end: n}, nil
	case len(b) >= MaxFrame:
		return found{}, fmt.Errorf("%w: no whole message in %d octets, at most %d are read: %w", ErrLength, len(b), MaxFrame, err)
	case wrong != nil && wrong.Field == 0 && len(b) >= f.Header.Len()+f.codec.fields[0].span(4):
		return found{}, fmt.Errorf("%w: %w", ErrFrame, err)
	}
	return found{end: len(b) + 1}, nil
}

// Says is how many octets of message the length announces at the beginning of b,
// however many; -1 when there is none that can be.
func (f *Framing) Says(b []byte) int {
	if f.Length.Octets == 0 || len(b) < f.Lead() {
		return -1
	}
	said, err := f.Length.number(b[len(f.Before):])
	if err != nil || said > 1<<31 || int(said) < f.more() {
		return -1
	}
	return int(said) - f.more()
}
