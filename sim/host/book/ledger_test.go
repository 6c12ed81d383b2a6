package book

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/profile"
)

// open opens books of two terminals, the second without a merchant, and two
// cards with 1000.00 each.
func open(t *testing.T) *Ledger {
	t.Helper()
	l, err := Open(small(t))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func small(t *testing.T) *profile.Profile {
	t.Helper()
	p, err := profile.Parse("small.yaml", []byte(`
name: small
dialect: cup
sign-in: "004"
policy: {timeout: 1s, supervisor: false}
operators: [{number: "01", password: "0000"}]
merchants: [{mid: "123456789012345", name: shop, fee: {basis-points: 60, cap: 80.00}}]
terminals: [{first: "10000001", count: 1, merchants: ["123456789012345"], derive: "test:62656E636862656E6368"}]
cards: [{role: good, pan: "6225000000000014", count: 2, expiry: "4912", balance: 1000.00, points: 500.00, code: "6211111111111111111"}]
`), 0)
	if err != nil {
		t.Fatal(err)
	}
	p.Terminals = append(p.Terminals, profile.Terminal{TID: "10000009", MID: "999999999999999"})
	return p
}

// approve enters a record that has been booked.
func approve(t *Terminal, r *Record) {
	r.State = Approved
	t.Enter(KeyOf(t.Batch, uint32(r.Serial), "0200"), r)
}

func check(t *testing.T, l *Ledger) {
	t.Helper()
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestTerminalsAndCardsAreFoundByTheirNames(t *testing.T) {
	l := open(t)
	for i, e := range l.profile.Terminals {
		terminal, n, ok := l.Terminal([]byte(e.TID), []byte(e.MID))
		if !ok || n != i || terminal.HasMerchant() != (i == 0) {
			t.Errorf("terminal %d is number %d (%v), has a merchant: %v", i, n, ok, terminal.HasMerchant())
		}
	}
	if _, _, ok := l.Terminal([]byte("10000001"), []byte("999999999999999")); ok {
		t.Error("a terminal is found under another's merchant")
	}
	for i, holder := range l.profile.Holders("good") {
		byPAN, ok1 := l.CardOf([]byte(holder.PAN))
		byCode, ok2 := l.CardOfCode([]byte(holder.Code))
		if !ok1 || !ok2 || byPAN != Card(i) || byCode != Card(i) {
			t.Errorf("card %d is %d by its number, %d by its code", i, byPAN, byCode)
		}
		if _, ok := l.CardOfCode([]byte(holder.Code + "00")); ok {
			t.Error("a code that is too long is found")
		}
	}
	if c, ok := l.CardOf([]byte("6225999999999999")); ok {
		t.Errorf("a card that is not there is %d", c)
	}
}

func TestTwoOfOneNameAreRefused(t *testing.T) {
	for want, change := range map[string]func(*profile.Profile){
		"terminal 10000001 of merchant 123456789012345 is there twice": func(p *profile.Profile) { p.Terminals = append(p.Terminals, p.Terminals[0]) },
		`card "good": number or payment code 1`:                        func(p *profile.Profile) { p.Cards = append(p.Cards, p.Cards[0]) },
	} {
		p := small(t)
		change(p)
		if _, err := Open(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open gave %v, want %q", err, want)
		}
	}
}

// By the merchant's own plan: kind of card, channel, day and what was refunded.
func TestFeesAreThoseOfThePlan(t *testing.T) {
	plans, err := fee.Parse("plans.yaml", []byte(`plans:
  - name: tiers
    rounding: half-up
    refund: remaining
    rates: [{kinds: [credit], rate: 0.6%}, {channels: [contactless], up-to: 10.00, rate: 0.3%}, {rate: 0.5%}]
    promotions: [{from: 2026-11-01, to: 2026-11-30, channels: [unionpay-qr], rate: 0.1%}]
`))
	if err != nil {
		t.Fatal(err)
	}
	november := uint32(time.Date(2026, 11, 30, 23, 59, 59, 0, fee.China).Unix())
	for _, c := range []struct {
		kind fee.Kind
		r    Record
		want int64
	}{
		{fee.Debit, Record{Amount: 10_00}, 5},
		{fee.Credit, Record{Amount: 10_00}, 6},
		{fee.Debit, Record{Amount: 10_00, Channel: fee.Contactless}, 3},
		{fee.Debit, Record{Amount: 12_00, Channel: fee.Contactless}, 6},
		{fee.Debit, Record{Amount: 10_00, Channel: fee.UnionPayQR, When: november}, 1},
		{fee.Debit, Record{Amount: 10_00, Channel: fee.UnionPayQR, When: november + 1}, 5},
		{fee.Debit, Record{Amount: 10_00, Refunded: 4_00}, 3},
		{fee.Debit, Record{Amount: 10_00, Refunded: 10_00}, 0},
	} {
		p := small(t)
		p.Merchants[0].Plan = plans[0]
		p.Cards[0].Kind = c.kind
		l, err := Open(p)
		if err != nil {
			t.Fatal(err)
		}
		terminal, r := &l.terminals[0], c.r
		r.Kind, r.Refunded = dialect.Purchase, 0
		if !l.Charge(terminal, &r, false) {
			t.Fatal("too little")
		}
		approve(terminal, &r)
		if c.r.Refunded > 0 {
			p, _ := l.FindRefundable(terminal, func(uint32, uint64) bool { return true })
			refund := Record{Kind: dialect.Refund, Amount: c.r.Refunded, Serial: 1}
			l.GiveBack(terminal, &refund, p)
			approve(terminal, &refund)
		}
		l.CloseBatch(terminal)
		if got := l.Fees().Fee; got != c.want || l.issuer.balance.Load()+l.network.balance.Load()+l.fees.balance.Load() != got {
			t.Errorf("%s, %+v costs %d, want %d", c.kind, c.r, got, c.want)
		}
	}
}

// 60 basis points of 1000 rounded: 6 fen. What was voided or reversed costs
// nothing.
func TestClosedBatchOwesFeesForWhatStands(t *testing.T) {
	l := open(t)
	terminal := &l.terminals[0]
	for serial := range uint64(3) {
		r := Record{Kind: dialect.Purchase, Amount: 1000, Serial: serial}
		if !l.Charge(terminal, &r, false) {
			t.Fatal("too little")
		}
		approve(terminal, &r)
	}
	void := Record{Kind: dialect.PurchaseVoid, Amount: 1000, Serial: 3, Original: 1}
	l.Uncharge(terminal, &void)
	approve(terminal, &void)
	if !l.Reverse(terminal, terminal.Record(2), 0) {
		t.Fatal("cannot be reversed")
	}
	l.CloseBatch(terminal)
	check(t, l)
	if fees := l.Fees().Fee; fees != 6 {
		t.Errorf("fees %d, want 6", fees)
	}
	if b := l.Books()[0]; b.Batch != 2 || b.DebitN != 2 || b.CreditN != 1 || b.Unsettled != (dialect.Totals{}) {
		t.Errorf("book %+v, want 2 debits and 1 credit, all settled", b)
	}
}

// Whatever is booked and undone, in whatever order: no money comes or goes, and
// each account agrees with what terminals did.
func TestBooksAgreeWhateverIsBooked(t *testing.T) {
	for seed := range uint64(50) {
		l := open(t)
		l.Keep()
		book200(t, l, seed)
		if seed%2 == 1 {
			continue
		}
		// What changed is done again by books that know nothing: they come to the same.
		again := open(t)
		changes := l.terminals[0].TakeChanges()
		serial, err := again.Redo(0, changes)
		if err != nil || serial > 199 {
			t.Fatalf("seed %d: done again: %v, highest serial number %d", seed, err, serial)
		}
		check(t, again)
		if was, is := l.Books(), again.Books(); !slices.Equal(was, is) {
			t.Errorf("seed %d: done again the books are %+v, were %+v", seed, is, was)
		}
		for c := range Card(2) {
			if was, is := l.Balance(c), again.Balance(c); was != is {
				t.Errorf("seed %d: done again card %d has %d, had %d", seed, c, is, was)
			}
			if was, is := l.Points(c), again.Points(c); was != is {
				t.Errorf("seed %d: done again card %d has points worth %d, had %d", seed, c, is, was)
			}
			if was, is := l.Cash(c), again.Cash(c); was != is {
				t.Errorf("seed %d: done again the chip of card %d has %d, had %d", seed, c, is, was)
			}
		}
		was, is := l.terminals[0].Latest(1000), again.terminals[0].Latest(1000)
		for i := range was { // when fees are posted is nobody's to know
			was[i].posted = false
		}
		for i := range is {
			is[i].posted = false
		}
		if !slices.Equal(was, is) {
			t.Errorf("seed %d: done again there are other payments: %d, were %d", seed, len(is), len(was))
		}
		if n, err := again.Redo(2, changes); err == nil || n > 0 {
			t.Error("changes of a terminal that is not there are done")
		}
		if _, err := open(t).Redo(0, changes[:len(changes)-1]); err == nil {
			t.Error("half a change is done")
		}
	}
}

// book200 books and undoes what the seed draws.
func book200(t *testing.T, l *Ledger, seed uint64) {
	t.Helper()
	{
		terminal := &l.terminals[0]
		now := time.Date(2026, 11, 2, 9, 0, 0, 0, fee.China)
		l.merchants[0].of.Plan = fee.Bundled()[seed%3]
		random := rand.New(rand.NewPCG(seed, 0))
		for serial := range uint64(200) {
			r := Record{Amount: 1 + random.Int64N(20_000), Card: Card(random.IntN(2)), Serial: serial, When: uint32(now.Unix())}
			now = now.Add(time.Duration(random.IntN(180)) * time.Minute)
			ok := true
			switch random.IntN(13) {
			case 0:
				r.Kind = [...]dialect.Transaction{dialect.Purchase, dialect.PointsPurchase}[random.IntN(2)]
				ok = l.Charge(terminal, &r, false)
				if !ok { // declined, and then reversed
					key := KeyOf(terminal.Batch, uint32(serial), "0200")
					terminal.Enter(key, &r)
					n, _ := terminal.Find(key)
					terminal.Refuse(n)
				}
			case 1:
				p, found := l.FindRefundable(terminal, func(uint32, uint64) bool { return random.IntN(3) == 0 })
				if ok = found && r.Amount <= p.Left; ok {
					r.Kind = dialect.Refund
					l.GiveBack(terminal, &r, p)
				}
			case 2:
				r.Kind, ok = dialect.PreAuth, l.Hold(terminal, &r, uint32(serial))
			case 3, 4:
				n, found := terminal.FindHold(func(*Hold) bool { return random.IntN(3) == 0 })
				if ok = found; !ok {
					break
				}
				r.Card, r.Original = terminal.Hold(n).Card, n
				if random.IntN(2) == 0 {
					r.Kind, r.Amount = dialect.PreAuthVoid, terminal.Hold(n).Amount
					l.Release(terminal, &r)
				} else {
					r.Kind, ok = dialect.Completion, l.Capture(terminal, &r)
				}
			case 5:
				r.Original, ok = terminal.Find(KeyOf(terminal.Batch, uint32(random.Uint64N(serial+1)), "0200"))
				if ok {
					r.Kind, ok = void(l, terminal, &r)
				}
			case 6:
				ok = false
				if n, found := terminal.Find(KeyOf(terminal.Batch, uint32(random.Uint64N(serial+1)), "0200")); found && terminal.Record(n).State == Approved {
					l.Reverse(terminal, terminal.Record(n), r.When)
				}
			case 7:
				if ok = false; random.IntN(10) == 0 {
					terminal.Settle(terminal.Batch, uint32(serial)+1)
					terminal.Upload(uint32(serial)+1, 3)
					terminal.Upload(uint32(serial)+1, 3) // a repeat
					if right := l.EndUpload(terminal, terminal.Batch, int(serial%2)+3); right != (serial%2 == 0) {
						t.Errorf("3 details were uploaded, %d are said: right is %v", serial%2+3, right)
					}
				}
			case 8:
				ok = false
				l.Pay("", now)
			case 9:
				ok = false
				l.Account(l.merchants[0].of.MID)
			case 10:
				if ok = false; random.IntN(20) == 0 && seed%2 == 1 { // a binding is not done again
					l.Unbind(0, Unbound)
					if err := l.Bind(0, l.merchants[len(l.merchants)-1].of.MID, MayTrade); err != nil {
						t.Fatal(err)
					}
				}
			case 11:
				r.Kind, r.Original = dialect.AccountLoad, int32(r.Card)
				if random.IntN(2) == 0 {
					r.Kind, r.Original = dialect.TransferLoad, int32(1-r.Card)
				}
				ok = l.Load(&r)
			case 12:
				r.Kind = [...]dialect.Transaction{dialect.CashLoad, dialect.OfflinePurchase}[random.IntN(2)]
				if r.Kind == dialect.CashLoad {
					l.CashIn(terminal, &r)
				} else {
					ok = l.Charge(terminal, &r, false)
				}
			}
			if ok {
				approve(terminal, &r)
			} else if serial%17 == 0 {
				terminal.SignIn()
				terminal.SignOff(terminal.Batch+uint32(serial%3)-1, serial%34 == 0)
			}
			if err := l.Check(); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, serial, err)
			}
		}
	}
}

