package report

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

const ms = time.Millisecond

// one records a single exchange that took so long from due to done.
func one(s *Shard, label int, due, took time.Duration, o Outcome) {
	s.Record(Sample{Label: label, Due: due, Sent: due, Done: due + took, Outcome: o})
}

func TestTicksLoseNothing(t *testing.T) {
	r := NewRecorder([]string{"purchase", "void"}, 30*time.Second, time.Second)
	const workers, each = 8, 20_000
	var wg sync.WaitGroup
	for w := range workers {
		s := r.Shard()
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(w)))
			for i := range each {
				due := time.Duration(i) * ms / 10
				took := time.Duration(rng.IntN(5000)) * time.Microsecond
				s.Record(Sample{Label: i % 2, Due: due, Sent: due, Done: due + took, Outcome: Outcome(i % 3), Code: [4]byte{'0', byte('0' + i%3)}})
				s.Played(0)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	now := time.Duration(0)
	var seen int64
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		now += time.Second
		iv := r.Tick(now)
		for _, l := range append(iv.Labels, iv.Warmup...) {
			seen += l.Response.TotalCount()
		}
	}
	if want := int64(workers * each); seen != want {
		t.Errorf("intervals hold %d samples, want %d", seen, want)
	}
	r.Planned(0, workers*each)
	rep := r.Report()
	if err := rep.Check(); err != nil {
		t.Error(err)
	}
	for _, l := range rep.Labels {
		if got, want := l.Warmup.Sent()+l.Counts.Sent(), int64(workers*each/2); got != want {
			t.Errorf("%s: %d in all, want %d", l.Name, got, want)
		}
		if l.Warmup.Sent() != workers*10_000/2 {
			t.Errorf("%s: %d in the warm-up, want %d", l.Name, l.Warmup.Sent(), workers*10_000/2)
		}
	}
}

func TestWarmupIsKeptApart(t *testing.T) {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, 2*time.Second)
	s := r.Shard()
	one(s, 0, -time.Hour, 5*time.Second, Approved) // a sign-in before the run
	one(s, 0, time.Second, 9*time.Second, TimedOut)
	one(s, 0, 2*time.Second, ms, Declined)
	iv := r.Tick(3 * time.Second)
	if len(iv.Labels) != 1 || len(iv.Warmup) != 1 || iv.Labels[0].Counts != (Counts{Declined: 1}) || iv.Warmup[0].Counts != (Counts{Approved: 1, TimedOut: 1}) {
		t.Errorf("interval %+v", iv)
	}
	l := r.Report().Labels[0]
	if l.Counts != (Counts{Declined: 1}) || l.Warmup != (Counts{Approved: 1, TimedOut: 1}) {
		t.Errorf("counts %v, warm-up %v", l.Counts, l.Warmup)
	}
	if got := l.Quantile(1).Value; got > 2*ms {
		t.Errorf("max %v: the warm-up is in it", got)
	}
}

func TestStragglersOfTheWarmupAreCounted(t *testing.T) {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, time.Second)
	s := r.Shard()
	for sec := range 5 {
		one(s, 0, 0, time.Duration(sec)*time.Second, Approved)
		r.Tick(time.Duration(sec+1) * time.Second)
	}
	if got := r.Report().Labels[0].Warmup[Approved]; got != 5 {
		t.Errorf("%d, want 5", got)
	}
}

func TestArrivalsFallInTheirSecond(t *testing.T) {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, 0)
	r.Planned(200*ms, 3)
	r.Planned(1200*ms, 5) // announced ahead
	if got := r.Tick(1003 * ms).Second.Planned; got != 3 {
		t.Errorf("first second: %d, want 3", got)
	}
	if got := r.Tick(2001 * ms).Second.Planned; got != 5 {
		t.Errorf("second one: %d, want 5", got)
	}
	r.Planned(1900*ms, 1) // announced late
	r.Planned(2300*ms, 2) // in a last second cut short
	r.Tick(2400 * ms)
	seconds := r.Report().Seconds
	for i, want := range []int64{3, 6, 2} {
		if got := seconds[i].Planned; got != want {
			t.Errorf("second %d: %d, want %d", i, got, want)
		}
	}
}

func TestManyWorkersShareFewShards(t *testing.T) {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, 0)
	shards := map[*Shard]bool{}
	for range 10_000 {
		shards[r.Shard()] = true
	}
	if len(shards) > 32 {
		t.Errorf("%d shards, want 32 at most", len(shards))
	}
}

func TestRecordingAllocatesNothing(t *testing.T) {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, 0)
	s := r.Shard()
	x := Sample{Done: 3 * ms, Code: [4]byte{'0', '0'}}
	s.Record(x)
	if n := testing.AllocsPerRun(1000, func() { s.Record(x); s.Played(0) }); n != 0 {
		t.Errorf("%v allocations an exchange", n)
	}
}

