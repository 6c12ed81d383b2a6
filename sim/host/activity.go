package host

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
)

// Activity is what the host knows of a terminal at work, for people to look at. What the
// terminal itself shows only it knows; Display is what the network says that terminals
// show for the last answer.
type Activity struct {
	TID, MID, Merchant string
	SignedIn           bool
	Operator           string // who signed in; empty where the network does not say
	Batch              uint32
	Open               dialect.Totals // of that batch
	At                 time.Time      // of the last answer
	Asked              string         // what it answers: a transaction's name, or "unknown"
	Code               string         // response code
	Display            string
}

// Slip is a payment of a terminal as its slip (签购单) has it: of its open batch, or of one
// before that may still be refunded.
type Slip struct {
	Kind             string // a transaction's name
	State            string // declined, approved, voided or reversed
	Channel          string // how card or code came in
	Card             string // masked; empty when no number may be written
	Amount, Refunded int64
	Batch, Trace     uint32
	Voids            uint32 // of a void, the trace of its original
	AuthCode         string // empty when the answer had none
	RRN              string
	Acquirer         string
	At               time.Time
	Settled          bool // its batch is closed
}

// lastAnswer is what a terminal was answered last.
type lastAnswer struct {
	at    uint32 // Unix seconds
	code  dialect.Code
	asked dialect.Transaction
	known bool
}

// Activities gives the terminals that have signed in or asked for something since the
// host was started: at most so many, who was answered last first. It looks at every
// terminal of the network.
func (h *Host) Activities(most int) []Activity {
	var all []Activity
	for n := range h.sessions {
		if a, at := h.activity(n); at {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b Activity) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.TID, b.TID)) })
	return all[:min(most, len(all))]
}

// Activity gives what the host knows of one terminal and the latest payments of its open
// batch, at most so many; false when the network has no such terminal.
func (h *Host) Activity(tid string, most int) (Activity, []Slip, bool) {
	for n := range h.sessions {
		if h.books.Entry(n).TID != tid {
			continue
		}
		a, _ := h.activity(n)
		t := h.books.At(n)
		t.Lock()
		paid := t.Latest(most)
		t.Unlock()
		slips := make([]Slip, len(paid))
		for i := range paid {
			slips[i] = h.slip(&paid[i])
		}
		return a, slips, true
	}
	return Activity{}, nil, false
}

// activity is what is known of the terminal of a number, and whether it was ever heard.
func (h *Host) activity(n int) (Activity, bool) {
	t := h.books.At(n)
	t.Lock()
	defer t.Unlock()
	a := Activity{TID: h.books.Entry(n).TID, Batch: t.Batch, Open: t.Open()}
	a.MID, a.Merchant = t.Merchant()
	s := h.sessions[n]
	if s == nil {
		return a, false
	}
	if a.SignedIn = s.signedIn; s.signedIn && s.operator[0] != 0 {
		a.Operator = string(s.operator[:])
	}
	if s.last.at == 0 {
		return a, true
	}
	a.At, a.Asked, a.Code, a.Display = time.Unix(int64(s.last.at), 0), "unknown", s.last.code.String(), h.dialect.Display(s.last.code)
	if s.last.known {
		a.Asked = s.last.asked.String()
	}
	return a, true
}

// slip is a payment as people may see it.
func (h *Host) slip(p *book.Payment) Slip {
	s := Slip{Kind: p.Kind.String(), State: p.State.String(), Channel: p.Channel.String(), Amount: p.Amount, Refunded: p.Refunded,
		Batch: p.Batch, Trace: p.Trace, Voids: p.Voids, Acquirer: acquirer, At: time.Unix(int64(p.When), 0), Settled: p.Settled}
	if holder := h.books.Holder(p.Card); holder != nil && !h.profile.LivePAN {
		s.Card = dialect.MaskPAN(cmp.Or(holder.PAN, holder.Code))
	}
	var rrn [12]byte
	putRRN(&rrn, stampOf(int64(p.When)), p.Serial)
	s.RRN = string(rrn[:])
	if p.State != book.Declined && p.Kind != dialect.Refund && p.Kind != dialect.QRPurchase {
		s.AuthCode = fmt.Sprintf("%06d", authCode(p.Serial))
	}
	return s
}
