package sim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim/strict"
)

// Stage is a part of a run in which arrivals come at one rate, or rise or fall from
// one to another in a straight line.
type Stage struct {
	For      time.Duration
	From, To Rate
}

// String gives the form that ParseStage reads.
func (s Stage) String() string {
	if s.From == s.To {
		return fmt.Sprintf("%v:%s", s.For, s.To)
	}
	return fmt.Sprintf("%v:%s-%s", s.For, s.From, s.To)
}

// ParseStage reads "2m:500/s", or "30s:100/s-500/s" for a straight line between two
// rates.
func ParseStage(text string) (Stage, error) {
	length, rates, ok := strings.Cut(text, ":")
	d, err := time.ParseDuration(length)
	if !ok || err != nil || d <= 0 {
		return Stage{}, fmt.Errorf("stage %q: want a time and a rate, such as 2m:500/s, or 30s:100/s-500/s for a rise", text)
	}
	s := Stage{For: d}
	from, to, line := strings.Cut(rates, "-")
	if s.From, err = ParseRate(from); err != nil {
		return Stage{}, fmt.Errorf("stage %q: %w", text, err)
	}
	if s.To = s.From; line {
		if s.To, err = ParseRate(to); err != nil {
			return Stage{}, fmt.Errorf("stage %q: %w", text, err)
		}
	}
	return s, nil
}

// Stages has one stage follow the other, and ends with the last. Each begins with an
// arrival of its own.
func Stages(stages []Stage) Pacer {
	return func(yield func(int, time.Duration) bool) {
		k := 0
		var began time.Duration
		for _, s := range stages {
			p := Constant(s.From)
			if s.From != s.To {
				p = Ramp(s.From, s.To, s.For)
			}
			for _, due := range p {
				if due >= s.For {
					break
				}
				if !yield(k, began+due) {
					return
				}
				k++
			}
			began += s.For
		}
	}
}

// Bursts adds so many arrivals to those of p, all due at once, at each multiple of a
// period but 0. It goes on as long as p does.
func Bursts(p Pacer, n int, every time.Duration) Pacer {
	return func(yield func(int, time.Duration) bool) {
		k, burst := 0, every
		for _, due := range p {
			for ; due >= burst; burst += every {
				for range n {
					if !yield(k, burst) {
						return
					}
					k++
				}
			}
			if !yield(k, due) {
				return
			}
			k++
		}
	}
}

// At has arrivals fall due at given times, in rising order, and then none.
func At(times []time.Duration) Pacer {
	return func(yield func(int, time.Duration) bool) {
		for k, due := range times {
			if !yield(k, due) {
				return
			}
		}
	}
}

// What ReadArrivals takes at most.
const (
	mostArrivals = 20_000_000
	longestLine  = 200
)

// ReadArrivals reads when arrivals come, a line each: the time of one arrival
// ("09:31:05.250", a date and time as in RFC 3339, or seconds such as 12.5), or a
// minute and how many come in it ("09:31 420", also with a comma between), which
// are spread over it evenly, or, with a seed other than 0, by chance. Empty lines and
// those that begin with # are left out. The first arrival, or the first minute,
// is the start; speed makes all of it pass so many times faster. It gives the
// times and when the last minute ends; the error names the line.
func ReadArrivals(r io.Reader, seed uint64, speed float64) (times []time.Duration, end time.Duration, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, longestLine), longestLine)
	rng := rand.New(rand.NewPCG(seed, 0x61727269))
	var first, last time.Duration
	kind := 0 // fields of a line
	n := 0
	for in.Scan() {
		n++
		text := strings.TrimSpace(strings.TrimPrefix(in.Text(), "\ufeff"))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		at, count, err := arrivalLine(text)
		switch fields := len(strings.FieldsFunc(text, separates)); {
		case err != nil:
		case kind == 0:
			kind, first, last = fields, at, at
		case kind != fields:
			err = errors.New("some lines are times of arrivals and others minutes with counts: want one kind")
		case at < last:
			err = errors.New("it is before the line above: want them in order")
		case kind == 2 && at < last+time.Minute:
			err = errors.New("it is less than a minute after the line above")
		case len(times)+count > mostArrivals:
			err = fmt.Errorf("more than %d arrivals: split the file", mostArrivals)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("line %d: %s: %w", n, strict.Quote(text), err)
		}
		last = at
		if kind == 1 {
			times = append(times, at-first)
			end = at - first + 1
			continue
		}
		times = append(times, within(rng, at-first, count, seed != 0)...)
		end = at - first + time.Minute
	}
	if err := in.Err(); err != nil {
		return nil, 0, fmt.Errorf("line %d: %w", n+1, err)
	}
	if len(times) == 0 {
		return nil, 0, errors.New("no arrival in it")
	}
	for i := range times {
		times[i] = time.Duration(float64(times[i]) / speed)
	}
	end = time.Duration(float64(end) / speed)
	return times, max(end, times[len(times)-1]+1), nil // of months a float64 has no single nanoseconds
}

// within spreads so many arrivals over a minute.
func within(rng *rand.Rand, from time.Duration, n int, byChance bool) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		at := time.Duration(float64(i) / float64(n) * float64(time.Minute))
		if byChance {
			at = time.Duration(rng.Int64N(int64(time.Minute)))
		}
		all[i] = from + at
	}
	slices.Sort(all)
	return all
}

func separates(c rune) bool { return c == ' ' || c == '\t' || c == ',' || c == ';' }

// arrivalLine reads one line of a file of arrivals; count is 1 for a time alone.
func arrivalLine(text string) (at time.Duration, count int, err error) {
	fields := strings.FieldsFunc(text, separates)
	if len(fields) > 0 {
		if at, err = moment(fields[0]); err != nil {
			return 0, 0, err
		}
	}
	switch len(fields) {
	case 1:
		return at, 1, nil
	case 2:
		if count, err = strconv.Atoi(fields[1]); err != nil || count < 0 || count > mostArrivals {
			return 0, 0, fmt.Errorf("%s is no count of arrivals", strict.Quote(fields[1]))
		}
		return at, count, nil
	}
	return 0, 0, errors.New("want the time of an arrival, or a minute and a count")
}

// moment reads a time of day, a date and time, or seconds.
func moment(text string) (time.Duration, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return time.Duration(t.UnixNano()), nil
	}
	for _, form := range []string{"15:04:05.999999999", "15:04"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)), nil
		}
	}
	if s, err := strconv.ParseFloat(text, 64); err == nil && s >= 0 && s < 1e9 {
		return time.Duration(s * float64(time.Second)), nil
	}
	return 0, fmt.Errorf("%s is no time: want 09:31:05.250, 2026-01-31T09:31:05Z or seconds such as 12.5", strict.Quote(text))
}
