package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Waited is what became of arrivals that fell due while every terminal was waiting
// for the host, or undoing what the host had left open. It is the host's doing, or
// the fleet's that is too small for it, and not the generator's.
type Waited struct {
	Arrivals  int64         // that fell due while no terminal was free
	Longest   time.Duration // that one of them waited for a terminal
	Terminals int           // that there were
	Enough    int           // terminals that would have done; 0 when that cannot be told
	Why       string        // why not
}

// String says who waited for whom, and what would help.
func (w Waited) String() string {
	words := fmt.Sprintf("%s of %s terminals waited for the host: ", FormatCount(int64(w.Terminals)), FormatCount(int64(w.Terminals)))
	if w.Why != "" {
		words = fmt.Sprintf("all %s terminals were at work: ", FormatCount(int64(w.Terminals)))
	}
	words += fmt.Sprintf("%s found none free and waited up to %s; ", Plural(w.Arrivals, "arrival"), FormatDuration(w.Longest))
	if w.Why != "" {
		return words + w.Why
	}
	return words + FormatCount(int64(w.Enough)) + " terminals would do"
}

// For is how many terminals would do at so many times the rate.
func (w Waited) For(times float64) int { return twoDigits(float64(w.Enough) * times) }

// Advise takes back how many terminals would have done where more of them would have
// waited as well: the host fell silent, or the generator was the limit. The validity
// is judged before.
func (r *Report) Advise() {
	if r.Waited.Arrivals == 0 {
		return
	}
	var unanswered, sent int64
	for i := range r.Labels {
		c := &r.Labels[i].Counts
		unanswered += c[TimedOut] + c[Broken] + c[Open]
		sent += c.Sent()
	}
	switch {
	case r.Validity.Level == Invalid:
		r.Waited.Enough, r.Waited.Why = 0, "the generator was the limit, so how many would do cannot be told"
	case 2*unanswered > sent:
		r.Waited.Enough, r.Waited.Why = 0, fmt.Sprintf("%s of %s exchanges unanswered%s: more terminals would wait as well", FormatCount(unanswered), FormatCount(sent), r.otherThanSilence())
	case r.oneByOne():
		r.Waited.Enough, r.Waited.Why = 0, fmt.Sprintf("on line %s the host answered no faster than one request after another on each: more terminals would wait in the same lines; more lines or a quicker host are needed, and how many terminals would do cannot be told", r.Plan.Lines)
	}
}

// otherThanSilence is what is known of why exchanges had no answer beside that the host
// kept silent; empty for nothing.
func (r *Report) otherThanSilence() string {
	var struck int64
	for _, n := range r.Faults {
		struck += n
	}
	switch {
	case struck > 0:
		return ", on lines that were made to fail " + Plural(struck, "time")
	case r.Late+r.Cut+r.Unmatched > 0:
		return fmt.Sprintf(" in time, %s after it or otherwise than wanted", Plural(r.Late+r.Cut+r.Unmatched, "answer"))
	}
	return ""
}

// oneByOne reports whether answers on shared lines came no faster than from a host that
// takes one request of a line after another, in the sign-in, which begins with idle lines,
// or after it.
func (r *Report) oneByOne() bool {
	number, shared := strings.CutPrefix(r.Plan.Lines, "shared:")
	lines, err := strconv.Atoi(number)
	if lines = max(1, lines/max(1, r.Plan.Of)); !shared || err != nil {
		return false
	}
	return oneByOne([]Label{r.SignIn.Label}, lines, r.SignIn.Took) || oneByOne(r.Labels, lines, r.Took)
}

// oneByOne is so when half of the answers took twice as long as the quickest or longer, and
// when on each line there were no more than fit one behind the other.
func oneByOne(labels []Label, lines int, took time.Duration) bool {
	var answered, slow int64
	quickest := time.Duration(math.MaxInt64)
	for i := range labels {
		l := &labels[i]
		if answered += l.Counts[Approved] + l.Counts[Declined] + l.Counts[Refused]; l.Service != nil && l.Service.TotalCount() > 0 {
			quickest = min(quickest, time.Duration(l.Service.Min())*time.Microsecond)
		}
	}
	for i := range labels {
		if l := &labels[i]; l.Service != nil && time.Duration(l.Service.ValueAtQuantile(50))*time.Microsecond >= 2*quickest {
			slow += l.Service.TotalCount()
		}
	}
	each := float64(answered) / float64(lines) / took.Seconds()
	return took > 0 && answered >= fewest && 2*slow >= answered && each*quickest.Seconds() <= 1.5
}

