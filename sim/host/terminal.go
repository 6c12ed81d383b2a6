package host

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
)

// identity is a terminal's name on the line: TID, then MID.
type identity [23]byte

func identityOf(tid, mid []byte) (id identity) {
	copy(id[:8], tid)
	copy(id[8:], mid)
	return id
}

// number is a card number or payment code, at most 20 digits.
type number [20]byte

func numberOf(digits []byte) (n number) {
	copy(n[:], digits)
	return n
}

// terminal is what the host knows of one terminal. Its lock is held while one
// of its requests is answered. Until its first sign-in it is no more than this.
type terminal struct {
	mu       sync.Mutex
	entry    *profile.Terminal
	shop     *shop  // nil when the profile has no such merchant
	batch    uint32 // current batch number
	signedIn bool
	rested   bool // the batch was opened by a settlement and not signed in to yet
	session  *session
}

// session is the rest, from the first sign-in on.
type session struct {
	keys     keys.Set
	mode     keys.KeyBlock
	block    []byte // the key block of the last sign-in, while nothing has used its keys
	signIn   uint32 // trace of that sign-in
	records  []record
	index    []place // of records by key, ascending
	holds    []hold
	past     []past // ring of settled payments that may be refunded
	pastAt   int
	open     dialect.Totals // of records
	closed   dialect.Totals // of all settled batches
	last     dialect.Totals // of the batch settled last
	lastNo   uint32         // and its number
	fees     int64
	settling bool   // the open batch has been settled, its upload is under way
	details  int    // upload details taken for the open batch
	upload   uint32 // trace of the last upload message
}

// record is one payment of a batch, or a reversal that came before it.
type record struct {
	amount   int64
	refunded int64  // of a payment, how much has been given back
	serial   uint64 // of the answer: RRN and authorisation code come from it
	when     uint32 // Unix seconds
	card     int32  // into ledger.cards; -1 for none
	origin   int32  // of a void, the record it voids; of the pre-authorisation family, the hold
	trace    uint32
	kind     dialect.Transaction
	state    state
}

type state uint8

const (
	declined state = iota
	approved
	voided   // approved, and voided since
	reversed // undone, or barred by a reversal that came first
)

// hold is one pre-authorisation. It outlives its batch.
type hold struct {
	amount int64
	auth   uint32 // authorisation code
	when   uint32
	card   int32
	open   bool
}

// past is a settled payment that may still be refunded.
type past struct {
	amount, refunded int64
	serial           uint64
	when             uint32
	card             int32
}

// pastKept is how many settled payments of one terminal can be refunded.
const pastKept = 512

// recordKey tells payments of one terminal apart: batch, trace and the MTI's
// class and function (the rest of it is the same in all payment requests).
func recordKey(batch, trace uint32, mti string) uint64 {
	return uint64(batch)<<28 | uint64(trace)<<8 | uint64(mti[1]&15)<<4 | uint64(mti[2]&15)
}

// place says where in the batch's records one with this key is.
type place struct {
	key uint64
	at  int32
}

// place finds a key's place in the index, or where it would come. A terminal's
// traces ascend, so a new key mostly comes last: no search, nothing moved.
func (s *session) place(key uint64) (int, bool) {
	n := len(s.index)
	if n == 0 || s.index[n-1].key < key {
		return n, false
	}
	return slices.BinarySearchFunc(s.index, key, func(p place, key uint64) int { return cmp.Compare(p.key, key) })
}

func (s *session) find(key uint64) *record {
	if i, ok := s.place(key); ok {
		return &s.records[s.index[i].at]
	}
	return nil
}

// add enters a record. One with the key of another hides that one.
func (s *session) add(key uint64, r *record) {
	p := place{key, int32(len(s.records))}
	if i, ok := s.place(key); ok {
		s.index[i] = p
	} else {
		s.index = slices.Insert(s.index, i, p)
	}
	s.records = append(s.records, *r)
}

// tally adds a payment to its side of the open batch, or with n = -1 takes it
// off again.
func (s *session) tally(kind dialect.Transaction, amount int64, n int) {
	s.open.Add(kind.Side(), amount, n)
}

// held is what the open pre-authorisations hold, in fen.
func (s *session) held() (sum int64) {
	for i := range s.holds {
		if s.holds[i].open {
			sum += s.holds[i].amount
		}
	}
	return sum
}

func (t *terminal) unsettled() dialect.Totals {
	if t.session == nil {
		return dialect.Totals{}
	}
	return t.session.open
}

func (t *terminal) ever() dialect.Totals {
	if t.session == nil {
		return dialect.Totals{}
	}
	return t.session.open.Plus(t.session.closed)
}

// open reads the profile: accounts with their opening balances, terminals.
func (h *Host) open() error {
	p := h.profile
	shops := make(map[string]*shop, len(p.Merchants))
	h.ledger.shops = make([]shop, len(p.Merchants))
	for i := range p.Merchants {
		s := &h.ledger.shops[i]
		s.fee = p.Merchants[i].Fee
		shops[p.Merchants[i].MID] = s
	}
	h.terminals = make(map[identity]*terminal, len(p.Terminals))
	h.all = make([]terminal, len(p.Terminals))
	for i := range p.Terminals {
		e := &p.Terminals[i]
		t := &h.all[i]
		t.entry, t.shop, t.batch = e, shops[e.MID], 1
		id := identityOf([]byte(e.TID), []byte(e.MID))
		if h.terminals[id] != nil {
			return fmt.Errorf("terminal %s of merchant %s is there twice", e.TID, e.MID)
		}
		h.terminals[id] = t
	}
	return h.openCards()
}

// openCards opens an account for each cardholder, and one for strangers.
func (h *Host) openCards() error {
	p := h.profile
	n := 1
	for i := range p.Cards {
		n += len(p.Holders(p.Cards[i].Role))
	}
	l := &h.ledger
	l.cards = make([]card, n)
	h.cards = make(map[number]int32, n)
	h.codes = make(map[number]int32)
	at := int32(0)
	for i := range p.Cards {
		holders := p.Holders(p.Cards[i].Role)
		for k := range holders {
			o := &holders[k]
			if !enter(h.cards, o.PAN, at) || !enter(h.codes, o.Code, at) {
				return fmt.Errorf("card %q: number or payment code %d of its range belongs to another card too", o.Card.Role, k+1)
			}
			l.cards[at].of = o.Card
			move(&l.cash, &l.cards[at].account, o.Card.Balance)
			at++
		}
	}
	h.strangers = at
	l.cards[at].of = &profile.Card{Role: "stranger"}
	return nil
}

// enter puts a number into a register, unless it is empty. It reports false
// when another account has it.
func enter(register map[number]int32, digits string, account int32) bool {
	if digits == "" {
		return true
	}
	n := numberOf([]byte(digits))
	if _, taken := register[n]; taken {
		return false
	}
	register[n] = account
	return true
}
