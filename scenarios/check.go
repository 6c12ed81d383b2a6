package scenarios

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
)

// Check is a conformance check: each scenario once, strict. Scenarios stand
// alone: what they find depends neither on their order nor on how many are
// played at once, nor on the number of terminals.
type Check struct {
	Language  *Language
	Dialer    *line.Dialer
	Features  []*Feature              // selected
	Terminals int                     // scenarios take turns on so many of the profile's terminals, or on Parallel where that is more
	Lines     line.Mode               // own or each
	Line      string                  // line profile that they play, or kinds for that of each terminal's; empty for as they are
	Parallel  int                     // how many are played at once, each on terminals of its own; at least 1
	Seed      int64                   // shuffles the features, and the scenarios of each; 0 for the order of the files
	StopEarly bool                    // nothing is begun after a failure, or what Strict counts as one
	Patience  time.Duration           // to listen for a further answer after each; grows by itself when one comes
	Lingers   time.Duration           // for a message that nobody asked for, at the end and where a scenario says that none comes; at least 5 ms
	Strict    bool                    // untested and skipped are no better than failed
	Expected  map[string]string       // scenarios known to fail, by @id or file:line, and why
	Cucumber  io.Writer               // gets Cucumber JSON; nil for none
	Each      func(*verdicts.Verdict) // told each verdict as it falls, one at a time; may be nil

	plans    []*plan
	at       map[string]*plan         // by file:line
	seats    chan *seat               // that are free
	cards    map[string]*sync.RWMutex // of roles with fewer cards than seats
	results  *verdicts.Results
	mu       sync.Mutex // guards results while scenarios are played
	played   int        // scenarios that came to their turn
	stop     atomic.Bool
	further  atomic.Bool // a further answer has come to a request already answered
	hangsUp  atomic.Bool // a line has learned that the host hangs up after each answer
	absence  absence
	heard    heard
	silence  silence
	purses   purses
	answered int               // scenarios that had come to their turn when the host last answered
	latest   *verdicts.Verdict // of them the last; nil for none
}

// plan is a scenario that is bound, with its verdict.
type plan struct {
	*verdicts.Verdict
	index   int
	bound   []*Bound
	roles   []string // of the cards that it uses, in order
	watches bool     // compares balances: nobody else may use its cards meanwhile
	asserts bool     // says what is to come of it
	undone  bool     // says that a payment was undone
	settles bool     // settles a batch: of what it has in it itself alone
	lingers bool     // says that nothing comes that nobody asked for
	rejects bool     // says that the terminal rejects an answer: that it breaks a rule is what is to come
}

// Bind binds every sentence of every scenario, so that what does not fit the
// language is told before anything is played, and what does not fit the network
// is known to be skipped.
func (c *Check) Bind() (err error) {
	defer c.Language.scrubError(&err)
	c.plans, c.at = nil, map[string]*plan{}
	c.results = &verdicts.Results{Dialect: c.Language.Profile.Dialect.Title, Without: c.Language.Profile.Dialect.Without, Profile: c.Language.Profile.Name, Strict: c.Strict, Seed: c.Seed, Line: c.Line}
	var errs []error
	told := map[string]bool{} // sentences that do not fit, by where they stand: an outline's once
	for _, f := range c.Features {
		of := verdicts.Feature{Path: f.Path, Name: scrubbed(c.Language.Profile.Dialect, f.Name), Digest: f.Digest()}
		for _, s := range f.Scenarios {
			p := &plan{index: len(c.plans), Verdict: &verdicts.Verdict{
				ID: s.ID, Selector: s.Selector(), Name: s.Name, Example: s.Example, File: f.Path, Line: s.Line,
				Expected: cmp.Or(c.Expected["@"+s.ID], c.Expected[s.At()])}}
			var lacking *Bound
			for i := range s.Steps {
				b, err := c.Language.Bind(s, i)
				if err != nil {
					if at := f.at(s.Steps[i].Line); !told[at] || s.Example == 0 {
						told[at], errs = true, append(errs, err)
					}
					continue
				}
				if b.Need != nil && lacking == nil {
					lacking = b
				}
				p.bound = append(p.bound, b)
			}
			if lacking == nil {
				lacking = c.Language.bounds(p.bound, s.Has("@pin"))
			}
			if lacking == nil {
				lacking = c.Language.variant(p.bound)
			}
			if lacking != nil {
				p.Outcome, p.Reason, p.Cause = verdicts.Skipped, lacking.Need, lacking.Need.lacks
				p.Step, p.At, p.Phrase = lacking.Text, lacking.At, lacking.Phrase.English
			}
			scrub(c.Language.Profile.Dialect, p.Verdict)
			p.roles, p.watches = cardsOf(p.bound)
			p.asserts = asserts(p.bound)
			p.undone = slices.ContainsFunc(p.bound, func(b *Bound) bool { return b.Phrase.Undone })
			p.settles = slices.ContainsFunc(p.bound, func(b *Bound) bool { return b.Phrase.Of == dialect.Settlement })
			p.lingers = slices.ContainsFunc(p.bound, func(b *Bound) bool { return b.Phrase.Lingers })
			p.rejects = slices.ContainsFunc(p.bound, func(b *Bound) bool { return b.Phrase.Rejects })
			c.plans = append(c.plans, p)
			c.at[f.at(s.Line)] = p
			of.Verdicts = append(of.Verdicts, p.Verdict)
		}
		c.results.Features = append(c.results.Features, of)
	}
	return errors.Join(errs...)
}

