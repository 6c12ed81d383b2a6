package plot

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/posfleet/posfleet/report"
)

// ErrorRates are how often a decision by a threshold errs: both ways, for each
// threshold that it might have.
type ErrorRates struct {
	Title string
	Under string // what was tried, and how often
	Score string // what the horizontal axis counts
	Notes []string

	Thresholds []float64 // rising
	Used       float64   // the threshold in use
	Rejected   ErrorRate // of those that should have been accepted
	Accepted   []ErrorRate
}

// An ErrorRate is one curve: the share (0 to 1) that errs at each threshold.
type ErrorRate struct {
	Name  string
	Share []float64
	// Where the curve meets that of the rejected: the threshold, and the share there.
	EqualAt, Equal float64
}

// SaveErrorRates draws the curves as a PNG. The vertical axis is logarithmic; shares
// below its foot, one in two thousand, are left out.
func SaveErrorRates(e ErrorRates, path string) error {
	picture, err := render(func(*report.Report) *sheet { return errorRates(e) }, nil, raster)
	if err == nil {
		err = writePicture(path, picture)
	}
	if err != nil {
		return fmt.Errorf("draw %s: %w", path, err)
	}
	return nil
}

// leastShare is the foot of the vertical axis.
const leastShare = 0.0005

func errorRates(e ErrorRates) *sheet {
	s := &sheet{title: e.Title, under: e.Under, plot: bare(), tall: plotTall + 40, yname: "share of attempts that is decided wrongly"}
	for _, n := range e.Notes {
		s.notes = append(s.notes, note{text: n})
	}
	if len(e.Thresholds) < 2 {
		s.empty = "no attempts"
		return s
	}
	p := s.plot
	p.X.Min, p.X.Max = e.Thresholds[0], e.Thresholds[len(e.Thresholds)-1]
	p.X.Label.Text = e.Score
	var marks ticks
	for v := math.Ceil(p.X.Min); v <= p.X.Max; v++ {
		marks = append(marks, tickAt(v, strconv.FormatFloat(v, 'f', 0, 64)))
	}
	p.X.Tick.Marker = marks
	p.Y.Min, p.Y.Max, p.Y.Scale = leastShare, 1, plot.LogScale{}
	p.Y.Tick.Marker = ticks{
		tickAt(leastShare, "0.05 %"), tickAt(0.001, "0.1 %"), tickAt(0.005, "0.5 %"), tickAt(0.01, "1 %"),
		tickAt(0.05, "5 %"), tickAt(0.1, "10 %"), tickAt(0.5, "50 %"), tickAt(1, "100 %"),
	}
	grid(p, false)
	used := stroke(1.1, muted, 5, 3)
	line(p, used, []xy{{e.Used, leastShare}, {e.Used, 1}})

	draws := func(r ErrorRate, sty draw.LineStyle) {
		line(p, sty, shares(e.Thresholds, r.Share))
		s.keys = append(s.keys, lineKey(sty, r.Name))
	}
	draws(e.Rejected, stroke(2.4, blue))
	for i, r := range e.Accepted {
		c := []paint{vermilion, orange, purple}[i%3]
		draws(r, stroke(2.4, c))
		equalMark(p, r, c)
	}
	s.keys = append(s.keys, lineKey(used, "threshold in use"))
	return s
}

// shares are the points of a curve, with a gap where hardly anything errs.
func shares(at, share []float64) (points []xy) {
	for i, v := range share {
		if v < leastShare {
			v = math.NaN()
		}
		points = append(points, xy{at[i], v})
	}
	return points
}

// equalMark sets a dot where both errors are as frequent, and its share beside it.
func equalMark(p *plot.Plot, r ErrorRate, c paint) {
	p.Add(drawing(func(canvas draw.Canvas, x, y func(float64) vg.Length) {
		at := vg.Point{X: x(within(r.EqualAt, p.X.Min, p.X.Max)), Y: y(within(r.Equal, p.Y.Min, p.Y.Max))}
		disc(canvas, at, 4, c)
		txt := "equal error " + strconv.FormatFloat(100*r.Equal, 'f', 1, 64) + " %"
		// To the right the two curves that meet here part, and leave room between them.
		canvas.FillText(bold(markText), vg.Point{X: at.X + 24, Y: at.Y + 3}, txt)
	}))
}
