package scenarios

import (
	"context"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// A network that lacks MAC, keys, logon or transactions is no worse a network: what
// it has passes, the rest is skipped, and nothing fails.
func TestNetworkThatLacksSomethingFailsNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("other tests have the same goroutines")
	}
	for _, c := range []struct {
		name, file string
		passed     int // at least, of the core and iso87 features
	}{
		{"no MAC", "extends: iso87\nmac: none\n", 75},
		{"a logon without keys", "extends: iso87\nmac: none\nsign-in: none\n", 60},
		{"no PIN", "extends: iso87\nelements: {pin-block: none}\nlists: {x: []}\n", 60},
		{"no logon", "extends: iso87\nmac: none\nsign-in: none\ntransactions: {sign-in: none, sign-off: none}\n", 45},
		{"purchases and their reversals alone", "extends: iso87\nmac: none\nsign-in: none\n" +
			"transactions: {sign-in: none, sign-off: none, echo: none, balance: none, refund: none}\n", 25},
		{"reversals as advices, 0421 when they come again", "extends: iso87\ntransactions: {reversal: {mti: \"0420\", repeat: \"0421\"}}\n", 85},
		{"EBCDIC text throughout, a length that counts itself", "extends: ebcdic\nframing: {counts: [itself]}\nencoding: {bitmap: ebcdic-hex, b: ebcdic-hex}\n" +
			"fields: {55: {prefix: ebcdic3-hex}, 62: {is: b...499, prefix: ebcdic3-hex}}\n", 85},
		{"management codes of its own, an echo test with a trace", "extends: iso87\ntransactions: {sign-in: {set: {70: \"061\"}, management: [\"061\"]}, " +
			"echo: {set: {70: \"270\"}, management: [\"270\"], carries: [7, 11, 41, 42]}, sign-off: {set: {70: \"062\"}, management: [\"062\"]}}\n", 80},
		{"answers that bring back less", "extends: iso87\necho: [3, 4, 11, 41, 42]\n", 80},
		{"another processing code and entry mode", "extends: iso87\nentry: {stripe: [\"901\", \"902\"]}\ntransactions: {refund: {mti: \"0200\", set: {3: \"220000\"}}}\n", 82},
		{"private fields that are no batch and no keys", "extends: iso87\nmac: none\nsign-in: none\nelements: {batch: none, working-keys: none}\n" +
			"transactions: {purchase: {set: {60: \"0100\"}}}\n", 60},
		{"1993 without keys, a function code of its own", "extends: iso93\nmac: none\nsign-in: none\ntransactions: {echo: {set: {24: \"861\"}}}\n", 55},
		{"nothing for a PIN, no MAC, another currency", "extends: cup\nmac: none\nsign-in: none\ncurrency: \"360\"\n", 60},
		{"a currency without decimals", "extends: cup\ncurrency: \"392\"\n", 440},
		{"a currency with three decimals", "extends: cup\ncurrency: \"414\"\n", 595},
		{"1993, a currency without decimals", "extends: iso93\ncurrency: \"392\"\n", 145},
		{"1993, a currency with three decimals", "extends: iso93\ncurrency: \"414\"\n", 155},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := dialect.Parse("x.yaml", []byte(c.file), nil)
			if err != nil {
				t.Fatal(err)
			}
			p, err := profile.BundledIn(d, 100)
			if err != nil {
				t.Fatal(err)
			}
			check := &Check{Language: language(quick(p), nil), Dialer: serve(t, p), Features: embeddedFor(t, d.Bases[0]), Terminals: 8}
			found, err := check.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			passed := 0
			for v := range found.All() {
				switch v.Outcome {
				case verdicts.Passed:
					if passed++; !p.HasPIN() && (strings.Contains(v.Name, "and PIN") || strings.Contains(v.Name, "凭密码")) {
						t.Errorf("%s: %s passed, and no PIN was sent", v.ID, v.Name)
					}
				case verdicts.Skipped:
					if why := v.Reason.Error(); why == "" || strings.Contains(why, "  ") || strings.Contains(why, " ,") || strings.HasSuffix(why, " ") {
						t.Errorf("%s is skipped for something without a name: %q", v.ID, why)
					}
				default:
					t.Errorf("%s: %s is %s: %v", v.ID, v.Name, v.Outcome, v.Reason)
				}
			}
			if passed < c.passed {
				t.Errorf("%d scenarios passed, want at least %d", passed, c.passed)
			}
		})
	}
}