// void voids what r names, if that stands whole.
func void(l *Ledger, t *Terminal, r *Record) (dialect.Transaction, bool) {
	o := t.Record(r.Original)
	if r.Amount = o.Amount; o.State != Approved || o.Refunded > 0 {
		return 0, false
	}
	switch o.Kind {
	case dialect.Purchase, dialect.PointsPurchase:
		l.Uncharge(t, r)
		return dialect.PurchaseVoid, true
	case dialect.Completion:
		l.Uncapture(t, r)
		return dialect.CompletionVoid, true
	case dialect.CashLoad:
		l.CashOut(t, r)
		return dialect.CashLoadVoid, true
	}
	return 0, false
}

func TestCheckFindsWhatDoesNotAgree(t *testing.T) {
	for want, spoil := range map[string]func(l *Ledger){
		"the accounts add up to 1 fen": func(l *Ledger) { l.cash.balance.Add(1) },
		"1 fen are on hold":            func(l *Ledger) { move(&l.cash, &l.holds, 1) },
		"the acquirer has 1 fen":       func(l *Ledger) { move(&l.cash, &l.fees, 1) },
		"has 1 fen in clearing":        func(l *Ledger) { move(&l.cash, &l.merchants[0].clearing, 1) },
		"is owed 1 fen":                func(l *Ledger) { move(&l.cash, &l.merchants[0].payable, 1) },
		"was paid 1 fen":               func(l *Ledger) { move(&l.cash, &l.merchants[0].bank, 1) },
		"issuers have 1 fen":           func(l *Ledger) { move(&l.cash, &l.issuer, 1) },
	} {
		l := open(t)
		check(t, l)
		if spoil(l); l.Check() == nil || !strings.Contains(l.Check().Error(), want) {
			t.Errorf("Check gave %v, want %q", l.Check(), want)
		}
	}
}

func TestExtendedHoldHoldsBothAmounts(t *testing.T) {
	l := open(t)
	terminal := &l.terminals[0]
	first := Record{Kind: dialect.PreAuth, Amount: 600_00, Serial: 1}
	if !l.Hold(terminal, &first, 1) {
		t.Fatal("600.00 of 1000.00 cannot be held")
	}
	more := Record{Kind: dialect.PreAuth, Amount: 400_01, Original: first.Original}
	if l.Extend(terminal, &more) {
		t.Error("a hold is extended beyond what the card has")
	}
	more.Amount = 400_00
	if !l.Extend(terminal, &more) || terminal.Hold(first.Original).Amount != 1000_00 || l.Balance(first.Card) != 0 {
		t.Errorf("held %d, balance %d", terminal.Hold(first.Original).Amount, l.Balance(first.Card))
	}
	check(t, l)
	l.Release(terminal, &first)
	if l.Balance(first.Card) != 1000_00 {
		t.Errorf("balance %d after the release", l.Balance(first.Card))
	}
	check(t, l)
}
