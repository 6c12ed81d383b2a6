package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// seat is where one scenario of a check is played at a time: a player and the
// terminals that its scenarios take turns on. No other seat has them.
type seat struct {
	number, of int // this one, of so many
	check      *Check
	player     *sim.Player
	clock      *line.Clock
	terminals  []*sim.Terminal
	turns      int
	sent       time.Duration            // the latest request, on the clock
	batches    map[*sim.Terminal]error  // whether a settlement of theirs ends a batch at the host; see emptyBatch
	before     map[*sim.Terminal]uint32 // number of the batch that each had when its latest scenario began
	used       map[*sim.Terminal]bool   // a scenario has sent what a batch of theirs may hold at the host, and it is open

	plan   *plan // under way
	step   int
	twice  *plan // the latest that was played once more
	began  time.Time
	unlock func() // its cards
}

// begin readies a terminal for a scenario: switched off, as if it had been
// delivered just now, but for its trace and batch numbers.
func (s *seat) begin(p *plan) {
	t := s.terminals[s.turns%len(s.terminals)]
	s.turns++
	s.plan, s.step, s.began = p, 0, time.Now()
	if s.player.T = t; p.settles && s.used[t] {
		s.player.Fresh()
		s.closeBatch()
		s.aside(worldOf(s.player))
	}
	t.ForgetEnding()
	if t.Untold() {
		s.player.Fresh()
		s.keepUp()
		s.aside(worldOf(s.player))
	}
	s.before[t] = t.Batch
	t.On, t.SignedIn, t.Operator, t.Display = false, false, "", ""
	t.ForgetSignatures()
	t.ForgetScript()
	t.ForgetDownloads()
	t.Operators, t.Locked, t.Standing = t.Profile.Delivered(), false, sim.NoPayment
	t.ServeNext()
	t.Faults.Injected = [len(t.Faults.Injected)]int64{}
	if own, is := t.Link.(*line.Own); is {
		if !own.Each && s.check.hangsUp.Load() {
			own.Each = true
			own.Close() // it may be hung up on while the first request is on its way
		}
		own.Patience = s.check.Patience
		if s.check.further.Load() {
			own.Patience = max(own.Patience, patience)
		}
		if p.lingers && own.Each { // else it is gone when the sentence listens
			own.Patience = max(own.Patience, s.check.lingering())
		}
	}
	s.player.Fresh()
	w := worldOf(s.player)
	w.seat, w.seats, w.plans, w.batches, w.faults = s.number, s.of, len(s.check.plans), s.batches, injected(t)
	w.connect, w.lingers = s.connect, s.check.lingering()
	w.hearOut = func() { s.listen(s.check.silence.after()) }
	if n := len(t.Journal.Records); n > 0 {
		w.older = t.Journal.Records[n-1]
	}
}

// closeBatch ends the terminal's batch, so that nothing of it is in the totals of a later
// scenario: not what the terminal does not know of, and not where the host says of totals
// that they balance although they differ, for which scenarios that see it fail.
func (s *seat) closeBatch() (closed bool) {
	p := s.player
	if signedIn(p) != nil || persist(p, p.Settle) != nil {
		return false
	}
	if p.T.Settled().Why != nil && (p.Last.Outcome != report.Approved && p.Last.Outcome != report.Refused || p.Abandon() != nil) {
		return false // when it cannot be, the next scenario says so
	}
	s.used[p.T] = false
	return true
}

// movesOn is by how many batches one scenario may have moved its terminal on at the host.
const movesOn = 4

// keepUp has a terminal that its sign-ins tell no batch number go on in the batch that it
// has at the host: the scenario before may have ended one there, or have set another number.
// It settles under the number that it has, under the one that it had before that scenario,
// and under those after it, whatever code the host has for a wrong one. Where a settlement
// is taken and its end is not, the next number tells whether the host has ended the batch
// with it.
func (s *seat) keepUp() {
	p, t := s.player, s.player.T
	before := s.before[t]
	taken := false // under the number before this one
	for n, tries := before, 0; !s.closeBatch(); tries++ {
		switch last := p.Last.Outcome; {
		case last == report.Approved && taken:
			t.Batch = dialect.Next(t.Batch)
			return
		case last == report.Approved:
			before, taken = t.Batch, true
			n = dialect.Next(before)
		case last != report.Declined || taken || tries > movesOn:
			t.Batch = before
			return
		}
		t.Batch, n = n, dialect.Next(n)
	}
}

