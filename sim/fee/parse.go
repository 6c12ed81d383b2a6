package fee

import (
	_ "embed"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim/strict"
)

// Bounds of what files may give.
const (
	maxPlans = 50
	maxLines = 200                  // of rates or promotions
	maxFixed = 100_000_000          // fen: what is charged as an amount, not as a rate
	noEnd    = int64(math.MaxInt64) // of a promotion
)

//go:embed plans.yaml
var bundledPlans []byte

// BundledYAML is the text of the plans that Bundled gives: examples of invented
// providers, and a start for one's own.
func BundledYAML() []byte { return slices.Clone(bundledPlans) }

// Bundled are the plans that come with posfleet. No provider offers them.
func Bundled() []*Plan { return must(Parse("plans.yaml", bundledPlans)) }

// Parse reads a file of plans. name stands for the file in errors, which say all that
// is wrong with it, with line, key and mend.
func Parse(name string, data []byte) ([]*Plan, error) {
	r := reader{&strict.Reader{File: name, Empty: "posfleet's own plans.yaml is a start (docs/fees.md)"}}
	var plans []*Plan
	if root, ok := r.Document(data); ok {
		found := r.Map(root, strict.Table{"plans": func(v strict.Value) { plans = ReadPlans(r.Reader, v) }})
		r.Need(root, found, "plans")
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return plans, nil
}

// ReadPlans reads a list of plans in a file of another package, such as a profile, whose
// reader notes what is wrong.
func ReadPlans(of *strict.Reader, v strict.Value) []*Plan {
	r := reader{of}
	var plans []*Plan
	r.List(v, func(v strict.Value) {
		p := r.plan(v)
		if len(plans) == maxPlans {
			r.Fail(v, "more than %d plans; leave some away", maxPlans)
		}
		if p.Name != "" && slices.ContainsFunc(plans, func(x *Plan) bool { return x.Name == p.Name }) {
			r.Fail(v, "plan %s stands twice; leave one away", strict.Quote(p.Name))
		}
		plans = append(plans, p)
	})
	if len(plans) == 0 && r.OK() {
		r.Fail(v, "is empty; add a plan")
	}
	return plans
}

// ReadKind reads a kind by its name, as ReadPlans does.
func ReadKind(of *strict.Reader, to *Kind) func(strict.Value) {
	return word(reader{of}, to, kindNames)
}

// ReadClass reads a merchant's class by its name, as ReadPlans does.
func ReadClass(of *strict.Reader, to *Class) func(strict.Value) {
	return word(reader{of}, to, classNames)
}

// reader reads files of this package: what [strict.Reader] knows of YAML, and methods
// for what stands in them.
type reader struct{ *strict.Reader }

var nameShape = regexp.MustCompile(`^\S(.{0,38}\S)?$`)

// plan reads one plan and compiles it.
func (r reader) plan(v strict.Value) *Plan {
	p := &Plan{Payout: Payout{Cycle: T1}}
	var rates, promotions strict.Value
	found := r.Map(v, strict.Table{
		"name": r.Match(&p.Name, nameShape, "1 to 40 characters"),
		"device": func(v strict.Value) {
			r.Map(v, strict.Table{"price": r.Yuan(&p.Price, maxFixed), "rent": r.Yuan(&p.Rent, maxFixed)})
		},
		"deposit":     func(v strict.Value) { r.deposit(&p.Deposit, v) },
		"maintenance": r.Yuan(&p.Maintenance, maxFixed),
		"data":        r.Yuan(&p.Data, maxFixed),
		"payout": func(v strict.Value) {
			found := r.Map(v, strict.Table{
				"cycle":     word(r, &p.Payout.Cycle, cycles),
				"cut-off":   r.timeOfDay(&p.Payout.CutOff),
				"surcharge": r.Yuan(&p.Payout.Surcharge, maxFixed),
			})
			r.Need(v, found, "cycle")
		},
		"rounding":   word(r, &p.tariff.rounding, roundings),
		"refund":     word(r, &p.Refund, refunds),
		"rates":      strict.Keep(&rates),
		"promotions": strict.Keep(&promotions),
	})
	if r.Need(v, found, "name", "rounding", "refund", "rates"); !rates.Given() {
		return p
	}
	if lines := r.lines(rates); r.OK() {
		r.table(&p.tariff, rates, lines, true)
	}
	if promotions.Given() && r.OK() {
		r.promotions(&p.tariff, promotions)
	}
	return p
}

func (r reader) deposit(to *Deposit, v strict.Value) {
	found := r.Map(v, strict.Table{
		"amount":     r.Yuan(&to.Amount, maxFixed),
		"back-after": r.Yuan(&to.BackAfter, MaxAmount),
		"within":     strict.Int(r.Reader, &to.Within, 1, 120),
	})
	r.Need(v, found, "amount")
	if (found["back-after"] == 0) != (found["within"] == 0) {
		r.Fail(v, "want back-after and within together: sales in yuan, and in how many months; or neither")
	}
}

// line is a line of rates as it stands in a file: a tier, and what it is for.
type line struct {
	tier
	kinds, channels set
	at              strict.Value
}

// lines reads a list of rates.
func (r reader) lines(v strict.Value) []line {
	var lines []line
	r.List(v, func(v strict.Value) {
		l := line{tier: tier{upTo: unlimited, cap: unlimited}, at: v}
		t := strict.Table{
			"up-to": r.Yuan(&l.upTo, MaxAmount),
			"rate":  r.rate(&l.rate),
			"fixed": r.Yuan(&l.fixed, maxFixed),
			"floor": r.Yuan(&l.floor, maxFixed),
			"cap":   r.Yuan(&l.cap, MaxAmount),
		}
		r.Need(v, r.Map(v, r.covering(t, &l.kinds, &l.channels)), "rate")
		if l.floor > l.cap {
			r.Fail(v, "floor is above cap; lower it")
		}
		if len(lines) == maxLines {
			r.Fail(v, "more than %d lines; leave some away", maxLines)
		}
		lines = append(lines, l)
	})
	return lines
}

// table compiles lines: for each kind and channel the first line that fits an amount
// holds. A line that never does is an error, and in a complete table a sale that no
// line fits.
func (r reader) table(to *tariff, v strict.Value, lines []line, complete bool) {
	used := make([]bool, len(lines))
	missing := false
	for k := range kinds {
		for c := range channels {
			to.tiers[k][c] = nil
			reached := int64(0)
			for i := range lines {
				l := &lines[i]
				if l.upTo <= reached || !l.kinds.has(uint8(k)) || !l.channels.has(uint8(c)) {
					continue
				}
				to.tiers[k][c] = append(to.tiers[k][c], l.tier)
				reached, used[i] = l.upTo, true
			}
			if complete && reached != unlimited && !missing {
				missing = true
				over := ""
				if reached > 0 {
					over = fmt.Sprintf(" over %d.%02d", reached/100, reached%100)
				}
				r.Fail(v, "no line is for %s by %s%s; add one at the end, perhaps without kinds, channels and up-to", k, c, over)
			}
		}
	}
	for i := range lines {
		if !used[i] {
			r.Fail(lines[i].at, "lines before this one take all that it is for; move it up or leave it away")
		}
	}
}

// promotions reads a plan's promotions. None may cost more than the plan's own rates.
func (r reader) promotions(to *tariff, v strict.Value) {
	r.List(v, func(v strict.Value) {
		m, found := r.promotion(v, strict.Table{})
		if r.Need(v, found, "from", "to"); !r.OK() {
			return
		}
		for k := range kinds {
			for c := range channels {
				for _, p := range to.tiers[k][c] {
					if m.other && m.rate > p.rate && m.kinds.has(uint8(k)) && m.channels.has(uint8(c)) {
						r.Fail(v, "%s is more than the %s that %s by %s pays anyway; say kinds and channels, or lower it", m.rate, p.rate, k, c)
						return
					}
				}
			}
		}
		if len(to.promotions) == maxLines {
			r.Fail(v, "more than %d promotions; leave some away", maxLines)
		}
		to.promotions = append(to.promotions, m)
	})
}

// promotion reads a rate for some time, with the keys of t besides its own.
func (r reader) promotion(v strict.Value, t strict.Table) (m promotion, found map[string]int) {
	m.from, m.to = 0, noEnd
	var name string
	t["name"] = r.Match(&name, nameShape, "1 to 40 characters")
	t["from"] = r.day(func(d time.Time) { m.from = d.Unix() })
	t["to"] = r.day(func(d time.Time) { m.to = d.AddDate(0, 0, 1).Unix() })
	t["multiplier"] = r.multiplier(&m.multiplier)
	t["rate"] = r.rate(&m.rate)
	found = r.Map(v, r.covering(t, &m.kinds, &m.channels))
	m.other = found["rate"] != 0
	if m.other == (found["multiplier"] != 0) {
		r.Fail(v, "want either multiplier or rate")
	}
	if m.to <= m.from {
		r.Fail(v, "to is before from; exchange them")
	}
	return m, found
}

// covering adds to a table the keys that say what a line is for: all, when they are
// left away.
func (r reader) covering(t strict.Table, k, c *set) strict.Table {
	*k, *c = 1<<kinds-1, 1<<channels-1
	t["kinds"] = r.some(k, kindNames)
	t["channels"] = r.some(c, channelNames)
	return t
}

// some reads a list of words as a set.
func (r reader) some(to *set, words []string) func(strict.Value) {
	return func(v strict.Value) {
		*to = 0
		r.List(v, func(v strict.Value) {
			var i uint8
			word(r, &i, words)(v)
			*to |= 1 << i
		})
		if *to == 0 && r.OK() {
			r.Fail(v, "is empty; leave it away for all, or name some of %s", strings.Join(words, ", "))
		}
	}
}

// word reads one of some words.
func word[T ~uint8](r reader, to *T, words []string) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		i := slices.Index(words, s)
		if i < 0 {
			r.Fail(v, "%s, want one of %s", strict.Quote(s), strings.Join(words, ", "))
			return
		}
		*to = T(i)
	}
}

