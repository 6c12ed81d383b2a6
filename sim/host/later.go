package host

import (
	"container/heap"
	"context"
	"runtime"
	"sync"
	"time"
)

// outbox holds answers until they are due and sends them. One goroutine, on a
// thread of its own, serves all connections: the runtime's timers wake up to a
// millisecond late, which a meter would read as the host's latency, so the
// last of each wait is slept in the kernel. A peer that does not read holds the
// others up for as long as Limits.Write lets it, once.
type outbox struct {
	mu      sync.Mutex
	letters letters
	wake    chan struct{} // an earlier letter than before has come
}

// letter is an answer that waits, with its own copy of the octets.
type letter struct {
	due    time.Time
	number uint64 // of two due at once the older one goes first
	to     *conn
	octets []byte
}

func newOutbox() *outbox { return &outbox{wake: make(chan struct{}, 1)} }

func (o *outbox) put(l letter) {
	o.mu.Lock()
	heap.Push(&o.letters, l)
	first := o.letters[0].number == l.number
	o.mu.Unlock()
	if first {
		select {
		case o.wake <- struct{}{}:
		default:
		}
	}
}

const (
	// nearby is how long before a letter is due the kernel's sleep takes over,
	nearby = 2 * time.Millisecond
	// and nap how long one such sleep is at most: a letter that comes meanwhile
	// and is due earlier waits no longer than that.
	nap = 200 * time.Microsecond
)

// run sends what is due until ctx ends.
func (o *outbox) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	locked := false
	for {
		o.mu.Lock()
		wait := time.Hour
		var out letter
		if len(o.letters) > 0 {
			if wait = time.Until(o.letters[0].due); wait <= 0 {
				out = heap.Pop(&o.letters).(letter)
			}
		}
		o.mu.Unlock()
		switch {
		case out.to != nil:
			out.to.send(out.octets)
		case wait <= nearby:
			if !locked {
				runtime.LockOSThread() // ends with the goroutine
				locked = true
			}
			if ctx.Err() != nil {
				return
			}
			kernelSleep(min(wait, nap))
		default:
			timer.Reset(wait - nearby/2)
			select {
			case <-ctx.Done():
				return
			case <-o.wake:
			case <-timer.C:
			}
		}
	}
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
