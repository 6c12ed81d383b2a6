package scenarios

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// emptyBatch is the Make of the sentence that a batch begins which holds nothing,
// at either end.
func emptyBatch(a Args) (func(*sim.Player) error, error) {
	good := a.Profile.Holders("good")
	return func(p *sim.Player) error {
		w := worldOf(p)
		leaveOut := w.leavesOut()
		err, known := w.batches[p.T]
		switch {
		case w.batches == nil || len(good) == 0 || !readsCards(a.Profile) || known && err == nil:
			_, err = startBatch(p)
		case !known:
			err = prove(p, good)
		}
		if err == nil {
			leaveOut()
		}
		return err
	}, nil
}

// leavesOut gives what leaves out of the scenario whatever is exchanged from now on: an
// empty batch is begun with proof once on each terminal, and what a scenario finds would
// depend on how many there are. Rules that it breaks are the check's to count.
func (w *world) leavesOut() func() {
	said, broken := len(w.exchanges), len(w.broken)
	return func() {
		w.exchanges = w.exchanges[:said]
		w.aside = append(w.aside, w.broken[broken:]...)
		w.broken = w.broken[:broken]
	}
}

// What is wrong with a host whose totals say nothing.
var (
	errSameBatch = errors.New("the host does not start a new batch at settlement")
	errNoBooks   = errors.New("the host finds totals balanced that are not: it keeps no books")
)

// keepsBooks holds that what the host says of a batch that has just been settled
// rests on books of its own. If the terminal has not begun an empty batch in this
// check, which shows it, that is done now; nothing of it is left in the scenario.
func keepsBooks(p *sim.Player) error {
	w, t := worldOf(p), p.T
	err, known := w.batches[t]
	if known || w.batches == nil || !t.SignedIn || t.Owes() || len(t.Journal.Records) > 0 || t.Faults != nil && len(t.Faults.Queue) > 0 {
		return err
	}
	good := t.Profile.Holders("good")
	if len(good) == 0 || !readsCards(t.Profile) {
		return nil
	}
	leaveOut, last, display, follows := w.leavesOut(), p.Last, t.Display, t.Batch == dialect.Next(w.batch)
	if err = prove(p, good); err == nil {
		leaveOut()
	}
	if p.Last, t.Display = last, display; follows { // the sentence about it means the batch before
		w.batch = (t.Batch+dialect.MaxNumber-2)%dialect.MaxNumber + 1
	}
	return err
}

// prove begins an empty batch on a terminal that has not done so in this check,
// with proof, and keeps what came of it for the next time.
func prove(p *sim.Player, good []profile.Holder) error {
	err := provenBatch(p, good)
	if err == nil || errors.Is(err, errSameBatch) || errors.Is(err, errNoBooks) {
		worldOf(p).batches[p.T] = err
	}
	return err
}

// startBatch settles what the batch holds and signs in again. It gives what came of
// the settlement.
func startBatch(p *sim.Player) (settled sim.Result, err error) {
	if err := signedIn(p); err != nil {
		return settled, err
	}
	if err := persist(p, p.Settle); err != nil {
		return settled, err
	}
	if settled = p.Last; !settled.Approved() || len(p.T.Journal.Records) > 0 || p.T.Settled().Why != nil {
		return settled, fmt.Errorf("settlement of the batch before: %w", errors.Join(p.Last.Reason(), errors.New(p.T.Display)))
	}
	return settled, signedIn(p)
}

// persist does something again when the host wants a sign-in first, which the
// terminal has then done: its batch may not have been the host's.
func persist(p *sim.Player, do func() error) error {
	err := do()
	if err == nil && p.Last.Outcome == report.Declined && p.T.Profile.Dialect.Means(p.Last.Code, dialect.SignInFirst) && p.T.SignedIn {
		err = do()
	}
	return err
}

// provenBatch has a payment settled that the terminal then does not count, and sees
// that the host does: otherwise that it finds a batch balanced would say nothing. It
// also sees that the payment is not in the next batch as well: otherwise what a
// scenario finds would depend on those before it.
func provenBatch(p *sim.Player, good []profile.Holder) error {
	if _, err := startBatch(p); err != nil {
		return err
	}
	o := sim.Order{Of: dialect.Purchase, Amount: 1, Entry: sim.Swipe, PIN: true, Holder: pickHolder(p, good)}
	if err := persist(p, func() error { return p.Pay(&o) }); err != nil {
		return err
	}
	if !p.Last.Approved() {
		p.SettleOwed(p.T) // and not in the place of what the scenario sends
		return nil        // nothing to see it by
	}
	if err := p.T.Journal.Forget(); err != nil {
		return err
	}
	settled, err := startBatch(p)
	const leftOut = "the terminal left out a payment of 0.01 %s on purpose, to see whether the host keeps books"
	switch {
	case err != nil && settled.Outcome == report.Refused:
		return fmt.Errorf("%w ("+leftOut+")", err, p.T.Profile.Dialect.Unit())
	case err != nil:
		return err
	case p.T.Settled().Balanced(): // a good card may be a foreign one
		return fmt.Errorf("%w: "+leftOut, errNoBooks, p.T.Profile.Dialect.Unit())
	}
	if settled, err = startBatch(p); err == nil && settled.Host.DebitN > 0 {
		return fmt.Errorf("%w: in the batch after it are %s, want none", errSameBatch, describeTotals(p.T.Profile.Dialect, settled.Host))
	}
	return err
}
