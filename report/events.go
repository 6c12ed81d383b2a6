package report

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	mostEvents  = 2000 // lines in events.ndjson, all kinds together
	mostAlike   = 200  // of one label and outcome
	mostSlowest = 50
	mostLatest  = 10 // that [Events.Lately] gives, and as many of the slowest
)

// Event is something that a reader of the run will want to see in full: an
// exchange that went wrong, a fault, one of the slowest exchanges. Its texts
// are shown as they are: the caller masks card numbers and leaves out PINs,
// tracks and keys.
type Event struct {
	At       time.Duration // since the start of the run
	Terminal string
	Trace    string // the terminal's trace number; empty when there is none
	Label    string
	Outcome  Outcome
	Due      time.Duration
	Sent     time.Duration
	Done     time.Duration
	Note     string // what went wrong, in words
	Request  string // field by field, masked
	Answer   string
}

type eventJSON struct {
	Kind     string  `json:"kind"` // "event", "slow" or "left out"
	At       float64 `json:"at_s"`
	Terminal string  `json:"terminal,omitempty"`
	Trace    string  `json:"trace,omitempty"`
	Label    string  `json:"label,omitempty"`
	Outcome  string  `json:"outcome,omitempty"`
	Response int64   `json:"response_us,omitempty"`
	Service  int64   `json:"service_us,omitempty"`
	Note     string  `json:"note,omitempty"`
	Request  string  `json:"request,omitempty"`
	Answer   string  `json:"answer,omitempty"`
	Count    int64   `json:"count,omitempty"` // of "left out"
}

// Events writes events as lines of JSON, a bounded number of them. Failures are
// written as they come, the slowest exchanges at the end.
type Events struct {
	enough atomic.Int64 // ns; an exchange shorter than this is not among the slowest

	mu      sync.Mutex
	out     *json.Encoder
	err     error
	room    int
	alike   map[alike]int
	left    int64
	slowest []Event // by response time, the shortest first
	latest  []Event // that went wrong, the last few
}

type alike struct {
	label   string
	outcome Outcome
}

// NewEvents writes at most so many events to w, and of one label and outcome
// only the first so that no kind crowds out the others.
func NewEvents(w io.Writer, most int) *Events {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return &Events{out: out, room: most, alike: map[alike]int{}}
}

// Room reports whether an event of this kind would still be written, so that
// its texts need not be made in vain. It counts those that are not.
func (e *Events) Room(label string, o Outcome) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fits(label, o) {
		return true
	}
	e.left++
	return false
}

func (e *Events) fits(label string, o Outcome) bool {
	return e.room > 0 && e.alike[alike{label, o}] < mostAlike
}

// Add writes an event, or counts it when there is no room.
func (e *Events) Add(x Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.fits(x.Label, x.Outcome) {
		e.left++
		return
	}
	if e.latest = append(e.latest, x); len(e.latest) > mostLatest {
		e.latest = e.latest[1:]
	}
	e.room--
	e.alike[alike{x.Label, x.Outcome}]++
	e.write(x.json("event"))
}

// Slow reports whether an exchange that took so long is among the slowest so
// far. It takes no lock.
func (e *Events) Slow(took time.Duration) bool { return int64(took) > e.enough.Load() }

// AddSlow keeps an exchange if it is among the slowest so far.
func (e *Events) AddSlow(x Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	took := func(x Event) time.Duration { return x.Done - x.Due }
	at, _ := slices.BinarySearchFunc(e.slowest, x, func(a, b Event) int { return cmp.Compare(took(a), took(b)) })
	e.slowest = slices.Insert(e.slowest, at, x)
	if len(e.slowest) > mostSlowest {
		e.slowest = slices.Delete(e.slowest, 0, 1)
	}
	if len(e.slowest) == mostSlowest {
		e.enough.Store(int64(took(e.slowest[0])))
	}
}

// Lately gives the last few events that were written, the latest first, and the slowest
// exchanges so far.
func (e *Events) Lately() (wrong, slow []Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	wrong, slow = slices.Clone(e.latest), slices.Clone(e.slowest[max(0, len(e.slowest)-mostLatest):])
	slices.Reverse(wrong)
	slices.Reverse(slow)
	return wrong, slow
}

// Close writes the slowest exchanges, slowest first, and how many events were
// left out. It gives the first error there was.
func (e *Events) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range slices.Backward(e.slowest) {
		e.write(x.json("slow"))
	}
	e.slowest = nil
	if e.left > 0 {
		e.write(eventJSON{Kind: "left out", Count: e.left})
	}
	return e.err
}

// failed is why an event could not be written; nil where all could.
func (e *Events) failed() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

func (x Event) json(kind string) eventJSON {
	out := eventJSON{
		Kind: kind, At: float64(x.At.Milliseconds()) / 1e3, Terminal: x.Terminal, Trace: x.Trace, Label: x.Label, Outcome: x.Outcome.Key(),
		Note: x.Note, Request: x.Request, Answer: x.Answer,
	}
	if x.Outcome != Unsent {
		out.Response, out.Service = micros(x.Done-x.Due), micros(x.Done-x.Sent)
	}
	return out
}

func (e *Events) write(x eventJSON) {
	if e.err == nil { // of a full disk more would say the same
		e.err = e.out.Encode(x)
	}
}
