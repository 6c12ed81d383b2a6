package main

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/metrics"
	"github.com/posfleet/posfleet/report/page"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/profile"
)

// watched is a run that can be seen while it runs, by whoever has a browser.
type watched struct {
	page   *page.Live
	server *http.Server
	url    string
	now    atomic.Pointer[func() (*report.Report, []page.Event)] // nil until the run is made
}

// watch serves the page of a run at an address, nobody else's names for it accepted. At
// another one than loopback the page has a path that nobody can guess.
func watch(address string) (*watched, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usage(fmt.Errorf("--live %q: want an address such as 127.0.0.1:8080", address))
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, usage(fmt.Errorf("--live: %w", err))
	}
	w := &watched{url: "http://" + l.Addr().String() + "/"}
	w.page = page.NewLive(func() (*report.Report, []page.Event) {
		if now := w.now.Load(); now != nil {
			return (*now)()
		}
		return &report.Report{Incomplete: "its terminals are signing in"}, nil
	})
	handler := http.Handler(w.page)
	if profile.IsLoopback(name) {
		handler = onlyLoopback(handler)
	} else {
		secret := "/" + rand.Text()
		w.url = strings.TrimSuffix(w.url, "/") + secret + "/"
		handler = http.StripPrefix(secret, handler)
	}
	w.server = serveHTTP(l, handler)
	return w, nil
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

// show serves the page of a run at an address, if one is given, and says where.
func (f *loadFlags) show(address string, tell *progress, run *sim.Run, folder *report.Folder, j *job, n *network) (err error) {
	if address == "" && f.metrics == "" {
		return nil
	}
	began := time.Now()
	here := report.ThisMachine(version())
	soFar := func() *report.Report {
		rep := run.Recorder.SoFar()
		rep.Plan, rep.Environment, rep.Started = f.asked, here, began
		rep.Incomplete = "it is under way"
		rep.Validity = report.ValidityOf(rep.Seconds, n.books != nil || n.local())
		rep.Advise()
		rep.Judge(j.limits)
		hide(rep, run.Profile.Dialect)
		return rep
	}
	if f.metrics != "" {
		if err := f.expose(tell, soFar, folder, began); err != nil {
			return err
		}
	}
	if address == "" {
		return nil
	}
	if f.watched, err = watch(address); err != nil {
		return err
	}
	tell.line("live: %s", f.watched.url)
	now := func() (*report.Report, []page.Event) {
		rep := soFar()
		wrong, slow := folder.Events.Lately()
		var events []page.Event
		for _, e := range append(wrong, slow...) {
			events = append(events, page.Event{At: fmt.Sprintf("%.1f s", e.At.Seconds()), Terminal: e.Terminal, Label: e.Label,
				Outcome: e.Outcome.String(), Took: report.FormatDuration(e.Done - e.Due), Why: e.Note})
		}
		return rep, events
	}
	f.watched.now.Store(&now)
	return nil
}

// expose answers Prometheus' scrapes of a run at an address.
func (f *loadFlags) expose(tell *progress, soFar func() *report.Report, folder *report.Folder, began time.Time) error {
	name, _, err := net.SplitHostPort(f.metrics)
	if err != nil {
		return usage(fmt.Errorf("--metrics %q: want an address such as 127.0.0.1:9464", f.metrics))
	}
	l, err := net.Listen("tcp", f.metrics)
	if err != nil {
		return usage(fmt.Errorf("--metrics: %w", err))
	}
	h := metrics.Handler(func() (*report.Report, []metrics.Exemplar) {
		var slowest []metrics.Exemplar
		_, slow := folder.Events.Lately()
		for _, e := range slow {
			slowest = append(slowest, metrics.Exemplar{Label: e.Label, Terminal: e.Terminal, Response: e.Done - e.Due, At: began.Add(e.At)})
		}
		return soFar(), slowest
	})
	if profile.IsLoopback(name) {
		h = onlyLoopback(h)
	}
	serveHTTP(l, h)
	tell.line("metrics: http://%s/metrics", l.Addr())
	return nil
}

// tick says that a second has ended; nil has nobody to say it to, as in end and close.
func (w *watched) tick() {
	if w != nil {
		w.page.Tick()
	}
}

// end shows the finished run to those who look on.
func (w *watched) end(rep *report.Report) {
	if w != nil {
		w.page.End(rep)
	}
}

func (w *watched) close() {
	if w != nil {
		_ = w.server.Close() // whoever still looks on has the page
	}
}