// aside counts the rules that answers broke outside scenarios.
func (s *seat) aside(w *world) {
	s.check.mu.Lock()
	defer s.check.mu.Unlock()
	for _, b := range w.broken {
		s.check.count(b)
	}
}

// play plays the next step of the scenario under way. Where the host has hung up on a kept
// line while a request was on its way there, the scenario is played once more, up to this
// step, on a line for each exchange: that tells a host that hangs up between exchanges from
// one that hangs up on what it is asked.
func (s *seat) play(ctx context.Context) error {
	s.step++
	b, err := s.sentence()
	if s.lost() && s.check.reach(ctx) == nil {
		b, err = s.again()
	}
	if err != nil && s.plan.Reason == nil {
		return s.explain(ctx, b, err)
	}
	return err
}

// sentence plays the sentence that the scenario has come to.
func (s *seat) sentence() (*Bound, error) {
	b, w := s.plan.bound[s.step-1], worldOf(s.player)
	before := len(w.exchanges)
	_, err := s.player.Play(s.player.T, &sim.Plan{Steps: []sim.Step{{Text: b.Text, At: b.At, Do: b.Do}}}, s.plan.index, -1)
	if len(w.exchanges) > before {
		w.latest = before
	}
	if err == nil && b.Phrase.Asserts {
		w.seen = len(w.exchanges)
	}
	return b, err
}

// lost reports whether the host has hung up on a request of the scenario under way that
// nothing was done to, on a line that was kept. What the admin API has done is not done again.
func (s *seat) lost() bool {
	own, is := s.player.T.Link.(*line.Own)
	return is && own.HostLost() && !own.Each && s.twice != s.plan && s.plan.Reason == nil && !slices.ContainsFunc(s.plan.bound, func(b *Bound) bool { return b.Phrase.Admin }) &&
		slices.ContainsFunc(worldOf(s.player).exchanges, func(e exchange) bool { return e.hung })
}

// again plays the scenario under way once more, up to the sentence that it has come to, on a
// line for each exchange. So are all lines from then on, where the host does not hang up on those.
func (s *seat) again() (b *Bound, err error) {
	w, own, reached, began := worldOf(s.player), s.player.T.Link.(*line.Own), s.step, s.began
	s.twice, s.used[s.player.T], own.Each = s.plan, true, true
	own.Close()
	s.settle(w)
	s.aside(w)
	s.turns--
	s.begin(s.plan)
	for s.step, s.began = 0, began; err == nil && s.step < reached; {
		s.step++
		b, err = s.sentence()
	}
	if slices.ContainsFunc(worldOf(s.player).exchanges, func(e exchange) bool { return e.hung }) {
		own.Each = false
	} else {
		s.check.hangsUp.Store(true)
		s.check.mu.Lock()
		s.check.results.HungUp++
		s.check.mu.Unlock()
	}
	return b, err
}

