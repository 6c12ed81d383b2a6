package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
)

// Defect is one way in which a message can be malformed: an element at a boundary
// of what the format allows. [Message.Defects] generates them.
type Defect struct {
	Name  string // by it the defect is found again: "field-4-length-above"
	Doc   string // what is wrong: "field 4: its length says 13, at most 12 fit"
	Kind  DefectKind
	Field int  // in which it is; 0 for none
	Ends  bool // nothing can follow it: the sender ends its side of the connection after it

	change func(*pieces) bool        // of the message, before its MAC is made; false when this one has not what is spoilt
	sealed func(message, mac []byte) // of the message with its MAC
	frame  func(frame []byte) []byte // of the frame
}

// DefectKind is what a receiver can find wrong, and so how it may react.
type DefectKind uint8

const (
	BadFrame   DefectKind = iota // where the next message begins is not known
	BadHeader                    // routing header and message type cannot be read, or are for somebody else
	BadType                      // no such message type
	SentAnswer                   // an answer, sent as a request
	BadMessage                   // bitmap or fields cannot be read, or octets are left
	BadTags                      // chip data is no BER-TLV
	BadMAC                       //
	BadValue                     // all can be read, and a value is none of its field
	OddForm                      // another form of a right value, to be taken or refused
	DefectKinds
)

var defectKinds = [DefectKinds]string{"frame", "header", "type", "answer", "message", "tags", "mac", "value", "odd"}

// String is the kind's name, as dialect files spell it: "frame".
func (k DefectKind) String() string {
	if k >= DefectKinds {
		return "?"
	}
	return defectKinds[k]
}

// DefectKindNamed is the kind of a name that String gives.
func DefectKindNamed(name string) (DefectKind, bool) {
	i := slices.Index(defectKinds[:], name)
	return DefectKind(max(i, 0)), i >= 0
}

// ErrNotSpoilt is that a message lacks what a defect is about, or happens to be
// readable with it: try with another one.
var ErrNotSpoilt = errors.New("the message is not spoilt by this defect")

// Spoil gives the frame of a message that has been packed, with a defect. The MAC is
// made anew over what was spoilt, so that a receiver cannot refuse it for that; seal
// may be nil where nobody looks at it. The message itself stays as it is.
func (m *Message) Spoil(d *Defect, seal func(covered []byte) [8]byte) ([]byte, error) {
	p, err := m.pieces()
	if err != nil {
		return nil, err
	}
	if d.change != nil && !d.change(p) {
		return nil, ErrNotSpoilt
	}
	message, mac := p.join()
	if mac != nil && seal != nil {
		p.seal(message, mac, seal)
	}
	if d.sealed != nil {
		if mac == nil {
			return nil, ErrNotSpoilt
		}
		d.sealed(message, mac)
	}
	if d.frame == nil && d.Kind != BadHeader {
		if err := m.f.NewMessage().Read(message); (err == nil) != d.Kind.readable() {
			return nil, ErrNotSpoilt
		}
	}
	frame, err := m.f.Frame(nil, message, m.IsAnswer())
	if err == nil && d.frame != nil {
		frame = d.frame(frame)
	}
	return frame, err
}

// readable reports whether messages with a defect of the kind can be read all the same.
func (k DefectKind) readable() bool {
	return k == BadType || k == SentAnswer || k == BadTags || k == BadMAC || k == BadValue || k == OddForm
}

// pieces are a message's octets, told apart.
type pieces struct {
	f      *Format
	head   []byte
	mti    []byte
	bitmap []byte // nil for that of the fields
	fields []piece
	rest   []byte // after the last field
}

// piece is one field's octets.
type piece struct {
	n            int
	count, value []byte // count is empty where there is no length
}

