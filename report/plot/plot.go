// Package plot draws what a run found, and what fee plans cost ([SaveCosts]), as SVG
// for pages and PNG for everything else.
//
// A figure is a function from a [report.Report], or [Costs], to a sheet: title, keys, one
// gonum plot, notes. [Save] lays the sheets out in one house style and writes
// each twice. Pictures are drawn from histograms and seconds, never from raw
// samples, so the time they take does not grow with the run.
package plot

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"path/filepath"
	"unicode"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/posfleet/posfleet/report"
)

// figures are drawn for every run, in this order; a figure's name is its file's.
var figures = []struct {
	name string
	draw func(*report.Report) *sheet
}{
	{"percentiles", percentiles},
	{"histogram", histogram},
	{"throughput", throughput},
	{"latency-over-time", latencyOverTime},
	{"labels", labels},
}

// Save draws every figure of the run into dir, which must exist, as NAME.svg and
// NAME.png, and returns the paths written. A run without samples is drawn too:
// its figures say so.
//
// Text that the built-in fonts cannot show (Chinese, for one) stays in the SVG,
// whose viewer has fonts of its own; in the PNG a label so named goes by its
// number.
func Save(r *report.Report, dir string) ([]string, error) {
	var paths []string
	// unicode.IsPrint leaves out what XML forbids.
	text, latin := legible(r, unicode.IsPrint), legible(r, drawable)
	for _, f := range figures {
		written, err := save(dir, f.name, f.draw, text, latin)
		paths = append(paths, written...)
		if err != nil {
			return paths, err
		}
	}
	return paths, nil
}

// save draws one figure as NAME.svg, of what has all its texts, and as NAME.png, of
// what has those that our fonts can show.
func save[T any](dir, name string, draw func(T) *sheet, text, latin T) (paths []string, err error) {
	for _, kind := range []struct {
		ext    string
		of     T
		render func(*sheet) ([]byte, error)
	}{{"svg", text, svg}, {"png", latin, raster}} {
		file := name + "." + kind.ext
		picture, err := render(draw, kind.of, kind.render)
		if err != nil {
			return paths, fmt.Errorf("draw %s: %w", file, err)
		}
		path := filepath.Join(dir, file)
		if err := writePicture(path, picture); err != nil {
			return paths, fmt.Errorf("draw %s: %w", file, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// writePicture writes a picture into its file.
func writePicture(path string, picture []byte) error {
	return report.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(picture)
		return err
	})
}

// render draws one figure. gonum panics where others return errors (a log axis
// at zero is one such place); no picture is worth losing a run's report for.
func render[T any](draw func(T) *sheet, of T, as func(*sheet) ([]byte, error)) (picture []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("gonum: %v", p)
		}
	}()
	return as(draw(of))
}

// svg gives the sheet as an SVG document, the same octets every time.
func svg(s *sheet) ([]byte, error) {
	c := vgsvg.NewWith(vgsvg.UseWH(width, s.height()))
	paper := draw.New(c)
	paper.SetColor(color.White)
	paper.Fill(paper.Rectangle.Path())
	s.draw(paper)
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, err
	}
	// Where Liberation is not installed its metric twins come next, not a serif.
	return bytes.ReplaceAll(b.Bytes(),
		[]byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;")), nil
}

// dpi makes a PNG 1,440 pixels wide: two for each CSS pixel of a page column.
const dpi = 144

// raster gives the sheet as a PNG of at most 256 colours.
func raster(s *sheet) ([]byte, error) {
	c := vgimg.NewWith(vgimg.UseWH(width, s.height()), vgimg.UseDPI(dpi)) // white from the start
	s.draw(draw.New(c))
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&b, paletted(c.Image())); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

const width = 720 * vg.Length(1) // points; a page column of 960 CSS pixels
