package verdicts

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
)

// results are of a check that was stopped: one passed, one failed in a way that
// would move a cursor and break XML, one untested, one skipped, one not played.
func results() *Results {
	of := func(id string, line int, outcome Outcome) *Verdict {
		return &Verdict{ID: id, Selector: "core/x.feature:" + strconv.Itoa(line), Name: "a <b>name</b> & ]]>", File: "core/x.feature", Line: line, Outcome: outcome}
	}
	passed, failed, untested, skipped, unplayed := of("core-x-1", 3, Passed), of("", 7, Failed), of("core-x-2", 9, Untested), of("", 10, Skipped), of("core-x-3", 11, NotPlayed)
	passed.Took, failed.Took = 1500*time.Microsecond, time.Millisecond
	failed.Reason = errors.New("field 39 is \x1b[2J")
	failed.At, failed.Step, failed.Exchange = "core/x.feature:9", "the host approves", "purchase, sent:\n   3  code\n"
	untested.Reason, skipped.Reason = errors.New("no balance"), errors.New("no card of role qr")
	return &Results{Target: "10.0.0.9:8583", Dialect: "CUP", Took: 3 * time.Millisecond, Seed: 7,
		Features: []Feature{{Path: "core/x.feature", Name: "X", Verdicts: []*Verdict{passed, failed, untested, skipped, unplayed}}}}
}

