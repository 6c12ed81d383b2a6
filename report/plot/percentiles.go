package plot

import (
	"image/color"
	"math"
	"time"

	"github.com/posfleet/posfleet/report"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// counted adds up the outcomes of all labels, the warm-up left out.
func counted(r *report.Report) report.Counts {
	var sum report.Counts
	for _, l := range r.Labels {
		for o, k := range l.Counts {
			sum[o] += k
		}
	}
	return sum
}

// µs is a latency as the axes count it.
func µs(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// percentiles is the curve of latency over log 1/(1-p), which gives the slowest
// one in a thousand as much room as the fastest half.
func percentiles(r *report.Report) *sheet {
	response, service := report.ResponseTimes(r.Labels...), report.ServiceTimes(r.Labels...)
	s := newSheet(r, "Latency by percentile", response.N())
	defer func() { s.notes = append(s.notes, source(r)) }()
	end := response.HighestQuantile()
	if end < 0.5 {
		s.empty = tooFew(response.N())
		return s
	}
	s.yname = "latency"
	p := s.plot
	resp, serv := curve(response, end), curve(service, end)
	lo, hi := resp[0].y, resp[len(resp)-1].y
	if len(serv) > 0 {
		lo, hi = min(lo, serv[0].y), max(hi, serv[len(serv)-1].y)
	}
	unheard := counted(r)[report.TimedOut]
	if unheard > 0 {
		hi = max(hi, µs(r.Plan.Timeout))
	}
	ninesAxis(&p.X, nines(end))
	latencyAxis(&p.Y, lo, hi, 3.4)
	headroom(&p.Y, hi, 0.1)

	band(p, shade, nines(end), p.X.Max, 0)
	grid(p, true)
	if unheard > 0 && r.Plan.Timeout > 0 {
		limit := stroke(1.1, vermilion, 5, 3)
		line(p, limit, []xy{{p.X.Min, µs(r.Plan.Timeout)}, {p.X.Max, µs(r.Plan.Timeout)}})
		defer func() {
			s.keys = append(s.keys, lineKey(limit, "timeout "+span(r.Plan.Timeout)+", reached by "+report.FormatCount(unheard)))
		}()
	}
	if len(serv) > 0 { // under the response and wider, so that both are seen where they are equal
		sty := stroke(3.8, serviceUnder)
		line(p, sty, serv)
		s.keys = append(s.keys, lineKey(sty, "service: from the write to the answer"))
	}
	sty, dots := stroke(2.4, responseColour), stroke(2.4, responseColour, 2, 3)
	sure, loose := apart(resp, response)
	line(p, sty, sure)
	s.keys = append([]key{lineKey(sty, "response: from the due time to the answer")}, s.keys...)
	if loose != nil {
		line(p, dots, loose)
		s.keys = append(s.keys, lineKey(dots, "at least this"))
		c := counted(r)
		s.notes = append(s.notes, note{text: "At least: " + report.FormatCount(c[report.Open]) + " exchanges were still open and " +
			report.FormatCount(c[report.Broken]) + " lost their line; they count at the age they had."})
	}
	marked(s, response, end)
	said(s, end)
	return s
}

// tooFew says why there is no figure.
func tooFew(n int64) string {
	if n == 0 {
		return "no samples"
	}
	return "too few samples for a percentile: n = " + report.FormatCount(n)
}

// curvePoints is how many points a curve is drawn with: one for each two pixels.
const curvePoints = 640

// curve places the spread on the axes, up to the quantile end.
func curve(sp report.Distribution, end float64) (points []xy) {
	for _, pt := range sp.Curve(curvePoints) {
		if pt.Quantile <= end+1e-9 {
			points = append(points, xy{nines(pt.Quantile), max(1, µs(pt.Latency))})
		}
	}
	return points
}

// apart splits a curve in two lines with gaps: what is sure, and what is only a
// lower bound; loose is nil when all is sure.
func apart(points []xy, sp report.Distribution) (sure, loose []xy) {
	gap := xy{0, math.NaN()}
	this, other := &sure, &loose
	for i, pt := range sp.Curve(curvePoints)[:len(points)] {
		if pt.AtLeast != (this == &loose) {
			this, other = other, this
			if i > 0 { // both lines meet here
				*other = append(*other, points[i], gap)
			}
		}
		*this = append(*this, points[i])
	}
	return sure, loose
}

// said writes into the shade, if there is room, why the curve ends where it does.
func said(s *sheet, end float64) {
	s.plot.Add(drawing(func(c draw.Canvas, x, _ func(float64) vg.Length) {
		left := x(nines(end))
		for _, lines := range [][]string{{"too few samples", "beyond " + percent(end)}, {"too few", "samples"}} {
			if max(advance(axisText, lines[0]), advance(axisText, lines[1]))+6 > c.Max.X-left {
				continue
			}
			for i, txt := range lines {
				half := advance(axisText, txt)/2 + 2
				mid, y := (left+c.Max.X)/2, c.Min.Y+20-vg.Length(i)*12
				c.FillPolygon(shade, box(mid-half, y-2, mid+half, y+10))
				c.FillText(align(axisText, text.XCenter), vg.Point{X: mid, Y: y}, txt)
			}
			return
		}
	}))
}

// marked sets a dot and its value where the response curve passes the
// percentiles that people ask for. The curve only rises, so the place above and
// left of it is free.
func marked(s *sheet, sp report.Distribution, end float64) {
	p := s.plot
	p.Add(drawing(func(c draw.Canvas, x, y func(float64) vg.Length) {
		for _, q := range []float64{0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999} {
			if q > end {
				break
			}
			at := vg.Point{X: x(nines(q)), Y: y(within(max(1, µs(sp.At(q))), p.Y.Min, p.Y.Max))}
			disc(c, at, 3.2, responseColour)
			txt := report.FormatDuration(sp.At(q))
			if sp.AtLeast(q) {
				txt = "≥ " + txt
			}
			sty := align(bold(markText), text.XRight)
			wide := advance(sty, txt)
			place := vg.Point{X: max(at.X-5, c.Min.X+4+wide), Y: at.Y + 6}
			c.FillPolygon(color.White, box(place.X-wide-1, place.Y-1, place.X+1, place.Y+9))
			c.FillText(sty, place, txt)
		}
	}))
}
