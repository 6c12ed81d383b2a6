// Package metrics tells a run that is under way to Prometheus: [Handler] answers its
// scrapes from the recorder's own histograms and counts. Nothing is recorded twice, and a
// run that nobody scrapes pays nothing.
package metrics

import (
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/posfleet/posfleet/report"
)

// Exemplar is one exchange that stands for others in a bucket: one of the slowest.
type Exemplar struct {
	Label    string
	Terminal string
	Response time.Duration
	At       time.Time
}

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
	arrivals  = metric{"posfleet_arrivals_total", "Arrivals, the warm-up's too: planned, played, stuck (nothing could be sent), not_played (no terminal was free), failed (a step did not hold).", []string{"what"}}
	answerer  = metric{"posfleet_unasked_total", "Answers that nobody waited for: late, duplicate, unmatched.", []string{"what"}}
	broken    = metric{"posfleet_rules_broken_total", "Answers that break a rule, by its id.", []string{"rule"}}
	kept      = metric{"posfleet_limit_kept", "Whether a limit holds as the run stands: 1, or 0.", []string{"limit"}}
	level     = metric{"posfleet_generator_level", "How far the last second can be trusted: 0 valid, 1 suspect, 2 not judged, 3 invalid.", nil}
)

var all = []*metric{&exchanges, &answers, &response, &service, &lag, &arrivals, &answerer, &broken, &kept, &level}

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

// Handler answers scrapes of a run. now gives the run as it stands and some of its
// slowest exchanges; it is asked by one scrape at a time.
func Handler(now func() (*report.Report, []Exemplar)) http.Handler {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(&collector{now})
	h := promhttp.HandlerFor(r, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 1, Timeout: 10 * time.Second})
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet || req.URL.Path != "/metrics" {
			http.Error(w, "what there is, is at /metrics", http.StatusNotFound)
			return
		}
		h.ServeHTTP(w, req)
	})
}

// collector implements prometheus.Collector.
type collector struct {
	now func() (*report.Report, []Exemplar)
}

func (m *metric) desc() *prometheus.Desc { return prometheus.NewDesc(m.name, m.help, m.labels, nil) }

// Describe tells of every metric.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, m := range all {
		to <- m.desc()
	}
}

// Collect tells the run as it stands.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	r, slowest := c.now()
	count := func(m *metric, n int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(m.desc(), prometheus.CounterValue, float64(n), labels...)
	}
	for i := range r.Labels {
		l := &r.Labels[i]
		for o, n := range l.Counts {
			count(&exchanges, n, l.Name, report.Outcome(o).Key())
		}
		for code, n := range l.Codes {
			count(&answers, n, l.Name, strings.ToValidUTF8(report.FormatCode(code), "?"))
		}
		to <- withExemplar(histogram(&response, report.ResponseTimes(*l), l.Name), l.Name, slowest)
		to <- histogram(&service, report.ServiceTimes(*l), l.Name)
		to <- histogram(&lag, report.Lags(*l), l.Name)
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
		{&answerer, "late", r.Late}, {&answerer, "duplicate", r.Duplicate}, {&answerer, "unmatched", r.Unmatched},
	} {
		count(a.m, a.n, a.what)
	}
	for _, b := range r.Rules {
		count(&broken, b.N, b.ID)
	}
	for _, l := range r.Limits {
		if l.Moot() {
			continue
		}
		ok := 0.0
		if l.OK {
			ok = 1
		}
		to <- prometheus.MustNewConstMetric(kept.desc(), prometheus.GaugeValue, ok, l.Limit)
	}
	if n := len(r.Seconds); n > 0 {
		to <- prometheus.MustNewConstMetric(level.desc(), prometheus.GaugeValue, float64(r.Seconds[n-1].Level))
	}
}

// histogram tells a distribution by fixed buckets.
func histogram(m *metric, d report.Distribution, label string) prometheus.Metric {
	buckets := map[float64]uint64{}
	for _, b := range bounds {
		buckets[b] = uint64(d.Upto(time.Duration(b * float64(time.Second))))
	}
	return prometheus.MustNewConstHistogram(m.desc(), uint64(d.N()), d.Sum().Seconds(), buckets, label)
}

// withExemplar puts the slowest exchanges of a label into the buckets they fall into.
func withExemplar(m prometheus.Metric, label string, slowest []Exemplar) prometheus.Metric {
	var told []prometheus.Exemplar
	for _, e := range slowest {
		if e.Label == label {
			told = append(told, prometheus.Exemplar{Value: e.Response.Seconds(), Timestamp: e.At, Labels: prometheus.Labels{"terminal": strings.ToValidUTF8(e.Terminal, "?")}})
		}
	}
	if len(told) == 0 {
		return m
	}
	with, err := prometheus.NewMetricWithExemplars(m, told...)
	if err != nil {
		return m // an exemplar is not worth a scrape
	}
	return with
}
