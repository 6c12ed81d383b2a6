package report

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limit is a promise that a run must keep, such as "p99 of purchase < 250ms".
// The grammar, words in any case:
//
//	p99 | p99.9 | max | mean  [of LABEL] [response | service]  < | <=  DURATION
//	unanswered | approved | declined | refused | timedout | broken | open |
//	unsent | failed | stuck | notplayed | owed | unbalanced | late | duplicate |
//	unmatched  [of LABEL]                     < | <= | = | > | >=  NUMBER | SHARE%
//	rate  [of LABEL]                          < | <= | > | >=  NUMBER[/s]
//
// Without a label it speaks of all labels together, without "service" of the
// response time. What the fleet did before the first arrival, its sign-ins and first
// settlements, is in none of the figures but of its own label, and in no rate. Unanswered are the exchanges without an answer for whatever
// reason, the unsent ones too. Shares are of the exchanges sent, and for unsent and
// unanswered of those due; of the arrivals for notplayed and stuck, of the scenarios
// played for failed, and of the settlements compared for unbalanced. The rate is of exchanges
// answered, over the time measured.
type Limit struct {
	Text     string  // as it was asked
	Measure  string  // "quantile", "mean", "rate" or the name of a count
	Quantile float64 // 0..1, of a quantile
	Label    string  // empty for all labels
	Service  bool    // of the service time instead of the response time
	Relation string  // "<", "<=", "=", ">" or ">="
	Within   time.Duration
	Number   float64 // of a count or a rate; of a share, 0..1
	Share    bool    // Number is a share
	Default  bool    // nobody asked for it: a run promises it unless it is replaced
}

// LimitResult is one promise and whether the run kept it.
type LimitResult struct {
	Limit string `json:"limit"` // as it was asked
	Seen  string `json:"seen"`  // what the run showed, as reports print it
	OK    bool   `json:"ok"`
	Why   string `json:"why,omitempty"` // why it is not kept or cannot be told; empty when OK

	Untested bool `json:"untested,omitempty"` // there was nothing to measure; then it is not OK
	TooFew   bool `json:"too_few,omitempty"`  // there were too few samples to tell; then it is not OK
	Default  bool `json:"default,omitempty"`  // nobody asked for it
}

var limitForm = regexp.MustCompile(`^\s*(?i:(\S+?))(?:\s+of\s+(.+?))?(?:\s+(?i:(response|service)))?\s*(<=|>=|≤|≥|<|>|=)\s*(\S.*?)\s*$`)

// countNames are the counts that a limit may bound, and whether they are kept
// for each label.
var countNames = map[string]bool{
	"unanswered": true, "approved": true, "declined": true, "refused": true, "timedout": true,
	"broken": true, "open": true, "unsent": true,
	"failed": false, "stuck": false, "notplayed": false, "owed": false, "unbalanced": false,
	"late": false, "duplicate": false, "unmatched": false,
}

// shareless are the counts that are no share of anything.
var shareless = []string{"owed", "late", "duplicate", "unmatched"}

// defaults are what a run promises unless a limit on the same measure takes its
// place.
var defaults = []Limit{
	{Text: "every scenario held", Measure: "failed", Relation: "=", Default: true},
	{Text: "nothing owed at the end", Measure: "owed", Relation: "=", Default: true},
	{Text: "every settlement balanced", Measure: "unbalanced", Relation: "=", Default: true},
	{Text: "a terminal for 99% of the arrivals", Measure: "notplayed", Relation: "<=", Number: 0.01, Share: true, Default: true},
}

// noOccasion is why something was promised in vain of nothing, by measure.
var noOccasion = map[string]string{
	"failed":     "no scenario was played",
	"stuck":      "no arrival was planned",
	"notplayed":  "no arrival had a time at which it was due",
	"unbalanced": "no settlement was made that could be compared",
}

// Moot reports whether a promise that nobody asked for had no occasion to be broken:
// then it is neither kept nor broken, and no run fails for it.
func (l LimitResult) Moot() bool { return l.Default && l.Untested }

// WithDefaults puts before limits what a run promises anyway.
func WithDefaults(limits []Limit) []Limit {
	var all []Limit
	for _, d := range defaults {
		if !slices.ContainsFunc(limits, func(l Limit) bool { return l.Measure == d.Measure }) {
			all = append(all, d)
		}
	}
	return append(all, limits...)
}

