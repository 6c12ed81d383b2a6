package page

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/posfleet/posfleet/report"
)

// charts is what the page's script draws, small enough that ten minutes of a
// run with a dozen labels stay under 100 kB of JSON.
type charts struct {
	Span     float64         `json:"span"` // seconds that one entry of the columns below stands for
	At       []float64       `json:"at"`   // their starts
	End      float64         `json:"end"`
	Planned  []float64       `json:"planned"`  // a second
	Played   []float64       `json:"played"`   // nil when every arrival was
	Outcomes []outcomeColumn `json:"outcomes"` // those that occurred
	P50      column          `json:"p50"`      // of the response, as P99 and Max
	P99      column          `json:"p99"`
	Max      column          `json:"max"`
	Service  column          `json:"service"` // its p99
	Lag      column          `json:"lag"`     // its p99
	Levels   []string        `json:"levels"`  // report.Level of each
	Reasons  []string        `json:"reasons"` // why a span is not valid; parallel to Levels
	Warmup   []bool          `json:"warmup"`
	Grid     float64         `json:"grid"` // step of the curves, in powers of ten of 1/(1-q)
	PerDec   int             `json:"perdec"`
	Timeout  int64           `json:"timeout"` // µs; 0 when nothing timed out
	Labels   []labelChart    `json:"labels"`  // all of them first, then the busiest
}

type outcomeColumn struct {
	Name string    `json:"name"`
	Key  string    `json:"key"`
	Rate []float64 `json:"rate"`
}

// labelChart is the curve and the histogram of one label. Response and Service
// are read at quantiles Grid apart, as far as the samples carry.
type labelChart struct {
	Name     string  `json:"name"`
	N        int64   `json:"n"`
	End      float64 `json:"end"` // where the samples end, in powers of ten of 1/(1-q)
	Response column  `json:"response"`
	Service  column  `json:"service"`
	AtLeast  []int   `json:"atleast"` // indices into Response that are lower bounds
	First    int     `json:"first"`   // log10 of the first bar's start, times PerDec
	Bars     column  `json:"bars"`
	Outline  column  `json:"outline"` // the service's bars
	P50      int64   `json:"p50"`     // µs; -1 when the samples do not carry it
	P99      int64   `json:"p99"`
}

// column is a row of µs or counts; a negative one is none, and null in JSON.
type column []int64

// MarshalJSON writes the column, none as null.
func (c column) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, v := range c {
		if i > 0 {
			b = append(b, ',')
		}
		if v < 0 {
			b = append(b, "null"...)
			continue
		}
		b = strconv.AppendInt(b, v, 10)
	}
	return append(b, ']'), nil
}

var _ json.Marshaler = column{}

// Sizes of what the page draws.
const (
	mostSpans  = 720   // spans of time
	mostLabels = 12    // labels beside "all"
	grid       = 0.025 // of the percentile curve
	perDecade  = 16    // bars in a factor of ten
)

func chartsOf(r *report.Report) charts {
	seconds, span := report.Downsample(r.Seconds, mostSpans)
	c := charts{Span: span.Seconds(), Grid: grid, PerDec: perDecade}
	var sums report.Counts
	for _, s := range seconds {
		wide := max(s.Length, span/2).Seconds()
		rate := func(n int64) float64 { return math.Round(float64(n)/wide*10) / 10 }
		c.At = append(c.At, s.At.Seconds())
		c.End = (s.At + span).Seconds()
		if s.Length > 0 && s.Length < span {
			c.End = (s.At + s.Length).Seconds()
		}
		c.Planned = append(c.Planned, rate(s.Planned))
		if r.NotPlayed > 0 {
			c.Played = append(c.Played, rate(s.Played))
		}
		level, reason := s.Level, s.Reason
		if s.Warmup { // the generator is not judged by it
			level, reason = report.Valid, ""
		}
		c.Levels, c.Reasons, c.Warmup = append(c.Levels, level.String()), append(c.Reasons, reason), append(c.Warmup, s.Warmup)
		c.P50, c.P99, c.Max = append(c.P50, some(s.Response.N, s.Response.P50)), append(c.P99, some(s.Response.N, s.Response.P99)), append(c.Max, some(s.Response.N, s.Response.Max))
		c.Service = append(c.Service, some(s.Service.N, s.Service.P99))
		c.Lag = append(c.Lag, some(s.Response.N, s.LagP99))
		for o, n := range s.Counts {
			sums[o] += n
		}
	}
	for o, n := range sums {
		if n == 0 {
			continue
		}
		col := outcomeColumn{Name: report.Outcome(o).String(), Key: report.Outcome(o).Key()}
		for _, s := range seconds {
			col.Rate = append(col.Rate, math.Round(float64(s.Counts[o])/max(s.Length, span/2).Seconds()*10)/10)
		}
		c.Outcomes = append(c.Outcomes, col)
	}
	var late int64
	for _, l := range r.Labels {
		late += l.Counts[report.TimedOut]
	}
	if late > 0 {
		c.Timeout = r.Plan.Timeout.Microseconds()
	}
	c.Labels = append(c.Labels, chartOf("all", report.ResponseTimes(r.Labels...), report.ServiceTimes(r.Labels...)))
	busiest := slices.Clone(r.Labels)
	slices.SortStableFunc(busiest, func(a, b report.Label) int { return cmp.Compare(b.Counts.Sent(), a.Counts.Sent()) })
	for _, l := range busiest[:min(len(busiest), mostLabels)] {
		if lc := chartOf(l.Name, report.ResponseTimes(l), report.ServiceTimes(l)); lc.N > 0 && len(busiest) > 1 {
			c.Labels = append(c.Labels, lc)
		}
	}
	return c
}

// some is a latency in µs, or none when there were no samples.
func some(n int64, d time.Duration) int64 {
	if n == 0 {
		return -1
	}
	return d.Microseconds()
}

func chartOf(name string, response, service report.Distribution) labelChart {
	l := labelChart{Name: name, N: response.N(), P50: -1, P99: -1}
	if l.N == 0 {
		return l
	}
	carried := response.HighestQuantile()
	l.End = -math.Log10(1 - carried)
	for k := 0; ; k++ {
		x := float64(k) * grid
		if x > l.End {
			break
		}
		q := 1 - math.Pow(10, -x)
		l.Response = append(l.Response, response.At(q).Microseconds())
		if service.N() > 0 {
			l.Service = append(l.Service, service.At(q).Microseconds())
		}
		if response.AtLeast(q) {
			l.AtLeast = append(l.AtLeast, k)
		}
	}
	if carried >= 0.5 {
		l.P50 = response.At(0.5).Microseconds()
	}
	if carried >= 0.99 {
		l.P99 = response.At(0.99).Microseconds()
	}
	bars, outline := response.Bars(perDecade), service.Bars(perDecade)
	place := func(b report.Bar) int {
		return int(math.Round(math.Log10(float64(b.From)/float64(time.Microsecond)) * perDecade))
	}
	first, last := place(bars[0]), place(bars[len(bars)-1])
	if len(outline) > 0 {
		first, last = min(first, place(outline[0])), max(last, place(outline[len(outline)-1]))
	}
	l.First = first
	l.Bars, l.Outline = make(column, last-first+1), make(column, last-first+1)
	for _, b := range bars {
		l.Bars[place(b)-first] = b.Count
	}
	for _, b := range outline {
		l.Outline[place(b)-first] = b.Count
	}
	return l
}
