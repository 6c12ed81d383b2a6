package wire

import (
	"bytes"
	"fmt"
	"slices"
)

// field adds what can be wrong with the octets of field n.
func (g *defects) field(n int) {
	fc := &g.m.f.codec.fields[n]
	if fc.kind == foreign || fc.count == rest {
		return
	}
	if fc.countLen > 0 {
		g.prefix(n, fc)
	}
	g.fieldSays(n, BadMessage, "missing", "it is announced, and is not there", func(p *pieces, of *piece) bool {
		p.bitmap = p.announce(p.bits())
		of.count, of.value = nil, nil
		return true
	})
	g.cuts(n, fc)
	if !IsMAC(n) || !g.m.f.MAC {
		g.characters(n, fc)
	}
	if fc.kind == composed {
		g.parts(n)
	}
	if fc.kind == nibbles && !fc.strict {
		g.fieldSays(n, OddForm, "pad", "a spare nibble of 1", func(_ *pieces, of *piece) bool {
			digits := int(fc.max)
			if fc.count != fixed {
				digits = fc.counts(of)
			}
			switch i := len(of.value) - 1; {
			case digits%2 == 0:
				return false
			case fc.nib.right:
				of.value[0] = of.value[0]&0x0F | 0x10
			default:
				of.value[i] = of.value[i]&0xF0 | 0x01
			}
			return true
		})
	}
}

// counts is what the length of a piece says.
func (f *fieldCodec) counts(of *piece) int { return f.takeCount(of.count, 0) }

// prefix adds what can be wrong with the length of field n.
func (g *defects) prefix(n int, fc *fieldCodec) {
	g.fieldSays(n, BadMessage, "length-one-more", "its length says one more than it has", func(_ *pieces, of *piece) bool {
		count := fc.counted(fc.counts(of) + 1)
		of.count = count
		return count != nil
	})
	g.fieldSays(n, BadMessage, "length-one-less", "its length says one less than it has", func(_ *pieces, of *piece) bool {
		at := fc.counts(of) - 1
		if fc.kind == nibbles || fc.unit != own {
			at-- // the other nibble of the octet may be none
		}
		if at < 0 {
			return false
		}
		of.count = fc.counted(at)
		return of.count != nil
	})
	wider := *fc
	if wider.max += fc.unit.step(); fc.kind != composed && wider.counted(int(wider.max)) != nil && wider.span(int(wider.max)) < MaxFrame/2 {
		g.fieldSays(n, BadMessage, "length-above", fmt.Sprintf("it has a length of %d, at most %d fit", wider.max, fc.max), func(_ *pieces, of *piece) bool {
			longer, ok := wider.valued(n, int(wider.max))
			*of = longer
			return ok
		})
	}
	g.fieldSays(n, BadMessage, "length-largest", "the largest length that can be said, and no more octets than before", func(_ *pieces, of *piece) bool {
		of.count = bytes.Repeat([]byte{fc.largest()}, int(fc.countLen))
		return fc.largest() != 0
	})
	if wrong := fc.noCount(); len(wrong) > 0 {
		name := fmt.Sprintf("field-%d-length-letter", n)
		draws := g.draws(name)
		c, i := wrong[draws.IntN(len(wrong))], draws.IntN(int(fc.countLen))
		g.fieldSays(n, BadMessage, "length-letter", fmt.Sprintf("its length has %02X among its digits", c), func(_ *pieces, of *piece) bool {
			of.count[i] = c
			return true
		})
	}
	g.fieldSays(n, BadValue, "empty", "it has no characters", func(_ *pieces, of *piece) bool {
		if g.m.f.Place(PAN).Field != n {
			return false // what means nothing without characters may be left so
		}
		of.count, of.value = fc.counted(0), nil
		return of.count != nil
	})
}

// step is by how much a length of the unit grows.
func (u unit) step() int32 {
	if u == halves || u == evened {
		return 2
	}
	return 1
}

// largest is the octet of which the largest length is made; 0 for none.
func (f *fieldCodec) largest() byte {
	return map[counting]byte{bcdCount: 0x99, longBCDCount: 0x99, asciiCount: '9', binaryCount: 0xFF, ebcdicCount: 0xF9, hexCount: 'F'}[f.count]
}

// noCount are octets that no length is made of.
func (f *fieldCodec) noCount() []byte {
	return map[counting][]byte{bcdCount: {0x1A, 0x0F, 0xFF}, longBCDCount: {0x1A, 0x0F, 0xFF}, asciiCount: []byte("-+ xA"), ebcdicCount: {0x60, 0x4E, 0x40, 0xC1}, hexCount: []byte("G-+ ")}[f.count]
}

