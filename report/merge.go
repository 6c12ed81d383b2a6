package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Overall is all labels in one, named "all".
func (r *Report) Overall() (Label, error) {
	all := Label{Name: "all", Codes: map[string]int64{}}
	for _, l := range r.Labels {
		if err := all.add(l); err != nil {
			return Label{}, err
		}
	}
	if all.Response == nil {
		all.Response, all.Service, all.Lag = newHistogram(highest(r.Plan.Timeout)), newHistogram(highest(r.Plan.Timeout)), newHistogram(highest(r.Plan.Timeout))
	}
	return all, nil
}

// Label finds a label by its name; nil when the run has none such.
func (r *Report) Label(name string) *Label {
	if i := slices.IndexFunc(r.Labels, func(l Label) bool { return l.Name == name }); i >= 0 {
		return &r.Labels[i]
	}
	return nil
}

// add takes the exchanges of o into l, which keeps histograms of its own.
func (l *Label) add(o Label) error {
	for i, n := range o.Counts {
		l.Counts[i] += n
	}
	for i, n := range o.Warmup {
		l.Warmup[i] += n
	}
	if l.Codes == nil {
		l.Codes = map[string]int64{}
	}
	for code, n := range o.Codes {
		l.Codes[code] += n
	}
	for reason, n := range o.Reasons {
		addCount(&l.Reasons, reason, n)
	}
	l.Clamped += o.Clamped
	for _, h := range []struct {
		name string
		into **hdr.Histogram
		from *hdr.Histogram
	}{
		{"response", &l.Response, o.Response}, {"service", &l.Service, o.Service},
		{"lag", &l.Lag, o.Lag}, {"censored", &l.Censored, o.Censored},
	} {
		if err := addHistogram(h.into, h.from); err != nil {
			return fmt.Errorf("%s of %s: %w", h.name, o.Name, err)
		}
	}
	return nil
}

func addHistogram(into **hdr.Histogram, from *hdr.Histogram) error {
	if from == nil {
		return nil
	}
	if *into == nil {
		*into = from.Clone()
		return nil
	}
	if a, b := shape(*into), shape(from); a != b {
		return fmt.Errorf("cannot add a histogram of %s to one of %s: run both with the same --timeout", b, a)
	}
	if dropped := (*into).Merge(from); dropped != 0 {
		return fmt.Errorf("%d values were dropped in adding histograms", dropped)
	}
	return nil
}

// geometry says which values a histogram tells apart. Only equal ones add up
// without loss.
type geometry struct{ lowest, highest, digits int64 }

func shape(h *hdr.Histogram) geometry {
	return geometry{h.LowestTrackableValue(), h.HighestTrackableValue(), h.SignificantFigures()}
}

func (g geometry) String() string {
	return fmt.Sprintf("%d..%d µs at %d digits", g.lowest, g.highest, g.digits)
}

