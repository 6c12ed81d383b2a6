package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"sync"

	"golang.org/x/term"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
)

// hand has keys change a run while it is played. What was pressed is told, since what is
// played then is not what was asked for.
type hand struct {
	keyboard *keyboard
	steering *sim.Steering // nil in a closed model, which has no rate
	rate     float64       // arrivals a second that were asked for; 0 where they are not one rate
	drain    context.CancelFunc
	slowest  func() []report.Event
	kept     func([]report.Press) // is told of each press that changed the run
	tell     *progress

	left    sync.Once
	mu      sync.Mutex
	speed   float64
	paused  bool
	presses []report.Press
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
		h.changed('q', 0, "no more arrivals, what is open is waited for")
		h.drain()
	}
}

// steer changes the rate.
func (h *hand) steer(key byte) {
	if h.steering == nil {
		h.tell.line("%s", closedWords)
		return
	}
	h.mu.Lock()
	speed := map[byte]float64{'+': h.speed + step, '-': h.speed - step, '*': h.speed * 2, '/': h.speed / 2}[key]
	switch {
	case speed == 0 && key != '-': // p
		h.paused = !h.paused
	case speed < leastSpeed-1e-9, speed > mostSpeed, speed*h.rate > mostRate:
		h.mu.Unlock()
		h.tell.line("%c: the rate stays, it would be out of bounds", key)
		return
	default:
		h.speed = math.Round(speed*1e6) / 1e6
	}
	speed, words := h.speed, h.words()
	if h.paused {
		speed = 0
	}
	h.mu.Unlock()
	if key == 'P' || key == ' ' {
		key = 'p'
	}
	h.changed(key, speed, words)
}

// words is what arrivals are like now; the lock is held.
func (h *hand) words() string {
	words := fmt.Sprintf("%.4g times the plan", h.speed)
	if h.rate > 0 {
		words = fmt.Sprintf("%.6g/s", h.rate*h.speed)
	}
	if h.paused {
		words = "paused, " + words + " when they go on"
	}
	return words
}

// changed takes down a press that changed the run.
func (h *hand) changed(key byte, speed float64, words string) {
	p := report.Press{Key: string(key), Speed: speed, After: words}
	if h.steering != nil {
		p.At = h.steering.Set(speed)
	}
	h.mu.Lock()
	h.presses = append(h.presses, p)
	all := slices.Clone(h.presses)
	h.mu.Unlock()
	h.tell.line("%s", p)
	h.kept(all)
}

// tellSlowest shows the slowest exchanges so far.
func (h *hand) tellSlowest() {
	slow := h.slowest()
	if len(slow) == 0 {
		h.tell.line("no exchange has ended yet")
	}
	for _, e := range slow {
		h.tell.line("  %-10s %-16s %-10s due at %-9s terminal %s", report.FormatDuration(e.Done-e.Due), e.Label, e.Outcome, report.FormatDuration(e.Due), e.Terminal)
	}
}

// leave reads no more keys, and leaves the terminal as it was; nil has none, as in
// pressed.
func (h *hand) leave() {
	if h != nil {
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
	if h.speed == 1 && !h.paused {
		return ""
	}
	return h.words()
}

// atTerminal is the terminal that somebody sits at who starts a run: nil unless input and
// both outputs are one.
func atTerminal(in io.Reader, out, errs io.Writer) *os.File {
	f, is := in.(*os.File)
	if !is || os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(f.Fd())) || !terminal(out) || !terminal(errs) {
		return nil
	}
	return f
}

// takeKeys has a run be changed by keys of a terminal, until leave.
func (f *loadFlags) takeKeys(in *os.File, run *sim.Run, folder *report.Folder, tell *progress, drain context.CancelFunc) {
	k, err := openKeyboard(in)
	if err != nil {
		return
	}
	f.hand = &hand{keyboard: k, drain: drain, tell: tell, speed: 1, slowest: func() []report.Event {
		_, slow := folder.Events.Lately()
		return slow
	}}
	f.hand.kept = func(all []report.Press) {
		p := f.asked
		p.Pressed = all
		_ = folder.Changed(p) // a full disk is told of by the interval log
	}
	if run.Pacer != nil {
		run.Steering = &sim.Steering{}
		f.hand.steering = run.Steering
	}
	if rate, err := sim.ParseRate(f.rate); err == nil && f.ramp == 0 && f.burst == "" && f.parts == nil && f.times == nil {
		f.hand.rate = rate.PerSecond()
	}
	tell.table = &table{hand: f.hand}
	k.read(f.hand.press)
}

// planned is what was asked for, and what keys have made of it.
func (f *loadFlags) planned() report.Plan {
	p := f.asked
	p.Pressed = f.hand.pressed()
	return p
}
