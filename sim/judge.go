package sim

import (
	"errors"
	"sync"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// broken are the rules that the answer of an exchange breaks.
func (p *Player) broken(r *Result) rules.Set {
	broken := r.Should
	if r.Stray != nil && r.Stray.broken != nil {
		broken.Add(r.Stray.broken.Rule)
	}
	if r.Outcome == report.Refused {
		if b, is := errors.AsType[*rules.Broken](r.Why); is {
			broken.Add(b.Rule)
		}
	}
	return broken
}

// Broken says which rules the answer of the exchange that has just ended breaks,
// and how: of a refused one the first that it must keep, else those that it
// should. It may be asked until the next exchange; Each is the time to do so.
func (p *Player) Broken(r *Result) []*rules.Broken {
	if b, is := errors.AsType[*rules.Broken](r.Why); is {
		return []*rules.Broken{b}
	}
	if r.Stray != nil && r.Stray.broken != nil {
		return []*rules.Broken{r.Stray.broken}
	}
	x := p.judged
	if x == nil { // nothing came that could be judged
		x = p.asked(p.T.Profile.Dialect.Form(r.Of), p.ans)
	}
	return rules.Explain(x, r.Should)
}

// Asked are the rules to which the answer of the exchange that has just ended was held;
// none where nothing came that could be read. It may be asked until the next exchange.
func (p *Player) Asked(r *Result) rules.Set {
	if p.judged == nil || p.x.Unreadable != nil || r.Outcome > report.Refused {
		return 0
	}
	b, _ := errors.AsType[*rules.Broken](r.Why)
	if b == nil {
		return p.Judge.Asked(p.judged, nil)
	}
	return p.Judge.Asked(p.judged, b.Rule)
}

// judge classes how an exchange ended.
func (p *Player) judge(f *dialect.Form, r *Result, err error) {
	t := p.T
	if err != nil || p.x.Unreadable != nil {
		p.unanswered(r, err)
		return
	}
	x := p.asked(f, p.ans)
	if p.Judge == nil {
		p.Judge = rules.NewJudge(t.Profile.Dialect)
	}
	r.Should, err = p.Judge.Check(x)
	code, approves := x.Judged()
	r.Code = code
	switch {
	case err != nil:
		r.Outcome, r.Why = report.Refused, err
	case approves:
		r.Outcome = report.Approved
	default:
		r.Outcome, r.Refused = report.Declined, dialect.ReasonOf(f.Transaction, p.ans)
		r.untold = t.untold && t.Profile.Dialect.Means(r.Code, dialect.SignInFirst)
	}
	if f.Transaction == dialect.Settlement {
		p.reconcile(r)
	}
}

// unanswered classes how an exchange ended without an answer that can be read.
func (p *Player) unanswered(r *Result, err error) {
	r.Why = err
	switch {
	case err == nil:
		r.Outcome, r.Why = report.Refused, rules.Unreadable(p.unread(p.x.Unreadable))
	case errors.Is(err, line.ErrTimeout):
		r.Outcome = report.TimedOut
	case errors.Is(err, line.ErrUnsent):
		r.Outcome = report.Unsent
	case errors.Is(err, line.ErrStopped):
		r.Outcome = report.Open
	default:
		r.Outcome = report.Broken
	}
}

// reconcile takes the host's totals from the answer to a settlement and, if that
// approves, compares them with the terminal's.
func (p *Player) reconcile(r *Result) {
	r.Own = p.T.Journal.Batch
	v, told := p.T.Profile.Dialect.ReadReconciliation(p.ans)
	if told {
		r.Host, r.Flag, r.ToldTotals = v.Own.Plus(v.Foreign), v.Flag, true
	}
	if r.Outcome == report.Approved {
		r.Totals = p.T.balance(r, &v)
	}
}

// exchanges are what players judge with: one of a few that the processor's cache
// holds, not each its own.
var exchanges = sync.Pool{New: func() any { return new(rules.Exchange) }}

// asked is the exchange under way with an answer, as the rules see it.
func (p *Player) asked(f *dialect.Form, answer *wire.Message) *rules.Exchange {
	t := p.T
	if p.judged == nil {
		p.judged = exchanges.Get().(*rules.Exchange)
	}
	x := p.judged
	*x = rules.Exchange{} // and then its fields one by one: no second one on the player's stack
	x.Dialect, x.Form, x.Request, x.Answer = t.Profile.Dialect, f, p.req, answer
	x.Key = p.x.Key
	x.MAC, x.Algorithm = p.answerKey(), t.Profile.MAC
	x.MACOnDecline, x.DefectiveIsGood = t.Profile.Policy.MACOnDecline, t.Profile.Policy.DefectiveIsGood
	x.Acquirer = &t.acquirer
	if p.chipped && p.inserted {
		x.Chip = p.chip
	}
	x.Now = int64(p.x.Done / time.Second)
	if p.holder != nil {
		x.PAN = p.holder.PAN
	}
	switch {
	case f.Transaction == dialect.Settlement:
		x.Batch, x.Foreign = t.Journal.classes()
		x.LeftOut = t.Journal.forgotten != nil
	case (f.Transaction == dialect.SignIn || f.Transaction == dialect.KeyChange) && t.Profile.SignIn != "":
		x.SignIn = &rules.SignIn{HSM: t.Profile.HSM, Master: t.Master, Block: t.Profile.SignIn}
	}
	return x
}
