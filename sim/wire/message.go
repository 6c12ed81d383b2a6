package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Message is one message in hand: routing header, MTI, bitmap and values over
// one reused buffer. Values are text for digits, tracks and characters, octets
// for binary fields. A Message belongs to one goroutine; building and reading
// one does not allocate once its buffer has grown.
type Message struct {
	Head []byte // routing header, Format.Header.Len() octets

	f    *Format
	mti  [4]byte
	over bool // more was set than it holds
	set  FieldSet
	at   [129]span
	buf  []byte
	raw  []byte // the octets last packed or read, from the MTI on
	own  []byte // where Keep copies raw to
	head [MaxHeader]byte

	covered []byte // by the MAC, where these are no octets of raw
}

// span is where a value lies in buf. 16 bits keep a message small: a fleet has
// as many as it has requests in flight.
type span struct{ from, to uint16 }

func (s span) len() uint16 { return s.to - s.from }

// mostHeld is how many octets of values a message holds; one that can go on a
// line has far fewer.
const mostHeld = math.MaxUint16

// NewMessage gives an empty message of format f, which must be compiled.
func (f *Format) NewMessage() *Message {
	m := &Message{f: f, buf: make([]byte, 0, 256)}
	m.Head = m.head[:f.Header.Len()]
	copy(m.Head, f.Header.Octets)
	return m
}

// Format is how the message stands on a line.
func (m *Message) Format() *Format { return m.f }

// Reset empties the message. The routing header stays.
func (m *Message) Reset() {
	m.set = FieldSet{}
	m.buf = m.buf[:0]
	m.raw = nil
	m.mti = [4]byte{}
	m.over = false
}

// MTI is the message type, four digits.
func (m *Message) MTI() string { return string(m.mti[:]) }

// Origin is the fourth digit of the message type: who sends it, and whether again.
func (m *Message) Origin() byte { return m.mti[3] }

// IsMTI compares the message type without allocating.
func (m *Message) IsMTI(mti string) bool {
	return len(mti) == 4 && m.mti[3] == mti[3] && m.mti[2] == mti[2] && m.mti[1] == mti[1] && m.mti[0] == mti[0]
}

// SetMTI sets the message type; it must have four digits.
func (m *Message) SetMTI(mti string) { copy(m.mti[:], mti) }

// IsAnswer reports whether the MTI is that of an answer (third digit odd).
func (m *Message) IsAnswer() bool { return m.mti[2]&1 == 1 }

// HasField reports whether field f is present.
func (m *Message) HasField(f int) bool {
	i := uint(f - 1)
	return i < 128 && int64(m.set[i>>6]<<(i&63)) < 0 // its bit shifted to where the sign is
}

// Present are the fields that the message has.
func (m *Message) Present() FieldSet { return m.set }

// Field is the value of field f, nil when it is absent. It is a view that holds
// until the message changes.
func (m *Message) Field(f int) []byte {
	if !m.HasField(f) {
		return nil
	}
	s := m.at[f]
	return m.buf[s.from:s.to:s.to]
}

// Differing are those of the fields that both messages have, but not with the
// same value.
func (m *Message) Differing(o *Message, of FieldSet) (differing FieldSet) {
	for w := range of {
		for set := of[w] & m.set[w] & o.set[w]; set != 0; {
			i := bits.LeadingZeros64(set)
			bit := uint64(1) << (63 - i)
			set &^= bit
			a, b := m.at[w<<6+i+1], o.at[w<<6+i+1]
			if string(m.buf[a.from:a.to]) != string(o.buf[b.from:b.to]) {
				differing[w] |= bit
			}
		}
	}
	return differing
}

// FirstOf is the first of these fields that the message has with such a value, 0 for none.
func (m *Message) FirstOf(of FieldSet, such func(v []byte) bool) int {
	for w := range of {
		for set := of[w] & m.set[w]; set != 0; {
			i := bits.LeadingZeros64(set)
			set &^= 1 << (63 - i&63)
			n := w<<6 + i + 1
			if s := m.at[n]; such(m.buf[s.from:s.to]) {
				return n
			}
		}
	}
	return 0
}

