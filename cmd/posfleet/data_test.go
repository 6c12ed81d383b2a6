//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
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
	admin, tokenFile         string // address of its API, if it has one
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
	api := ""
	if h.admin != "" {
		api = ` --admin "$3" --admin-token-file "$4"`
	}
	h.cmd = exec.Command("sh", "-c", h.before+` exec "$0" host --terminals 4 --listen "$1" --data "$2"`+api, h.program, h.address, h.folder, h.admin, h.tokenFile)
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var errs bytes.Buffer
	h.cmd.Stderr = &errs
	if err := h.cmd.Start(); err != nil {
		return err
	}
	for in := bufio.NewReader(out); ; {
		switch said, err := in.ReadString('\n'); {
		case err != nil:
			h.kill()
			return fmt.Errorf("the host says %q, %v; %s", said, err, errs.String())
		case strings.HasPrefix(said, "listening on"):
			return nil
		}
	}
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
		for n := 0; n < 5 && term.Settled().Counts == (sim.Settled{}).Counts; n++ { // a disk may stand still for a while
			if err := p.Settle(); err != nil {
				t.Fatal(err)
			}
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

// What the bank's people were told that is done, while terminals paid, is done when the host
// comes back, however it went.
func TestHostThatIsKilledForgetsNothingOfPeople(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a host several times")
	}
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hostProcess{program: program(t), folder: t.TempDir(), admin: l.Addr().String(), tokenFile: filepath.Join(t.TempDir(), "token")}
	l.Close()
	const token = "0123456789abcdef0123456789abcdef"
	if err := os.WriteFile(h.tokenFile, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.start(); err != nil {
		t.Fatal(err)
	}
	defer func() { h.kill() }()
	ask := func(method, path, body string, into any) bool {
		r, err := http.NewRequest(method, "http://"+h.admin+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		defer got.Body.Close()
		return got.StatusCode < 300 && (into == nil || json.NewDecoder(got.Body).Decode(into) == nil)
	}
	x := newTills(t, h.address)
	var acknowledged atomic.Int64 // numbers of the staff, from 1
	for round := range 2 {
		var over atomic.Bool
		again := make(chan error, 1)
		go func() {
			for at := acknowledged.Load() + int64(5+7*round); acknowledged.Load() < at; {
				time.Sleep(100 * time.Microsecond)
			}
			h.kill()
			again <- h.start()
			over.Store(true)
		}()
		var people sync.WaitGroup
		people.Go(func() {
			for !over.Load() {
				next := acknowledged.Load() + 1
				body := fmt.Sprintf(`{"tid": "10000001", "customer": "c%d", "phone": "%d", "password": "p", "papers": {"id": "1", "licence": "2"}}`, next, next)
				if !ask("POST", "/v1/staff/customers", body, nil) {
					time.Sleep(time.Millisecond)
					continue
				}
				acknowledged.Store(next)
			}
		})
		x.pay(over.Load)
		people.Wait()
		if err := <-again; err != nil {
			t.Fatal(err)
		}
		var log []struct{ Customer, What string }
		if !ask("GET", "/v1/audit?tid=10000001", "", &log) {
			t.Fatal("the audit log cannot be had")
		}
		times := map[string]int{}
		for _, line := range log {
			times[line.Customer]++
		}
		for n := int64(1); n <= acknowledged.Load(); n++ {
			if got := times[fmt.Sprintf("c%d", n)]; got < 1 {
				t.Errorf("round %d: enrolment %d of %d was acknowledged and is not there", round, n, acknowledged.Load())
			}
		}
	}
	x.settle(t)
	file, err := os.Create(filepath.Join(t.TempDir(), "books.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, _ := http.NewRequest("GET", "http://"+h.admin+"/v1/backup", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(file, got.Body); err != nil || got.StatusCode != 200 {
		t.Fatalf("no backup: %s, %v", got.Status, err)
	}
	got.Body.Close()
	var was, is []map[string]any
	ask("GET", "/v1/totals", "", &was)
	h.kill()
	h.folder = filepath.Dir(file.Name())
	if err := h.start(); err != nil {
		t.Fatal(err)
	}
	if ask("GET", "/v1/totals", "", &is); len(was) == 0 || !reflect.DeepEqual(is, was) {
		t.Errorf("a host that starts on the copy has booked\n%v\nwant\n%v", is, was)
	}
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
