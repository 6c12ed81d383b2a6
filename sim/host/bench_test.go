package host

import (
	"runtime"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// signedIn signs a terminal in without a socket.
func signedIn(t testing.TB, h *Host, index int) *pos {
	t.Helper()
	p := &pos{TB: t, entry: &h.profile.Terminals[index], p: h.profile, ans: h.dialect.NewMessage(), batch: 1}
	m := p.request(dialect.SignIn)
	if len(h.dialect.Form(dialect.SignIn).ManagementCodes) > 1 {
		m.SetString(wire.ManagementCode, string(h.profile.SignIn))
	}
	out, ok, _ := h.answer(newRequest(h.dialect), nil, p.frame(m)[2:], time.Now())
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
		frames[i] = p.frame(p.request(dialect.Purchase, fields...))[2:]
	}
	return frames
}

// startOver closes the batch of the first terminal and opens one of the same
// number, so that the same purchases can come again.
func startOver(h *Host) {
	t := terminalOf(h, 0)
	h.books.CloseBatch(t)
	t.Batch = 1
}

func benchmarkPurchase(b *testing.B, network string, fields ...field) {
	h, err := New(bench(network))
	if err != nil {
		b.Fatal(err)
	}
	p := signedIn(b, h, 0)
	frames := purchases(p, 500, append([]field{amount(1), shows("rich")}, fields...)...)
	req := newRequest(h.dialect)
	out := make([]byte, 0, 512)
	now := time.Now()
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		out, _, _ = h.answer(req, out[:0], frames[i], now)
		if i++; i == len(frames) {
			b.StopTimer()
			if got := req.Answer.FieldText(39); got != "00" {
				b.Fatalf("answered %s", got)
			}
			startOver(h)
			i = 0
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
	for _, network := range []string{"cup", "iso87"} {
		h, err := New(bench(network))
		if err != nil {
			t.Fatal(err)
		}
		p := signedIn(t, h, 0)
		frames := purchases(p, 1001, amount(1), shows("rich"), pin("123456"))
		req := newRequest(h.dialect)
		out := make([]byte, 0, 512)
		now := time.Now()
		for _, f := range frames { // grow the terminal's book
			out, _, _ = h.answer(req, out[:0], f, now)
		}
		startOver(h)
		i := 0
		if n := testing.AllocsPerRun(1000, func() {
			out, _, _ = h.answer(req, out[:0], frames[i], now)
			i++
		}); n != 0 {
			t.Errorf("%s: a purchase allocates %v times, want 0", network, n)
		}
		if b := h.Books()[0]; b.DebitN != 2002 {
			t.Errorf("%s: %d purchases booked, want 2002", network, b.DebitN)
		}
	}
}

// BenchmarkSharedLine is 100 purchases at a time on one connection, with what
// the test itself spends on writing and reading.
func BenchmarkSharedLine(b *testing.B) {
	h, address := listen(b, "cup")
	p := ready(b, h, address, 0)
	const chunk, chunks = 100, 200
	lines := make([][]byte, chunks)
	for i := range lines {
		for range chunk {
			lines[i] = append(lines[i], p.frame(p.request(dialect.Purchase, amount(1), shows("rich")))...)
		}
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		p.write(lines[i])
		for range chunk {
			if _, err := p.reader.Next(); err != nil {
				b.Fatal(err)
			}
		}
		if i++; i == chunks {
			b.StopTimer()
			startOver(h)
			i = 0
			b.StartTimer()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*chunk), "ns/purchase")
}

// TestTerminalsAreSmall bounds what a terminal takes before and after sign-in.
func TestTerminalsAreSmall(t *testing.T) {
	const n = 2000
	prof := fleet("cup", n)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC() // what tests before have left in pools goes with the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	start := heap()
	h, err := New(prof)
	if err != nil {
		t.Fatal(err)
	}
	unused := heap()
	for i := range n {
		signedIn(t, h, i)
	}
	used := heap()
	t.Logf("%d octets a terminal before its first sign-in, %d more after", (unused-start)/n, (used-unused)/n)
	if before, after := (unused-start)/n, (used-unused)/n; before > 256 || after > 2048 {
		t.Errorf("a terminal takes %d octets, %d more after sign-in; want 256 and 2048 at most", before, after)
	}
	runtime.KeepAlive(h)
}
