package profile

import (
	"strconv"

	"github.com/posfleet/posfleet/sim/wire"
)

// longestTrack is the most that track 2 holds, in characters (ISO/IEC 7813).
const longestTrack = 37

// Holder is one cardholder: one card of a [Card]'s range with all that a
// terminal reads off it and what the holder types. All is worked out when the
// profile is loaded; using it computes and allocates nothing.
type Holder struct {
	Card     *Card  // the range that it is of
	PAN      string // empty when there is only a payment code
	Track2   Secret // PAN, D, expiry, service code, discretionary digits; at most 37
	Expiry   string // YYMM
	Sequence string // card sequence number; empty when it has no chip
	Typed    Secret // what is typed on the PIN pad; empty for nothing
	Code     string // QR payment code, 19 digits; empty when it has none
}

// Card is the card, or range of cards, of a role; nil when there is none.
func (p *Profile) Card(role string) *Card {
	for i := range p.Cards {
		if p.Cards[i].Role == role {
			return &p.Cards[i]
		}
	}
	return nil
}

// Holders are the holders of a role's cards, in order of card number; nil when
// the profile has no such role. The slice is the profile's own: read only.
func (p *Profile) Holders(role string) []Holder { return p.holders[role] }

// holdersOf works out the holders of a card. The card has been checked. The
// holders' numbers and tracks are views of three blocks, not a heap of strings.
func holdersOf(c *Card) []Holder {
	all := make([]Holder, c.Count)
	n, m := len(c.PAN), len(c.Code)
	pans := string(succession(c.PAN, c.Count, true))
	codes := string(succession(c.Code, c.Count, false))
	var tracks []byte
	for i := range all {
		h := &all[i]
		*h = Holder{Card: c, PAN: pans[i*n : (i+1)*n], Expiry: c.Expiry, Sequence: c.Sequence,
			Typed: c.Typed, Code: codes[i*m : (i+1)*m]}
		if n == 0 {
			continue
		}
		if tracks == nil {
			tracks = make([]byte, 0, c.Count*longestTrack)
		}
		from := len(tracks)
		tracks = append(tracks, h.PAN...)
		tracks = append(tracks, 'D')
		tracks = append(tracks, c.Expiry...)
		tracks = append(tracks, c.Service...)
		room := longestTrack - (len(tracks) - from)
		tracks = append(tracks, c.Extra[:min(room, len(c.Extra))]...)
		h.Track2 = Secret(tracks[from:len(tracks):len(tracks)])
	}
	return all
}

// succession writes count numbers of the width of first one after another:
// first, the next, … With a check digit the digits before it count up, and
// each number's check digit is as far off the right one as first's.
func succession(first string, count int, check bool) []byte {
	n := len(first)
	if n == 0 {
		return nil
	}
	off := byte(0)
	if check {
		off = first[n-1] - CheckDigit(first[:n-1]) + 10
		n--
	}
	start := wire.Uint([]byte(first[:min(n, 18)]))
	head := ""
	if n > 18 { // more than wire.Uint reads: count in the last 18 digits
		head, start = first[:n-18], wire.Uint([]byte(first[n-18:n]))
	}
	out := make([]byte, 0, count*len(first))
	for i := range count {
		from := len(out)
		out = append(out, head...)
		out = out[:from+n]
		wire.PutUint(out[from+len(head):], start+uint64(i))
		if check {
			out = append(out, '0'+(CheckDigit(string(out[from:]))-'0'+off)%10)
		}
	}
	return out
}

// CheckDigit is the Luhn check digit that completes a card number, of which
// account is all digits but the last (ISO/IEC 7812-1, annex B).
func CheckDigit(account string) byte {
	sum := 0
	for i := len(account) - 1; i >= 0; i-- {
		d := int(account[i] - '0')
		if (len(account)-i)&1 == 1 { // every second one, from the right
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return '0' + byte((10-sum%10)%10)
}

// Luhn reports whether a card number is digits that end in their check digit.
func Luhn(pan string) bool {
	n := len(pan)
	return n > 1 && digits(pan) && CheckDigit(pan[:n-1]) == pan[n-1]
}

// digits reports whether s is decimal digits and nothing else.
func digits(s string) bool {
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return s != ""
}

// fits reports whether count numbers from first on keep its width.
func fits(first string, count int, check bool) bool {
	if check {
		first = first[:len(first)-1]
	}
	if len(first) > 18 {
		first = first[len(first)-18:]
	}
	n, err := strconv.ParseUint(first, 10, 64)
	room := uint64(1)
	for range first {
		room *= 10
	}
	return err == nil && n+uint64(count)-1 < room
}
