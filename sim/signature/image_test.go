package signature

import (
	"bytes"
	"testing"

	"github.com/posfleet/posfleet/sim/signature/jbig"
)

func TestImageShowsEveryStroke(t *testing.T) {
	// Three strokes on a pad of 96 mm in 96 columns: a pixel is a mm.
	s := Signature{
		{{2000, 1000, 0, 1}, {2000, 2000, 10, 1}},
		{{4000, 1000, 20, 1}, {5000, 2000, 30, 1}},
		{{6000, 1500, 40, 1}},
	}
	b := Image(s, 96, 40)
	want := map[[2]int]bool{ // from the middle of the signature, (40, 15) mm
		{-20, -5}: true, {-20, 0}: true, {-20, 4}: true, // upright
		{0, -5}: true, {5, 0}: true, {9, 4}: true, // slanting
		{20, 0}:  true, // a dot
		{-10, 0}: false, {-20, 7}: false, {10, -3}: false, {22, 0}: false,
	}
	for at, black := range want {
		if got := b.Black(48+at[0], 20+at[1]); got != black {
			t.Errorf("pixel %v from the middle: black is %t", at, got)
		}
	}
}

func TestALargeSignatureIsMadeToFit(t *testing.T) {
	corner := Signature{{{0, 0, 0, 1}, {MaxExtent, MaxExtent, 10, 1}}}
	b := Image(corner, 60, 30)
	// The diagonal goes from edge to edge of the lower side, in the middle of the other.
	if !b.Black(30-14, 1) || !b.Black(30+13, 28) {
		t.Error("the ends of the stroke are not on the image")
	}
	for y := range 30 {
		if b.Black(2, y) || b.Black(57, y) {
			t.Errorf("row %d: stretched", y)
		}
	}
	Image(corner, 1, 1) // no room is no reason to fail
}

// What the images of generated writers take goes into one message, and comes back.
func TestImagesFitIntoOneField(t *testing.T) {
	shortest, longest := MaxSegment, 0
	for writer := range uint64(60) {
		for _, kind := range []Kind{Genuine, Skilled, Shaky} {
			image := Image(Generate(writer, kind, 1), ImageWidth, ImageHeight)
			octets := jbig.Encode(image, jbig.Options{})
			shortest, longest = min(shortest, len(octets)), max(longest, len(octets))
			if parts := Segments(octets, MaxSegment); len(parts) != 1 || !parts[0].Last {
				t.Errorf("writer %d: %d octets in %d segments", writer, len(octets), len(parts))
			}
			if again, err := jbig.Decode(octets); err != nil || !bytes.Equal(again.Bits, image.Bits) {
				t.Errorf("writer %d: comes back otherwise: %v", writer, err)
			}
		}
	}
	t.Logf("%d to %d octets", shortest, longest)
}
