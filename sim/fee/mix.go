package fee

import (
	_ "embed"
	"slices"
	"time"

	"github.com/posfleet/posfleet/sim/strict"
)

// Mix is a shop's trade of a month, and how long it means to trade so.
type Mix struct {
	Name    string
	Months  int       // over which a device's price counts
	Payouts int       // a month
	Day     time.Time // whose promotions hold; zero for none
	Sales   []Sales
}

// Sales is so many sales alike, in a month.
type Sales struct {
	Sale
	Count int64
}

// Bounds of a mix, besides MaxTurnover. With them no sum over it leaves int64.
const (
	maxMonths  = 600
	maxPayouts = 100_000
	maxCount   = 100_000_000 // of sales a month, in all
)

// Turnover is what the shop sells a month, in fen.
func (m *Mix) Turnover() int64 {
	var sum int64
	for _, s := range m.Sales {
		sum += s.Amount * s.Count
	}
	return sum
}

// Count is how many sales it makes a month.
func (m *Mix) Count() int64 {
	var n int64
	for _, s := range m.Sales {
		n += s.Count
	}
	return n
}

//go:embed shop.yaml
var bundledMix []byte

// BundledMixYAML is the text of the mix that BundledMix gives.
func BundledMixYAML() []byte { return slices.Clone(bundledMix) }

// BundledMix is the invented shop that comes with posfleet.
func BundledMix() *Mix { return must(ParseMix("shop.yaml", bundledMix)) }

// ParseMix reads a file with a shop's trade. name stands for the file in errors, which
// say all that is wrong with it, with line, key and mend.
func ParseMix(name string, data []byte) (*Mix, error) {
	r := reader{&strict.Reader{File: name, Empty: "posfleet's own shop.yaml is a start (docs/fees.md)"}}
	m := &Mix{Months: 24, Payouts: 30}
	if root, ok := r.Document(data); ok {
		found := r.Map(root, strict.Table{
			"name":    r.Match(&m.Name, nameShape, "1 to 40 characters"),
			"months":  strict.Int(r.Reader, &m.Months, 1, maxMonths),
			"payouts": strict.Int(r.Reader, &m.Payouts, 0, maxPayouts),
			"day":     r.day(func(d time.Time) { m.Day = d }),
			"sales":   func(v strict.Value) { r.sales(m, v) },
		})
		r.Need(root, found, "name", "sales")
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	for i := range m.Sales {
		m.Sales[i].Time = m.Day
	}
	return m, nil
}

func (r reader) sales(m *Mix, v strict.Value) {
	var turnover, count int64
	r.List(v, func(v strict.Value) {
		var s Sales
		found := r.Map(v, strict.Table{
			"kind":    word(r, &s.Kind, kindNames),
			"channel": word(r, &s.Channel, channelNames),
			"amount":  r.Yuan(&s.Amount, MaxAmount),
			"count":   strict.Int(r.Reader, &s.Count, 0, maxCount),
		})
		r.Need(v, found, "kind", "channel", "amount", "count")
		if found["amount"] != 0 && s.Amount == 0 && r.OK() {
			r.Fail(v, "amount is 0; leave the line away")
		}
		if s.Amount > (MaxTurnover-turnover)/max(s.Count, 1) || s.Count > maxCount-count {
			r.Fail(v, "with this line more than %d sales or %d yuan a month; lower count or amount", maxCount, MaxTurnover/100)
			return
		}
		count += s.Count
		turnover += s.Amount * s.Count
		m.Sales = append(m.Sales, s)
	})
	if turnover == 0 && r.OK() {
		r.Fail(v, "nothing is sold; give a line with a count above 0")
	}
}
