package sim_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/host/store"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// balances are what all cards of a host have.
func balances(t testing.TB, p *profile.Profile, h *host.Host) map[string]int64 {
	all := map[string]int64{}
	for i := range p.Cards {
		for _, holder := range p.Holders(p.Cards[i].Role) {
			if holder.PAN != "" {
				all[holder.PAN], _ = h.Balance(holder.PAN)
			}
		}
	}
	return all
}

// A host that comes back knows all that it knew: books, cards, batches, keys and what it
// has answered. Its terminals go on as if nothing had been.
func TestHostThatComesBackHasForgottenNothing(t *testing.T) {
	for seed := range uint64(3) {
		folder := t.TempDir()
		b := newBench(t, "cup", 4, host.WithData(folder))
		found, wrong := b.storm(t, seed, 150)
		if len(wrong) > 0 {
			t.Fatalf("seed %d: %v", seed, wrong)
		}
		if err := b.host.CloseData(); err != nil {
			t.Fatal(err)
		}
		again := newBench(t, "cup", 4, host.WithData(folder))
		if got, want := again.host.Books(), b.host.Books(); !reflect.DeepEqual(got, want) {
			t.Errorf("seed %d: its books are\n%+v\nwant\n%+v", seed, got, want)
		}
		if got, want := balances(t, again.profile, again.host), balances(t, b.profile, b.host); !reflect.DeepEqual(got, want) {
			t.Errorf("seed %d: cards have other balances", seed)
		}
		if err := again.host.Check(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		for _, term := range found.Fleet {
			goesOn(t, again, term)
		}
		if err := again.host.CloseData(); err != nil {
			t.Fatal(err)
		}
		more, err := profile.Bundled("cup", 5)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := host.New(more, host.WithData(folder)); !errors.Is(err, store.ErrForeign) {
			t.Errorf("a host of other terminals: %v", err)
		}
	}
}

// goesOn has a terminal void what it paid, without signing in anew.
func goesOn(t *testing.T, b *bench, term *sim.Terminal) {
	t.Helper()
	own := line.NewOwn(context.Background(), b.dialer, &b.profile.Dialect.Format, line.NewClock())
	defer own.Close()
	term.Link, term.Faults = own, nil
	p := sim.NewPlayer(b.profile.Dialect, line.NewClock())
	p.T = term
	if !term.SignedIn { // its batch was settled last
		if err := p.SignIn(); err != nil || !term.SignedIn {
			t.Fatalf("terminal %s cannot sign in: %v", term.TID, p.Last.Reason())
		}
	}
	holder := &b.profile.Holders("good")[0]
	for _, o := range []*sim.Order{{Of: dialect.Purchase, Amount: 700, Entry: sim.Swipe, PIN: true, Holder: holder}, {Of: dialect.PurchaseVoid, Amount: 700, Entry: sim.Swipe, Holder: holder}} {
		if o.Of == dialect.PurchaseVoid {
			o.Original = &term.Journal.Records[len(term.Journal.Records)-1]
		}
		if err := p.Pay(o); err != nil || p.Last.Outcome != report.Approved {
			t.Errorf("terminal %s: %s: %v, %v", term.TID, o.Of, err, p.Last.Reason())
		}
	}
}

func TestDataOfAHostHoldsNoSecret(t *testing.T) {
	folder := t.TempDir()
	b := newBench(t, "cup", 1, host.WithData(folder))
	x := newTill(t, b)
	x.pay(t, 100)
	x.wants(t, report.Approved, false)
	if err := b.host.CloseData(); err != nil {
		t.Fatal(err)
	}
	holdsNone(t, filepath.Join(folder, host.DataFile), b.profile)
}

// holdsNone looks for card numbers, PINs and keys in a file.
func holdsNone(t *testing.T, path string, p *profile.Profile) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{[]byte(p.Holders("good")[0].PAN), p.Terminals[0].Master, packedPAN(p.Holders("good")[0].PAN)} {
		if len(secret) > 0 && contains(data, secret) {
			t.Error("the data hold a card number or a key")
		}
	}
}

func contains(data, secret []byte) bool {
	for i := range len(data) - len(secret) {
		if string(data[i:i+len(secret)]) == string(secret) {
			return true
		}
	}
	return false
}

func packedPAN(digits string) (out []byte) {
	for i := 0; i+1 < len(digits); i += 2 {
		out = append(out, (digits[i]-48)<<4|(digits[i+1]-48))
	}
	return out
}

// BenchmarkHostWithData takes purchases at a host that keeps its books and at one that forgets
// in turns, and gives the ratio, and the processor time that each takes, generator included.
func BenchmarkHostWithData(b *testing.B) {
	for b.Loop() {
		var ratio, kept, cpus, without []float64
		for range 5 {
			forgets, cpu := purchaseRate(b, line.Mode{}, 1000, time.Second, 2*time.Second)
			be := newBench(b, "cup", 1000, host.WithData(b.TempDir()))
			keeps, used, _ := ratesAgainst(b, be, line.Mode{}, 1000, time.Second, 2*time.Second, nil)
			be.host.CloseData()
			ratio, kept = append(ratio, keeps/forgets), append(kept, keeps)
			cpus, without = append(cpus, used), append(without, cpu)
		}
		b.ReportMetric(median(ratio), "with/without")
		b.ReportMetric(median(kept), "purchases/s")
		b.ReportMetric(median(cpus), "µs/purchase")
		b.ReportMetric(median(without), "µs/without")
	}
}
