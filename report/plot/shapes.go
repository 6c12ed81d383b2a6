package plot

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawing is a plotter that is told where data coordinates lie on the canvas.
type drawing func(c draw.Canvas, x, y func(float64) vg.Length)

// Plot draws, with gonum's own transforms.
func (d drawing) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	d(c, x, y)
}

// xy is a point of the data.
type xy struct{ x, y float64 }

// within keeps a value on an axis: a log axis panics at zero, and clipping
// cannot tell a value that is not a number.
func within(v, lo, hi float64) float64 {
	if math.IsNaN(v) {
		return lo
	}
	return min(max(v, lo), hi)
}

// grid rules the plot lightly at the ticks of the vertical axis, and at those of
// the horizontal one when both is set.
func grid(p *plot.Plot, both bool) {
	p.Add(drawing(func(c draw.Canvas, x, y func(float64) vg.Length) {
		for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
			c.StrokeLine2(stroke(0.6, rule), c.Min.X, y(t.Value), c.Max.X, y(t.Value))
		}
		if !both {
			return
		}
		for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			c.StrokeLine2(stroke(0.6, rule), x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
		}
	}))
}

// onto places points on the plot; what lies beyond an axis lies at its end, since
// a canvas draws, at length, whatever lies outside it.
func onto(p *plot.Plot, x, y func(float64) vg.Length) func(xy) vg.Point {
	return func(at xy) vg.Point {
		return vg.Point{X: x(within(at.x, p.X.Min, p.X.Max)), Y: y(within(at.y, p.Y.Min, p.Y.Max))}
	}
}

// line joins points; a gap is left where y is not a number.
func line(p *plot.Plot, sty draw.LineStyle, points []xy) {
	p.Add(drawing(func(c draw.Canvas, x, y func(float64) vg.Length) {
		place := onto(p, x, y)
		var part []vg.Point
		flush := func() {
			switch len(part) {
			case 0:
			case 1:
				disc(c, part[0], sty.Width+0.6, sty.Color)
			default:
				c.StrokeLines(sty, part)
			}
			part = nil
		}
		for _, pt := range points {
			if math.IsNaN(pt.y) {
				flush()
				continue
			}
			part = append(part, place(pt))
		}
		flush()
	}))
}

// steps turns values that hold from x to x+wide into the corners of a staircase.
func steps(at []float64, wide float64, value func(i int) float64) []xy {
	var points []xy
	for i, x := range at {
		v := value(i)
		points = append(points, xy{x, v}, xy{x + wide, v})
	}
	return points
}

// fill paints from the points down to the horizontal axis.
func fill(p *plot.Plot, paint color.Color, points []xy) {
	if len(points) == 0 {
		return
	}
	p.Add(drawing(func(c draw.Canvas, x, y func(float64) vg.Length) {
		place := onto(p, x, y)
		area := []vg.Point{{X: place(points[0]).X, Y: c.Min.Y}}
		for _, pt := range points {
			area = append(area, place(pt))
		}
		area = append(area, vg.Point{X: place(points[len(points)-1]).X, Y: c.Min.Y})
		c.FillPolygon(paint, area)
	}))
}

// band paints the whole height between two places of the horizontal axis; with a
// cap, only that much of its top.
func band(p *plot.Plot, paint color.Color, from, to float64, tall vg.Length) {
	from, to = within(from, p.X.Min, p.X.Max), within(to, p.X.Min, p.X.Max)
	if to <= from {
		return
	}
	p.Add(drawing(func(c draw.Canvas, x, _ func(float64) vg.Length) {
		bottom := c.Min.Y
		if tall > 0 {
			bottom = c.Max.Y - tall
		}
		x0, x1 := x(from), x(to)
		if x1-x0 < 1.5 { // a second of a long run is still seen
			x1 = x0 + 1.5
		}
		c.FillPolygon(paint, box(x0, bottom, x1, c.Max.Y))
	}))
}
