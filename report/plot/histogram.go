package plot

import (
	"image/color"
	"math"
	"time"

	"github.com/posfleet/posfleet/report"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// histogram counts responses in bars of equal width on a log latency axis.
func histogram(r *report.Report) *sheet {
	response, service := report.ResponseTimes(r.Labels...), report.ServiceTimes(r.Labels...)
	s := newSheet(r, "How often each latency was seen", response.N())
	defer func() { s.notes = append(s.notes, source(r)) }()
	if response.N() == 0 {
		s.empty = tooFew(0)
		return s
	}
	lo, hi := µs(response.At(0)), µs(response.At(1))
	if service.N() > 0 {
		lo, hi = min(lo, µs(service.At(0))), max(hi, µs(service.At(1)))
	}
	lo, hi = max(lo, 1), max(hi, 1)
	if hi/lo < 4 { // a lone peak gets some air
		mid := math.Sqrt(lo * hi)
		lo, hi = max(1, mid/2), mid*2
	}
	p := s.plot
	per := barsPerDecade(lo, hi)
	bars, outline := response.Bars(per), service.Bars(per)
	logLatencyAxis(&p.X, lo, hi, 3.4)
	if spanned := math.Log10(p.X.Max / p.X.Min); spanned > 3.4 {
		p.X.Label.Text = "latency, in decades"
	} else {
		p.X.Label.Text = "latency, on a log scale"
	}
	tallest := int64(1)
	for _, b := range append(append([]report.Bar(nil), bars...), outline...) {
		tallest = max(tallest, b.Count)
	}
	s.yname = "exchanges in a bar"
	floor := 0.0
	if hides(bars, tallest) {
		s.yname += ", on a log scale (a linear one would hide more than 5 % of them)"
		floor = logCountAxis(&p.Y, tallest)
	} else {
		countAxis(&p.Y, float64(tallest)*1.14)
	}
	grid(p, false)
	for _, b := range bars {
		if b.Count > 0 {
			bar(p, b, floor)
		}
	}
	s.keys = []key{boxKey(responseColour, "response: from the due time to the answer")}
	if len(outline) > 0 {
		sty := stroke(1.4, serviceColour)
		line(p, sty, silhouette(outline, floor))
		s.keys = append(s.keys, lineKey(sty, "service: from the write to the answer"))
	}
	for i, q := range []float64{0.5, 0.99} {
		if q <= response.HighestQuantile() {
			pennant(p, i, []string{"p50 ", "p99 "}[i], response.At(q))
		}
	}
	return s
}

// barsPerDecade makes some 60 bars of the range, but none narrower than the
// histogram's own buckets.
func barsPerDecade(lo, hi float64) int {
	return int(within(math.Round(60/math.Log10(hi/lo)), 8, 50))
}

// hides tells whether a linear axis would draw more than 5 % of the samples in
// bars of less than 2 % of the height.
func hides(bars []report.Bar, tallest int64) bool {
	var low, all int64
	for _, b := range bars {
		all += b.Count
		if b.Count*50 < tallest {
			low += b.Count
		}
	}
	return low*20 > all
}

// logCountAxis makes a a log axis of counts and gives its foot, below one.
func logCountAxis(a *plot.Axis, hi int64) float64 {
	a.Min, a.Max = 0.7, math.Pow(10, math.Log10(float64(hi))*1.14)
	a.Scale = plot.LogScale{}
	var marks ticks
	for v := int64(1); float64(v) <= a.Max; v *= 10 {
		marks = append(marks, plot.Tick{Value: float64(v), Label: report.FormatCount(v)})
	}
	a.Tick.Marker = marks
	return a.Min
}

func bar(p *plot.Plot, b report.Bar, floor float64) {
	p.Add(drawing(func(c draw.Canvas, x, y func(float64) vg.Length) {
		x0 := x(within(µs(b.From), p.X.Min, p.X.Max))
		x1 := x(within(µs(b.To), p.X.Min, p.X.Max))
		gap := min(0.8, (x1-x0)/5)
		top := max(y(max(float64(b.Count), floor)), c.Min.Y+1) // one in a million is seen
		c.FillPolygon(responseColour, box(x0+gap/2, c.Min.Y, x1-gap/2, top))
	}))
}

// silhouette is the outline of bars.
func silhouette(bars []report.Bar, floor float64) []xy {
	points := []xy{{max(1, µs(bars[0].From)), floor}}
	for _, b := range bars {
		v := max(float64(b.Count), floor)
		points = append(points, xy{max(1, µs(b.From)), v}, xy{µs(b.To), v})
	}
	return append(points, xy{µs(bars[len(bars)-1].To), floor})
}

// pennant marks a latency by a line, named at the top in a row of its own.
func pennant(p *plot.Plot, row int, name string, d time.Duration) {
	p.Add(drawing(func(c draw.Canvas, x, _ func(float64) vg.Length) {
		at := x(within(max(1, µs(d)), p.X.Min, p.X.Max))
		top := c.Max.Y - 11 - vg.Length(row)*14
		c.StrokeLine2(stroke(1, ink, 3, 2), at, c.Min.Y, at, top+10)
		halo := func(x0, x1 vg.Length) { c.FillPolygon(color.White, box(x0-1, top-2, x1+1, top+10)) }
		sty := bold(markText)
		txt := name + report.FormatDuration(d)
		if at+6+advance(sty, txt) > c.Max.X {
			halo(at-5-advance(sty, txt), at-5)
			c.FillText(align(sty, text.XRight), vg.Point{X: at - 5, Y: top}, txt)
			return
		}
		halo(at+5, at+5+advance(sty, txt))
		c.FillText(sty, vg.Point{X: at + 5, Y: top}, txt)
	}))
}
