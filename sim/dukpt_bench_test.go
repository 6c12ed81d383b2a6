package sim_test

import (
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// derived is a network whose keys are derived for each transaction.
const derived = `
extends: iso87
sign-in: none
keys: {dukpt: tdes}
fields: {53: {is: b 10, name: key serial number}}
elements: {security-control: none, key-serial: 53}
transactions: {reversal: {carries: [2, 3, 4, 7, 11, 14, 22, 23, 25, 38, 39, 41, 42, 49, 53, 60]}}
`

// BenchmarkDerivedKeys tells what it takes of the processors to sign on and to pay once,
// with a PIN, at each of 100,000 terminals: with keys that are derived by DUKPT, and
// beside it with keys of triple DES that the sign-in brings.
func BenchmarkDerivedKeys(b *testing.B) {
	const n = 100_000
	d, err := dialect.Parse("derived.yaml", []byte(derived), nil)
	if err != nil {
		b.Fatal(err)
	}
	each := func(d *dialect.Dialect) time.Duration {
		p, err := profile.BundledIn(d, n)
		if err != nil {
			b.Fatal(err)
		}
		be := serve(b, p)
		clock := line.NewClock()
		link := line.NewShared(b.Context(), be.dialer, &p.Dialect.Format, clock)
		defer link.Close()
		player := sim.NewPlayer(p.Dialect, clock)
		holders := p.Holders("good")
		from := cpuTime()
		for i := range p.Terminals {
			t := sim.NewTerminal(p, &p.Terminals[i])
			t.Link = link
			t.PowerOn()
			player.T = t
			if !t.Kind.ReadsCards() {
				continue
			}
			if err := t.Login("01", "0000"); err != nil {
				b.Fatal(err)
			}
			if t.Operator == "" { // it wants a signature
				continue
			}
			if err := player.SignIn(); err != nil {
				b.Fatal(err)
			}
			if err := player.Pay(&sim.Order{Of: dialect.Purchase, Amount: 100, Entry: sim.Swipe, PIN: true, Holder: &holders[i%len(holders)]}); err != nil {
				b.Fatal(err)
			}
			if !player.Last.Approved() {
				b.Fatal(player.Last.Reason())
			}
		}
		return cpuTime() - from
	}
	for b.Loop() {
		issued, derived := each(dialect.ISO87()), each(d)
		b.ReportMetric(float64(derived)/float64(issued), "derived/issued")
		b.ReportMetric(float64(derived.Microseconds())/n, "µs-cpu/terminal")
	}
}
