package sim_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/line"
)

// relayed stands between terminals and a host: back takes what the host says, as much
// as one read brings, to the terminal.
func relayed(t *testing.T, to string, back func(near net.Conn, said []byte)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	pipe := func(dst, src net.Conn, carry func(net.Conn, []byte)) {
		defer dst.Close()
		buf := make([]byte, 4096)
		for {
			n, err := src.Read(buf)
			if err != nil {
				return
			}
			carry(dst, buf[:n])
		}
	}
	all.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			all.Go(func() { pipe(far, near, func(c net.Conn, b []byte) { c.Write(b) }) })
			all.Go(func() { pipe(near, far, back) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return l.Addr().String()
}

// isSettlement reports whether a frame of the CUP host is the answer to a settlement.
func isSettlement(frame []byte) bool {
	return len(frame) > 15 && frame[13] == 0x05 && frame[14] == 0x10
}

// settling is a run whose terminals settle before the first arrival and after the last.
func settling(t *testing.T, timeout, drain time.Duration, back func(net.Conn, []byte)) *report.Report {
	t.Helper()
	b := newBench(t, "cup", 8)
	b.dialer = &line.Dialer{Address: relayed(t, b.dialer.Address, back), Timeout: 5 * time.Second}
	p := *b.profile
	p.Policy.Timeout = timeout
	b.profile = &p
	return b.run(t, &sim.Run{Terminals: 8, Pacer: sim.Constant(sim.Rate{N: 20, Per: time.Second}), For: 500 * time.Millisecond,
		Drain: drain, Settle: true, NewHost: true})
}

// A settlement takes several exchanges, each of which may take as long as the response
// timeout: a slow host that keeps it has settled all.
func TestLastSettlementHasTimeForEachExchange(t *testing.T) {
	t.Parallel()
	var rep *report.Report
	for range 3 { // a machine may stand still for longer than the drain leaves
		var opened, closing sync.Map
		rep = settling(t, 15*time.Second, 2800*time.Millisecond, func(near net.Conn, said []byte) {
			wait := 200 * time.Millisecond
			if isSettlement(said) {
				if _, before := opened.LoadOrStore(near, true); before {
					closing.Store(near, true)
				}
			}
			if _, is := closing.Load(near); is {
				wait = 1500 * time.Millisecond // twice that is more than the drain
			}
			time.Sleep(wait)
			near.Write(said)
		})
		if rep.Settlements.Balanced == 8 {
			break
		}
	}
	if s := rep.Settlements; s.Balanced != 8 || s.Broken() != 0 {
		t.Errorf("%+v", s)
	}
	if o, s := rep.Opening, rep.SignIn; o.Terminals != 8 || o.Took < 400*time.Millisecond || s.Took < 200*time.Millisecond || o.Label.Counts[report.Approved] != 8 {
		t.Errorf("signed in in %v, settled in %v: %+v", s.Took, o.Took, o.Label.Counts)
	}
}

// What the drain cuts off is counted, every terminal of it, and says so.
func TestSettlementThatIsCutOffIsCounted(t *testing.T) {
	t.Parallel()
	var settled sync.Map
	rep := settling(t, 5*time.Second, 300*time.Millisecond, func(near net.Conn, said []byte) {
		if isSettlement(said) {
			if _, before := settled.LoadOrStore(near, true); before {
				return // the first is answered, the last is not
			}
		}
		near.Write(said)
	})
	if s := rep.Settlements; s.Failed+s.Balanced != 8 || s.Failed == 0 || !strings.Contains(strings.Join(s.Detail, "\n"), "cut off: no terminal heard an answer for 300ms") {
		t.Errorf("%+v", s)
	}
}

// A settlement that whoever ends the run at once cuts off is not the host's doing, which
// may have answered a moment later: none is told as not done.
func TestSettlementThatAnAbortCutsOffBlamesNoHost(t *testing.T) {
	t.Parallel()
	b := newBench(t, "cup", 8)
	abort, end := context.WithCancel(t.Context())
	defer end()
	var settled sync.Map
	b.dialer = &line.Dialer{Timeout: 5 * time.Second, Address: relayed(t, b.dialer.Address, func(near net.Conn, said []byte) {
		if isSettlement(said) {
			if _, before := settled.LoadOrStore(near, true); before {
				end()
				return
			}
		}
		near.Write(said)
	})}
	mix, err := sim.NewMix(1, []*sim.Plan{purchase(b.profile)}, []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	r := &sim.Run{Profile: b.profile, Dialer: b.dialer, Mix: mix, Terminals: 8, Pacer: sim.Constant(rate(t, "20/s")), For: 500 * time.Millisecond, Drain: time.Minute,
		Settle: true, NewHost: true, Recorder: report.NewRecorder(sim.Labels(), b.profile.Policy.Timeout, 0)}
	rep, err := r.Do(t.Context(), abort)
	if err != nil {
		t.Fatal(err)
	}
	if s := rep.Settlements; abort.Err() == nil || s.Broken() != 0 || s.CutOff == 0 || !rep.Interrupted || len(s.Detail) > 0 || rep.Opening.Label.Counts[report.Approved] != 8 {
		t.Errorf("%+v", s)
	}
}

// Rules that the last settlement breaks, and answers that nobody waited for in it or
// before the first arrival, count.
func TestStraysOfSettlementsCount(t *testing.T) {
	t.Parallel()
	rep := settling(t, time.Second, time.Second, func(near net.Conn, said []byte) {
		near.Write(said)
		if isSettlement(said) {
			near.Write(said)
		}
	})
	if rep.Duplicate != 16 {
		t.Errorf("%d duplicates, want one of each terminal before and after", rep.Duplicate)
	}
}

// A scenario may leave a terminal at which nobody is logged in: before the last settlement somebody
// does, as in a shop.
func TestSomebodyLogsInForTheLastSettlement(t *testing.T) {
	t.Parallel()
	b := newBench(t, "cup", 4)
	plan := purchase(b.profile)
	plan.Steps = append(plan.Steps, sim.Step{Text: "switch off and on", Do: func(p *sim.Player) error { p.T.SignedIn = false; p.T.PowerOn(); return nil }})
	plan.Steps = append([]sim.Step{{Text: "log in", Do: func(p *sim.Player) error {
		o := b.profile.Cashier()
		if p.T.Operator != "" { // as the run has signed it in
			return nil
		}
		if err := p.T.LoginWhole(o.Number, string(o.Password)); err != nil {
			return err
		}
		return p.SignIn()
	}}}, plan.Steps...)
	mix, err := sim.NewMix(1, []*sim.Plan{plan}, []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	rep := b.run(t, &sim.Run{Terminals: 4, Pacer: sim.Constant(sim.Rate{N: 20, Per: time.Second}), For: 500 * time.Millisecond, Mix: mix, Settle: true, NewHost: true})
	if s := rep.Settlements; s.Balanced != 4 || s.Failed != 0 || len(rep.Stuck) > 0 {
		t.Errorf("%+v, stuck %v", s, rep.Stuck)
	}
}

// A fleet that cannot sign in gives what is known of that, with the error.
func TestFleetThatCannotSignInIsReported(t *testing.T) {
	t.Parallel()
	b := newBench(t, "cup", 3)
	p := *b.profile
	p.Policy.Timeout = 50 * time.Millisecond
	r := &sim.Run{Terminals: 3, Profile: &p, For: time.Second, Drain: time.Second, Recorder: report.NewRecorder(sim.Labels(), time.Second, 0),
		Dialer: &line.Dialer{Address: relayed(t, b.dialer.Address, func(net.Conn, []byte) {}), Timeout: time.Second}}
	r.Mix, _ = sim.NewMix(1, []*sim.Plan{purchase(&p)}, []float64{1})
	rep, err := r.Do(context.Background(), context.Background())
	if !errors.Is(err, line.ErrTimeout) || rep == nil || rep.SignIn.Terminals != 3 || rep.SignIn.Failed != 3 || rep.SignIn.First != p.Terminals[0].TID {
		t.Errorf("%v, %+v", err, rep)
	}
}