// cuts adds messages that end within field n.
func (g *defects) cuts(n int, fc *fieldCodec) {
	cut := func(name, doc string, at func(of *piece) int) {
		g.fieldSays(n, BadMessage, name, doc, func(p *pieces, of *piece) bool {
			octets := at(of)
			i, there := p.at(n)
			if !there || octets < 0 {
				return false
			}
			p.cut(i, octets)
			return true
		})
	}
	cut("before", "the message ends before it, and announces it", func(*piece) int { return 0 })
	if fc.countLen > 1 {
		cut("length-cut", "the message ends within its length", func(of *piece) int { return 1 })
	}
	cut("cut", "the message ends within it", func(of *piece) int {
		if len(of.value) < 2 {
			return -1
		}
		return len(of.count) + len(of.value)/2
	})
	cut("last-octet-missing", "the message ends an octet before its end", func(of *piece) int { return len(of.count) + len(of.value) - 1 })
}

// spoils are what an octet is changed into, so that it is no digit, letter or whatever
// its field takes; the first that is none is taken.
var spoils = [...]func(byte) byte{
	func(c byte) byte { return c&0x0F | 0xA0 },
	func(c byte) byte { return c&0xF0 | 0x0F },
	func(byte) byte { return ':' },
	func(byte) byte { return 'G' },
	func(byte) byte { return 0x80 },
	func(byte) byte { return 0xFF },
}

// characters adds characters that field n cannot have: at its beginning, its end, and
// between.
func (g *defects) characters(n int, fc *fieldCodec) {
	for _, where := range []string{"first", "last", "within"} {
		draw := g.draws(fmt.Sprintf("field-%d-%s", n, where)).Uint64()
		doc := "its " + where + " character is none that it can have"
		if where == "within" {
			doc = "a character within it is none that it can have"
		}
		for i, spoil := range spoils {
			if i == 1 && where == "first" && fc.kind == nibbles { // the other nibble comes first
				continue
			}
			added := g.fieldSays(n, BadMessage, where+"-character", doc, func(_ *pieces, of *piece) bool {
				at := 0
				switch k := len(of.value); {
				case k == 0 || where == "within" && k < 3:
					return false
				case where == "last":
					at = k - 1
				case where == "within":
					at = 1 + int(draw%uint64(k-2))
				}
				of.value[at] = spoil(of.value[at])
				return fc.unreadable(append(slices.Clone(of.count), of.value...))
			})
			if added {
				break
			}
		}
	}
}

// parts adds what can be wrong within a field of parts.
func (g *defects) parts(n int) {
	fc := &g.m.f.codec.fields[n]
	holding := func(name, doc string, change func(v []byte) []byte) {
		g.fieldSays(n, BadMessage, name, doc, func(_ *pieces, of *piece) bool {
			v := change(of.value)
			if fc.count == fixed {
				of.value = v
				return len(v) == int(fc.max)
			}
			of.count, of.value = fc.counted(len(v)), v
			return of.count != nil && len(v) <= int(fc.max)
		})
	}
	holding("part-cut", "its last part has an octet less than it must", func(v []byte) []byte { return v[:max(len(v)-1, 0)] })
	holding("part-more", "octets after its last part", func(v []byte) []byte { return append(slices.Clone(v), 0xFF, 0xFF) })
	holding("part-unknown", "it begins with what no part begins with", func(v []byte) []byte {
		v = slices.Clone(v)
		for i := range min(len(v), 2) {
			v[i] = 0xFF
		}
		return v
	})
}

// values adds what can be read and is no value of its field.
func (g *defects) values() {
	odd := []struct{ name, doc, of string }{
		{"nul", "octets of zero", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"escape", "the control characters that clear a screen", "\x1b[2J\x1b[1H\x1b[2J\x1b[1H"},
		{"markup", "markup", "<script>alert(1)//"},
		{"formula", "a formula of a spreadsheet", "=cmd|'/C calc'!A0"},
		{"path", "a path out of its folder", "../../../../../../"},
	}
	for _, e := range []Element{TerminalID, MerchantID} {
		place := g.m.f.Place(e)
		if place.Field == 0 || place.To > 0 {
			continue
		}
		for _, v := range odd {
			g.fieldSays(place.Field, BadValue, v.name, v.doc, func(_ *pieces, of *piece) bool {
				fc := &g.m.f.codec.fields[place.Field]
				made, ok := fc.packed(place.Field, []byte(v.of)[:min(len(v.of), int(fc.max))])
				*of = made
				return ok
			})
		}
	}
	if place := g.m.f.Place(Amount); place.Field > 0 && place.To == 0 {
		g.fieldSays(place.Field, BadValue, "zero", "an amount of nothing", func(_ *pieces, of *piece) bool {
			fc := &g.m.f.codec.fields[place.Field]
			made, ok := fc.packed(place.Field, slices.Repeat([]byte{'0'}, int(fc.max)))
			*of = made
			return ok
		})
	}
}

