package sim_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// played is what an arrival was: when it was due, with which card, for how much.
type played struct {
	due    time.Duration
	card   string
	amount int64
}

// Two, three or four who share a run play exactly what one alone would have: the same
// arrivals at the same times, with the same cards, for the same amounts; and no
// terminal is two's.
func TestSharesPlayWhatOneWouldHave(t *testing.T) {
	b := newBench(t, "cup", 60)
	hs := b.profile.Holders("good")
	pay := func(amount int64) *sim.Plan {
		return &sim.Plan{ID: fmt.Sprint(amount), Cards: true, Steps: []sim.Step{{Text: "pay", Do: func(p *sim.Player) error {
			n := sim.Hash(7, uint64(p.N()))
			o := sim.Order{Of: dialect.Purchase, Amount: amount + int64(n%1000), Entry: sim.Swipe, PIN: true, Holder: &hs[n%uint64(len(hs))]}
			if err := p.Pay(&o); err != nil {
				return err
			}
			return p.Last.Reason()
		}}}}
	}
	mix, err := sim.NewMix(11, []*sim.Plan{pay(1_00), pay(10_000_00)}, []float64{3, 1})
	if err != nil {
		t.Fatal(err)
	}
	pacers := map[string]sim.Pacer{"constant": sim.Constant(rate(t, "300/s")), "poisson": sim.Poisson(rate(t, "300/s"), 5)}
	var share func(pacer sim.Pacer, s sim.Share, terminals map[string]sim.Share) map[played]int
	share = func(pacer sim.Pacer, s sim.Share, terminals map[string]sim.Share) map[played]int {
		seen := map[played]int{}
		var mu sync.Mutex
		p := *b.profile
		from, to := s.Terminals(len(p.Terminals))
		p.Terminals = p.Terminals[from:to]
		r := &sim.Run{Profile: &p, Dialer: b.dialer, Terminals: to - from, Mix: mix, Pacer: pacer, Share: s, For: 200 * time.Millisecond,
			Drain: time.Minute, Recorder: report.NewRecorder(sim.Labels(), p.Policy.Timeout, 0)}
		r.Observer.Exchange = func(e sim.Event) {
			if e.Result.Of != dialect.Purchase {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			seen[played{e.Result.Due, e.Request.Text(wire.Track2)[:16], e.Result.Asked}]++
			if other, taken := terminals[e.Terminal.TID]; taken && other != s {
				t.Errorf("terminal %s is of shares %v and %v", e.Terminal.TID, other, s)
			}
			terminals[e.Terminal.TID] = s
		}
		rep, err := r.Do(context.Background(), context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if rep.NotPlayed > 0 { // a busy machine: the report says so, and this is about what was played
			return share(pacer, s, terminals)
		}
		return seen
	}
	for name, pacer := range pacers {
		want := share(pacer, sim.Share{}, map[string]sim.Share{})
		if len(want) == 0 {
			t.Fatal("nothing was played")
		}
		for n := 2; n <= 4; n++ {
			together, terminals := map[played]int{}, map[string]sim.Share{}
			for i := range n {
				for x, k := range share(pacer, sim.Share{Index: i, Of: n}, terminals) {
					together[x] += k
				}
			}
			if !maps.Equal(together, want) {
				t.Errorf("%s in %d shares: %d arrivals unlike the %d of one: %v, want %v", name, n, len(together), len(want), first(together), first(want))
			}
		}
	}
}

// Not one arrival is played once they are another's, however many have fallen due, in
// either model; the run says that it was ended.
func TestNothingIsPlayedThatIsAnothers(t *testing.T) {
	b := newBench(t, "cup", 4)
	h := b.profile.Holders("good")[0]
	mix, err := sim.NewMix(11, []*sim.Plan{{ID: "pay", Cards: true, Steps: []sim.Step{{Text: "pay", Do: func(p *sim.Player) error {
		return p.Pay(&sim.Order{Of: dialect.Purchase, Amount: 1_00, Entry: sim.Swipe, PIN: true, Holder: &h})
	}}}}}, []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	for name, pacer := range map[string]sim.Pacer{"open": sim.Constant(rate(t, "1000/s")), "closed": nil} {
		var asked, stopped atomic.Int64
		ctx, end := context.WithCancel(t.Context())
		r := &sim.Run{Profile: b.profile, Dialer: b.dialer, Terminals: 4, Mix: mix, Pacer: pacer, For: time.Minute, Drain: time.Minute,
			Recorder: report.NewRecorder(sim.Labels(), b.profile.Policy.Timeout, 0),
			Mine: func() bool {
				mine := asked.Add(1) <= 5
				if !mine && stopped.Add(1) == 1 {
					time.AfterFunc(100*time.Millisecond, end) // as whoever plays for a controller hears it, a moment later
				}
				return mine
			}}
		rep, err := r.Do(ctx, context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if rep.Played > 5 || !rep.Interrupted {
			t.Errorf("%s: %d played, interrupted %v", name, rep.Played, rep.Interrupted)
		}
	}
}

// However many terminals and shares there are, every terminal is in one share.
func TestEveryTerminalIsOfOneShare(t *testing.T) {
	for of := range 40 {
		for n := 1; n <= 9; n++ {
			var all []int
			for i := range n {
				from, to := sim.Share{Index: i, Of: n}.Terminals(of)
				for k := from; k < to; k++ {
					all = append(all, k)
				}
				if to-from < of/n || to-from > of/n+1 {
					t.Errorf("share %d of %d has %d of %d terminals", i, n, to-from, of)
				}
			}
			if len(all) != of || !slices.IsSorted(all) || len(slices.Compact(all)) != of {
				t.Errorf("%d terminals in %d shares: %v", of, n, all)
			}
		}
	}
}

// Agents connect over as many shared lines together as one process would, and each over one
// at least.
func TestSharesHaveTheLinesThatOneWouldHave(t *testing.T) {
	for of := range 40 {
		for n := 1; n <= 9; n++ {
			all := 0
			for i := range n {
				all += sim.Share{Index: i, Of: n}.Lines(of)
			}
			if want := max(of, n); of > 0 && all != want || of == 0 && all != 0 {
				t.Errorf("%d lines in %d shares: %d", of, n, all)
			}
		}
	}
	b := newBench(t, "cup", 12)
	mix, err := sim.NewMix(11, []*sim.Plan{{ID: "none"}}, []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	r := &sim.Run{Profile: b.profile, Dialer: b.dialer, Terminals: 12, Mix: mix, Pacer: sim.Constant(rate(t, "100/s")), Share: sim.Share{Index: 1, Of: 2}, For: 10 * time.Millisecond,
		Lines: line.Mode{Shared: 5}, Drain: time.Minute, Recorder: report.NewRecorder(sim.Labels(), b.profile.Policy.Timeout, 0)}
	if rep, err := r.Do(t.Context(), t.Context()); err != nil || rep.Lines.Connected != 3 {
		t.Errorf("a half of five lines: %+v, %v", rep.Lines, err)
	}
}

// first are the earliest few of what was played.
func first(all map[played]int) []played {
	some := slices.SortedFunc(maps.Keys(all), func(a, b played) int { return cmp.Compare(a.due, b.due) })
	return some[:min(3, len(some))]
}
