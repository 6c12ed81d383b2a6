package signature

import (
	"math"
	"math/bits"

	"github.com/posfleet/posfleet/sim/signature/jbig"
)

// A usual size of the image, in pixels: terminals were seen to send 400 × 160, and
// 96 × 173. What JBIG makes of a signature in it is far below the 999 octets of a field.
const (
	ImageWidth  = 400
	ImageHeight = 160
)

// padWidth is how wide a pad is, in 0.01 mm, whatever its image has in pixels.
const padWidth = 9600

// Image draws a signature black on white, with a pen two pixels wide: in the middle, in
// the size that it has on a pad of 96 mm, or smaller where it would not fit. Width
// and height are in pixels; [jbig.NewBitmap] says what they may be.
func Image(s Signature, width, height int) *jbig.Bitmap {
	b := jbig.NewBitmap(width, height)
	draw(b, s)
	return b
}

// inkOf is how many pixels of the image are black; canvas is overwritten.
func inkOf(s Signature, canvas *jbig.Bitmap) int {
	clear(canvas.Bits)
	draw(canvas, s)
	n := 0
	for _, octet := range canvas.Bits {
		n += bits.OnesCount8(octet)
	}
	return n
}

func draw(b *jbig.Bitmap, s Signature) {
	left, top, right, bottom := MaxExtent, MaxExtent, 0, 0
	for _, stroke := range s {
		for _, p := range stroke {
			left, right = min(left, int(p.X)), max(right, int(p.X))
			top, bottom = min(top, int(p.Y)), max(bottom, int(p.Y))
		}
	}
	// A pixel is so many 0.01 mm; a free pixel is left at each side for the pen.
	pixel := float64(padWidth) / float64(b.Width)
	pixel = max(pixel, float64(right-left)/float64(max(1, b.Width-3)), float64(bottom-top)/float64(max(1, b.Height-3)))
	place := func(p Point) (x, y int) {
		fromMiddle := func(v uint16, lo, hi int) int {
			return int(math.Round((float64(v) - float64(lo+hi)/2) / pixel))
		}
		return b.Width/2 + fromMiddle(p.X, left, right), b.Height/2 + fromMiddle(p.Y, top, bottom)
	}
	for _, stroke := range s {
		lastX, lastY := place(stroke[0])
		dot(b, lastX, lastY)
		for _, p := range stroke[1:] {
			x, y := place(p)
			line(b, lastX, lastY, x, y)
			lastX, lastY = x, y
		}
	}
}

// dot sets the pen down.
func dot(b *jbig.Bitmap, x, y int) {
	b.Blacken(x, y)
	b.Blacken(x-1, y)
	b.Blacken(x, y-1)
	b.Blacken(x-1, y-1)
}

// line draws from one pixel to another, the first one left out.
func line(b *jbig.Bitmap, x0, y0, x1, y1 int) {
	steps := max(abs(x1-x0), abs(y1-y0))
	for i := 1; i <= steps; i++ {
		dot(b, x0+divide((x1-x0)*i, steps), y0+divide((y1-y0)*i, steps))
	}
}

func abs(n int) int { return max(n, -n) }

// divide rounds to the nearest, also below zero.
func divide(n, by int) int {
	if n < 0 {
		return -divide(-n, by)
	}
	return (2*n + by) / (2 * by)
}
