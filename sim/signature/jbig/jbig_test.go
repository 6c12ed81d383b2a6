package jbig

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
)

// scribble is a bitmap of some lines, dots and a filled part, the same for a seed.
func scribble(width, height int, seed uint64) *Bitmap {
	r := rand.New(rand.NewPCG(seed, 1))
	b := NewBitmap(width, height)
	for range 6 {
		x, y := r.Float64()*float64(width), r.Float64()*float64(height)
		dx, dy := r.NormFloat64(), r.NormFloat64()
		for range 200 {
			b.Blacken(int(x), int(y))
			dx, dy = dx+r.NormFloat64()*0.2, dy+r.NormFloat64()*0.2
			x, y = x+dx*0.5, y+dy*0.5
		}
	}
	for range width * height / 50 {
		b.Blacken(r.IntN(width), r.IntN(height/2+1))
	}
	return b
}

func equal(a, b *Bitmap) bool {
	return a.Width == b.Width && a.Height == b.Height && bytes.Equal(a.Bits, b.Bits)
}

// everyOption are the ways to pack an image.
func everyOption() (all []Options) {
	for _, two := range []bool{false, true} {
		for _, plain := range []bool{false, true} {
			for _, stripe := range []int{0, 1, 7, 128} {
				all = append(all, Options{TwoLines: two, Plain: plain, Stripe: stripe})
			}
		}
	}
	return all
}

func TestImagesComeBackAsTheyWere(t *testing.T) {
	sizes := [][2]int{{1, 1}, {1, 9}, {9, 1}, {2, 2}, {7, 5}, {8, 8}, {9, 3}, {31, 33}, {400, 160}, {96, 173}}
	for i, size := range sizes {
		for _, o := range everyOption() {
			for name, b := range map[string]*Bitmap{
				"white":    NewBitmap(size[0], size[1]),
				"scribble": scribble(size[0], size[1], uint64(i)),
				"black":    black(size[0], size[1]),
			} {
				octets := Encode(b, o)
				got, err := Decode(octets)
				if err != nil {
					t.Fatalf("%s of %v, %+v: %v", name, size, o, err)
				}
				if !equal(got, b) {
					t.Fatalf("%s of %v, %+v: comes back otherwise", name, size, o)
				}
			}
		}
	}
}

func black(width, height int) *Bitmap {
	b := NewBitmap(width, height)
	for y := range height {
		for x := range width {
			b.Blacken(x, y)
		}
	}
	return b
}

func TestAnEmptyImageIsShort(t *testing.T) {
	if n := len(Encode(NewBitmap(400, 160), Options{})); n > 30 {
		t.Errorf("a white image of 400 × 160 takes %d octets", n)
	}
}

