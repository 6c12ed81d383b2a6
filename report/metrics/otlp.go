package metrics

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/posfleet/posfleet/report"
)

// OTLP sends a run that is under way to an OpenTelemetry collector, by HTTP and protobuf:
// its metrics every few seconds, and of some exchanges, the slowest and those that went
// wrong, a trace each.
type OTLP struct {
	now     Now
	metrics *sdkmetric.MeterProvider
	traces  *sdktrace.TracerProvider
	tracer  trace.Tracer

	mu   sync.Mutex
	sent map[[16]byte]bool // traces
}

// sendEvery is how often metrics are sent.
const sendEvery = 5 * time.Second

// mostTraces is how many exchanges of a run are sent as traces.
const mostTraces = 2000

// NewOTLP sends a run to the collector at a URL, such as http://127.0.0.1:4318, until
// Close. Headers, such as a token, are taken from the environment as OpenTelemetry has it
// (OTEL_EXPORTER_OTLP_HEADERS). failed is told of what the collector did not take.
func NewOTLP(ctx context.Context, collector, run, version string, now Now, failed func(error)) (*OTLP, error) {
	u, err := url.Parse(collector)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("want a URL such as http://127.0.0.1:4318")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("want host, port and path alone; what proves who sends goes into OTEL_EXPORTER_OTLP_HEADERS")
	}
	base := strings.TrimRight(u.String(), "/")
	metrics, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(base+"/v1/metrics"),
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{})) // what comes next holds it too
	if err != nil {
		return nil, err
	}
	traces, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(base+"/v1/traces"),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: 500 * time.Millisecond, MaxInterval: time.Second, MaxElapsedTime: 2 * time.Second}))
	if err != nil {
		return nil, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(failed)) // there is one in a process
	about := resource.NewSchemaless(attribute.String("service.name", "posfleet"), attribute.String("service.version", version), attribute.String("posfleet.run", run))
	o := &OTLP{now: now, sent: map[[16]byte]bool{}}
	o.traces = sdktrace.NewTracerProvider(sdktrace.WithBatcher(traces), sdktrace.WithResource(about), sdktrace.WithIDGenerator(ids{}), sdktrace.WithSampler(sdktrace.AlwaysSample()))
	o.tracer = o.traces.Tracer(scope.Name)
	o.metrics = sdkmetric.NewMeterProvider(sdkmetric.WithResource(about),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics, sdkmetric.WithInterval(sendEvery), sdkmetric.WithProducer(o))))
	return o, nil
}

// scope is who tells.
var scope = instrumentation.Scope{Name: module}

const module = "github.com/posfleet/posfleet"

// Close sends the run as it stands now, and all that is left.
func (o *OTLP) Close(ctx context.Context) {
	if err := errors.Join(o.metrics.Shutdown(ctx), o.traces.Shutdown(ctx)); err != nil {
		otel.Handle(err)
	}
}

// Produce implements sdkmetric.Producer: the run as it stands. Traces are begun beside it.
func (o *OTLP) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	r, wrong, slow := o.now()
	o.trace(r, wrong)
	o.trace(r, slow)
	b := &batch{run: r, now: time.Now(), index: map[*metric]int{}}
	tell(r, slow, b)
	return []metricdata.ScopeMetrics{{Scope: scope, Metrics: b.told}}, nil
}

// batch is the metrics of one moment.
type batch struct {
	run   *report.Report
	now   time.Time
	index map[*metric]int // in told
	told  []metricdata.Metrics
}

// place is where a metric stands. Its name is OpenTelemetry's form of the other: a
// collector that tells Prometheus gives that again.
func (b *batch) place(m *metric) int {
	i, known := b.index[m]
	if known {
		return i
	}
	name, unit := strings.Replace(strings.TrimSuffix(m.name, "_total"), "posfleet_", "posfleet.", 1), ""
	if short, is := strings.CutSuffix(name, "_seconds"); is {
		name, unit = short, "s"
	}
	b.told = append(b.told, metricdata.Metrics{Name: name, Description: m.help, Unit: unit})
	b.index[m] = len(b.told) - 1
	return b.index[m]
}

func (m *metric) attributes(values []string) attribute.Set {
	pairs := make([]attribute.KeyValue, len(values))
	for i, v := range values {
		pairs[i] = attribute.String(m.labels[i], strings.ToValidUTF8(v, "?"))
	}
	return attribute.NewSet(pairs...)
}