// Results are what a check that is bound has found so far. While it is played only Each may
// look at them.
func (c *Check) Results() *verdicts.Results { return c.results }

// cardsOf are the roles of the cards that sentences use, each once and in order,
// and whether one compares balances.
func cardsOf(bound []*Bound) (roles []string, watches bool) {
	for _, b := range bound {
		if b.Role != "" {
			roles = append(roles, b.Role)
		}
		watches = watches || b.Phrase.Watches
	}
	slices.Sort(roles)
	return slices.Compact(roles), watches
}

// Run plays the scenarios and gives a verdict on each, those that it did not
// come to included. The error is about the check itself, not about a scenario.
// A scenario that fails when ctx is done counts as not played: the host is not
// to blame.
func (c *Check) Run(ctx context.Context) (*verdicts.Results, error) {
	if err := c.Bind(); err != nil {
		return c.results, err
	}
	if len(c.plans) == 0 {
		return c.results, errors.New("nothing is selected")
	}
	began := time.Now()
	defer func() {
		c.results.Started, c.results.Took = began, time.Since(began)
		slices.SortStableFunc(c.results.Rules, func(a, b report.RuleCount) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.ID, b.ID)) })
	}()
	clock := line.NewClock()
	terminals := c.fleet(ctx, clock)
	defer func() {
		for _, t := range terminals {
			t.Link.Close()
		}
	}()
	n := min(max(c.Parallel, 1), len(terminals))
	c.cards = map[string]*sync.RWMutex{}
	for _, p := range c.plans {
		for _, role := range p.roles {
			if len(c.Language.Profile.Holders(role)) < n { // else each seat has cards of its own
				c.cards[role] = &sync.RWMutex{}
			}
		}
	}
	judge := rules.NewJudge(c.Language.Profile.Dialect)
	c.results.Coverage = coverageOf(c.Language.Profile.Dialect, judge)
	defer c.results.Coverage.Sort()
	c.seats = make(chan *seat, n)
	for i := range n {
		s := &seat{number: i, of: n, check: c, batches: map[*sim.Terminal]error{}, before: map[*sim.Terminal]uint32{}, used: map[*sim.Terminal]bool{}, clock: clock, player: sim.NewPlayer(c.Language.Profile.Dialect, clock)}
		for j := i; j < len(terminals); j += n {
			s.terminals = append(s.terminals, terminals[j])
		}
		s.player.Each, s.player.Timeout, s.player.Judge = s.keep, s.timeout, judge
		c.seats <- s
	}
	err := c.godog(ctx, n)
	c.closeBatches(ctx)
	c.linger(terminals)
	c.cameBack()
	if hint := c.Hint(); hint != "" && c.results.Away != "" { // it was there all the while, for one
		c.results.Away = hint
	}
	return c.results, err
}

// lingering is how long a message that nobody asked for is listened for.
func (c *Check) lingering() time.Duration { return max(c.Lingers, 5*time.Millisecond) }

// linger listens, at the end, for what still comes on terminals' lines.
func (c *Check) linger(terminals []*sim.Terminal) {
	if c.absence.final != nil {
		return
	}
	var wg sync.WaitGroup
	for _, t := range terminals {
		wg.Go(func() {
			met := t.Link.(*line.Own).Leftovers(c.lingering())
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, b := range unasked(t, &met) {
				c.count(b)
			}
		})
	}
	wg.Wait()
}

// unasked are the rules that what a line met beside answers breaks, where it has not caused
// that itself.
func unasked(t *sim.Terminal, met *line.Strays) (broken []*rules.Broken) {
	if met.Duplicate > 0 && t.Faults.Injected[line.DoubleRequest]+t.Faults.Injected[line.DoubleAnswer] == 0 {
		broken = append(broken, rules.Break(rules.Once))
	}
	if met.Unmatched > 0 && !t.Disturbed() {
		broken = append(broken, rules.Break(rules.Alone))
	}
	return broken
}

