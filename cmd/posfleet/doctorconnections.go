package main

// How a host keeps connections, as doctor finds it.

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// connections is what is to be changed for how a host keeps them.
type connections struct {
	line string // of the profile
	is   string // what the host does
	mend string // what does, too
}

// connections says how a host that answers keeps its connections; nil when terminals
// can be connected as the profile says. The error is of one that answers no more.
func (d *doctor) connections(a *asked) (*connections, error) {
	mode, _ := line.ParseMode(a.profile.Line)
	switch {
	case a.tap.lost:
		return &connections{"line: each", "the host answers one request on a connection, and hangs up when the next one comes: that one is lost", ""}, nil
	case a.tap.hungUp && mode.Shared > 0:
		return &connections{"line: each", "the host hangs up after an answer: a line that terminals share does not last", ""}, nil
	case a.tap.hungUp:
		d.says("line", "the host hangs up after an answer, and terminals connect again; with line: each in the profile they hang up first")
		return nil, nil
	case mode.Each && !d.stays(a):
		return nil, nil
	}
	kept, err := d.oneAtATime(a, mode)
	if mode.Each {
		a.tap.Close()
	}
	return kept, err
}

// stays asks the host something on a connection that stays open, where terminals have one
// for each exchange, and reports whether it does: many may be open at once all the same.
func (d *doctor) stays(a *asked) bool {
	q := a.first()
	if q == nil || q.undo != nil {
		return false
	}
	last, result, what := a.player.Last, a.result, a.what
	defer func() { a.player.Last, a.result, a.what, a.tap.each = last, result, what, true }()
	a.tap.each = false
	d.says("sends", "%s, on a connection that stays open", q.said)
	r := a.ask(q, d.patience())
	d.says("answer", "to the %s: %s", q.what, d.words(a, r))
	return a.answered(r) && a.tap.stands()
}

// oneAtATime finds whether the host answers on a second connection while the first
// stands. When it does not it is asked once more, alone: it may not know that terminal.
func (d *doctor) oneAtATime(a *asked, mode line.Mode) (*connections, error) {
	if !a.tap.stands() {
		return nil, nil
	}
	p := *a.profile
	p.Terminals = p.Terminals[min(1, len(p.Terminals)-1):]
	b := d.player(way{profile: &p})
	defer b.tap.Close()
	q := b.first()
	if q == nil || q.undo != nil || q.of == dialect.SignIn && len(a.profile.Terminals) == 1 { // which would change its keys
		return nil, nil
	}
	d.says("sends", "%s, as terminal %s on a second connection beside the first", q.said, b.player.T.TID)
	wait := d.patience()
	done := make(chan *sim.Result, 1)
	go func() { done <- b.ask(q, 2*wait) }()
	var r *sim.Result
	is := "the host serves one connection at a time: it answers on a second one when the first is closed"
	select {
	case r = <-done:
		if !b.answered(r) { // one connection may be lost at a host that serves many
			d.says("answer", "none to the %s: %v", q.what, r.Reason())
			d.says("sends", "it once more, on another connection beside the first")
			r = b.ask(q, wait)
		}
		if b.answered(r) {
			d.says("answer", "to the %s: %s", q.what, d.words(b, r))
			return nil, nil
		}
		d.says("answer", "none to the %s: %v", q.what, r.Reason())
		a.tap.Close()
	case <-time.After(wait):
		d.says("answer", "none to the %s in %s, while the first connection is open", q.what, wait)
		a.tap.Close()
		r = <-done
	}
	if !b.answered(r) {
		for end := time.Now().Add(wait); ; time.Sleep(wait / 20) { // until the host has seen that the first is closed
			if r = b.ask(q, wait); b.answered(r) || time.Now().After(end) || d.ctx.Err() != nil {
				break
			}
		}
		is = "the host serves one connection at a time: it answers on none beside it"
	}
	if !b.answered(r) {
		d.says("answer", "none to the %s on a connection of its own, either: %v", q.what, r.Reason())
		return nil, d.silent(a)
	}
	d.says("answer", "to the %s once the first is closed: %s", q.what, d.words(b, r))
	if mode.Shared == 1 {
		d.says("line", "%s; line: shared:1 has load do so, and check does with --terminals 1 or --line each", is)
		return nil, nil
	}
	return &connections{"line: shared:1", is, "posfleet load has all terminals on one connection then; posfleet check wants --terminals 1 or --line each"}, nil
}

// silentAfter is silent of an exchange that has brought nothing.
func (d *doctor) silentAfter(a *asked, r *sim.Result) error {
	if r.Outcome != report.TimedOut && r.Outcome != report.Broken {
		return nil
	}
	return d.silent(a)
}

// silent asks a host that has left a message without an answer once more what it answered
// at first, on a connection of its own; nil where it answers that still.
func (d *doctor) silent(a *asked) error {
	q, n := a.first(), d.heard.Load()
	if q == nil || q.undo != nil || n == 0 { // money is not moved to find out
		return nil
	}
	a.tap.Close()
	last, result, what := a.player.Last, a.result, a.what
	defer func() { a.player.Last, a.result, a.what = last, result, what }()
	d.says("sends", "%s, on a connection of its own", q.said)
	r := a.ask(q, d.wait)
	if a.answered(r) {
		d.says("answer", "to the %s: %s", q.what, d.words(a, r))
		return nil
	}
	if a.tap.late > 0 {
		return d.late(a, q.what)
	}
	d.says("answer", "none to the %s, which it answered before: %v", q.what, r.Reason())
	e := d.ill(nil, "the host answered %s, then nothing", report.Plural(n, "message"))
	e.hint = "has it stopped, or does it wait for something? its own log tells; what it was sent last stands above"
	return e
}

// hangsUpUnasked reports whether the host ends a connection on which nothing is sent,
// within so long.
func (d *doctor) hangsUpUnasked(wait time.Duration) bool {
	conn, err := d.dialer.Dial(d.ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	defer context.AfterFunc(d.ctx, func() { conn.Close() })()
	conn.SetReadDeadline(time.Now().Add(wait))
	n, err := conn.Read(make([]byte, 1))
	return n == 0 && !errors.Is(err, os.ErrDeadlineExceeded)
}

// ourCertificate says what is wrong about the certificate that terminals show, when a
// connection ended so; empty for nothing.
func (d *doctor) ourCertificate(why error) string {
	if d.dialer.TLS == nil || why == nil {
		return ""
	}
	return ourCertificateHint(meetTLS(d.ctx, d.dialer.Address, d.dialer.TLS), why, len(d.dialer.TLS.Certificates) > 0)
}