// Kept reports whether a promise on the measure that nobody asked for is kept; true when
// there is none, or no occasion to break it.
func (r *Report) Kept(measure string) bool {
	for _, d := range defaults {
		for _, l := range r.Limits {
			if d.Measure == measure && l.Default && l.Limit == d.Text {
				return l.OK || l.Moot()
			}
		}
	}
	return true
}

// ParseLimit reads a promise.
func ParseLimit(text string) (Limit, error) {
	l := Limit{Text: strings.TrimSpace(text)}
	m := limitForm.FindStringSubmatch(text)
	if m == nil {
		return l, fmt.Errorf(`limit %q: want a measure, a relation and a bound, such as "p99 of purchase < 250ms"`, l.Text)
	}
	l.Measure, l.Label = strings.ToLower(m[1]), strings.Trim(m[2], `"`)
	l.Service = strings.EqualFold(m[3], "service")
	l.Relation = strings.NewReplacer("≤", "<=", "≥", ">=").Replace(m[4])
	if err := l.measure(m[3], m[5]); err != nil {
		return l, fmt.Errorf("limit %q: %w", l.Text, err)
	}
	return l, nil
}

// measure checks what is bounded and reads the bound, which has its unit.
func (l *Limit) measure(time, bound string) error {
	if q, ok := strings.CutPrefix(l.Measure, "p"); ok {
		if p, err := strconv.ParseFloat(q+"e-2", 64); err == nil { // as text, so that 99.9 gives 0.999
			if !(p > 0 && p < 1) {
				return fmt.Errorf("p%s: want a percentile between 0 and 100, both excluded; max is the largest", q)
			}
			l.Measure, l.Quantile = "quantile", p
			return l.latency(bound)
		}
	}
	switch l.Measure {
	case "max":
		l.Measure, l.Quantile = "quantile", 1
		return l.latency(bound)
	case "mean":
		return l.latency(bound)
	}
	if time != "" {
		return fmt.Errorf("%s is no time: leave out %q", l.Measure, time)
	}
	if l.Measure == "rate" {
		if l.Relation == "=" {
			return fmt.Errorf("a rate is never exactly met: use >= or <=")
		}
		if err := l.number(strings.TrimSuffix(bound, "/s")); err != nil || l.Relation != "<" || l.Number > 0 {
			return err
		}
		return errors.New("a rate is never below 0")
	}
	each, ok := countNames[l.Measure]
	if !ok {
		return fmt.Errorf("unknown measure %q: want p99 or another percentile, max, mean, rate, unanswered, approved, declined, refused, timedout, broken, open, unsent, failed, stuck, notplayed, owed, unbalanced, late, duplicate or unmatched", l.Measure)
	}
	if l.Label != "" && !each {
		return fmt.Errorf("%s is counted for the whole run: leave out %q", l.Measure, "of "+l.Label)
	}
	number, share := strings.CutSuffix(bound, "%")
	if err := l.number(strings.TrimSpace(number)); err != nil {
		return err
	}
	if l.Relation == "<" && l.Number == 0 {
		return fmt.Errorf("%s is never below 0: use = 0", l.Measure)
	}
	if l.Share = share; share {
		if l.Number > 100 {
			return fmt.Errorf("bound %q: a share is 100%% at most", bound)
		}
		if slices.Contains(shareless, l.Measure) {
			return fmt.Errorf("%s is no share of anything: give a number", l.Measure)
		}
		l.Number /= 100
		if x, err := strconv.ParseFloat(strings.TrimSpace(number)+"e-2", 64); err == nil {
			l.Number = x // as text, so that 0.7% is 7 of 1,000
		}
	}
	return nil
}

// Known says what is wrong with a limit on a label that a run of these will never
// have; nil for one that it may.
func (l *Limit) Known(labels []string) error {
	switch {
	case l.Label == "" || slices.Contains(labels, l.Label):
		return nil
	case l.Label == "all":
		return fmt.Errorf("limit %q: leave %q out to speak of all together", l.Text, "of all")
	}
	return fmt.Errorf("limit %q: there is no %q, want one of %s", l.Text, l.Label, strings.Join(labels, ", "))
}