// A histogram that nobody records in any more is let go, used in the warm-up's last second or not.
func TestMemoryOfTheWarmUpIsLetGo(t *testing.T) {
	r := NewRecorder([]string{"sign-in", "purchase"}, 30*time.Second, 2*time.Second)
	s := r.Shard()
	for sec := range 5 {
		due := time.Duration(sec) * time.Second
		if sec == 0 {
			one(s, 0, due, ms, Approved)
		}
		one(s, 1, due, ms, Approved)
		r.Tick(due + time.Second + ms)
	}
	for i := range r.labels {
		if n := i + len(r.labels); s.cells[n] != nil || r.last[n] != nil {
			t.Errorf("%s: a shard has %v, the last interval %v", r.labels[i], s.cells[n], r.last[n])
		}
	}
	rep := r.Report()
	if got := rep.Labels[0]; got.Warmup.Sent() != 1 || got.Counts.Sent() != 0 {
		t.Errorf("%s: %v, warm-up %v", got.Name, got.Counts, got.Warmup)
	}
	if got := rep.Labels[1]; got.Warmup.Sent() != 2 || got.Counts.Sent() != 3 || got.Service.TotalCount() != 3 {
		t.Errorf("%s: %v, warm-up %v", got.Name, got.Counts, got.Warmup)
	}
}

func TestProgressKeepsUp(t *testing.T) {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, time.Second)
	s := r.Shard()
	for sec := range 3 {
		for i := range 10 {
			due := time.Duration(sec)*time.Second + time.Duration(i)*ms
			one(s, 0, due, ms, Approved)
			s.Played(0)
			r.Planned(due, 1)
		}
		s.Failed()
		s.Late(2)
		r.Tick(time.Duration(sec+1) * time.Second)
	}
	r.NotPlayed(4)
	got := r.Progress()
	if got.At != 3*time.Second || got.Planned != 30 || got.Played != 30 || got.NotPlayed != 4 || got.Failed != 3 || got.Late != 6 ||
		got.Counts != (Counts{Approved: 30}) || got.Last.Response.N != 10 {
		t.Errorf("%+v", got)
	}
}

func BenchmarkRecord(b *testing.B) {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, 0)
	s := r.Shard()
	x := Sample{Done: 3 * ms, Sent: 50 * time.Microsecond, Code: [4]byte{'0', '0'}}
	b.ReportAllocs()
	for b.Loop() {
		x.Done += 997
		x.Done %= time.Second
		s.Record(x)
	}
}

func BenchmarkRecordParallel8(b *testing.B) {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, 0)
	b.SetParallelism(4) // 8 goroutines on two processors
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		s := r.Shard()
		x := Sample{Done: 3 * ms, Sent: 50 * time.Microsecond, Code: [4]byte{'0', '0'}}
		for pb.Next() {
			x.Done += 997
			x.Done %= time.Second
			s.Record(x)
		}
	})
}

// A tick of a run at 5,000 exchanges a second on six labels.
func BenchmarkTick(b *testing.B) {
	r := NewRecorder([]string{"a", "b", "c", "d", "e", "f"}, 30*time.Second, 0)
	var shards []*Shard
	for range 4 {
		shards = append(shards, r.Shard())
	}
	b.ReportAllocs()
	now := time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		for i := range 5000 {
			one(shards[i%4], i/4%6, now, time.Duration(800+i*i%4000)*time.Microsecond, Approved)
		}
		now += time.Second
		b.StartTimer()
		r.Tick(now)
	}
}

// A tick is never quite on time: what was begun just before a late one belongs
// to the second in which it fell due, and nothing is lost at the end.
func TestArrivalsCountInTheirSecondHoweverLateItsTick(t *testing.T) {
	r := NewRecorder([]string{"purchase"}, time.Second, 0)
	s := r.Shard()
	begin := func(due time.Duration) {
		r.Planned(due, 1)
		s.Played(due)
	}
	for due := time.Duration(0); due < 1020*time.Millisecond; due += 10 * time.Millisecond {
		begin(due)
	}
	r.Tick(1020 * time.Millisecond) // 20 ms late
	for due := 1020 * time.Millisecond; due < 1990*time.Millisecond; due += 10 * time.Millisecond {
		begin(due)
	}
	r.Tick(1999 * time.Millisecond) // early
	begin(1990 * time.Millisecond)  // late: it counts where it was begun
	begin(2010 * time.Millisecond)
	r.Tick(2300 * time.Millisecond) // the run ends
	var played []int64
	for _, second := range r.Report().Seconds {
		played = append(played, second.Played)
	}
	if !slices.Equal(played, []int64{100, 99, 2}) {
		t.Errorf("arrivals played by second: %d, want 100, 99 and 2", played)
	}
	if rep := r.Report(); rep.Played != rep.Planned {
		t.Errorf("%d played of %d planned", rep.Played, rep.Planned)
	}
}

// The generator's lag is what was not the host's doing; sends that the machine refused are a
// signal of the second.
func TestWaitingIsTakenOffTheLag(t *testing.T) {
	r := NewRecorder([]string{"a"}, time.Second, 0)
	s := r.Shard()
	s.Record(Sample{Due: 0, Sent: 10 * ms, Held: 4 * ms, Done: 30 * ms})
	s.Exhausted()
	s.Exhausted()
	iv := r.Tick(time.Second)
	if lag := us(iv.Labels[0].Lag.Max()); lag < 6*ms || lag > 6*ms+10*time.Microsecond {
		t.Errorf("10 ms late, of which 4 ms waited for a terminal: lag %v, want 6 ms", lag)
	}
	if service := us(iv.Labels[0].Service.Max()); service < 20*ms || service > 20*ms+20*time.Microsecond {
		t.Errorf("service %v, want 20 ms", service)
	}
	if iv.Second.Signals.Exhausted != 2 {
		t.Errorf("%d sends refused, want 2", iv.Second.Signals.Exhausted)
	}
}
