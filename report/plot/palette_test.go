package plot

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// A PNG has fewer colours than were drawn, and no pixel that looks otherwise.
func TestPNGLooksAsDrawn(t *testing.T) {
	s := percentiles(runs()["stall"])
	c := vgimg.NewWith(vgimg.UseWH(width, s.height()), vgimg.UseDPI(dpi))
	s.draw(draw.New(c))
	drawn := c.Image().(*image.RGBA)
	// A dot of its own colour, too small to count beside a thousand shades of grey.
	dot := color.RGBA{1, 255, 2, 255}
	drawn.SetRGBA(700, 400, dot)
	var b bytes.Buffer
	if err := png.Encode(&b, paletted(drawn)); err != nil {
		t.Fatal(err)
	}
	seen, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := seen.(*image.Paletted); !ok {
		t.Fatalf("it is a %T, want one with a palette", seen)
	}
	pixels := map[color.Color]bool{}
	for y := range drawn.Rect.Dy() {
		for x := range drawn.Rect.Dx() {
			got, want := color.RGBAModel.Convert(seen.At(x, y)).(color.RGBA), drawn.RGBAAt(x, y)
			pixels[want] = true
			if differ(got, want) > 8 {
				t.Fatalf("pixel %d, %d is %v, was drawn %v", x, y, got, want)
			}
		}
	}
	if got := color.RGBAModel.Convert(seen.At(700, 400)); got != dot {
		t.Errorf("the dot is %v, want %v", got, dot)
	}
	if len(pixels) <= 256 {
		t.Errorf("%d colours were drawn, want more than fit a palette: this test tries nothing", len(pixels))
	}
}

func differ(a, b color.RGBA) int {
	most := 0
	for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B), int(a.A) - int(b.A)} {
		most = max(most, d, -d)
	}
	return most
}
