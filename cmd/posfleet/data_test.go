//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"

	"net"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// hostProcess is a posfleet host with data, in a process of its own.
type hostProcess struct {
	program, folder, address string
	before                   string // of the shell that starts it
	cmd                      *exec.Cmd
}

// start starts the host on its address, which is drawn the first time.
func (h *hostProcess) start() error {
	if h.address == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		h.address = l.Addr().String()
		l.Close()
	}
	h.cmd = exec.Command("sh", "-c", h.before+` exec "$0" host --terminals 4 --listen "$1" --data "$2"`, h.program, h.address, h.folder)
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var errs bytes.Buffer
	h.cmd.Stderr = &errs
	if err := h.cmd.Start(); err != nil {
		return err
	}
	if said, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(said, "listening on") {
		h.kill()
		return fmt.Errorf("the host says %q, %v; %s", said, err, errs.String())
	}
	return nil
}

func (h *hostProcess) kill() {
	h.cmd.Process.Kill()
	h.cmd.Wait()
}

// tills are terminals that pay at a host one after another, each with a goroutine.
type tills struct {
	all      []*sim.Terminal
	players  []*sim.Player
	approved atomic.Int64
	declined atomic.Int64 // for a malfunction of the host
}

func newTills(t *testing.T, address string) *tills {
	t.Helper()
	p, err := profile.Bundled("cup", 4)
	if err != nil {
		t.Fatal(err)
	}
	p.Policy.Timeout, p.Policy.ReversalTries = 20*time.Second, 1<<30
	x, clock := &tills{}, line.NewClock()
	dialer := &line.Dialer{Address: address, Timeout: 5 * time.Second}
	for i := range p.Terminals {
		term := sim.NewTerminal(p, &p.Terminals[i])
		own := line.NewOwn(context.Background(), dialer, &p.Dialect.Format, clock)
		t.Cleanup(func() { own.Close() })
		term.Link, term.Opened = own, true
		player := sim.NewPlayer(p.Dialect, clock)
		player.T = term
		operator := p.Cashier()
		term.PowerOn()
		if err := term.LoginWhole(operator.Number, string(operator.Password)); err != nil {
			t.Fatal(err)
		}
		if err := player.SignIn(); err != nil || !term.SignedIn {
			t.Fatalf("terminal %s cannot sign in: %v", term.TID, player.Last.Reason())
		}
		x.all, x.players = append(x.all, term), append(x.players, player)
	}
	return x
}

// pay has all terminals pay until done says so.
func (x *tills) pay(done func() bool) {
	var wg sync.WaitGroup
	for i, p := range x.players {
		wg.Go(func() {
			for n := 0; !done(); n++ {
				hs := p.T.Profile.Holders("good")
				p.Pay(&sim.Order{Of: dialect.Purchase, Amount: int64(1 + n%50), Entry: sim.Swipe, PIN: true, Holder: &hs[i]})
				switch r := &p.Last; {
				case r.Approved():
					x.approved.Add(1)
				case r.Outcome == report.Declined && r.Code == dialect.CodeOf("96"):
					x.declined.Add(1)
				case r.Outcome == report.Unsent:
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
}

// settle has all undo what they owe and settle, and holds both totals against each other.
func (x *tills) settle(t *testing.T) {
	t.Helper()
	for _, p := range x.players {
		term := p.T
		if !p.SettleOwed(term) {
			t.Errorf("terminal %s: its reversal is not acknowledged", term.TID)
		}
		if err := p.Settle(); err != nil {
			t.Fatal(err)
		}
		if s := term.Settled(); s.Counts[sim.Balanced] != 1 {
			t.Errorf("terminal %s: %v; %s; %v", term.TID, s.Counts, s.Detail, s.Why)
		}
	}
}

// What a host has approved it knows when it comes back, however it went, and no payment is
// booked twice; the terminals need not sign in again.
func TestHostThatIsKilledForgetsNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a host several times")
	}
	t.Parallel()
	h := &hostProcess{program: program(t), folder: t.TempDir()}
	if err := h.start(); err != nil {
		t.Fatal(err)
	}
	defer func() { h.kill() }()
	x := newTills(t, h.address)
	for round := range 5 {
		var over atomic.Bool
		again := make(chan error, 1)
		go func() {
			for at := x.approved.Load() + int64(20+37*round); x.approved.Load() < at; { // in the middle of whatever
				time.Sleep(100 * time.Microsecond)
			}
			h.kill()
			again <- h.start()
			over.Store(true)
		}()
		x.pay(over.Load)
		if err := <-again; err != nil {
			t.Fatal(err)
		}
	}
	x.settle(t)
}

// A disk that is full has the host decline, 96, and book nothing; when there is room again
// it goes on.
func TestFullDiskDeclinesAndRecovers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a host")
	}
	t.Parallel()
	h := &hostProcess{program: program(t), folder: t.TempDir(), before: "ulimit -S -f 200;"} // blocks of 512 octets, or of 1,024
	if err := h.start(); err != nil {
		t.Fatal(err)
	}
	defer func() { h.kill() }()
	x := newTills(t, h.address)
	x.pay(func() bool { return x.declined.Load() >= 8 })
	if err := unix.Prlimit(h.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}, nil); err != nil {
		t.Skipf("the limit of another process cannot be set: %v", err)
	}
	approved := x.approved.Load()
	x.pay(func() bool { return x.approved.Load() >= approved+20 })
	x.settle(t)
	h.kill()
	h.before = ""
	if err := h.start(); err != nil {
		t.Error(err)
	}
}
