package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// A file that is named in two ways is played once, and a line that no file has is refused.
func TestFileIsPlayedOnceHoweverItIsNamed(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("a.feature", []byte("Feature: f\n  Scenario: s\n    Given a terminal that has signed in\n  Scenario: t\n    Given a terminal that has signed in\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, d := &profile.Files{}, dialect.CUP()
	for _, again := range []string{"./a.feature", filepath.Join(dir, "a.feature"), "a.feature:2", "a"} {
		fs, err := choose([]string{"a.feature", again}, d, "", nil, files)
		if err != nil || len(fs) != 1 || len(fs[0].Scenarios) != 2 {
			t.Errorf("a.feature and %s: %d features, %v", again, len(fs), err)
		}
	}
	if _, err := choose([]string{"a.feature:0"}, d, "", nil, files); err == nil || !strings.Contains(err.Error(), "lines are counted from 1") {
		t.Errorf("line 0: %v", err)
	}
}
