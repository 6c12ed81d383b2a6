package plot

import (
	"math"
	"time"

	"github.com/posfleet/posfleet/report"
	"gonum.org/v1/plot/vg"
)

// mostSpans is how many spans of time a figure can tell apart.
const mostSpans = 640

// timeline is a run's seconds, thinned, with their places on the axis.
type timeline struct {
	seconds []report.Second
	span    time.Duration
	at      []float64 // start of each, in seconds
}

func timelineOf(r *report.Report) timeline {
	seconds, span := report.Downsample(r.Seconds, mostSpans)
	t := timeline{seconds: seconds, span: span}
	for _, s := range seconds {
		t.at = append(t.at, s.At.Seconds())
	}
	return t
}

// lasted is where the last span ends.
func (t timeline) lasted() time.Duration {
	if len(t.seconds) == 0 {
		return 0
	}
	last := t.seconds[len(t.seconds)-1]
	if last.Length > 0 && last.Length < t.span {
		return last.At + last.Length
	}
	return last.At + t.span
}

// rate is a count of span i as one of each second. The last span of a run may be
// short; too short a one would make a tall bar of a handful of exchanges.
func (t timeline) rate(i int, n int64) float64 {
	return float64(n) / max(t.seconds[i].Length, t.span/2).Seconds()
}

// levels are the verdicts that are marked, and how.
var levels = []struct {
	level       report.Level
	tint, strip paint
}{{report.Suspect, suspectTint, orange}, {report.Invalid, invalidTint, vermilion}}

// backdrop shades the warm-up and the seconds in which the generator is not to
// be trusted, and names both in the keys.
func (t timeline) backdrop(s *sheet) {
	p, wide := s.plot, t.span.Seconds()
	warm := t.stretches(func(s report.Second) bool { return s.Warmup })
	for _, w := range warm {
		band(p, shade, t.at[w[0]], t.at[w[1]]+wide, 0)
	}
	if len(warm) > 0 {
		s.keys = append(s.keys, boxKey(shade, "warm-up, not counted"))
	}
	for _, l := range levels {
		var n int64
		for _, w := range t.stretches(func(s report.Second) bool { return s.Level == l.level && !s.Warmup }) {
			band(p, l.tint, t.at[w[0]], t.at[w[1]]+wide, 0)
			n += int64(w[1] - w[0] + 1)
		}
		if n > 0 {
			s.keys = append(s.keys, stripKey(l.tint, l.strip, "generator "+l.level.String()+" in "+t.some(n)))
		}
	}
}

// strips mark at the top, over all that is drawn, where the generator is not to
// be trusted.
func (t timeline) strips(s *sheet) {
	for _, l := range levels {
		for _, w := range t.stretches(func(s report.Second) bool { return s.Level == l.level && !s.Warmup }) {
			band(s.plot, l.strip, t.at[w[0]], t.at[w[1]]+t.span.Seconds(), 4)
		}
	}
}

// stretches finds the first and the last span of each unbroken row of spans that
// are so.
func (t timeline) stretches(so func(report.Second) bool) (found [][2]int) {
	for i, sec := range t.seconds {
		if !so(sec) {
			continue
		}
		if k := len(found) - 1; k >= 0 && found[k][1] == i-1 {
			found[k][1] = i
			continue
		}
		found = append(found, [2]int{i, i})
	}
	return found
}

// some counts spans.
func (t timeline) some(n int64) string {
	if t.span == time.Second {
		return report.Plural(n, "second")
	}
	return report.FormatCount(n) + " spans of " + span(t.span)
}

// points gives a latency of each span; none where nothing was measured.
func (t timeline) points(of func(report.Second) (n int64, d time.Duration)) []xy {
	points := make([]xy, len(t.seconds))
	for i, sec := range t.seconds {
		n, d := of(sec)
		points[i] = xy{t.at[i] + t.span.Seconds()/2, math.NaN()}
		if n > 0 {
			points[i].y = max(1, µs(d))
		}
	}
	return points
}

// spread is the smallest and the largest y of all points.
func spread(lines ...[]xy) (lo, hi float64) {
	lo, hi = math.Inf(1), 0
	for _, l := range lines {
		for _, p := range l {
			if !math.IsNaN(p.y) {
				lo, hi = min(lo, p.y), max(hi, p.y)
			}
		}
	}
	return lo, hi
}

