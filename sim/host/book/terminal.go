package book

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
)

// Terminal is what one terminal has had booked. It is locked while one of its
// requests is answered. Until something is booked it is no more than this.
type Terminal struct {
	sync.Mutex
	Batch    uint32        // number of the current batch, 1 to 999999
	Traded   uint32        // when it last did something that was approved, Unix seconds; 0 for never
	number   int32         // place in the ledger
	bar      atomic.Uint32 // of Bar: why it may not trade
	fresh    bool          // the batch was opened by a settlement and not signed in to yet
	merchant *merchant
	journal  *journal // nil until it is needed: see opened
	kept     *kept    // nil where nothing is kept: see Ledger.Keep
}

// journal is what a terminal has done. What a payment touches of it stands together: those
// of a fleet do not fit the processor's cache.
type journal struct {
	records  []Record       // of the open batch
	index    []place        // of records by key, ascending
	newest   Key            // none of index is above it
	told     uint32         // trace of the settlement that was told its totals; 0 when the terminal has signed in since
	settling bool           // the open batch has been settled, its upload is under way
	open     dialect.Totals // of records

	closed      dialect.Totals // of all settled batches
	last        dialect.Totals // of the batch settled last
	lastNo      uint32         // and its number
	lastForeign dialect.Totals // what of last is of foreign cards

	holds   []Hold
	settled []settledPayment // ring of those that may still be refunded
	oldest  int32            // of settled, once it is full
	parts   map[int32]int64  // what was asked of those records that are of a part of it, by number; nil until the first

	details int32  // upload details taken for the open batch
	upload  uint32 // trace of the last upload message
}

// Touch reads a little of the journal: see keys.Set.Touch.
func (t *Terminal) Touch() uint64 {
	j := t.journal
	if j == nil {
		return 0
	}
	sum := uint64(j.newest) ^ uint64(j.open.Debit)
	if n := len(j.records); n > 0 {
		sum ^= j.records[n-1].Serial
	}
	return sum
}

// opened is the journal, opened at its first use.
func (t *Terminal) opened() *journal {
	if t.journal == nil {
		t.journal = &journal{}
	}
	return t.journal
}

// HasMerchant reports whether the profile has the terminal's merchant: without
// one there is nobody to pay.
func (t *Terminal) HasMerchant() bool { return t.merchant != nil }

// Bar is why a terminal may not trade, for package host to answer by. Package merchant
// says so.
type Bar uint8

const (
	MayTrade  Bar = iota
	Inactive      // bound, and not activated yet
	Suspended     // it or its merchant
	Unbound       // of no merchant, or nobody knows it
	Elsewhere     // bound to another merchant than the one named
	Closed        // its merchant is closed
)

// Bar is why the terminal may not trade. It may be asked and set without the lock.
func (t *Terminal) Bar() Bar { return Bar(t.bar.Load()) }

// SetBar says whether the terminal may trade from now on.
func (t *Terminal) SetBar(b Bar) { t.bar.Store(uint32(b)) }

// Raised reports whether something has been added to the record n of the open batch.
func (t *Terminal) Raised(n int32) bool {
	return slices.ContainsFunc(t.journal.records, func(r Record) bool {
		return r.State == Approved && r.Original == n && r.Kind.Raises()
	})
}

// Asked is the amount that the request of record n named: of what was approved in part, the
// whole; what raises an original names what both come to.
func (t *Terminal) Asked(n int32) int64 {
	if asked, is := t.journal.parts[n]; is {
		return asked
	}
	r := t.Record(n)
	if r.State == Approved && r.Kind.Raises() && r.Original >= 0 { // else a host of planted faults found none
		return r.Amount + t.Record(r.Original).Amount
	}
	return r.Amount
}

// EnteredPart says that the record entered last is of a part of the amount that was asked.
func (t *Terminal) EnteredPart(asked int64) {
	j := t.journal
	if j.parts == nil {
		j.parts = map[int32]int64{}
	}
	j.parts[int32(len(j.records)-1)] = asked
	t.note(partOf, uint64(asked))
}

// Record is one payment of a batch, or a reversal that came before it.
type Record struct {
	Amount   int64
	Refunded int64  // of a payment, how much has been given back
	Serial   uint64 // of the answer: reference and authorisation code come from it
	When     uint32 // Unix seconds
	Card     Card
	Original int32 // of a void, the number of the record that it voids; of the pre-authorisation family, of the hold; of a load, the card that is loaded
	Kind     dialect.Transaction
	Channel  fee.Channel // how the card or code came in, which its fee asks
	State    State
	Answer   dialect.Role // with which the host answered; none of what came after its reversal
	posted   bool         // its fee has been computed and booked
}

// State is what has become of a record.
type State uint8

const (
	Declined State = iota
	Approved
	Voided   // approved, and voided since
	Reversed // undone, or barred by a reversal that came first
)

// Hold is one pre-authorisation. It outlives its batch.
type Hold struct {
	Amount int64
	Auth   uint32 // authorisation code
	When   uint32 // Unix seconds
	Card   Card
	open   bool
}

