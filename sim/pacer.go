package sim

import (
	"fmt"
	"iter"
	"math"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Pacer gives the number and the due time, since the start, of each arrival in
// order, without end. It never sees the clock, so a slow host cannot slow
// arrivals down.
type Pacer = iter.Seq2[int, time.Duration]

// Rate is so many arrivals a period.
type Rate struct {
	N   float64
	Per time.Duration
}

// PerSecond is the rate in arrivals a second.
func (r Rate) PerSecond() float64 { return r.N / r.Per.Seconds() }

// String gives the form that ParseRate reads.
func (r Rate) String() string {
	unit := map[time.Duration]string{time.Second: "s", time.Minute: "m", time.Hour: "h"}[r.Per]
	return strconv.FormatFloat(r.N, 'f', -1, 64) + "/" + unit
}

// Rates beyond these are a slip of the pen: no machine sends a million scenarios a
// second, and nobody waits a thousand hours for the next one.
const (
	fastest = 1e6 // arrivals a second
	slowest = 1000 * time.Hour
)

// ParseRate reads "500/s", "30/m" or "7200/h". A bare number is an error: is
// it a second's or a minute's?
func ParseRate(s string) (Rate, error) {
	n, unit, ok := strings.Cut(s, "/")
	per, known := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	v, err := strconv.ParseFloat(n, 64)
	if !ok || !known || err != nil || v <= 0 || math.IsNaN(v) {
		return Rate{}, fmt.Errorf("rate %q: want a number above 0 and a unit, such as 500/s, 30/m or 7200/h", s)
	}
	r := Rate{v, per}
	switch {
	case r.PerSecond() > fastest:
		return Rate{}, fmt.Errorf("rate %q: more than %.0f arrivals a second, which no machine sends", s, fastest)
	case float64(per)/v > float64(slowest):
		return Rate{}, fmt.Errorf("rate %q: less than one arrival in %.0f hours, for which no run waits", s, slowest.Hours())
	}
	return r, nil
}

// never is later than the end of any run, and days from the end of the clock.
const never = time.Duration(math.MaxInt64 - 1<<50)

// after is so many ns after the start, or never.
func after(ns float64) time.Duration {
	if ns >= float64(never) {
		return never
	}
	return time.Duration(ns)
}

// Constant spaces arrivals evenly: arrival k is due at k·Per/N, reckoned from
// the count so that no rounding adds up.
func Constant(r Rate) Pacer {
	return func(yield func(int, time.Duration) bool) {
		whole := r.N == math.Trunc(r.N)
		for k := 0; ; k++ {
			due := after(float64(k) * float64(r.Per) / r.N)
			if whole && due < never {
				hi, lo := bits.Mul64(uint64(k), uint64(r.Per))
				q, _ := bits.Div64(hi, lo, uint64(r.N))
				due = time.Duration(q)
			}
			if !yield(k, due) {
				return
			}
		}
	}
}

// Ramp goes from one rate to another in a straight line and stays there. After
// t of over, (from + (to-from)·t/2over)·t arrivals have fallen due
// (TestRampIntegral).
func Ramp(from, to Rate, over time.Duration) Pacer {
	a, b, T := from.PerSecond(), to.PerSecond(), over.Seconds()
	slope := (b - a) / T
	total := (a + b) / 2 * T
	return func(yield func(int, time.Duration) bool) {
		for k := 0; ; k++ {
			n, t := float64(k), 0.0
			switch {
			case k == 0:
			case n >= total:
				t = T + (n-total)/b
			case slope == 0:
				t = n / a
			default: // the root of slope/2·t² + a·t = n, in the form that does not cancel
				t = 2 * n / (a + math.Sqrt(math.Max(0, a*a+2*slope*n)))
			}
			if !yield(k, after(t*1e9)) {
				return
			}
		}
	}
}

// Poisson gives arrivals that know nothing of each other: gaps are exponential
// with the rate's mean. The same seed gives the same arrivals.
func Poisson(r Rate, seed uint64) Pacer {
	mean := float64(r.Per) / r.N
	return func(yield func(int, time.Duration) bool) {
		rng := rand.New(rand.NewPCG(seed, 0x706f7373))
		due := 0.0
		for k := 0; ; k++ {
			due += rng.ExpFloat64() * mean
			if !yield(k, after(due)) {
				return
			}
		}
	}
}
