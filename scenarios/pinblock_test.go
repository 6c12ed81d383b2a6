package scenarios

import (
	"context"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// A host that reads PIN blocks otherwise than terminals make them is caught by the first
// payment with a PIN.
func TestHostThatReadsOtherPINBlocksIsCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for _, c := range []struct{ name, at, host, pays string }{
		{"SM4, 8 octets for 16", "sign-in: \"005\"", "sign-in: \"005\"\npin: {octets: 8}", "pays 12.00 yuan with a good card"},
		{"SM4, 16 octets for 8", "sign-in: \"005\"\npin: {octets: 8}", "sign-in: \"005\"", "pays 12.00 yuan with a good card"},
		{"format 0 for 2", "pin: {format: 2}", "pin: {format: 0}", "pays 12.00 yuan with a good card"},
		{"a reservation over the card number", "transactions: {reservation: {pin: card}}", "pin: {format: 0}", "does a reservation of 12.00 yuan with a good card"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := func(text string) *profile.Profile {
				d, err := dialect.Parse("bank.yaml", []byte("extends: cup\n"+text+"\n"), nil)
				if err != nil {
					t.Fatal(err)
				}
				p, err := profile.BundledIn(d, 8)
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			at, other := in(c.at), in(c.host)
			feature, err := ParseFeature("pin.feature", []byte(`Feature: PIN
  Scenario: it is read
    Given a terminal that has signed in
    When the cardholder `+c.pays+`
    Then the host approves
`))
			if err != nil {
				t.Fatal(err)
			}
			for host, want := range map[*profile.Profile]verdicts.Outcome{at: verdicts.Passed, other: verdicts.Failed} {
				check := &Check{Language: language(at, nil), Dialer: serve(t, host), Features: []*Feature{feature}, Terminals: 1}
				found, err := check.Run(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				for v := range found.All() {
					if v.Outcome != want {
						t.Errorf("%s, want %s: %v", v.Outcome, want, v.Reason)
					}
				}
			}
		})
	}
}
