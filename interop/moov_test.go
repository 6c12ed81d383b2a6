package interop

import "testing"

// A host on moov's stock ASCII specification keeps every scenario that needs no
// keys, and agrees with the terminals' journal after a load.
func TestMoovServerIsCertified(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	h := start(t, program(t, "moovserver"), "--accounts", accounts)
	certify(t, h, profile(t, "moov.yaml", "{length: binary2}"))
}
