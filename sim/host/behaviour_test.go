package host

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
)

// shaped gives when the answers to n purchases, one each interval, leave after
// their arrival; -1 for those that do not.
func shaped(t *testing.T, spec string, n int, interval time.Duration) []time.Duration {
	t.Helper()
	b, err := ParseBehaviour(spec, 1)
	if err != nil {
		t.Fatal(err)
	}
	b.late = time.Minute
	start := time.Unix(1_800_000_000, 0)
	out := make([]time.Duration, n)
	for i := range out {
		req := &Request{Transaction: dialect.Purchase, Known: true, copies: 1, arrived: start.Add(time.Duration(i) * interval)}
		b.shape(req)
		switch {
		case req.copies == 0:
			out[i] = -1
		case !req.due.IsZero():
			out[i] = req.due.Sub(req.arrived)
		}
	}
	return out
}

// The closed forms that selftest relies on, within sampling error.
func TestBehavioursHaveTheirDistributions(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	const n = 200_000
	ms := func(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }
	for _, c := range []struct {
		spec     string
		interval time.Duration
		at       map[float64]time.Duration // quantiles
		within   float64
	}{
		{"delay:1ms", ms(1), map[float64]time.Duration{0: ms(1), 1: ms(1)}, 0},
		{"uniform:10ms-110ms", ms(1), map[float64]time.Duration{0.5: ms(60), 0.95: ms(105), 0.99: ms(109)}, 0.01},
		{"exp:20ms", ms(1), map[float64]time.Duration{0.5: ms(13.86), 0.95: ms(59.9), 0.99: ms(92.1)}, 0.02},
		{"stall:1s/10s", ms(2), map[float64]time.Duration{0.5: 0, 0.95: ms(500), 0.99: ms(900), 0.999: ms(990)}, 0.01},
		{"stall:1s/10s,delay:1ms", ms(2), map[float64]time.Duration{0.5: ms(1), 0.95: ms(501), 0.99: ms(901)}, 0.01},
		// D/M/1 at half load: exponential with rate 100·(1-0.2032).
		{"fifo:100/s", ms(20), map[float64]time.Duration{0.5: ms(8.70), 0.99: ms(57.8)}, 0.03},
		{"capacity:200/s", ms(5), map[float64]time.Duration{0: ms(5), 1: ms(5)}, 0},
	} {
		got := shaped(t, c.spec, n, c.interval)
		slices.Sort(got)
		for q, want := range c.at {
			v := got[min(int(q*n), n-1)]
			if math.Abs(float64(v-want)) > c.within*float64(want) {
				t.Errorf("%s: quantile %g is %v, want %v", c.spec, q, v, want)
			}
		}
	}
}

func TestOverloadedCapacityIsALine(t *testing.T) {
	got := shaped(t, "capacity:200/s", 3000, time.Second/300)
	for i, v := range got {
		want := 5*time.Millisecond + time.Duration(i)*(5*time.Millisecond-time.Second/300)
		if (v - want).Abs() > time.Millisecond {
			t.Fatalf("request %d leaves after %v, want %v", i, v, want)
		}
	}
}

func TestCountedBehavioursCountExactly(t *testing.T) {
	const n = 20_000
	for spec, want := range map[string]int{"drop:97": 206, "late:89": 224, "late:89/5s": 224, "silent-after:8s": 12_000} {
		got := 0
		for _, v := range shaped(t, spec, n, time.Millisecond) {
			if v != 0 {
				got++
			}
		}
		if got != want {
			t.Errorf("%s: %d of %d, want %d", spec, got, n, want)
		}
	}
	b, err := ParseBehaviour("double:83", 1)
	if err != nil {
		t.Fatal(err)
	}
	copies := 0
	for range n {
		req := &Request{Transaction: dialect.Echo, Known: true, copies: 1}
		b.shape(req)
		copies += req.copies
	}
	if copies != n+240 {
		t.Errorf("double:83: %d answers to %d requests, want 240 more", copies, n)
	}
}

