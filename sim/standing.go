package sim

import "github.com/posfleet/posfleet/sim/dialect"

// Standing is where the latest payment stands, as far as its terminal can know: what
// the cardholder must be told when something comes between.
type Standing uint8

// The standings.
const (
	NoPayment Standing = iota
	Paid               // approved, and the approval verified
	NotPaid            // declined, or never sent
	Uncertain          // no verified answer, or one that says it came twice: it may have been booked
	Undone             // it was booked, or may have been, and was taken back
)

var standings = [...]struct{ name, display string }{
	NoPayment: {"there was no payment", ""},
	Paid:      {"paid", "支付成功"},
	NotPaid:   {"not paid", "支付未成功, 未扣款"},
	Uncertain: {"uncertain", "支付结果未知, 正在核实"},
	Undone:    {"undone", "支付已撤销, 未扣款"},
}

func (s Standing) String() string { return standings[s].name }

// CustomerDisplay is what the cardholder reads on the terminal. The operator's screen
// may show meanwhile that the terminal signs in, is stopped, or waits.
func (t *Terminal) CustomerDisplay() string { return standings[t.Standing].display }

// stand notes where a payment stands.
func (t *Terminal) stand(of dialect.Transaction, s Standing) {
	switch of.Booking() {
	case dialect.None, dialect.Uncharge, dialect.GiveBack, dialect.Release, dialect.Uncapture, dialect.CashOut:
	default:
		t.Standing = s
	}
}

// takenBack notes that a payment was voided: the cardholder of the latest is told.
func (t *Terminal) takenBack(voided *Record) {
	if t.Standing != Paid {
		return
	}
	for i := len(t.Journal.Records) - 1; i >= 0; i-- {
		if r := &t.Journal.Records[i]; r.Of.Sells() {
			if r.Trace == voided.Trace && r.Batch == voided.Batch {
				t.Standing = Undone
			}
			return
		}
	}
}