func told(t *testing.T, r *Results) string {
	t.Helper()
	var b strings.Builder
	teller := Teller{Out: &b, Again: "posfleet check --profile bank.yaml"}
	for v := range r.All() {
		if err := teller.Tell(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.WriteSummary(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextSaysWhatToDoNext(t *testing.T) {
	want := `ok    core-x-1                 a <b>name</b> & ]]>
FAIL                           a <b>name</b> & ]]>
      core/x.feature:9: the host approves
      field 39 is ?[2J
      | purchase, sent:
      |    3  code
      again: posfleet check --profile bank.yaml core/x.feature:7
untested core-x-2                 a <b>name</b> & ]]>
skipped                          a <b>name</b> & ]]>

5 scenarios against 10.0.0.9:8583 (CUP): 1 passed, 1 failed, 1 untested, 1 skipped, 1 not played in 3ms
untested: 1 scenario: no balance (core/x.feature:9)
skipped: 1 scenario: no card of role qr (core/x.feature:10)
the order was --shuffle=7
`
	if got := told(t, results()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Many failures of one cause are told in full once, and with their number.
func TestOneCauseIsToldOnce(t *testing.T) {
	var of []*Verdict
	for i := range 196 {
		of = append(of, &Verdict{Selector: "@x-" + strconv.Itoa(i), Outcome: Failed, Phrase: "a terminal that has signed in",
			Reason: fmt.Errorf("the terminal could not sign in: check value %06d", i), Exchange: "sign-in, sent:\n"})
	}
	text := told(t, &Results{Features: []Feature{{Verdicts: of}}})
	for what, want := range map[string]int{
		"sign-in, sent": 1, "as @x-0\n": 195, "196 scenarios: the terminal could not sign in: check value 000000 (@x-0, @x-1, @x-2, 193 more)": 1,
	} {
		if got := strings.Count(text, what); got != want {
			t.Errorf("%q is told %d times, want %d", what, got, want)
		}
	}
}

// What is told to be typed can be typed.
func TestCommandThatPlaysAgainIsQuoted(t *testing.T) {
	v := &Verdict{Selector: "a dir/it's.feature:3", Outcome: Failed, Reason: errors.New("no")}
	text := told(t, &Results{Features: []Feature{{Verdicts: []*Verdict{v}}}})
	if want := `again: posfleet check --profile bank.yaml 'a dir/it'\''s.feature:3'`; !strings.Contains(text, want) {
		t.Errorf("want %s in\n%s", want, text)
	}
}

// What is known to fail may fail as it is known to, and in no other way.
func TestKnownFailureHidesNoOtherBrokenMust(t *testing.T) {
	for expected, want := range map[string]int{"another text until March": 1, "no 38 (ANS-38-PRESENT), no MAC (ANS-64-MAC) until March": 0} {
		for _, strict := range []bool{false, true} {
			v := &Verdict{Selector: "@x-1", Outcome: Failed, Expected: expected, Reason: errors.New("no"), Rules: []string{"ANS-38-PRESENT", "ANS-64-MAC", "ANS-TPDU"}}
			r := &Results{Strict: strict, Features: []Feature{{Verdicts: []*Verdict{v}}},
				Rules: []report.RuleCount{{ID: "ANS-38-PRESENT", Level: "must", N: 1}, {ID: "ANS-64-MAC", Level: "must", N: 1}, {ID: "ANS-TPDU", Level: "should", N: 1}}}
			if n := r.Broken(); n != want {
				t.Errorf("%s, strict %v: %d count against the host, want %d", expected, strict, n, want)
			}
			if n := junitOf(t, r).Failures; n != want {
				t.Errorf("%s, strict %v: %d failures in JUnit, want %d", expected, strict, n, want)
			}
			if said := strings.Contains(told(t, r), "breaks ANS-38-PRESENT, ANS-64-MAC besides"); said != (want > 0) {
				t.Errorf("%s: it is told %v", expected, said)
			}
			var summary strings.Builder
			if err := r.WriteMarkdown(&summary); err != nil {
				t.Fatal(err)
			}
			if said := strings.Contains(summary.String(), "breaks ANS-38-PRESENT, ANS-64-MAC besides"); said != (want > 0) {
				t.Errorf("%s: the Markdown summary tells it %v", expected, said)
			}
		}
	}
}

func TestNothingPlayedHasNoSummary(t *testing.T) {
	var b strings.Builder
	if err := (&Results{}).WriteSummary(&b); err != nil || b.Len() > 0 {
		t.Errorf("it says %q (%v)", &b, err)
	}
}

func TestJUnitCountsEveryScenario(t *testing.T) {
	for strict, want := range map[bool][3]int{false: {5, 1, 3}, true: {5, 3, 1}} {
		r := results()
		r.Strict = strict
		all := junitOf(t, r)
		suite := all.Suites[0]
		for name, got := range map[string][3]int{"all": {all.Tests, all.Failures, all.Skipped}, "suite": {suite.Tests, suite.Failures, suite.Skipped}} {
			if got != want {
				t.Errorf("strict %v, %s: %v tests, failures and skipped, want %v", strict, name, got, want)
			}
		}
	}
	suite := junitOf(t, results()).Suites[0]
	if got, want := suite.Time, "0.002500"; got != want {
		t.Errorf("the suite took %s, want %s", got, want)
	}
	if c := suite.Cases[1]; c.Failure == nil || c.Failure.Message != "field 39 is ?[2J" || c.Line != 7 {
		t.Errorf("the failure reads %+v", c)
	}
	for i, want := range map[int]string{2: "untested: no balance", 3: "skipped: no card of role qr", 4: "not played: the check ended before its turn"} {
		if c := suite.Cases[i]; c.Skipped == nil || c.Skipped.Message != want {
			t.Errorf("case %d reads %+v, want skipped: %s", i, c, want)
		}
	}
	if c := suite.Cases[4]; c.Name != "@core-x-3 a <b>name</b> & ]]>" {
		t.Errorf("the scenario that was not played is called %s", c.Name)
	}
}

// Rows of an outline, scenarios of one name in a file and in two files.
func TestJUnitNamesAreUnique(t *testing.T) {
	r := &Results{Features: []Feature{
		{Path: "a.feature", Verdicts: []*Verdict{{ID: "x-1", Name: "pays", Example: 1, Line: 3}, {ID: "x-1", Name: "pays", Example: 2, Line: 4}, {Name: "same", File: "a.feature", Line: 5}}},
		{Path: "b.feature", Verdicts: []*Verdict{{Name: "same", File: "b.feature", Line: 3}, {Name: "same", File: "b.feature", Line: 5}}},
	}}
	seen := map[string]bool{}
	for _, s := range junitOf(t, r).Suites {
		for _, c := range s.Cases {
			if seen[c.Name] {
				t.Errorf("two cases are called %q", c.Name)
			}
			seen[c.Name] = true
		}
	}
}

func junitOf(t *testing.T, r *Results) (all junitSuites) {
	t.Helper()
	var b strings.Builder
	if err := r.WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal([]byte(b.String()), &all); err != nil {
		t.Fatalf("%v in\n%s", err, &b)
	}
	return all
}

// What a field holds and what it should is the cause; which terminal, trace or check
// value it was is not.
func TestCausesAreKeptApartByFieldsAndCodes(t *testing.T) {
	for _, of := range []struct {
		a, b string
		one  bool
	}{
		{`field 39 is "00", want "13"`, `field 39 is "00", want "94"`, false},
		{`field 37 is absent`, `field 38 is absent`, false},
		{`field 3 is "000000", want "200000"`, `field 3 is "000000", want "310000"`, false},
		{`field 3 is "010000", want "200000"`, `field 3 is "020000", want "200000"`, true},
		{"the host answers 51: insufficient funds", "the host answers 55: incorrect PIN", false},
		{"the balance moved by 0.00 yuan, want -8.00", "the balance moved by -16.00 yuan, want -8.00", false},
		{"the balance moved by 0.00 yuan, want -8.00", "the balance moved by 0.00 yuan, want -9.00", false},
		{"in the batch after it are debits of 256.01 yuan in 7 and credits of 0.00 yuan in 0, want none", "in the batch after it are debits of 2,050.78 yuan in 17 and credits of 50.00 yuan in 1, want none", true},
		{"its totals (field 48) are debit 0.01 in 1; the terminal's are debit 0.00 in 0", "its totals (field 48) are debit 3153.01 in 9; the terminal's are debit 3153.00 in 8", true},
		{"debits of 256 yen in 7, want none", "debits of 9 yen in 1, want none", true},
		{"its totals (field 48) are debit 0.01 in 1", "its totals (field 63) are debit 0.01 in 1", false},
		{"the settlement flag is 2, want 1; the terminal has debits of 1.00 yuan in 1", "the settlement flag is 3, want 1; the terminal has debits of 1.00 yuan in 1", false},
		{"field 44, offset 98: its length 99 is above 25", "field 44, offset 83: its length 99 is above 25", true},
		{"field 44, offset 98: its length 99 is above 25", "field 48, offset 98: its length 99 is above 25", false},
		{"something else came: 146 of the 147 octets announced", "something else came: 1 of the 1,156 octets announced", true},
		{"key block of 40 octets, want 60", "key block of 0 octets, want 60", true},
		{"the terminal could not sign in: check value 0F1E2D", "the terminal could not sign in: check value A0B1C2", true},
		{"line broken: read tcp 127.0.0.1:40001->127.0.0.1:8583: EOF", "line broken: read tcp 127.0.0.1:40002->127.0.0.1:8583: EOF", true},
	} {
		verdict := func(why string) *Verdict { return &Verdict{Outcome: Failed, Phrase: "p", Reason: errors.New(why)} }
		r := &Results{Features: []Feature{{Verdicts: []*Verdict{verdict(of.a), verdict(of.b)}}}}
		if one := len(r.Causes()) == 1; one != of.one {
			t.Errorf("%q and %q: one cause %v, want %v", of.a, of.b, one, of.one)
		}
	}
}

// A hundred amounts that a currency has no decimals for are one line, not a hundred amounts.
func TestWhatDiffersInAnAmountIsToldOnce(t *testing.T) {
	skipped := func(why string) *Verdict { return &Verdict{Outcome: Skipped, Reason: errors.New(why), Cause: why} }
	r := &Results{Features: []Feature{{Verdicts: []*Verdict{skipped("amount 12.34: currency 392 has 0 decimals"), skipped("amount 0.01: currency 392 has 0 decimals"),
		skipped("amount 0.01: currency 392 has 0 decimals"), skipped("amount 7.50: currency 392 has 0 decimals")}}}}
	all := r.Causes()
	if want := "amount 12.34: currency 392 has 0 decimals, and 2 others alike"; len(all) != 1 || all[0].Why() != want {
		t.Errorf("%d causes, the first: %s, want %s", len(all), all[0].Why(), want)
	}
}

func TestCauseIsOneLine(t *testing.T) {
	v := &Verdict{Outcome: Failed, Reason: errors.New("settlement: timed out\n请结算"), Cause: "settlement: timed out\n请结算"}
	c := &Cause{Failed, []*Verdict{v}}
	if got, want := c.String(), "1 scenario: settlement: timed out; 请结算 ()\n"; got != want || strings.Contains(v.Why(), "\n") {
		t.Errorf("the cause is told as %q, want %q; why is %q", got, want, v.Why())
	}
}
