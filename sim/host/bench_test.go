package host

import (
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// signedIn signs a terminal in without a socket.
func signedIn(t testing.TB, h *Host, index int) *pos {
	t.Helper()
	p := &pos{TB: t, entry: &h.profile.Terminals[index], p: h.profile, ans: wire.NewMessage(h.dialect), batch: 1}
	m := p.request(wire.SignIn)
	if len(h.dialect.Form(wire.SignIn).Nets) > 1 {
		m.SetSub(wire.SubNet, string(h.profile.SignIn))
	}
	out, ok := h.answer(newExchange(h.dialect), nil, p.frame(m)[2:], time.Now())
	if !ok || p.ans.Read(out[2:]) != nil {
		t.Fatal("sign-in got no answer")
	}
	p.adopt()
	return p
}

// purchases makes the frames of a batch, without their length prefix.
func purchases(p *pos, n int, fields ...field) [][]byte {
	frames := make([][]byte, n)
	for i := range frames {
		frames[i] = p.frame(p.request(wire.Purchase, fields...))[2:]
	}
	return frames
}

func benchmarkPurchase(b *testing.B, dialect string, fields ...field) {
	h, err := New(bench(dialect))
	if err != nil {
		b.Fatal(err)
	}
	p := signedIn(b, h, 0)
	frames := purchases(p, 500, append([]field{amount(1), shows("rich")}, fields...)...)
	x := newExchange(h.dialect)
	out := make([]byte, 0, 512)
	now := time.Now()
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		out, _ = h.answer(x, out[:0], frames[i], now)
		if i++; i == len(frames) {
			b.StopTimer()
			if got := x.Answer.Text(39); got != "00" {
				b.Fatalf("answered %s", got)
			}
			t := &h.all[0]
			h.closeBatch(t)
			t.batch, i = 1, 0
			b.StartTimer()
		}
	}
}

func BenchmarkPurchase(b *testing.B)        { benchmarkPurchase(b, "cup") }
func BenchmarkPurchaseWithPIN(b *testing.B) { benchmarkPurchase(b, "cup", pin("123456")) }
func BenchmarkPurchaseISO87(b *testing.B)   { benchmarkPurchase(b, "iso87") }

// BenchmarkFleet is the memory of terminals that nobody has used yet.
func BenchmarkFleet(b *testing.B) {
	p := fleet("cup", 100_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(p); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPurchaseDoesNotAllocate holds the hot path to it.
func TestPurchaseDoesNotAllocate(t *testing.T) {
	for _, dialect := range []string{"cup", "iso87"} {
		h, err := New(bench(dialect))
		if err != nil {
			t.Fatal(err)
		}
		p := signedIn(t, h, 0)
		frames := purchases(p, 1001, amount(1), shows("rich"), pin("123456"))
		x := newExchange(h.dialect)
		out := make([]byte, 0, 512)
		now := time.Now()
		for _, f := range frames { // grow the terminal's book
			out, _ = h.answer(x, out[:0], f, now)
		}
		h.closeBatch(&h.all[0])
		h.all[0].batch = 1
		i := 0
		if n := testing.AllocsPerRun(1000, func() {
			out, _ = h.answer(x, out[:0], frames[i], now)
			i++
		}); n != 0 {
			t.Errorf("%s: a purchase allocates %v times, want 0", dialect, n)
		}
		if b := h.Books()[0]; b.DebitN != 2002 {
			t.Errorf("%s: %d purchases booked, want 2002", dialect, b.DebitN)
		}
	}
}
