package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// Storm plays scenarios on a few terminals whose lines do what a line.Storm says: one
// exchange after another, so that the same seed is the same storm to the octet. Then the
// lines heal, and every terminal undoes what it owes and settles (first safety, then
// liveness). What a fault does is noticed at once, without waiting for a timeout.
type Storm struct {
	Profile   *profile.Profile
	Dialer    *line.Dialer
	Mix       *Mix
	Faults    *line.Storm
	Terminals int // how many of the profile's take part
	Arrivals  int // how many scenarios they play, all together
	NewHost   bool

	clock  *line.Clock
	player *Player
	fleet  []*Terminal
	found  Stormed
	now    line.Strike // what strikes the exchange under way
	struck bool
	heard  map[*Terminal]*heard // what each terminal has heard
}

// Stormed is what a storm has found.
type Stormed struct {
	Fleet    []*Terminal
	Arrivals int // played
	Injected map[string]int64
	Strikes  []line.Strike
	Met      int      // obligations that were met once the lines had healed: reversals owed, offline payments to upload
	MetIn    int      // exchanges that the slowest terminal needed for its own
	Broken   []string // what no fault explains: an answer that breaks a rule, an obligation that could not be met
}

// StormTries is how often at least terminals try to have a reversal acknowledged whose
// lines fail: one that is given up is not undone when the line has healed.
const StormTries = 20

// Bounds of a storm.
const (
	drainTries  = 20 // to undo, to sign in, to settle
	mostStory   = 6  // struck exchanges that are kept of each terminal
	mostBroken  = 20 // findings that are kept
	settleShare = 40 // one in so many scenarios is followed by a settlement
)

