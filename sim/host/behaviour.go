package host

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
)

// Behaviour says when, and how often, answers leave: the truth that a meter of
// latency is held against (docs/method.md). It shapes the answers to payments,
// balance inquiries and echoes, in the order in which they arrive; sign-ins,
// reversals and settlements are answered at once. Answers wait by themselves:
// none waits behind another one of its connection unless the behaviour is a
// queue.
type Behaviour struct {
	spec    string
	mu      sync.Mutex
	random  *rand.Rand
	start   time.Time     // arrival of the first request it shaped
	n       uint64        // requests so far
	late    time.Duration // what "late" means when the spec does not say
	effects []effect
}

// effect does one thing to an answer.
type effect func(b *Behaviour, req *Request)

// Behaviours are the kinds of Behaviour, and what each does.
var behaviours = []struct {
	name, example, doc string
	make               func(arg string) (effect, error)
}{
	{"delay", "1ms", "each answer leaves so long after its request", delay},
	{"uniform", "10ms-110ms", "a delay drawn evenly between the two", uniform},
	{"exp", "20ms", "a delay drawn from the exponential distribution of this mean", exponential},
	{"stall", "1s/10s", "in the first 1s of every 10s all answers wait until that second has ended", stall},
	{"fifo", "100/s", "one server, one request after the other, exponential service at this rate", fifo},
	{"capacity", "200/s", "one server, one request after the other, always as fast as this", capacity},
	{"drop", "97", "each 97th request is booked and not answered", drop},
	{"late", "89", "each 89th answer comes half a second after the terminal's timeout; or 89/5s: after 5s", lateEach},
	{"double", "83", "each 83rd answer is sent twice", double},
	{"silent-after", "8s", "from so long after the first request on nothing is answered", silentAfter},
}

// BehaviourKinds tells the kinds of behaviour, one line each: an example, then
// what it does.
func BehaviourKinds() []string {
	var out []string
	for _, b := range behaviours {
		out = append(out, b.name+":"+b.example+"  "+b.doc)
	}
	return out
}

// ParseBehaviour reads kinds with their arguments, separated by commas, as in
// "delay:1ms,drop:97". They apply in the order written. What is drawn at
// random comes from the seed alone.
func ParseBehaviour(spec string, seed uint64) (*Behaviour, error) {
	b := &Behaviour{spec: spec, random: rand.New(rand.NewPCG(seed, 0x9E3779B97F4A7C15))}
	for part := range strings.SplitSeq(spec, ",") {
		name, arg, _ := strings.Cut(strings.TrimSpace(part), ":")
		e, err := parseEffect(name, arg)
		if err != nil {
			return nil, fmt.Errorf("behaviour %q: %w", part, err)
		}
		b.effects = append(b.effects, e)
	}
	return b, nil
}

func parseEffect(name, arg string) (effect, error) {
	var names []string
	for _, k := range behaviours {
		if k.name == name {
			e, err := k.make(arg)
			if err != nil {
				return nil, fmt.Errorf("%w, want it like %s:%s", err, k.name, k.example)
			}
			return e, nil
		}
		names = append(names, k.name)
	}
	return nil, fmt.Errorf("%q is none of %s", name, strings.Join(names, ", "))
}

// String is the spec that the behaviour was read from.
func (b *Behaviour) String() string { return b.spec }

// WithBehaviour makes the host answer as b says. A Behaviour counts and draws:
// give each host its own.
func WithBehaviour(b *Behaviour) Option {
	return func(h *Host) error {
		b.late = h.lateness()
		h.behaviour = b
		return nil
	}
}

