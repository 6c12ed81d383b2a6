package plot

import (
	"math"
	"math/rand/v2"
	"strings"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/posfleet/posfleet/report"
)

// made builds a run from a formula: for each exchange its label, outcome,
// service time and lag. Every run is the same each time.
type made struct {
	rate    float64
	lasts   time.Duration
	warmup  time.Duration
	timeout time.Duration
	drain   time.Duration
	one     func(rng *rand.Rand, due time.Duration) exchange
}

type exchange struct {
	label   string
	outcome report.Outcome
	service time.Duration
	lag     time.Duration
}

func newHist() *hdr.Histogram { return hdr.New(1, int64(2*time.Minute/time.Microsecond), 3) }

func (m made) run() *report.Report {
	r := &report.Report{
		Plan: report.Plan{
			Model: "open", Arrivals: report.FormatCount(int64(m.rate)) + "/s constant", For: m.lasts, Warmup: m.warmup,
			Timeout: m.timeout, Terminals: 1000, Seed: 7, Target: "bundled host", Lines: "own", Dialect: "cup",
		},
		Environment: report.Environment{Version: "v0.1.0"},
		Took:        m.lasts,
		Validity:    report.Validity{SameHost: true},
	}
	rng := rand.New(rand.NewPCG(7, 7))
	labels := map[string]*report.Label{}
	type hists struct{ response, service, lag *hdr.Histogram }
	each := make([]hists, int((m.lasts+m.drain)/time.Second))
	r.Seconds = make([]report.Second, int((m.lasts+m.drain)/time.Second))
	for i := range r.Seconds {
		r.Seconds[i].At = time.Duration(i) * time.Second
		r.Seconds[i].Length = time.Second
		r.Seconds[i].Warmup = r.Seconds[i].At < m.warmup
		each[i] = hists{newHist(), newHist(), newHist()}
	}
	for k := range int(m.rate * m.lasts.Seconds()) {
		due := time.Duration(float64(k) / m.rate * float64(time.Second))
		e := m.one(rng, due)
		response := e.lag + e.service
		sec := min(int(due/time.Second), len(r.Seconds)-1)
		end := min(int((due+response)/time.Second), len(r.Seconds)-1)
		r.Seconds[sec].Planned++
		r.Seconds[sec].Played++
		r.Planned++
		r.Played++
		r.Seconds[end].Counts[e.outcome]++
		each[end].response.RecordValue(response.Microseconds())
		each[end].service.RecordValue(e.service.Microseconds())
		each[sec].lag.RecordValue(e.lag.Microseconds())
		l := labels[e.label]
		if l == nil {
			l = &report.Label{Name: e.label, Codes: map[string]int64{}, Response: newHist(), Service: newHist(), Lag: newHist()}
			labels[e.label] = l
		}
		if due < m.warmup {
			l.Warmup[e.outcome]++
			continue
		}
		l.Counts[e.outcome]++
		l.Response.RecordValue(response.Microseconds())
		l.Service.RecordValue(e.service.Microseconds())
		l.Lag.RecordValue(e.lag.Microseconds())
		if e.outcome == report.Open || e.outcome == report.Broken {
			if l.Censored == nil {
				l.Censored = newHist()
			}
			l.Censored.RecordValue(response.Microseconds())
		}
	}
	q := func(h *hdr.Histogram) report.Quantiles {
		at := func(p float64) time.Duration { return time.Duration(h.ValueAtQuantile(p)) * time.Microsecond }
		return report.Quantiles{N: h.TotalCount(), P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: at(100)}
	}
	for i := range r.Seconds {
		s := &r.Seconds[i]
		s.Response, s.Service = q(each[i].response), q(each[i].service)
		s.LagP50, s.LagP99 = q(each[i].lag).P50, q(each[i].lag).P99
	}
	for _, name := range []string{"purchase", "balance", "QR payment", "void", "refund", "reversal", "settlement", "签到", "sign-in"} {
		if l := labels[name]; l != nil {
			r.Labels = append(r.Labels, *l)
		}
	}
	return r
}

// around is a latency spread like that of real services: log-normal.
func around(rng *rand.Rand, median time.Duration, sigma float64) time.Duration {
	return time.Duration(float64(median) * math.Exp(rng.NormFloat64()*sigma))
}

// kind draws a label with the shares of a shop's day.
func kind(rng *rand.Rand) (string, float64) {
	switch u := rng.Float64(); {
	case u < 0.62:
		return "purchase", 1
	case u < 0.82:
		return "QR payment", 1.3
	case u < 0.92:
		return "balance", 0.6
	case u < 0.96:
		return "void", 1.1
	case u < 0.98:
		return "refund", 1.2
	case u < 0.99:
		return "签到", 2
	}
	return "settlement", 6
}