// pieces tells the octets of a message that has been packed, or read, apart.
func (m *Message) pieces() (*pieces, error) {
	if m.raw == nil {
		return nil, errors.New("the message has not been packed")
	}
	c := m.f.codec
	p := &pieces{f: m.f, head: slices.Clone(m.Head)}
	b := slices.Clone(m.raw)
	buf := make([]byte, 2*len(b)+slackFor)
	_, at, err := c.fields[0].take(buf, b, 0, 0)
	if err != nil {
		return nil, err
	}
	p.mti = b[:at:at]
	set, at, err := c.takeBitmaps(b, at)
	if err != nil {
		return nil, err
	}
	set.All(func(n int) bool {
		fc, from := &c.fields[n], at
		if fc.kind != foreign {
			_, at, err = fc.take(buf, b, 0, at)
		} else {
			_, at, err = c.takeForeign(nil, b, at, n)
		}
		if err == nil {
			count := from + int(fc.countLen)
			p.fields = append(p.fields, piece{n, b[from:count:count], b[count:at:at]})
		}
		return err == nil
	})
	return p, err
}

// at is where field n is among the pieces; false when the message lacks it.
func (p *pieces) at(n int) (int, bool) {
	return slices.BinarySearchFunc(p.fields, n, func(of piece, n int) int { return of.n - n })
}

// need gives field n, with a value of its own where the message lacks it; nil when
// none can be made.
func (p *pieces) need(n int) *piece {
	i, there := p.at(n)
	if !there {
		made, ok := p.f.codec.sample(n)
		if !ok {
			return nil
		}
		if n > 64 {
			p.moveMAC()
		}
		if i, there = p.at(n); !there {
			p.fields = slices.Insert(p.fields, i, made)
		}
	}
	return &p.fields[i]
}

// moveMAC puts the MAC where a message with a second bitmap has it.
func (p *pieces) moveMAC() {
	i, first := p.at(64)
	if _, second := p.at(128); !first || second || !p.f.MAC || p.f.codec.fields[128].kind == absent {
		return
	}
	mac := p.fields[i]
	mac.n = 128
	p.fields = append(slices.Delete(p.fields, i, i+1), mac)
}

// bits are the fields that the pieces have.
func (p *pieces) bits() (set FieldSet) {
	for i := range p.fields {
		set.Add(p.fields[i].n)
	}
	return set
}

// announce gives the octets of bitmaps that announce a set of fields.
func (p *pieces) announce(set FieldSet) []byte {
	c := p.f.codec
	two := set[1] != 0 || c.both
	if two && !c.both {
		set[0] |= 1 << 63
	}
	out := make([]byte, 2*c.bitmapSpan())
	at := c.putBitmap(out, 0, set[0])
	if two {
		at = c.putBitmap(out, at, set[1])
	}
	return out[:at]
}

// cut ends the message within field i: after so many octets of its length and value.
func (p *pieces) cut(i, octets int) {
	p.bitmap = p.announce(p.bits())
	of := &p.fields[i]
	count := min(octets, len(of.count))
	of.count, of.value = of.count[:count], of.value[:octets-count]
	p.fields = p.fields[:i+1]
}

// join gives the octets of the message, and those of its MAC among them: nil when it
// has none, or not a whole one.
func (p *pieces) join() (message, mac []byte) {
	message = slices.Concat(p.head, p.mti)
	if p.bitmap == nil {
		p.bitmap = p.announce(p.bits())
	}
	message = append(message, p.bitmap...)
	from, to := 0, 0
	for _, of := range p.fields {
		message = append(message, of.count...)
		if fc := &p.f.codec.fields[of.n]; p.f.MAC && IsMAC(of.n) && len(of.value) == fc.span(8) {
			from, to = len(message), len(message)+len(of.value)
		}
		message = append(message, of.value...)
	}
	message = append(message, p.rest...)
	if p.f.Header.BaseI && len(p.head) >= baseILen {
		binary.BigEndian.PutUint16(message[3:], uint16(len(message)))
	}
	if to > 0 {
		mac = message[from:to]
	}
	return message, mac
}

// seal makes the MAC over what was spoilt: that of a message that can be read as its
// coverage says; of another, where the message is covered, over the octets before the
// MAC. Where fields are covered that cannot be found, the MAC stays as it was.
func (p *pieces) seal(message, mac []byte, seal func([]byte) [8]byte) {
	m := p.f.NewMessage()
	covered := message[len(p.head) : len(message)-len(p.rest)-len(mac)]
	if m.Read(message) == nil {
		covered, _ = m.MACSpan()
	} else if p.f.Covers.Fields != nil {
		return
	}
	sum := seal(covered)
	fc := &p.f.codec.fields[64]
	if fc.kind == absent {
		fc = &p.f.codec.fields[128]
	}
	if fc.kind == coded {
		fc.coder.pack(mac, sum[:])
	} else {
		copy(mac, sum[:])
	}
}

