package host

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/payout"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// keeps is a host of a profile with data.
func keeps(t testing.TB, p *profile.Profile, folder string) *Host {
	t.Helper()
	h, err := New(p, WithData(folder))
	if err != nil {
		t.Fatal(err)
	}
	h.journal.store.Slow = patient
	t.Cleanup(func() { h.CloseData() })
	return h
}

// afterKill is the host that comes after one that was killed at this moment: of its file as
// it is, which nobody closes. Its books are those of the first.
func afterKill(t testing.TB, h *Host) (again *Host) {
	t.Helper()
	left, err := os.ReadFile(filepath.Join(h.journal.folder, DataFile))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, DataFile), left, 0o600); err != nil {
		t.Fatal(err)
	}
	again = keeps(t, h.profile, folder)
	if err := again.Check(); err != nil {
		t.Error(err)
	}
	if got, want := again.Books(), h.Books(); !reflect.DeepEqual(got, want) {
		t.Errorf("its books are\n%+v\nwant\n%+v", got, want)
	}
	for c := range h.books.UnknownCards() {
		if got, want := again.books.Balance(c), h.books.Balance(c); got != want {
			t.Errorf("account %d has %d fen, want %d", c, got, want)
		}
		if got, want := again.books.Points(c), h.books.Points(c); got != want {
			t.Errorf("the points of account %d are worth %d fen, want %d", c, got, want)
		}
		if got, want := again.books.AlliancePoints(c), h.books.AlliancePoints(c); got != want {
			t.Errorf("the alliance's points of account %d are worth %d fen, want %d", c, got, want)
		}
		if got, want := again.books.Cash(c), h.books.Cash(c); got != want {
			t.Errorf("the electronic cash of account %d is %d fen, want %d", c, got, want)
		}
	}
	if got, want := again.Fees(), h.Fees(); got != want {
		t.Errorf("merchants are owed\n%+v\nwant\n%+v", got, want)
	}
	if got, want := again.Orders().List(1000), h.Orders().List(1000); !reflect.DeepEqual(got, want) {
		t.Errorf("its orders are\n%+v\nwant\n%+v", got, want)
	}
	for what, of := range map[string]func(h *Host) any{
		"what terminals told":        func(h *Host) any { return h.statuses.last },
		"what is asked of terminals": func(h *Host) any { return h.requirements.open },
		"parameters of terminals":    func(h *Host) any { return h.requirements.parameters },
		"what was withdrawn":         func(h *Host) any { return len(h.requirements.withdrawn) },
		"who has a master key":       func(h *Host) any { return h.masters.asked },
		"merchants":                  func(h *Host) any { return h.Merchants().Merchants() },
		"terminals":                  func(h *Host) any { return h.Merchants().Terminals(shop) },
		"statements": func(h *Host) any {
			var all []*payout.Statement
			for a, i := h.Account(shop), 0; a != nil && i < len(a.Days()); i++ {
				s, _ := a.Statement(a.Days()[i])
				s.Postings = nil // their times are of another zone
				all = append(all, s)
			}
			return all
		},
		"the desk's log": func(h *Host) any { return h.Staff().Audit("") },
		"sessions": func(h *Host) any {
			all := map[int]any{}
			for n, s := range h.sessions {
				if s == nil || !s.signedIn && s.trace == 0 && s.signatures == nil { // as good as none
					continue
				}
				var signed []Signature
				if s.signatures != nil {
					signed = s.signatures.kept
				}
				all[n] = []any{s.signedIn, string(s.operator[:]), s.cutOver, s.trace, signed}
			}
			return all
		},
	} {
		got, _ := json.Marshal(of(again))
		if want, err := json.Marshal(of(h)); err != nil || string(got) != string(want) {
			t.Errorf("%s: %s, want %s, %v", what, got, want, err)
		}
	}
	return again
}

// moves has a terminal go on at another host, as it is.
func (p *pos) moves(h *Host) {
	p.Helper()
	to := dialPOS(p, h, serveHost(p, h), 0)
	p.conn, p.reader = to.conn, to.reader
}

