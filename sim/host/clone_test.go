package host

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// machine is a machine with a terminal's number, played without a socket.
type machine struct {
	*pos
	h   *Host
	now *time.Time
}

func newMachine(t testing.TB, h *Host, now *time.Time, trace uint64) *machine {
	return &machine{&pos{TB: t, entry: &h.profile.Terminals[0], p: h.profile, ans: h.dialect.NewMessage(), batch: 1, trace: trace}, h, now}
}

// deliver has the host answer a frame; it gives the response code.
func (m *machine) deliver(frame []byte) string {
	*m.now = m.now.Add(time.Second)
	out, ok, _ := m.h.answer(newRequest(m.h.dialect), nil, frame[2:], *m.now)
	if !ok {
		m.Fatal("no answer")
	}
	if err := m.ans.Read(out[2:]); err != nil {
		m.Fatal(err)
	}
	return m.ans.FieldText(39)
}

// signIn signs in; an answer that is not heard leaves the machine its old keys.
func (m *machine) signIn(heard bool) string {
	code := m.deliver(m.frame(m.request(dialect.SignIn, sub(wire.ManagementCode, "004"))))
	if code == "00" && heard {
		m.adopt()
	}
	return code
}

func (m *machine) purchase() []byte {
	return m.frame(m.request(dialect.Purchase, amount(1), shows("rich")))
}

func alerts(h *Host) int {
	all, _ := h.Merchants().Events("", "", "", true)
	return len(all)
}

// Two machines that take each other's keys away are found out whatever their traces are,
// the later one is turned away for good, and the first one trades on.
func TestCloneIsFoundOut(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		h, err := New(bench("cup"))
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		first := newMachine(t, h, &now, random.Uint64N(900_000))
		later := newMachine(t, h, &now, (first.trace+5_000+random.Uint64N(980_000))%999_999)
		first.signIn(true)
		first.deliver(first.purchase())
		later.signIn(true)
		if code := later.deliver(later.purchase()); code != "00" {
			t.Fatalf("seed %d: a terminal that signs in again is answered %s", seed, code)
		}
		if code := first.deliver(first.purchase()); code != "A0" {
			t.Fatalf("seed %d: old keys are answered %s", seed, code)
		}
		first.signIn(true)
		if code := first.deliver(first.purchase()); code != "00" || alerts(h) != 0 {
			t.Fatalf("seed %d: answered %s, %d alerts", seed, code, alerts(h))
		}
		if code := later.deliver(later.purchase()); code != "97" || alerts(h) != 1 {
			t.Fatalf("seed %d: the later machine is answered %s, %d alerts; want 97 and 1", seed, code, alerts(h))
		}
		for range 5 {
			if code := later.signIn(true); code != "97" {
				t.Fatalf("seed %d: the later machine may sign in: %s", seed, code)
			}
			if code := first.deliver(first.purchase()); code != "00" {
				t.Fatalf("seed %d: the first machine is answered %s", seed, code)
			}
			first.signIn(true)
		}
		if alerts(h) != 1 {
			t.Errorf("seed %d: %d alerts, want 1", seed, alerts(h))
		}
	}
}

// One machine alone is never taken for two, whatever becomes of its messages: answers that
// are lost, requests that come twice or long after, sign-ins in between.
func TestOneMachineIsNeverTakenForTwo(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 2))
		h, err := New(bench("cup"))
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		m := newMachine(t, h, &now, random.Uint64N(999_000))
		m.signIn(true)
		var delayed [][]byte
		for range 200 {
			switch random.IntN(8) {
			case 0, 1, 2:
				frame := m.purchase()
				if m.deliver(frame) == "A0" {
					m.signIn(true)
				}
				if random.IntN(4) == 0 {
					delayed = append(delayed, frame) // it comes once more, later
				}
			case 3: // it comes late for the first time: the terminal has given up
				delayed = append(delayed, m.purchase())
			case 4:
				m.signIn(random.IntN(3) > 0)
			case 5:
				m.signIn(true)
			case 6: // a restart forgets the trace
				if random.IntN(20) == 0 {
					m.trace = random.Uint64N(999_000)
					m.signIn(true)
				}
			case 7:
				if n := len(delayed); n > 0 {
					i := random.IntN(n)
					m.deliver(delayed[i])
					delayed = append(delayed[:i], delayed[i+1:]...)
				}
			}
		}
		if n := alerts(h); n > 0 {
			t.Errorf("seed %d: %d alerts", seed, n)
		}
	}
}