var (
	rateShape       = regexp.MustCompile(`^(\d{1,3})(?:\.(\d{1,4}))?%$`)
	multiplierShape = regexp.MustCompile(`^([01])(?:\.(\d{1,4}))?$`)
	clockShape      = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)$`)
)

// decimals is a number as its parts before and after the point say, in parts of
// tenThousand.
func decimals(m []string) int64 {
	n, _ := strconv.ParseInt(m[1]+(m[2] + "0000")[:4], 10, 64)
	return n
}

func (r reader) rate(to *Rate) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		m := rateShape.FindStringSubmatch(s)
		if m == nil || decimals(m) > 100*tenThousand {
			r.Fail(v, "%s, want percent with at most four decimals as in 0.38%%, up to 100%%", strict.Quote(s))
			return
		}
		*to = Rate(decimals(m)) * (Whole / 100 / tenThousand)
	}
}

func (r reader) multiplier(to *int64) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		m := multiplierShape.FindStringSubmatch(s)
		if m == nil || decimals(m) > tenThousand {
			r.Fail(v, "%s, want from 0 to 1 with at most four decimals as in 0.78", strict.Quote(s))
			return
		}
		*to = decimals(m)
	}
}

// timeOfDay reads 23:00.
func (r reader) timeOfDay(to *time.Duration) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		m := clockShape.FindStringSubmatch(s)
		if m == nil || s == "00:00" {
			r.Fail(v, "%s, want a time as in 23:00; leave it away for midnight", strict.Quote(s))
			return
		}
		hour, _ := strconv.Atoi(m[1])
		minute, _ := strconv.Atoi(m[2])
		*to = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	}
}

// day reads 2026-11-30.
func (r reader) day(to func(time.Time)) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		d, ok := dayOf(s)
		if !ok || d.Year() < 2000 || d.Year() > 2199 {
			r.Fail(v, "%s, want a day from 2000 on as in 2026-11-30", strict.Quote(s))
			return
		}
		to(d)
	}
}
