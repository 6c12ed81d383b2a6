package book

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
)

// preauth holds an amount and enters it.
func preauth(t *testing.T, l *Ledger, terminal *Terminal, amount int64, serial uint64) *Record {
	t.Helper()
	r := Record{Kind: dialect.PreAuth, Amount: amount, Serial: serial}
	if !l.Hold(terminal, &r, uint32(serial)) {
		t.Fatal("too little")
	}
	approve(terminal, &r)
	return &r
}

func TestRefundsTakeFromWhatIsLeft(t *testing.T) {
	l := open(t)
	terminal := &l.terminals[0]
	buy(t, l, terminal, Record{Amount: 10_00, Serial: 7, When: 70})
	buy(t, l, terminal, Record{Amount: 99, Serial: 8, When: 80})
	find := func() Refundable {
		t.Helper()
		p, found := l.FindRefundable(terminal, func(when uint32, serial uint64) bool { return when == 70 && serial == 7 })
		if !found {
			t.Fatal("not found")
		}
		return p
	}
	refund := func(amount int64, serial uint64) {
		r := Record{Kind: dialect.Refund, Amount: amount, Serial: serial}
		l.GiveBack(terminal, &r, find())
		approve(terminal, &r)
		check(t, l)
	}
	for i, c := range []struct{ amount, left int64 }{{1_00, 9_00}, {2_00, 7_00}} {
		if refund(c.amount, uint64(20+i)); find().Left != c.left {
			t.Errorf("%d left of a payment of the open batch, want %d", find().Left, c.left)
		}
	}
	if n, _ := terminal.Find(KeyOf(1, 7, "0200")); l.Reverse(terminal, terminal.Record(n), 90) {
		t.Error("a payment is reversed of which a part was given back")
	}
	l.CloseBatch(terminal)
	if refund(3_00, 30); find().Left != 4_00 {
		t.Errorf("%d left of a settled payment, want 400", find().Left)
	}
	if got := l.Balance(0); got != 1000_00-10_00-99+6_00 {
		t.Errorf("the card has %d", got)
	}
	if _, found := l.FindRefundable(terminal, func(_ uint32, serial uint64) bool { return serial == 30 }); found {
		t.Error("a refund can be given back")
	}
}

func TestFirstRecordAndHoldAreFoundAndUndone(t *testing.T) {
	l := open(t)
	l.Keep()
	terminal := &l.terminals[0]
	if _, any := terminal.LastEntered(); any || terminal.Answered(0) != nil {
		t.Error("something is found of a terminal that has done nothing")
	}
	if n := buy(t, l, terminal, Record{Amount: 10_00, Serial: 4}); n != 0 || terminal.Answered(4) != terminal.Record(0) || terminal.Answered(5) != nil {
		t.Errorf("the first record is number %d", n)
	}
	if n := buy(t, l, terminal, Record{Amount: 5_00, Serial: 4}); n != 1 || terminal.Answered(4) != terminal.Record(1) {
		t.Errorf("the second record, with the same serial number, is number %d", n)
	}
	if !l.Reverse(terminal, terminal.Record(0), 50) || terminal.Record(0).State != Reversed {
		t.Error("the first record is not reversed")
	}
	preauth(t, l, terminal, 1, 21)
	preauth(t, l, terminal, 2, 22)
	for n, auth := range []uint32{21, 22} {
		if got, found := terminal.FindHold(func(h *Hold) bool { return h.Auth == auth }); !found || got != int32(n) {
			t.Errorf("pre-authorisation %d is number %d (%v), want %d", auth, got, found, n)
		}
	}
	again := open(t)
	if _, err := again.Redo(0, terminal.TakeChanges()); err != nil || again.terminals[0].Record(0).State != Reversed {
		t.Errorf("done again: %v, %+v", err, again.terminals[0].journal)
	}
	for n, h := range terminal.journal.holds {
		if got := again.terminals[0].journal.holds[n]; got != h {
			t.Errorf("done again pre-authorisation %d is %+v, was %+v", n, got, h)
		}
	}
}

