package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/posfleet/posfleet/report"
)

// What is being written when the process is ended leaves nothing beside its name, and what
// was committed stays.
func TestNothingUnfinishedIsLeft(t *testing.T) {
	dir := t.TempDir()
	whole, err := report.CreateOutput(filepath.Join(dir, "whole"))
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.Commit(); err != nil {
		t.Fatal(err)
	}
	half, err := report.CreateOutput(filepath.Join(dir, "half"))
	if err != nil {
		t.Fatal(err)
	}
	defer half.Discard()
	if _, err := report.Beside(filepath.Join(dir, "folder"), func(name string) error { return os.Mkdir(name, 0o755) }); err != nil {
		t.Fatal(err)
	}
	report.DiscardUnfinished()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "whole" {
		t.Errorf("%v, %v: want whole alone", left, err)
	}
}
