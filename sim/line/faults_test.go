package line_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/line"
)

func TestFaultsHaveNames(t *testing.T) {
	names := map[string]bool{}
	for _, f := range line.AllFaults() {
		back, err := line.FaultNamed(f.Flag())
		if names[f.String()] || f.Doc() == "" || back != f || err != nil {
			t.Errorf("fault %d: %q, %q, read back as %v, %v", f, f, f.Doc(), back, err)
		}
		names[f.String()] = true
	}
	if line.Fault(200).String() != "?" {
		t.Error("a fault that is none has a name")
	}
}

func TestStormIsReadAsWritten(t *testing.T) {
	for _, text := range []string{"answer-lost=5%", "request-lost=97th", "answer-doubled=3x", "answer-late=0.25%:3s", "request-mac-spoiled=100%"} {
		s, err := line.ParseStorm(1, []string{text})
		if err != nil || len(s.Rates) != 1 || s.Rates[0].String() != text {
			t.Errorf("%s: %v, %v", text, s, err)
		}
	}
	for text, want := range map[string]string{
		"answer-lost":         "want how often",
		"answer-lost=":        "want how often",
		"answer-lost=5":       "want how often",
		"answer-lost=0%":      "want how often",
		"answer-lost=-3x":     "want how often",
		"answer-lost=NaN%":    "want how often",
		"answer-lost=101%":    "want how often",
		"answer-lost=0th":     "want how often",
		"answer-lost=5%:1s":   "takes no time",
		"answer-late=5%:soon": "no length of time",
		"answers-lost=5%":     "want one of request-lost, answer-lost",
	} {
		if _, err := line.ParseStorm(1, []string{text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := line.ParseStorm(1, []string{"answer-lost=60%", "answer-late=50%"}); err == nil || !strings.Contains(err.Error(), "more than 100%") {
		t.Errorf("110%% of answers: %v", err)
	}
	if _, err := line.ParseStorm(1, []string{"answer-lost=1%", "answer-lost=2%"}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("twice: %v", err)
	}
}

func FuzzStorm(f *testing.F) {
	f.Add("answer-lost=5%")
	f.Add("answer-late=97th:3s")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := line.ParseStorm(1, []string{text})
		if err != nil {
			return
		}
		if again, err := line.ParseStorm(1, []string{s.Rates[0].String()}); err != nil && s.Rates[0].Share >= 0.0001 {
			t.Errorf("%q is written as %q: %v", text, s.Rates[0], err)
		} else if err == nil && again.Rates[0].Fault != s.Rates[0].Fault {
			t.Errorf("%q is written as %q", text, s.Rates[0])
		}
	})
}

// any says that every fault can strike.
func anyFault(line.Fault) bool { return true }

func TestStormStrikesAsOftenAsItSays(t *testing.T) {
	s, err := line.ParseStorm(7, []string{"answer-lost=10%", "answer-late=20%", "answer-cut=97th", "request-lost=3x"})
	if err != nil {
		t.Fatal(err)
	}
	const n = 20_000
	struck := map[line.Fault]int{}
	for i := range uint64(n) {
		for _, side := range []line.Side{line.Request, line.Answer} {
			if r, is := s.Draw(side, "10000001", i, anyFault); is {
				struck[r.Fault]++
			}
		}
	}
	if got := struck[line.LoseRequest]; got != 3 {
		t.Errorf("3x struck %d times", got)
	}
	for f, want := range map[line.Fault]int{line.LoseAnswer: n / 10, line.LateAnswer: n / 5} {
		if got := struck[f]; got < want*9/10 || got > want*11/10 {
			t.Errorf("%v struck %d of %d, want about %d", f, got, n, want)
		}
	}
	// What the shares strike first is counted, and not struck a second time.
	if got := struck[line.CutAnswer]; got < n/97*6/10 || got > n/97 {
		t.Errorf("97th struck %d of %d", got, n)
	}
}

func TestStormDependsOnSeedAndTerminalAlone(t *testing.T) {
	draw := func(seed uint64, terminal string, order []uint64) (struck [100]line.Fault) {
		s, err := line.ParseStorm(seed, []string{"answer-lost=30%", "answer-late=30%"})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range order {
			s.Draw(line.Answer, "another", n, anyFault)
			if r, is := s.Draw(line.Answer, terminal, n, anyFault); is {
				struck[n] = r.Fault
			}
		}
		return struck
	}
	var forwards, backwards []uint64
	for i := range uint64(100) {
		forwards, backwards = append(forwards, i), append(backwards, 99-i)
	}
	one := draw(1, "10000001", forwards)
	if again := draw(1, "10000001", backwards); again != one {
		t.Error("the same storm strikes other messages when they come in another order")
	}
	if other := draw(2, "10000001", forwards); other == one {
		t.Error("another seed strikes the same messages")
	}
	if other := draw(1, "10000002", forwards); other == one {
		t.Error("another terminal has the same messages struck")
	}
}

func TestDrawnStormsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(50) {
		s := line.DrawStorm(seed, line.AllFaults())
		text := ""
		for _, r := range s.Rates {
			if r.Share < 0.02 || r.Share > 0.06 {
				t.Errorf("seed %d: %v", seed, r)
			}
			text += r.String() + " "
		}
		if text == "" {
			t.Errorf("seed %d draws nothing", seed)
		}
		seen[text] = true
	}
	if len(seen) < 50 {
		t.Errorf("50 seeds draw %d storms", len(seen))
	}
	if s := line.DrawStorm(0, []line.Fault{line.LoseAnswer}); len(s.Rates) != 1 {
		t.Errorf("of one fault %v is drawn", s.Rates)
	}
}