// FieldText is the value of field f as a string; it allocates.
func (m *Message) FieldText(f int) string { return string(m.Field(f)) }

// FieldUint is the value of field f as a number, 0 when it is absent or no number.
func (m *Message) FieldUint(f int) uint64 { return Uint(m.Field(f)) }

// SetField sets field f. Whether the value fits the spec is checked when packing.
// Where the spec pads the field, a short value is filled up at once; an amount
// with a sign (SignedZeros) when it is packed.
func (m *Message) SetField(f int, v []byte) { copy(m.room(f, len(v)), v) }

// SetFieldString sets field f.
func (m *Message) SetFieldString(f int, v string) { copy(m.room(f, len(v)), v) }

// SetFieldUint sets field f to n in decimal, filled with zeros to the field's
// length, which should be a fixed one.
func (m *Message) SetFieldUint(f int, n uint64) {
	if f < 0 || f > 128 {
		return
	}
	PutUint(m.room(f, min(int(m.f.codec.fields[f].max), 20)), n)
}

// room makes place for n octets as the value of field f, filled up at once to
// the length of a padded field, so that values are compared as they are sent.
func (m *Message) room(f, n int) []byte {
	if f < 2 || f > 128 {
		return nil
	}
	fc := &m.f.codec.fields[f]
	size := n
	if fc.pad != padNone {
		size = max(n, int(fc.max))
	}
	s := m.at[f]
	if !m.HasField(f) || int(s.to-s.from) != size {
		at := len(m.buf)
		if (m.over || at+size > min(cap(m.buf), mostHeld)) && !m.grow(size) {
			return nil
		}
		m.buf = m.buf[:at+size]
		m.set[(f-1)>>6] |= 1 << (63 - (f-1)&63)
		s = span{uint16(at), uint16(at + size)}
		m.at[f] = s
	}
	if size > n {
		return fc.fill(m.buf[s.from:s.to], n)
	}
	return m.buf[s.from:s.to]
}

// grow makes place for n octets more of values. It reports false when a message does not hold
// as many.
func (m *Message) grow(n int) bool {
	if m.over = m.over || len(m.buf)+n > mostHeld; m.over {
		return false
	}
	m.buf = slices.Grow(m.buf, n)
	return true
}

// fill writes the padding of a value of n octets into its place, and gives what is left.
func (f *fieldCodec) fill(v []byte, n int) []byte {
	padding, rest := v[n:], v[:n]
	if f.pad == padLeft {
		padding, rest = v[:len(v)-n], v[len(v)-n:]
	}
	for i := range padding {
		padding[i] = f.padWith
	}
	return rest
}

// UnsetField removes field f.
func (m *Message) UnsetField(f int) {
	if f >= 2 && f <= 128 {
		m.set[(f-1)>>6] &^= 1 << (63 - (f-1)&63)
	}
}

// Fields calls yield for each field present, ascending.
func (m *Message) Fields(yield func(f int) bool) { m.set.All(yield) }