// macs adds what can be wrong with a MAC that is there as a whole.
func (g *defects) macs() {
	sealed := func(name, doc string, change func(message, mac []byte)) {
		g.add(Defect{Name: "mac-" + name, Doc: doc, Kind: BadMAC, sealed: change})
	}
	n := g.m.macField()
	if !g.m.f.MAC || !g.m.HasField(n) {
		return
	}
	digits := g.m.f.codec.fields[n].kind == coded
	sealed("zero", "a MAC of zeros", func(_, mac []byte) {
		for i := range mac {
			if mac[i] = 0; digits {
				mac[i] = g.m.f.codec.fields[n].coder.(*hexText).digits[0]
			}
		}
	})
	for _, of := range []string{"first", "last"} {
		sealed(of+"-octet", "a MAC whose "+of+" octet is another", func(_, mac []byte) {
			i := 0
			if of == "last" {
				i = len(mac) - 1
			}
			if mac[i] ^= 1; digits && g.m.f.codec.fields[n].unreadable(slices.Clone(mac)) {
				mac[i] ^= 3 // another digit
			}
		})
	}
	g.says(BadMAC, "mac-missing", "no MAC", func(p *pieces) bool {
		i, there := p.at(n)
		if there {
			p.fields = slices.Delete(p.fields, i, i+1)
		}
		return there
	})
}

// tags adds what can be wrong with chip data.
func (g *defects) tags() {
	place := g.m.f.Place(ChipData)
	fc := &g.m.f.codec.fields[place.Field]
	if place.Field == 0 || place.To > 0 || fc.countLen == 0 || fc.kind == composed {
		return
	}
	holding := func(kind DefectKind, name, doc string, of func() []byte) {
		g.fieldSays(place.Field, kind, name, doc, func(_ *pieces, into *piece) bool {
			v := of()
			if g.m.HasField(place.Field) {
				v = append(bytes.Clone(g.m.Field(place.Field)), v...)
			}
			made, ok := fc.packed(place.Field, v)
			*into = made
			return ok
		})
	}
	octets := func(s string) func() []byte { return func() []byte { return []byte(s) } }
	for _, of := range []struct{ name, doc, octets string }{
		{"tag-cut", "a tag that is cut off", "\x9F"},
		{"tag-endless", "a tag that does not end", "\x9F\xFF\xFF\xFF\xFF\xFF\xFF"},
		{"tag-length-missing", "a tag without a length", "\x9F\x7C"},
		{"tag-length-indefinite", "the indefinite length, which EMV does not allow", "\x9F\x7C\x80"},
		{"tag-length-cut", "a length that is cut off", "\x9F\x7C\x82\x01"},
		{"tag-length-4g", "a length of 4 GB", "\x9F\x7C\x84\xFF\xFF\xFF\xFF"},
		{"tag-length-62", "a length of 2 to the 62nd", "\x9F\x7C\x88\x40\x00\x00\x00\x00\x00\x00\x00\x11"},
		{"tag-length-63", "a length of 2 to the 63rd", "\x9F\x7C\x88\x80\x00\x00\x00\x00\x00\x00\x00\x11"},
		{"tag-length-wraps", "a length of nine octets that is 1 when the first is lost", "\x9F\x7C\x89\x01\x00\x00\x00\x00\x00\x00\x00\x01\x31"},
		{"tag-value-cut", "a value that is shorter than its length", "\x9F\x7C\x05\x01\x02"},
		{"tag-twice", "an element twice", "\x9F\x7C\x01\x31\x9F\x7C\x01\x32"},
		{"tag-nested-cut", "constructed elements, one in the other, without end", "\x70\x70\x70\x70\x70\x70\x70\x70"},
	} {
		holding(BadTags, of.name, of.doc, octets(of.octets))
	}
	holding(OddForm, "tag-length-long", "a long length for a short value", octets("\x9F\x7C\x82\x00\x01\x31"))
	holding(OddForm, "tag-nested", "20 constructed elements, one in the other", func() []byte {
		v := []byte{}
		for range 20 {
			v = append([]byte{0x70, byte(len(v))}, v...)
		}
		return v
	})
}
