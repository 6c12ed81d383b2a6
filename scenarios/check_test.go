package scenarios

import (
	"cmp"
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/host/admin"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// bundledHost serves the bundled network for a test, and its admin API.
func bundledHost(t testing.TB, network string, options ...host.Option) (*profile.Profile, *line.Dialer) {
	t.Helper()
	p, err := profile.Bundled(network, 8000)
	if err != nil {
		t.Fatal(err)
	}
	return p, serve(t, p, options...)
}

// serveAdmin serves the admin API of the host at an address, for those who are told of it.
func serveAdmin(t testing.TB, h *host.Host, address string) {
	const token = "0123456789abcdef"
	api := httptest.NewServer(admin.New(h, token))
	t.Cleanup(api.Close)
	admins.Store(address, Admin{URL: api.URL, Token: profile.Secret(token)})
}

// admins are the admin APIs of the hosts of tests, by the address for terminals.
var admins sync.Map

// language is that of a profile whose host is reached by d. Where that has no admin API
// what needs one is skipped.
func language(p *profile.Profile, d *line.Dialer) *Language {
	l := NewLanguage(p)
	if l.Admin = nil; d != nil {
		if a, ok := admins.Load(d.Address); ok {
			a := a.(Admin)
			l.Admin = &a
		}
	}
	return l
}

// quick is a profile whose terminals do not wait long for an answer.
func quick(p *profile.Profile) *profile.Profile {
	q := *p
	q.Policy.Timeout = 3 * time.Second
	q.Policy.PayerQuery, q.Policy.PayerWait = 10*time.Millisecond, 30*time.Millisecond
	return &q
}

func TestRightHostPassesEveryFeature(t *testing.T) {
	for _, network := range dialect.Names() {
		p, d := bundledHost(t, network)
		fs := embeddedFor(t, network)
		c := &Check{Language: language(quick(p), d), Dialer: d, Features: fs, Terminals: 8}
		found, err := c.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for v := range found.All() {
			if n++; v.Outcome != verdicts.Passed {
				t.Errorf("%s: %s failed: %v", network, v.ID, v.Reason)
			}
		}
		if n == 0 {
			t.Errorf("%s: nothing was played", network)
		}
	}
}

// catches says where to look first for what a host does wrong, beside core: the
// others are played when it is not seen there.
var catches = map[string][]string{
	"cup/advice":          {"lying-totals"},
	"cup/authentication":  {"ca-key-forged", "ca-key-wrong", "revocation-untold"},
	"cup/cash":            {"load-over-limit", "load-untold", "load-unpaid", "cryptogram-unchecked", "totals-ignore-reversals"},
	"cup/chip":            {"script-result-lost", "pin-told-wrong", "chip-without-cryptogram", "counter-unchecked"},
	"cup/integrity":       {"totals-wrap"},
	"cup/kinds":           {"points-mixed-up"},
	"cup/keys":            {"master-key-wrong", "key-block-header"},
	"cup/partial":         {"partial-over", "partial-of-nothing", "partial-without-mac", "partial-booked-whole", "partial-reversal-refused", "partial-void-of-whole"},
	"cup/refund":          {"refund-of-another", "refund-over-rest"},
	"shop/fees":           {"statement-does-not-add-up", "fee-off-by-one"},
	"shop/loss":           {"reset-without-proof", "lost-terminal-trades"},
	"shop/masterkey":      {"master-key-to-anybody"},
	"shop/merchant":       {"expired-papers-approved", "lapsed-approval-signed"},
	"shop/notpaid":        {"order-paid-twice"},
	"shop/order":          {"refund-of-another-payment"},
	"shop/parameters":     {"parameters-of-all"},
	"shop/payer":          {"late-password-pays", "password-lost", "password-not-asked"},
	"shop/payout":         {"new-merchant-paid-at-once", "cut-off-ignored"},
	"shop/power":          {"forget-status"},
	"shop/requirement":    {"ca-key-kept"},
	"shop/reset":          {"reset-untold"},
	"shop/qr":             {"code-used-twice", "equal-refunds-merged", "refund-number-ignored"},
	"shop/signature-slip": {"signature-misfiled", "signature-blind", "signature-lost"},
	"shop/terminal-life":  {"second-binding-accepted", "clone-accepted"},
}

// What networks other than CUP have of it is caught there, too, by the scenarios of all networks.
func TestWrongHostOfAnotherNetworkIsCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	fs, err := ReadFeatures(features.FS, "core")
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range []string{"iso87", "iso93"} {
		for _, wrong := range []string{"cryptogram-unchecked", "chip-without-cryptogram", "counter-unchecked", "wrong-arpc", "refund-of-another", "totals-ignore-reversals",
			"double-posting", "forget-reversal", "reversal-of-another", "pin-block-unbound"} {
			t.Run(network+"/"+wrong, func(t *testing.T) {
				t.Parallel() // each has a host of its own
				p, d := bundledHost(t, network, host.WithMisbehaviour(wrong))
				found, err := (&Check{Language: language(quick(p), d), Dialer: d, Features: fs, Terminals: 8}).Run(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				for v := range found.All() {
					if v.Outcome == verdicts.Failed {
						return
					}
				}
				t.Error("no scenario of all networks catches it")
			})
		}
	}
}

// The judge is judged: each thing that the bundled host can do wrong on demand
// is caught by a scenario, but for those that only show under load.
func TestWrongHostIsCaught(t *testing.T) {
	fs, err := ReadFeatures(features.FS, "core", "cup", "shop")
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range host.Misbehaviours() {
		switch m.Name {
		case "serial-replayed":
			continue // CUP derives no keys: TestHostThatTakesASerialTwiceIsCaught
		case "trace-of-any-terminal", "repeat-approved-anew", "acknowledged-forgotten", "forget-some-reversals", "reversal-unanswered", "answer-astray":
			continue // they take terminals together, or many payments: sim.TestStormFindsWhatHostsDoWrong
		}
		if strings.HasPrefix(m.Name, "malformed-") && m.Name != "malformed-answers" {
			continue // scenarios send nothing malformed; package negative looks for it
		}
		if testing.Short() && i%4 > 0 {
			continue // under the race detector some will do
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel() // each has a host of its own
			p, d := bundledHost(t, "cup", host.WithMisbehaviour(m.Name))
			order, first := slices.Clone(fs), ""
			for path, caught := range catches {
				if slices.Contains(caught, m.Name) {
					first = path
					slices.SortStableFunc(order, func(a, b *Feature) int {
						return cmp.Compare(strings.Index(b.Path, path), strings.Index(a.Path, path))
					})
				}
			}
			for i, f := range order { // until one catches it: a silent host is slow to see in all of them
				q := quick(p)
				q.Terminals = p.Terminals[8*i:] // that the host has not heard of yet
				c := &Check{Language: language(q, d), Dialer: d, Features: []*Feature{f}, Terminals: 8, StopEarly: true}
				found, err := c.Run(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				for v := range found.All() {
					if v.Outcome == verdicts.Failed {
						t.Logf("caught by %s: %v", v.ID, v.Reason)
						if !strings.Contains(f.Path, first) {
							t.Errorf("catches says %s, and it is %s: all between is played in vain", first, f.Path)
						}
						return
					}
				}
			}
			t.Errorf("no scenario catches a host that is wrong in this way: %s", m.Doc)
		})
	}
}