// end gives the verdict on the scenario that was under way, none if it failed
// because the check is being stopped, and leaves the terminal owing nothing.
func (s *seat) end(err error, stopped bool) {
	p, w := s.plan, worldOf(s.player)
	c := s.check
	took := time.Since(s.began)
	s.plan = nil
	if p.Reason == nil && err != nil {
		p.Reason = err
	}
	if p.Reason == nil && s.step != len(p.bound) {
		p.Reason = fmt.Errorf("%d of %d sentences were played", s.step, len(p.bound))
	}
	s.listen(0)
	if p.Reason == nil {
		if s.doubt(p, w); p.Reason != nil && (w.silent || !w.answered) && w.sent() {
			s.miss(p)
		}
	}
	exchanges, latest := slices.Clone(w.exchanges), w.latest
	p.Alone = len(exchanges) == 0 && !slices.ContainsFunc(p.bound, func(b *Bound) bool { return b.Phrase.Admin })
	bent := slices.ContainsFunc(w.exchanges, func(e exchange) bool { return e.bent })
	own, is := s.player.T.Link.(*line.Own)
	if is && w.strange(&s.player.T.Faults.Injected) {
		own.Close() // a host may hang up on what the line has done, while the next scenario's first request is on its way
	}
	if slices.ContainsFunc(exchanges, func(e exchange) bool { return e.result.Of.Journalled() }) {
		s.used[s.player.T] = true
	}
	unsettled := s.settle(w)
	if is && (own.HostEnded() || own.HostHangsUp()) && !bent { // what one line has lost requests to, or might have, others need not
		s.check.hangsUp.Store(true)
	}
	if unsettled != nil && !stopped && !p.Unreached {
		if err := c.reach(context.Background()); err != nil { // what is left is with a host that went away
			if s.full(context.Background(), s.player.T) == nil {
				c.missed(err)
			}
			unsettled = nil
		}
	}
	w.shop.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results.Answered = c.results.Answered || w.answered
	c.results.Sent = c.results.Sent || w.sent()
	for _, b := range w.aside {
		c.count(b)
	}
	for _, b := range w.broken {
		c.count(b)
		if !slices.Contains(p.Rules, b.Rule.ID) {
			p.Rules = append(p.Rules, b.Rule.ID)
		}
	}
	if unsettled != nil && !stopped && !p.Unreached {
		if c.results.Unsettled++; c.results.UnsettledWhy == "" {
			c.results.UnsettledWhy = scrubbed(c.Language.Profile.Dialect, unsettled.Error())
		}
	}
	switch {
	case p.Reason == nil:
		p.Outcome = verdicts.Passed
	case stopped:
		p.Reason, p.Step, p.At, p.Phrase, p.Cause, p.Exchange = nil, "", "", "", "", ""
		return
	case errors.Is(p.Reason, sim.ErrUntested):
		p.Outcome = verdicts.Untested
	default:
		p.Outcome = verdicts.Failed
	}
	if w.answered {
		c.answered, c.latest = c.played+1, p.Verdict
	}
	p.Took = took
	c.cover(p.Verdict, exchanges, latest)
	c.tell(p)
}

// miss puts down to the host's absence what a scenario has not shown, if it is away now.
func (s *seat) miss(p *plan) {
	if err := s.check.reach(context.Background()); err != nil {
		if full := s.full(context.Background(), s.player.T); full != nil {
			p.Reason, p.Cause, p.Unreached = full, hostFull, true
			return
		}
		s.check.missed(err)
		p.Reason, p.Cause, p.Unreached = fmt.Errorf("%w: %w", errAway, err), awayAs(err), true
	}
}

// connect gives a terminal a line of its own.
func (s *seat) connect(t *sim.Terminal) {
	first := s.terminals[0].Link.(*line.Own)
	t.Faults = &line.Faults{}
	t.Link = first.Another(t.Faults)
}

// chatter is how long a host that goes on sending is listened to.
const chatter = time.Second

// patience is how long a check listens for a further answer once one has come.
const patience = 20 * time.Millisecond

// listen hears what has come after the last answer, or comes within the given time, so that
// the next request on the terminal does not.
func (s *seat) listen(patience time.Duration) {
	t, w := s.player.T, worldOf(s.player)
	own, is := t.Link.(*line.Own)
	if !is {
		return
	}
	for end := s.clock.Now() + chatter; ; {
		met := own.Further(patience)
		for _, b := range unasked(t, &met) {
			w.broken = append(w.broken, b)
			if b.Rule == rules.Once {
				s.check.further.Store(true)
			}
		}
		if met.Late+met.Cut+met.Duplicate+met.Unmatched == 0 || s.clock.Now() > end {
			return
		}
	}
}

// roomy is how much a batch may hold, in fen, and the next scenario still adds
// to it without its totals growing beyond their twelve digits.
const roomy = 1_000_000_000_00

