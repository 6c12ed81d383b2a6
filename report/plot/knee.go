package plot

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/posfleet/posfleet/report"
)

// Knee is what a search for a host's capacity has played.
type Knee struct {
	Under     string  // how it was played
	Measure   string  // of the latency shown: "p99 of purchase"
	Limit     float64 // µs that it may be; 0 for no such promise
	Low, High float64 // between which the capacity lies, arrivals a second; High may be infinite
	Points    []KneePoint
}

// KneePoint is one trial.
type KneePoint struct {
	Rate    float64 // arrivals a second
	Latency float64 // µs
	Held    bool
}

// SaveKnee draws latency over rate into dir, which must exist, as knee.svg and
// knee.png, and returns the paths written.
func SaveKnee(k Knee, dir string) ([]string, error) { return save(dir, "knee", knee, k, k) }

func knee(k Knee) *sheet {
	s := &sheet{title: "Latency by rate, and where the promises end", under: k.Under, plot: bare(), tall: plotTall, yname: k.Measure}
	var widest, lowest, highest float64
	lowest = math.Inf(1)
	for _, p := range k.Points {
		widest, lowest, highest = max(widest, p.Rate), min(lowest, p.Latency), max(highest, p.Latency)
	}
	if len(k.Points) == 0 || highest == 0 {
		s.empty = "no trial that could be judged"
		return s
	}
	p := s.plot
	countAxis(&p.X, widest)
	p.X.Max = widest * 1.03
	p.X.Label.Text = "arrivals a second"
	logLatencyAxis(&p.Y, max(1, min(lowest, highest/10)), max(highest, k.Limit)*1.2, 3.4)
	if k.Low > 0 {
		high := min(k.High, p.X.Max)
		band(p, shade, k.Low, max(high, k.Low+p.X.Max/400), 0)
		name := fmt.Sprintf("capacity: %s/s to %s/s", digits(k.Low), digits(k.High))
		if math.IsInf(k.High, 1) {
			name = fmt.Sprintf("capacity: %s/s at least", digits(k.Low))
		}
		s.keys = append(s.keys, boxKey(shade, name))
	}
	grid(p, true)
	if k.Limit > 0 {
		limit := stroke(1.1, vermilion, 5, 3)
		line(p, limit, []xy{{p.X.Min, k.Limit}, {p.X.Max, k.Limit}})
		s.keys = append(s.keys, lineKey(limit, "promise"))
	}
	p.Add(drawing(func(c draw.Canvas, x, y func(float64) vg.Length) {
		for _, pt := range k.Points {
			fill := responseColour
			if !pt.Held {
				fill = vermilion
			}
			disc(c, vg.Point{X: x(pt.Rate), Y: y(within(max(1, pt.Latency), p.Y.Min, p.Y.Max))}, 4, fill)
		}
	}))
	s.keys = append(s.keys, dotKey(responseColour, "every promise held"), dotKey(vermilion, "one was broken, or the host fell behind"))
	return s
}

// digits is a rate as keys tell it.
func digits(rate float64) string {
	if rate < 100 {
		return fmt.Sprintf("%.3g", rate)
	}
	return report.FormatCount(int64(math.Round(rate)))
}
