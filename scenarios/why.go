package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// explain says in the verdict under way why a sentence does not hold, what went
// wrong before it, and what was exchanged. It gives the reason.
func (s *seat) explain(ctx context.Context, b *Bound, err error) error {
	v, w := s.plan.Verdict, worldOf(s.player)
	past := w.exchanges
	v.Reason, v.Step, v.At, v.Phrase = err, b.Text, b.At, b.Phrase.English
	shown := past[max(0, len(past)-2):]
	if i := slices.IndexFunc(past, func(e exchange) bool { return e.unspoilt }); i >= 0 {
		v.Reason = fmt.Errorf("%w: the line was to spoil the MAC of the answer to the %s, which has none", sim.ErrUntested, past[i].result.Of)
		return v.Reason
	}
	i := s.firstWrong(past, w.seen, err)
	if cause, why := s.check.purses.dry(s.check.Language.Profile.Dialect, past, i); why != nil {
		v.Reason, v.Cause = why, cause
		return why
	}
	if i >= 0 {
		r := &past[i].result
		if why := s.isAway(ctx, r); why != nil {
			v.Reason, v.Cause, v.Unreached = why, hostFull, true
			if !errors.Is(why, errFull) {
				v.Cause = s.awayAs(r, why)
			}
			return why
		}
		v.Cause = causeOf(r)
		if why := whyNotApproved(r).Error(); !strings.Contains(err.Error(), why) {
			v.Reason = fmt.Errorf("%w; before that, the %s: %s", err, r.Of, why)
			if same(&s.player.Last, r) {
				v.Reason = fmt.Errorf("%w; %s", err, why)
			}
		}
		if i < len(past)-2 {
			shown = append([]exchange{past[i]}, shown...)
		}
	}
	if i >= 0 {
		v.Reason = s.endsElsewhere(&past[i].result, v.Reason)
	}
	v.Exchange = describe(s.check.Language.Profile.Dialect, shown)
	return v.Reason
}

// endsElsewhere adds to a reason that a reversal was answered by a code which ends it in the
// dialect, and that the profile says otherwise.
func (s *seat) endsElsewhere(r *sim.Result, why error) error {
	p := s.player.T.Profile
	if why == nil || r.Of != dialect.Reversal || r.Outcome != report.Declined || !slices.Contains(p.Dialect.Accepts, r.Code) || slices.Contains(p.Policy.ReversalAccepts, r.Code) {
		return why
	}
	return fmt.Errorf("%w; dialect %s ends a reversal at that, the profile does not: add %q to reversal-accepts of its policy if the host is right", why, p.Dialect.Name, r.Code.String())
}

// firstWrong is the first exchange from which alone the reason err may follow: that had
// no verified answer although the line did nothing to it, or was declined and no
// sentence has said so; seen is how many exchanges sentences have looked at. It is -1
// when there is none. That the code of the last answer is another than wanted is a
// cause of its own, unless that code says that the profile does not fit the host.
func (s *seat) firstWrong(past []exchange, seen int, err error) int {
	i := slices.IndexFunc(past, func(e exchange) bool {
		bent := e.bent && e.result.Outcome != report.Unsent // no fault of ours keeps a request back
		return !bent && e.result.Outcome > report.Declined && e.result.Outcome != report.Open
	})
	_, code := errors.AsType[*rules.Mismatch](err)
	for j := range past {
		switch r := &past[j].result; {
		case i >= 0 && i <= j:
			return i
		case !s.declined(past, j):
		case strings.Contains(err.Error(), whyNotApproved(r).Error()):
			return j
		case (j >= seen || r.Of == dialect.Reversal) && !(code && same(&s.player.Last, r) && s.player.T.Profile.Dialect.About(r.Code).Keys == ""):
			return j
		}
	}
	return i
}

// declined reports whether the host declined exchange i, was to approve it as far as
// the profile tells, and has approved none of its kind since.
func (s *seat) declined(past []exchange, i int) bool {
	e := &past[i]
	code := e.result.Code
	return e.result.Outcome == report.Declined && !e.bent && (e.card == nil || code.String() != e.card.Expected()) &&
		!(e.result.Of == dialect.Reversal && slices.Contains(s.player.T.Profile.Policy.ReversalAccepts, e.result.Code)) &&
		!slices.ContainsFunc(past[i+1:], func(later exchange) bool { return later.result.Of == e.result.Of && later.result.Approved() })
}

// same reports whether two results are of one exchange.
func same(a, b *sim.Result) bool { return a.Of == b.Of && a.Trace == b.Trace }

// causeOf says of an exchange that went wrong what other scenarios may say too.
func causeOf(r *sim.Result) string {
	if r.Of == dialect.SignIn && r.Outcome <= report.Refused { // what lines do they do to all alike
		return fmt.Sprintf("the terminal could not sign in: %v", whyNotApproved(r))
	}
	return whyNotApproved(r).Error()
}

