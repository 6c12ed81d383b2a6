package profile

import "github.com/posfleet/posfleet/sim/dialect"

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

	n      int32 // of the range
	number int32 // see Number
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

// Number is the place of a holder among all of the profile, from 1 on; 0 for none. Those who
// keep many of them keep that: it is no pointer for the garbage collector to follow.
func (h *Holder) Number() int32 {
	if h == nil {
		return 0
	}
	return h.number
}

// Numbered is the holder of that number, nil for 0.
func (p *Profile) Numbered(n int32) *Holder {
	for _, all := range p.numbered {
		if int(n) <= len(all) && n > 0 {
			return &all[n-1]
		}
		n -= int32(len(all))
	}
	return nil
}

// secrets are what must not be shown of any card of the profile.
func (p *Profile) secrets() *dialect.Secrets {
	holders := p.holders
	return dialect.NewSecrets(func(add func(pan, pin, discretionary string)) {
		for _, all := range holders {
			for i := range all {
				c := all[i].Card
				add(all[i].PAN, string(c.PIN), string(c.Discretionary))
				if len(c.Track3) > 0 {
					add("", "", string(c.Track3))
				}
				if i == 0 {
					add("", string(c.Typed), "")
				}
			}
		}
	})
}

// holdersOf works out the holders of a card, before which so many have a number. The card has
// been checked. The holders' PANs and tracks are views of three blocks, not a heap of strings.
func holdersOf(c *Card, before int32) []Holder {
	all := make([]Holder, c.Count)
	n, m := len(c.PAN), len(c.Code)
	pans := string(consecutive(c.PAN, c.Count, true))
	codes := string(consecutive(c.Code, c.Count, false))
	var tracks []byte
	for i := range all {
		h := &all[i]
		*h = Holder{Card: c, PAN: pans[i*n : (i+1)*n], Expiry: c.Expiry, Sequence: c.Sequence,
			Typed: c.Typed, Code: codes[i*m : (i+1)*m], n: int32(i), number: before + int32(i) + 1}
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
		tracks = append(tracks, c.Discretionary[:min(room, len(c.Discretionary))]...)
		h.Track2 = Secret(tracks[from:len(tracks):len(tracks)])
	}
	return all
}
