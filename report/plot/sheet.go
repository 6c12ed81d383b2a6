package plot

import (
	"image/color"
	"math"
	"strings"

	"github.com/posfleet/posfleet/report"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A sheet is one figure laid out: title, what was asked for, keys, the plot, and
// notes at the foot.
type sheet struct {
	title string
	under string // what was run, and on how many samples
	keys  []key
	yname string // stands above the vertical axis
	plot  *plot.Plot
	right vg.Length // room kept right of the plot, for texts beside it
	tall  vg.Length // height of the plot with its axes
	empty string    // said in place of the plot, when there is nothing to draw
	notes []note
}

// A key names a mark of the plot.
type key struct {
	mark func(c draw.Canvas, x, y vg.Length) // at x, about the height y
	wide vg.Length
	name string
}

// A note stands at the foot; an alarm is one that must not be overlooked.
type note struct {
	text  string
	alarm bool
}

// Measures of a sheet, in points.
const (
	margin   = 22
	lineWide = 18
	boxWide  = 11
	keyRow   = 15
	noteRow  = 13
	plotTall = 285
)

// newSheet starts the figure of a run: its title, what was asked for, and what
// must be known of the generator before a figure is believed.
func newSheet(r *report.Report, title string, n int64) *sheet {
	s := &sheet{title: title, plot: bare(), tall: plotTall}
	s.under = strings.Join(asked(r), ", ") + " · n = " + report.FormatCount(n)
	if r.Interrupted {
		s.under += " · stopped early"
	}
	if r.Validity.Level != report.Valid {
		said := "Generator " + r.Validity.Level.String()
		if why := r.Validity.Reason(); why != "" {
			said += ": " + strings.Replace(why, r.Validity.Level.String()+": ", "", 1)
		}
		s.notes = append(s.notes, note{said, true})
	}
	if r.Plan.Model == "closed" {
		s.notes = append(s.notes, note{text: "Closed model: latency excludes queueing before the terminal."})
	}
	return s
}

// asked says what was run, in a few words.
func asked(r *report.Report) []string {
	var said []string
	if r.Plan.Model != "" {
		said = append(said, r.Plan.Model+" model")
	}
	if a := r.Plan.Arrivals; a != "" {
		if r.Plan.For > 0 && !strings.Contains(a, " over ") {
			a += " for " + span(r.Plan.For)
		}
		said = append(said, a)
	}
	return append(said, report.FormatCount(int64(r.Plan.Terminals))+" terminals", "seed "+number(r.Plan.Seed))
}

// source is the last line of every figure: who measured what, and from where.
func source(r *report.Report) note {
	said := strings.TrimSpace("posfleet " + strings.TrimPrefix(r.Environment.Version, "posfleet "))
	if r.Plan.Target != "" {
		said += " against " + r.Plan.Target
	}
	if r.Validity.Level == report.Valid {
		said += " · generator valid"
	}
	if r.Validity.SameHost {
		said += " · host and generator share this machine: not a capacity of the host"
	}
	return note{text: said}
}

// rows lays the keys out in rows that are no wider than the sheet.
func (s *sheet) rows() [][]key {
	var rows [][]key
	room := vg.Length(0)
	for _, k := range s.keys {
		need := k.wide + 5 + advance(keyText, k.name) + 18
		if len(rows) == 0 || need > room {
			rows = append(rows, nil)
			room = width - 2*margin + 18
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], k)
		room -= need
	}
	return rows
}

// head is the height of all above the plot, foot of all below it.
func (s *sheet) head() vg.Length {
	h := vg.Length(62 + 2)
	if len(s.keys) > 0 && s.empty == "" {
		h += vg.Length(len(s.rows())) * keyRow
	}
	if s.yname != "" && s.empty == "" {
		h += 15
	}
	return h
}

func (s *sheet) foot() vg.Length { return 14 + vg.Length(len(s.notes))*noteRow }

func (s *sheet) height() vg.Length { return s.head() + s.tall + s.foot() }

// draw lays the sheet out on a white canvas of its size.
func (s *sheet) draw(c draw.Canvas) {
	room := c.Max.X - 2*margin
	at := func(sty text.Style, x, y vg.Length, txt string) {
		c.FillText(sty, vg.Point{X: x, Y: y}, fit(sty, txt, room))
	}
	top := c.Max.Y
	at(titleText, margin, top-32, s.title)
	at(underText, margin, top-49, s.under)

	y := c.Min.Y + 14
	for i := len(s.notes) - 1; i >= 0; i-- {
		sty := sourceText
		if s.notes[i].alarm {
			sty = alarmText
		}
		at(sty, margin, y, s.notes[i].text)
		y += noteRow
	}

	if s.empty != "" {
		middle := vg.Point{X: c.Center().X, Y: c.Min.Y + s.foot() + s.tall/2}
		c.FillText(align(write(14, muted), text.XCenter), middle, s.empty)
		return
	}
	y = top - 49 - 19
	for _, row := range s.rows() {
		x := vg.Length(margin)
		for _, k := range row {
			k.mark(c, x, y+3.2)
			x += k.wide + 5
			c.FillText(keyText, vg.Point{X: x, Y: y}, k.name)
			x += advance(keyText, k.name) + 18
		}
		y -= keyRow
	}
	if s.yname != "" {
		at(axisText, margin, top-s.head()+7, s.yname)
	}
	s.plot.Draw(draw.Crop(c, margin, -margin-s.right, s.foot()+4, -s.head()))
}

// Marks of keys.

func lineKey(sty draw.LineStyle, name string) key {
	return key{name: name, wide: lineWide, mark: func(c draw.Canvas, x, y vg.Length) {
		c.StrokeLine2(sty, x, y, x+lineWide, y)
	}}
}

func boxKey(fill color.Color, name string) key {
	return key{name: name, wide: boxWide, mark: func(c draw.Canvas, x, y vg.Length) {
		c.FillPolygon(fill, box(x, y-5, x+boxWide, y+5))
	}}
}

func dotKey(fill color.Color, name string) key {
	return key{name: name, wide: boxWide, mark: func(c draw.Canvas, x, y vg.Length) { disc(c, vg.Point{X: x + 5, Y: y}, 4.2, fill) }}
}

// stripKey is a tint under a strip of full colour, as seconds are marked.
func stripKey(tint, strip color.Color, name string) key {
	return key{name: name, wide: boxWide, mark: func(c draw.Canvas, x, y vg.Length) {
		c.FillPolygon(tint, box(x, y-5, x+boxWide, y+5))
		c.FillPolygon(strip, box(x, y+2, x+boxWide, y+5))
	}}
}

func ringKey(name string) key {
	return key{name: name, wide: boxWide, mark: func(c draw.Canvas, x, y vg.Length) {
		disc(c, vg.Point{X: x + 5, Y: y}, 4.6, responseColour)
		disc(c, vg.Point{X: x + 5, Y: y}, 2.2, color.White)
	}}
}

func box(x0, y0, x1, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

// disc draws a filled circle with a white rim, so that it stands off its line.
func disc(c draw.Canvas, at vg.Point, radius vg.Length, fill color.Color) {
	for _, ring := range []struct {
		r vg.Length
		c color.Color
	}{{radius + 1.2, color.White}, {radius, fill}} {
		var p vg.Path
		p.Move(vg.Point{X: at.X + ring.r, Y: at.Y})
		p.Arc(at, ring.r, 0, 2*math.Pi)
		p.Close()
		c.SetColor(ring.c)
		c.Fill(p)
	}
}
