package metrics

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// receiver is a collector that keeps what it is sent.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	metrics map[string]*metrics.Metric // the latest
	spans   []*trace.Span
}

func newReceiver(t *testing.T, status int) *receiver {
	r := &receiver{metrics: map[string]*metrics.Metric{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		octets, err := io.ReadAll(req.Body)
		var sent collectormetrics.ExportMetricsServiceRequest
		var traced collectortrace.ExportTraceServiceRequest
		switch req.URL.Path {
		case "/v1/metrics":
			if err == nil {
				err = proto.Unmarshal(octets, &sent)
			}
			for _, m := range sent.GetResourceMetrics() {
				for _, s := range m.GetScopeMetrics() {
					for _, x := range s.GetMetrics() {
						r.metrics[x.GetName()] = x
					}
				}
			}
		case "/v1/traces":
			if err == nil {
				err = proto.Unmarshal(octets, &traced)
			}
			for _, m := range traced.GetResourceSpans() {
				for _, s := range m.GetScopeSpans() {
					r.spans = append(r.spans, s.GetSpans()...)
				}
			}
		default:
			t.Errorf("asked for %s", req.URL.Path)
		}
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

func attributes(all []*common.KeyValue) string {
	var words []string
	for _, a := range all {
		words = append(words, a.GetKey()+"="+a.GetValue().GetStringValue())
	}
	return strings.Join(words, " ")
}

// A collector is sent what a scrape tells, and a trace of each exchange that is worth one,
// once, under the id that the exemplar has.
func TestCollectorIsSentMetricsAndTraces(t *testing.T) {
	r := newReceiver(t, http.StatusOK)
	o, err := NewOTLP(t.Context(), r.URL+"/", "run", "v1", hundred(t), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	if err := o.metrics.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.Close(t.Context())
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range Names() {
		name = strings.Replace(strings.TrimSuffix(strings.TrimSuffix(name, "_total"), "_seconds"), "posfleet_", "posfleet.", 1)
		if r.metrics[name] == nil {
			t.Errorf("%s is not sent", name)
		}
	}
	counted := map[string]int64{}
	for _, p := range r.metrics["posfleet.exchanges"].GetSum().GetDataPoints() {
		counted[attributes(p.GetAttributes())] = p.GetAsInt()
	}
	if counted["label=purchase outcome=approved"] != 99 || counted["label=purchase outcome=timed_out"] != 1 {
		t.Errorf("exchanges: %v", counted)
	}
	response := r.metrics["posfleet.response"]
	p := response.GetHistogram().GetDataPoints()[0]
	var n uint64
	for i, k := range p.GetBucketCounts() {
		if n += k; i < len(p.GetExplicitBounds()) && p.GetExplicitBounds()[i] == 0.05 && n != 99 {
			t.Errorf("%d up to 50 ms", n)
		}
	}
	if n != 100 || p.GetCount() != 100 || response.GetUnit() != "s" || p.GetStartTimeUnixNano() != uint64(began.UnixNano()) {
		t.Errorf("response: %v", response)
	}
	ids := map[string]*trace.Span{}
	for _, s := range r.spans {
		ids[hex.EncodeToString(s.GetTraceId())+" "+s.GetName()] = s
	}
	if len(r.spans) != 6 || len(ids) != 6 { // three exchanges, though they were there twice
		t.Errorf("%d spans of %d names: %v", len(r.spans), len(ids), ids)
	}
	e := p.GetExemplars()
	if len(e) != 1 || attributes(e[0].GetFilteredAttributes()) != "terminal=10000007 trace=000017" {
		t.Fatalf("exemplars: %v", e)
	}
	id := hex.EncodeToString(e[0].GetTraceId())
	whole, sent := ids[id+" purchase"], ids[id+" on the line"]
	if whole == nil || sent == nil || string(whole.GetSpanId()) != string(e[0].GetSpanId()) || string(sent.GetParentSpanId()) != string(whole.GetSpanId()) {
		t.Fatalf("the exemplar's trace %s is not among %v", id, ids)
	}
	if got := time.Duration(whole.GetEndTimeUnixNano() - whole.GetStartTimeUnixNano()); got != 20*time.Millisecond || sent.GetStartTimeUnixNano()-whole.GetStartTimeUnixNano() != 2e6 {
		t.Errorf("the exchange took %v: %v %v", got, whole, sent)
	}
	failed := false
	for _, s := range r.spans {
		if s.GetStatus().GetCode() == trace.Status_STATUS_CODE_ERROR {
			failed = s.GetStatus().GetMessage() == "no answer" && strings.Contains(attributes(s.GetAttributes()), "622500******0014")
		}
	}
	if !failed {
		t.Error("the timeout is no error")
	}
	if !strings.Contains(scrape(t, "application/openmetrics-text"), id) {
		t.Error("a scrape tells another trace id")
	}
}

// A collector that refuses, and one that is not there, are told of and hold nobody up.
func TestCollectorMayFail(t *testing.T) {
	r := newReceiver(t, http.StatusForbidden)
	gone := newReceiver(t, http.StatusOK)
	gone.Close()
	for name, url := range map[string]string{"refuses": r.URL, "is gone": gone.URL} {
		var mu sync.Mutex
		var said []string
		o, err := NewOTLP(t.Context(), url, "run", "v1", hundred(t), func(err error) {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, err.Error())
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		o.Close(ctx)
		cancel()
		mu.Lock()
		if len(said) == 0 {
			t.Errorf("that a collector %s is not told", name)
		}
		mu.Unlock()
	}
}

func TestCollectorURLIsChecked(t *testing.T) {
	for _, url := range []string{"127.0.0.1:4318", "ftp://x", "http://", "http://user:secret@x", "http://x?token=secret", ":"} {
		if _, err := NewOTLP(t.Context(), url, "run", "v1", nil, nil); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