func (l *Limit) latency(bound string) error {
	if l.Relation != "<" && l.Relation != "<=" {
		return fmt.Errorf("a latency is promised to stay below its bound: use < or <=")
	}
	d, err := time.ParseDuration(strings.ReplaceAll(bound, " ", ""))
	switch {
	case err != nil:
		return fmt.Errorf("bound %q: want a duration with its unit, such as 250ms or 1.5s", bound)
	case d <= 0:
		return fmt.Errorf("bound %q: a latency is never so short: want a duration above 0, such as 250ms", bound)
	}
	l.Within = d
	return nil
}

func (l *Limit) number(bound string) error {
	x, err := strconv.ParseFloat(bound, 64)
	if err != nil || !(x >= 0 && x < 1e18) {
		return fmt.Errorf("bound %q: want a number of 0 or more", bound)
	}
	l.Number = x
	return nil
}

// Judge holds the run to promises, in their order, and keeps the results. A
// promise that cannot be told, for want of samples or because exchanges without
// an outcome reach into it, is not kept.
func (r *Report) Judge(limits []Limit) {
	r.Limits = make([]LimitResult, len(limits))
	for i, l := range limits {
		r.Limits[i] = l.judge(r)
	}
}

func (l Limit) judge(r *Report) LimitResult {
	out := LimitResult{Limit: l.Text, Seen: "-", Default: l.Default}
	of := cmp.Or(l.Label, "all labels")
	label, err := r.labelled(l)
	switch {
	case err != nil:
		out.Why = err.Error()
		return out
	case label == nil:
		out.Untested, out.Why = true, fmt.Sprintf("nothing to measure: the run has no %q, it has %s", l.Label, r.names())
		return out
	}
	if each, count := countNames[l.Measure]; (each || !count) && label.Counts == (Counts{}) {
		out.Untested, out.Why = true, "nothing to measure: no exchange of "+of+" was sent outside the warm-up"
		return out
	}
	switch l.Measure {
	case "quantile", "mean":
		l.judgeLatency(label, of, &out)
	case "rate":
		rate := 0.0
		if span := r.Measured(); span > 0 {
			rate = float64(label.Counts.answered()) / span.Seconds()
		}
		out.Seen = fmt.Sprintf("%.1f/s", rate)
		out.OK = holds(rate, l.Relation, l.Number)
	default:
		n, whole := r.count(l.Measure, label)
		unplayed := r.Unplayed()
		if l.Default && l.Measure == "notplayed" { // what a terminal could not send has had none that could
			n += total(r.Stuck) - unplayed
			whole -= unplayed
		}
		out.Seen = FormatCount(n)
		seen := float64(n)
		why := noOccasion[l.Measure]
		if cut := r.Settlements.CutOff; l.Measure == "unbalanced" && cut > 0 {
			why = Plural(cut, "settlement") + " cut off: the run was ended at once"
		}
		if whole == 0 && (why != "" || l.Share) {
			out.Untested, out.Why = true, cmp.Or(why, "nothing to take a share of")
			return out
		}
		if l.Share {
			seen /= float64(whole)
			out.Seen = fmt.Sprintf("%.3g%% (%s of %s)", 100*seen, FormatCount(n), FormatCount(whole))
		}
		out.OK = holds(seen, l.Relation, l.Number)
		if out.OK && l.Default && l.Measure == "notplayed" && unplayed > 0 {
			out.OK, out.Untested, out.Why = false, true, Plural(unplayed, "arrival")+" had no agent that could play"
		}
	}
	if why := r.NotKnown(); out.OK && l.Default && why != "" { // a default promise is of the whole run
		out.OK, out.Untested, out.Why = false, true, why
	}
	if !out.OK && out.Why == "" {
		out.Why = "the bound is broken"
	}
	return out
}

