package sim_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// No test leaves a goroutine behind.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(code) // fuzzing leaves its own
	}
	for wait := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(wait); {
		time.Sleep(10 * time.Millisecond)
	}
	if left := runtime.NumGoroutine() - before; code == 0 && left > 0 {
		stacks := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "%d goroutines were left:\n%s\n", left, stacks[:runtime.Stack(stacks, true)])
		code = 1
	}
	os.Exit(code)
}

// bench is a bundled host on loopback with what a run needs to meet it.
type bench struct {
	profile *profile.Profile
	host    *host.Host
	dialer  *line.Dialer
}

func newBench(t testing.TB, network string, terminals int, options ...host.Option) *bench {
	t.Helper()
	p, err := profile.Bundled(network, terminals)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, p, options...)
}

// serve is a host of a profile.
func serve(t testing.TB, p *profile.Profile, options ...host.Option) *bench {
	t.Helper()
	h, err := host.New(p, options...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.Serve(ctx, l) })
	t.Cleanup(func() {
		stop()
		wg.Wait()
	})
	return &bench{p, h, &line.Dialer{Address: l.Addr().String(), Timeout: 5 * time.Second}}
}

// purchase is a plan: sign in if need be, pay by stripe and PIN.
func purchase(p *profile.Profile) *sim.Plan {
	hs := p.Holders("good")
	return &sim.Plan{ID: "purchase", Cards: true, Steps: []sim.Step{{Text: "pay", Do: func(pl *sim.Player) error {
		o := sim.Order{Of: dialect.Purchase, Amount: 1234, Entry: sim.Swipe, PIN: true, Holder: &hs[pl.N()%len(hs)]}
		if err := pl.Pay(&o); err != nil {
			return err
		}
		return pl.Last.Reason()
	}}}}
}

func (b *bench) run(t testing.TB, r *sim.Run) *report.Report {
	t.Helper()
	return b.runIn(t.Context(), t, r)
}

// runUntil is a run that ends as soon as what it is to show has been seen, on a busy
// machine too, and after a minute at the latest.
func (b *bench) runUntil(t testing.TB, r *sim.Run, enough func(sim.Event) bool) *report.Report {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var mu sync.Mutex
	r.For, r.Drain = time.Minute, time.Minute
	r.Observer.Exchange = func(e sim.Event) {
		mu.Lock()
		defer mu.Unlock()
		if enough(e) {
			end()
		}
	}
	return b.runIn(ctx, t, r)
}

func (b *bench) runIn(ctx context.Context, t testing.TB, r *sim.Run) *report.Report {
	t.Helper()
	r.Profile, r.Dialer = b.profile, b.dialer
	if r.Recorder == nil {
		r.Recorder = report.NewRecorder(sim.Labels(), b.profile.Policy.Timeout, 0)
	}
	if r.Mix == nil {
		m, err := sim.NewMix(1, []*sim.Plan{purchase(b.profile)}, []float64{1})
		if err != nil {
			t.Fatal(err)
		}
		r.Mix = m
	}
	if r.Drain == 0 {
		r.Drain = b.profile.Policy.Timeout
	}
	rep, err := r.Do(ctx, context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := rep.Check(); err != nil {
		t.Error(err)
	}
	return rep
}

// A panic on any terminal is told to whoever runs the fleet, in every model and
// on every kind of line: it may know better than to die with it.
func TestPanicOfAPlayerIsTold(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for _, lines := range []string{"own", "shared:2"} {
		for _, pacer := range []sim.Pacer{nil, sim.Constant(sim.Rate{N: 100, Per: time.Second})} {
			b := newBench(t, "cup", 4)
			plan := &sim.Plan{ID: "broken", Steps: []sim.Step{{Text: "break", Do: func(*sim.Player) error {
				time.Sleep(time.Millisecond)
				panic("planted")
			}}}}
			mix, err := sim.NewMix(1, []*sim.Plan{plan}, []float64{1})
			if err != nil {
				t.Fatal(err)
			}
			mode, _ := line.ParseMode(lines)
			var told atomic.Int64
			b.run(t, &sim.Run{Lines: mode, Terminals: 4, Mix: mix, Pacer: pacer, For: time.Second,
				Observer: sim.Observer{Panicked: func(value any, stack []byte) {
					if value == "planted" && len(stack) > 0 {
						told.Add(1)
					}
				}}})
			if told.Load() == 0 {
				t.Errorf("%s, open %v: nobody was told", lines, pacer != nil)
			}
		}
	}
}

// A run that ends while the machine has not told of a second yet that is over counts the
// arrivals of both.
func TestRunEndsBeforeItsSecondIsTold(t *testing.T) {
	t.Parallel()
	r := &sim.Run{Terminals: 4, Pacer: sim.Constant(sim.Rate{N: 100, Per: time.Second}), For: 2100 * time.Millisecond}
	r.Observer.Second = func(iv report.Interval) {
		if iv.From == 0 {
			time.Sleep(1200 * time.Millisecond)
		}
	}
	if rep := newBench(t, "cup", 4).run(t, r); rep.Planned != 210 || len(rep.Seconds) < 3 {
		t.Errorf("%d arrivals in %d seconds", rep.Planned, len(rep.Seconds))
	}
}

func TestEveryArrivalIsAccountedFor(t *testing.T) {
	for _, lines := range []string{"own", "each", "shared:2"} {
		for _, network := range []string{"cup", "iso87"} {
			t.Run(network+" "+lines, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, network, 20)
				rate, _ := sim.ParseRate("500/s")
				l, err := line.ParseMode(lines)
				if err != nil {
					t.Fatal(err)
				}
				r := &sim.Run{Lines: l, Terminals: 20, Pacer: sim.Constant(rate), For: 500 * time.Millisecond}
				rep := b.run(t, r)
				if rep.Planned != 250 || rep.Planned != rep.Played+rep.NotPlayed || rep.Failed != 0 {
					t.Errorf("planned %d, played %d, not played %d, failed %d", rep.Planned, rep.Played, rep.NotPlayed, rep.Failed)
				}
				l2 := rep.Label("purchase")
				if l2 == nil || l2.Counts[report.Approved] != rep.Played {
					t.Fatalf("purchases: %+v, want %d approved", l2, rep.Played)
				}
				var net int64
				for _, bk := range b.host.Books() {
					net += bk.Net()
				}
				if want := rep.Played * 1234; net != want {
					t.Errorf("host booked %d, terminals took %d", net, want)
				}
				if err := b.host.Check(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
