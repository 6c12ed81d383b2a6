// Package capacity searches the highest rate at which promises hold. A [Search] has
// [Trial] runs played, one after the other, and gives the [Band] between the highest
// rate that held and the lowest that did not.
//
// It doubles the rate until a trial does not hold, halves the gap on a scale of ratios
// until it is narrow, and plays the best rate again to confirm it: as RFC 2544 and RFC
// 7502 look for a rate, but with a confirmation, since one run may be lucky.
package capacity

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/posfleet/posfleet/report"
)

// Verdict is what a trial showed of its rate.
type Verdict uint8

const (
	Held    Verdict = iota // every promise held, and the host kept up
	Broken                 // one did not, or the host fell behind
	Short                  // one did not since no terminal was free, of a host that was as quick as ever
	Invalid                // the generator was the limit: it says nothing of the host
	Untold                 // too few exchanges to tell whether the promises hold
)

// Trial is one run at a rate.
type Trial struct {
	Rate    float64 // arrivals a second
	Verdict Verdict
	Why     string // when it did not hold, in words
	Confirm bool   // the rate was known to hold once
	Report  *report.Report
}

// Search is how the rate is looked for.
type Search struct {
	From, To  float64 // the lowest and the highest rate tried, a second
	Precision float64 // how wide the gap may be that is left, as a share
	Confirm   int     // how often the best rate is played again
	// Play plays a run at a rate. The error ends the search.
	Play func(rate float64, confirm bool) (Trial, error)
}

// Band is what was found: the capacity lies between Low, the highest rate that held each
// time it was played, and High, the lowest above it that did not.
type Band struct {
	Low  float64 // 0 when not even the lowest rate held
	High float64 // infinite when the highest rate held
}

// ErrGenerator is that the generator was the limit, twice at one rate.
var ErrGenerator = errors.New("the generator was the limit, not the host")

// ErrTooFew is that a rate cannot be told of, for want of exchanges.
var ErrTooFew = errors.New("too few exchanges to tell whether the promises hold: play longer (--for), or begin with a higher rate (--from)")

// again is how often a rate is played again whose trial was invalid.
const again = 2

// Run looks for the capacity. Below a rate that the fleet was too small for it finds what
// the fleet holds.
func (s *Search) Run() (Band, error) {
	b := Band{High: math.Inf(1)}
	for rate := s.From; ; rate = min(2*rate, s.To) {
		held, err := s.try(rate, false)
		if errors.Is(err, ErrTooFew) && rate < s.To {
			continue // with more arrivals it may be told
		}
		if err != nil {
			return b, err
		}
		if !held {
			b.High = rate
			break
		}
		b.Low = rate
		if rate >= s.To {
			break
		}
	}
	if b.Low == 0 && b.High > s.From {
		return b, fmt.Errorf("below %.4g/s: %w", b.High, ErrTooFew)
	}
	if b.Low == 0 {
		return b, nil
	}
	for b.High < math.Inf(1) && b.High/b.Low > 1+s.Precision {
		if err := s.halve(&b); err != nil {
			return b, err
		}
	}
	return b, s.confirm(&b)
}

func (s *Search) halve(b *Band) error {
	rate := rounded(math.Sqrt(b.Low*b.High), b.Low, b.High)
	held, err := s.try(rate, false)
	switch {
	case err != nil:
	case held:
		b.Low = rate
	default:
		b.High = rate
	}
	return err
}

// confirm plays the best rate again, and lower ones as long as that does not hold.
func (s *Search) confirm(b *Band) error {
	for k := 0; k < s.Confirm; {
		held, err := s.try(b.Low, true)
		if err != nil {
			return err
		}
		if k++; held {
			continue
		}
		k, b.High = 0, b.Low
		if b.Low /= 1 + s.Precision; b.Low < s.From {
			b.Low = 0
			return nil
		}
	}
	return nil
}

// try plays a rate, again when the generator was the limit.
func (s *Search) try(rate float64, confirm bool) (held bool, err error) {
	why := ""
	for range 1 + again {
		t, err := s.Play(rate, confirm)
		if err == nil && t.Verdict == Untold {
			err = fmt.Errorf("at %.4g/s: %w", rate, ErrTooFew)
		}
		if err != nil || t.Verdict != Invalid {
			return t.Verdict == Held, err
		}
		why = t.Why
	}
	return false, fmt.Errorf("at %.4g/s, %d times: %w: %s", rate, 1+again, ErrGenerator, why)
}

