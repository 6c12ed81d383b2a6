package sim_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// The baseline of the speed claims: a plain TCP echo of octets as many as a
// purchase and its answer have, same connections, same closed loop, both ends
// in this process. A claim is a ratio against it, measured in the same run
// (docs/performance.md).
const (
	purchaseOctets = 130
	answerOctets   = 150
)

// echoRate is how many exchanges a second plain sockets, or TLS over them, make on so many
// connections, one in flight on each.
func echoRate(b *testing.B, conns int, length time.Duration, server, client *tls.Config) float64 {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if server != nil {
				c = tls.Server(c, server)
			}
			wg.Go(func() {
				defer c.Close()
				buf := make([]byte, 512)
				for {
					if _, err := io.ReadFull(c, buf[:purchaseOctets]); err != nil {
						return
					}
					if _, err := c.Write(buf[:answerOctets]); err != nil {
						return
					}
				}
			})
		}
	})
	var n atomic.Int64
	var clients sync.WaitGroup
	var all []net.Conn
	for range conns {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		if client != nil {
			secure := tls.Client(c, client)
			if err := secure.Handshake(); err != nil {
				b.Fatal(err)
			}
			c = secure
		}
		all = append(all, c)
	}
	began := time.Now()
	end := began.Add(length)
	for _, c := range all {
		clients.Go(func() {
			buf := make([]byte, 512)
			k := int64(0)
			for time.Now().Before(end) {
				if _, err := c.Write(buf[:purchaseOctets]); err != nil {
					b.Error(err)
					return
				}
				if _, err := io.ReadFull(c, buf[:answerOctets]); err != nil {
					b.Error(err)
					return
				}
				k++
			}
			n.Add(k)
		})
	}
	clients.Wait()
	took := time.Since(began)
	for _, c := range all {
		c.Close()
	}
	l.Close()
	wg.Wait()
	return float64(n.Load()) / took.Seconds()
}

// purchaseRate is how many signed purchases a second a fleet makes in a closed
// loop, both ends in this process, and what each takes of the processors, in µs:
// swipe with PIN block, MAC made and checked on both sides, booked in the
// ledger, recorded in three histograms. Both times are whole seconds; what it
// takes to bring the players up is in the warm-up.
func purchaseRate(b *testing.B, lines line.Mode, terminals int, warmup, length time.Duration) (rate, cpu float64) {
	b.Helper()
	rate, cpu, _ = ratesAgainst(b, newBench(b, "cup", terminals), lines, terminals, warmup, length, nil)
	return rate, cpu
}

// ratesAgainst is the same against some host; hostCPU, if not nil, tells what
// the processors have done for it, which it gives for each purchase.
func ratesAgainst(b *testing.B, be *bench, lines line.Mode, terminals int, warmup, length time.Duration, hostCPU func() time.Duration) (rate, cpu, host float64) {
	b.Helper()
	p := *be.profile
	p.Policy.JournalLimit = 0 // no settlements in between: this counts purchases alone
	be = &bench{&p, be.host, be.dialer}
	if hostCPU == nil {
		hostCPU = func() time.Duration { return 0 }
	}
	r := &sim.Run{Lines: lines, Terminals: terminals, For: warmup + length,
		Recorder: report.NewRecorder(sim.Labels(), p.Policy.Timeout, warmup)}
	var from, to, hostFrom, hostTo time.Duration
	r.Observer.Second = func(iv report.Interval) {
		switch iv.To.Round(time.Second) {
		case warmup:
			from, hostFrom = cpuTime(), hostCPU()
		case warmup + length:
			to, hostTo = cpuTime(), hostCPU()
		}
	}
	rep := be.run(b, r)
	l := rep.Label("purchase")
	if l == nil || rep.Failed > 0 || l.Counts[report.Approved] != l.Counts.Sent() {
		b.Fatalf("purchases: %+v, %d failed", l, rep.Failed)
	}
	n := float64(l.Counts[report.Approved])
	return n / length.Seconds(), float64((to - from).Microseconds()) / n, float64((hostTo - hostFrom).Microseconds()) / n
}

