package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/posfleet/posfleet/report"
)

// progress tells how a run goes on, on standard error: a line that is written
// over on a terminal, else a few lines that stay.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	live  bool
	began time.Time // to sign terminals in
	said  time.Time
	wide  int
	ready bool
	table *table // of who sits at a terminal; nil for nobody
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, live: terminal(w)}
}

// begin says that the terminals begin to sign in.
func (p *progress) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.began = time.Now()
}

// line says something that stays.
func (p *progress) line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wipe()
	fmt.Fprintf(p.w, format+"\n", args...)
	if p.table != nil && p.table.latest.At > 0 {
		p.draw()
	}
}

// sit has a table drawn for somebody who sits at the terminal.
func (p *progress) sit(t *table) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.table = t
}

func (p *progress) over(text string) {
	p.wipe()
	fmt.Fprint(p.w, text)
	p.wide = len(text)
}

func (p *progress) wipe() {
	p.wipeTable()
	if p.wide > 0 {
		fmt.Fprintf(raw(p.w), "\r%s\r", strings.Repeat(" ", p.wide))
		p.wide = 0
	}
}

// signIn tells how many terminals have signed in.
func (p *progress) signIn(ok, bad, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ok+bad == of && !p.ready {
		p.ready = true
		p.wipe()
		fmt.Fprintf(p.w, "%d terminals signed in, %d could not, in %.1f s\n", ok, bad, time.Since(p.began).Seconds())
		return
	}
	if p.live && time.Since(p.said) > 100*time.Millisecond {
		p.said = time.Now()
		p.over(fmt.Sprintf("signing in: %d of %d", ok+bad, of))
	}
}

// second tells where the run is.
func (p *progress) second(t report.Progress, length time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.table != nil {
		p.table.latest, p.table.length = t, length
		p.wipe()
		p.draw()
		return
	}
	s := t.Last
	text := fmt.Sprintf("%3.0f of %.0f s  %d arrivals/s, %d exchanges/s, p50 %s, p99 %s, %d unanswered",
		t.At.Seconds(), length.Seconds(), s.Planned, s.Counts.Sent(), report.FormatDuration(s.Response.P50), report.FormatDuration(s.Response.P99),
		t.Counts[report.TimedOut]+t.Counts[report.Broken]+t.Counts[report.Open])
	if p.live {
		p.over(text)
	} else if time.Since(p.said) >= 5*time.Second {
		p.said = time.Now()
		fmt.Fprintln(p.w, text)
	}
}

func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wipe()
	p.table = nil
}

// color reports whether w is a terminal that may be coloured.
func (p *progress) color(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && terminal(w)
}
