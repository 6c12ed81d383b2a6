package book

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
)

// Changes are what a terminal's requests changed in the books, as octets that [Ledger.Redo]
// does again: which payments were entered or undone, what of the batch was signed in,
// settled, uploaded and closed. There is no card number in them and no key.
//
// What was decided is in them, so that it comes out the same in whatever order the
// terminals' changes are done again, as long as each terminal's are in their own.

// change is what one of them is.
type change byte

const (
	entered change = 1 + iota
	undone         // by a reversal
	barred         // a declined payment, by a reversal
	signedIn
	signedOff
	settled
	uploaded
	uploadEnded
	answered // how the payment was that was entered last, where that is no plain approval
	partOf   // what was asked of the payment that was entered last, and approved in part
)

// kept is what a terminal has changed since it was last asked, where the books are kept.
type kept struct {
	octets []byte
	of     original // what the refund that is being entered is of
}

// original names a payment by its answer.
type original struct {
	serial uint64
	when   uint32
}

// Keep has the books note what changes, for [Terminal.TakeChanges]. Call it before the
// first request.
func (l *Ledger) Keep() {
	l.keeping = true
	for i := range l.terminals {
		l.terminals[i].kept = &kept{}
	}
}

// TakeChanges gives what the terminal's requests have changed since the last time: a view
// that holds until the next change. The terminal is locked.
func (t *Terminal) TakeChanges() []byte {
	if t.kept == nil {
		return nil
	}
	b := t.kept.octets
	t.kept.octets = t.kept.octets[:0]
	return b
}

// note notes a change.
func (t *Terminal) note(c change, values ...uint64) {
	if t.kept == nil {
		return
	}
	b := append(t.kept.octets, byte(c))
	for _, v := range values {
		b = binary.AppendUvarint(b, v)
	}
	t.kept.octets = b
}

// noteEntry notes a record that has been entered.
func (t *Terminal) noteEntry(key Key, r *Record) {
	if t.kept == nil {
		return
	}
	var auth uint64
	if r.State == Approved && r.Kind.Booking() == dialect.Hold && r.Kind.Original() == dialect.ToNone {
		auth = uint64(t.Hold(r.Original).Auth)
	}
	t.note(entered, uint64(key), uint64(r.Amount), r.Serial, uint64(r.When), uint64(r.Card+1), uint64(r.Original+1),
		uint64(r.Kind), uint64(r.Channel), uint64(r.State), auth, t.kept.of.serial, uint64(t.kept.of.when))
	t.kept.of = original{}
	if r.Answer != plainly(r.State) {
		t.note(answered, uint64(r.Answer))
	}
}

// plainly is how a record that came to a state is answered where nothing else is said.
func plainly(s State) dialect.Role {
	if s == Approved {
		return dialect.Approved
	}
	return dialect.NoRole
}

// number is the number of a record of the open batch.
func (t *Terminal) numberOf(r *Record) uint64 {
	for i := len(t.journal.records) - 1; i >= 0; i-- {
		if &t.journal.records[i] == r {
			return uint64(i)
		}
	}
	panic("book: a record of another terminal")
}

// errChange says that changes are not of these books.
var errChange = errors.New("it does not fit the books")

// Redo does the changes of one terminal again, and gives the highest serial number of the
// answers in them. The error says that they are not of these books.
func (l *Ledger) Redo(number int, changes []byte) (serial uint64, err error) {
	if number < 0 || number >= len(l.terminals) {
		return 0, fmt.Errorf("terminal %d: %w", number, errChange)
	}
	defer func() {
		if recover() != nil { // an index of a record or card that is not there
			err = fmt.Errorf("terminal %d: %w", number, errChange)
		}
	}()
	t := &l.terminals[number]
	t.Lock()
	defer t.Unlock()
	note := t.kept
	t.kept = nil
	defer func() { t.kept = note }()
	r := changeReader{b: changes}
	for len(r.b) > 0 && r.err == nil {
		s := l.redo(t, &r)
		serial = max(serial, s)
	}
	return serial, r.err
}