// What a decoder must not take, each with the words that its error has to have.
func TestOctetsThatAreNoImageAreRefused(t *testing.T) {
	good := Encode(scribble(40, 30, 1), Options{Stripe: 10})
	change := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], to)
		return b
	}
	for name, c := range map[string]struct {
		octets []byte
		want   string
	}{
		"nothing":         {nil, "0 octets"},
		"half a header":   {good[:12], "12 octets"},
		"resolutions":     {change(1, 2), "resolutions 0 to 2"},
		"planes":          {change(2, 8), "8 planes"},
		"fill octet":      {change(3, 1), "octet 3"},
		"no columns":      {change(4, 0, 0, 0, 0), "0 × 30"},
		"too wide":        {change(4, 0xff, 0xff, 0xff, 0xff), "at most 1048576"},
		"too many pixels": {change(4, 0, 0, 0x10, 0, 0, 0, 0x10, 0), "4096 × 4096"},
		"no stripe":       {change(12, 0, 0, 0, 0), "stripes of no lines"},
		"rising pixel":    {change(17, 1), "may rise 1 lines"},
		"own table":       {change(19, hasTable|ownTable), "table of the sender's own"},
		"highest option":  {change(19, 0x80), "highest bit"},
		"cut":             {good[:len(good)-2], "end within the stripe that begins with line 20"},
		"only a header":   {good[:headerLen], "end within the stripe that begins with line 0"},
		"aborted":         {append(good[:headerLen:headerLen], escape, abort), "gave the image up"},
		"unknown marker":  {append(good[:headerLen:headerLen], escape, 0x42), "marker 42"},
		"marker in data":  {append(good[:headerLen:headerLen], 1, 2, escape, newLen), "marker 05 within a stripe"},
		"new length":      {append(good[:headerLen:headerLen], escape, newLen, 0, 0, 0, 9), "new height of 9"},
		"long comment":    {append(good[:headerLen:headerLen], escape, comment, 0xff, 0xff, 0xff, 0xff, 1), "comment of 4294967295"},
		"pixel moves up":  {append(good[:headerLen:headerLen], escape, atMove, 0, 0, 0, 0, 5, 1), "(5, 1)"},
	} {
		_, err := Decode(c.octets)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

// Comments stand anywhere between stripes and mean nothing.
func TestCommentsArePassedOver(t *testing.T) {
	b := scribble(40, 25, 3)
	octets := Encode(b, Options{Stripe: 10})
	said := append(bytes.Clone(octets[:headerLen]), escape, comment, 0, 0, 0, 3, 'a', escape, 'b')
	said = append(said, octets[headerLen:]...)
	if got, err := Decode(said); err != nil || !equal(got, b) {
		t.Errorf("an image with a comment: %v", err)
	}
}

// A height that was not known at first follows the stripe that it cuts (T.85).
func TestHeightComesAfterwards(t *testing.T) {
	tall := NewBitmap(40, 30)
	copy(tall.Bits, scribble(40, 25, 3).Bits)
	octets := Encode(tall, Options{Stripe: 10})
	binary.BigEndian.PutUint32(octets[8:], 0xffffffff)
	octets[19] |= lengthOpen
	got, err := Decode(append(octets, escape, newLen, 0, 0, 0, 25))
	if err != nil || got.Height != 25 || !bytes.Equal(got.Bits, tall.Bits[:25*5]) {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzDecode(f *testing.F) {
	for i, o := range everyOption() {
		f.Add(Encode(scribble(40, 30, uint64(i)), o))
	}
	open := Encode(scribble(40, 30, 99), Options{Stripe: 10})
	open[19] |= lengthOpen
	f.Add(append(open, escape, newLen, 0, 0, 0, 25))
	f.Add(append(bytes.Clone(open[:headerLen]), escape, atMove, 0, 0, 0, 2, 9, 0, 1, 2, 3, escape, endDrop))
	f.Fuzz(func(t *testing.T, octets []byte) {
		if n := allocs.Above(4*uint64(len(octets))+4*MaxPixels/8, // an image that grows stripe by stripe is copied
			func() { Decode(octets) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(octets), n)
		}
		b, err := Decode(octets)
		if err != nil {
			return
		}
		if len(b.Bits)*8 > MaxPixels || len(b.Bits) != b.stride()*b.Height {
			t.Fatalf("%d × %d pixels in %d octets", b.Width, b.Height, len(b.Bits))
		}
		again, err := Decode(Encode(b, Options{}))
		if err != nil || !equal(again, b) {
			t.Fatalf("what was read does not come back: %v", err)
		}
	})
}

// Hostile sizes are refused before memory is taken for them.
func TestMemoryIsBounded(t *testing.T) {
	header := func(width, height, stripe uint32, flags byte) []byte {
		b := []byte{0, 0, 1, 0}
		for _, v := range []uint32{width, height, stripe} {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		return append(b, 0, 0, 0, flags)
	}
	for _, h := range [][]byte{
		header(1<<31, 1<<31, 1, 0),
		header(1, 1<<31, 1<<31, 0),
		header(1024, 0xffffffff, 0xffffffff, lengthOpen),
		header(1024, 0xffffffff, 64, lengthOpen),
		header(1<<20, 0xffffffff, 1, lengthOpen),
	} {
		octets := append(h, bytes.Repeat([]byte{escape, endKeep}, 1<<12)...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Decode(octets); err == nil {
			t.Errorf("%x was read", h)
		}
		runtime.ReadMemStats(&after)
		took := after.TotalAlloc - before.TotalAlloc
		if took > 1<<20 {
			t.Errorf("%d octets were taken for %x", took, h)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	image := scribble(240, 96, 1)
	b.ReportAllocs()
	for range b.N {
		Encode(image, Options{})
	}
}

func BenchmarkDecode(b *testing.B) {
	octets := Encode(scribble(240, 96, 1), Options{})
	b.ReportAllocs()
	for range b.N {
		if _, err := Decode(octets); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleEncode() {
	image := NewBitmap(16, 3)
	for x := range 16 {
		image.Blacken(x, 1)
	}
	octets := Encode(image, Options{})
	again, err := Decode(octets)
	fmt.Println(len(octets), again.Black(5, 1), again.Black(5, 2), err)
	// Output: 24 true false <nil>
}
