package verdicts

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"
)

// results are of a check that was stopped: one passed, one failed in a way that
// would move a cursor and break XML, one not played.
func results() *Results {
	of := func(id string, line int, outcome Outcome) *Verdict {
		return &Verdict{ID: id, Name: "a <b>name</b> & ]]>", File: "core/x.feature", Line: line, Outcome: outcome}
	}
	passed, failed, unplayed := of("core-x-1", 3, Passed), of("", 7, Failed), of("core-x-3", 11, NotPlayed)
	passed.Took, failed.Took = 1500*time.Microsecond, time.Millisecond
	failed.Reason = errors.New("field 39 is \x1b[2J")
	failed.At, failed.Step, failed.Exchange = "core/x.feature:9", "the host approves", "purchase, sent:\n   3  code\n"
	return &Results{Target: "10.0.0.9:8583", Dialect: "CUP", Took: 3 * time.Millisecond,
		Features: []Feature{{Path: "core/x.feature", Name: "X", Verdicts: []*Verdict{passed, failed, unplayed}}}}
}

func TestTextSaysWhatToDoNext(t *testing.T) {
	r := results()
	var b strings.Builder
	for v := range r.All() {
		if err := v.WriteText(&b); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.WriteSummary(&b); err != nil {
		t.Fatal(err)
	}
	want := `ok    core-x-1                 a <b>name</b> & ]]>
FAIL                           a <b>name</b> & ]]>
      core/x.feature:9: the host approves
      field 39 is ?[2J
      | purchase, sent:
      |    3  code
      again: posfleet check core/x.feature:7

2 scenarios against 10.0.0.9:8583 (CUP): 1 passed, 1 failed in 3ms
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNothingPlayedHasNoSummary(t *testing.T) {
	var b strings.Builder
	if err := (&Results{}).WriteSummary(&b); err != nil || b.Len() > 0 {
		t.Errorf("it says %q (%v)", &b, err)
	}
}

func TestJUnitCountsEveryScenario(t *testing.T) {
	var b strings.Builder
	if err := results().WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	var all junitSuites
	if err := xml.Unmarshal([]byte(b.String()), &all); err != nil {
		t.Fatalf("%v in\n%s", err, &b)
	}
	suite := all.Suites[0]
	for name, got := range map[string][3]int{"all": {all.Tests, all.Failures, all.Skipped}, "suite": {suite.Tests, suite.Failures, suite.Skipped}} {
		if want := [3]int{3, 1, 1}; got != want {
			t.Errorf("%s: %v tests, failures and skipped, want %v", name, got, want)
		}
	}
	if got, want := suite.Time, "0.002500"; got != want {
		t.Errorf("the suite took %s, want %s", got, want)
	}
	if c := suite.Cases[1]; c.Failure == nil || c.Failure.Message != "field 39 is ?[2J" || c.Line != 7 {
		t.Errorf("the failure reads %+v", c)
	}
	if c := suite.Cases[2]; c.Skipped == nil || c.Name != "@core-x-3 a <b>name</b> & ]]>" {
		t.Errorf("the scenario that was not played reads %+v", c)
	}
}
