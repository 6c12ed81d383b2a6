// Package sim is the fleet: terminals that sign in, pay, reverse and settle
// over links to a host, one at a time as a conformance check plays them or
// thousands at once under load.
//
// A [Terminal] is one point of sale; a [Player] plays on it, [Step] by step,
// the [Plan] that a scenario was compiled into. A [line.Link] carries each
// exchange. A [Run] plays a [Mix] of plans at the due times of a [Pacer] and
// records what it found.
package sim

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
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
	At    string                // file:line
	Cards bool                  // reads cards: a QR box cannot play it
	Waits bool                  // lets time pass in which nothing is exchanged
	Asks  []dialect.Transaction // what its sentences ask of the host, once each
	Steps []Step
}

// Result is how the last exchange ended.
type Result struct {
	Of         dialect.Transaction
	Outcome    report.Outcome
	Code       dialect.Code        // of the answer, zero when there is none
	Refused    dialect.OrderReason // why an order, its payment or refund is declined; NoReason when it is not, or the host does not say
	Why        error               // what was wrong, when it was refused, timed out, broken or unsent
	Due        time.Duration       // when it fell due, was sent and was done, in the run's time
	Sent       time.Duration
	Done       time.Duration
	Asked      int64 // amount of the request, fen
	Amount     int64 // that was approved, which may be a part of it; else as asked
	Trace      uint32
	Balance    int64          // of a balance inquiry, fen
	Told       bool           // the balance: the answer has one that can be read
	Own, Host  dialect.Totals // of a settlement: what the terminal sent, and the host's
	ToldTotals bool           // of a settlement: there are totals in the answer, in Host
	Flag       dialect.Flag   // of a settlement: for domestic cards
	Totals     Comparison     // of a settlement: how both totals compare
	Should     rules.Set      // the rules broken of an answer that keeps all it must
	Stray      *Stray         // what came meanwhile that is not the answer; nil for nothing

	Inauthentic chip.ODAFailure // why the terminal did not find the chip's data authentic, which it told the host

	ended   bool // an exchange took place
	struck  bool // a fault was injected into it
	untold  bool // declined for want of a sign-in, and the last one told no batch number
	known   bool // a refund that the terminal knew to be booked, under the same number
	dialect *dialect.Dialect
}

// Stray is the first message met meanwhile that is not the answer, or what came of
// one, and why it is not; before others one that may be meant as the answer.
type Stray struct {
	Octets []byte
	Why    string
	kept   *line.Stray   // as the line kept it
	breaks string        // which field is not as the dialect has it, so that it cannot be read; empty where that is not known
	broken *rules.Broken // the rule for which it is no answer, though it may have been meant as one; nil for none
}

// whyRefused is why an order, its payment or its refund was refused, as reports count it. An
// answer that a customer is to enter a password first refuses nothing.
func (r *Result) whyRefused() string {
	if r.Refused == dialect.PayerTypes {
		return ""
	}
	return r.Refused.String()
}

// Approved reports whether the answer was verified and approved.
func (r *Result) Approved() bool { return r.ended && r.Outcome == report.Approved }

// ErrNothingSent is the reason of what nobody has asked the host.
var ErrNothingSent = errors.New("nothing was sent")

// Reason says in one error why the exchange was not approved; nil when it was.
func (r *Result) Reason() error {
	switch {
	case !r.ended:
		return ErrNothingSent
	case r.Why != nil:
		return r.Why
	case r.Outcome == report.Declined:
		return r.declined()
	case r.Outcome != report.Approved:
		return errors.New(r.Outcome.String())
	}
	return nil
}

// declined says what a host means with a code that declines, and what of the profile
// may be why.
func (r *Result) declined() error {
	about := r.dialect.About(r.Code)
	text := "the host answers " + r.Code.String()
	switch {
	case r.Refused != dialect.NoReason: // what the code stands for otherwise is not why
		return errors.New(text + ": " + r.Refused.String())
	case about.Words != "":
		text += ": " + about.Words
	}
	if r.untold {
		return errors.New(text + "; the answer to its sign-in told the terminal no batch number (rule ANS-60-ISSUED): the host may want one that it does not know")
	}
	if r.Inauthentic != chip.NoODAFailure {
		text += "; the terminal had told it that the chip is not authentic: " + r.Inauthentic.String()
	}
	switch {
	case r.struck: // whatever the profile says
		text += "; a fault was injected into the exchange"
	case about.Keys != "":
		text += "; profile keys to look at: " + about.Keys
	}
	return errors.New(text)
}