// hostAlone is how the host of this file is asked for in a process of its own:
// for so many terminals.
const hostAlone = "POSFLEET_BENCH_HOST"

// TestHostAlone is that process: it tells its address, and, for each line that
// it reads, the processor time it has used so far, in µs.
func TestHostAlone(t *testing.T) {
	terminals, err := strconv.Atoi(os.Getenv(hostAlone))
	if err != nil {
		t.Skip("it serves BenchmarkApart")
	}
	fmt.Println("at", newBench(t, "cup", terminals).dialer.Address)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println("used", cpuTime().Microseconds())
	}
}

// apart starts a host in a process of its own, and gives a way to ask for what
// it has used of the processors.
func apart(b *testing.B, terminals int) (*bench, func() time.Duration) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestHostAlone$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", hostAlone, terminals))
	to, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	from, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		to.Close()
		cmd.Wait()
	})
	p, err := profile.Bundled("cup", terminals)
	if err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewReader(from)
	var address string
	if _, err := fmt.Fscanf(lines, "at %s\n", &address); err != nil {
		b.Fatal(err)
	}
	return &bench{p, nil, &line.Dialer{Address: address, Timeout: 5 * time.Second}}, func() time.Duration {
		var used int64
		fmt.Fprintln(to)
		if _, err := fmt.Fscanf(lines, "used %d\n", &used); err != nil {
			b.Error(err)
		}
		return time.Duration(used) * time.Microsecond
	}
}

// BenchmarkApart tells what a purchase takes of the processors at either end,
// which have a process each.
func BenchmarkApart(b *testing.B) {
	for _, v := range []struct {
		lines     line.Mode
		terminals int
	}{{line.Mode{}, 270}, {line.Mode{Shared: 8}, 10_000}} {
		b.Run(v.lines.String(), func(b *testing.B) {
			for b.Loop() {
				var end float64 // processor time of one end of an echo, µs
				if v.lines == (line.Mode{}) {
					before := cpuTime()
					const length = 5 * time.Second
					echoes := echoRate(b, 256, length, nil, nil) * length.Seconds()
					end = float64((cpuTime() - before).Microseconds()) / echoes / 2
				}
				be, used := apart(b, v.terminals)
				rate, generator, host := ratesAgainst(b, be, v.lines, v.terminals, 2*time.Second, 5*time.Second, used)
				b.ReportMetric(rate, "purchases/s")
				b.ReportMetric(generator, "µs-cpu-of-generator")
				if end > 0 {
					b.ReportMetric(generator/end, "generator/echo-end")
				}
				b.ReportMetric(host, "µs-cpu-of-host")
			}
		})
	}
}

