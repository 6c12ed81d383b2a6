package sim

import (
	"errors"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
)

// NextStep is what the operator does after the last transaction: nothing, if it went
// as it should. The dialect's codes say it for a decline.
func (p *Player) NextStep(refusal error) dialect.NextStep {
	t, r := p.T, &p.Last
	if errors.Is(refusal, ErrRefusedLocally) {
		switch {
		case !t.SignedIn:
			return dialect.SignInAgain
		case t.full():
			return dialect.Settle
		case t.Owes():
			return dialect.CallService
		}
		return dialect.CheckEntry
	}
	if t.Bill != nil && t.Bill.Refused != dialect.NoReason {
		return t.Bill.Refused.Next()
	}
	switch r.Outcome {
	case report.Approved:
		return dialect.Done
	case report.Declined:
		return t.Profile.Dialect.About(r.Code).Next
	case report.Unsent:
		return dialect.CheckLine
	}
	if r.Of.Payment() {
		return dialect.ReverseFirst
	}
	return dialect.CheckLine
}
