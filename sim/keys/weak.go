package keys

import (
	"fmt"

	"github.com/posfleet/posfleet/sim/keys/des"
)

// Weakness says what is wrong with working keys that came in a block of kind b though
// their check values are right; empty for nothing. A weak key of DES, all zeros among them,
// has one key for all rounds (NIST SP 800-67, 3.3.2); two equal halves of a double-length
// key are single DES; and a key is for one purpose (ISO 11568).
func (b KeyBlock) Weakness(s *Set) string {
	for _, k := range []struct {
		name string
		key  *Key
	}{{"PIN", s.PIN}, {"MAC", s.MAC}, {"track", s.Track}} {
		if k.key != nil && (weak(k.key.first) || weak(k.key.second)) {
			return fmt.Sprintf("the %s key is a weak key of DES", k.name)
		}
	}
	slots, known := b.slots()
	switch {
	case s.PIN == nil || s.MAC == nil || !known:
		return ""
	case s.PIN.KCV() == s.MAC.KCV():
		return "PIN key and MAC key are the same"
	case slots.pin == 2*des.BlockSize && s.PIN.size == des.BlockSize && s.PIN.first != nil && s.PIN.second == nil:
		return "both halves of the PIN key are the same, which is single DES"
	}
	return ""
}

// weak reports whether all rounds of a schedule are alike.
func weak(s *des.Schedule) bool {
	if s == nil {
		return false
	}
	for _, round := range s[1:] {
		if round != s[0] {
			return false
		}
	}
	return true
}
