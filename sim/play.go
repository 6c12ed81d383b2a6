// Package sim is the fleet: terminals that sign in, pay, reverse and settle
// over links to a host, one at a time as a conformance check plays them or
// thousands at once under load.
//
// A [Terminal] is one point of sale; a [Player] plays on it, [Step] by step,
// the [Plan] that a scenario was compiled into. A [Link] carries each exchange:
// a [Line] of the terminal's own or one [Shared] by many. A [Run] plays a [Mix]
// of plans at the due times of a [Pacer] and records what it found.
package sim

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Step is one thing that a scenario has a terminal do, or finds of it.
type Step struct {
	Text string // the sentence
	At   string // file:line
	Do   func(*Player) error
}

// Plan is one scenario, compiled: nothing is parsed or matched again.
type Plan struct {
	ID    string // its stable tag, without @
	Name  string
	At    string // file:line
	Cards bool   // reads cards: a QR box cannot play it
	Steps []Step
}

// Result is how the last exchange ended.
type Result struct {
	Of      dialect.Transaction
	Outcome report.Outcome
	Code    [2]byte       // field 39 of the answer, zero when there is none
	Why     error         // what was wrong, when it was refused, timed out, broken or unsent
	Due     time.Duration // when it fell due, was sent and was done, in the run's time
	Sent    time.Duration
	Done    time.Duration
	Amount  int64
	Trace   uint32
	Balance int64   // of a balance inquiry, fen
	Host    Totals  // of a settlement: the host's
	Flags   [2]byte // of a settlement: domestic and foreign; '1' balanced, '2' not, '3' error

	ended bool // an exchange took place
}

// Approved reports whether the answer was verified and approved.
func (r *Result) Approved() bool { return r.ended && r.Outcome == report.Approved }

// Reason says in one error why the exchange was not approved; nil when it was.
func (r *Result) Reason() error {
	switch {
	case !r.ended:
		return errors.New("nothing was sent")
	case r.Why != nil:
		return r.Why
	case r.Outcome == report.Declined:
		return fmt.Errorf("the host answers %s", r.Code)
	case r.Outcome != report.Approved:
		return errors.New(r.Outcome.String())
	}
	return nil
}

// Player plays plans on terminals. It holds what one exchange needs, made once:
// one goroutine uses it.
type Player struct {
	Clock *Clock
	T     *Terminal
	Last  Result // of the latest transaction that a step asked for
	// Each is told each exchange when it has ended; it may be nil. The messages
	// hold until it returns.
	Each  func(request, answer *wire.Message, r *Result)
	Shard *report.Shard // nil when nothing is recorded
	Vars  any           // what steps keep between them; Fresh calls its Reset method, if it has one

	req, ans *wire.Message // ans is borrowed, until the next exchange
	orig     *wire.Message // the original of a reversal; made when first needed
	x        Exchange
	aside    Result // of the latest exchange that comes before or after what a step asked for
	n        int    // number of the arrival
	seed     uint64
	origin   *time.Duration // of the run's time on the clock; nil when nothing is recorded
	due      time.Duration  // of the arrival; negative when already used
	frame    []byte
	scratch  []byte
	pan      []byte
	block    [8]byte
	stamp    [10]byte
	preAuth  Record // of a pre-authorisation: kept outside the journal
}

// NewPlayer makes a player for terminals of dialect d.
func NewPlayer(d *dialect.Dialect, clock *Clock) *Player {
	return &Player{Clock: clock, req: d.NewMessage(), due: -1}
}

// Play plays one plan on terminal t for arrival n, due at the given time of the
// clock. It gives the first step that did not hold.
func (p *Player) Play(t *Terminal, plan *Plan, n int, due time.Duration) (failed *Step, err error) {
	p.T, p.n, p.due = t, n, due
	for i := range plan.Steps {
		if err := plan.Steps[i].Do(p); err != nil {
			return &plan.Steps[i], err
		}
	}
	return nil, nil
}

// Fresh forgets what the scenario before left: its last result, its
// pre-authorisation, and what its sentences kept.
func (p *Player) Fresh() {
	p.Last, p.preAuth = Result{}, Record{}
	if v, ok := p.Vars.(interface{ Reset() }); ok {
		v.Reset()
	}
}

// N is the number of the arrival being played.
func (p *Player) N() int { return p.n }

