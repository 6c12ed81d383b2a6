package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/metrics"
	"github.com/posfleet/posfleet/report/page"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/profile"
)

// watched is a run that is seen while it runs, by whoever has a browser or a monitoring.
type watched struct {
	page    *page.Live    // nil for none
	otlp    *metrics.OTLP // nil for none
	servers []*http.Server
	seen    sight                     // of the run under way
	held    atomic.Pointer[lastSight] // what is seen from then on; nil as long as it is under way
}

// lastSight is what is last seen of a run: a collector or a scrape may come late.
type lastSight struct {
	rep         *report.Report
	wrong, slow []report.Event
}

// now is a run as it is seen now.
func (w *watched) now() (*report.Report, []report.Event, []report.Event) {
	if l := w.held.Load(); l != nil {
		return l.rep, l.wrong, l.slow
	}
	return w.seen()
}

// hold keeps in sight what is seen now: what it is made of is about to be taken away.
func (w *watched) hold() {
	if w != nil {
		rep, wrong, slow := w.now()
		w.held.Store(&lastSight{rep, wrong, slow})
	}
}

// servePage serves a page that --live asks for, nobody else's names for it accepted. At
// another address than loopback it has a path that nobody can guess.
func servePage(address string, handler http.Handler) (url string, server *http.Server, err error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", nil, usage(fmt.Errorf("--live %q: want an address such as 127.0.0.1:8080", address))
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, usage(fmt.Errorf("--live: %w", err))
	}
	url = "http://" + l.Addr().String() + "/"
	if profile.IsLoopback(name) {
		handler = onlyLoopback(handler)
	} else {
		secret := "/" + rand.Text()
		url = strings.TrimSuffix(url, "/") + secret + "/"
		handler = http.StripPrefix(secret, handler)
	}
	return url, serveHTTP(l, handler), nil
}

// mostConnections is how many may ask at once; more wait until one ends.
const mostConnections = 200

// serveHTTP serves what can only be read, with bounds on time, size and number.
func serveHTTP(l net.Listener, h http.Handler) *http.Server {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go func() { _ = s.Serve(netutil.LimitListener(l, mostConnections)) }()
	return s
}

// onlyLoopback refuses requests that reached this machine under another name: a page of
// somebody else's could have had a browser send them.
func onlyLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			name = r.Host
		}
		if ip := net.ParseIP(strings.Trim(name, "[]")); !strings.EqualFold(name, "localhost") && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this is not "+report.Printable(r.Host), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sight is a run under way as those who look on see it.
type sight = metrics.Now

// sight is of a run that this process plays.
func (f *loadFlags) sight(id string, run *sim.Run, folder *report.Folder, j *job, n *network) sight {
	here := report.ThisMachine(build())
	return func() (*report.Report, []report.Event, []report.Event) {
		rep := run.Recorder.SoFar()
		rep.Run, rep.Plan, rep.Environment = id, f.planned(), here
		if began := f.began.Load(); began != nil {
			rep.Started = *began
		}
		rep.Incomplete = report.UnderWay
		rep.Validity = report.ValidityOf(rep.Seconds, n.books != nil || n.local())
		rep.Advise()
		rep.Judge(j.limits)
		hide(rep, run.Profile.Dialect)
		wrong, slow := folder.Events.Lately()
		return rep, wrong, slow
	}
}

// viewFlags say where a run can be seen while it runs.
type viewFlags struct {
	live    string // address of the page
	metrics string // and of what Prometheus scrapes
	otlp    string // URL of a collector that is told
}

// show tells a run to those that are given, and says where.
func (f *viewFlags) show(ctx context.Context, tell *progress, run string, seen sight) (*watched, error) {
	w := &watched{seen: seen}
	for _, begin := range []func(context.Context, *progress, string, sight, *watched) error{f.expose, f.send, f.serve} {
		if err := begin(ctx, tell, run, w.now, w); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

// serve serves the run's page.
func (f *viewFlags) serve(_ context.Context, tell *progress, _ string, seen sight, w *watched) error {
	if f.live == "" {
		return nil
	}
	w.page = page.NewLive(func() (*report.Report, []page.Event) {
		rep, wrong, slow := seen()
		var events []page.Event
		for _, e := range append(wrong, slow...) {
			events = append(events, page.Event{At: fmt.Sprintf("%.1f s", e.At.Seconds()), Terminal: e.Terminal, Label: e.Label,
				Outcome: e.Outcome.String(), Took: report.FormatDuration(e.Done - e.Due), Why: e.Note})
		}
		return rep, events
	})
	url, server, err := servePage(f.live, w.page)
	if err != nil {
		return err
	}
	w.servers = append(w.servers, server)
	tell.line("live: %s", url)
	return nil
}

// expose answers Prometheus' scrapes.
func (f *viewFlags) expose(_ context.Context, tell *progress, _ string, seen sight, w *watched) error {
	if f.metrics == "" {
		return nil
	}
	name, _, err := net.SplitHostPort(f.metrics)
	if err != nil {
		return usage(fmt.Errorf("--metrics %q: want an address such as 127.0.0.1:9464", f.metrics))
	}
	l, err := net.Listen("tcp", f.metrics)
	if err != nil {
		return usage(fmt.Errorf("--metrics: %w", err))
	}
	h := metrics.Handler(seen)
	if profile.IsLoopback(name) {
		h = onlyLoopback(h)
	}
	w.servers = append(w.servers, serveHTTP(l, h))
	tell.line("metrics: http://%s/metrics", l.Addr())
	return nil
}

// send sends to an OpenTelemetry collector. What it does not take is told once, and
// changes nothing of the run.
func (f *viewFlags) send(ctx context.Context, tell *progress, run string, seen sight, w *watched) (err error) {
	if f.otlp == "" {
		return nil
	}
	var once sync.Once
	w.otlp, err = metrics.NewOTLP(ctx, f.otlp, run, version(), seen, func(err error) {
		once.Do(func() { tell.line("otlp: not all could be sent: %v", err) })
	})
	if err != nil {
		return usage(fmt.Errorf("--otlp: %w", err))
	}
	return nil
}

// tick says that a second has ended; nil has nobody to say it to, as in end and close.
func (w *watched) tick() {
	if w != nil && w.page != nil {
		w.page.Tick()
	}
}

// end tells the finished run, before its folder is closed.
func (w *watched) end(rep *report.Report) {
	if w == nil {
		return
	}
	_, wrong, slow := w.now()
	w.held.Store(&lastSight{rep, wrong, slow})
	w.lastWords()
	if w.page != nil {
		w.page.End(rep)
	}
}

// lastWords sends what is left to a collector, which may take a while for it.
func (w *watched) lastWords() {
	if w.otlp != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		w.otlp.Close(ctx)
		w.otlp = nil
	}
}

func (w *watched) close() {
	if w == nil {
		return
	}
	w.lastWords()
	for _, s := range w.servers {
		_ = s.Close() // whoever still looks on has the page
	}
}
