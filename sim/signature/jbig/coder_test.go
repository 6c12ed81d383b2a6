package jbig

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// The sequence of T.82, 7.1: 256 pixels, each in context 0 or 1, and the octets
// that they make.
var (
	testPixels   = "05e000008b0001c4170000347fff1a3f951b05d81d17e770000000000656" + "0e6a"
	testContexts = "0fe000000f0000f0ff000000000000000000000000000000000000000000" + "0000"
	testOctets   = "6989995c32eafaa0d5ff527fffffffc00000003fff2d208291"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCoderMakesTheOctetsOfTheStandard(t *testing.T) {
	pixels, contexts := unhex(t, testPixels), unhex(t, testContexts)
	e := &encoder{}
	e.start()
	for i := range 256 {
		e.pixel(bit(contexts, i), bit(pixels, i))
	}
	if got, want := e.finish(), unhex(t, testOctets); !bytes.Equal(got, want) {
		t.Errorf("encoded %x, want %x", got, want)
	}

	d := &decoder{}
	d.start(unhex(t, testOctets))
	for i := range 256 {
		if got, want := d.pixel(bit(contexts, i), 0), bit(pixels, i); got != want {
			t.Fatalf("pixel %d is %d, want %d", i, got, want)
		}
	}
}

// What can be said of each row of the table by itself.
func TestEstimatesHoldTogether(t *testing.T) {
	flips := 0
	for i, e := range estimates {
		if e.size == 0 || e.size > 0x5b12 {
			t.Errorf("row %d: size %04x", i, e.size)
		}
		if int(e.likely) >= len(estimates) || int(e.unlikely) >= len(estimates) {
			t.Errorf("row %d goes to %d or %d: there are no such rows", i, e.likely, e.unlikely)
		}
		if e.flip {
			flips++
		}
	}
	if flips != 10 {
		t.Errorf("%d rows change the likely value, want ten", flips)
	}
}
