package scenarios

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// A host puts a card number, a PIN and a track into texts of its answers, and a
// feature says a card number and a password in its own words: nothing of them is in
// what is told and written.
func TestSecretsInTextsReachNoFile(t *testing.T) {
	p, address := mutantHost(t, "cup", 8)
	m := newMiddle(t, p, address)
	m.mutant = &mutant{of: kindOfAnswer{to: dialect.Purchase}, where: "44", edit: func(a *wire.Message) {
		a.SetFieldString(44, "card 6225-0000-0000-0014")
		a.SetFieldString(63, "CUPPIN=918273 T2=6225000000000014=49121014460000000000")
	}}
	f, err := ParseFeature("leak.feature", []byte(`Feature: of card 6225000000000014
  Scenario Outline: field <f> of card 6225000000000014
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the answer carries:
      | field | value            |
      | <f>   | 6225000000000014 |
    Examples:
      | f  |
      | 2  |
      | 44 |
      | 63 |
  Scenario: a password
    Given a terminal that is switched on
    When operator "01" logs in with password "998877"
    Then the terminal shows "6225000000000014"
  Scenario: what was sent
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the request carries:
      | field | value            |
      | 35    | 6225000000000014D4912 |
`))
	if err != nil {
		t.Fatal(err)
	}
	var made, out bytes.Buffer
	c := &Check{Language: NewLanguage(p), Dialer: m.dialer(), Features: []*Feature{f}, Terminals: 2, Cucumber: &made}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(found.Rules, func(of report.RuleCount) bool { return of.ID == "ANS-LEAK" && of.N == 4 }) {
		t.Errorf("it counts %v, want ANS-LEAK 4 times", found.Rules)
	}
	if n := found.Count(verdicts.Failed); n != 5 {
		t.Errorf("%d scenarios failed, want 5", n)
	}
	for _, write := range []error{found.WriteText(&out), found.WriteJSON(&out), found.WriteJUnit(&out), found.WriteMarkdown(&out)} {
		if write != nil {
			t.Error(write)
		}
	}
	for form, text := range map[string]string{"cucumber": made.String(), "another form": out.String()} {
		for _, secret := range []string{"6225000000000014", "6225-0000-0000-0014", "0000-0014", "918273", "998877", "4912101", "D4912"} {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s: %q is in %q", form, secret, text[max(0, at-80):at+40])
			}
		}
		if !strings.Contains(text, "622500******0014") {
			t.Errorf("%s: the card is not even masked there", form)
		}
	}
}
