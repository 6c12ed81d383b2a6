package dialect

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/posfleet/posfleet/sim/wire"
)

// ScrubbedHex is octets in hexadecimal as they may be shown: card numbers and
// tracks in them, packed or as text, are asterisks, and so is what is known of the
// cards.
func (d *Dialect) ScrubbedHex(v []byte) string {
	return string(d.Secrets.scrub(scrubbedHex(v), element))
}

func scrubbedHex(v []byte) []byte {
	out := fmt.Appendf(nil, "%X", v)
	for i, c := range Disguised(v) {
		if c>>4 != v[i]>>4 || c != v[i] && isText(v[i]) && isText(c) {
			out[2*i] = '*'
		}
		if c&15 != v[i]&15 {
			out[2*i+1] = '*'
		}
	}
	return out
}

func isText(c byte) bool { return c >= ' ' && c <= '~' }

// DoubtfulHex is ScrubbedHex of octets of which it is not known where in them a PIN
// block or a key may stand. Those are at random: shown is only what surely is none,
// runs of at least eight octets that are text or pairs of decimal digits, and of
// these nothing within seven octets of one that is neither. Hexadecimal digits
// written as text, card numbers wherever they begin, and what follows a D are
// hidden too.
func (d *Dialect) DoubtfulHex(v []byte) string {
	out := []byte(d.ScrubbedHex(v))
	cover := func(from, to int) {
		for i := max(0, from); i < min(to, len(out)); i++ {
			out[i] = '*'
		}
	}
	odd := -secretLen // of the last octet that is neither
	text, digits := 0, 0
	shown := make([]bool, len(v))
	for i, c := range v {
		decimal := c>>4 <= 9 && c&15 <= 9
		text, digits = longer(text, isText(c)), longer(digits, decimal)
		if !isText(c) && !decimal {
			cover(2*(i-secretLen+1), 2*(i+1))
			odd = i
		} else if i-odd < secretLen {
			cover(2*i, 2*i+2)
		}
		for k := i - secretLen + 1; k <= i && (text >= secretLen || digits >= secretLen); k++ {
			shown[k] = true
		}
	}
	for i, ok := range shown {
		if !ok {
			cover(2*i, 2*i+2)
		}
	}
	for i := 0; i < len(v); {
		n, letters := 0, false
		for i+n < len(v) && isHex(v[i+n]) {
			letters = letters || v[i+n] > '9'
			n++
		}
		if letters && n >= secretLen {
			cover(2*i, 2*(i+n))
		}
		i += n + 1
	}
	p := packed{v: v, hide: make([]bool, 2*len(v))}
	for i := range 2 * len(v) {
		p.anywhere(i)
	}
	for i, hide := range p.hide {
		if hide {
			cover(i, i+1)
		}
	}
	return string(out)
}

// secretLen is how many octets the shortest secret at random has, a PIN block.
const secretLen = 8

func longer(run int, on bool) int {
	if on {
		return run + 1
	}
	return 0
}

// Disguised is octets of a message of which little is known, with the digits of
// card numbers and tracks changed to others: where it differs from v nothing is
// to be shown. In text and among packed digits it finds a number by the two
// digits of length before it, by what follows it on a track, or when it stands
// alone.
func Disguised(v []byte) []byte {
	p := packed{v: v, hide: make([]bool, 2*len(v))}
	for i := range 2 * len(v) {
		if i%2 == 0 {
			p.counted(i)
		}
		if p.at(i) == 0xD {
			p.track(i)
		}
		if i%2 == 0 && p.at(i) <= 9 && (i == 0 || p.at(i-1) > 9) {
			p.alone(i)
		}
	}
	out := bytes.Clone(v)
	for i, hide := range p.hide {
		if hide {
			out[i/2] ^= 1 << (4 * (1 - i%2))
		}
	}
	for i, c := range none.scrub(v, octets) {
		if c != v[i] {
			out[i] = v[i] ^ 1
		}
	}
	if ascii, _, err := ebcdic.Decode(v, len(v)); err == nil && len(ascii) == len(v) {
		for i, c := range none.scrub(ascii, octets) {
			if c != ascii[i] {
				out[i] = v[i] ^ 0x11
			}
		}
	}
	return out
}

