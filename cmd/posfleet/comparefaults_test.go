package main

import (
	"bytes"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
)

// A run whose lines were made to fail says so in its plan, and is
// not compared with one whose lines were not.
func TestRunsOfOtherFaultsAreNotCompared(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	dir := t.TempDir()
	play := func(name string, more ...string) string {
		t.Helper()
		out := filepath.Join(dir, name)
		var stdout, stderr bytes.Buffer
		if code := run(append([]string{"load", "@core-purchase-1", "--rate", "40/s", "--for", "1s", "--warmup", "0s", "--terminals", "30", "--out", out}, more...), &stdout, &stderr); code != exitOK && code != exitGenerator {
			t.Fatalf("exit code %d:\n%s%s", code, &stdout, &stderr)
		}
		return out
	}
	faults := []string{"--fault", "answer-doubled=3x", "--fault", "answer-trickled=60%:2ms"} // in this order each strikes, whatever the seed
	plain, made := play("plain"), play("made", faults...)
	r, err := report.Read(made)
	if want := []string{"answer-doubled=3x", "answer-trickled=60%:2ms"}; err != nil || !reflect.DeepEqual(r.Plan.Faults, want) {
		t.Errorf("the plan has the faults %q, want %q (%v)", r.Plan.Faults, want, err)
	}
	var out, errs bytes.Buffer
	if code := run([]string{"compare", plain, made}, &out, &errs); code != exitUsage || !strings.Contains(errs.String(), "faults none and answer-doubled=3x, answer-trickled=60%:2ms") && !strings.Contains(errs.String(), "is invalid") {
		t.Errorf("exit code %d:\n%s%s", code, &out, &errs)
	}
}