// changeReader reads values.
type changeReader struct {
	b   []byte
	err error
}

func (r *changeReader) kind() change {
	c := change(r.b[0])
	r.b = r.b[1:]
	return c
}

func (r *changeReader) value() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.err = nil, errChange
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (l *Ledger) redo(t *Terminal, r *changeReader) (serial uint64) {
	switch r.kind() {
	case entered:
		return l.reenter(t, r)
	case undone:
		n, when := r.value(), r.value()
		if !l.Reverse(t, t.Record(int32(n)), uint32(when)) {
			r.err = errChange
		}
	case barred:
		t.Refuse(int32(r.value()))
	case signedIn:
		t.SignIn()
	case signedOff:
		batch, was := r.value(), r.value()
		t.SignOff(uint32(batch), was == 1)
	case settled:
		batch, trace := r.value(), r.value()
		t.Settle(uint32(batch), uint32(trace))
	case uploaded:
		trace, n := r.value(), r.value()
		t.Upload(uint32(trace), int(n))
	case uploadEnded:
		batch, n := r.value(), r.value()
		l.EndUpload(t, uint32(batch), int(n))
	case answered:
		n, role := int32(len(t.opened().records)-1), r.value()
		if t.Record(n).Answer = dialect.Role(role); role > math.MaxUint8 {
			r.err = errChange
		}
	case partOf:
		asked := int64(r.value())
		if asked < t.opened().records[len(t.journal.records)-1].Amount {
			r.err = errChange
		}
		t.EnteredPart(asked)
	default:
		r.err = errChange
	}
	return 0
}

// reenter books a payment again and enters it.
func (l *Ledger) reenter(t *Terminal, r *changeReader) uint64 {
	key := Key(r.value())
	e := Record{Amount: int64(r.value()), Serial: r.value(), When: uint32(r.value()), Card: Card(r.value()) - 1, Original: int32(r.value()) - 1,
		Kind: dialect.Transaction(r.value()), Channel: fee.Channel(r.value()), State: State(r.value())}
	e.Answer = plainly(e.State)
	auth, of := uint32(r.value()), original{serial: r.value(), when: uint32(r.value())}
	if r.err != nil || e.Amount < 0 || e.Kind >= dialect.Transactions || e.State > Reversed {
		r.err = errChange
		return 0
	}
	if e.State == Approved {
		l.rebook(t, &e, auth, of, r)
	}
	if r.err == nil {
		t.Enter(key, &e)
	}
	return e.Serial
}

// rebook moves the money of an approved record as it was moved.
func (l *Ledger) rebook(t *Terminal, e *Record, auth uint32, of original, r *changeReader) {
	switch e.Kind.Booking() {
	case dialect.Charge:
		l.Charge(t, e, true)
	case dialect.Uncharge:
		l.Uncharge(t, e)
	case dialect.GiveBack:
		p, found := l.FindRefundable(t, func(when uint32, serial uint64) bool { return when == of.when && serial == of.serial })
		if !found {
			r.err = errChange
			return
		}
		l.GiveBack(t, e, p)
	case dialect.Hold:
		move(&l.cards[e.Card].account, &l.holds, e.Amount)
		if e.Kind.Original() == dialect.ToNone {
			l.hold(t, e, auth)
		} else {
			t.Hold(e.Original).Amount += e.Amount
		}
	case dialect.Release:
		l.Release(t, e)
	case dialect.Capture:
		l.capture(t, t.Hold(e.Original), e.Amount, true)
	case dialect.Uncapture:
		l.Uncapture(t, e)
	case dialect.Load:
		move(&l.cards[e.Card].account, &l.cards[e.Original].purse, e.Amount)
	case dialect.CashIn:
		l.CashIn(t, e)
	case dialect.CashOut:
		l.CashOut(t, e)
	}
}
