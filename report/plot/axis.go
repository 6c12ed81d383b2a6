package plot

import (
	"math"
	"strconv"
	"time"

	"github.com/posfleet/posfleet/report"
	"gonum.org/v1/plot"
)

// ticks are marks worked out beforehand. gonum's own leave a log axis without
// labels when it spans less than a decade, and write 1e+03.
type ticks []plot.Tick

// Ticks returns the marks, whatever the range.
func (t ticks) Ticks(_, _ float64) []plot.Tick { return t }

// tickAt is one mark.
func tickAt(v float64, name string) plot.Tick { return plot.Tick{Value: v, Label: name} }

// latencyAxis makes a an axis of microseconds that holds both ends: logarithmic
// when they are more than two decades apart, else linear from zero.
func latencyAxis(a *plot.Axis, lo, hi, dense float64) {
	lo = max(lo, 1)
	hi = max(hi, lo)
	if hi/lo > 100 {
		logLatencyAxis(a, lo, hi, dense)
		return
	}
	step := max(1, niceStep(hi, 5))
	a.Min, a.Max = 0, step*math.Ceil(hi*1.04/step)
	a.Scale = plot.LinearScale{}
	var marks ticks
	for k := 0; float64(k)*step <= a.Max*1.0001; k++ {
		marks = append(marks, plot.Tick{Value: float64(k) * step, Label: inUnitOf(float64(k)*step, a.Max)})
	}
	a.Tick.Marker = marks
}

// logLatencyAxis makes a an axis of microseconds in decades, with room at both
// ends. Up to so many decades as dense, 2 and 5 are marked in each too.
func logLatencyAxis(a *plot.Axis, lo, hi, dense float64) {
	lo = max(lo, 1)
	hi = max(hi, lo)
	a.Min, a.Max = stepDown(lo/1.05), stepUp(hi*1.05)
	a.Scale = plot.LogScale{}
	steps := []float64{1}
	if math.Log10(a.Max/a.Min) <= dense {
		steps = []float64{1, 2, 5}
	}
	var marks ticks
	every := math.Ceil(math.Log10(a.Max/a.Min) / 9) // decades
	for d := math.Floor(math.Log10(a.Min)); d <= math.Ceil(math.Log10(a.Max)); d += every {
		for _, s := range steps {
			if v := s * math.Pow(10, d); v >= a.Min*0.999 && v <= a.Max*1.001 {
				marks = append(marks, plot.Tick{Value: min(max(v, a.Min), a.Max), Label: inUnitOf(v, v)})
			}
		}
	}
	a.Tick.Marker = marks
}

// headroom lengthens a latency axis so that what stands highest has a share of
// the plot free above it.
func headroom(a *plot.Axis, hi, free float64) {
	if _, log := a.Scale.(plot.LogScale); log {
		a.Max = max(a.Max, a.Min*math.Pow(max(hi, 1)/a.Min, 1/(1-free)))
		return
	}
	a.Max = max(a.Max, hi/(1-free))
}

// countAxis makes a a linear axis of counts from zero.
func countAxis(a *plot.Axis, hi float64) {
	hi = max(hi, 1)
	step := max(1, niceStep(hi, 5))
	a.Min, a.Max = 0, hi*1.06
	a.Scale = plot.LinearScale{}
	var marks ticks
	for k := 0; float64(k)*step <= a.Max; k++ {
		marks = append(marks, plot.Tick{Value: float64(k) * step, Label: report.FormatCount(int64(float64(k) * step))})
	}
	a.Tick.Marker = marks
}

// timeAxis makes a an axis of seconds since the start.
func timeAxis(a *plot.Axis, lasted time.Duration) {
	end := max(lasted.Seconds(), 1)
	step := 1.0
	for _, s := range []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400} {
		if step = s; end/s <= 10 {
			break
		}
	}
	for end/step > 10 {
		step *= 2
	}
	a.Min, a.Max = 0, end
	a.Scale = plot.LinearScale{}
	var marks ticks
	for k := 0; float64(k)*step <= end; k++ {
		marks = append(marks, plot.Tick{Value: float64(k) * step, Label: clock(float64(k)*step, step)})
	}
	a.Tick.Marker = marks
	a.Label.Text = "time since the start"
}

// nines places a quantile on the axis of log 1/(1-q).
func nines(q float64) float64 { return -math.Log10(1 - q) }

// ninesAxis makes a the percentile axis, out to the first tick beyond end (in
// powers of ten of 1/(1-q)).
func ninesAxis(a *plot.Axis, end float64) {
	a.Min, a.Max = 0, math.Ceil(max(end, 1)-1e-9)
	a.Scale = plot.LinearScale{}
	marks := ticks{{Value: 0, Label: "0 %"}, {Value: nines(0.5), Label: "50 %"}}
	for k := 1; float64(k) <= a.Max; k++ {
		v := 100 - math.Pow(10, float64(2-k))
		marks = append(marks, plot.Tick{Value: float64(k), Label: strconv.FormatFloat(v, 'f', max(0, k-2), 64) + " %"})
	}
	a.Tick.Marker = marks
	a.Label.Text = "percentile, on a scale of 1/(1-p)"
}

// niceStep divides 0..hi into about n steps of 1, 2, 2.5 or 5 times a power of ten.
func niceStep(hi float64, n int) float64 {
	rough := hi / float64(n)
	mag := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, s := range []float64{1, 2, 2.5, 5} {
		if s == 2.5 && mag <= 1 { // 2.5 of a whole thing
			continue
		}
		if rough <= s*mag*1.0001 {
			return s * mag
		}
	}
	return 10 * mag
}

// stepDown and stepUp round to the nearest 1, 2 or 5 times a power of ten.
func stepDown(v float64) float64 {
	mag := math.Pow(10, math.Floor(math.Log10(v)))
	for _, s := range []float64{5, 2} {
		if v >= s*mag {
			return s * mag
		}
	}
	return mag
}

func stepUp(v float64) float64 {
	mag := math.Pow(10, math.Floor(math.Log10(v)))
	for _, s := range []float64{1, 2, 5} {
		if v <= s*mag*1.0001 {
			return s * mag
		}
	}
	return 10 * mag
}