// Player plays plans on terminals. It holds what one exchange needs, made once:
// one goroutine uses it.
type Player struct {
	Clock *line.Clock
	T     *Terminal
	Last  Result // of the latest transaction that a step asked for
	// Each is told each exchange when it has ended; it may be nil. The messages
	// hold until it returns.
	Each     func(request, answer *wire.Message, r *Result)
	Panicked func(value any, stack []byte)                                     // is told of a panic; without it, that ends the process
	Timeout  func(of dialect.Transaction, request *wire.Message) time.Duration // how long an answer is waited for; nil for as long as the profile has it
	Shard    *report.Shard                                                     // nil when nothing is recorded
	Judge    *rules.Judge                                                      // the run's; nil until the first answer makes one for this player
	Vars     Vars                                                              // nil until a step keeps something

	req, ans *wire.Message // ans is borrowed, until the next exchange
	x        line.Exchange
	judged   *rules.Exchange // the one under way as the rules see it, borrowed; of a sign-in with keys until the next
	holder   *profile.Holder // whose card the exchange under way is about; nil for none that the terminal knows
	n        int             // number of the arrival
	seed     uint64
	origin   *time.Duration // of the run's time on the clock; nil when nothing is recorded
	due      time.Duration  // of the arrival; negative when already used
	second   int            // of the run, in which the arrival was begun
	free     time.Duration  // when the terminal was free for it: what comes before is not the generator's lag
	midnight time.Duration  // when the day ends
	day      uint16         // that dayOf counts, until then
	sent     bool           // the arrival has sent something of its own, more than a sign-in
	emulates bool           // lines of the run are played like named ones
	many     bool           // the run has keys.ManyTerminals
	chipped  bool           // the request that has been begun is of chip
	flawed   bool           // the request under way has a Flaw
	ruined   bool           // the exchange under way brought working keys with a wrong check value
	keyless  error          // why there are no derived keys for the request that has been begun
	left     *left          // never nil
	frame    []byte
	scratch  []byte
	pan      []byte
	block    [8]byte
	stamp    [10]byte
	unsigned unsigned
	touched  uint64 // nothing: see keys.Set.Touch

	// What a purchase does not touch stands last, see Terminal.
	wide     [16]byte
	derived  *keys.Derived     // nil until keys are derived
	chip     *chip.Transaction // with the latest chip; nil until the first
	lastChip []byte            // chip data of the payment before, for a chip that sends it again
	inserted bool              // and the chip is in the reader still
	data     []byte            // order data of a request
	codes    int               // that phones have made
	orig     *wire.Message     // the original of a reversal; made when first needed
	aside    Result            // of the latest exchange that comes before or after what a step asked for
	Closed   Closed            // is told each batch that is about to be closed; it may be nil
}

// left is what a scenario may leave for its further steps, and the next one does not find:
// most payments leave nothing.
type left struct {
	preAuth  Record    // of a pre-authorisation: kept outside the journal
	refusal  error     // why the terminal first refused to
	printed  []string  // what has been printed again last; nil for nothing
	spoil    ChipFault // of the next chip
	flaw     Flaw      // of the next request that a step asks for
	parts    parts     // whether purchases say that an approval of a part is taken
	part     []byte    // request of the payment that was approved in part last; empty for none
	partOf   uint32    // and its trace
	misKeyed bool      // the next working keys come with a wrong check value
}

// nothing is left where nothing was, and all players read it: it is in the processor's
// cache, and nobody writes to it.
var nothing left

// leave is what is left, to be changed.
func (p *Player) leave() *left {
	if p.left == &nothing {
		p.left = new(left)
	}
	return p.left
}

// Closed is told the records that a terminal is about to forget, and the payments
// among them of which it does not know whether the host has booked them.
type Closed func(t *Terminal, records []Record, doubts []Doubt)

// Vars is what the steps of a scenario keep between them; what it is only they
// know. Reset forgets it, for the next scenario.
type Vars interface{ Reset() }

// NewPlayer makes a player for terminals of dialect d.
func NewPlayer(d *dialect.Dialect, clock *line.Clock) *Player {
	return &Player{Clock: clock, req: d.NewMessage(), due: -1, left: &nothing}
}

