package interop

import (
	"strings"
	"testing"
)

// A host on moov's stock ASCII specification keeps every scenario that needs no
// keys, and agrees with the terminals' journal after a load.
func TestMoovServerIsCertified(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	h := start(t, program(t, "moovserver"), "--accounts", accounts)
	certify(t, h, profile(t, "moov.yaml", "{length: binary2}"), "core", "iso87/refund")
}

// A host that takes nobody's money is found: what the tests above hold is not empty.
func TestMoovServerThatDeclinesAllIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	h := start(t, program(t, "moovserver"), "--opening", "0")
	said := posfleet(t, []int{2}, "check", "core/purchase", "--profile", profile(t, "moov.yaml", "{length: binary2}"), "--host", h.address, "--timeout", "5s")
	if !strings.Contains(said, "FAIL  core-purchase-3 ") {
		t.Errorf("want core-purchase-3 to fail:\n%s", said)
	}
}