// exchange packs the request, sends it, checks the answer, and records how it
// ended. main marks the transaction that the arrival is about, whose response
// time counts from the due time, and its result is p.Last; what comes before and
// after it (a reversal owed, signing in again) counts from when it was begun.
// The result holds until the next exchange of its kind.
func (p *Player) exchange(f *dialect.Form, main bool) *Result {
	t, r := p.T, &p.Last
	if !main {
		r = &p.aside
	}
	d := p.T.Profile.Dialect
	*r = Result{ended: true, Of: f.Transaction, Amount: int64(p.req.Uint(4)), Trace: uint32(p.req.Uint(11))}
	if f.MACed && d.MAC {
		p.req.AddMAC()
	}
	frame, err := wire.AppendFrame(p.frame[:0], p.req)
	p.frame = frame
	if err != nil {
		r.Outcome, r.Why = report.Unsent, fmt.Errorf("request: %w", err)
		return r
	}
	if covered, mac := p.req.MACSpan(); covered != nil && t.keys.MAC != nil {
		seal := t.keys.MAC.MAC(t.Profile.MAC, covered)
		copy(mac, seal[:])
		p.req.SetMAC(seal)
	}
	x := &p.x
	x.Request, x.Key, x.Timeout = frame, p.req.Key(), t.Profile.Policy.Timeout
	x.Unreadable, x.Late, x.Duplicate, x.Unmatched = nil, 0, 0, 0
	p.ans.Release()
	x.Answer = nil
	begun := p.due
	if !main || begun < 0 {
		begun = p.Clock.Now()
	} else {
		p.due = -1
	}
	err = t.Link.Exchange(x)
	if p.ans = x.Answer; p.ans == nil {
		p.ans = d.Acquire()
	}
	if err != nil {
		p.ans.Reset() // what came was not its answer
	}
	p.judge(f, r, err)
	if p.Shard != nil {
		o := *p.origin
		r.Due, r.Sent, r.Done = begun-o, max(x.Sent, begun)-o, x.Done-o
		p.Shard.Record(report.Sample{Label: int(f.Transaction), Due: r.Due, Sent: r.Sent, Done: r.Done, Outcome: r.Outcome, Code: r.Code})
		if exhausted(r.Why) {
			p.Shard.Exhausted()
		}
		if x.Late+x.Duplicate+x.Unmatched > 0 {
			p.Shard.Late(x.Late)
			p.Shard.Duplicate(x.Duplicate)
			p.Shard.Unmatched(x.Unmatched)
		}
	}
	if p.Each != nil {
		p.Each(p.req, p.ans, r)
	}
	return r
}

// exhausted reports whether a request could not be sent for want of descriptors,
// ports or buffers of this machine: the generator's fault, not the host's.
func exhausted(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS} {
		if err != nil && errors.Is(err, e) {
			return true
		}
	}
	return false
}

// judge classes how an exchange ended.
func (p *Player) judge(f *dialect.Form, r *Result, err error) {
	switch {
	case err == nil && p.x.Unreadable != nil:
		r.Outcome, r.Why = report.Refused, fmt.Errorf("answer: %w", p.x.Unreadable)
		return
	case err == nil:
	case errors.Is(err, ErrTimeout):
		r.Outcome, r.Why = report.TimedOut, err
		return
	case errors.Is(err, ErrUnsent):
		r.Outcome, r.Why = report.Unsent, err
		return
	case errors.Is(err, ErrStopped):
		r.Outcome, r.Why = report.Open, err
		return
	default:
		r.Outcome, r.Why = report.Broken, err
		return
	}
	copy(r.Code[:], p.ans.Get(39))
	if err := p.verify(f, r); err != nil {
		r.Outcome, r.Why = report.Refused, err
		return
	}
	if r.Code == [2]byte{} || p.approves(r.Code) {
		r.Outcome = report.Approved
		return
	}
	r.Outcome = report.Declined
}

// approves reports whether a response code is an approval: 00, 10 (part of the
// amount), 11, and by policy the "defective" approvals A2, A4, A5, A6.
func (p *Player) approves(code [2]byte) bool {
	switch code {
	case [2]byte{'0', '0'}, [2]byte{'1', '0'}, [2]byte{'1', '1'}:
		return true
	case [2]byte{'A', '2'}, [2]byte{'A', '4'}, [2]byte{'A', '5'}, [2]byte{'A', '6'}:
		return p.T.Profile.Policy.DefectiveIsGood
	}
	return false
}

// Mismatch is a field of an answer that is not what it must be.
type Mismatch struct {
	Field      int
	Name       string
	Seen, Want string // masked
}

func (e *Mismatch) Error() string {
	return fmt.Sprintf("field %d (%s) of the answer is %q, want %q", e.Field, e.Name, e.Seen, e.Want)
}

// ErrMAC marks an answer whose MAC is wrong or missing.
var ErrMAC = errors.New("MAC of the answer is wrong")

// echoed are the fields that an answer must bring back as they were sent.
var echoed = [...]int{3, 4, 11, 25, 41, 42, 49, 70}

// verify checks an answer: it is one to this request, brings back what it must,
// and, when it approves, is sealed with the working key.
func (p *Player) verify(f *dialect.Form, r *Result) error {
	if !p.ans.IsAnswer() || p.ans.Key() != p.x.Key {
		for _, n := range p.T.Profile.Dialect.Pair {
			if !bytes.Equal(p.req.Get(n), p.ans.Get(n)) {
				return p.mismatch(n)
			}
		}
		return fmt.Errorf("MTI of the answer is %s, to a request %s", p.ans.MTI(), p.req.MTI())
	}
	for _, n := range echoed {
		if n == 4 && r.Code == [2]byte{'1', '0'} { // part of the amount
			continue
		}
		if want := p.req.Get(n); want != nil && p.ans.Has(n) && !bytes.Equal(want, p.ans.Get(n)) {
			return p.mismatch(n)
		}
	}
	if !f.MACed || !p.T.Profile.Dialect.MAC || !p.approves(r.Code) {
		return nil
	}
	covered, mac := p.ans.MACSpan()
	switch {
	case mac == nil:
		return fmt.Errorf("%w: it carries none, though field 39 is %s", ErrMAC, r.Code)
	case p.T.keys.MAC == nil || !p.T.keys.MAC.CheckMAC(p.T.Profile.MAC, covered, mac):
		return ErrMAC
	}
	return nil
}

func (p *Player) mismatch(f int) error {
	d := p.T.Profile.Dialect
	return &Mismatch{Field: f, Name: d.FieldName(f), Seen: d.Shown(p.ans, f), Want: d.Shown(p.req, f)}
}
