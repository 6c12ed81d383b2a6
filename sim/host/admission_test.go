package host

import (
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

const shop = "123456789012345"

// issued is a machine out of stock, bound to the shop; code is what its first sign-in shows.
func issued(t *testing.T, h *Host, address string) (p *pos, code string) {
	t.Helper()
	m, code, err := h.Merchants().Issue(shop, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range h.profile.Stock {
		if e := h.profile.Stock[i]; e.TID == m.TID {
			e.MID = shop
			p = dialPOS(t, h, address, 0)
			p.entry = &e
		}
	}
	return p, m.Serial + code
}

// From stock to stock: what each state of a terminal is answered on the wire.
func TestTerminalsAreHeldToTheirState(t *testing.T) {
	h, address := listen(t, "cup")
	m := h.Merchants()
	p, code := issued(t, h, address)
	keys := sub(wire.ManagementCode, "004")
	p.want("97", dialect.SignIn, keys)
	p.want("97", dialect.SignIn, keys, set(62, code[:27]+"x"))
	p.want("97", dialect.SignIn, keys, set(62, "1"+code[1:]))
	p.want("97", dialect.Purchase, amount(1), shows("good"))
	p.want("00", dialect.SignIn, keys, set(62, code))
	p.adopt()
	p.want("00", dialect.Purchase, amount(1), shows("good"))
	if err := m.SuspendTerminal(p.entry.TID, "test"); err != nil {
		t.Fatal(err)
	}
	p.want("58", dialect.Purchase, amount(1), shows("good"))
	p.want("58", dialect.SignIn, keys)
	if err := m.ResumeTerminal(p.entry.TID); err != nil {
		t.Fatal(err)
	}
	p.want("00", dialect.Purchase, amount(1), shows("good"))
	if err := m.TakeBack(p.entry.TID); err != nil {
		t.Fatal(err)
	}
	p.want("97", dialect.Purchase, amount(1), shows("good"))
	other := ready(t, h, address, 0)
	if err := m.Close(shop); err != nil {
		t.Fatal(err)
	}
	other.want("03", dialect.Purchase, amount(1), shows("good"))
	p.want("03", dialect.Purchase, amount(1), shows("good"))
}

// The keys of whoever had the machine before open nothing for the next one.
func TestKeysEndWithTheBinding(t *testing.T) {
	h, address := listen(t, "cup")
	p, code := issued(t, h, address)
	p.want("00", dialect.SignIn, sub(wire.ManagementCode, "004"), set(62, code))
	p.adopt()
	if err := h.Merchants().TakeBack(p.entry.TID); err != nil {
		t.Fatal(err)
	}
	again, code, err := h.Merchants().Issue(shop, p.entry.TID)
	if err != nil {
		t.Fatal(err)
	}
	p.want("97", dialect.Purchase, amount(1), shows("good"))
	q := dialPOS(t, h, address, 0)
	q.entry, q.batch = p.entry, p.batch
	q.want("00", dialect.SignIn, sub(wire.ManagementCode, "004"), set(62, again.Serial+code))
	p.want("A0", dialect.Purchase, amount(1), shows("good"))
}

// People bind, suspend, pay out and inspect while terminals pay: nothing is lost, nobody
// waits for ever.
func TestPeopleAndTerminalsAtOnce(t *testing.T) {
	h, address := listen(t, "cup")
	m := h.Merchants()
	stop := make(chan struct{})
	var people sync.WaitGroup
	for range 2 {
		people.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if x, _, err := m.Issue(shop, ""); err == nil {
					m.SuspendTerminal("10000003", "test")
					m.ResumeTerminal("10000003")
					m.TakeBack(x.TID)
				}
				m.Suspend(shop, "test")
				m.Resume(shop)
				h.Account(shop).Check()
				h.Pay("", time.Now().AddDate(0, 0, 20))
				m.Inspect(time.Now(), "", "")
			}
		})
	}
	var terminals sync.WaitGroup
	for i := range 3 {
		terminals.Go(func() {
			p := dialPOS(t, h, address, i)
			p.signInWhenLet(h)
			for range 150 {
				if code := p.do(dialect.Purchase, amount(100), shows("rich")); code != "00" && code != "58" {
					t.Errorf("answered %s", code)
					return
				}
			}
		})
	}
	terminals.Wait()
	close(stop)
	people.Wait()
	m.Resume(shop)
	if err := h.Check(); err != nil {
		t.Error(err)
	}
	var booked int64
	for _, b := range h.Books() {
		booked += b.Net()
	}
	if got := h.Account(shop).Totals().Amount; got != booked {
		t.Errorf("%d fen posted, %d booked", got, booked)
	}
}

// signInWhenLet signs in as soon as the terminal is not suspended.
func (p *pos) signInWhenLet(h *Host) {
	for p.do(dialect.SignIn, sub(wire.ManagementCode, "004")) != "00" {
		time.Sleep(time.Millisecond)
	}
	p.adopt()
}

// A host whose profile has nothing new behaves as it did: the profile's terminals are
// active at once, those of a merchant that is not there are answered 03 when they pay.
func TestProfilesTerminalsAreActive(t *testing.T) {
	p, err := profile.Bundled("cup", 20)
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	if got := h.Merchants().Terminals(p.Merchants[0].MID); len(got) == 0 || got[0].State != "active" {
		t.Errorf("terminals %+v", got)
	}
	if n := len(h.Books()); n != 20 {
		t.Errorf("%d books, want 20", n)
	}
}