// Merge adds another run, or another machine's share of the same run: counts
// and histograms add up, seconds since the start line up. The plan and the
// environment stay the receiver's; limits are to be judged again. On an error
// the receiver is unchanged.
//
// A second does not keep its histogram, so the latencies of a merged second are
// the larger of the two: a bound, never an average.
func (r *Report) Merge(o *Report) error {
	labels := make([]Label, len(r.Labels))
	for i, l := range r.Labels {
		labels[i] = l.clone()
		labels[i].Codes, labels[i].Reasons = maps.Clone(l.Codes), maps.Clone(l.Reasons)
	}
	for _, l := range o.Labels {
		i := slices.IndexFunc(labels, func(x Label) bool { return x.Name == l.Name })
		if i < 0 {
			labels, i = append(labels, Label{Name: l.Name}), len(labels)
		}
		if err := labels[i].add(l); err != nil {
			return fmt.Errorf("merge runs: %w", err)
		}
	}
	signIn, err := r.SignIn.plus(o.SignIn)
	if err != nil {
		return fmt.Errorf("merge runs: sign-in: %w", err)
	}
	opening, err := r.Opening.plus(o.Opening)
	if err != nil {
		return fmt.Errorf("merge runs: first settlements: %w", err)
	}
	delay, err := r.LineDelay.plus(o.LineDelay)
	if err != nil {
		return fmt.Errorf("merge runs: %w", err)
	}
	r.Labels, r.SignIn, r.Opening, r.LineDelay = labels, signIn, opening, delay
	r.Seconds = mergeSeconds(r.Seconds, o.Seconds)
	if r.Started.IsZero() || !o.Started.IsZero() && o.Started.Before(r.Started) {
		r.Started = o.Started
	}
	r.Took = max(r.Took, o.Took)
	if o.ClockDrift.Abs() > r.ClockDrift.Abs() {
		r.ClockDrift = o.ClockDrift
	}
	r.Interrupted = r.Interrupted || o.Interrupted
	if o.Incomplete != "" {
		r.Incomplete = strings.TrimPrefix(r.Incomplete+"; "+o.Incomplete, "; ")
	}
	r.Journal, r.Lost = r.Journal.plus(o.Journal), slices.Concat(r.Lost, o.Lost)
	r.Planned += o.Planned
	r.Played += o.Played
	r.NotPlayed += o.NotPlayed
	r.Failed += o.Failed
	r.Late += o.Late
	r.Cut += o.Cut
	r.Duplicate += o.Duplicate
	r.Unmatched += o.Unmatched
	r.Faults, r.Stuck = addCounts(r.Faults, o.Faults), addCounts(r.Stuck, o.Stuck)
	r.Failures = mergeFailures(r.Failures, o.Failures)
	r.Waited = r.Waited.plus(o.Waited)
	r.Strays = slices.Concat(r.Strays, o.Strays)
	r.Lines = Lines{r.Lines.Connected + o.Lines.Connected, r.Lines.Refused + o.Lines.Refused}
	r.Settlements = r.Settlements.plus(o.Settlements)
	r.Rules = addRules(r.Rules, o.Rules)
	for _, id := range o.Without {
		if !slices.Contains(r.Without, id) {
			r.Without = append(slices.Clip(r.Without), id)
		}
	}
	r.Validity.Level = max(r.Validity.Level, o.Validity.Level)
	r.Validity.Reasons = slices.Concat(r.Validity.Reasons, o.Validity.Reasons)
	r.Validity.SameHost = r.Validity.SameHost || o.Validity.SameHost
	r.Money = r.Money.plus(o.Money)
	r.Limits = nil
	return nil
}

// plus adds the books of two runs; they were compared only if both were.
func (m Money) plus(o Money) Money {
	return Money{
		Checked:   m.Checked && o.Checked,
		Settled:   m.Settled || o.Settled,
		Compared:  m.Compared + o.Compared,
		Unknown:   m.Unknown + o.Unknown,
		Open:      m.Open + o.Open,
		Terminals: m.Terminals + o.Terminals,
		Host:      m.Host + o.Host,
		Decimals:  cmp.Or(m.Decimals, o.Decimals),
		Unit:      cmp.Or(m.Unit, o.Unit),
		Payments:  m.Payments + o.Payments,
		Credits:   m.Credits + o.Credits,
		Owed:      m.Owed + o.Owed,
		Detail:    slices.Concat(m.Detail, o.Detail),
	}
}

func (s Settlements) plus(o Settlements) Settlements {
	return Settlements{
		Balanced: s.Balanced + o.Balanced, Explained: s.Explained + o.Explained, Uncompared: s.Uncompared + o.Uncompared,
		Unbalanced: s.Unbalanced + o.Unbalanced, Failed: s.Failed + o.Failed, Repeated: s.Repeated + o.Repeated, CutOff: s.CutOff + o.CutOff, Detail: slices.Concat(s.Detail, o.Detail),
	}
}