// Play plays one plan on terminal t for arrival n, due at the given time of the
// clock. It gives the first step that did not hold.
func (p *Player) Play(t *Terminal, plan *Plan, n int, due time.Duration) (failed *Step, err error) {
	defer caught(p.Panicked)
	p.T, p.n, p.due = t, n, due
	for i := range plan.Steps {
		if err := plan.Steps[i].Do(p); err != nil {
			return &plan.Steps[i], err
		}
	}
	return nil, nil
}

// caught hands a panic to whoever is told, if there is one.
func caught(told func(value any, stack []byte)) {
	if told == nil {
		return
	}
	if value := recover(); value != nil {
		told(value, debug.Stack())
	}
}

// Fresh forgets what the scenario before left: its last result, its
// pre-authorisation, and what its sentences kept.
func (p *Player) Fresh() {
	p.Last, p.sent, p.unsigned = Result{}, false, unsigned{}
	if p.left != &nothing {
		*p.left = left{}
	}
	if p.Vars != nil {
		p.Vars.Reset()
	}
}

// N is the number of the arrival being played.
func (p *Player) N() int { return p.n }

// exchange has the exchange that the arrival is about: its response time counts
// from when the arrival was due. The result is p.Last.
func (p *Player) exchange(f *dialect.Form) *Result {
	if p.left.flaw != NoFlaw {
		return p.flawedExchange(f)
	}
	if r := &p.Last; p.pack(f, r) {
		begun := p.due
		if p.due = -1; begun < 0 {
			begun = p.Clock.Now()
		}
		p.send(f, r, begun)
		p.sent = p.sent || f.Transaction != dialect.SignIn && r.Outcome != report.Unsent
	}
	return &p.Last
}

// exchangeAside has an exchange that comes before or after what a step asked
// for, a reversal owed or signing in again; it counts from now. The result
// holds until the next of its kind.
func (p *Player) exchangeAside(f *dialect.Form) *Result {
	if p.pack(f, &p.aside) {
		p.send(f, &p.aside, p.Clock.Now())
	}
	return &p.aside
}

// pack begins a result and puts the request into octets, with its MAC. It
// reports false when that cannot be, which the result says.
func (p *Player) pack(f *dialect.Form, r *Result) bool {
	t := p.T
	*r = Result{}
	r.ended, r.dialect, r.Of = true, t.Profile.Dialect, f.Transaction
	r.Asked, r.Trace = int64(p.req.Uint(wire.Amount)), uint32(p.req.Uint(wire.Trace))
	r.Amount = r.Asked
	if p.keyless != nil {
		r.Outcome, r.Why = report.Unsent, fmt.Errorf("request: %w", p.keyless)
		return false
	}
	if broken := t.mute(); broken != 0 {
		r.Outcome, r.Why = report.Unsent, broken
		return false
	}
	if f.MACed && t.Profile.Dialect.MAC {
		p.req.AddMAC()
	}
	frame, err := wire.AppendFrame(p.frame[:0], p.req)
	p.frame = frame
	if err != nil {
		r.Outcome, r.Why = report.Unsent, fmt.Errorf("request: %w", err)
		return false
	}
	if covered, _ := p.req.MACSpan(); covered != nil && t.keys.MAC != nil {
		p.req.SetMAC(t.keys.MAC.MAC(t.Profile.MAC, covered))
		if err := t.Profile.Dialect.Amend(frame); err != nil {
			r.Outcome, r.Why = report.Unsent, fmt.Errorf("request: %w", err)
			return false
		}
	}
	return true
}

// send sends what pack packed, judges the answer, and records how it ended. What it
// does before and after is apart: every player that waits for an answer has this on
// its stack, and ten thousand do not fit the processor's cache.
func (p *Player) send(f *dialect.Form, r *Result, begun time.Duration) {
	p.address(f)
	before := p.T.injected()
	err := p.T.Link.Exchange(&p.x)
	r.struck = p.T.injected() > before
	p.heard(f, r, begun, err)
}

// address readies what the line is to exchange.
func (p *Player) address(f *dialect.Form) {
	x := &p.x
	x.Request, x.Key, x.Timeout = p.frame, p.req.Key(), p.T.Profile.Policy.Timeout
	if p.Timeout != nil {
		x.Timeout = p.Timeout(f.Transaction, p.req)
	}
	x.Reset()
	p.ans.Release()
}

