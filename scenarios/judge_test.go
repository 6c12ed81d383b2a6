package scenarios

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// stage is where one scenario after the other is played through a man in the middle,
// each on a terminal that nobody has used before.
type stage struct {
	middle *middle
	ctx    context.Context
	next   *atomic.Int64 // of the profile's terminals
	clock  *line.Clock
	told   map[string]int // in the latest scenario: rules broken, exchanges without an answer
	held   *rules.Judge   // all hold the answers against each other
}

// play plays a scenario and says why a tester would look into it: a sentence that
// does not hold, an answer that breaks a rule, an exchange without an answer; more of
// these than with a right host, since its line spoils and loses answers on purpose. It
// is nil when nothing shows.
func (s *stage) play(p *profile.Profile, plan *sim.Plan, usual map[string]int) (noticed error) {
	s.told = map[string]int{}
	n := int(s.next.Add(1))
	for !p.Terminals[n].Kind.ReadsCards() {
		n = int(s.next.Add(1))
	}
	t := sim.NewTerminal(p, &p.Terminals[n])
	t.Faults = &line.Faults{}
	own := line.NewOwn(s.ctx, s.middle.dialer(), &p.Dialect.Format, s.clock)
	own.Faults, t.Link = t.Faults, own
	defer own.Close()
	player := sim.NewPlayer(p.Dialect, s.clock)
	player.Judge = s.held
	player.Each = func(request, answer *wire.Message, r *sim.Result) {
		look := func(what string, why error) {
			if s.told[what]++; noticed == nil && s.told[what] > usual[what] {
				noticed = fmt.Errorf("%s: %w", what, why)
			}
		}
		for _, b := range player.Broken(r) {
			look(b.Rule.ID, b)
		}
		if r.Outcome > report.Refused {
			look(r.Outcome.String(), r.Why)
		}
		e := exchange{request: request.Clone(), result: *r}
		if answer.MTI() != "\x00\x00\x00\x00" {
			e.answer = answer.Clone()
		}
		w := worldOf(player)
		w.exchanges = append(w.exchanges, e)
	}
	if _, err := player.Play(t, plan, n, -1); err != nil && noticed == nil {
		noticed = err
	}
	return noticed
}

// plansOf binds the embedded scenarios of a network.
func plansOf(t *testing.T, p *profile.Profile, paths ...string) (plans []*sim.Plan) {
	t.Helper()
	fs, err := ReadFeatures(features.FS, paths...)
	if err != nil {
		t.Fatal(err)
	}
	lang := NewLanguage(p)
	for _, f := range fs {
		for _, s := range f.Scenarios {
			plan := &sim.Plan{ID: s.ID, Name: s.Name, At: s.At()}
			for i := range s.Steps {
				b, err := lang.Bind(s, i)
				if err != nil {
					t.Fatal(err)
				}
				plan.Steps = append(plan.Steps, sim.Step{Text: b.Text, At: b.At, Do: b.Do})
			}
			plans = append(plans, plan)
		}
	}
	return plans
}

// The judge is judged: every change of every answer of a right host is noticed, by a
// rule or by a scenario, but for those that rules.Unseen lists.
func TestChangedAnswersAreNoticed(t *testing.T) {
	if testing.Short() {
		t.Skip("plays some thousands of wrong hosts")
	}
	unseen := map[rules.UnseenChange]int{}
	all, noticed := 0, 0
	for network, paths := range map[string][]string{"cup": {"core", "cup"}, "iso87": {"core", "iso87"}} {
		a, n := judgeTheJudge(t, network, paths, unseen)
		t.Logf("%s: %d of %d changes noticed, %.1f %%", network, n, a, 100*float64(n)/float64(a))
		all, noticed = all+a, noticed+n
	}
	t.Logf("%d of %d changes noticed, %.1f %%", noticed, all, 100*float64(noticed)/float64(all))
	if 100*noticed < 95*all {
		t.Errorf("%d of %d changes of answers are noticed, want 95 %%", noticed, all)
	}
	for _, u := range rules.Unseen() {
		if unseen[u] == 0 && !u.Chance {
			t.Errorf("rules.Unseen lists %s, %s: it is noticed each time", u.Where, u.Change)
		}
	}
}