// none are the secrets of nobody: what is found is found by its shape.
var none *Secrets

// ebcdic is the text that octets are on a host of EBCDIC, octet for octet.
var ebcdic = wire.Encodings()["ebcdic"]

// packed looks for card numbers among nibbles.
type packed struct {
	v    []byte
	hide []bool
}

func (p *packed) at(i int) byte { return p.v[i/2] >> (4 * (1 - i%2)) & 15 }

// digits is how many decimal digits stand from nibble i on, 40 for more: no card
// number or track has more in a row.
func (p *packed) digits(i int) int {
	n := 0
	for i+n < 2*len(p.v) && n < 40 && p.at(i+n) <= 9 {
		n++
	}
	return n
}

func (p *packed) isPAN(i, n int) bool {
	return isPAN(n, func(k int) byte { return p.at(i + k) })
}

func (p *packed) mask(i, n int) {
	first, last := shownOfPAN(n)
	for k := i + first; k < i+n-last; k++ {
		p.hide[k] = true
	}
}

// alone masks digits that stand by themselves and begin as card numbers do. In
// text digits are octets 30 to 39, which are packed digits too.
func (p *packed) alone(i int) {
	n := p.digits(i)
	if n < 13 || n > 19 || !slices.Contains(schemeLengths(p.at(i), p.at(i+1)), n) || !p.isPAN(i, n) {
		return
	}
	for k := i; k+1 < i+n; k += 2 {
		if p.at(k) != 3 {
			p.mask(i, n)
			return
		}
	}
}

// counted masks a number that has its length before it, as field 2 does, or tag
// and length, as chip data do.
func (p *packed) counted(i int) {
	if v := p.v[i/2:]; len(v) > 2 && v[0] == 0x5A {
		if n := p.digits(i + 4); n >= 12 && (n+1)/2 == int(v[1]) || n/2 >= int(v[1]) && v[1] >= 6 && v[1] <= 10 {
			p.mask(i+4, min(n, 2*int(v[1])))
		}
	}
	n := int(p.at(i))*10 + int(p.at(i+1))
	if p.at(i) != 1 || n < 13 || n > 19 || i+2+n > 2*len(p.v) || p.digits(i+2) < n {
		return
	}
	if first := p.at(i + 2); first >= 2 && first <= 6 && p.isPAN(i+2, n) {
		p.mask(i+2, n)
	}
}

// track masks a number before a D with what follows it, as field 35 has them.
func (p *packed) track(d int) {
	after := p.digits(d + 1)
	before := 0
	for before < 19 && before < d && p.at(d-1-before) <= 9 {
		before++
	}
	if after < 4 || before < 12 {
		return
	}
	n := 0
	for size := 13; size <= before; size++ {
		if slices.Contains(schemeLengths(p.at(d-size), p.at(d-size+1)), size) && p.isPAN(d-size, size) {
			n = size
		}
	}
	if month := 10*p.at(d+3) + p.at(d+4); n == 0 && (month < 1 || month > 12) {
		return // a letter M among digits, 4D, ends no card number
	} else if n == 0 {
		n = before
	}
	p.mask(d-n, n)
	for k := d + 1; k <= d+after; k++ {
		p.hide[k] = true
	}
}

// anywhere hides what may be a card number that begins with nibble i, whatever
// stands around it, and digits on both sides of a D.
func (p *packed) anywhere(i int) {
	n := p.digits(i)
	if n >= 13 {
		for _, size := range schemeLengths(p.at(i), p.at(i+1)) {
			if size <= n && p.isPAN(i, size) {
				p.mask(i, size)
			}
		}
	}
	if p.at(i) != 0xD || i == 0 || p.at(i-1) > 9 || i+1 == 2*len(p.v) || p.at(i+1) > 9 {
		return
	}
	for k := i - 1; k >= max(0, i-19) && p.at(k) <= 9; k-- {
		p.hide[k] = true
	}
	for k := i + 1; k < 2*len(p.v) && k <= i+24 && p.at(k) <= 9; k++ {
		p.hide[k] = true
	}
}