// heard judges what came of an exchange, and records how it ended.
func (p *Player) heard(f *dialect.Form, r *Result, begun time.Duration, err error) {
	t := p.T
	if p.many {
		p.touched = t.touch()
	}
	if p.ans = p.x.Answer; p.ans == nil {
		p.ans = t.Profile.Dialect.Acquire()
	}
	if err != nil {
		p.ans.Reset() // what came was not its answer
	}
	p.ruined = p.left.misKeyed && p.spoilKeys(f)
	p.judge(f, r, err)
	if p.x.Met {
		p.around(f, r)
	}
	p.record(r, begun)
	if p.Each != nil {
		p.Each(p.req, p.ans, r)
	}
	if r.Outcome != report.Unsent && f.Carries(wire.Trace) && r.Trace == t.Trace {
		t.nextTrace()
	}
	if p.judged != nil && p.judged.SignIn == nil {
		exchanges.Put(p.judged)
		p.judged = nil
	}
}

// around takes what the line heard around an answer, and holds it to the rules about
// that, where the line has not caused it itself.
func (p *Player) around(f *dialect.Form, r *Result) {
	if kept := p.x.Kept; len(kept) > 0 {
		k := &kept[max(0, slices.IndexFunc(kept, func(k line.Stray) bool { return k.Meant }))]
		r.Stray = &Stray{Octets: k.Octets, Why: k.Why, kept: k}
	}
	if p.mayBeMeant(r) {
		p.nearly(f, r)
	}
	if p.others(r) > 0 && !p.T.Disturbed() {
		r.Should.Add(rules.Alone)
	}
	if p.x.Empty > 0 && r.Outcome <= report.Refused {
		r.Should.Add(rules.NoEmpty)
	}
	if p.x.Empty > 0 && r.Outcome == report.TimedOut && r.Stray == nil {
		r.Why = fmt.Errorf("%w; empty messages came, a length and nothing after it", r.Why)
	}
	if p.x.Left && !p.T.Disturbed() {
		r.Should.Add(rules.NoRest)
	}
	if p.x.Duplicate > 0 && !p.T.doubled() {
		r.Should.Add(rules.Once)
	}
}

// injected is how many faults have been injected into what the terminal exchanged.
func (t *Terminal) injected() (n int64) {
	if t.Faults != nil {
		for i := range t.Faults.Injected { // not a copy of it: every player that waits would have that on its stack
			n += t.Faults.Injected[i]
		}
	}
	return n
}

// Disturbed reports whether the terminal's line has been made to do something to messages
// for which more may come than was asked for, by no fault of the host: it gives the host's own
// answer back at most.
func (t *Terminal) Disturbed() bool {
	f := t.Faults
	if f == nil {
		return false
	}
	for fault, n := range f.Injected {
		if n > 0 && line.Fault(fault) != line.EchoAnswer {
			return true
		}
	}
	return false
}

// doubled reports whether the terminal's line has been made to double a message.
func (t *Terminal) doubled() bool {
	f := t.Faults
	return f != nil && f.Injected[line.DoubleRequest]+f.Injected[line.DoubleAnswer] > 0
}

// record puts how an exchange ended into the player's shard.
func (p *Player) record(r *Result, begun time.Duration) {
	if p.Shard == nil {
		return
	}
	x, o := &p.x, *p.origin
	r.Due, r.Sent, r.Done = begun-o, max(x.Sent, begun)-o, x.Done-o
	held := min(max(0, p.free-begun), r.Sent-r.Due)
	if x.Began > 0 {
		held += x.Sent - x.Began
	}
	outcome := r.Outcome
	if r.Totals == Unbalanced {
		outcome = report.Declined // an answer, but no approval of the totals
	}
	p.Shard.Record(report.Sample{Label: int(r.Of), Due: r.Due, Sent: r.Sent, Done: r.Done, Held: held, Outcome: outcome, Code: r.Code, Reason: r.whyRefused()})
	if p.emulates && r.Outcome != report.Unsent {
		p.Shard.Line(r.Due, x.Connecting, x.Transit, x.Done-x.Sent)
	}
	if line.Exhausted(r.Why) {
		p.Shard.Exhausted()
	}
	if broken := p.broken(r); broken != 0 {
		p.Shard.Broken(uint64(broken))
	}
	if x.Met {
		var further line.Strays
		if r.Should.Has(rules.Once) { // which has counted one
			further.Duplicate = x.Duplicate - 1
		}
		if r.Should.Has(rules.Alone) {
			further.Unmatched = p.others(r) - 1
		}
		recordFurther(p.Shard, &further)
		recordStrays(p.Shard, p.T.Profile.Dialect, &x.Strays, r.Stray)
	}
}