// runs are the kinds of run that a figure must stay readable for.
func runs() map[string]*report.Report {
	healthy := made{500, 30 * time.Second, 5 * time.Second, 10 * time.Second, 0, func(rng *rand.Rand, _ time.Duration) exchange {
		name, slow := kind(rng)
		o := report.Approved
		if rng.Float64() < 0.03 {
			o = report.Declined
		}
		return exchange{name, o, around(rng, time.Duration(slow*0.9*float64(time.Millisecond)), 0.35), around(rng, 40*time.Microsecond, 0.5)}
	}}.run()

	// The host of method.md: 1 ms, but it holds everything for the first second
	// of every ten.
	stall := made{500, 20 * time.Second, 0, 10 * time.Second, 0, func(rng *rand.Rand, due time.Duration) exchange {
		s := time.Millisecond + around(rng, 60*time.Microsecond, 0.8)
		if into := due % (10 * time.Second); into < time.Second {
			s += time.Second - into
		}
		name, _ := kind(rng)
		return exchange{name, report.Approved, s, around(rng, 70*time.Microsecond, 0.6)}
	}}.run()

	overloaded := made{800, 60 * time.Second, 5 * time.Second, 3 * time.Second, 3 * time.Second, func(rng *rand.Rand, due time.Duration) exchange {
		name, _ := kind(rng)
		o, s := report.Approved, around(rng, 2*time.Millisecond, 0.5)
		lag := around(rng, 60*time.Microsecond, 0.5)
		if due > 15*time.Second { // the queue grows by a quarter of a second each second
			s += time.Duration(float64(due-15*time.Second) * 0.12)
		}
		if due > 30*time.Second && due < 38*time.Second {
			lag = around(rng, 30*time.Millisecond, 0.7)
		}
		if s >= 3*time.Second {
			o, s = report.TimedOut, 3*time.Second
		} else if rng.Float64() < 0.01 {
			o = report.Broken
		} else if rng.Float64() < 0.02 {
			o = report.Refused
		}
		if due > 59*time.Second {
			o, s = report.Open, 63*time.Second-due
		}
		return exchange{name, o, s, lag}
	}}.run()
	overloaded.Played -= 1200
	overloaded.NotPlayed = 1200
	for i := range overloaded.Seconds {
		s := &overloaded.Seconds[i]
		if i >= 30 && i < 38 {
			s.Level, s.Reason = report.Invalid, "lag p99 96 ms, more than 20 ms"
			s.Played -= 150
		} else if i > 25 && i < 42 {
			s.Level, s.Reason = report.Suspect, "busiest core idle 12 %"
		}
	}
	overloaded.Validity = report.Validity{Level: report.Invalid, SameHost: true,
		Reasons: []string{"seconds 30 to 37: lag p99 96 ms, bound 20 ms", "seconds 26 to 41: busiest core idle 12 %, bound 20 %"}}

	declined := made{100, 10 * time.Second, 0, 10 * time.Second, 0, func(rng *rand.Rand, _ time.Duration) exchange {
		return exchange{"purchase", report.Declined, around(rng, 700*time.Microsecond, 0.2), around(rng, 40*time.Microsecond, 0.5)}
	}}.run()
	tiny := made{2, 6 * time.Second, 0, 10 * time.Second, 0, func(rng *rand.Rand, _ time.Duration) exchange {
		return exchange{"purchase", report.Approved, around(rng, 12*time.Millisecond, 0.4), around(rng, 40*time.Microsecond, 0.5)}
	}}.run()
	single := made{1, 1 * time.Second, 0, 10 * time.Second, 0, func(rng *rand.Rand, _ time.Duration) exchange {
		return exchange{"sign-in", report.Approved, 12 * time.Millisecond, 0}
	}}.run()
	silent := made{50, 20 * time.Second, 0, 5 * time.Second, 0, func(rng *rand.Rand, _ time.Duration) exchange {
		return exchange{"purchase", report.TimedOut, 5 * time.Second, around(rng, 40*time.Microsecond, 0.5)}
	}}.run()
	instant := made{500, 10 * time.Second, 0, 5 * time.Second, 0, func(*rand.Rand, time.Duration) exchange {
		return exchange{"purchase", report.Approved, 0, 0}
	}}.run()
	long := made{20, 30 * time.Minute, time.Minute, 10 * time.Second, 0, func(rng *rand.Rand, due time.Duration) exchange {
		name, slow := kind(rng)
		day := 1 + 0.8*math.Sin(due.Minutes()/5)
		return exchange{name, report.Approved, around(rng, time.Duration(day*slow*30*float64(time.Millisecond)), 0.5), around(rng, 80*time.Microsecond, 0.5)}
	}}.run()
	long.Plan.Model, long.Plan.Arrivals = "closed", "20/s constant"
	empty := &report.Report{Plan: healthy.Plan}

	// What no recorder writes, but a damaged file may hold.
	odd := &report.Report{
		Plan:        report.Plan{Arrivals: "\x00\x1b[31m<script>&", Terminals: -3, Target: "\xff\xfe", Timeout: -time.Hour},
		Environment: report.Environment{Version: strings.Repeat("long ", 80)},
		Validity:    report.Validity{Level: 9, Reasons: []string{"\x07" + strings.Repeat("because ", 60)}},
		Labels: []report.Label{
			{Name: "", Counts: report.Counts{report.TimedOut: 3, report.Open: -1}},
			{Name: "</text>" + strings.Repeat("<&>", 40), Counts: report.Counts{report.TimedOut: 1}, Response: newHist(), Censored: newHist()},
		},
		Seconds: []report.Second{
			{At: -time.Hour, Planned: -5, Level: 9, Response: report.Quantiles{N: 1, P50: -1, P99: -time.Hour}},
			{At: 400 * 24 * time.Hour, Planned: math.MaxInt64, Counts: report.Counts{math.MaxInt64, math.MaxInt64}, Response: report.Quantiles{N: 4, Max: math.MaxInt64}},
			{At: time.Second, Warmup: true, LagP99: -1, Played: 1},
		},
	}
	for k := range 20 {
		odd.Labels[1].Response.RecordValue(int64(math.Pow(2, float64(k))))
		odd.Labels[1].Censored.RecordValue(int64(k))
	}
	return map[string]*report.Report{
		"healthy": healthy, "stall": stall, "overloaded": overloaded, "declined": declined, "tiny": tiny,
		"single": single, "silent": silent, "instant": instant, "long": long, "empty": empty, "odd": odd, "zero": {},
	}
}