// latencyOverTime shows when latency was good and when it was not.
func latencyOverTime(r *report.Report) *sheet {
	var n int64
	for _, sec := range r.Seconds {
		n += sec.Response.N
	}
	s := newSheet(r, "Latency over time", n)
	defer func() { s.notes = append(s.notes, source(r)) }()
	if n == 0 {
		s.empty = tooFew(0)
		return s
	}
	t := timelineOf(r)
	p := s.plot
	thick := vg.Length(1)
	if len(t.seconds) > 150 { // a fine line for a long run
		thick = 0.6
	}
	lines := []struct {
		name   string
		points []xy
		sty    lineStyle
	}{
		{"lag p99, the generator's own", t.points(func(s report.Second) (int64, time.Duration) { return s.Played, s.LagP99 }), stroke(0.9, purple)},
		{"response max", t.points(func(s report.Second) (int64, time.Duration) { return s.Response.N, s.Response.Max }), stroke(1, pale)},
		{"response p50", t.points(func(s report.Second) (int64, time.Duration) { return s.Response.N, s.Response.P50 }), stroke(1.8*thick, sky)},
		{"service p99", t.points(func(s report.Second) (int64, time.Duration) { return s.Service.N, s.Service.P99 }), stroke(3.6*thick, serviceUnder)},
		{"response p99", t.points(func(s report.Second) (int64, time.Duration) { return s.Response.N, s.Response.P99 }), stroke(2.2*thick, responseColour)},
	}
	lo, hi := spread(lines[1].points, lines[2].points, lines[3].points, lines[4].points)
	if hi/lo > 100 { // on a log axis the lag has its place too
		lagLo, lagHi := spread(lines[0].points)
		lo, hi = min(lo, max(lagLo, 10)), max(hi, lagHi)
	} else if _, lagHi := spread(lines[0].points); lagHi > hi {
		hi = lagHi
	}
	timeAxis(&p.X, t.lasted())
	latencyAxis(&p.Y, lo, hi, 3.4)
	s.yname = "latency of the exchanges of a second"
	if t.span > time.Second {
		s.yname = "latency, the worst second of each " + span(t.span)
	}
	t.backdrop(s)
	marks := s.keys
	s.keys = nil
	grid(p, false)
	for _, l := range lines {
		line(p, l.sty, l.points)
		s.keys = append([]key{lineKey(l.sty, l.name)}, s.keys...)
	}
	t.strips(s)
	s.keys = append(s.keys, marks...)
	if few(r) {
		s.notes = append(s.notes, note{text: "Most seconds have fewer than 368 samples: their p99 is little more than their slowest exchange."})
	}
	return s
}

// few tells whether most seconds with samples have too few of them for a p99.
func few(r *report.Report) bool {
	var small, all int
	for _, sec := range r.Seconds {
		if sec.Response.N > 0 {
			all++
		}
		if sec.Response.N > 0 && sec.Response.N < 368 {
			small++
		}
	}
	return small*2 > all
}

// throughput shows what was due, and what became of it, second by second.
func throughput(r *report.Report) *sheet {
	var n, due int64
	var sum report.Counts
	for _, sec := range r.Seconds {
		due += sec.Planned
		for o, k := range sec.Counts {
			sum[o] += k
			n += k
		}
	}
	s := newSheet(r, "Exchanges in each second, by outcome", n)
	defer func() { s.notes = append(s.notes, source(r)) }()
	if n == 0 && due == 0 {
		s.empty = tooFew(0)
		return s
	}
	t := timelineOf(r)
	p := s.plot
	tallest := 0.0
	for i, sec := range t.seconds {
		var all int64
		for _, k := range sec.Counts {
			all += k
		}
		tallest = max(tallest, t.rate(i, all), t.rate(i, sec.Planned))
	}
	timeAxis(&p.X, t.lasted())
	countAxis(&p.Y, tallest)
	s.yname = "per second"
	if t.span > time.Second {
		s.yname = "per second, mean of each " + span(t.span)
	}
	t.backdrop(s)
	marks := s.keys
	s.keys = nil
	grid(p, false)
	t.outcomes(s, sum)
	for _, w := range t.stretches(func(s report.Second) bool { return s.Warmup }) {
		band(p, veil, t.at[w[0]], t.at[w[1]]+t.span.Seconds(), 0)
	}
	t.arrivals(s, r, due)
	t.strips(s)
	s.keys = append(s.keys, marks...)
	return s
}

// outcomes paints what became of the exchanges, one outcome upon the other.
func (t timeline) outcomes(s *sheet, sum report.Counts) {
	// The whole stack is painted first and cut down outcome by outcome, so that
	// no seam shows between two of them.
	for o := int(report.Outcomes) - 1; o >= 0; o-- {
		if sum[o] == 0 {
			continue
		}
		fill(s.plot, outcomeColours[o], steps(t.at, t.span.Seconds(), func(i int) float64 {
			var below int64
			for _, k := range t.seconds[i].Counts[:o+1] {
				below += k
			}
			return t.rate(i, below)
		}))
		s.keys = append([]key{boxKey(outcomeColours[o], report.Outcome(o).String()+" "+report.FormatCount(sum[o]))}, s.keys...)
	}
}

// arrivals draws what was due, and what was played of it if that is less.
func (t timeline) arrivals(s *sheet, r *report.Report, due int64) {
	planned := stroke(1.6, ink)
	line(s.plot, planned, steps(t.at, t.span.Seconds(), func(i int) float64 { return t.rate(i, t.seconds[i].Planned) }))
	s.keys = append([]key{lineKey(planned, "arrivals planned "+report.FormatCount(due))}, s.keys...)
	if r.NotPlayed > 0 {
		played := stroke(1.2, ink, 3, 2)
		line(s.plot, played, steps(t.at, t.span.Seconds(), func(i int) float64 { return t.rate(i, t.seconds[i].Played) }))
		s.keys = append(s.keys[:1], append([]key{lineKey(played, "arrivals played "+report.FormatCount(r.Played))}, s.keys[1:]...)...)
	}
}