// rounded is a rate of three digits, if that is still between the bounds.
func rounded(rate, low, high float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(rate))-2)
	if r := math.Round(rate/step) * step; r > low && r < high {
		return r
	}
	return rate
}

// behind is how much longer a second's median response time may get each second: a
// host that answers one percent fewer than come makes it grow by 10 ms each second.
const behind = 0.01

// Told reports whether a run is long enough to see whether its host falls behind: four
// seconds outside the warm-up with exchanges.
func Told(r *report.Report) bool {
	at, _ := medians(r, func(s *report.Second) report.Quantiles { return s.Response })
	return len(at) >= toldBy
}

// toldBy is so many seconds.
const toldBy = 4

// Behind reports whether the host fell behind its arrivals, and by what share: how much
// the response time grew with the run, by the slope through the seconds' medians. A run
// of less than four seconds outside the warm-up tells nothing.
func Behind(r *report.Report) (share float64, fell bool) {
	return growth(r, func(s *report.Second) report.Quantiles { return s.Response })
}

// growth is Behind of one of the times of a second.
func growth(r *report.Report, of func(*report.Second) report.Quantiles) (share float64, fell bool) {
	at, p50 := medians(r, of)
	if len(at) < toldBy {
		return 0, false
	}
	var x, y float64
	for i := range at {
		x, y = x+at[i]/float64(len(at)), y+p50[i]/float64(len(at))
	}
	var xy, xx float64
	for i := range at {
		xy, xx = xy+(at[i]-x)*(p50[i]-y), xx+(at[i]-x)*(at[i]-x)
	}
	share = xy / xx
	return share, share > behind
}

// medians are the seconds outside the warm-up with exchanges, and the median of each.
func medians(r *report.Report, of func(*report.Second) report.Quantiles) (at, p50 []float64) {
	for i := range r.Seconds {
		s := &r.Seconds[i]
		if q := of(s); !s.Warmup && q.N > 0 && s.Length > 500*time.Millisecond && s.At < r.Plan.For {
			at, p50 = append(at, s.At.Seconds()), append(p50, q.P50.Seconds())
		}
	}
	return at, p50
}

// slower is how many times the median service time of its quickest second a host may take
// on the whole, and slack what it may take besides, before it has become slower.
const (
	slower = 2
	slack  = 10 * time.Millisecond
)

// Fleet tells a fleet that is too small from a host that is too slow for it: both leave
// arrivals without a terminal, and response times count that wait, but only the host's own
// service time grows with the rate. The zero value knows of no run yet.
type Fleet struct{ quickest time.Duration }

// Short reports whether a run that did not hold would have with terminals enough, as far as
// can be told. Each run of a search has to be shown.
func (f *Fleet) Short(r *report.Report) bool {
	var medians []time.Duration
	for i := range r.Seconds {
		s := &r.Seconds[i]
		if s.Service.N == 0 {
			continue
		}
		if f.quickest == 0 || s.Service.P50 < f.quickest {
			f.quickest = s.Service.P50
		}
		if !s.Warmup {
			medians = append(medians, s.Service.P50)
		}
	}
	if r.Waited.Enough == 0 || len(medians) == 0 {
		return false // nobody waited, or more terminals would have waited as well
	}
	slices.Sort(medians)
	_, fell := growth(r, func(s *report.Second) report.Quantiles { return s.Service })
	return !fell && medians[len(medians)/2] <= slower*f.quickest+slack && onlyWaited(r)
}

// onlyWaited reports whether the promises that a run broke are such as waiting for a
// terminal breaks, and hold of the times that the host itself took.
func onlyWaited(r *report.Report) bool {
	var served []report.Limit
	for _, l := range r.Limits {
		if l.OK || l.TooFew || l.Default {
			continue
		}
		limit, err := report.ParseLimit(l.Limit)
		switch {
		case err != nil:
			return false
		case limit.Measure == "quantile" || limit.Measure == "mean":
			limit.Service = true
			served = append(served, limit)
		case limit.Measure != "rate" && limit.Measure != "notplayed":
			return false
		}
	}
	of := *r
	of.Judge(served)
	return !slices.ContainsFunc(of.Limits, func(l report.LimitResult) bool { return !l.OK && !l.TooFew })
}
