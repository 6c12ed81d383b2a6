package host

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim/timer"
)

// outbox holds answers until they are due and sends them. One goroutine serves
// all connections.
type outbox struct {
	mu      sync.Mutex
	letters letters
	timer   *timer.Timer // goes off when the first letter is due
}

// letter is an answer that waits, with its own copy of the octets.
type letter struct {
	due    time.Time
	number uint64 // of two due at once the older one goes first
	to     *conn
	octets []byte
}

// newOutbox makes one that ends with ctx.
func newOutbox(ctx context.Context) *outbox { return &outbox{timer: timer.New(ctx)} }

func (o *outbox) put(l letter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	heap.Push(&o.letters, l)
	if o.letters[0].number == l.number {
		o.timer.Set(time.Until(l.due))
	}
}

// run sends what is due until ctx ends.
func (o *outbox) run(ctx context.Context) {
	defer o.timer.Close()
	for ctx.Err() == nil {
		if out := o.next(); out.to != nil {
			out.to.send(out.octets, time.Now())
		} else if !o.timer.Wait() {
			return
		}
	}
}

// next takes out a letter that is due; without one it sets the timer.
func (o *outbox) next() (out letter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.letters) == 0 {
		return letter{}
	}
	if wait := time.Until(o.letters[0].due); wait > 0 {
		o.timer.Set(wait)
		return letter{}
	}
	return heap.Pop(&o.letters).(letter)
}

// letters is a heap by due time.
type letters []letter

func (l letters) Len() int { return len(l) }
func (l letters) Less(i, j int) bool {
	if l[i].due.Equal(l[j].due) {
		return l[i].number < l[j].number
	}
	return l[i].due.Before(l[j].due)
}
func (l letters) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *letters) Push(v any)   { *l = append(*l, v.(letter)) }
func (l *letters) Pop() any {
	old := *l
	last := old[len(old)-1]
	old[len(old)-1] = letter{}
	*l = old[:len(old)-1]
	return last
}
