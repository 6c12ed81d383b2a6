package scenarios

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// What is known of the profile's cards is hidden where no form of a card number tells
// it: in fields of digits, in parts, backwards; and so is a PIN in a text, though it is
// the trace number of another message.
func TestKnownSecretsReachNoFile(t *testing.T) {
	plants := map[string]func(a *wire.Message){
		"60": func(a *wire.Message) { a.SetFieldString(60, "6225000090000619") },
		"42": func(a *wire.Message) { a.SetString(wire.MerchantID, "622500009000061") },
		"37": func(a *wire.Message) { a.SetString(wire.RRN, "PIN 654321  ") },
		"4":  func(a *wire.Message) { a.SetString(wire.Amount, "622500009000") },
		"63": func(a *wire.Message) { a.SetFieldString(63, "CUP(622500)(0090000619) 6543 21") },
		"44": func(a *wire.Message) { a.SetFieldString(44, "9160000900005226") },
	}
	for field, edit := range plants {
		p, address := mutantHost(t, "cup", 8)
		m := newMiddle(t, p, address)
		m.mutant = &mutant{of: kindOfAnswer{to: dialect.Purchase}, where: field, edit: edit}
		f, err := ParseFeature("leak.feature", []byte(`Feature: of cards
  Scenario: a purchase
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal shows "123456"
`))
		if err != nil {
			t.Fatal(err)
		}
		p.Policy.Timeout = 300 * time.Millisecond
		var made, out bytes.Buffer
		c := &Check{Language: NewLanguage(p), Dialer: m.dialer(), Features: []*Feature{f}, Terminals: 2, Cucumber: &made}
		found, err := c.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, write := range []error{found.WriteText(&out), found.WriteJSON(&out), found.WriteJUnit(&out), found.WriteMarkdown(&out)} {
			if write != nil {
				t.Error(write)
			}
		}
		if field != "42" && !slices.ContainsFunc(found.Rules, func(of report.RuleCount) bool { return of.ID == "ANS-LEAK" }) { // with another 42 it is no answer
			t.Errorf("field %s: it counts %v, want ANS-LEAK", field, found.Rules)
		}
		if !strings.Contains(out.String(), "123456") {
			t.Errorf("field %s: the feature's own word is not told", field)
		}
		for _, text := range []string{made.String(), out.String()} {
			for _, secret := range []string{"622500009000", "0090000619", "654321", "6543 21", "9160000900"} {
				if at := strings.Index(text, secret); at >= 0 {
					t.Errorf("field %s: %q is in %q", field, secret, text[max(0, at-80):at+40])
				}
			}
		}
	}
}

// No answer of the bundled host holds what must not be shown.
func TestBundledHostLeaksNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("plays one scenario at a time, for long under the race detector; others have the same goroutines")
	}
	for _, network := range dialect.Names() {
		p, d := bundledHost(t, network)
		found, err := (&Check{Language: NewLanguage(p), Dialer: d, Features: embeddedFor(t, network), Terminals: 8}).Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if found.RuleWhy["ANS-LEAK"] != "" {
			t.Errorf("%s: %s", network, found.RuleWhy["ANS-LEAK"])
		}
	}
}

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
