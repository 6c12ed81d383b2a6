package plot

import (
	"github.com/posfleet/posfleet/report"
)

// Compared is two sides of a comparison, each of them all its runs added up.
type Compared struct{ Old, New *report.Report }

// SaveCompared draws the latencies of both sides by percentile into dir, as
// compared.svg and compared.png, and returns the paths written.
func SaveCompared(old, new *report.Report, dir string) ([]string, error) {
	c := Compared{legible(old, drawable), legible(new, drawable)}
	return save(dir, "compared", compared, c, c)
}

// compared is the curves of both sides over log 1/(1-p).
func compared(c Compared) *sheet {
	old, new := report.ResponseTimes(c.Old.Labels...), report.ResponseTimes(c.New.Labels...)
	s := newSheet(c.New, "Response time by percentile, old and new", old.N()+new.N())
	end := min(old.HighestQuantile(), new.HighestQuantile())
	if end < 0.5 {
		s.empty = tooFew(min(old.N(), new.N()))
		return s
	}
	s.yname = "latency"
	p := s.plot
	before, after := curve(old, end), curve(new, end)
	lo, hi := min(before[0].y, after[0].y), max(before[len(before)-1].y, after[len(after)-1].y)
	ninesAxis(&p.X, nines(end))
	latencyAxis(&p.Y, lo, hi, 3.4)
	headroom(&p.Y, hi, 0.1)
	band(p, shade, nines(end), p.X.Max, 0)
	grid(p, true)
	older, newer := stroke(3.8, serviceUnder), stroke(2.4, responseColour)
	line(p, older, before)
	line(p, newer, after)
	s.keys = append(s.keys,
		lineKey(older, "old, n = "+report.FormatCount(old.N())), lineKey(newer, "new, n = "+report.FormatCount(new.N())))
	said(s, end)
	return s
}
