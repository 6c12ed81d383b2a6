package host

import "github.com/posfleet/posfleet/sim/wire"

// digits reads a number of 1 to 9 digits.
func digits(v []byte) (uint32, bool) {
	if len(v) == 0 || len(v) > 9 {
		return 0, false
	}
	var n uint32
	for _, c := range v {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + uint32(c-'0')
	}
	return n, true
}

// amountOf reads field 4; the second result is false when it holds anything
// but digits.
func amountOf(m *wire.Message) (int64, bool) {
	v := m.Get(wire.Amount)
	if len(v) == 0 || len(v) > 12 {
		return 0, false
	}
	var n int64
	for _, c := range v {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

func allDigits(v []byte) bool {
	for _, c := range v {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}
