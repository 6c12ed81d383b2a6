package sim_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// day is what a shop does: pays, and voids or gives back now and then.
func day(t testing.TB, p *profile.Profile, seed uint64) *sim.Mix {
	t.Helper()
	follow := func(id string, of dialect.Transaction) *sim.Plan {
		plan := purchase(p)
		plan.ID = id
		plan.Steps = append(plan.Steps, sim.Step{Text: id, Do: func(pl *sim.Player) error {
			r := pl.T.Journal.Records[len(pl.T.Journal.Records)-1]
			return pl.Pay(&sim.Order{Of: of, Amount: r.Amount, Entry: sim.Swipe, Holder: r.Holder(pl.T.Profile), Original: &pl.T.Journal.Records[len(pl.T.Journal.Records)-1]})
		}})
		return plan
	}
	mix, err := sim.NewMix(seed, []*sim.Plan{purchase(p), follow("void", dialect.PurchaseVoid), follow("refund", dialect.Refund)}, []float64{6, 2, 2})
	if err != nil {
		t.Fatal(err)
	}
	return mix
}

// storm plays a seed and gives what was found of it, the books included.
func (b *bench) storm(t testing.TB, seed uint64, arrivals int) (*sim.Stormed, []string) {
	t.Helper()
	of := line.FaultsFor(&b.profile.Dialect.Format)
	storm := line.DrawStorm(seed, of)
	storm.AtOnce()
	rates := storm.Rates[:0]
	for _, r := range storm.Rates {
		if r.Fault.OnLine() {
			rates = append(rates, r)
		}
	}
	storm.Rates = rates
	s := &sim.Storm{Profile: b.profile, Dialer: b.dialer, Mix: day(t, b.profile, seed), Faults: storm,
		Terminals: len(b.profile.Terminals), Arrivals: arrivals, NewHost: true}
	return b.books(t, s)
}

// books plays a storm and compares the books.
func (b *bench) books(t testing.TB, s *sim.Storm) (*sim.Stormed, []string) {
	t.Helper()
	found, err := s.Do(t.Context())
	if err != nil {
		t.Fatalf("seed %d: %v", s.Mix.Seed, err)
	}
	books := audit.Books{Net: map[string]int64{}, Broken: b.host.Check()}
	for _, of := range b.host.Books() {
		books.Net[of.TID] = of.Net()
	}
	m := audit.Compare(found.Fleet, books)
	wrong := append(found.Broken, m.Detail...)
	if m.Compared != len(b.profile.Terminals) || m.Owed > 0 {
		wrong = append(wrong, fmt.Sprintf("%d terminals compared, %d reversals owed", m.Compared, m.Owed))
	}
	return found, wrong
}

func TestNoStormLosesMoney(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 5
	}
	struck := map[string]int64{}
	for seed := range seeds {
		found, wrong := newBench(t, "cup", 4).storm(t, seed, 200)
		if len(wrong) > 0 {
			t.Errorf("seed %d: %s", seed, strings.Join(wrong, "\n"))
		}
		for name, n := range found.Injected {
			struck[name] += n
		}
	}
	for _, f := range line.AllFaults() {
		if f.OnLine() && struck[f.String()] == 0 && !testing.Short() {
			t.Errorf("%s never struck", f)
		}
	}
}

func TestStormComesAgain(t *testing.T) {
	one, _ := newBench(t, "cup", 3).storm(t, 5, 120)
	again, _ := newBench(t, "cup", 3).storm(t, 5, 120)
	other, _ := newBench(t, "cup", 3).storm(t, 6, 120)
	if len(one.Strikes) < 10 || !reflect.DeepEqual(one.Strikes, again.Strikes) || reflect.DeepEqual(one.Strikes, other.Strikes) {
		t.Errorf("%d strikes, then %d, of another seed %d", len(one.Strikes), len(again.Strikes), len(other.Strikes))
	}
}

