package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/posfleet/posfleet/sim/profile"
)

// A host that keeps books counts a foreign card's payment in the half of the totals that is
// for those: a batch is balanced when both halves are.
func TestRightHostKeepsBooksOfForeignCards(t *testing.T) {
	t.Parallel()
	bank := filepath.Join(t.TempDir(), "bank.yaml")
	text := bytes.Replace(profile.BundledYAML(), []byte(`"6225000000000014"`), []byte(`"4111110000000013"`), 1)
	if err := os.WriteFile(bank, append([]byte("accept-live-pan: true\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run([]string{"check", "--profile", bank, "@core-integrity-21", "@core-integrity-24"}, &stdout, &stderr); code != exitOK {
		t.Errorf("exit code %d:\n%s%s", code, &stdout, &stderr)
	}
}
