package sim_test

import (
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// BenchmarkOrderAndPay takes orders that are chosen, confirmed and paid by card, two
// exchanges each, and two plain purchases in turns, and gives how much more the order
// costs than its exchanges: docs/performance.md.
func BenchmarkOrderAndPay(b *testing.B) {
	be := newBench(b, "cup", 1)
	p := *be.profile
	p.Policy.JournalLimit = 0
	clock := line.NewClock()
	term := sim.NewTerminal(&p, &p.Terminals[0])
	term.Link = line.NewOwn(b.Context(), be.dialer, &p.Dialect.Format, clock)
	defer term.Link.Close()
	term.PowerOn()
	if err := term.Login("01", "0000"); err != nil {
		b.Fatal(err)
	}
	player := sim.NewPlayer(p.Dialect, clock)
	player.T = term
	if err := player.SignIn(); err != nil {
		b.Fatal(err)
	}
	holder := &p.Holders("good")[0]
	pay := func() {
		o := sim.Order{Of: dialect.Purchase, Amount: 3200, Entry: sim.Swipe, PIN: true, Holder: holder}
		if err := player.Pay(&o); err != nil || !player.Last.Approved() {
			b.Fatal(err, player.Last.Reason())
		}
	}
	order := func() {
		for dish, n := range [...]int{1, 2} {
			if err := player.Choose([...]int{101, 201}[dish], n, false); err != nil {
				b.Fatal(err)
			}
		}
		if err := player.ConfirmOrder(); err != nil || !player.Last.Approved() {
			b.Fatal(err, player.Last.Reason())
		}
		o := sim.Order{Of: dialect.Purchase, Entry: sim.Swipe, PIN: true, Holder: holder}
		if err := player.PayOrder(&o); err != nil || !player.Last.Approved() {
			b.Fatal(err, player.Last.Reason())
		}
	}
	timed := func(do func()) time.Duration {
		const each = 2000
		began := time.Now()
		for range each {
			do()
		}
		return time.Since(began) / each
	}
	timed(pay)
	timed(order)
	for b.Loop() {
		var ratio, plain, orders []float64
		for range 9 {
			two, whole := 2*timed(pay), timed(order)
			ratio = append(ratio, float64(whole)/float64(two))
			plain, orders = append(plain, float64(two)/1e3), append(orders, float64(whole)/1e3)
		}
		b.ReportMetric(median(ratio), "order/exchanges")
		b.ReportMetric(median(orders), "µs/order")
		b.ReportMetric(median(plain), "µs/two-purchases")
	}
}
