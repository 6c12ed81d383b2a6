package des

import (
	"crypto/cipher"
	stdlib "crypto/des"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// reference is the standard library's cipher for a key of 8, 16 or 24 octets.
func reference(t testing.TB, octets []byte) cipher.Block {
	t.Helper()
	make, k := stdlib.NewTripleDESCipher, octets
	switch len(octets) {
	case 8:
		make = stdlib.NewCipher
	case 16:
		k = append(append([]byte(nil), octets...), octets[:8]...)
	}
	b, err := make(k)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// schedules are those of a key of 8, 16 or 24 octets.
func schedules(octets []byte) (one, two, three *Schedule) {
	one = new(Schedule)
	one.Expand(octets[:8])
	if len(octets) > 8 {
		two, three = new(Schedule), one
		two.Expand(octets[8:16])
	}
	if len(octets) > 16 {
		three = new(Schedule)
		three.Expand(octets[16:24])
	}
	return one, two, three
}

// agree holds a key against the standard library's on one block.
func agree(t *testing.T, octets []byte, block [8]byte) {
	t.Helper()
	one, two, three := schedules(octets)
	ref := reference(t, octets)
	var ours, theirs [8]byte
	ours = block
	Encrypt(ours[:], one, two, three)
	if ref.Encrypt(theirs[:], block[:]); ours != theirs {
		t.Fatalf("%x under a key of %d octets: %x, the standard library has %x", block, len(octets), ours, theirs)
	}
	ours = block
	Decrypt(ours[:], one, two, three)
	if ref.Decrypt(theirs[:], block[:]); ours != theirs {
		t.Fatalf("%x deciphered with a key of %d octets: %x, the standard library has %x", block, len(octets), ours, theirs)
	}
}

func TestDESIsTheStandardLibrarys(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 3000 {
		octets := make([]byte, 8*(1+n%3))
		for i := range octets {
			octets[i] = byte(r.Uint32())
		}
		var block [8]byte
		binary.BigEndian.PutUint64(block[:], r.Uint64())
		agree(t, octets, block)
	}
	for bit := range 64 { // each bit of key and block by itself
		var one [8]byte
		binary.BigEndian.PutUint64(one[:], 1<<bit)
		agree(t, one[:], [8]byte{})
		agree(t, make([]byte, 8), one)
	}
}

func FuzzDES(f *testing.F) {
	f.Add(make([]byte, 8), uint64(0))
	f.Add(make([]byte, 24), ^uint64(0))
	f.Add([]byte("0123456789abcdef"), uint64(1))
	f.Fuzz(func(t *testing.T, octets []byte, v uint64) {
		if n := len(octets); n != 8 && n != 16 && n != 24 {
			t.Skip()
		}
		var block [8]byte
		binary.BigEndian.PutUint64(block[:], v)
		agree(t, octets, block)
	})
}

func BenchmarkDES(b *testing.B) {
	for _, n := range []int{8, 16} {
		octets := []byte("0123456789ABCDEF")[:n]
		name := map[int]string{8: "single", 16: "double"}[n]
		b.Run(name+"/ours", func(b *testing.B) {
			one, two, three := schedules(octets)
			block := make([]byte, 8)
			for b.Loop() {
				Encrypt(block, one, two, three)
			}
		})
		b.Run(name+"/crypto", func(b *testing.B) {
			ref := reference(b, octets)
			block := make([]byte, 8)
			for b.Loop() {
				ref.Encrypt(block, block)
			}
		})
	}
}
