package sim

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// signInTries is how often a terminal tries to sign in when it hears no answer.
const signInTries = 3

// phase has every terminal that may take part do what comes before the first
// arrival; those that cannot take no part in what follows, and are counted. Its
// exchanges of the given kind are recorded apart from the run. first is why that of
// the lowest number did that could not.
func (f *fleet) phase(ctx context.Context, of dialect.Transaction, do func(*Player, *Terminal) error, told func(ok, failed, all int)) (phase *report.Phase, first error) {
	r := f.run
	recorded := report.NewRecorder(Labels(), r.Profile.Policy.Timeout, 0)
	r.origin = r.clock.Now()
	phase = &report.Phase{Label: report.Label{Name: of.String()}}
	for _, t := range f.terminals {
		if !t.out {
			phase.Terminals++
		}
	}
	var mu sync.Mutex
	ok := 0
	f.each(recorded, 128, func(p *Player, t *Terminal) {
		if ctx.Err() != nil || t.out {
			return
		}
		err := f.before(p, t, do)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			ok++
		case ctx.Err() != nil && errors.Is(err, line.ErrStopped): // what it would have come to is not known
		default:
			t.out = true
			if phase.Unable(t.TID, err); phase.First == t.TID {
				first = fmt.Errorf("terminal %s: %s: %w", t.TID, of, err)
			}
		}
		if told != nil {
			told(ok, phase.Failed, phase.Terminals)
		}
	})
	if ctx.Err() != nil { // the others were not asked, or not heard to the end
		phase.Terminals = ok + phase.Failed
	}
	phase.Took = r.Now()
	recorded.Tick(phase.Took)
	rep := recorded.Report()
	if l := rep.Label(phase.Label.Name); l != nil {
		phase.Label = *l
	}
	phase.Late, phase.Cut = rep.Late, rep.Cut
	r.Recorder.Beside(recorded)
	return phase, first
}

// signIn powers on, logs in and signs in every terminal, and has each start a batch
// where the run wants that: phases of their own. It fails when no terminal can take
// part. When ctx is done it ends at once: nothing of the run is open yet.
func (f *fleet) signIn(ctx context.Context) (signIn, opening *report.Phase, err error) {
	r := f.run
	defer context.AfterFunc(ctx, f.hangUp)()
	signIn, err = f.phase(ctx, dialect.SignIn, f.powerOn, r.Observer.SignIn)
	f.signedIn = signIn.Terminals - signIn.Failed
	switch {
	case ctx.Err() != nil:
		return signIn, nil, ctx.Err()
	case f.signedIn == 0:
		return signIn, nil, err
	}
	if r.Settle {
		opening, err = f.phase(ctx, dialect.Settlement, f.open, nil)
		f.signedIn = opening.Terminals - opening.Failed
		switch {
		case ctx.Err() != nil:
			return signIn, opening, ctx.Err()
		case f.signedIn == 0:
			return signIn, opening, err
		}
	}
	for _, t := range f.terminals {
		if !t.out {
			f.release(t)
		}
	}
	return signIn, opening, nil
}

// before does something with a terminal before the first arrival. How slow its
// exchanges were is told apart from the run.
func (f *fleet) before(p *Player, t *Terminal, do func(*Player, *Terminal) error) error {
	p.T = t
	if each := p.Each; each != nil {
		defer func() { p.Each = each }()
		p.Each = func(request, answer *wire.Message, r *Result) {
			if r.Outcome > report.Declined {
				each(request, answer, r)
			}
		}
	}
	return do(p, t)
}

// powerOn readies one terminal.
func (f *fleet) powerOn(p *Player, t *Terminal) error {
	operator := f.run.Profile.Cashier()
	t.PowerOn()
	if err := t.LoginWhole(operator.Number, string(operator.Password)); err != nil {
		return err
	}
	return p.signInUntilHeard()
}

// open has a terminal start a batch: whatever the one before holds is not this run's. That
// a host calls the terminal's own totals unbalanced, or in error, is: no batch explains it.
func (f *fleet) open(p *Player, t *Terminal) error {
	p.settleBatch()
	s := t.Settled()
	kept := Settled{Failed: s.Failed, Why: s.Why}
	if r := &p.Last; s.Counts[Unbalanced] > 0 && r.Host == r.Own {
		kept.Counts[Unbalanced], kept.Detail = s.Counts[Unbalanced], s.Detail
	}
	*s = kept
	if !t.SignedIn {
		return p.signInUntilHeard()
	}
	return nil
}

// signInUntilHeard signs a terminal in, again when the answer was lost.
func (p *Player) signInUntilHeard() error {
	for range signInTries {
		if err := p.SignIn(); err != nil {
			return err
		}
		if o := p.Last.Outcome; p.T.SignedIn || o != report.TimedOut && o != report.Broken {
			break
		}
	}
	if !p.T.SignedIn {
		return p.Last.Reason()
	}
	return nil
}
