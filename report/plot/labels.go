package plot

import (
	"cmp"
	"image/color"
	"slices"

	"github.com/posfleet/posfleet/report"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// mostLabels is how many labels a figure shows; the slowest go first.
const mostLabels = 24

// row is one label of the figure.
type row struct {
	report.Label
	response report.Distribution
}

// top is the quantile that ends the row: p99, or less when samples are few.
func (w row) top() float64 { return min(0.99, w.response.HighestQuantile()) }

// labels compares the kinds of transaction: from p50 to p99 of the response.
func labels(r *report.Report) *sheet {
	var rows []row
	var n int64
	for _, l := range r.Labels {
		sp := report.ResponseTimes(l)
		n += sp.N()
		if sp.N() > 0 {
			rows = append(rows, row{l, sp})
		}
	}
	s := newSheet(r, "Response time of each kind of transaction", n)
	defer func() { s.notes = append(s.notes, source(r)) }()
	if n == 0 {
		s.empty = tooFew(0)
		return s
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.response.At(b.top()), a.response.At(a.top())), cmp.Compare(a.Name, b.Name))
	})
	if left := len(rows) - mostLabels; left > 0 {
		rows = rows[:mostLabels]
		s.notes = append(s.notes, note{text: report.Plural(int64(left), "faster label") + " not shown."})
	}
	s.tall = vg.Length(64 + 25*len(rows))
	s.right = 190

	lo, hi := µs(rows[0].response.At(0.5)), 1.0
	for _, w := range rows {
		lo, hi = min(lo, µs(w.response.At(0.5))), max(hi, µs(w.response.At(w.top())))
	}
	p := s.plot
	latencyAxis(&p.X, lo, hi, 2.4)
	p.X.Label.Text = "response: from the due time to the answer"
	p.Y.Min, p.Y.Max = -0.6, float64(len(rows))-0.2
	var names ticks
	for i, w := range rows {
		names = append(names, tickAt(float64(len(rows)-1-i), fit(axisText, w.Name, 170)))
	}
	p.Y.Tick.Marker = names
	p.Y.Tick.Label.Color = ink
	p.Add(drawing(func(c draw.Canvas, x, y func(float64) vg.Length) {
		for _, t := range p.X.Tick.Marker.Ticks(0, 0) {
			c.StrokeLine2(stroke(0.6, rule), x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
		}
	}))
	s.keys = []key{dotKey(sky, "p50"), dotKey(responseColour, "p99")}
	few := false
	for i, w := range rows {
		few = few || w.top() < 0.99
		dumbbell(s, w, float64(len(rows)-1-i), i == 0)
	}
	if few {
		s.keys = append(s.keys, ringKey("too few samples for p99: the highest percentile they carry"))
	}
	return s
}

// dumbbell draws one label and writes its figures beside it.
func dumbbell(s *sheet, w row, at float64, first bool) {
	p := s.plot
	p.Add(drawing(func(c draw.Canvas, x, y func(float64) vg.Length) {
		place := func(q float64) vg.Point {
			return vg.Point{X: x(within(max(1, µs(w.response.At(q))), p.X.Min, p.X.Max)), Y: y(at)}
		}
		from, to := place(min(0.5, w.top())), place(w.top())
		c.StrokeLine2(stroke(3.2, pale), from.X, from.Y, to.X, to.Y)
		disc(c, to, 4.6, responseColour)
		if w.top() < 0.99 {
			disc(c, to, 2.2, color.White)
		}
		disc(c, from, 4, sky)

		said := func(q float64) string {
			if t := w.Quantile(q); !t.TooFew {
				return t.String()
			}
			return "too few"
		}
		num := align(markText, text.XRight)
		headline := bold(num)
		if w.Quantile(0.99).TooFew {
			headline = align(axisText, text.XRight)
		}
		columns := []struct {
			x    vg.Length
			head string
			val  string
			sty  text.Style
		}{
			{70, "p50", said(0.5), num},
			{130, "p99", said(0.99), headline},
			{190, "n", report.FormatCount(w.response.N()), num},
		}
		for _, col := range columns {
			right := c.Max.X + col.x
			c.FillText(col.sty, vg.Point{X: right, Y: y(at) - 3.6}, col.val)
			if first {
				c.FillText(align(axisText, text.XRight), vg.Point{X: right, Y: c.Max.Y + 3}, col.head)
			}
		}
	}))
}
