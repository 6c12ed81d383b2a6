package wire

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// framed adds a defect of the frame.
func (g *defects) framed(name, doc string, ends bool, change func(frame []byte) []byte) {
	g.add(Defect{Name: "frame-" + name, Doc: doc, Kind: BadFrame, Ends: ends, frame: change})
}

// frames adds what can be wrong around a message.
func (g *defects) frames() {
	f := &g.m.f.Framing
	if f.HTTP.Path != "" {
		g.posted()
	} else {
		g.lengths()
		g.framed("half", "half of the frame, then the end of the connection", true, func(b []byte) []byte { return b[:len(b)/2] })
		g.framed("last-octet-missing", "all of the frame but its last octet, then the end of the connection", true, func(b []byte) []byte { return b[:len(b)-1] })
		g.framed("first-octet-alone", "the first octet of a frame, then the end of the connection", true, func(b []byte) []byte { return b[:1] })
		g.framed("http", "an HTTP request instead of a message", false, func([]byte) []byte { return []byte("GET / HTTP/1.1\r\nHost: pos\r\n\r\n") })
		g.framed("tls", "the beginning of a TLS handshake instead of a message", false, func([]byte) []byte {
			return append([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), make([]byte, 40)...)
		})
	}
	if f.Before != "" {
		g.framed("before", "another octet where each frame begins", false, func(b []byte) []byte { b[0] ^= 0xFF; return b })
	}
	if f.Trailer != "" {
		g.framed("trailer", "another octet where each frame ends", false, func(b []byte) []byte { b[len(b)-f.tail()] ^= 0x55; return b })
	}
	if f.LRC {
		g.framed("check-octet", "a wrong check octet", false, func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	}
}

// lengths adds what can be wrong with the length before a message.
func (g *defects) lengths() {
	f, l := &g.m.f.Framing, &g.m.f.Length
	if l.Octets == 0 {
		return
	}
	at := len(f.Before)
	if empty, err := f.Frame(nil, nil, false); err == nil {
		g.framed("empty", "a frame without a message", false, func([]byte) []byte { return slices.Clone(empty) })
		g.framed("empties", "500 frames without a message", false, func([]byte) []byte { return bytes.Repeat(empty, 500) })
	}
	says := func(name, doc string, more int) {
		g.framed(name, doc, false, func(b []byte) []byte {
			said, err := l.number(b[at:])
			if n := int(said) + more; err == nil && uint64(n) <= l.Max() {
				l.Put(b[at:], n)
			}
			return b
		})
	}
	says("length-one-more", "its length says an octet more than there is", 1)
	if f.tail() == 0 {
		g.add(Defect{Name: "frame-length-one-less", Doc: "its length says an octet less than there is", Kind: BadMessage, frame: func(b []byte) []byte {
			if said, err := l.number(b[at:]); err == nil {
				l.Put(b[at:], int(said)-1)
			}
			return b
		}})
	} else {
		says("length-one-less", "its length says an octet less than there is", -1)
	}
	put := func(name, doc string, octets func() []byte) {
		g.framed(name, doc, false, func(b []byte) []byte { copy(b[at:], octets()); return b })
	}
	most := map[LengthForm]byte{BigEndian: 0xFF, LittleEndian: 0xFF, PackedDigits: 0x99, HexDigits: 'F', ASCIIDigits: '9', EBCDICDigits: 0xF9}[l.Form]
	put("length-largest", "the largest length that can be said", func() []byte { return bytes.Repeat([]byte{most}, l.Octets) })
	if l.Form == BigEndian || l.Form == LittleEndian {
		put("length-sign", "a length whose first bit is set: negative, when it is taken for a signed number", func() []byte {
			out := make([]byte, l.Octets)
			out[0] = 0x80
			if l.Form == LittleEndian {
				slices.Reverse(out)
			}
			return out
		})
		return
	}
	wrong := map[LengthForm][]byte{PackedDigits: {0xF0, 0x0F, 0xAA, 0xD1}, HexDigits: []byte("Gg-+ "), ASCIIDigits: []byte("-+ xA"), EBCDICDigits: {0x60, 0x4E, 0x40, 0xC1}}[l.Form]
	c := wrong[g.draws("frame-length-letter").IntN(len(wrong))]
	put("length-letter", fmt.Sprintf("a length with %02X among its digits", c), func() []byte { return []byte{c} })
}

// posted adds what can be wrong with an HTTP request.
func (g *defects) posted() {
	head := []byte("Content-Length: ")
	g.framed("http-length", "an HTTP body that is one octet shorter than its length says", true, func(b []byte) []byte {
		from := bytes.Index(b, head) + len(head)
		to := from + bytes.IndexByte(b[from:], '\r')
		n, err := strconv.Atoi(string(b[from:to]))
		if err != nil {
			return b
		}
		return slices.Concat(b[:from], strconv.AppendInt(nil, int64(n)+1, 10), b[to:])
	})
	g.framed("http-length-letter", "an HTTP request whose length is no number", false, func(b []byte) []byte {
		from := bytes.Index(b, head) + len(head)
		return slices.Concat(b[:from], []byte("-"), b[from:])
	})
}

// headers adds what can be wrong with the routing header, and with where the message
// type begins.
func (g *defects) headers() {
	h := &g.m.f.Header
	ending := func(name, doc string, octets int) {
		g.says(BadHeader, name, doc, func(p *pieces) bool {
			p.head, p.mti, p.bitmap, p.fields = p.head[:octets], nil, []byte{}, nil
			return octets <= len(p.head)
		})
	}
	if h.TPDU {
		ending("header-tpdu-cut", "the message ends within its TPDU", tpduLen-1)
		for _, of := range []struct {
			name, doc string
			octets    string
		}{{"header-tpdu-id", "a TPDU that begins with 42 instead of 60", "\x42"}, {"header-tpdu-address", "a TPDU to an address that is not the host's", "\x60\xFF\xFF"}} {
			g.says(BadHeader, of.name, of.doc, func(p *pieces) bool { copy(p.head, of.octets); return true })
		}
	}
	if n := h.Len(); n > 1 {
		ending("header-cut", "the message ends within its routing header", n-1)
		ending("header-alone", "the message ends with its routing header", n)
	}
	g.says(BadHeader, "type-cut", "the message ends within its type", func(p *pieces) bool {
		p.mti, p.bitmap, p.fields = p.mti[:len(p.mti)/2], []byte{}, nil
		return true
	})
}

// types adds what can be wrong with the message type.
func (g *defects) types() {
	fc := &g.m.f.codec.fields[0]
	typed := func(kind DefectKind, name, doc string, change func(mti []byte)) {
		g.says(kind, name, doc, func(p *pieces) bool {
			mti := []byte(g.m.MTI())
			change(mti)
			out := make([]byte, len(mti)*2+slackFor)
			end, err := fc.put(out, 0, append(make([]byte, 0, 16), mti...))
			p.mti = out[:end]
			return err == nil
		})
	}
	typed(BadType, "type-unknown", "a message type that begins with 9", func(mti []byte) { mti[0] = '9' })
	typed(BadType, "type-class-0", "a message type of class 0", func(mti []byte) { mti[1] = '0' })
	typed(SentAnswer, "type-answer", "an answer, sent as a request", func(mti []byte) { mti[2] |= 1 })
	i := g.draws("type-letter").IntN(4)
	g.says(BadHeader, "type-letter", fmt.Sprintf("a message type whose character %d is no digit", i+1), func(p *pieces) bool {
		i := i * len(p.mti) / 4
		for _, c := range []byte{0xAF, 0xFA, 'x'} {
			p.mti[i] = c
			var mti [4 + slack]byte
			if _, _, err := fc.take(mti[:], append(slices.Clone(p.mti), make([]byte, slack)...), 0, 0); err != nil || firstNotDigit(mti[:4]) >= 0 {
				return true
			}
		}
		return false
	})
}

// unreadable reports whether octets are no value of a field, whatever follows them.
func (f *fieldCodec) unreadable(b []byte) bool {
	buf := make([]byte, 2*len(b)+slackFor)
	_, _, err := f.take(buf, append(b, make([]byte, slack)...)[:len(b)], 0, 0)
	return err != nil
}

// bitmaps adds what can be wrong with the bitmaps.
func (g *defects) bitmaps() {
	c := g.m.f.codec
	ending := func(name, doc string, octets func(bitmap []byte) []byte) {
		g.says(BadMessage, name, doc, func(p *pieces) bool {
			p.bitmap, p.fields = octets(p.announce(p.bits())), nil
			return true
		})
	}
	ending("bitmap-missing", "the message ends before its bitmap", func([]byte) []byte { return []byte{} })
	ending("bitmap-cut", "the message ends within its bitmap", func(b []byte) []byte { return b[:len(b)/4] })
	ending("bitmap-alone", "the message ends with its bitmap", func(b []byte) []byte { return b })
	announcing := func(name, doc string, change func(set *FieldSet)) {
		g.says(BadMessage, name, doc, func(p *pieces) bool {
			set := p.bits()
			change(&set)
			p.bitmap = p.announce(set)
			return true
		})
	}
	announcing("bitmap-all", "all fields are announced, and most are not there", func(set *FieldSet) { set[0] = ^uint64(0) })
	announcing("bitmap-none", "no field is announced, and fields follow", func(set *FieldSet) { *set = FieldSet{} })
	announcing("bitmap-third", "a third bitmap is announced", func(set *FieldSet) { set[0] |= 1 << 63; set[1] |= 1 << 63 })
	g.says(BadMessage, "bitmap-second", "a second bitmap is announced, and is not there", func(p *pieces) bool {
		set := p.bits()
		if c.both || set[1] != 0 {
			return false
		}
		out := make([]byte, c.bitmapSpan())
		c.putBitmap(out, 0, set[0]|1<<63)
		p.bitmap = out
		return true
	})
	if c.bitmap != nil {
		g.says(BadMessage, "bitmap-letter", "a bitmap with a character that is not hexadecimal", func(p *pieces) bool {
			p.bitmap = p.announce(p.bits())
			p.bitmap[g.draws("bitmap-letter").IntN(c.bitmapSpan())] = map[bool]byte{true: 0xE7, false: 'G'}[c.bitmap == ebcdicHex]
			return true
		})
	}
	var lacking []int
	for n := 2; n <= 128; n++ {
		if !g.m.f.HasField(n) && n != 65 && (n < 65 || c.second) {
			lacking = append(lacking, n)
		}
	}
	if len(lacking) > 0 {
		n := lacking[g.draws("bitmap-unknown").IntN(len(lacking))]
		announcing("bitmap-unknown", fmt.Sprintf("field %d is announced, which the network does not have", n), func(set *FieldSet) { set.Add(n) })
	}
}

// ends adds octets after the last field.
func (g *defects) ends() {
	if g.m.f.ByFields {
		return // they would be of the next message
	}
	for _, n := range []int{1, 4} {
		g.says(BadMessage, fmt.Sprintf("end-%d-more", n), fmt.Sprintf("octets after the last field: %d, within the frame", n), func(p *pieces) bool {
			p.rest = []byte{0xDE, 0xAD, 0xBE, 0xEF}[:n]
			return true
		})
	}
}
