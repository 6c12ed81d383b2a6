package serve

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim/timer"
)

// delayQueue holds answers until they are due and sends them. One goroutine
// serves all connections.
type delayQueue struct {
	mu     sync.Mutex
	heap   delayedHeap
	number uint64       // of the answer put last
	timer  *timer.Timer // goes off when the first answer is due
}

// delayed is an answer that waits, with its own copy of the octets.
type delayed struct {
	due    time.Time
	number uint64 // of two due at once the older one goes first
	to     *conn
	octets []byte
}

// newDelayQueue makes one that ends with ctx.
func newDelayQueue(ctx context.Context) *delayQueue { return &delayQueue{timer: timer.New(ctx)} }

func (q *delayQueue) put(d delayed) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.number++
	d.number = q.number
	heap.Push(&q.heap, d)
	if q.heap[0].number == d.number {
		q.timer.Set(time.Until(d.due))
	}
}

// run sends what is due until ctx ends.
func (q *delayQueue) run(ctx context.Context) {
	defer q.timer.Close()
	for ctx.Err() == nil {
		if d := q.next(); d.to != nil {
			d.to.send(d.octets, time.Now())
		} else if !q.timer.Wait() {
			return
		}
	}
}

// next takes out an answer that is due; without one it sets the timer.
func (q *delayQueue) next() delayed {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.heap) == 0 {
		return delayed{}
	}
	if wait := time.Until(q.heap[0].due); wait > 0 {
		q.timer.Set(wait)
		return delayed{}
	}
	return heap.Pop(&q.heap).(delayed)
}

// delayedHeap is ordered by due time.
type delayedHeap []delayed

func (h delayedHeap) Len() int { return len(h) }
func (h delayedHeap) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].number < h[j].number
	}
	return h[i].due.Before(h[j].due)
}
func (h delayedHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *delayedHeap) Push(v any)   { *h = append(*h, v.(delayed)) }
func (h *delayedHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = delayed{}
	*h = old[:len(old)-1]
	return last
}