// occupancy is how long terminals were busy with arrivals, by the second in which
// they were free again.
type occupancy struct {
	mu      sync.Mutex
	seconds []stay
	longest time.Duration
	held    []int64 // arrivals that waited for a terminal, by the second in which they fell due
	waited  time.Duration
}

type stay struct {
	n   int64
	sum time.Duration
}

// Busy takes down that a terminal has been busy with an arrival so long, until now.
func (r *Recorder) Busy(now, took time.Duration) {
	o := &r.occupancy
	k := max(0, int(now/time.Second))
	o.mu.Lock()
	for len(o.seconds) <= k {
		o.seconds = append(o.seconds, stay{})
	}
	o.seconds[k].n++
	o.seconds[k].sum += took
	o.longest = max(o.longest, took)
	o.mu.Unlock()
}

// Held takes down an arrival for which no terminal was free when it fell due, and
// how long it waited for one.
func (r *Recorder) Held(due, waited time.Duration) {
	o := &r.occupancy
	k := max(0, int(due/time.Second))
	o.mu.Lock()
	for len(o.held) <= k {
		o.held = append(o.held, 0)
	}
	o.held[k]++
	o.waited = max(o.waited, waited)
	o.mu.Unlock()
}

// heldIn is how many arrivals waited for a terminal of those due in the seconds
// from one to another.
func (o *occupancy) heldIn(from, upto time.Duration) (n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, b := int(from.Round(time.Second)/time.Second), int(upto.Round(time.Second)/time.Second)
	for k := a; k < min(b, len(o.held)); k++ {
		n += o.held[k]
	}
	return n
}

// fewest is how many arrivals a second must have ended for its mean to be told.
const fewest = 10

// told sums up a run of so many terminals, with the arrivals planned in each
// second. By Little's law as many terminals are busy as arrivals fall due a second,
// times the seconds that each takes: the busiest second decides, with three
// deviations of a Poisson count above it. Where that is not more than there were,
// the arrivals waited in some part of a second, and the longest time takes the
// mean's place.
func (o *occupancy) told(planned []int64, terminals int) Waited {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := Waited{Longest: o.waited, Terminals: terminals}
	for _, n := range o.held {
		w.Arrivals += n
	}
	if w.Arrivals == 0 {
		return w
	}
	var mean, most float64
	for k, n := range planned {
		rate := float64(n)
		most = max(most, rate*o.longest.Seconds())
		if k < len(o.seconds) && o.seconds[k].n >= fewest {
			mean = max(mean, rate*o.seconds[k].sum.Seconds()/float64(o.seconds[k].n))
		}
	}
	enough := mean + 3*math.Sqrt(mean)
	if enough <= float64(terminals) {
		enough = most
	}
	w.Enough = max(twoDigits(enough), terminals+1)
	return w
}

// twoDigits rounds up to two significant digits: more would be a pretence.
func twoDigits(x float64) int {
	unit := math.Pow(10, max(0, math.Floor(math.Log10(max(1, x)))-1))
	return int(math.Ceil(x/unit) * unit)
}

// enough is how many terminals of a part would have done: where none waited, those that
// there were.
func (w Waited) enough() int {
	if w.Arrivals == 0 {
		return w.Terminals
	}
	return w.Enough
}

func (w Waited) plus(o Waited) Waited {
	sum := Waited{w.Arrivals + o.Arrivals, max(w.Longest, o.Longest), w.Terminals + o.Terminals, w.enough() + o.enough(), cmp.Or(w.Why, o.Why)}
	if sum.Why != "" || sum.Arrivals == 0 {
		sum.Enough = 0
	}
	return sum
}

// AdviseAgents has the terminals of a run that agents shared be those of its plan that could
// sign in, whoever played on them one after the other, and takes back how many would have done where some
// agent did not play its share to its end: the others' figures are not the whole's.
func (r *Report) AdviseAgents() {
	if r.Waited != (Waited{}) {
		r.Waited.Terminals = r.Plan.Terminals - r.SignIn.Failed - r.Opening.Failed
	}
	missing := slices.ContainsFunc(r.Agents, func(a Agent) bool { return a.Lost != "" && a.State != Deaf || a.Away() })
	if r.Waited.Arrivals > 0 && missing {
		r.Waited.Enough, r.Waited.Why = 0, cmp.Or(r.Waited.Why, "an agent did not play its share to the end, so how many would do cannot be told")
	}
}
