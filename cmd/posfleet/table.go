package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/posfleet/posfleet/report"
)

// table is how a run goes on for somebody at a terminal: some lines that are drawn over
// each second, and when a key has changed something.
type table struct {
	hand   *hand
	agents bool   // play the run, who tell neither of steps nor, at once, of arrivals that wait
	since  string // from when on all is; empty for the beginning
	latest report.Progress
	length time.Duration
	rows   int // on the screen now
}

// lines are what is drawn.
func (t *table) lines() []string {
	p := &t.latest
	head := fmt.Sprintf("%3.0f of %.0f s   %s arrivals/s   generator %s", p.At.Seconds(), t.length.Seconds(), report.FormatCount(p.Last.Planned), p.Last.Level)
	if s := t.hand.state(); s != "" {
		head += "   " + s
	}
	row := func(name string, c report.Counts, q *report.Quantiles) string {
		text := fmt.Sprintf("%-12s%11s", name, report.FormatCount(c.Sent()))
		for _, n := range []int64{c[report.Approved], c[report.Declined], c[report.Refused], c[report.TimedOut] + c[report.Broken] + c[report.Open] + c[report.Unsent]} {
			text += fmt.Sprintf("%12s", report.FormatCount(n))
		}
		if q != nil && q.N > 0 {
			text += fmt.Sprintf("%10s%10s%10s", report.FormatDuration(q.P50), report.FormatDuration(q.P99), report.FormatDuration(q.Max))
		}
		return text
	}
	all := []string{
		head,
		fmt.Sprintf("%-12s%11s%12s%12s%12s%12s%10s%10s%10s", "", "sent", "approved", "declined", "refused", "unanswered", "p50", "p99", "max"),
		row("last second", p.Last.Counts, &p.Last.Response),
		row(cmp.Or(t.since, "in all"), p.Counts, nil),
		fmt.Sprintf("%-12s%11s played", "arrivals", report.FormatCount(p.Played)),
		"keys        " + keysHelp,
	}
	if !t.agents {
		all[4] += fmt.Sprintf(" %11s due %11s with a step that did not hold", report.FormatCount(p.Planned), report.FormatCount(p.Failed))
	}
	if p.Last.Reason != "" {
		all[0] += ": " + p.Last.Reason
	}
	return all
}

// draw draws the table where the cursor is, cut to the terminal's width.
func (p *progress) draw() {
	wide := 100
	if s, is := p.w.(*screen); is && s.file != nil {
		if w, _, err := term.GetSize(int(s.file.Fd())); err == nil && w > 0 {
			wide = w
		}
	}
	t := p.table
	lines := t.lines()
	for i, l := range lines {
		runes := []rune(l)
		lines[i] = string(runes[:min(len(runes), wide-1)])
	}
	fmt.Fprintf(p.w, "%s\n", strings.Join(lines, "\n"))
	t.rows = len(lines)
}

// wipe takes the table off the screen; the cursor is where it began.
func (p *progress) wipeTable() {
	if p.table != nil && p.table.rows > 0 {
		fmt.Fprint(raw(p.w), strings.Repeat("\x1b[A\x1b[2K", p.table.rows))
		p.table.rows = 0
	}
}
