package plot

import (
	"math"
	"unicode"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/posfleet/posfleet/report"
)

// Costs is what fee plans cost a shop a month as its turnover grows. All numbers are
// yuan; they are for a picture only.
type Costs struct {
	Under      string // what was compared
	Plans      []CostLine
	Own        float64     // the shop's own turnover of a month
	BreakEvens []CostPoint // where the cheapest plan changes
}

// CostLine is one plan's cost; its points are joined by straight lines. Two points at
// one turnover are a step.
type CostLine struct {
	Name   string
	Points []CostPoint
}

// CostPoint is a turnover and what it costs.
type CostPoint struct{ Turnover, Cost float64 }

// mostPlans is how many plans are drawn, the first ones.
const mostPlans = 8

// SaveCosts draws costs into dir, which must exist, as fees.svg and fees.png, and
// returns the paths written. Names that the PNG's fonts cannot show go by their number
// there.
func SaveCosts(c Costs, dir string) ([]string, error) {
	return save(dir, "fees", costs, c.legible(unicode.IsPrint), c.legible(drawable))
}

// legible is what legible is for runs.
func (c Costs) legible(keep func(rune) bool) Costs {
	c.Under = strip(c.Under, keep)
	plans := make([]CostLine, len(c.Plans))
	for i, p := range c.Plans {
		if s := strip(p.Name, keep); s != p.Name || s == "" {
			p.Name = "plan " + number(uint64(i+1))
		}
		plans[i] = p
	}
	c.Plans = plans
	return c
}

func costs(c Costs) *sheet {
	s := &sheet{title: "What each plan costs as turnover grows", under: c.Under, plot: bare(), tall: plotTall, yname: "cost a month, yuan"}
	shown := c.Plans[:min(len(c.Plans), mostPlans)]
	if left := len(c.Plans) - len(shown); left > 0 {
		s.notes = append(s.notes, note{text: report.Plural(int64(left), "dearer plan") + " not drawn."})
	}
	p := s.plot
	var widest, highest float64
	for _, l := range shown {
		for _, at := range l.Points {
			widest, highest = max(widest, at.Turnover), max(highest, at.Cost)
		}
	}
	countAxis(&p.X, widest)
	p.X.Max = max(widest, 1)
	p.X.Label.Text = "turnover a month, yuan, of the same mix of sales"
	countAxis(&p.Y, highest)
	grid(p, false)
	colours := []paint{blue, orange, green, vermilion, purple, sky, ink, base}
	for i, l := range shown {
		sty := stroke(1.8, colours[i])
		var points []xy
		for _, at := range l.Points {
			points = append(points, xy{at.Turnover, at.Cost})
		}
		line(p, sty, points)
		s.keys = append(s.keys, lineKey(sty, l.Name))
	}
	own := stroke(1, muted, 3, 2)
	line(p, own, []xy{{c.Own, 0}, {c.Own, p.Y.Max}})
	s.keys = append(s.keys, lineKey(own, "this shop"))
	if len(c.BreakEvens) > 0 {
		s.keys = append(s.keys, dotKey(ink, "another plan becomes the cheapest"))
	}
	p.Add(drawing(func(canvas draw.Canvas, x, y func(float64) vg.Length) {
		free := canvas.Min.X // of labels, from here on
		for _, b := range c.BreakEvens {
			at := vg.Point{X: x(within(b.Turnover, p.X.Min, p.X.Max)), Y: y(within(b.Cost, p.Y.Min, p.Y.Max))}
			disc(canvas, at, 4, ink)
			name := report.FormatCount(int64(math.Round(b.Turnover)))
			if half := advance(markText, name) / 2; at.X-half >= free {
				canvas.FillText(align(markText, text.XCenter), vg.Point{X: at.X, Y: at.Y + 9}, name)
				free = at.X + half + 4
			}
		}
	}))
	return s
}
