package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// seat is where one scenario of a check is played at a time: a player and the
// terminals that its scenarios take turns on. No other seat has them.
type seat struct {
	number, of int // this one, of so many
	check      *Check
	player     *sim.Player
	terminals  []*sim.Terminal
	turns      int
	batches    map[*sim.Terminal]error // whether a settlement of theirs ends a batch at the host; see emptyBatch

	plan   *plan // under way
	step   int
	began  time.Time
	unlock func() // its cards
}

// begin readies a terminal for a scenario: switched off, as if it had been
// delivered just now, but for its trace and batch numbers.
func (s *seat) begin(p *plan) {
	t := s.terminals[s.turns%len(s.terminals)]
	s.turns++
	s.plan, s.step, s.began = p, 0, time.Now()
	t.On, t.SignedIn, t.Operator, t.Display = false, false, "", ""
	s.player.T = t
	s.player.Fresh()
	w := worldOf(s.player)
	w.seat, w.seats, w.batches, w.faults = s.number, s.of, s.batches, injected(t)
}

// play plays the next step of the scenario under way.
func (s *seat) play() error {
	b := s.plan.bound[s.step]
	s.step++
	_, err := s.player.Play(s.player.T, &sim.Plan{Steps: []sim.Step{{Text: b.Text, At: b.At, Do: b.Do}}}, s.plan.index, -1)
	if v := s.plan.Verdict; err != nil && v.Reason == nil {
		v.Reason, v.Step, v.At, v.Phrase = err, b.Text, b.At, b.Phrase.English
		past := worldOf(s.player).exchanges
		shown := past[max(0, len(past)-2):]
		if i := firstWrong(past); i >= 0 {
			v.Cause = causeOf(&past[i].result)
			if why := whyNotApproved(&past[i].result).Error(); !strings.Contains(err.Error(), why) {
				v.Reason = fmt.Errorf("%w; before that, the %s: %s", err, past[i].result.Of, why)
			}
			if i < len(past)-2 {
				shown = append([]exchange{past[i]}, shown...)
			}
		}
		v.Exchange = describe(s.check.Language.Profile.Dialect, shown)
	}
	return err
}

// firstWrong is the first exchange that had no verified answer, although the line
// did nothing to it: what comes later in the scenario may follow from that alone.
// It is -1 when there is none.
func firstWrong(past []exchange) int {
	return slices.IndexFunc(past, func(e exchange) bool {
		return !e.bent && e.result.Outcome > report.Declined && e.result.Outcome != report.Open
	})
}

// causeOf says of an exchange that went wrong what other scenarios may say too.
func causeOf(r *sim.Result) string {
	if r.Of == dialect.SignIn {
		return fmt.Sprintf("the terminal could not sign in: %v", whyNotApproved(r))
	}
	return whyNotApproved(r).Error()
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
	if p.Reason == nil && c.Strict && len(w.broken) > 0 {
		p.Reason = fmt.Errorf("an answer breaks rule %s: %w", w.broken[0].Rule.ID, w.broken[0])
		p.Cause = p.Reason.Error()
		p.Exchange = describe(c.Language.Profile.Dialect, w.exchanges[max(0, len(w.exchanges)-2):])
	}
	unsettled := s.settle(w)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results.Answered = c.results.Answered || w.answered
	for _, b := range w.broken {
		c.count(b.Rule)
		if !slices.Contains(p.Rules, b.Rule.ID) {
			p.Rules = append(p.Rules, b.Rule.ID)
		}
	}
	if unsettled != nil && !stopped {
		if c.results.Unsettled++; c.results.UnsettledWhy == "" {
			c.results.UnsettledWhy = scrubbed(unsettled.Error())
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
	p.Took = took
	c.tell(p)
}

// roomy is how much a batch may hold, in fen, and the next scenario still adds
// to it without its totals growing beyond their twelve digits.
const roomy = 1_000_000_000_00

// settle clears what a scenario leaves: faults, a reversal owed, a trace number
// set on purpose, a batch that would not hold the next one's payments. The error
// says why the reversal is not acknowledged.
func (s *seat) settle(w *world) error {
	p, t := s.player, s.player.T
	t.Faults.Queue = nil
	var err error
	if t.Owes() {
		if t.SignedIn = false; signedIn(p) != nil || !p.SettleOwed(t) {
			err = errors.New("the terminal could not sign in")
			if w.reversal != nil {
				err = w.reversal
			}
		}
	}
	if w.traceSet {
		t.Trace = w.trace
	}
	limit, held := t.Profile.Policy.JournalLimit, len(t.Journal.Records)
	if held > 0 && (limit > 0 && held+journalRoom > limit || t.Journal.Batch.Debit+t.Journal.Batch.Credit > roomy) {
		if signedIn(p) == nil {
			p.Settle() // when it cannot be, the next scenario says so
		}
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

// keep keeps an exchange for the sentences that look at messages.
func (s *seat) keep(request, answer *wire.Message, r *sim.Result) {
	w := worldOf(s.player)
	e := exchange{request: request.Clone(), result: *r}
	if n := injected(s.player.T); n != w.faults {
		e.bent, w.faults = true, n
	}
	if r.Outcome <= report.Refused {
		w.answered = true
		if answer.MTI() != "\x00\x00\x00\x00" {
			e.answer = answer.Clone()
		}
	}
	if !e.bent {
		w.broken = append(w.broken, s.player.Broken(r)...)
	}
	if why := r.Reason(); r.Of == dialect.Reversal && why != nil {
		w.reversal = why
	}
	w.exchanges = append(w.exchanges, e)
}
