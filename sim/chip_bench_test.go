package sim_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// paying plays purchases on a terminal of its own, with a role's cards read in one way.
func paying(t testing.TB, b *bench, p *profile.Profile, index int, role string, entry sim.Entry) func() {
	t.Helper()
	clock := line.NewClock()
	term := sim.NewTerminal(p, &p.Terminals[index])
	own := line.NewOwn(t.Context(), b.dialer, &p.Dialect.Format, clock)
	t.Cleanup(func() { own.Close() })
	term.Link = own
	term.PowerOn()
	if err := term.Login("01", "0000"); err != nil {
		t.Fatal(err)
	}
	player := sim.NewPlayer(p.Dialect, clock)
	player.T = term
	if err := player.SignIn(); err != nil {
		t.Fatal(err)
	}
	hs := p.Holders(role)[:50]
	n := 0
	plan := &sim.Plan{Steps: []sim.Step{{Do: func(pl *sim.Player) error {
		o := sim.Order{Of: dialect.Purchase, Amount: 1234, Entry: entry, PIN: true, Holder: &hs[n%len(hs)]}
		if err := pl.Pay(&o); err != nil {
			return err
		}
		return pl.Last.Reason()
	}}}}
	return func() {
		n++
		if _, err := player.Play(term, plan, n, -1); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkChip tells what a purchase by chip takes of the processors beside one by
// stripe: both with PIN and MAC, the cryptogram made and checked and answered, the answer
// made and checked. They take turns, and the median of the ratios is given.
func BenchmarkChip(b *testing.B) {
	be := newBench(b, "cup", 4)
	p := *be.profile
	p.Policy.JournalLimit = 0
	for b.Loop() {
		swipe, insert := paying(b, be, &p, 0, "good", sim.Swipe), paying(b, be, &p, 1, "chip", sim.Insert)
		cpu := func(pay func()) time.Duration {
			from := cpuTime()
			for range 2000 {
				pay()
			}
			return cpuTime() - from
		}
		cpu(swipe)
		cpu(insert)
		var ratios, each []float64
		for range 15 {
			s, c := cpu(swipe), cpu(insert)
			ratios = append(ratios, float64(c)/float64(s))
			each = append(each, float64((c-s).Microseconds())/2000)
		}
		b.ReportMetric(median(ratios), "chip/stripe")
		b.ReportMetric(median(each), "µs-cpu-more")
	}
}

func TestSteadyChipPurchaseDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	be := newBench(t, "cup", 4)
	p := *be.profile
	p.Policy.JournalLimit = 0
	pay := paying(t, be, &p, 0, "chip", sim.Insert)
	for range 2000 {
		pay()
	}
	const counted = 3000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range counted {
		pay()
	}
	runtime.ReadMemStats(&after)
	if got := float64(after.Mallocs-before.Mallocs) / counted; got > 0.05 {
		t.Errorf("%.3f allocations for each exchange, both ends", got)
	}
}