// Append packs the message after dst: routing header, MTI, bitmap, fields.
// The octets belong to dst; MACSpan gives views of them.
func (m *Message) Append(dst []byte) ([]byte, error) {
	c := m.f.codec
	first, second := m.set[0]&^(1<<63), m.set[1]
	if second != 0 && !c.second || m.over {
		return dst, m.noMessage()
	}
	start := len(dst)
	body := start + len(m.Head)
	fields := bits.OnesCount64(first) + bits.OnesCount64(second)
	room := len(m.Head) + 4 + 2*16 + len(m.buf) + fields*longestCount + slackFor
	if room += c.filled; c.doubles {
		room += len(m.buf)
	}
	dst = slices.Grow(dst, room)
	out := dst[:start+room]
	copy(out[start:], m.Head)
	at, err := c.fields[0].put(out, body, m.mti[:])
	if err != nil {
		return dst, place(err, 0, start)
	}
	if second != 0 || c.both {
		if !c.both {
			first |= 1 << 63
		}
		at = c.putBitmap(out, at, first)
		at = c.putBitmap(out, at, second)
		first &^= 1 << 63
	} else {
		at = c.putBitmap(out, at, first)
	}
	for w, set := range [2]uint64{first, second} {
		for set != 0 {
			i := bits.LeadingZeros64(set) & 63
			if bit := c.short.set[w] << i; int64(bit) < 0 {
				end, left := m.putShort(out, at, w, set)
				if left != set {
					at, set = end, left
					continue
				}
			}
			f := w*64 + i + 1
			s := m.at[f]
			if fc := &c.fields[f]; fc.kind != foreign {
				at, err = fc.put(out, at, m.buf[s.from:s.to])
			} else if out, err = c.appendForeign(out[:at], f, m.buf[s.from:s.to]); err == nil {
				at = len(out)
				out = slices.Grow(out, room)[:at+room]
			}
			if err != nil {
				return dst, place(err, f, start)
			}
			set &^= 1 << (63 - i)
		}
	}
	if at-start > MaxFrame {
		return dst, beyondFrame(at-start, "go on a line")
	}
	if m.f.Header.BaseI {
		if out[start] == 0 {
			copy(out[start:], baseI)
		}
		binary.BigEndian.PutUint16(out[start+3:], uint16(at-start))
	}
	m.raw = out[body:at:at]
	return out[:at], nil
}

// Read takes in a whole message, routing header first, as it stood on the
// line after its length. Values are copied; MACSpan gives views of b. Octets
// after the last field are an error: no MAC covers them. After an error, a
// *FieldError, the message has no fields.
func (m *Message) Read(b []byte) error {
	at, err := m.read(b)
	if err == nil {
		err = m.whole(b, at)
	}
	if err != nil {
		m.set = FieldSet{}
	}
	return err
}

// whole takes b for the octets of the message, whose fields end at octet at of it.
func (m *Message) whole(b []byte, at int) error {
	if at != len(b) {
		return &FieldError{Field: -1, Offset: at, Reason: fmt.Sprintf("%d octets after the last field", len(b)-at)}
	}
	m.raw = b[len(m.Head):]
	return nil
}

// read takes in the fields and says where they end: after an error those before
// what is wrong, and where that begins.
func (m *Message) read(b []byte) (int, error) {
	m.Reset()
	c := m.f.codec
	if len(b) > MaxFrame {
		return 0, beyondFrame(len(b), "are read")
	}
	at := len(m.Head)
	if len(b) < at {
		return len(b), &FieldError{Field: -1, Offset: len(b), Reason: fmt.Sprintf("ends within its routing header of %d octets", at)}
	}
	copy(m.Head, b)
	if m.f.Header.BaseI {
		if err := checkBaseI(b); err != nil {
			return 0, err
		}
	}
	m.buf = slices.Grow(m.buf, 2*len(b)+slackFor) // enough for all that is not foreign
	_, at, err := c.fields[0].take(m.buf[:cap(m.buf)], b, 0, at)
	if err != nil {
		return len(m.Head), place(err, 0, 0)
	}
	copy(m.mti[:], m.buf[:4])
	if i := firstNotDigit(m.mti[:]); i >= 0 {
		m.mti = [4]byte{}
		return len(m.Head), &FieldError{Field: 0, Offset: len(m.Head) + i, Reason: noDigit}
	}
	set, at, err := c.takeBitmaps(b, at)
	if err != nil {
		return at, err
	}
	to := 0
	for w, rest := range set {
		for rest != 0 {
			i := bits.LeadingZeros64(rest) & 63
			if bit := c.short.set[w] << i; int64(bit) < 0 {
				toEnd, end, left := m.takeShort(b[:cap(b)], to, at, w, rest)
				if left != rest && end <= len(b) {
					to, at, rest = toEnd, end, left
					continue
				}
			}
			f := w*64 + i + 1
			var toEnd, end int
			if fc := &c.fields[f]; fc.kind != foreign {
				toEnd, end, err = fc.take(m.buf[:cap(m.buf)], b, to, at)
			} else {
				toEnd, end, err = m.takeForeign(b, to, at, f)
			}
			if err == nil && toEnd > mostHeld {
				err = &FieldError{Offset: end, Reason: fmt.Sprintf("the values come to more than %d octets", mostHeld)}
			}
			if err != nil {
				m.buf, m.set = m.buf[:to], below(set, f)
				return at, place(err, f, 0)
			}
			m.at[f] = span{uint16(to), uint16(toEnd)}
			to, at = toEnd, end
			rest &^= 1 << (63 - i)
		}
	}
	m.buf, m.set = m.buf[:to], set
	return at, nil
}