func mergeSeconds(a, b []Second) []Second {
	var out []Second
	for len(a) > 0 && len(b) > 0 {
		switch ka, kb := a[0].At.Round(time.Second), b[0].At.Round(time.Second); {
		case ka < kb:
			out, a = append(out, a[0]), a[1:]
		case kb < ka:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0].Plus(b[0])), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// begun is how many arrivals a terminal took in this second.
func (s *Second) begun() int64 { return s.Played + s.Stuck }

// Plus is the second of two machines: counts add up, and of latencies the larger is
// taken, a bound.
func (s Second) Plus(o Second) Second {
	s.Length = max(s.Length, o.Length)
	s.Warmup = s.Warmup || o.Warmup
	s.Planned += o.Planned
	s.Played += o.Played
	s.Stuck += o.Stuck
	s.Held += o.Held
	for i, n := range o.Counts {
		s.Counts[i] += n
	}
	s.Response, s.Service = s.Response.larger(o.Response), s.Service.larger(o.Service)
	s.LagP50, s.LagP99 = max(s.LagP50, o.LagP50), max(s.LagP99, o.LagP99)
	g, h := &s.Signals, o.Signals
	g.CPU, g.Busiest, g.Steal = max(g.CPU, h.CPU), max(g.Busiest, h.Busiest), max(g.Steal, h.Steal)
	g.Sched, g.GCPause, g.Watchdog = max(g.Sched, h.Sched), max(g.GCPause, h.GCPause), max(g.Watchdog, h.Watchdog)
	g.Exhausted += h.Exhausted
	g.Dropped += h.Dropped
	if o.Level > s.Level {
		s.Level, s.Reason = o.Level, o.Reason
	}
	return s
}

func (q Quantiles) larger(o Quantiles) Quantiles {
	return Quantiles{
		N: q.N + o.N, P50: max(q.P50, o.P50), P90: max(q.P90, o.P90), P99: max(q.P99, o.P99),
		P999: max(q.P999, o.P999), Max: max(q.Max, o.Max),
	}
}

// Check holds the report to its own arithmetic: every arrival was played or
// not, every exchange sent is in each histogram once, and the seconds add up to
// the whole. A report that fails it must not be shown as a result.
func (r *Report) Check() error {
	var whole Counts
	for i := range r.Labels {
		l := &r.Labels[i]
		if err := l.check(); err != nil {
			return fmt.Errorf("report does not add up: %s: %w", l.Name, err)
		}
		for o := range whole {
			whole[o] += l.Counts[o] + l.Warmup[o]
		}
	}
	stuck := total(r.Stuck)
	for _, x := range []struct {
		n    int64
		what string
	}{{r.Planned, "arrivals planned"}, {r.Played, "played"}, {r.NotPlayed, "not played"}, {stuck, "stuck"}, {r.Failed, "failed"}} {
		if x.n < 0 {
			return fmt.Errorf("report does not add up: %d %s", x.n, x.what)
		}
	}
	if r.Planned != r.Played+stuck+r.NotPlayed {
		return fmt.Errorf("report does not add up: %d arrivals planned, but %d played, %d stuck and %d not played", r.Planned, r.Played, stuck, r.NotPlayed)
	}
	if r.Failed > r.Played {
		return fmt.Errorf("report does not add up: %d scenarios failed of %d played", r.Failed, r.Played)
	}
	if len(r.Seconds) == 0 {
		return nil
	}
	var counts Counts
	var planned, played, unsent int64
	for _, s := range r.Seconds {
		planned += s.Planned
		played += s.Played
		unsent += s.Stuck
		for o, n := range s.Counts {
			counts[o] += n
		}
	}
	if counts != whole {
		return fmt.Errorf("report does not add up: the seconds hold %v exchanges by outcome, the labels %v", counts, whole)
	}
	if planned != r.Planned || played != r.Played || unsent != stuck {
		return fmt.Errorf("report does not add up: the seconds hold %d planned, %d played and %d stuck arrivals, the run %d, %d and %d", planned, played, unsent, r.Planned, r.Played, stuck)
	}
	return nil
}

func (l *Label) check() error {
	sent := l.Counts.Sent()
	for _, h := range []struct {
		name string
		h    *hdr.Histogram
		want int64
	}{
		{"response", l.Response, sent}, {"service", l.Service, sent}, {"lag", l.Lag, sent},
		{"censored", l.Censored, l.Counts[Open] + l.Counts[Broken]},
	} {
		var n int64
		if h.h != nil {
			n = h.h.TotalCount()
		}
		if n != h.want {
			return fmt.Errorf("%d samples in the %s histogram, %d expected", n, h.name, h.want)
		}
	}
	var codes int64
	for _, n := range l.Codes {
		codes += n
	}
	if answered := l.Counts[Approved] + l.Counts[Declined] + l.Counts[Refused]; codes > answered {
		return fmt.Errorf("%d response codes for %d answers", codes, answered)
	}
	var reasons int64
	for _, n := range l.Reasons {
		reasons += n
	}
	if reasons > l.Counts[Declined] {
		return fmt.Errorf("%d reasons for %d answers that decline", reasons, l.Counts[Declined])
	}
	if l.Clamped > sent {
		return fmt.Errorf("%d values clamped of %d", l.Clamped, sent)
	}
	return nil
}
