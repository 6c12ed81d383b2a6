package page

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/posfleet/posfleet/report"
)

//go:embed live.js
var liveJS string

// Event is an exchange that went wrong, or one of the slowest, as a page tells it.
type Event struct{ At, Terminal, Label, Outcome, Took, Why string }

// Live serves a page that grows, such as that which a run leaves in the end: / is the
// page, /events tells when there is more to see (server-sent events), and /now has it.
// However many look on, a second's figures are worked out once, and not at all while
// nobody does.
type Live struct {
	// tell gives the page as it stands, and its parts: the elements with these ids are
	// replaced. It is called by one goroutine at a time, of those that serve.
	tell func(over *report.Report) (whole wholePage, parts map[string]any, err error)

	mu      sync.Mutex
	n       int // seconds that have ended
	viewers map[chan struct{}]bool
	over    *report.Report // nil while it is under way
	took    time.Duration  // to work out the latest figures
	told    time.Time      // when those who look on were told last

	rendering sync.Mutex
	rendered  int // seconds of what follows, -1 for none
	whole     wholePage
	page, now []byte // page is nil until somebody asks for it
}

// wholePage writes a page for who comes to look on; who is there needs its parts alone.
type wholePage func() ([]byte, error)

// sparing is how many times as long as figures take nobody is told of others: working them
// out takes a hundredth of one processor at most, and seconds are told together.
const sparing = 100

// mostViewers is how many may look on at once.
const mostViewers = 100

// NewLive makes the server of a run. now gives the run as it stands, and what has
// happened to it lately.
func NewLive(now func() (*report.Report, []Event)) *Live {
	return newLive(func(over *report.Report) (wholePage, map[string]any, error) {
		r, lately := now()
		if over != nil {
			r = over
		}
		return tellRun(r, lately)
	})
}

func newLive(tell func(*report.Report) (wholePage, map[string]any, error)) *Live {
	return &Live{tell: tell, viewers: map[chan struct{}]bool{}, rendered: -1}
}

// Tick says that a second has ended, which those who look on are told. It never waits.
func (l *Live) Tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	if time.Since(l.told) >= sparing*l.took {
		l.wake()
	}
}

func (l *Live) wake() {
	l.told = time.Now()
	for v := range l.viewers {
		select {
		case v <- struct{}{}:
		default: // it has not yet taken the last one, and will see this with it
		}
	}
}

// End has the page be that of the finished run, and gives those who look on up to a
// second to fetch it.
func (l *Live) End(r *report.Report) {
	l.mu.Lock()
	l.n++
	l.over = r
	l.wake()
	l.mu.Unlock()
	for range 20 {
		l.mu.Lock()
		left := len(l.viewers)
		l.mu.Unlock()
		if left == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// ServeHTTP implements http.Handler. It changes nothing and tells what the report
// will: masked.
func (l *Live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "this page can only be read", http.StatusMethodNotAllowed)
		return
	}
	switch r.URL.Path {
	case "/":
		l.serve(w, "text/html; charset=utf-8", func() (_ []byte, err error) {
			if l.page == nil {
				l.page, err = l.whole()
			}
			return l.page, err
		})
	case "/now":
		l.serve(w, "application/json", func() ([]byte, error) { return l.now, nil })
	case "/events":
		l.events(w, r)
	default:
		http.NotFound(w, r)
	}
}

// serve answers with what is rendered for the latest second.
func (l *Live) serve(w http.ResponseWriter, kind string, what func() ([]byte, error)) {
	l.rendering.Lock()
	err := l.render()
	var octets []byte
	if err == nil {
		octets, err = what()
	}
	l.rendering.Unlock()
	if err != nil {
		http.Error(w, "the run cannot be told: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(octets)
}

// render works out the figures of the latest second, unless it has.
func (l *Live) render() error {
	l.mu.Lock()
	n, over := l.n, l.over
	l.mu.Unlock()
	if n == l.rendered {
		return nil
	}
	began := time.Now()
	whole, parts, err := l.tell(over)
	if err != nil {
		return err
	}
	parts["over"] = over != nil
	now, err := json.Marshal(parts)
	if err != nil {
		return err
	}
	l.page, l.whole, l.now, l.rendered = nil, whole, now, n
	l.mu.Lock()
	l.took = time.Since(began)
	l.mu.Unlock()
	return nil
}

// tellRun is the page of a run that grows, and its parts.
func tellRun(r *report.Report, events []Event) (whole wholePage, parts map[string]any, err error) {
	t, err := parse("page", pageHTML)
	if err != nil {
		return nil, nil, err
	}
	p, err := pageOf(r)
	if err != nil {
		return nil, nil, err
	}
	p.Follow, p.Events = template.JS(liveJS), events
	p.Policy = following(p.Policy)
	parts = map[string]any{"title": p.Title, "data": p.Charts}
	whole, err = fill(t, p, parts)
	return whole, parts, err
}

// following is a page's policy with leave to follow what goes on.
func following(policy string) string {
	return strings.Replace(policy, "script-src ", fmt.Sprintf("connect-src 'self'; script-src '%s' ", digest(liveJS)), 1)
}

// fill fills a page, and each of its parts now.
func fill(t *template.Template, p any, parts map[string]any) (wholePage, error) {
	for _, name := range []string{"head", "kinds", "rest"} {
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, name, p); err != nil {
			return nil, err
		}
		parts[name] = b.String()
	}
	return func() ([]byte, error) {
		var whole bytes.Buffer
		err := t.Execute(&whole, p)
		return whole.Bytes(), err
	}, nil
}

// events tells one viewer of seconds until the run is over or the viewer has gone.
func (l *Live) events(w http.ResponseWriter, r *http.Request) {
	viewer := make(chan struct{}, 1)
	l.mu.Lock()
	full := len(l.viewers) >= mostViewers
	if !full {
		l.viewers[viewer] = true
	}
	l.mu.Unlock()
	if full {
		http.Error(w, fmt.Sprintf("%d are looking on already", mostViewers), http.StatusServiceUnavailable)
		return
	}
	defer func() {
		l.mu.Lock()
		delete(l.viewers, viewer)
		l.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	flow := http.NewResponseController(w)
	say := func(what string, n int) bool {
		_ = flow.SetWriteDeadline(time.Now().Add(5 * time.Second))
		_, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %d\n\n", n, what, n)
		return err == nil && flow.Flush() == nil
	}
	if _, err := fmt.Fprint(w, "retry: 1000\n\n"); err != nil {
		return
	}
	for {
		l.mu.Lock()
		n, over := l.n, l.over != nil
		l.mu.Unlock()
		if over {
			say("over", n)
			l.wait(r, 200*time.Millisecond)
			return
		}
		if !say("second", n) {
			return
		}
		select {
		case <-viewer:
		case <-r.Context().Done():
			return
		}
	}
}

// wait gives a viewer so long to fetch what it was told of, and to close.
func (l *Live) wait(r *http.Request, most time.Duration) {
	select {
	case <-r.Context().Done():
	case <-time.After(most):
	}
}