func TestUsedSerialIsRefusedAfterAKill(t *testing.T) {
	d, err := dialect.Parse("derived.yaml", []byte(derives), nil)
	if err != nil {
		t.Fatal(err)
	}
	prof, err := profile.BundledIn(d, 4)
	if err != nil {
		t.Fatal(err)
	}
	h := keeps(t, prof, t.TempDir())
	p := dialPOS(t, h, serveHost(t, h), 0)
	p.want("00", dialect.SignIn, sub(wire.ManagementCode, "004"))
	p.batch = wire.Uint(p.ans.Get(wire.Batch))
	tid := p.entry.TID
	pays := func(counter uint32) string {
		return p.exchange(p.frame(p.request(dialect.Purchase, amount(100), shows("good"), under(tid, counter))))
	}
	for _, counter := range []uint32{5, 6} {
		if got := pays(counter); got != "00" {
			t.Fatalf("counter %d is answered %s", counter, got)
		}
	}
	for _, again := range []*Host{afterKill(t, h), afterKill(t, afterKill(t, h))} {
		p.moves(again)
		for counter, want := range map[uint32]string{6: "A0", 5: "A0", 1: "A0"} {
			if got := pays(counter); got != want {
				t.Errorf("counter %d, used before, is answered %s, want %s", counter, got, want)
			}
		}
		if got := bookOf(again, tid).DebitN; got != 2 {
			t.Errorf("%d payments are booked, want 2", got)
		}
		if got := pays(7); got != "00" {
			t.Errorf("the next counter is answered %s", got)
		}
	}
}

// A cryptogram that a chip has paid with, and one of a counter that it has used, are refused
// after a kill as before it.
func TestUsedChipCounterIsRefusedAfterAKill(t *testing.T) {
	prof, err := profile.Bundled("cup", 4)
	if err != nil {
		t.Fatal(err)
	}
	h := keeps(t, prof, t.TempDir())
	p := ready(t, h, serveHost(t, h), 0)
	var x chip.Transaction
	var used []byte
	for range 3 {
		keep := func(_ *pos, m *wire.Message) { used = append([]byte(nil), m.Get(wire.ChipData)...) }
		if code := p.code(amount(100), inserts(&x, "chip"), keep); code != "00" {
			t.Fatalf("a purchase by chip is answered %s", code)
		}
	}
	again := afterKill(t, h)
	p.moves(again)
	replay := func(_ *pos, m *wire.Message) { m.Set(wire.ChipData, used) }
	if code := p.code(amount(100), inserts(&x, "chip"), replay); code == "00" {
		t.Error("a cryptogram that has paid before pays again")
	}
	of := again.chips.of
	if len(of) == 0 {
		t.Fatal("no chip is known")
	}
	for c := range of {
		if k := of[c].Load(); k != nil && k.next(k.issues[0].index, k.issues[0].highest(), 1, false) {
			t.Error("the counter that paid last pays again under another cryptogram")
		}
	}
}

func TestOrdersAreKeptOverAKill(t *testing.T) {
	h := keeps(t, bench("cup"), t.TempDir())
	p := ready(t, h, serveHost(t, h), 0)
	paid, cancelled, open := p.order(5), p.order(1), p.order(2)
	p.want("00", dialect.OrderCancel, data(dialect.TagOrder, cancelled))
	p.want("00", dialect.Purchase, amount(1000), shows("good"), pays(paid))
	of := p.reference()
	p.want("00", dialect.Refund, amount(600), shows("good"), pays(paid), of, numbered("R-1"))
	code := phoneCode(h, 3)
	p.want("00", dialect.QRPurchase, amount(100), code)
	_, asked, enter := p.asked(h, "qr-password", 2)
	again := afterKill(t, h)
	p.moves(again)
	for number, want := range map[string]dialect.OrderState{paid: dialect.OrderPartRefunded, cancelled: dialect.OrderCancelled, open: dialect.OrderConfirmed, asked: dialect.OrderPaying} {
		if got := p.state(number); got != want {
			t.Errorf("order %s is %s, want %s", number, got, want)
		}
	}
	p.want("00", dialect.Refund, amount(600), shows("good"), pays(paid), of, numbered("R-1"))
	if b := bookOf(again, "10000001"); b.CreditN != 1 || b.Credit != 600 {
		t.Errorf("a refund number that comes again is booked: %d refunds of %d fen, want 1 of 600", b.CreditN, b.Credit)
	}
	if got := p.do(dialect.Purchase, amount(1000), shows("good"), pays(paid)); got == "00" {
		t.Error("an order is paid twice")
	}
	if got := p.do(dialect.QRPurchase, amount(100), code); got == "00" {
		t.Error("a payment code is used twice")
	}
	if got := enter(); got != "00" {
		t.Errorf("the password that a phone was asking for is answered %s", got)
	}
	p.want("00", dialect.Purchase, amount(400), shows("good"), pays(open))
	if next := p.order(1); next == open || next == asked {
		t.Errorf("order number %s is given twice", next)
	}
	afterKill(t, again)
}

