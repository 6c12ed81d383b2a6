package fee

import "math"

// tariff is what one party takes of a sale, by kind, channel, amount and day.
type tariff struct {
	rounding   Rounding
	tiers      [kinds][channels][]tier // by rising upTo
	promotions []promotion
}

// tier is the price of amounts up to one, from where the tier below ends. The whole
// amount is charged by it, not what is above the tier below.
type tier struct {
	upTo       int64 // unlimited for no end
	rate       Rate
	fixed      int64 // fen on top of the rate
	floor, cap int64 // after rounding; a cap of unlimited is none
}

const unlimited = math.MaxInt64

// promotion is a lower rate for some time: tiers keep their fixed part, floor and cap.
type promotion struct {
	from, to   int64 // Unix seconds, from ≤ t < to
	kinds      set
	channels   set
	multiplier int64 // of the tier's rate, in parts of tenThousand; or
	rate       Rate  // instead of it
	other      bool  // rate holds
}

// set is some kinds or channels, a bit each.
type set uint8

func (s set) has(i uint8) bool { return s>>i&1 == 1 }

// cost is what a sale costs; nothing, when no tier has it.
func (t *tariff) cost(s Sale) int64 {
	if s.Amount <= 0 {
		return 0
	}
	tiers := t.tiers[s.Kind][s.Channel]
	for i := range tiers {
		if p := &tiers[i]; s.Amount <= p.upTo {
			return min(max(t.rounding.share(t.rate(p, s), s.Amount, p.fixed), p.floor), p.cap)
		}
	}
	return 0
}

// rate is the rate of a tier at the time of a sale: by the first promotion that
// covers it.
func (t *tariff) rate(p *tier, s Sale) Rate {
	if len(t.promotions) == 0 {
		return p.rate
	}
	now := s.Time.Unix()
	for i := range t.promotions {
		m := &t.promotions[i]
		switch {
		case now < m.from || now >= m.to || !m.kinds.has(uint8(s.Kind)) || !m.channels.has(uint8(s.Channel)):
		case m.other:
			return m.rate
		default:
			return p.rate.multiplied(m.multiplier)
		}
	}
	return p.rate
}

// least is the least that any amount from low to the sale's costs. Cost rises with
// the amount but where one tier ends and the next, perhaps cheaper, begins.
func (t *tariff) least(s Sale, low int64) int64 {
	high := s.Amount
	s.Amount = low
	least := t.cost(s)
	for _, p := range t.tiers[s.Kind][s.Channel] {
		if p.upTo >= high {
			break
		}
		if begin := p.upTo + 1; begin > low {
			s.Amount = begin
			least = min(least, t.cost(s))
		}
	}
	return least
}
