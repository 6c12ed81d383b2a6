package scenarios

import (
	"context"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/host"
)

// With keys whose check value is wrong nothing else can be tested: that is one
// cause, whatever the scenarios were about.
func TestOneCauseForAllWhoCannotSignIn(t *testing.T) {
	p, d := bundledHost(t, "cup", host.WithMisbehaviour("wrong-kcv"))
	c := &Check{Language: NewLanguage(p), Dialer: d, Features: embeddedFor(t, "cup"), Terminals: 8}
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