// doubt finds why a scenario whose sentences all held has not passed for that: none of
// them says what is to come of it, or an answer broke a rule that none is about.
func (s *seat) doubt(p *plan, w *world) {
	broken := w.broken
	if !s.check.Strict {
		broken = slices.DeleteFunc(slices.Clone(broken), func(b *rules.Broken) bool { return b.Rule.Level != rules.Must || p.rejects })
	}
	switch {
	case !p.asserts:
		p.Reason = fmt.Errorf("%w: nothing is asserted: no sentence says what is to come of it (Then the host approves)", sim.ErrUntested)
	case w.unjudged() != nil:
		p.Reason = w.unjudged()
	case !w.answered && slices.ContainsFunc(w.exchanges, func(e exchange) bool { return !e.bent && e.result.Outcome != report.Unsent }):
		p.Reason = fmt.Errorf("%w: the host has answered nothing in this scenario, so that it says nothing of the host", sim.ErrUntested)
	case w.silent && !w.answersPayments():
		p.Reason = fmt.Errorf("%w: the host kept silent or hung up, and has answered no payment of this scenario: it may have refused, or not be there", sim.ErrUntested)
		if i := slices.IndexFunc(w.exchanges, func(e exchange) bool { return e.result.Outcome == report.TimedOut && e.result.Stray != nil }); i >= 0 {
			p.Reason = fmt.Errorf("%w: the host has answered no payment of this scenario; what came instead: %s", sim.ErrUntested, w.exchanges[i].result.Stray.Why)
		}
	case p.undone && w.notUndone(s.player.T.Profile.Policy.ReversalAccepts) != nil:
		p.Reason = w.notUndone(s.player.T.Profile.Policy.ReversalAccepts)
	case len(broken) > 0:
		p.Reason = fmt.Errorf("an answer breaks rule %s: %w", broken[0].Rule.ID, broken[0])
		if p.Cause = broken[0].Error(); broken[0].Rule.Level != rules.Must {
			p.Cause = p.Reason.Error()
		}
		p.Exchange = describe(s.check.Language.Profile.Dialect, w.exchanges[max(0, len(w.exchanges)-2):])
	}
}

// unjudged says of a payment that came to nothing that no sentence after it says what is to
// come of it; nil when there is none.
func (w *world) unjudged() error {
	for i := w.seen; i < len(w.exchanges); i++ {
		if e := &w.exchanges[i]; !e.bent && e.result.Of.Payment() && e.result.Outcome == report.Declined {
			return fmt.Errorf("%w: no sentence after the %s says what is to come of it, and %w", sim.ErrUntested, e.result.Of, whyNotApproved(&e.result))
		}
	}
	return nil
}

// sent reports whether something was sent in the scenario.
func (w *world) sent() bool {
	return slices.ContainsFunc(w.exchanges, func(e exchange) bool { return e.result.Outcome != report.Unsent })
}

// answersPayments reports whether the host has answered something about money.
func (w *world) answersPayments() bool {
	return slices.ContainsFunc(w.exchanges, func(e exchange) bool {
		return e.answer != nil && e.result.Outcome <= report.Refused && rules.KindOf(e.result.Of)&rules.Financial != 0
	})
}

// notUndone says that a payment which came to the host was to be reversed, that the host
// refused to in a way which ends the matter for the terminal (codes 12 and 25 of CUP), and
// that nothing was told since from which one could see whether it did; nil when not.
func (w *world) notUndone(accepted []dialect.Code) error {
	for i := range w.exchanges {
		r := &w.exchanges[i].result
		if r.Of != dialect.Reversal || r.Outcome != report.Declined || !slices.Contains(accepted, r.Code) || !w.reached(i) {
			continue
		}
		after := w.exchanges[i+1:]
		if !slices.ContainsFunc(after, func(e exchange) bool {
			return e.result.Approved() && (e.result.Of.Inquires() && e.answer.Has(wire.AdditionalAmounts) || e.result.Of == dialect.Settlement && e.result.ToldTotals)
		}) {
			tells := "the scenario asks for no balance after it"
			if slices.ContainsFunc(after, func(e exchange) bool { return e.result.Of.Inquires() }) {
				tells = "the host tells no balance after it"
			}
			return fmt.Errorf("%w: the host answers %s to the reversal of a payment that had come to it, which ends the reversal, and %s: whether it was undone is not known", sim.ErrUntested, r.Code, tells)
		}
	}
	return nil
}

// reached reports whether the payment that exchange i reverses came to the host as it
// was meant.
func (w *world) reached(i int) bool {
	trace := string(w.exchanges[i].request.Get(wire.Trace))
	for _, e := range slices.Backward(w.exchanges[:i]) {
		if e.result.Of.Payment() && string(e.request.Get(wire.Trace)) == trace {
			return !e.unheard && e.result.Outcome != report.Unsent
		}
	}
	return false
}

// asserts reports whether sentences say what is to come of a scenario.
func asserts(bound []*Bound) bool {
	return slices.ContainsFunc(bound, func(b *Bound) bool { return b.Phrase.Asserts })
}