// settledPayment is a payment of a closed batch that may still be refunded.
type settledPayment struct {
	amount, refunded int64
	serial           uint64
	key              Key // 0 for one that another with its key has hidden
	when             uint32
	card             Card
	channel          fee.Channel
	kind             dialect.Transaction
}

// KeepsSettled is how many settled payments of one terminal can be refunded.
const KeepsSettled = 512

// Key tells payments of one terminal apart: batch, trace and the MTI's class
// and function (the rest of it is the same in all payment requests).
type Key uint64

// KeyOf makes a key.
func KeyOf(batch, trace uint32, mti string) Key {
	return Key(batch)<<28 | Key(trace)<<8 | Key(mti[1]&15)<<4 | Key(mti[2]&15)
}

// place says where in the batch's records one with this key is.
type place struct {
	key Key
	at  int32
}

// place finds a key's place in the index, or where it would come. A terminal's
// traces ascend, so a new key mostly comes last: no search, nothing moved.
func (j *journal) place(key Key) (int, bool) {
	if j.newest < key {
		return len(j.index), false
	}
	return slices.BinarySearchFunc(j.index, key, func(p place, key Key) int { return cmp.Compare(p.key, key) })
}

// Find gives the number of the open batch's record that has a key.
func (t *Terminal) Find(key Key) (int32, bool) {
	j := t.opened()
	if i, ok := j.place(key); ok {
		return j.index[i].at, true
	}
	return 0, false
}

// Record is a record of the open batch, by its number. It holds until the next
// one is entered.
func (t *Terminal) Record(n int32) *Record { return &t.journal.records[n] }

// LastEntered is the number of the record of the open batch that was entered last; false for none.
func (t *Terminal) LastEntered() (int32, bool) {
	n := len(t.opened().records)
	return int32(n - 1), n > 0
}

// Answered is the youngest record of the open batch whose answer has a serial number; nil
// for none. It holds until the next one is entered.
func (t *Terminal) Answered(serial uint64) *Record {
	for i := len(t.opened().records) - 1; i >= 0; i-- {
		if r := &t.journal.records[i]; r.Serial == serial {
			return r
		}
	}
	return nil
}

// add enters a record. One with the key of another hides that one.
func (j *journal) add(key Key, r *Record) {
	if n := len(j.records); n == cap(j.records) { // by twice, whatever it has
		j.records, j.index = slices.Grow(j.records, n), slices.Grow(j.index, n)
	}
	p := place{key, int32(len(j.records))}
	switch i, ok := j.place(key); {
	case ok:
		j.index[i] = p
	case i == len(j.index):
		j.index, j.newest = append(j.index, p), key
	default:
		j.index = slices.Insert(j.index, i, p)
	}
	j.records = append(j.records, *r)
}

// FindHold gives the number of the youngest open pre-authorisation that is the
// one meant.
func (t *Terminal) FindHold(meant func(*Hold) bool) (int32, bool) {
	j := t.opened()
	for i := len(j.holds) - 1; i >= 0; i-- {
		if h := &j.holds[i]; h.open && meant(h) {
			return int32(i), true
		}
	}
	return 0, false
}

// Hold is a pre-authorisation, by its number. It holds until the next one is
// made.
func (t *Terminal) Hold(n int32) *Hold { return &t.journal.holds[n] }

// Refundable is a payment that may be given back in whole or in part.
type Refundable struct {
	Card     Card
	Left     int64    // what has not been given back yet
	refunded *int64   // what has
	record   *Record  // of the open batch; nil for a settled one
	sale     fee.Sale // as its fee sees it
	of       original // its name
	to       *account // to which it is given back
}

// FindRefundable gives the payment, of the open batch or a settled one, whose
// answer with this serial number was given then. It holds until the next record
// is entered.
func (l *Ledger) FindRefundable(t *Terminal, meant func(when uint32, serial uint64) bool) (Refundable, bool) {
	j := t.opened()
	for i := len(j.records) - 1; i >= 0; i-- {
		r := &j.records[i]
		if r.State == Approved && r.Kind.Sells() && meant(r.When, r.Serial) {
			return Refundable{r.Card, r.Amount - r.Refunded, &r.Refunded, r, l.sale(r), original{r.Serial, r.When}, l.payee(r.Kind, r.Card)}, true
		}
	}
	for i := range j.settled {
		if p := &j.settled[i]; meant(p.when, p.serial) {
			r := Record{Amount: p.amount, When: p.when, Card: p.card, Channel: p.channel}
			return Refundable{p.card, p.amount - p.refunded, &p.refunded, nil, l.sale(&r), original{p.serial, p.when}, l.payee(p.kind, p.card)}, true
		}
	}
	return Refundable{}, false
}

// held is what the open pre-authorisations hold.
func (j *journal) held() (sum int64) {
	for i := range j.holds {
		if j.holds[i].open {
			sum += j.holds[i].Amount
		}
	}
	return sum
}

func (j *journal) ever() dialect.Totals { return j.open.Plus(j.closed) }