func (b *batch) count(m *metric, n int64, labels ...string) {
	i := b.place(m)
	sum, _ := b.told[i].Data.(metricdata.Sum[int64])
	sum.Temporality, sum.IsMonotonic = metricdata.CumulativeTemporality, true
	sum.DataPoints = append(sum.DataPoints, metricdata.DataPoint[int64]{Attributes: m.attributes(labels), StartTime: b.run.Started, Time: b.now, Value: n})
	b.told[i].Data = sum
}

func (b *batch) gauge(m *metric, x float64, labels ...string) {
	i := b.place(m)
	g, _ := b.told[i].Data.(metricdata.Gauge[float64])
	g.DataPoints = append(g.DataPoints, metricdata.DataPoint[float64]{Attributes: m.attributes(labels), Time: b.now, Value: x})
	b.told[i].Data = g
}

func (b *batch) histogram(m *metric, d report.Distribution, slowest []report.Event, label string) {
	i := b.place(m)
	h, _ := b.told[i].Data.(metricdata.Histogram[float64])
	h.Temporality = metricdata.CumulativeTemporality
	p := metricdata.HistogramDataPoint[float64]{Attributes: m.attributes([]string{label}), StartTime: b.run.Started, Time: b.now,
		Count: uint64(d.N()), Sum: d.Sum().Seconds(), Bounds: bounds}
	var below uint64
	for _, bound := range bounds {
		upto := uint64(d.Upto(time.Duration(bound * float64(time.Second))))
		p.BucketCounts, below = append(p.BucketCounts, upto-below), upto
	}
	p.BucketCounts = append(p.BucketCounts, p.Count-below)
	for k := range slowest {
		e := &slowest[k]
		id := traceID(b.run.Run, e)
		span := spanID(id)
		p.Exemplars = append(p.Exemplars, metricdata.Exemplar[float64]{Time: b.run.Started.Add(e.At), Value: (e.Done - e.Due).Seconds(), TraceID: id[:], SpanID: span[:],
			FilteredAttributes: []attribute.KeyValue{attribute.String("terminal", strings.ToValidUTF8(e.Terminal, "?")), attribute.String("trace", strings.ToValidUTF8(e.Trace, "?"))}})
	}
	h.DataPoints = append(h.DataPoints, p)
	b.told[i].Data = h
}

// trace sends exchanges that have not been sent yet: when each was due, and within it
// when it was on the line.
func (o *OTLP) trace(r *report.Report, events []report.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range events {
		e := &events[i]
		id := traceID(r.Run, e)
		if o.sent[id] || len(o.sent) >= mostTraces || r.Started.IsZero() {
			continue
		}
		o.sent[id] = true
		at := func(d time.Duration) time.Time { return r.Started.Add(d) }
		text := func(key, value string) attribute.KeyValue {
			return attribute.String("posfleet."+key, strings.ToValidUTF8(value, "?"))
		}
		ctx, span := o.tracer.Start(context.WithValue(context.Background(), idKey{}, id), e.Label, trace.WithTimestamp(at(e.Due)), trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes(text("terminal", e.Terminal), text("trace", e.Trace), text("outcome", e.Outcome.String()), text("request", e.Request), text("answer", e.Answer)))
		if e.Outcome > report.Declined {
			span.SetStatus(codes.Error, strings.ToValidUTF8(e.Note, "?"))
		}
		if e.Outcome != report.Unsent {
			_, sent := o.tracer.Start(ctx, "on the line", trace.WithTimestamp(at(e.Sent)))
			sent.End(trace.WithTimestamp(at(e.Done)))
		}
		span.End(trace.WithTimestamp(at(e.Done)))
	}
}

// ids gives traces the ids that their exchanges have wherever they are told.
type ids struct{}

type idKey struct{}

// NewIDs implements sdktrace.IDGenerator.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id, _ := ctx.Value(idKey{}).([16]byte)
	return id, spanID(id)
}

// NewSpanID implements sdktrace.IDGenerator.
func (ids) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	binary.BigEndian.PutUint64(id[:], rand.Uint64()|1)
	return id
}

// spanID is the first span of a trace.
func spanID(id [16]byte) (span trace.SpanID) {
	copy(span[:], id[8:])
	return span
}
