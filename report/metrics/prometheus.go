package metrics

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/posfleet/posfleet/report"
)

// Handler answers Prometheus' scrapes of a run, one at a time.
func Handler(now Now) http.Handler {
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
type collector struct{ now Now }

func (m *metric) desc() *prometheus.Desc { return prometheus.NewDesc(m.name, m.help, m.labels, nil) }

// Describe tells of every metric.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, m := range all {
		to <- m.desc()
	}
}

// Collect tells the run as it stands.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	r, _, slow := c.now()
	tell(r, slow, &exposition{r, to})
}

// exposition tells one scrape.
type exposition struct {
	run *report.Report
	to  chan<- prometheus.Metric
}

func (s *exposition) count(m *metric, n int64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(m.desc(), prometheus.CounterValue, float64(n), labels...)
}

func (s *exposition) gauge(m *metric, x float64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(m.desc(), prometheus.GaugeValue, x, labels...)
}

// histogram tells a distribution by fixed buckets, with the slowest exchanges in those
// that they fall into.
func (s *exposition) histogram(m *metric, d report.Distribution, slowest []report.Event, label string) {
	buckets := map[float64]uint64{}
	for _, b := range bounds {
		buckets[b] = uint64(d.Upto(time.Duration(b * float64(time.Second))))
	}
	told := prometheus.MustNewConstHistogram(m.desc(), uint64(d.N()), d.Sum().Seconds(), buckets, label)
	var exemplars []prometheus.Exemplar
	for i := range slowest {
		e := &slowest[i]
		exemplars = append(exemplars, prometheus.Exemplar{Value: (e.Done - e.Due).Seconds(), Timestamp: s.run.Started.Add(e.At), Labels: prometheus.Labels{
			"terminal": strings.ToValidUTF8(e.Terminal, "?"), "trace": strings.ToValidUTF8(e.Trace, "?"), "trace_id": fmt.Sprintf("%x", traceID(s.run.Run, e)),
		}})
	}
	if len(exemplars) > 0 {
		if with, err := prometheus.NewMetricWithExemplars(told, exemplars...); err == nil { // an exemplar is not worth a scrape
			told = with
		}
	}
	s.to <- told
}