// counted are the octets of a length that says n, in the units of the value; nil when
// it cannot.
func (f *fieldCodec) counted(n int) []byte {
	if f.countLen == 0 {
		return nil
	}
	as := *f
	if as.count == bcdCount {
		as.count = longBCDCount
	}
	out := make([]byte, as.countLen)
	as.putCount(out, n)
	as.odd = false
	if as.takeCount(out, 0) != n {
		return nil
	}
	return out
}

// sample is a value for field n in octets: the shortest that it takes.
func (c *codec) sample(n int) (piece, bool) {
	fc := &c.fields[n]
	if fc.kind == absent || fc.kind == foreign || fc.kind == composed || fc.count == rest {
		return piece{}, false
	}
	return fc.valued(n, min(int(fc.max), 8))
}

// valued is field n with a value of so many characters; false where it has none such.
func (f *fieldCodec) valued(n, characters int) (piece, bool) {
	if f.count == fixed {
		characters = int(f.max)
	}
	for _, with := range []byte{'1', 'A'} { // the first that it takes
		if of, ok := f.packed(n, slices.Repeat([]byte{with}, characters)); ok {
			return of, true
		}
	}
	return piece{}, false
}

// packed is field n with a value; false where it cannot be written.
func (f *fieldCodec) packed(n int, v []byte) (piece, bool) {
	out := make([]byte, 2*len(v)+2*slackFor)
	end, err := f.put(out, 0, append(make([]byte, 0, len(v)+slackFor), v...))
	if err != nil {
		return piece{}, false
	}
	return piece{n, out[:f.countLen:f.countLen], out[f.countLen:end:end]}, true
}

// defects collects those of one message.
type defects struct {
	m    *Message
	seed uint64
	all  []Defect
}

// Defects are the ways in which messages like m, which has been packed, can be
// malformed: its frame, header, message type and bitmaps, each field of the format
// (those that m lacks are put in), chip data, its MAC and what follows it. Where a
// boundary has many values the seed draws one: the same seed gives the same defects,
// whatever is in m's fields.
func (m *Message) Defects(seed uint64) []Defect {
	g := &defects{m: m, seed: seed}
	g.frames()
	g.headers()
	g.types()
	g.bitmaps()
	for n := 2; n <= 128; n++ {
		if m.f.HasField(n) {
			g.field(n)
		}
	}
	g.tags()
	g.values()
	g.macs()
	g.ends()
	return g.all
}

// draws are the random numbers of one defect.
func (g *defects) draws(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(g.seed, h.Sum64()))
}

// add adds a defect that spoils the message in hand, as far as there is one.
func (g *defects) add(d Defect) bool {
	if g.m.f.ByFields && d.Kind == BadMessage {
		d.Kind = BadFrame // what is wrong may be what is not there yet
	}
	sound, err := g.m.f.Frame(nil, append(slices.Clone(g.m.Head), g.m.raw...), g.m.IsAnswer())
	if err != nil {
		return false
	}
	if frame, err := g.m.Spoil(&d, nil); err != nil || d.sealed == nil && string(frame) == string(sound) {
		return false
	}
	g.all = append(g.all, d)
	return true
}

// says adds a defect of the message, before its MAC is made.
func (g *defects) says(kind DefectKind, name, doc string, change func(*pieces) bool) bool {
	return g.add(Defect{Name: name, Doc: doc, Kind: kind, change: change})
}

// fieldSays is says of field n.
func (g *defects) fieldSays(n int, kind DefectKind, name, doc string, change func(p *pieces, of *piece) bool) bool {
	return g.add(Defect{Name: fmt.Sprintf("field-%d-%s", n, name), Doc: fmt.Sprintf("field %d: %s", n, doc), Kind: kind, Field: n, change: func(p *pieces) bool {
		of := p.need(n)
		return of != nil && change(p, of)
	}})
}