// The second copy of a request comes to the host before what is sent next, on lines that
// are hung up after each exchange too: a sign-in that came again later would change keys
// in the midst of payments.
func TestSecondCopyComesBeforeTheNextRequest(t *testing.T) {
	var mu sync.Mutex
	var came []string
	d := scripted(t, func(_ int, c *peer) {
		for n := 0; ; n++ {
			q := c.request()
			if q == nil {
				return
			}
			if n == 1 {
				time.Sleep(20 * time.Millisecond) // a slow host takes its time to see the second
			}
			mu.Lock()
			came = append(came, q.FieldText(11))
			mu.Unlock()
			if a := approval(q); n == 0 {
				c.Write(append(a, a...)) // and one that answers twice itself
			} else {
				c.Write(a)
			}
		}
	})
	l := newOwn(t, d)
	l.Each, l.Faults = true, &line.Faults{}
	l.Faults.Add(line.DoubleRequest, 1)
	for trace := 1; trace <= 2; trace++ {
		if err := l.Exchange(purchaseOf(tid, trace, 100)); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(came, " "); got != "000001 000001 000002" {
		t.Errorf("the host got %s", got)
	}
}

// What trickles takes so long between two octets as was said, and no longer than whoever
// waits for the answer.
func TestTricklingTakesItsTime(t *testing.T) {
	for _, c := range []struct {
		fault   string
		least   time.Duration // of an exchange: both messages have more than 60 octets
		timeout bool
	}{
		{"request-trickled=100%:2ms", 120 * time.Millisecond, false},
		{"answer-trickled=100%:2ms", 120 * time.Millisecond, false},
		{"answer-trickled=100%:0s", 0, false},
		{"answer-trickled=100%:300ms", 0, true},
	} {
		d := scripted(t, func(_ int, c *peer) {
			for q := c.request(); q != nil; q = c.request() {
				c.Write(approval(q))
			}
		})
		storm, err := line.ParseStorm(1, []string{c.fault})
		if err != nil {
			t.Fatal(err)
		}
		l := newOwn(t, d)
		l.Faults = &line.Faults{Storm: storm, Terminal: tid}
		x := purchaseOf(tid, 1, 100)
		if c.timeout {
			x.Timeout = time.Second
		} else {
			x.Timeout = 30 * time.Second
		}
		began := time.Now()
		err = l.Exchange(x)
		if took := time.Since(began); errors.Is(err, line.ErrTimeout) != c.timeout || !c.timeout && err != nil || took < c.least {
			t.Errorf("%s: %v after %v, want at least %v", c.fault, err, took, c.least)
		}
	}
}

// What stands whole behind an answer that a fault takes away is no half message: nobody has read
// it. The connection stays, and the next exchange hears it.
func TestWholeMessageBehindALostAnswerIsNoHalf(t *testing.T) {
	stranger := cup.NewMessage()
	if err := stranger.Read(purchaseOf("19999999", 1, 100).Request[2:]); err != nil {
		t.Fatal(err)
	}
	other := approval(stranger)
	d := scripted(t, func(n int, c *peer) {
		for req := c.request(); req != nil; req = c.request() {
			a := approval(req)
			if n == 0 && req.FieldUint(11) == 1 {
				a = append(a, other...)
			}
			c.Write(a)
		}
	})
	l := newOwn(t, d)
	l.Faults = &line.Faults{}
	l.Faults.Add(line.LoseAnswer, 1)
	x := purchaseOf(tid, 1, 100)
	if err := l.Exchange(x); !errors.Is(err, line.ErrTimeout) || len(x.Kept) > 0 {
		t.Errorf("err %v, %+v", err, x.Strays)
	}
	y := purchaseOf(tid, 2, 200)
	if err := l.Exchange(y); !mine(y, err, 200) || y.Unmatched != 1 {
		t.Errorf("err %v, %+v", err, y.Strays)
	}
}

// Whether a storm strikes an answer depends on its seed alone: one to a request that the late
// answer before has answered already is not waited for, come when it may.
func TestAnswerThatNobodyWaitsForIsNotStruck(t *testing.T) {
	answered := make(chan struct{}, 8)
	d := scripted(t, func(_ int, c *peer) {
		for req := c.request(); req != nil; req = c.request() {
			c.Write(approval(req))
			answered <- struct{}{}
		}
	})
	storm, err := line.ParseStorm(1, []string{"answer-late=100%"})
	if err != nil {
		t.Fatal(err)
	}
	l := newOwn(t, d)
	l.Faults = &line.Faults{Storm: storm}
	first, again := purchaseOf(tid, 1, 100), purchaseOf(tid, 1, 100)
	if err := l.Exchange(first); !errors.Is(err, line.ErrTimeout) {
		t.Fatalf("got %v, want a timeout", err)
	}
	if err := l.Exchange(again); !mine(again, err, 100) {
		t.Fatalf("the same again: %v", err)
	}
	<-answered
	<-answered
	time.Sleep(20 * time.Millisecond) // through the kernel
	l.Faults.Storm = nil
	next := purchaseOf(tid, 2, 200)
	if err := l.Exchange(next); !mine(next, err, 200) || l.Faults.Injected[line.LateAnswer] != 1 {
		t.Errorf("err %v, %d answers were late, want 1", err, l.Faults.Injected[line.LateAnswer])
	}
}