func TestSameSeedSameBehaviour(t *testing.T) {
	if !slices.Equal(shaped(t, "exp:20ms", 100, time.Millisecond), shaped(t, "exp:20ms", 100, time.Millisecond)) {
		t.Error("two runs of one seed differ")
	}
}

func TestBehaviourSpecsAreChecked(t *testing.T) {
	for _, spec := range []string{"", "delay", "delay:x", "delay:-1ms", "uniform:10ms", "uniform:20ms-10ms", "exp:", "stall:1s",
		"stall:2s/1s", "fifo:100", "fifo:0/s", "fifo:-1/s", "fifo:NaN/s", "drop:0", "drop:-1", "late:89/x", "silent-after:", "delay:1ms,", "rude:1"} {
		if b, err := ParseBehaviour(spec, 1); err == nil {
			t.Errorf("%q is read as %s", spec, b)
		}
	}
	for _, k := range behaviours {
		if _, err := ParseBehaviour(k.name+":"+k.example, 1); err != nil {
			t.Errorf("the example of %s: %v", k.name, err)
		}
	}
}

// Answers of one connection that wait do not hold up others, and leave when
// they are due.
func TestDelayedAnswersLeaveWhenDue(t *testing.T) {
	b, err := ParseBehaviour("uniform:20ms-400ms", 7)
	if err != nil {
		t.Fatal(err)
	}
	h, address := listen(t, "cup", WithBehaviour(b))
	p := ready(t, h, address, 0)
	twin, _ := ParseBehaviour("uniform:20ms-400ms", 7) // draws what the host draws
	for tries := 3; !leaveWhenDue(p, twin, tries == 1); tries-- {
	}
	p.want("00", dialect.Echo)
}

// leaveWhenDue sends requests and reports whether their answers leave when twin says. A
// machine may stand still meanwhile: whether they are late is judged at the last try.
func leaveWhenDue(p *pos, twin *Behaviour, last bool) bool {
	p.Helper()
	const n = 100
	var frames []byte
	first := p.trace + 1
	want := make([]time.Duration, n)
	for i := range n {
		frames = append(frames, p.frame(p.request(dialect.Purchase, amount(1), shows("good")))...)
		req := &Request{Transaction: dialect.Purchase, Known: true, copies: 1, arrived: time.Unix(1, 0)}
		twin.shape(req)
		want[i] = req.due.Sub(req.arrived)
	}
	begin := time.Now()
	p.write(frames)
	late := make([]time.Duration, 0, n)
	order := true
	before := uint64(0)
	for range n {
		if !p.hear(patient) || !p.verified() {
			p.Fatal("an answer is missing or not sealed")
		}
		i := p.ans.FieldUint(11) - first
		late = append(late, time.Since(begin)-want[i])
		order = order && i >= before
		before = i
	}
	slices.Sort(late)
	p.Logf("lateness: median %v, p90 %v, most %v", late[n/2], late[n*9/10], late[n-1])
	if order {
		p.Error("answers came in the order of the requests")
	}
	// begin is before the host reads, so early is wrong; a busy machine may be late.
	slow := late[n/2] > 250*time.Millisecond || time.Since(begin) > time.Second
	if late[0] < 0 || slow && last {
		p.Errorf("answers are %v to %v late, median %v; all took %v", late[0], late[n-1], late[n/2], time.Since(begin))
	}
	return !slow || last
}

// A run that measures payments is not held up by how long its terminals' sign-ins
// take.
func TestSignInsAreNotDelayed(t *testing.T) {
	b, err := ParseBehaviour("delay:1m", 7)
	if err != nil {
		t.Fatal(err)
	}
	h, address := listen(t, "cup", WithBehaviour(b))
	ready(t, h, address, 0) // which waits half as long for the answer
}
