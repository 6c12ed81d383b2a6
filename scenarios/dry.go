package scenarios

import (
	"fmt"
	"slices"
	"sync"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// purses is what a check has had approved on each card, at most: what was given back
// since may still be with the host.
type purses struct {
	mu    sync.Mutex
	spent map[*profile.Card]int64 // in the smallest unit
}

// spend counts an exchange with a card.
func (p *purses) spend(card *profile.Card, r *sim.Result) {
	if card == nil || !r.Approved() {
		return
	}
	if b := r.Of.Booking(); b != dialect.Charge && b != dialect.Hold {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spent == nil {
		p.spent = map[*profile.Card]int64{}
	}
	p.spent[card] += r.Asked
}

// poor reports whether a card is there to be declined for want of funds.
func poor(d *dialect.Dialect, card *profile.Card) bool {
	return d.Means(dialect.CodeOf(card.Expected()), dialect.InsufficientFunds)
}

// dry finds an exchange that the host declined for want of funds and may be right: the
// balance that the profile tells may be spent by now. The cause is what other scenarios
// say too; empty when there is none, and where the profile tells no balance. wrong is the
// exchange from which alone the scenario's failure may follow; -1 for none.
func (p *purses) dry(d *dialect.Dialect, past []exchange, wrong int) (cause string, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range past {
		card, r := past[i].card, &past[i].result
		if card != nil && r.Approved() && poor(d, card) && p.spent[card] > 0 && p.spent[card] <= card.Balance {
			cause = fmt.Sprintf("the %s card has %s in the profile, which is enough; profile keys to look at: cards (balance)", card.Role, report.FormatAmount(card.Balance, d.Exponent))
			return cause, fmt.Errorf("%w: %s", sim.ErrUntested, cause)
		}
		if card == nil || card.Balance == 0 || p.spent[card]+r.Asked <= card.Balance || r.Outcome != report.Declined {
			continue
		}
		if r.Asked > card.Balance && i != wrong { // that it would not have in any case, and the scenario knows it
			continue
		}
		if poor(d, card) {
			continue // that is what it is for
		}
		unheard := slices.ContainsFunc(past[:i], func(e exchange) bool { return same(&e.result, r) && e.result.Outcome > report.Refused })
		if !d.Means(r.Code, dialect.InsufficientFunds) && !(unheard && d.Means(r.Code, dialect.Duplicate)) { // it may have been declined before
			continue
		}
		amount := func(n int64) string { return report.FormatAmount(n, d.Exponent) }
		cause = fmt.Sprintf("the host answers %s: the %s card may be spent, the profile gives it %s; profile keys to look at: cards (balance)", r.Code, card.Role, amount(card.Balance))
		return cause, fmt.Errorf("%w: %s; this check was approved %s on it before it asked for %s", sim.ErrUntested, cause, amount(p.spent[card]), amount(r.Asked))
	}
	return "", nil
}