// What a static code's payer has paid in a day counts after a kill.
func TestStaticCodeLimitIsKeptOverAKill(t *testing.T) {
	if now := time.Now(); now.Hour() == 23 && now.Minute() > 57 {
		t.Skip("another day begins")
	}
	h := keeps(t, bench("cup"), t.TempDir())
	p := ready(t, h, serveHost(t, h), 0)
	code := staticCode + p.entry.TID + p.entry.MID
	pay := func(fen uint64) string {
		return p.do(dialect.CodeScan, amount(fen), data(dialect.TagCode, code, dialect.TagPayer, h.profile.Holders("good")[0].Code))
	}
	for range 2 {
		if got := pay(20_000); got != "00" {
			t.Fatalf("a payment by static code is answered %s", got)
		}
	}
	p.moves(afterKill(t, h))
	if got := pay(20_000); got == "00" {
		t.Error("more than the limit of a day is paid")
	}
	if got := pay(10_000); got != "00" {
		t.Errorf("the rest of the limit is answered %s", got)
	}
}

// What the register and the desk decide at a terminal's request is kept with the request.
func TestActivationAndResetsAreKeptOverAKill(t *testing.T) {
	h := keeps(t, bench("cup"), t.TempDir())
	address := serveHost(t, h)
	var p *pos
	var code string
	if err := h.Change(func() { p, code = issued(t, h, address) }); err != nil {
		t.Fatal(err)
	}
	mode := sub(wire.ManagementCode, "004")
	p.want("97", dialect.SignIn, mode, set(62, code[:27]+"x"))
	again := afterKill(t, h)
	if got := again.merchants.TakeChanges(); got != nil {
		t.Errorf("what is kept is kept again: %s", got)
	}
	p.moves(again)
	p.want("97", dialect.Purchase, amount(1), shows("good"))
	p.want("00", dialect.SignIn, mode, set(62, code))
	p.adopt()
	p.want("00", dialect.Purchase, amount(1), shows("good"))
	again = afterKill(t, again)
	p.moves(again)
	p.want("00", dialect.Purchase, amount(1), shows("good"))
	if m, err := again.Merchants().Terminal(p.entry.TID); err != nil || m.State != "active" || m.MID != shop {
		t.Errorf("the terminal is %+v, %v", m, err)
	}
	if err := again.Change(func() {
		if err := again.Merchants().TakeBack(p.entry.TID); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	again = afterKill(t, again)
	p.moves(again)
	p.want("97", dialect.Purchase, amount(1), shows("good"))
}

// Wrong activation codes count over a kill: nobody gets more tries by it.
func TestActivationTriesCountOverAKill(t *testing.T) {
	h := keeps(t, bench("cup"), t.TempDir())
	address := serveHost(t, h)
	var p *pos
	var code string
	if err := h.Change(func() { p, code = issued(t, h, address) }); err != nil {
		t.Fatal(err)
	}
	mode := sub(wire.ManagementCode, "004")
	for try := range 5 {
		p.want("97", dialect.SignIn, mode, set(62, code[:27]+"x"))
		if try == 2 {
			p.moves(afterKill(t, h))
		}
	}
	p.want("97", dialect.SignIn, mode, set(62, code))
}

// An operator whose password was reset stays shut out, and the one-time code stays good, once.
func TestResetIsKeptOverAKill(t *testing.T) {
	h := keeps(t, bench("cup"), t.TempDir())
	p := ready(t, h, serveHost(t, h), 0)
	signsIn := []field{sub(wire.ManagementCode, "004"), sub(wire.Operator, "01 ")}
	p.want("00", dialect.SignIn, signsIn...)
	var code string
	if err := h.Change(func() {
		enrol(t, h)
		code = granted(t, h)
	}); err != nil {
		t.Fatal(err)
	}
	h = afterKill(t, h)
	p.moves(h)
	p.want("55", dialect.SignIn, signsIn...)
	p.want("55", dialect.PasswordReset, brings(t, h, 0, "01", "00000000")...)
	h = afterKill(t, h)
	p.moves(h)
	p.want("00", dialect.PasswordReset, brings(t, h, 0, "01", code)...)
	h = afterKill(t, h)
	p.moves(h)
	p.want("00", dialect.SignIn, signsIn...)
	h = afterKill(t, h)
	p.moves(h)
	p.want("55", dialect.PasswordReset, brings(t, h, 0, "01", code)...)
}

// What terminals tell besides payments, and what they are asked for, is kept.
func TestWhatElseTerminalsToldIsKeptOverAKill(t *testing.T) {
	h := keeps(t, bench("cup"), t.TempDir())
	p := ready(t, h, serveHost(t, h), 0)
	p.want("00", dialect.SignatureUpload, p.buys(700), image(imageOf(1)))
	p.want("00", dialect.StatusUpload, sub(wire.ManagementCode, "362"), sub(wire.TerminalStatus, "011021031040051"))
	if err := h.Change(func() {
		for _, tid := range []string{"10000001", "10000002"} {
			if err := h.Require(tid, "status"); err != nil {
				t.Error(err)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	again := afterKill(t, h)
	p.moves(again)
	p.want("00", dialect.StatusUpload, sub(wire.ManagementCode, "362"), sub(wire.TerminalStatus, "011021031040051"))
	if s := keptOf(t, again); len(s) != 1 || len(s[0].Image) == 0 || len(again.requirements.open) != 1 {
		t.Errorf("signatures %+v, asked for %v", s, again.requirements.open)
	}
	p.signIn() // and keeps them under its next keys
	afterKill(t, again)
}

// Payouts are kept as they came out, and what is undone afterwards is taken off them.
func TestPayoutsAreKeptOverAKill(t *testing.T) {
	h := keeps(t, bench("cup"), t.TempDir())
	p := ready(t, h, serveHost(t, h), 0)
	p.want("00", dialect.Purchase, amount(10_000), shows("good"))
	refunded := p.reference()
	p.want("00", dialect.Purchase, amount(20_000), shows("good"))
	voided := p.original()
	p.want("00", dialect.Purchase, amount(30_000), shows("good"))
	if posted := h.Account(shop).Totals().Amount; posted != 60_000 { // somebody looks at it
		t.Fatalf("%d fen are posted, want 60000", posted)
	}
	var paid []payout.Payout
	pay := func(h *Host, after time.Duration) {
		t.Helper()
		if err := h.Change(func() { paid = h.Pay("", time.Now().Add(after)) }); err != nil {
			t.Fatal(err)
		}
	}
	pay(h, 30*24*time.Hour)
	if len(paid) != 1 || paid[0].Amount != 60_000 {
		t.Fatalf("paid %+v", paid)
	}
	for range 2 {
		h = afterKill(t, h)
		p.moves(h)
		pay(h, 30*24*time.Hour)
		if len(paid) != 0 {
			t.Errorf("paid again: %+v", paid)
		}
		if n := len(h.Account(shop).Payouts()); n != 1 {
			t.Errorf("%d payouts are known, want 1", n)
		}
	}
	p.want("00", dialect.PurchaseVoid, amount(20_000), shows("good"), voided)
	p.want("00", dialect.Refund, amount(2_500), shows("good"), refunded)
	h = afterKill(t, h)
	p.moves(h)
	p.want("00", dialect.Purchase, amount(100_000), shows("good"))
	if pay(h, 60*24*time.Hour); len(paid) != 1 || paid[0].Amount != 77_500 {
		t.Errorf("after a void and a refund %+v is paid, want 77500 fen", paid)
	}
	p.want("00", dialect.Purchase, amount(500), shows("good")) // of a day that is out by now
	afterKill(t, h)
}

// Who has had a master key gets it no second time from a host that was killed since.
func TestMasterKeyIsGivenOnceOverAKill(t *testing.T) {
	prof, err := profile.Bundled("cup", 4)
	if err != nil {
		t.Fatal(err)
	}
	h := keeps(t, prof, t.TempDir())
	p := ready(t, h, serveHost(t, h), 0)
	kcv, err := keys.CheckValue(keys.Software{}, prof.SignIn.Cipher(), p.entry.Master)
	if err != nil {
		t.Fatal(err)
	}
	modulus := bytes.Repeat([]byte{0xC5}, keys.RSABits/8)
	asks := func(octet byte) string {
		return p.send(p.request(dialect.MasterKeyRSA, sub(wire.PublicKey, string(modulus[1:])+string(octet))))
	}
	says := func(kcv []byte) string {
		return p.send(p.request(dialect.MasterKeyEnd, sub(wire.CheckValue, string(kcv))))
	}
	for _, step := range []struct {
		what      string
		got, want string
	}{
		{"an end before the beginning", says(kcv[:]), "25"},
		{"an even modulus", asks(0xC4), "30"},
		{"the first key", asks(0x01), "00"},
		{"again, not having heard", asks(0x01), "00"},
		{"another key meanwhile", asks(0x03), "94"},
		{"another check value", says([]byte("none")), "12"},
		{"the check value", says(kcv[:]), "00"},
		{"the check value again", says(kcv[:]), "00"},
		{"again, having it", asks(0x01), "94"},
	} {
		if step.got != step.want {
			t.Errorf("%s: %s, want %s", step.what, step.got, step.want)
		}
	}
	again := afterKill(t, h)
	p.moves(again)
	if got := asks(0x01); got != "94" {
		t.Errorf("after a kill: %s, want 94", got)
	}
	if err := again.Change(func() { err = again.AllowMasterKey(p.entry.TID) }); err != nil || again.AllowMasterKey("nobody") == nil {
		t.Error(err)
	}
	again = afterKill(t, again)
	p.moves(again)
	if got := asks(0x03); got != "00" {
		t.Errorf("when the bank allows it: %s, want 00", got)
	}
}