// takeForeign reads field f at b[at:], by moov's code, into what follows to in the buffer.
func (m *Message) takeForeign(b []byte, to, at, f int) (_, _ int, err error) {
	if m.buf, at, err = m.f.codec.takeForeign(m.buf[:to], b, at, f); err != nil {
		return to, at, err
	}
	to = len(m.buf)
	m.buf = slices.Grow(m.buf, 2*len(b)+slackFor)
	return to, at, nil
}

// AnswerTo makes m the start of the answer to req: its MTI, its routing header
// with its addresses changed over, and the fields that answers bring back.
func (m *Message) AnswerTo(req *Message) {
	m.Reset()
	m.mti = req.mti
	m.mti[2] |= 1
	copy(m.Head, req.Head)
	m.f.Header.answer(m.Head)
	buf := slices.Grow(m.buf, len(req.buf)+16)
	buf, to := buf[:cap(buf)], 0
	for w, set := range m.f.echo {
		set &= req.set[w]
		m.set[w] = set
		for set != 0 {
			i := bits.LeadingZeros64(set)
			set &^= 1 << (63 - i&63)
			f := w*64 + i + 1
			at := to
			to += req.copyTo(buf[at:], req.at[f])
			m.at[f] = span{uint16(at), uint16(to)}
		}
	}
	m.buf = buf[:to]
}

// SignInAgain is the processing requirement that the terminal sign in again.
const SignInAgain = 3

// Requirement is the processing requirement, digit 6 of the CUP application
// header: 0 for none, 3 to sign in again, …; 0 when the header is another one.
func (m *Message) Requirement() byte {
	if h := m.cupHeader(); h != nil {
		return h[2] & 15
	}
	return 0
}

// SetRequirement sets the processing requirement in an answer's header, if it
// has one.
func (m *Message) SetRequirement(r byte) {
	if h := m.cupHeader(); h != nil {
		h[2] = h[2]&0xF0 | r&15
	}
}

// cupHeader is the application header when it is one of CUP's, which begin with
// an application class from 60 to 63; nil for another, such as ISO006000020.
func (m *Message) cupHeader() []byte {
	h := m.Head[m.f.Header.Len()-m.f.Header.App:]
	if len(h) < 3 || h[0]&^3 != 0x60 {
		return nil
	}
	return h
}

// Key pairs an answer with its request: the two have equal keys, and no other
// open request of the same terminal does.
type Key [40]byte

// Key is the message's key: MTI without its answer and repeat bits and the format's
// Pair fields. The answer to a repeat, 0421, is that to what it repeats, 0430.
func (m *Message) Key() Key {
	var k Key
	n := copy(k[:], m.mti[:])
	k[2] &^= 1
	k[3] &^= 1
	for _, f := range m.f.Pair {
		if m.HasField(f) {
			n += m.copyTo(k[n:], m.at[f])
		}
	}
	clear(k[n:])
	return k
}

// copyTo copies the value at s to the beginning of dst and says how much: up to 16 octets, as
// most are, as 16 at once where there are as many on both sides, so that what follows in dst
// may be changed.
func (m *Message) copyTo(dst []byte, s span) int {
	n := int(s.to - s.from)
	if from := m.buf[s.from:cap(m.buf)]; n <= 16 && len(dst) >= 16 && len(from) >= 16 {
		*(*[16]byte)(dst) = [16]byte(from)
		return n
	}
	return copy(dst, m.buf[s.from:s.to])
}