// Do plays the storm. The error says why it could not be played at all.
func (s *Storm) Do(ctx context.Context) (*Stormed, error) {
	if s.Terminals > len(s.Profile.Terminals) {
		return nil, fmt.Errorf("%d terminals asked for, profile %s has %d", s.Terminals, s.Profile.Name, len(s.Profile.Terminals))
	}
	p := *s.Profile
	p.Policy.ReversalTries = max(p.Policy.ReversalTries, StormTries)
	s.clock, s.heard = line.NewClock(), map[*Terminal]*heard{}
	s.player = NewPlayer(p.Dialect, s.clock)
	s.player.seed = s.Mix.Seed
	s.player.Each = s.each
	s.found.Injected = map[string]int64{}
	for i := range s.Terminals {
		t := NewTerminal(&p, &p.Terminals[i])
		// Not far from each other: traces of some are those of others, of which a host must know whose they are.
		t.Trace = 1 + uint32((Hash(s.Mix.Seed, 0)+Hash(s.Mix.Seed, uint64(i))%uint64(max(1, s.Arrivals/s.Terminals/2)))%dialect.MaxNumber)
		t.Opened = s.NewHost
		t.Faults = &line.Faults{Terminal: t.TID, Struck: s.strike}
		own := line.NewOwn(ctx, s.Dialer, &p.Dialect.Format, s.clock)
		own.Faults = t.Faults
		t.Link = own
		s.fleet, s.heard[t] = append(s.fleet, t), &heard{answers: map[wire.Key]reference{}}
		defer own.Close()
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	for _, t := range s.fleet {
		t.Faults.Storm = s.Faults
	}
	for n := 0; n < s.Arrivals && ctx.Err() == nil; n++ {
		s.arrival(n)
		s.found.Arrivals++
	}
	for _, t := range s.fleet {
		t.Faults.Storm = nil
	}
	for _, t := range s.fleet {
		s.heal(ctx, t)
	}
	for _, t := range s.fleet {
		for k, n := range t.Faults.Injected {
			if n > 0 {
				s.found.Injected[line.Fault(k).String()] += n
			}
		}
	}
	line.SortStrikes(s.found.Strikes)
	s.found.Fleet = s.fleet
	return &s.found, ctx.Err()
}

// begin signs the terminals in, and has them open a batch at a host that may know them.
func (s *Storm) begin() error {
	for _, t := range s.fleet {
		operator := t.Profile.Cashier()
		t.PowerOn()
		if err := t.LoginWhole(operator.Number, string(operator.Password)); err != nil {
			return err
		}
		s.player.T = t
		if err := s.player.signInUntilHeard(); err != nil {
			return fmt.Errorf("terminal %s: sign-in: %w", t.TID, err)
		}
		if !s.NewHost && t.settles() {
			s.player.settleBatch()
			*t.Settled() = Settled{Failed: t.Settled().Failed, Why: t.Settled().Why}
			if !t.SignedIn {
				if err := s.player.signInUntilHeard(); err != nil {
					return fmt.Errorf("terminal %s: sign-in: %w", t.TID, err)
				}
			}
		}
	}
	return nil
}

// arrival plays one scenario on a terminal that the seed draws.
func (s *Storm) arrival(n int) {
	p, draw := s.player, Hash(s.Mix.Seed+1, uint64(n))
	t := s.fleet[draw%uint64(len(s.fleet))]
	p.Fresh()
	t.ServeNext()
	_, _ = p.Play(t, s.Mix.Plan(n), n, -1) // its sentences are of a day without faults
	p.due = -1
	if t.Condition != nil {
		t.Mend()
	}
	t.Faults.Queue, t.Faults.Outage = t.Faults.Queue[:0], line.Unclear
	limit := t.Profile.Policy.JournalLimit
	full := limit > 0 && len(t.Journal.Records)+journalRoom > limit
	if t.settling() || t.settles() && len(t.Journal.Records) > 0 && (full || draw>>32%settleShare == 0) {
		_ = s.settle(t)
	}
	_ = s.signedIn(t) // heal tells
	s.givenUp(t)
}

// heal has a terminal on a line that is whole again undo what it owes and settle.
func (s *Storm) heal(ctx context.Context, t *Terminal) {
	if ctx.Err() != nil {
		return
	}
	if err := s.signedIn(t); err != nil {
		s.broken(t, fmt.Errorf("it could not sign in after the line had healed: %w", err))
		return
	}
	owed, before := t.OfflineSales(), len(s.heard[t].exchanges)
	if t.Owes() {
		owed++
	}
	met := s.player.SettleOwed(t) && !t.Owes()
	if met {
		s.found.Met += owed
		s.found.MetIn = max(s.found.MetIn, len(s.heard[t].exchanges)-before)
	}
	if !met {
		s.broken(t, fmt.Errorf("a reversal was not acknowledged after the line had healed, in %d tries: %w", drainTries, s.player.aside.Reason()))
	}
	s.givenUp(t)
	if t.settles() {
		if err := s.settle(t); err != nil {
			s.broken(t, fmt.Errorf("its settlement was not done after the line had healed: %w", err))
		}
	}
	if d := t.Settled().Detail; d != "" {
		s.note(d, t)
	}
}

// signedIn has a terminal sign in unless it is, and tells why it is not then. A scenario may
// leave one at which nobody is logged in: somebody does, as in a shop.
func (s *Storm) signedIn(t *Terminal) error {
	p := s.player
	for tries := 0; !t.SignedIn && tries < drainTries; tries++ {
		p.T = t
		if !t.On {
			t.PowerOn()
		}
		if operator := t.Profile.Cashier(); t.Operator == "" {
			if err := t.LoginWhole(operator.Number, string(operator.Password)); err != nil {
				return err
			}
		}
		if err := p.SignIn(); err != nil {
			return err
		}
	}
	if t.SignedIn {
		return nil
	}
	return cmp.Or(p.Last.Reason(), ErrRefusedLocally)
}

// settle has a terminal settle until it is done, and tells why it is not: it may not go on
// selling before.
func (s *Storm) settle(t *Terminal) error {
	for range drainTries {
		if err := s.signedIn(t); err != nil {
			return fmt.Errorf("it could not sign in: %w", err)
		}
		s.player.T = t
		if s.player.settleBatch() {
			return nil
		}
	}
	return cmp.Or(t.Settled().Why, s.player.Last.Reason(), ErrRefusedLocally)
}

// strike takes down a fault.
func (s *Storm) strike(k line.Strike) {
	s.now, s.struck = k, true
	s.found.Strikes = append(s.found.Strikes, k)
}

// each looks at an exchange that has ended.
func (s *Storm) each(request, answer *wire.Message, r *Result) {
	struck, now := s.struck, s.now.Fault
	s.struck = false
	t := s.player.T
	if r.Asked > 0 {
		s.heard[t].exchanges = append(s.heard[t].exchanges, told{r.Of, r.Trace, r.Asked, r.Outcome, r.Code, struck, now, s.player.x.Sent})
	}
	if struck && now == line.SpoilRequest && r.Outcome == report.Approved && r.Of != dialect.Reversal && !r.Of.Repeats() { // else it may be the answer to an earlier try
		s.broken(t, fmt.Errorf("%s %06d: it is approved, and its MAC was wrong", r.Of, r.Trace))
	}
	if r.Partial() && !takesPart(request) {
		s.broken(t, fmt.Errorf("%s %06d: a part of it is approved, and it does not say that its terminal takes that", r.Of, r.Trace))
	}
	s.listen(t, answer, r, struck)
	if struck && astray(now) {
		s.heard[t].astray = append(s.heard[t].astray, sent{r.Of, r.Trace})
	}
	if r.Outcome != report.Refused || struck && now == line.SpoilAnswer {
		return
	}
	if _, is := errors.AsType[*rules.Broken](r.Why); is && !s.mistaken(t, answer, r) {
		s.broken(t, fmt.Errorf("%s %06d: no fault of the line explains its answer: %w", r.Of, r.Trace, r.Why))
	}
}

// broken takes down what a terminal found wrong.
func (s *Storm) broken(t *Terminal, why error) {
	s.note(fmt.Sprintf("terminal %s: %v", t.TID, why), t)
}

// note keeps a finding, with the terminal's story.
func (s *Storm) note(finding string, t *Terminal) {
	if len(s.found.Broken) < mostBroken {
		s.found.Broken = append(s.found.Broken, finding+s.Story(t.TID))
	}
}