func TestExtensionIsUndoneAlone(t *testing.T) {
	l := open(t)
	l.Keep()
	terminal := &l.terminals[0]
	first := preauth(t, l, terminal, 600_00, 1)
	more := Record{Kind: dialect.AddPreAuth, Amount: 400_00, Original: first.Original, Serial: 2}
	if !l.Extend(terminal, &more) {
		t.Fatal("too little")
	}
	approve(terminal, &more)
	again := open(t)
	if _, err := again.Redo(0, terminal.TakeChanges()); err != nil || again.terminals[0].Hold(0).Amount != 1000_00 || again.Balance(0) != 0 {
		t.Errorf("done again: %v, held %d, card has %d", err, again.terminals[0].Hold(0).Amount, again.Balance(0))
	}
	check(t, again)
	if !l.Reverse(terminal, terminal.Record(1), 0) || terminal.Hold(0).Amount != 600_00 || l.Balance(0) != 400_00 {
		t.Errorf("the extension was reversed: held %d, card has %d", terminal.Hold(0).Amount, l.Balance(0))
	}
	check(t, l)
	if !l.Reverse(terminal, terminal.Record(0), 0) || l.Balance(0) != 1000_00 {
		t.Errorf("all was reversed: card has %d", l.Balance(0))
	}
	check(t, l)
	if l.Reverse(terminal, terminal.Record(0), 0) {
		t.Error("a pre-authorisation that was let go is undone")
	}
}

// What is held can be captured though the card owes; a void of a capture is undone only
// while the hold is there.
func TestCaptureOfWhatIsHeldAsksNoMoreOfTheCard(t *testing.T) {
	l := open(t)
	terminal := &l.terminals[0]
	hold := preauth(t, l, terminal, 100_00, 1)
	owed := Record{Kind: dialect.OfflinePurchase, Amount: 950_00, Serial: 2}
	l.Charge(terminal, &owed, true)
	approve(terminal, &owed)
	capture := Record{Kind: dialect.Completion, Amount: 100_00, Serial: 3, Original: hold.Original}
	if !l.Capture(terminal, &capture) {
		t.Fatal("what is held cannot be captured when the card is below zero")
	}
	approve(terminal, &capture)
	undo := Record{Kind: dialect.CompletionVoid, Amount: 100_00, Serial: 4, Original: 2}
	l.Uncapture(terminal, &undo)
	approve(terminal, &undo)
	anew := Record{Kind: dialect.Completion, Amount: 60_00, Serial: 5, Original: hold.Original}
	if !l.Capture(terminal, &anew) {
		t.Fatal("cannot be captured anew")
	}
	approve(terminal, &anew)
	check(t, l)
	if l.Reverse(terminal, terminal.Record(3), 0) {
		t.Error("the void of a capture is undone after the hold was captured anew")
	}
	check(t, l)
}

func TestPaymentIsKnownToBeRaised(t *testing.T) {
	for _, c := range []struct {
		r    Record
		want bool
	}{
		{Record{Kind: dialect.Tip, State: Approved, Original: 1}, true},
		{Record{Kind: dialect.Tip, State: Reversed, Original: 1}, false},
		{Record{Kind: dialect.Tip, State: Approved, Original: 0}, false},
		{Record{Kind: dialect.PurchaseVoid, State: Approved, Original: 1}, false},
	} {
		terminal := &Terminal{journal: &journal{records: []Record{{}, {}, c.r}}}
		if got := terminal.Raised(1); got != c.want {
			t.Errorf("%+v raises number 1: %v", c.r, got)
		}
	}
}

// What is done again is held to the books' bounds, and all within them is taken.
func TestChangesAreHeldToTheBounds(t *testing.T) {
	for _, c := range []struct {
		r     Record
		right bool
	}{
		{Record{Kind: dialect.Purchase}, true},
		{Record{Kind: dialect.Purchase, Amount: -1}, false},
		{Record{Kind: dialect.Transactions - 1}, true},
		{Record{Kind: dialect.Transactions}, false},
		{Record{Kind: dialect.Purchase, State: Reversed}, true},
		{Record{Kind: dialect.Purchase, State: Reversed + 1}, false},
	} {
		from := &Terminal{kept: &kept{}}
		from.noteEntry(1, &c.r)
		if _, err := open(t).Redo(0, from.TakeChanges()); (err == nil) != c.right {
			t.Errorf("%+v done again: %v", c.r, err)
		}
	}
}
