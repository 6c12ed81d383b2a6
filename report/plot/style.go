package plot

import (
	"image/color"
	"strings"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"

	"github.com/posfleet/posfleet/report"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Short names for what gonum passes around.
type (
	paint     = color.Color
	lineStyle = draw.LineStyle
)

// The palette is Okabe and Ito's, which stays apart for colour-blind readers,
// with greys for all that is not data.
var (
	ink   = color.RGBA{0x1b, 0x1f, 0x24, 0xff}
	muted = color.RGBA{0x5a, 0x63, 0x6e, 0xff}
	rule  = color.RGBA{0xe4, 0xe7, 0xeb, 0xff}
	base  = color.RGBA{0x9a, 0xa3, 0xad, 0xff}
	shade = color.RGBA{0xef, 0xf1, 0xf4, 0xff}

	blue      = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	sky       = color.RGBA{0x56, 0xb4, 0xe9, 0xff}
	pale      = color.RGBA{0x9a, 0xc3, 0xde, 0xff}
	orange    = color.RGBA{0xe6, 0x9f, 0x00, 0xff}
	green     = color.RGBA{0x4f, 0xb0, 0x92, 0xff}
	vermilion = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	purple    = color.RGBA{0xb0, 0x5c, 0x8f, 0xff}

	veil = color.NRGBA{0xff, 0xff, 0xff, 0x8c} // over what is not counted

	suspectTint = color.RGBA{0xfd, 0xf4, 0xdc, 0xff}
	invalidTint = color.RGBA{0xfb, 0xe6, 0xd9, 0xff}
)

// Response is told in one colour everywhere, service in another.
var (
	responseColour = blue
	serviceColour  = orange
	serviceUnder   = color.RGBA{0xf6, 0xc4, 0x5c, 0xff} // where it is a wide line under the other
)

// outcomeColours follow report's order of outcomes.
var outcomeColours = [report.Outcomes]color.RGBA{
	report.Approved: green,
	report.Declined: sky,
	report.Refused:  purple,
	report.TimedOut: vermilion,
	report.Broken:   {0x4a, 0x2c, 0x2a, 0xff},
	report.Open:     base,
	report.Unsent:   {0xd0, 0xc4, 0x4c, 0xff},
}

var fonts = font.NewCache(liberation.Collection())

// write is a text style of the house: Liberation Sans in a size and a colour,
// which starts at the point it is written to, on the base line.
func write(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign:  text.XLeft,
		YAlign:  text.YBottom,
		Handler: text.Plain{Fonts: fonts},
	}
}

func bold(s text.Style) text.Style { s.Font.Weight = xfont.WeightBold; return s }

func align(s text.Style, x text.XAlignment) text.Style { s.XAlign = x; return s }

// Texts of a sheet.
var (
	titleText  = bold(write(15, ink))
	underText  = write(10, muted)
	keyText    = write(10, ink)
	axisText   = write(9.5, muted)
	markText   = write(9.5, ink)
	sourceText = write(8.5, muted)
	alarmText  = bold(write(9, vermilion))
)

// stroke is a line of a width and a colour; dashes, when given, in points.
func stroke(w vg.Length, c color.Color, dashes ...vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: w, Dashes: dashes}
}

// bare is a gonum plot with all its own taste taken off.
func bare() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.TextHandler = text.Plain{Fonts: fonts}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		x, y := a.Tick.Label.XAlign, a.Tick.Label.YAlign
		a.Tick.Label = axisText
		a.Tick.Label.XAlign, a.Tick.Label.YAlign = x, y
		a.Label.TextStyle = align(axisText, text.XCenter)
		a.Label.Padding = 2
		a.Padding = 0
		a.Min, a.Max = 0, 1
		a.LineStyle.Width = 0
		a.Tick.LineStyle = stroke(0.6, base)
		a.Tick.Length = 4
		a.Tick.Marker = ticks(nil)
	}
	p.Y.Tick.Length = 0
	p.X.LineStyle = stroke(0.8, base)
	return p
}

// advance is how wide a text will be. A rune that the font lacks will be drawn
// by the viewer's font, most likely a full square.
func advance(s text.Style, txt string) vg.Length {
	var missing vg.Length
	known := strings.Map(func(r rune) rune {
		if drawable(r) {
			return r
		}
		missing += s.Font.Size
		return -1
	}, txt)
	return s.Width(known) + missing
}

// fit cuts a text that is too long for its place, and shows that it did.
func fit(s text.Style, txt string, room vg.Length) string {
	if advance(s, txt) <= room {
		return txt
	}
	runes := []rune(txt)
	for len(runes) > 0 && advance(s, string(runes)+"…") > room {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ,·") + "…"
}

// drawable tells whether the built-in font has the rune.
func drawable(r rune) bool {
	face := fonts.Lookup(keyText.Font, keyText.Font.Size)
	var b sfnt.Buffer
	i, err := face.Face.GlyphIndex(&b, r)
	return err == nil && i != 0
}

// legible is the run with every text made to be drawn: only the runes that keep
// wants stay. A label that would lose some goes by its number instead.
func legible(r *report.Report, keep func(rune) bool) *report.Report {
	strip := func(s string) string { return strip(s, keep) }
	plain := *r
	plain.Plan.Model = strip(r.Plan.Model)
	plain.Plan.Arrivals = strip(r.Plan.Arrivals)
	plain.Plan.Target = strip(r.Plan.Target)
	plain.Environment.Version = strip(r.Environment.Version)
	plain.Validity.Reasons = nil
	for _, s := range r.Validity.Reasons {
		plain.Validity.Reasons = append(plain.Validity.Reasons, strip(s))
	}
	plain.Labels = append([]report.Label(nil), r.Labels...)
	for i, l := range r.Labels {
		if s := strip(l.Name); s != l.Name || s == "" {
			plain.Labels[i].Name = numbered(i)
		}
	}
	return &plain
}

// strip is a text without the runes that keep does not want.
func strip(s string, keep func(rune) bool) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if keep(c) {
			return c
		}
		return -1
	}, s))
}
