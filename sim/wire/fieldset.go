package wire

import "math/bits"

// FieldSet is a set of fields 2 to 128, a bit each: the highest of the first word
// is field 1, as in a bitmap.
type FieldSet [2]uint64

// Fields is the set of these fields.
func Fields(numbers ...int) (s FieldSet) {
	for _, n := range numbers {
		s.Add(n)
	}
	return s
}

// Add puts field n into the set.
func (s *FieldSet) Add(n int) {
	if n >= 1 && n <= 128 {
		s[(n-1)>>6] |= 1 << (63 - (n-1)&63)
	}
}

// Has reports whether field n is in the set.
func (s FieldSet) Has(n int) bool {
	return n >= 1 && n <= 128 && s[(n-1)>>6]&(1<<(63-(n-1)&63)) != 0
}

// And are the fields in both sets.
func (s FieldSet) And(o FieldSet) FieldSet { return FieldSet{s[0] & o[0], s[1] & o[1]} }

// Without are the fields in s that are not in o.
func (s FieldSet) Without(o FieldSet) FieldSet { return FieldSet{s[0] &^ o[0], s[1] &^ o[1]} }

// All calls yield for each field of the set, ascending.
func (s FieldSet) All(yield func(n int) bool) {
	for w, set := range s {
		for set != 0 {
			i := bits.LeadingZeros64(set)
			set &^= 1 << (63 - i)
			if !yield(w*64 + i + 1) {
				return
			}
		}
	}
}
