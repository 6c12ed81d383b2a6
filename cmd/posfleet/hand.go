package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
)

// hand has keys change a run while it is played. What was pressed is told, since what is
// played then is not what was asked for.
type hand struct {
	keyboard *keyboard // nil for none: others' keys are only taken down
	// set has arrivals be as a press says, and gives when that holds; nil in a closed model,
	// which has no rate.
	set     func(report.Press) (at time.Duration, err error)
	rate    float64 // arrivals a second that were asked for; 0 where they are not one rate
	drain   func()
	slowest func() (slow []report.Event, none string) // and why there is none
	kept    func([]report.Press)                      // is told of each press that changed the run
	tell    *progress

	left sync.Once
	pace pace // whoever presses changes it, and holds mu then

	mu      sync.Mutex
	presses []report.Press
}

// pace is what keys have made of a plan.
type pace struct {
	speed  float64 // of the plan's time, 1 as it was asked for
	paused bool
}

// now is how fast the plan's time passes.
func (p pace) now() float64 {
	if p.paused {
		return 0
	}
	return p.speed
}

// keysHelp is what keys do.
const keysHelp = "+ - by a tenth   * / double, halve   p pause   s slowest   q drain and end"

// Bounds of what keys make of a plan.
const (
	step        = 0.1
	mostSpeed   = 100
	leastSpeed  = 1.0 / 64
	mostRate    = 1e6 // arrivals a second
	closedWords = "closed model: terminals play as fast as the host answers, there is no rate to change"
)

// press does what a key says.
func (h *hand) press(key byte) {
	switch key {
	case '+', '-', '*', '/', 'p', 'P', ' ':
		h.steer(key)
	case 's', 'S':
		h.tellSlowest()
	case 'q', 'Q':
		h.change(report.Press{Key: "q", After: "no more arrivals, what is open is waited for"}, h.pace)
		h.drain()
	}
}

// steer changes the rate.
func (h *hand) steer(key byte) {
	if h.set == nil {
		h.tell.line("%s", closedWords)
		return
	}
	next := h.pace
	switch key {
	case '+':
		next.speed += step
	case '-':
		next.speed -= step
	case '*':
		next.speed *= 2
	case '/':
		next.speed /= 2
	default:
		key, next.paused = 'p', !next.paused
	}
	if next.speed < leastSpeed-1e-9 || next.speed > mostSpeed || next.speed*h.rate > mostRate {
		h.tell.line("%c: the rate stays, it would be out of bounds", key)
		return
	}
	next.speed = math.Round(next.speed*1e6) / 1e6
	h.change(report.Press{Key: string(key), Speed: next.now(), After: h.words(next)}, next)
}

// words is what arrivals are like at a pace.
func (h *hand) words(p pace) string {
	words := fmt.Sprintf("%.4g times the plan", p.speed)
	if h.rate > 0 {
		words = fmt.Sprintf("%.6g/s", h.rate*p.speed)
	}
	if p.paused {
		words = "paused, " + words + " when they go on"
	}
	return words
}

// change has the run go on at another pace.
func (h *hand) change(p report.Press, next pace) {
	if h.set != nil {
		at, err := h.set(p)
		if err != nil {
			h.tell.line("%s: nothing is changed, %v", p.Key, err)
			return
		}
		p.At = at
	}
	h.mu.Lock()
	h.pace = next
	h.mu.Unlock()
	h.tell.line("%s", p)
	h.took(p)
}

// took takes down a press that changed the run.
func (h *hand) took(p report.Press) {
	h.mu.Lock()
	h.presses = append(h.presses, p)
	all := slices.Clone(h.presses)
	h.mu.Unlock()
	h.kept(all)
}

// tellSlowest shows the slowest exchanges so far.
func (h *hand) tellSlowest() {
	slow, none := h.slowest()
	if len(slow) == 0 {
		h.tell.line("%s", none)
	}
	for _, e := range slow {
		h.tell.line("  %-10s %-16s %-10s due at %-9s terminal %s", report.FormatDuration(e.Done-e.Due), e.Label, e.Outcome, report.FormatDuration(e.Due), e.Terminal)
	}
}

// leave reads no more keys, and leaves the terminal as it was; nil has none, as in
// pressed.
func (h *hand) leave() {
	if h != nil && h.keyboard != nil {
		h.left.Do(h.keyboard.close)
	}
}

// pressed is what was pressed.
func (h *hand) pressed() []report.Press {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.presses)
}

// state is what arrivals are like now, as far as keys have changed it.
func (h *hand) state() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pace == (pace{speed: 1}) {
		return ""
	}
	return h.words(h.pace)
}

// atTerminal is the terminal that somebody sits at who starts a run: nil unless input and
// both outputs are one. Who has redirected one of them is told on the other that keys do
// nothing.
func atTerminal(in io.Reader, out, errs io.Writer) *os.File {
	f, is := in.(*os.File)
	if !is || os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	const unread = "keys are not read: %s is redirected, and they show the run on both\n"
	switch shown, told := terminal(out), terminal(errs); {
	case shown && told:
		return f
	case shown:
		fmt.Fprintf(out, unread, "standard error")
	case told:
		fmt.Fprintf(errs, unread, "standard output")
	}
	return nil
}

// read has the hand do what keys of a terminal say, until leave.
func (h *hand) read(in *os.File, shown *table) {
	k, err := openKeyboard(in)
	if err != nil {
		h.tell.line("keys are not read: %v", err)
		return
	}
	h.keyboard = k
	h.tell.sit(shown)
	k.read(h.press)
}

// newHand is a hand that takes down what is pressed in a run's folder.
func (f *loadFlags) newHand(folder *report.Folder, tell *progress) *hand {
	return &hand{tell: tell, pace: pace{speed: 1}, rate: f.oneRate(), kept: keptIn(folder, f.asked)}
}

// keptIn has run.json say what was pressed in a run. A full disk is told of by the interval
// log.
func keptIn(folder *report.Folder, asked report.Plan) func([]report.Press) {
	return func(all []report.Press) {
		asked.Pressed = all
		_ = folder.Changed(asked)
	}
}

// oneRate is the rate of arrivals a second; 0 where they are not one rate.
func (f *loadFlags) oneRate() float64 {
	if rate, err := sim.ParseRate(f.rate); err == nil && f.ramp == 0 && f.burst == "" && f.parts == nil && f.times == nil {
		return rate.PerSecond()
	}
	return 0
}

// takeKeys has a run be changed by keys of a terminal, until leave.
func (f *loadFlags) takeKeys(in *os.File, run *sim.Run, folder *report.Folder, tell *progress, drain context.CancelFunc) {
	f.hand = f.newHand(folder, tell)
	f.hand.drain = drain
	f.hand.slowest = func() ([]report.Event, string) {
		_, slow := folder.Events.Lately()
		return slow, "no exchange has ended yet"
	}
	if run.Pacer != nil {
		run.Steering = &sim.Steering{}
		f.hand.set = func(p report.Press) (time.Duration, error) { return run.Steering.Set(p.Speed), nil }
	}
	f.hand.read(in, &table{hand: f.hand})
}

// planned is what was asked for, and what keys have made of it.
func (f *loadFlags) planned() report.Plan {
	p := f.asked
	p.Pressed = f.hand.pressed()
	return p
}