// closeBatches settles what the check leaves in its terminals' batches: the next check
// draws trace numbers anew, and a host takes each once in a batch. What comes of it is no
// verdict: scenarios give that.
func (c *Check) closeBatches(ctx context.Context) {
	if c.absence.final != nil {
		return
	}
	var wg sync.WaitGroup
	for range len(c.seats) {
		s := <-c.seats
		wg.Go(func() {
			for _, t := range s.terminals {
				if len(t.Journal.Records) == 0 && !s.used[t] || ctx.Err() != nil {
					continue
				}
				s.player.T = t
				s.player.Fresh()
				s.closeBatch()
			}
		})
	}
	wg.Wait()
}

// fleet makes the terminals of a check, on lines of their own. Those that read
// codes only are left out where there are others.
func (c *Check) fleet(ctx context.Context, clock *line.Clock) (terminals []*sim.Terminal) {
	p := c.Language.Profile
	for i := range p.Terminals {
		if !p.Terminals[i].Kind.ReadsCards() && readsCards(p) {
			continue
		}
		if len(terminals) == max(c.Terminals, c.Parallel, 1) {
			break
		}
		t := sim.NewTerminal(p, &p.Terminals[i])
		t.Trace = earlyTraces + t.Trace%(dialect.MaxNumber-2*earlyTraces)
		t.Faults = &line.Faults{}
		own := line.NewOwn(ctx, c.Dialer, &p.Dialect.Format, clock)
		own.Each, own.Faults, own.Patience = c.Lines.Each, t.Faults, c.Patience
		if l := p.LineOf(t.Terminal, c.Line); l != nil {
			own.Like(l, 1, t.TID)
		}
		t.Link = own
		terminals = append(terminals, t)
	}
	return terminals
}

// earlyTraces, and as many at the end, are left to scenarios that set the trace
// number: a host takes each once in a batch.
const earlyTraces = 100_000

// readsCards reports whether a terminal of the profile does.
func readsCards(p *profile.Profile) bool {
	return slices.ContainsFunc(p.Terminals, func(t profile.Terminal) bool { return t.Kind.ReadsCards() })
}

// lock keeps others off the cards of a plan that compares their balances, and
// waits for those that do; unlock is for the end.
func (c *Check) lock(p *plan) (unlock func()) {
	var held []sync.Locker
	for _, role := range p.roles {
		of := c.cards[role]
		switch {
		case of == nil:
			continue
		case p.watches:
			held = append(held, of)
		default:
			held = append(held, of.RLocker())
		}
		held[len(held)-1].Lock()
	}
	return func() {
		for _, l := range held {
			l.Unlock()
		}
	}
}

// skipped gives the verdict on a scenario that is not for this network.
func (c *Check) skipped(p *plan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell(p)
}

// count counts a breach of a rule; mu is held.
func (c *Check) count(b *rules.Broken) {
	r := b.Rule
	i := slices.IndexFunc(c.results.Rules, func(of report.RuleCount) bool { return of.ID == r.ID })
	if i < 0 {
		i = len(c.results.Rules)
		if c.results.RuleWhy == nil {
			c.results.RuleWhy = map[string]string{}
		}
		c.results.RuleWhy[r.ID] = scrubbed(c.Language.Profile.Dialect, b.Error())
		c.results.Rules = append(c.results.Rules, report.RuleCount{ID: r.ID, Level: r.Level.String()})
	}
	c.results.Rules[i].N++
}

// tell hands a verdict on; mu is held.
func (c *Check) tell(p *plan) {
	if p.Reason != nil { // else it says nothing that Bind has not scrubbed
		scrub(c.Language.Profile.Dialect, p.Verdict)
	}
	c.played++
	if c.StopEarly && c.results.Stops(p.Verdict) {
		c.stop.Store(true)
	}
	if c.Each != nil {
		c.Each(p.Verdict)
	}
}

// describe renders exchanges, masked, field by field.
func describe(d *dialect.Dialect, past []exchange) string {
	var b strings.Builder
	for _, s := range past {
		fmt.Fprintf(&b, "%s, sent:\n", s.result.Of)
		d.Describe(&b, s.request)
		if s.answer == nil {
			fmt.Fprintf(&b, "%s\n", s.result.Outcome)
			describeStray(&b, d, s.result.Stray)
			continue
		}
		fmt.Fprintf(&b, "answered:\n")
		d.Describe(&b, s.answer)
	}
	return b.String()
}

// describeStray renders what came that was no answer. Of what cannot be read
// nothing is shown but its length: it may be part of a card number.
func describeStray(b *strings.Builder, d *dialect.Dialect, stray *sim.Stray) {
	if stray == nil {
		return
	}
	fmt.Fprintf(b, "something else came: %s", stray.Why)
	m := d.NewMessage()
	if err := m.Read(stray.Octets); err != nil {
		fmt.Fprintf(b, "; %d octets, which cannot be read: %v\n", len(stray.Octets), err)
		return
	}
	b.WriteString("\n")
	d.Describe(b, m)
}