// judgeTheJudge plays all mutants of one network's answers. It counts those that
// nothing notices under the entry of rules.Unseen that is about them.
func judgeTheJudge(t *testing.T, network string, paths []string, unseen map[rules.UnseenChange]int) (all, noticed int) {
	p, address := mutantHost(t, network, 30000)
	p = quick(p)
	p.Policy.Timeout = 300 * time.Millisecond // thousands of them wait for it; what is late is tried again
	plans := plansOf(t, p, paths...)
	next, clock, judge := &atomic.Int64{}, line.NewClock(), rules.NewJudge(p.Dialect)
	newStage := func() *stage {
		return &stage{middle: newMiddle(t, p, address), ctx: t.Context(), next: next, clock: clock, held: judge}
	}

	// What a right host answers, and which scenarios bring that about.
	first := newStage()
	kinds := map[kindOfAnswer]*specimens{}
	by := map[kindOfAnswer][]*sim.Plan{}
	values := map[int][]string{}
	took, usual := map[*sim.Plan]time.Duration{}, map[*sim.Plan]map[string]int{}
	anyway := map[string]int{"ANS-64-RIGHT": 9, "ANS-62-KCV": 1, report.TimedOut.String(): 9, report.Broken.String(): 9} // by what line and terminal do
	for _, plan := range plans {
		first.middle.seen = func(k kindOfAnswer, a *wire.Message) {
			if kinds[k] == nil {
				kinds[k] = &specimens{}
			}
			kinds[k].note(a)
			if !slices.Contains(by[k], plan) {
				by[k] = append(by[k], plan)
			}
			for n := range a.Fields {
				if v := a.FieldText(n); len(values[n]) < 200 {
					values[n] = append(values[n], v)
				}
			}
		}
		began := time.Now()
		err := first.play(p, plan, anyway)
		for tries := 0; err != nil && tries < 2; tries++ { // a busy machine is late
			err = first.play(p, plan, anyway)
		}
		if err != nil {
			t.Fatalf("%s: %s: a right host: %v", network, plan.ID, err)
		}
		took[plan], usual[plan] = time.Since(began), first.told
	}

	var mutants []*mutant
	for _, k := range sorted(kinds) {
		by[k] = inTurn(by[k], by, took)
		mutants = append(mutants, mutantsOf(p.Dialect, k, kinds[k], values)...)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan *mutant)
	for range 16 * runtime.GOMAXPROCS(0) { // which wait for a timeout, most of them
		s := newStage()
		wg.Go(func() {
			for m := range work {
				why := s.judge(p, m, by[m.of], usual)
				// On a busy machine an answer may be late, and two scenarios may meet on one
				// card: what is listed counts as noticed if it is each time.
				for again := 0; again < 3 && why != nil && unseenAs(m) != nil; again++ {
					why = s.judge(p, m, by[m.of], usual)
				}
				// And the changed answer may have come too late to be looked at at all.
				for again := 0; again < 2 && why == nil && unseenAs(m) == nil; again++ {
					why = s.judge(p, m, by[m.of], usual)
				}
				mu.Lock()
				if all++; errors.Is(why, errUnchanged) {
					all--
				} else if why != nil {
					noticed++
				} else if u := unseenAs(m); u != nil {
					unseen[*u]++
				} else {
					t.Errorf("%s: nothing notices %s; a rule or a scenario is missing, or a line in rules.Unseen", network, m)
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range mutants {
		work <- m
	}
	close(work)
	wg.Wait()
	return all, noticed
}

// inTurn puts scenarios into the order in which they are given a chance: always the
// one that brings about the most kinds of answers that those before it do not, of
// equals the quickest.
func inTurn(plans []*sim.Plan, by map[kindOfAnswer][]*sim.Plan, took map[*sim.Plan]time.Duration) (turns []*sim.Plan) {
	plans = slices.Clone(plans)
	slices.SortStableFunc(plans, func(a, b *sim.Plan) int { return int(took[a] - took[b]) })
	had := map[kindOfAnswer]bool{}
	turns = append(turns, plans[0]) // the quickest sees most of it
	for len(turns) < len(plans) && len(turns) < mostPlays {
		best, most := -1, -1
		for i, p := range plans {
			news := 0
			for k, of := range by {
				if !had[k] && slices.Contains(of, p) {
					news++
				}
			}
			if !slices.Contains(turns, p) && news > most {
				best, most = i, news
			}
		}
		for k, of := range by {
			had[k] = had[k] || slices.Contains(of, plans[best])
		}
		turns = append(turns, plans[best])
	}
	return turns
}

// mostPlays is how many scenarios are given a chance to notice one mutant.
const mostPlays = 12

// errUnchanged marks a mutant that is the right answer.
var errUnchanged = errors.New("no answer was changed")

// judge plays scenarios against a mutant until one notices it.
func (s *stage) judge(p *profile.Profile, m *mutant, plans []*sim.Plan, usual map[*sim.Plan]map[string]int) error {
	s.middle.mu.Lock()
	s.middle.mutant, s.middle.changed = m, 0
	s.middle.mu.Unlock()
	for _, plan := range plans {
		if err := s.play(p, plan, usual[plan]); err != nil {
			return err
		}
	}
	if s.middle.changed == 0 {
		return errUnchanged
	}
	return nil
}

// unseenAs is the line of rules.Unseen that a mutant falls under.
func unseenAs(m *mutant) *rules.UnseenChange {
	for _, u := range rules.Unseen() {
		if u.Where == m.where && strings.HasPrefix(m.change, u.Change) {
			return &u
		}
	}
	return nil
}
