package order

import (
	"sync"
	"sync/atomic"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// View is an order as it was at a moment, for people.
type View struct {
	Number   string
	Terminal string
	Own      string
	State    dialect.OrderState
	Lines    []dialect.OrderLine
	Menu     *profile.Menu // with the names of its dishes as they were when it was made: read only
	Total    int64         // fen
	Refunded int64
	Made     uint32 // Unix seconds
	Changed  uint32
	Expires  uint32
}

// view copies an order of the desk.
func (d *Desk) view(o *Order) View {
	return View{Number: string(d.AppendNumber(nil, o)), Terminal: d.tid, Own: o.Own(), State: o.State,
		Lines: append([]dialect.OrderLine(nil), o.Lines...), Menu: d.soldBy(o), Total: o.Total, Refunded: o.Refunded, Made: o.Made, Changed: o.Changed, Expires: o.Expires}
}

// List gives the youngest orders of each terminal, at most so many of all; those of
// one terminal youngest first.
func (s *Orders) List(most int) (all []View) {
	for back := 0; len(all) < most; back++ {
		found := false
		for i := range s.desks {
			d := s.Used(i)
			if d == nil {
				continue
			}
			d.Lock()
			if n := len(d.ring); back < n && len(all) < most {
				all = append(all, d.view(&d.ring[((d.made-1-back)%d.keep+d.keep)%d.keep]))
				found = true
			}
			d.Unlock()
		}
		if !found {
			break
		}
	}
	return all
}

// One gives the order with a number; false when there is none.
func (s *Orders) One(number string, now int64) (View, bool) {
	for i := range s.desks {
		if d := s.Used(i); d != nil && len(number) > 8 && d.tid == number[:8] {
			d.Lock()
			o := d.Find([]byte(number), now)
			if o == nil {
				d.Unlock()
				continue
			}
			v := d.view(o)
			d.Unlock()
			return v, true
		}
	}
	return View{}, false
}

// Kept counts the orders that are kept.
func (s *Orders) Kept() (n int) {
	for i := range s.desks {
		if d := s.Used(i); d != nil {
			d.Lock()
			n += len(d.ring)
			d.Unlock()
		}
	}
	return n
}

// changes tells listeners of orders that change. Who does not keep up misses some.
type changes struct {
	listeners atomic.Int32
	kept      bool // see Orders.Keep
	mu        sync.Mutex
	to        map[chan View]struct{}
}

// Watch gives the orders that change from now on until stop is called. A reader that
// falls so many behind misses what comes then.
func (s *Orders) Watch(behind int) (changed <-chan View, stop func()) {
	c, ch := &s.changes, make(chan View, behind)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.to == nil {
		c.to = map[chan View]struct{}{}
	}
	c.to[ch] = struct{}{}
	c.listeners.Add(1)
	return ch, sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.to, ch)
		c.listeners.Add(-1)
	})
}

func (c *changes) tell(v View) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ch := range c.to {
		select {
		case ch <- v:
		default:
		}
	}
}