// shape applies the behaviour to one answer.
func (b *Behaviour) shape(req *Request) {
	if t := req.Transaction; !req.Known || !t.Payment() && !t.Inquires() && t != dialect.Echo {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.start.IsZero() {
		b.start = req.arrived
	}
	b.n++
	if req.due.IsZero() {
		req.due = req.arrived
	}
	for _, e := range b.effects {
		e(b, req)
	}
	if !req.due.After(req.arrived) {
		req.due = time.Time{}
	}
}

func delay(arg string) (effect, error) {
	d, err := duration(arg)
	return func(_ *Behaviour, req *Request) { req.due = req.due.Add(d) }, err
}

func uniform(arg string) (effect, error) {
	from, to, _ := strings.Cut(arg, "-")
	a, err := duration(from)
	if err != nil {
		return nil, err
	}
	z, err := duration(to)
	if err == nil && z < a {
		err = fmt.Errorf("%s is less than %s", to, from)
	}
	return func(b *Behaviour, req *Request) {
		req.due = req.due.Add(a + time.Duration(b.random.Float64()*float64(z-a)))
	}, err
}

func exponential(arg string) (effect, error) {
	mean, err := duration(arg)
	return func(b *Behaviour, req *Request) { req.due = req.due.Add(b.draw(mean)) }, err
}

// draw draws from the exponential distribution.
func (b *Behaviour) draw(mean time.Duration) time.Duration {
	return time.Duration(-float64(mean) * math.Log(1-b.random.Float64()))
}

func stall(arg string) (effect, error) {
	hold, every, _ := strings.Cut(arg, "/")
	d, err := duration(hold)
	if err != nil {
		return nil, err
	}
	p, err := duration(every)
	if err == nil && (p <= 0 || d > p) {
		err = fmt.Errorf("%s of every %s cannot be", hold, every)
	}
	return func(b *Behaviour, req *Request) {
		if into := req.due.Sub(b.start) % p; into < d {
			req.due = req.due.Add(d - into)
		}
	}, err
}

func fifo(arg string) (effect, error) {
	return queue(arg, (*Behaviour).draw)
}

func capacity(arg string) (effect, error) {
	return queue(arg, func(_ *Behaviour, each time.Duration) time.Duration { return each })
}

// queue is one server that serves in order of arrival.
func queue(arg string, service func(*Behaviour, time.Duration) time.Duration) (effect, error) {
	rate, err := perSecond(arg)
	if err != nil {
		return nil, err
	}
	each := time.Duration(float64(time.Second) / rate)
	var free time.Time
	return func(b *Behaviour, req *Request) {
		if req.due.After(free) {
			free = req.due
		}
		free = free.Add(service(b, each))
		req.due = free
	}, nil
}

func drop(arg string) (effect, error) {
	k, err := ordinal(arg)
	return func(b *Behaviour, req *Request) {
		if b.n%k == 0 {
			req.copies = 0
		}
	}, err
}

func double(arg string) (effect, error) {
	k, err := ordinal(arg)
	return func(b *Behaviour, req *Request) {
		if b.n%k == 0 {
			req.copies *= 2
		}
	}, err
}

func lateEach(arg string) (effect, error) {
	nth, after, given := strings.Cut(arg, "/")
	k, err := ordinal(nth)
	if err != nil {
		return nil, err
	}
	var d time.Duration
	if given {
		d, err = duration(after)
	}
	return func(b *Behaviour, req *Request) {
		if b.n%k != 0 {
			return
		}
		if given {
			req.due = req.due.Add(d)
		} else {
			req.due = req.due.Add(b.late)
		}
	}, err
}

func silentAfter(arg string) (effect, error) {
	d, err := duration(arg)
	return func(b *Behaviour, req *Request) {
		if req.arrived.Sub(b.start) >= d {
			req.copies = 0
		}
	}, err
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no length of time", s)
	}
	return d, nil
}

func ordinal(s string) (uint64, error) {
	k, err := strconv.ParseUint(s, 10, 32)
	if err != nil || k == 0 {
		return 1, fmt.Errorf("%q is no count from 1", s)
	}
	return k, nil
}

func perSecond(s string) (float64, error) {
	text, ok := strings.CutSuffix(s, "/s")
	rate, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil || !(rate > 0) || rate > 1e9 {
		return 0, fmt.Errorf("%q is no rate", s)
	}
	return rate, nil
}
