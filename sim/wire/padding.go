package wire

import "github.com/moov-io/iso8583/padding"

// SignedZeros fills an amount up with zeros after its sign, which is its first
// character: C5 becomes C00000005. It is a moov padding.Padder; what it filled up
// stays so.
var SignedZeros padding.Padder = signedZeros{}

type signedZeros struct{}

// Pad is that of moov's padding.Padder.
func (signedZeros) Pad(data []byte, length int) []byte {
	if len(data) == 0 || len(data) >= length {
		return data
	}
	out := make([]byte, length)
	n := copy(out, data[:1])
	for ; n <= length-len(data); n++ {
		out[n] = '0'
	}
	copy(out[n:], data[1:])
	return out
}

// Unpad is that of moov's padding.Padder.
func (signedZeros) Unpad(data []byte) []byte { return data }

// Inspect is that of moov's padding.Padder.
func (signedZeros) Inspect() []byte { return []byte("0") }
