// Package book is the host's books: who has how much money, and what each
// terminal has had booked.
//
// A [Ledger] has an account for each card and merchant and for the acquirer.
// Money is only ever moved from one account to another. A [Terminal] has what
// one terminal did: the [Record]s of its open batch, its pre-authorisations
// ([Hold]), its totals. For each way to book (dialect.Booking) the ledger has a
// method that moves the money and marks what it is about; [Ledger.Enter] writes
// the record, [Ledger.Reverse] undoes it. [Ledger.Check] proves that all of it
// agrees.
//
// Whether something may be booked, and by what code it is refused, is package
// host's. All amounts are in fen.
package book

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/host/payout"
	"github.com/posfleet/posfleet/sim/profile"
)

// Ledger is double-entry: the sum over all accounts stays what it was at the
// start, zero, for the cards' opening balances came out of cash. Any number of
// goroutines may use it, each with another terminal locked.
type Ledger struct {
	profile   *profile.Profile
	terminals []Terminal
	names     map[identity]int32                 // into terminals: those of the profile, as it has them
	rebound   atomic.Pointer[map[identity]int32] // what has changed since: goes first, -1 for none; nil for nothing
	mu        sync.Mutex                         // guards merchants and rebound, of which a new one is made for each change
	cards     []card
	pans      map[number]Card
	codes     map[number]Card // by payment code
	merchants []*merchant
	holds     account      // what pre-authorisations hold back
	issuer    account      // what card issuers have of fees
	network   account      // what the network has
	fees      account      // what the acquirer has earned
	cash      account      // the world outside
	splits    *fee.Splits  // what issuer and network ask
	wrong     atomic.Int64 // fen that each fee is too high on purpose
	lax       payout.Lax   // rules about days that are broken on purpose

	keeping  bool            // see Keep
	accounts changedAccounts // since the last TakeAccounts; mu guards it
}

// account is a balance.
type account struct{ balance atomic.Int64 }

// card is one cardholder's account.
type card struct {
	account
	purse    account // electronic cash on its chip
	points   account // of its loyalty account with the issuer
	alliance account // of that with an alliance of merchants
	of       *profile.Card
}

// merchant is one merchant's accounts. What cards pay is in clearing until it is posted:
// its fee is computed then, and the rest is payable.
type merchant struct {
	clearing account
	payable  account
	bank     account // the merchant's own, elsewhere: what has been paid out
	of       *payout.Account
}

// Card is one cardholder's account in a ledger, or NoCard.
type Card int32

const NoCard Card = -1

// move takes amount from one account to another, also below zero.
func move(from, to *account, amount int64) {
	from.balance.Add(-amount)
	to.balance.Add(amount)
}

// draw moves amount if from has so much. It reports whether it did.
func draw(from, to *account, amount int64) bool {
	for {
		b := from.balance.Load()
		if b < amount {
			return false
		}
		if from.balance.CompareAndSwap(b, b-amount) {
			to.balance.Add(amount)
			return true
		}
	}
}

// identity is a terminal's name on the line: TID and MID, or a digest of them where a
// network has longer ones than most.
type identity [32]byte

func identityOf[T string | []byte](tid, mid T) (id identity) {
	if len(tid)+1+len(mid) > len(id) {
		return sha256.Sum256([]byte(string(tid) + "\x00" + string(mid)))
	}
	copy(id[copy(id[:], tid)+1:], mid)
	return id
}

// number is a card number or payment code, at most 20 digits.
type number [20]byte

func numberOf[T string | []byte](digits T) (n number) {
	copy(n[:], digits)
	return n
}

// Open opens the books of a profile: accounts with their opening balances, and
// terminals that have done nothing yet.
func Open(p *profile.Profile) (*Ledger, error) {
	l := &Ledger{profile: p, splits: fee.BundledSplits()}
	if p.Dialect.Exponent != 2 { // files have two decimals
		l.splits = l.splits.In(p.Dialect.FromHundredths)
	}
	if err := l.openTerminals(); err != nil {
		return nil, err
	}
	return l, l.openCards()
}

func (l *Ledger) openTerminals() error {
	p := l.profile
	mids := make(map[string]*merchant, len(p.Merchants))
	for i := range p.Merchants {
		m := &p.Merchants[i]
		mids[m.MID] = l.open(&payout.Account{MID: m.MID, Name: m.Name, Plan: m.Plan, Class: m.Class})
	}
	l.names = make(map[identity]int32, len(p.Terminals))
	l.terminals = make([]Terminal, len(p.Terminals)+len(p.Stock))
	for i := range l.terminals {
		t := &l.terminals[i]
		t.Batch, t.number = 1, int32(i)
		if i >= len(p.Terminals) {
			t.SetBar(Unbound)
			continue
		}
		e := &p.Terminals[i]
		t.merchant = mids[e.MID]
		id := identityOf(e.TID, e.MID)
		if _, taken := l.names[id]; taken {
			return fmt.Errorf("terminal %s of merchant %s is there twice", e.TID, e.MID)
		}
		l.names[id] = int32(i)
	}
	return nil
}