// The bugs that an auditor must find, of hosts and of terminals, are found; most by five
// storms of a few hundred payments.
func TestStormFindsWhatHostsDoWrong(t *testing.T) {
	for i, name := range []string{"wrong-mac", "no-mac", "wrong-echo", "double-posting", "forget-reversal", "partial", "lying-totals", "yes-man",
		"second-reversal-undoes-first", "early-reversal-forgotten", "any-mac", "repeat-approved-anew", "totals-ignore-reversals",
		"trace-of-any-terminal", "acknowledged-forgotten", "forget-some-reversals", "reversal-unanswered", "answer-astray"} {
		if testing.Short() && i%4 > 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= 8; seed++ {
				b := newBench(t, "cup", 4, host.WithMisbehaviour(name))
				b.profile.Policy.Timeout = 20 * time.Millisecond // which the line waits for where it did nothing wrong itself
				if _, wrong := b.storm(t, seed, 200); len(wrong) > 0 {
					t.Logf("seed %d: %s", seed, wrong[0])
					return
				}
			}
			t.Error("eight storms find nothing")
		})
	}
}

// So is a terminal that is wrong: one that takes a late approval for one although it has
// reversed the payment by then.
func TestStormFindsATerminalThatTrustsLateApprovals(t *testing.T) {
	b := newBench(t, "cup", 2)
	plan := purchase(b.profile)
	pay := plan.Steps[0].Do
	plan.Steps[0].Do = func(p *sim.Player) error {
		err := pay(p)
		if p.Last.Outcome == report.TimedOut {
			p.T.Journal.Batch.Add(dialect.Debit, p.Last.Asked, 1)
			p.T.Journal.All.Add(dialect.Debit, p.Last.Asked, 1)
		}
		return err
	}
	mix, err := sim.NewMix(1, []*sim.Plan{plan}, []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	storm, err := line.ParseStorm(1, []string{"answer-late=20%"})
	if err != nil {
		t.Fatal(err)
	}
	if found, wrong := b.books(t, &sim.Storm{Profile: b.profile, Dialer: b.dialer, Mix: mix, Faults: storm, Terminals: 2, Arrivals: 100, NewHost: true}); len(wrong) == 0 || found.Injected["answer late"] == 0 {
		t.Errorf("nothing is found, %d answers were late", found.Injected["answer late"])
	}
}

// A scenario may leave a terminal at which nobody is logged in, or that is switched off: somebody
// sees to it, and nothing of the host is wrong.
func TestStormLeavesNobodyLoggedOut(t *testing.T) {
	for name, leave := range map[string]func(*sim.Terminal){
		"off and on": func(x *sim.Terminal) { x.PowerOn() },
		"off":        func(x *sim.Terminal) { x.On, x.Operator = false, "" },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "cup", 2)
			plan := purchase(b.profile)
			plan.Steps = append(plan.Steps, sim.Step{Text: name, Do: func(p *sim.Player) error { p.T.SignedIn = false; leave(p.T); return nil }})
			mix, err := sim.NewMix(1, []*sim.Plan{plan}, []float64{1})
			if err != nil {
				t.Fatal(err)
			}
			storm, err := line.ParseStorm(1, []string{"answer-lost=3x"})
			if err != nil {
				t.Fatal(err)
			}
			storm.AtOnce()
			if _, wrong := b.books(t, &sim.Storm{Profile: b.profile, Dialer: b.dialer, Mix: mix, Faults: storm, Terminals: 2, Arrivals: 20, NewHost: true}); len(wrong) > 0 {
				t.Errorf("%q", wrong)
			}
		})
	}
}

// A late answer to an earlier try is under the keys of that try's key serial number: no storm
// takes it for a wrong MAC of the host's, and each finds one that is.
func TestStormKnowsAnswersUnderEarlierKeys(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	d, err := dialect.Parse("derived.yaml", []byte(`
extends: iso87
sign-in: none
keys: {dukpt: tdes}
mac: x9.19
fields: {53: {is: b 10, name: key serial number}}
elements: {security-control: none, key-serial: 53}
transactions: {reversal: {carries: [2, 3, 4, 7, 11, 14, 22, 23, 25, 38, 39, 41, 42, 49, 53, 60]}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(12) {
		p, err := profile.BundledIn(d, 4)
		if err != nil {
			t.Fatal(err)
		}
		if _, wrong := serve(t, p).storm(t, seed, 200); len(wrong) > 0 {
			t.Errorf("seed %d: %v", seed, wrong)
		}
	}
	p, err := profile.BundledIn(d, 4)
	if err != nil {
		t.Fatal(err)
	}
	if found, _ := serve(t, p, host.WithMisbehaviour("wrong-mac")).storm(t, 1, 50); len(found.Broken) == 0 {
		t.Error("wrong MACs of the host's are not found")
	}
}
