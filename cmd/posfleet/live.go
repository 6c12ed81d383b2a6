package main

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

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

// watch serves the page of a run at an address.
func watch(address string) (w *watched, err error) {
	w = &watched{}
	w.page = page.NewLive(func() (*report.Report, []page.Event) {
		if now := w.now.Load(); now != nil {
			return (*now)()
		}
		return &report.Report{Incomplete: "its terminals are signing in"}, nil
	})
	w.url, w.server, err = servePage(address, w.page)
	return w, err
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
	server = &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go func() { _ = server.Serve(l) }()
	return url, server, nil
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

// sight is a run under way as those who look on see it: the run as it stands, what went
// wrong lately, and the slowest exchanges.
type sight func() (rep *report.Report, wrong, slow []report.Event)

// sight is of a run that this process plays.
func (f *loadFlags) sight(run *sim.Run, folder *report.Folder, j *job, n *network) sight {
	began, here := time.Now(), report.ThisMachine(version())
	return func() (*report.Report, []report.Event, []report.Event) {
		rep := run.Recorder.SoFar()
		rep.Plan, rep.Environment, rep.Started = f.planned(), here, began
		rep.Incomplete = underWay
		rep.Validity = report.ValidityOf(rep.Seconds, n.books != nil || n.local())
		rep.Advise()
		rep.Judge(j.limits)
		hide(rep, run.Profile.Dialect)
		wrong, slow := folder.Events.Lately()
		return rep, wrong, slow
	}
}

// underWay is why a run that is seen while it runs is not whole.
const underWay = "it is under way"

// viewFlags say where a run can be seen while it runs.
type viewFlags struct {
	live    string // address of the page
	metrics string // and of what Prometheus scrapes
}

// show serves a run at the addresses that are given, and says where. What it gives is nil
// for no page.
func (f *viewFlags) show(tell *progress, seen sight) (w *watched, err error) {
	if f.metrics != "" {
		if err := f.expose(tell, seen); err != nil {
			return nil, err
		}
	}
	if f.live == "" {
		return nil, nil
	}
	if w, err = watch(f.live); err != nil {
		return nil, err
	}
	tell.line("live: %s", w.url)
	now := func() (*report.Report, []page.Event) {
		rep, wrong, slow := seen()
		var events []page.Event
		for _, e := range append(wrong, slow...) {
			events = append(events, page.Event{At: fmt.Sprintf("%.1f s", e.At.Seconds()), Terminal: e.Terminal, Label: e.Label,
				Outcome: e.Outcome.String(), Took: report.FormatDuration(e.Done - e.Due), Why: e.Note})
		}
		return rep, events
	}
	w.now.Store(&now)
	return w, nil
}

// expose answers Prometheus' scrapes of a run at an address.
func (f *viewFlags) expose(tell *progress, seen sight) error {
	if _, _, err := net.SplitHostPort(f.metrics); err != nil {
		return usage(fmt.Errorf("--metrics %q: want an address such as 127.0.0.1:9464", f.metrics))
	}
	l, err := net.Listen("tcp", f.metrics)
	if err != nil {
		return usage(fmt.Errorf("--metrics: %w", err))
	}
	h := metrics.Handler(func() (*report.Report, []metrics.Exemplar) {
		rep, _, slow := seen()
		var slowest []metrics.Exemplar
		for _, e := range slow {
			slowest = append(slowest, metrics.Exemplar{Label: e.Label, Terminal: e.Terminal, Response: e.Done - e.Due, At: rep.Started.Add(e.At)})
		}
		return rep, slowest
	})
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go func() { _ = s.Serve(l) }()
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