// openCards opens an account for each cardholder, and at the end one for cards
// that nobody knows.
func (l *Ledger) openCards() error {
	p := l.profile
	n := 1
	for i := range p.Cards {
		n += len(p.Holders(p.Cards[i].Role))
	}
	l.cards = make([]card, n)
	l.pans = make(map[number]Card, n)
	l.codes = make(map[number]Card)
	at := Card(0)
	for i := range p.Cards {
		holders := p.Holders(p.Cards[i].Role)
		for k := range holders {
			o := &holders[k]
			if !register(l.pans, o.PAN, at) || !register(l.codes, o.Code, at) {
				return fmt.Errorf("card %q: number or payment code %d of its range belongs to another card too", o.Card.Role, k+1)
			}
			l.cards[at].of = o.Card
			move(&l.cash, &l.cards[at].account, o.Card.Balance)
			move(&l.cash, &l.cards[at].purse, o.Card.Cash)
			move(&l.cash, &l.cards[at].points, o.Card.Points)
			move(&l.cash, &l.cards[at].alliance, o.Card.Alliance)
			at++
		}
	}
	l.cards[at].of = &profile.Card{Role: "unknown"}
	return nil
}

// register puts a number into a register, unless it is empty. It reports false
// when another account has it.
func register(register map[number]Card, digits string, account Card) bool {
	if digits == "" {
		return true
	}
	n := numberOf(digits)
	if _, taken := register[n]; taken {
		return false
	}
	register[n] = account
	return true
}

// Terminal finds a terminal by TID and MID. Its number is its place in the
// profile; those in stock come after those of merchants. ok says that it may trade; t is
// nil when there is none.
func (l *Ledger) Terminal(tid, mid []byte) (t *Terminal, number int, ok bool) {
	if l.rebound.Load() != nil {
		return l.terminalNow(identityOf(tid, mid))
	}
	i, ok := l.names[identityOf(tid, mid)]
	if !ok {
		return nil, 0, false
	}
	t = &l.terminals[i]
	return t, int(i), t.bar.Load() == uint32(MayTrade)
}

// terminalNow is Terminal where bindings have changed.
func (l *Ledger) terminalNow(id identity) (t *Terminal, number int, ok bool) {
	i, ok := (*l.rebound.Load())[id]
	if !ok {
		i, ok = l.names[id]
	}
	if !ok || i < 0 {
		return nil, 0, false
	}
	t = &l.terminals[i]
	return t, int(i), t.bar.Load() == uint32(MayTrade)
}

// CardOf finds the account of a card number.
func (l *Ledger) CardOf(pan []byte) (Card, bool) {
	c, ok := l.pans[numberOf(pan)]
	return c, ok
}

// CardOfCode finds the account of a payment code.
func (l *Ledger) CardOfCode(code []byte) (Card, bool) {
	c, ok := l.codes[numberOf(code)]
	return c, ok && len(code) <= len(number{})
}

// UnknownCards is the account of all cards that nobody knows.
func (l *Ledger) UnknownCards() Card { return Card(len(l.cards) - 1) }

// IsOf reports whether a card number is that of an account.
func (l *Ledger) IsOf(pan []byte, c Card) bool {
	i, ok := l.CardOf(pan)
	return ok && i == c || !ok && c == l.UnknownCards()
}

// Profile is what the profile says of a card.
func (l *Ledger) Profile(c Card) *profile.Card { return l.cards[c].of }

// Balance is what a card has.
func (l *Ledger) Balance(c Card) int64 { return l.cards[c].balance.Load() }

// Points is what its points are worth.
func (l *Ledger) Points(c Card) int64 { return l.cards[c].points.balance.Load() }

// AlliancePoints is what its points with an alliance of merchants are worth.
func (l *Ledger) AlliancePoints(c Card) int64 { return l.cards[c].alliance.balance.Load() }

// Book is the account of one terminal.
type Book struct {
	TID, MID       string
	Batch          int            // the current batch's number
	dialect.Totals                // of all the terminal's batches
	Unsettled      dialect.Totals // of what no settlement has closed yet
}

// Books gives one Book for each terminal, in the profile's order, and after them those
// of stock that have done something.
func (l *Ledger) Books() []Book {
	books := make([]Book, 0, len(l.profile.Terminals))
	for i := range l.terminals {
		t, e := &l.terminals[i], l.Entry(i)
		t.Lock()
		b := Book{TID: e.TID, MID: e.MID, Batch: int(t.Batch)}
		if t.merchant != nil {
			b.MID = t.merchant.of.MID
		}
		if j := t.journal; j != nil {
			b.Totals, b.Unsettled = j.ever(), j.open
		}
		if i < len(l.profile.Terminals) || t.journal != nil {
			books = append(books, b)
		}
		t.Unlock()
	}
	return books
}

// Entry is what the profile says of the terminal of a number.
func (l *Ledger) Entry(number int) *profile.Terminal {
	if n := len(l.profile.Terminals); number >= n {
		return &l.profile.Stock[number-n]
	}
	return &l.profile.Terminals[number]
}