// BenchmarkOwnLines takes echoes and purchases in turns, since a shared machine
// is not the same from one second to the next, and gives the medians. Of 270
// terminals 256 read cards.
func BenchmarkOwnLines(b *testing.B) {
	for b.Loop() {
		var ratio, purchases, echoes, cpus []float64
		for range 15 {
			echo := echoRate(b, 256, time.Second, nil, nil)
			rate, cpu := purchaseRate(b, line.Mode{}, 270, time.Second, time.Second)
			ratio, purchases = append(ratio, rate/echo), append(purchases, rate)
			echoes, cpus = append(echoes, echo), append(cpus, cpu)
		}
		b.ReportMetric(median(ratio), "purchase/echo")
		b.ReportMetric(median(purchases), "purchases/s")
		b.ReportMetric(median(echoes), "echoes/s")
		b.ReportMetric(median(cpus), "µs-cpu/purchase")
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func BenchmarkSharedLines(b *testing.B) {
	for b.Loop() {
		rate, cpu := purchaseRate(b, line.Mode{Shared: 8}, 10_000, 2*time.Second, 5*time.Second)
		b.ReportMetric(rate, "purchases/s")
		b.ReportMetric(cpu, "µs-cpu/purchase")
	}
}

// BenchmarkFleetSize shows whether an exchange costs more in a large fleet, once
// each terminal has had its first. The small fleet is measured before and after.
func BenchmarkFleetSize(b *testing.B) {
	for b.Loop() {
		_, before := purchaseRate(b, line.Mode{Shared: 8}, 100, time.Second, 3*time.Second)
		_, large := purchaseRate(b, line.Mode{Shared: 8}, 100_000, 10*time.Second, 5*time.Second)
		_, after := purchaseRate(b, line.Mode{Shared: 8}, 100, time.Second, 3*time.Second)
		small := (before + after) / 2
		b.ReportMetric(small, "µs-cpu-at-100")
		b.ReportMetric(large, "µs-cpu-at-100k")
		b.ReportMetric(large/small, "cpu-ratio")
	}
}

// BenchmarkSignIn100k signs in 100,000 terminals with three keys each, checked,
// and shows what such a terminal takes in memory when it is idle: keys, state,
// journal, its place in the fleet.
func BenchmarkSignIn100k(b *testing.B) {
	for b.Loop() {
		const n = 100_000
		be := newBench(b, "cup", n)
		began := time.Now()
		var took time.Duration
		rate, _ := sim.ParseRate("1/s")
		r := &sim.Run{Lines: line.Mode{Shared: 8}, Terminals: n, For: time.Millisecond, Pacer: sim.Constant(rate)}
		r.Observer.SignIn = func(ok, bad, of int) {
			if ok+bad == of {
				took = time.Since(began)
				if bad > 0 {
					b.Errorf("%d of %d did not sign in", bad, of)
				}
			}
		}
		be.run(b, r)
		with := heap()
		runtime.KeepAlive(r)
		r = nil
		b.ReportMetric(took.Seconds(), "s/100k-sign-ins")
		b.ReportMetric(float64(with-heap())/n, "B/idle-terminal")
		runtime.KeepAlive(be)
	}
}

// TestSteadyExchangeDoesNotAllocate holds both ends of a signed purchase, books
// included: what grows by doubling (journal, ledger) is a fraction an exchange.
func TestSteadyExchangeDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	b := newBench(t, "cup", 2)
	p := *b.profile
	p.Policy.JournalLimit = 0
	ctx := t.Context()
	for i, lines := range []string{"own", "shared"} {
		clock := line.NewClock()
		p.Policy.PartialApproval = i == 1 // which lengthens field 60
		term := sim.NewTerminal(&p, &p.Terminals[i])
		term.Link = line.NewOwn(ctx, b.dialer, &p.Dialect.Format, clock)
		if lines == "shared" {
			term.Link = line.NewShared(ctx, b.dialer, &p.Dialect.Format, clock)
		}
		term.PowerOn()
		if err := term.Login("01", "0000"); err != nil {
			t.Fatal(err)
		}
		player := sim.NewPlayer(p.Dialect, clock)
		player.T = term
		if err := player.SignIn(); err != nil {
			t.Fatal(err)
		}
		plan := purchase(&p)
		n := 0
		play := func() {
			n++
			if _, err := player.Play(term, plan, n, -1); err != nil {
				t.Fatal(err)
			}
		}
		for range 3000 {
			play()
		}
		const counted = 5000 // testing.AllocsPerRun would round a fraction down to none
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range counted {
			play()
		}
		runtime.ReadMemStats(&after)
		if got := float64(after.Mallocs-before.Mallocs) / counted; got > 0.05 {
			t.Errorf("%s line: %.3f allocations for each exchange, both ends", lines, got)
		} else {
			t.Logf("%s line: %.4f allocations for each exchange, both ends", lines, got)
		}
		term.Link.Close()
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
