package main

import (
	"bytes"
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/compare"
)

var truth = flag.Bool("truth", false, "compare runs against a host of known latency with each other, and with runs against one that is 5 % slower")

// What differs between runs of one host is chance, and is taken for a difference in one
// of twenty comparisons at most; one that is 5 % slower is found in eighteen. What is
// printed is in docs/compare.md.
func TestCompareOnTruthHost(t *testing.T) {
	if !*truth {
		t.Skip("make compare")
	}
	const comparisons, runs = 20, 6
	hosts := []struct{ name, behaviour string }{{"old", "uniform:36ms-44ms"}, {"same", "uniform:36ms-44ms"}, {"slower", "uniform:37.8ms-46.2ms"}}
	alarms, found, invalid := 0, 0, 0
	for k := range comparisons {
		dir := t.TempDir()
		var sides [3]*compare.Side
		for i := range runs {
			for h := range hosts { // in turns, so that what the machine does meanwhile meets all
				name := filepath.Join(dir, hosts[h].name, fmt.Sprint(i))
				var out, errs bytes.Buffer
				code := run([]string{"load", "--rate", "250/s", "--for", "2500ms", "--warmup", "500ms", "--terminals", "60",
					"--behaviour", hosts[h].behaviour, "--seed", fmt.Sprint(k*100 + i*3 + h + 1), "--out", name, "@core-purchase-1"}, &out, &errs)
				if code != exitOK && code != exitGenerator {
					t.Fatalf("exit code %d:\n%s%s", code, &out, &errs)
				}
			}
		}
		for h := range hosts {
			side, err := readSide(filepath.Join(dir, hosts[h].name))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range side.Runs {
				if v := &r.Report.Validity; v.Level == report.Invalid {
					invalid++
					v.Level = report.Suspect // a machine that others use: it is what is compared that counts here
				}
			}
			sides[h] = side
		}
		seen := func(c *compare.Comparison, err error) (rows []string) {
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range c.Rows {
				if r.Q == 0.5 {
					fmt.Printf("    p50 %+.2f%%, between %+.2f%% and %+.2f%%\n", 100*r.Change, 100*r.Low, 100*r.High)
				}
				if r.Verdict == compare.Better || r.Verdict == compare.Worse {
					rows = append(rows, fmt.Sprintf("%s %+.1f%%", r.Measure, 100*r.Change))
				}
			}
			return rows
		}
		chance := seen(compare.Compare(sides[0], sides[1]))
		c, err := compare.Compare(sides[0], sides[2])
		slower := seen(c, err)
		if len(chance) > 0 {
			alarms++
		}
		if len(c.Regressed(0.02)) > 0 {
			found++
		}
		fmt.Printf("%2d  with itself: %v   5 %% slower: %v\n", k+1, chance, slower)
	}
	fmt.Printf("of %d comparisons of a host with itself %d see a difference; of %d that are 5 %% slower %d are found (%d runs a side; of %d runs %d were invalid, and were let in)\n",
		comparisons, alarms, comparisons, found, runs, 3*runs*comparisons, invalid)
	if alarms > 1 {
		t.Errorf("%d of %d comparisons of a host with itself see a difference, want 1 at most", alarms, comparisons)
	}
	if found < 18 {
		t.Errorf("%d of %d hosts that are 5 %% slower are found, want 18 at least", found, comparisons)
	}
}
