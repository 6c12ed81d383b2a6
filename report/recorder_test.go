package report

import (
	"math/rand/v2"
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
				s.Record(Sample{Label: i % 2, Due: due, Sent: due, Done: due + took, Outcome: Outcome(i % 3), Code: [2]byte{'0', byte('0' + i%3)}})
				s.Played()
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