// labelled is what a limit speaks of: the exchanges of all labels, or of its own those of
// the run and those that the fleet made before the first arrival, which lie outside the
// time that rates are over. It is nil when there are none.
func (r *Report) labelled(l Limit) (*Label, error) {
	if l.Label == "" {
		all, err := r.Overall()
		return &all, err
	}
	parts := []*Label{r.Label(l.Label)}
	if l.Measure != "rate" {
		parts = append(parts, &r.SignIn.Label, &r.Opening.Label)
	}
	parts = slices.DeleteFunc(parts, func(p *Label) bool { return p == nil || p.Name != l.Label })
	if len(parts) < 2 {
		return append(parts, nil)[0], nil
	}
	all := &Label{Name: l.Label}
	for _, p := range parts {
		if err := all.add(*p); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (l Limit) judgeLatency(label *Label, of string, out *LimitResult) {
	var q Quantile
	switch {
	case l.Measure == "mean" && l.Service:
		q = mean(label.Service, label)
	case l.Measure == "mean":
		q = label.Mean()
	case l.Service:
		q = label.ServiceQuantile(l.Quantile)
	default:
		q = label.Quantile(l.Quantile)
	}
	out.Seen = q.String()
	inside := q.Value < l.Within || l.Relation == "<=" && q.Value == l.Within
	switch {
	case q.N == 0:
		out.Untested, out.Why = true, "no exchange of "+of+" was sent outside the warm-up"
	case !inside:
		out.Why = "the bound is broken"
		out.Seen = FormatDuration(q.Value)
		if q.AtLeast {
			out.Seen = "≥ " + out.Seen
		}
	case q.TooFew:
		out.TooFew, out.Why = true, fmt.Sprintf("%s samples, but %s are needed to tell", FormatCount(q.N), FormatCount(MinSamples(l.Quantile)))
	case q.AtLeast:
		out.Why = "only a lower bound is known: exchanges without an outcome reach into it"
	default:
		out.OK = true
	}
}

func holds(seen float64, relation string, bound float64) bool {
	switch relation {
	case "<":
		return seen < bound
	case "<=":
		return seen <= bound
	case ">":
		return seen > bound
	case ">=":
		return seen >= bound
	}
	return seen == bound
}

// count gives a count and the whole that it is a share of.
func (r *Report) count(name string, l *Label) (n, whole int64) {
	whole = l.Counts.Sent()
	switch name {
	case "unanswered":
		return l.Counts[TimedOut] + l.Counts[Broken] + l.Counts[Open] + l.Counts[Unsent], whole + l.Counts[Unsent]
	case "unsent":
		return l.Counts[Unsent], whole + l.Counts[Unsent]
	case "failed":
		return r.Failed, r.Played
	case "stuck":
		return total(r.Stuck), r.Planned
	case "notplayed":
		return r.NotPlayed, r.Planned
	case "owed":
		return r.Money.Owed, 0
	case "unbalanced":
		if s := r.Settlements; s.Broken() == 0 && s.CutOff > 0 {
			return 0, 0 // what those would have come to is not known
		}
		return r.Settlements.Broken(), r.Settlements.All() - r.Settlements.Uncompared - r.Settlements.CutOff
	case "late":
		return r.Late, 0
	case "duplicate":
		return r.Duplicate, 0
	case "unmatched":
		return r.Unmatched, 0
	}
	for o := range Outcomes {
		if strings.ReplaceAll(o.String(), " ", "") == name {
			return l.Counts[o], whole
		}
	}
	return 0, 0
}

func (c Counts) answered() int64 { return c[Approved] + c[Declined] + c[Refused] }

// Measured is the time that rates are over: from the end of the warm-up to the
// end of the plan, the drain left out, or to where a run was ended before that.
func (r *Report) Measured() time.Duration {
	span := r.Plan.For
	ended := r.Interrupted || r.Incomplete != "" || len(r.Plan.Pressed) > 0
	if span == 0 || ended && r.Took < span {
		span = r.Took
	}
	return max(0, span-r.Plan.Warmup)
}

func (r *Report) names() string {
	if len(r.Labels) == 0 {
		return "no labels"
	}
	var names []string
	for _, l := range r.Labels {
		names = append(names, strconv.Quote(l.Name))
	}
	return strings.Join(names, ", ")
}

// Nothing reports whether no exchange is in any figure: all fell due during the
// warm-up.
func (r *Report) Nothing() bool {
	for i := range r.Labels {
		if r.Labels[i].Counts != (Counts{}) {
			return false
		}
	}
	return true
}
