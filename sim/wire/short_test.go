package wire_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/moov-io/iso8583/field"

	"github.com/posfleet/posfleet/sim/wire"
)

// shortAndLong are two formats of the same fields of fixed length, in all encodings by turns;
// in the second none goes the way of short ones.
func shortAndLong(t *testing.T) (short, long *wire.Format) {
	fixed, _ := wire.Prefix("fixed")
	made := func() *wire.Format {
		fields, n := map[int]field.Field{}, 2
		for _, enc := range []string{"ascii", "octets", "packed", "packed-right", "track", "latin1"} {
			for size := 1; size <= 18 && n <= 128; size++ {
				if n == 65 {
					n++
				}
				e, known := wire.Encodings()[enc]
				if !known {
					t.Fatalf("there is no encoding %s", enc)
				}
				s := field.NewSpec(size, "", e, fixed)
				if fields[n] = field.NewString(s); size%3 == 0 && (enc == "ascii" || enc == "packed") {
					fields[n] = field.NewNumeric(s)
				}
				n++
			}
		}
		f := &wire.Format{Spec: specOf("ascii", "octets", fields)}
		if err := f.Compile(); err != nil {
			t.Fatal(err)
		}
		return f
	}
	short, long = made(), made()
	long.ForgetShort()
	return short, long
}

// A message of short fields is read and packed as it is without that: whichever octets it
// has, wherever it ends, and whatever stands behind it in its array.
func TestShortFieldsAreReadAndPackedLikeOthers(t *testing.T) {
	short, long := shortAndLong(t)
	a, b := short.NewMessage(), long.NewMessage()
	random := rand.New(rand.NewPCG(1, 2))
	text := []byte("0123456789ADEF=a\x7F\x80\xFF/: ")
	read, packed, failed := 0, 0, 0
	for range 30_000 {
		a.Reset()
		b.Reset()
		a.SetMTI("0200")
		b.SetMTI("0200")
		few := text[:10+random.IntN(2)*random.IntN(len(text)-9)]
		for n := 2; n <= 128; n++ {
			if size := short.Longest(n); size > 0 && random.IntN(4) == 0 {
				if random.IntN(200) == 0 {
					size += random.IntN(3) - 1
				}
				v := make([]byte, size)
				for i := range v {
					v[i] = few[random.IntN(len(few))]
				}
				a.SetField(n, v)
				b.SetField(n, v)
			}
		}
		one, err := a.Append(nil)
		other, why := b.Append(nil)
		if fmt.Sprint(err) != fmt.Sprint(why) || err == nil && !slices.Equal(one, other) {
			t.Fatalf("packed as %X, %v; want %X, %v", one, err, other, why)
		}
		if err != nil {
			failed++
			continue
		}
		packed++
		for range random.IntN(3) {
			one[10+random.IntN(len(one)-10)] ^= 1 << random.IntN(8)
		}
		if random.IntN(3) == 0 {
			one = one[:len(one)-random.IntN(min(20, len(one)))] // what is behind stays in the array
		}
		if random.IntN(2) == 0 {
			one = slices.Clip(one)
		}
		err, why = a.Read(one), b.Read(one)
		if fmt.Sprint(err) != fmt.Sprint(why) || a.Present() != b.Present() {
			t.Fatalf("%X is read as %v, %v; want %v, %v", one, a.Present(), err, b.Present(), why)
		}
		for n := range b.Fields {
			if string(a.Field(n)) != string(b.Field(n)) {
				t.Fatalf("%X: field %d is %q, want %q", one, n, a.Field(n), b.Field(n))
			}
		}
		if read++; err != nil {
			failed++
		}
	}
	if packed < 1000 || read < 1000 || failed < 1000 {
		t.Errorf("%d packed, %d read, %d with mistakes: too few of a kind", packed, read, failed)
	}
}
