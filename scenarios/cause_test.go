package scenarios

import (
	"context"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// With keys whose check value is wrong nothing else can be tested: that is one
// cause, whatever the scenarios were about.
func TestOneCauseForAllWhoCannotSignIn(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	p, d := bundledHost(t, "cup", host.WithMisbehaviour("wrong-kcv"))
	c := &Check{Language: language(p, d), Dialer: d, Features: embeddedFor(t, "cup"), Terminals: 8}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	first := found.Causes()[0]
	if failed := found.Count(verdicts.Failed); len(first.Of) < failed*9/10 {
		t.Errorf("%d scenarios failed, %d of one cause", failed, len(first.Of))
	}
	if why := first.Why(); !strings.HasPrefix(why, "the terminal could not sign in: ") {
		t.Errorf("the cause is %q", why)
	}
}

// A wrong MAC on the purchase is why the void after it finds nothing to void.
func TestWhatWentWrongFirstIsTold(t *testing.T) {
	p, d := bundledHost(t, "cup", host.WithMisbehaviour("wrong-mac"))
	f, err := ParseFeature("shop.feature", []byte(`Feature: A shop
  Scenario: a void
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator voids the last purchase
    Then the host approves
`))
	if err != nil {
		t.Fatal(err)
	}
	v := play(t, p, d, f.Scenarios[0])
	for _, want := range []string{"nothing was sent", "before that, the purchase: MAC"} {
		if v.Reason == nil || !strings.Contains(v.Reason.Error(), want) {
			t.Errorf("the reason is %v, want %q in it", v.Reason, want)
		}
	}
	if !strings.Contains(v.Cause, "MAC") || !strings.Contains(v.Exchange, "purchase, sent:") {
		t.Errorf("the cause is %q, the exchange\n%s", v.Cause, v.Exchange)
	}
}

// outcomeOf plays one scenario against a host that misbehaves.
func outcomeOf(t *testing.T, misbehaviour, source string) *verdicts.Verdict {
	t.Helper()
	var options []host.Option
	if misbehaviour != "" {
		options = append(options, host.WithMisbehaviour(misbehaviour))
	}
	p, d := bundledHost(t, "cup", options...)
	f, err := ParseFeature("shop.feature", []byte("Feature: A shop\n  Scenario: a payment\n"+source))
	if err != nil {
		t.Fatal(err)
	}
	return play(t, quick(p), d, f.Scenarios[0])
}

// Nor of a payment that came to nothing after the last sentence that asserts something.
func TestPaymentDeclinedAfterTheLastThenIsUntested(t *testing.T) {
	v := outcomeOf(t, "", "    Given a terminal that has signed in\n    Then the host approves\n    When the cardholder pays 500.00 yuan with a poor card\n")
	if v.Outcome != verdicts.Untested || !strings.Contains(v.Why(), "no sentence after the purchase says") {
		t.Errorf("%s: %s", v.Outcome, v.Why())
	}
}

// Nothing is known of a host from a scenario that asks it something and says nothing
// of what comes.
func TestScenarioWithoutThenIsUntested(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	const signedIn, pays = "    Given a terminal that has signed in\n", "    When the cardholder pays 1.00 yuan with a poor card\n"
	for _, misbehaviour := range []string{"", "wrong-mac"} {
		for source, want := range map[string]verdicts.Outcome{
			signedIn + pays: verdicts.Untested,
			signedIn + "    And the line loses the next answer\n" + pays: verdicts.Untested,
			"    Given a terminal that is switched on\n":                 verdicts.Untested,
			signedIn: verdicts.Untested,
			signedIn + "    When the terminal tests the line\n": verdicts.Untested,
		} {
			v := outcomeOf(t, misbehaviour, source)
			if v.Outcome != want || want == verdicts.Untested && !strings.HasPrefix(v.Why(), "nothing is asserted") {
				t.Errorf("%q: %s: %s, want %s", misbehaviour, v.Outcome, v.Why(), want)
			}
		}
	}
}

// All sentences hold, and the answer breaks what it must keep.
func TestBrokenMustFailsThoughEverySentenceHolds(t *testing.T) {
	const pays = "    Given a terminal that has signed in\n    When the cardholder pays 1.00 yuan with a good card\n"
	v := outcomeOf(t, "wrong-mac", pays+"    Then the terminal owes a reversal\n")
	if v.Outcome != verdicts.Failed || !strings.Contains(v.Why(), "ANS-64-RIGHT") {
		t.Errorf("it %s: %s", v.Outcome, v.Why())
	}
	if v := outcomeOf(t, "wrong-mac", pays+"    Then the terminal rejects the answer\n"); v.Outcome != verdicts.Passed {
		t.Errorf("which it says: it %s: %s", v.Outcome, v.Why())
	}
}

// A PIN that the host does not take is one mistake, whatever each scenario then lacks.
func TestOneWrongPINIsOneCause(t *testing.T) {
	if testing.Short() {
		t.Skip("plays one scenario at a time, for long under the race detector; others have the same goroutines")
	}
	_, d := bundledHost(t, "cup")
	p, err := profile.Parse("bank.yaml", []byte(`name: bank
operators: [{number: "01", password: "0000"}, {number: "00", password: "123456"}]
merchants: [{mid: "999290054110001", name: one}, {mid: "999290058120002", name: two}]
terminals: [{first: "10000001", count: 2, derive: "test:706F73666C656574207465737420736565642C206E6F20736563726574"}]
cards: [{role: good, pan: "6225000000000014", expiry: "4912", pin: "654321"}]
`), 2)
	if err != nil {
		t.Fatal(err)
	}
	c := &Check{Language: language(p, d), Dialer: d, Features: embeddedFor(t, "cup"), Terminals: 2}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	first, failed := found.Causes()[0], found.Count(verdicts.Failed)
	if failed < 50 || len(first.Of) < failed*8/10 || !strings.HasPrefix(first.Why(), "the host answers 55") {
		t.Errorf("%d failed, %d of them for: %s", failed, len(first.Of), first.Why())
	}
}

// A host may acknowledge a reversal with 12 and no MAC: there is none to spoil then.
func TestAnswerWithoutMACLeavesNothingToSpoil(t *testing.T) {
	p, address := mutantHost(t, "cup", 8)
	m := newMiddle(t, p, address)
	m.mutant = &mutant{of: kindOfAnswer{to: dialect.Reversal}, where: "39", edit: func(a *wire.Message) {
		a.SetFieldString(39, "12")
		a.UnsetField(64)
	}}
	var at []*Feature
	for _, f := range embeddedFor(t, "cup") {
		for _, s := range f.Scenarios {
			if s.ID == "core-reversal-18" {
				of := *f
				of.Scenarios = []*Scenario{s}
				at = append(at, &of)
			}
		}
	}
	c := &Check{Language: language(p, nil), Dialer: m.dialer(), Features: at, Terminals: 1}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for v := range found.All() {
		if v.Outcome != verdicts.Untested || !strings.Contains(v.Why(), "which has none") {
			t.Errorf("%s is %s: %s", v.ID, v.Outcome, v.Why())
		}
	}
}

// A host that tells no batch number may decline what a terminal then sends; the master keys
// are not to blame.
func TestUntoldBatchIsTheCauseOfWhatFollows(t *testing.T) {
	p, address := mutantHost(t, "cup", 1)
	m := newMiddle(t, p, address)
	f, err := ParseFeature("shop.feature", []byte("Feature: A shop\n  Scenario: a payment\n    Given a terminal that has signed in\n"+
		"    When the cardholder pays 1.00 yuan with a good card\n    Then the host approves\n    When the terminal starts an empty batch\n"))
	if err != nil {
		t.Fatal(err)
	}
	if v := play(t, p, m.dialer(), f.Scenarios[0]); v.Outcome != verdicts.Passed { // the host's batch is another than the first now
		t.Fatalf("%s: %s", v.Outcome, v.Why())
	}
	m.mutant = &mutant{of: kindOfAnswer{to: dialect.SignIn}, where: "60", edit: func(a *wire.Message) { a.UnsetField(60) }}
	v := play(t, p, m.dialer(), f.Scenarios[0])
	if v.Outcome != verdicts.Failed || !strings.Contains(v.Why(), "ANS-60-ISSUED") || strings.Contains(v.Why(), "master keys") {
		t.Errorf("%s: %s", v.Outcome, v.Why())
	}
}

// A host that refuses a reversal with a code that ends it, and tells no balance, has not
// shown that the payment is undone; of one that never came it is right to refuse it.
func TestRefusedReversalIsNotUndone(t *testing.T) {
	const (
		balance  = "    When the cardholder asks for the balance of a good card\n"
		pays     = "    When the cardholder pays 1.00 yuan with a good card\n"
		reverses = "    And the terminal sends the reversal that it owes\n    Then the host acknowledges the reversal\n"
	)
	p, address := mutantHost(t, "cup", 8)
	for _, code := range []string{"12", "25"} {
		m := newMiddle(t, p, address)
		m.mutant = &mutant{of: kindOfAnswer{to: dialect.Reversal}, where: "39", edit: func(a *wire.Message) { a.SetFieldString(39, code) }}
		for source, want := range map[string]verdicts.Outcome{
			"    And the line loses the next answer\n" + pays + reverses:  verdicts.Untested,
			"    And the line loses the next request\n" + pays + reverses: verdicts.Passed,
			balance + "    Then the balance is known\n    When the line loses the next answer\n" + pays + reverses + balance + "    Then the balance has not changed\n": verdicts.Passed,
		} {
			f, err := ParseFeature("shop.feature", []byte("Feature: A shop\n  Scenario: a payment\n    Given a terminal that has signed in\n"+source))
			if err != nil {
				t.Fatal(err)
			}
			v := play(t, quick(p), m.dialer(), f.Scenarios[0])
			if v.Outcome != want || want == verdicts.Untested && !(strings.Contains(v.Why(), "answers "+code) && strings.Contains(v.Why(), "and the scenario asks for no balance after it")) {
				t.Errorf("%s, %s: %s: %s, want %s", code, source, v.Outcome, v.Why(), want)
			}
		}
	}
}