// settle clears what a scenario leaves: faults, a reversal owed, a trace number
// set on purpose, with the batch in which the host has seen it, what the terminal forgot
// of a batch that is open still, and a batch that would not hold the next one's payments. The error says why the reversal is not
// acknowledged.
func (s *seat) settle(w *world) error {
	p, t := s.player, s.player.T
	w.bank.clear()
	t.Operators, t.Locked = t.Profile.Delivered(), false
	t.Faults.Queue, t.Faults.Outage = nil, line.Unclear
	t.Mend()
	for _, undo := range slices.Backward(w.undone) {
		undo()
	}
	var err error
	if owes := t.Owes(); owes || t.OfflineSales() > 0 {
		t.SignedIn, w.reversal = false, nil
		if signedIn(p) != nil {
			err = errors.New("the terminal could not sign in")
		} else if !p.SettleOwed(t) {
			err = w.reversal
		}
		if !owes {
			err = nil
		}
		for n := t.Profile.Policy.ReversalTries * t.OfflineSales(); t.SignedIn && t.OfflineSales() > 0 && n > 0; n-- {
			p.SettleOwed(t) // else the next scenario on the terminal uploads them
		}
	}
	if w.traceSet {
		t.Trace = w.trace
	}
	t.Recall()
	limit, held := t.Profile.Policy.JournalLimit, len(t.Journal.Records)
	if held > 0 && (w.traceSet || limit > 0 && held+journalRoom > limit || t.Journal.Batch.Debit+t.Journal.Batch.Credit > roomy) {
		s.closeBatch()
	}
	return err
}

// journalRoom is how many payments a scenario may add to a batch that holds
// others.
const journalRoom = 20

// injected counts what a terminal's line has been made to do that changes what an
// exchange comes to: a second answer does not.
func injected(t *sim.Terminal) (n int64) {
	for f, k := range t.Faults.Injected {
		if line.Fault(f) != line.DoubleAnswer {
			n += k
		}
	}
	return n
}

// timeout is how long the answer to a request is waited for that is about to be sent.
func (s *seat) timeout(of dialect.Transaction, request *wire.Message) time.Duration {
	s.sent = s.clock.Now()
	return s.check.silence.timeout(of, request, s.player.T.Profile.Policy.Timeout)
}

// keep keeps an exchange for the sentences that look at messages.
func (s *seat) keep(request, answer *wire.Message, r *sim.Result) {
	w := worldOf(s.player)
	e := exchange{request: request.Clone(), result: *r, card: w.card}
	spoilt := w.spoilt
	w.spoilt = s.player.T.Faults.Injected[line.SpoilAnswer]
	n, twice := injected(s.player.T), s.player.T.Faults.Injected[line.DoubleRequest]
	e.bent = n != w.faults || s.player.T.Faults.Outage != line.Unclear
	e.hung = r.Outcome == report.Broken && n-w.faults == twice-w.doubled && s.player.T.Faults.Outage == line.Unclear
	w.faults, w.doubled = n, twice
	if s.player.KeysSpoilt() {
		e.bent = true
	}
	if s.player.Flawed() {
		e.bent, e.unheard, w.flawed = true, true, true
	}
	if n := s.player.T.Faults.Injected; n[line.LoseRequest]+n[line.CutRequest]+n[line.SpoilRequest] != w.unheard {
		e.unheard, w.unheard = true, n[line.LoseRequest]+n[line.CutRequest]+n[line.SpoilRequest]
	}
	if r.Outcome <= report.Refused {
		w.answered = true
		if answer.MTI() != "\x00\x00\x00\x00" {
			e.answer = answer.Clone()
		}
		_, mac := answer.MACSpan()
		e.unspoilt = len(mac) == 0 && s.player.T.Faults.Injected[line.SpoilAnswer] != spoilt
	}
	if !e.bent {
		s.check.heard.hears(s.player.T, r)
		s.check.silence.hears(request, r, s.clock.Now()-s.sent)
		e.asked = s.player.Asked(r)
		for _, b := range s.player.Broken(r) {
			e.broken.Add(b.Rule)
			w.broken = append(w.broken, b)
		}
		if e.answer != nil {
			w.broken = append(w.broken, rules.Leaks(&rules.Exchange{Dialect: s.player.T.Profile.Dialect, Answer: e.answer})...)
		}
	}
	if r.Should.Has(rules.Once) {
		s.check.further.Store(true)
	}
	if r.Of == dialect.Reversal && !s.player.Flawed() {
		w.reversal = s.endsElsewhere(r, r.Reason())
	}
	s.check.purses.spend(e.card, r)
	w.exchanges = append(w.exchanges, e)
}
