// Package metrics tells a run that is under way to others' monitoring, from the recorder's
// own histograms and counts: [Handler] answers the scrapes of Prometheus, [OTLP] sends to
// an OpenTelemetry collector. Nothing is recorded twice, and a run that nobody asks after
// pays nothing.
//
// Both have some of the slowest exchanges as exemplars, by terminal and trace number. OTLP
// sends them, and some that went wrong, as traces too, masked as in the report.
package metrics

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/posfleet/posfleet/report"
)

// metric is what is told of a run, by its name and meaning.
type metric struct {
	name, help string
	labels     []string
}

// The names are those of Prometheus' conventions: base units, totals of what only grows.
var (
	exchanges = metric{"posfleet_exchanges_total", "Exchanges that have ended, by kind of transaction and outcome; those due during the warm-up are left out, as in all that follows.", []string{"label", "outcome"}}
	answers   = metric{"posfleet_answers_total", "Answers by kind of transaction and response code.", []string{"label", "code"}}
	response  = metric{"posfleet_response_seconds", "Response time: from when the plan wanted the request sent to the last octet of the answer. A timeout counts as its age.", []string{"label"}}
	service   = metric{"posfleet_service_seconds", "Service time: from the write to the last octet of the answer.", []string{"label"}}
	lag       = metric{"posfleet_lag_seconds", "The generator's own lateness.", []string{"label"}}
	arrivals  = metric{"posfleet_arrivals_total", "Arrivals, the warm-up's too: planned, played, stuck (nothing could be sent), not_played (no terminal was free, or the agent is lost or has ended: posfleet_arrivals_unplayed), failed (a step did not hold).", []string{"what"}}
	unplayed  = metric{"posfleet_arrivals_unplayed", "Arrivals that have fallen due and that nobody is known to have played, since their agent is lost or has ended before its time. It falls again when the agent is heard of and tells what it played.", nil}
	expected  = metric{"posfleet_agents_expected", "Agents that are to play the run; told, as are the next two and posfleet_arrivals_unplayed, of a run that agents play.", nil}
	alive     = metric{"posfleet_agents_alive", "Agents that are heard of, those that have played to their end too; one that takes over counts for the one before.", nil}
	degraded  = metric{"posfleet_degraded", "Whether a share is or was not played as planned, its agent lost, ended before its time, failed or deaf to a key: 1, or 0.", nil}
	answerer  = metric{"posfleet_unasked_total", "Answers that nobody waited for: late, duplicate, unmatched.", []string{"what"}}
	broken    = metric{"posfleet_rules_broken_total", "Answers that break a rule, by its id.", []string{"rule"}}
	kept      = metric{"posfleet_limit_kept", "Whether a limit holds as the run stands: 1, or 0.", []string{"limit"}}
	level     = metric{"posfleet_generator_level", "How far the last second can be trusted: 0 valid, 1 suspect, 2 not judged, 3 invalid.", nil}
)

var all = []*metric{&exchanges, &answers, &response, &service, &lag, &arrivals, &unplayed, &expected, &alive, &degraded, &answerer, &broken, &kept, &level}

// Names are the names of all that is told; histograms have _bucket, _sum and _count
// behind them.
func Names() (names []string) {
	for _, m := range all {
		names = append(names, m.name)
	}
	return names
}

// bounds of the buckets, in seconds: 1, 2, 5 from 100 µs to a minute.
var bounds = []float64{.0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 60}

// Now gives a run as it stands, some exchanges that went wrong lately, and some of the
// slowest.
type Now func() (rep *report.Report, wrong, slow []report.Event)

// teller takes what is told of a run.
type teller interface {
	count(m *metric, n int64, labels ...string)
	gauge(m *metric, x float64, labels ...string)
	histogram(m *metric, d report.Distribution, slowest []report.Event, label string)
}

// tell tells a run as it stands.
func tell(r *report.Report, slowest []report.Event, to teller) {
	for i := range r.Labels {
		l := &r.Labels[i]
		for o, n := range l.Counts {
			to.count(&exchanges, n, l.Name, report.Outcome(o).Key())
		}
		for code, n := range l.Codes {
			to.count(&answers, n, l.Name, strings.ToValidUTF8(report.FormatCode(code), "?"))
		}
		var of []report.Event
		for _, e := range slowest {
			if e.Label == l.Name && e.Due >= r.Plan.Warmup {
				of = append(of, e)
			}
		}
		to.histogram(&response, report.ResponseTimes(*l), of, l.Name)
		to.histogram(&service, report.ServiceTimes(*l), nil, l.Name)
		to.histogram(&lag, report.Lags(*l), nil, l.Name)
	}
	stuck := int64(0)
	for _, n := range r.Stuck {
		stuck += n
	}
	for _, a := range []struct {
		m    *metric
		what string
		n    int64
	}{
		{&arrivals, "planned", r.Planned}, {&arrivals, "played", r.Played}, {&arrivals, "stuck", stuck},
		{&arrivals, "not_played", r.NotPlayed}, {&arrivals, "failed", r.Failed},
		{&answerer, "late", r.Late}, {&answerer, "after_break", r.Cut}, {&answerer, "duplicate", r.Duplicate}, {&answerer, "unmatched", r.Unmatched},
	} {
		to.count(a.m, a.n, a.what)
	}
	for _, b := range r.Rules {
		to.count(&broken, b.N, b.ID)
	}
	for _, l := range r.Limits {
		if l.Moot() {
			continue
		}
		to.gauge(&kept, truth(l.OK), l.Limit)
	}
	if len(r.Agents) > 0 {
		of, there := r.There()
		to.gauge(&expected, float64(of))
		to.gauge(&alive, float64(there))
		to.gauge(&unplayed, float64(r.Unplayed()))
		to.gauge(&degraded, truth(r.Degraded()))
	}
	if n := len(r.Seconds); n > 0 {
		to.gauge(&level, float64(r.Seconds[n-1].Level))
	}
}

// truth is 1 for true, else 0.
func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// traceID is the trace of an exchange: the same wherever it is told.
func traceID(run string, e *report.Event) (id [16]byte) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%d", run, e.Terminal, e.Sent))
	copy(id[:], sum[:])
	return id
}
