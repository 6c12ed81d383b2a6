package sim

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/rules"
)

// What a recorder is told of an exchange: the generator's lag is what neither a terminal, an
// own reversal nor a connection took.
func TestExchangeIsRecordedAsItWas(t *testing.T) {
	for _, c := range []struct {
		name                           string
		begun, began, sent, done, free time.Duration
		lag, service                   time.Duration
	}{
		{"late by itself", 10, 0, 30, 50, 0, 20, 20},
		{"the terminal was not free", 10, 0, 30, 50, 15, 15, 20},
		{"free only later", 10, 0, 30, 50, 100, 0, 20},
		{"it connected", 10, 28, 30, 50, 15, 13, 20},
		{"sent before it was due", 40, 0, 30, 50, 0, 0, 10},
	} {
		p, term := inHand(t, "cup")
		rec := report.NewRecorder(make([]string, dialect.Transactions), time.Second, 0)
		origin := 5 * time.Millisecond
		p.Shard, p.origin, p.emulates = rec.Shard(), &origin, true
		ms := func(n time.Duration) time.Duration { return origin + n*time.Millisecond }
		p.x.Sent, p.x.Done = ms(c.sent), ms(c.done)
		if c.began > 0 {
			p.x.Began = ms(c.began)
		}
		if p.free = 0; c.free > 0 {
			p.free = ms(c.free)
		}
		r := &Result{Of: dialect.Purchase, Outcome: report.Approved, dialect: term.Profile.Dialect}
		p.record(r, ms(c.begun))
		rec.Tick(time.Second)
		whole := rec.Report()
		l := whole.Labels[0]
		if lag, service := time.Duration(l.Lag.Max())*time.Microsecond, time.Duration(l.Service.Max())*time.Microsecond; lag.Round(time.Millisecond/10) != c.lag*time.Millisecond || service.Round(time.Millisecond/10) != c.service*time.Millisecond {
			t.Errorf("%s: lag %v, service %v, want %d and %d ms", c.name, lag, service, c.lag, c.service)
		}
		if whole.LineDelay.Added == nil || whole.LineDelay.Added.TotalCount() != 1 {
			t.Errorf("%s: what the line added is not recorded", c.name)
		}
	}
	for _, c := range []struct {
		name     string
		r        Result
		emulates bool
		counts   report.Outcome
		delays   bool
		refused  int64
		broken   bool
	}{
		{"unbalanced totals", Result{Outcome: report.Approved, Totals: Unbalanced}, false, report.Declined, false, 0, false},
		{"balanced totals", Result{Outcome: report.Approved, Totals: Balanced}, true, report.Approved, true, 0, false},
		{"unsent for want of descriptors", Result{Outcome: report.Unsent, Why: fmt.Errorf("dial: %w", syscall.EMFILE)}, true, report.Unsent, false, 1, false},
		{"a rule that is broken", Result{Outcome: report.Refused, Why: &rules.Broken{Rule: rules.Once, Err: errors.New("twice")}}, false, report.Refused, false, 0, true},
	} {
		p, term := inHand(t, "cup")
		rec := report.NewRecorder(make([]string, dialect.Transactions), time.Second, 0)
		origin := time.Duration(0)
		p.Shard, p.origin, p.emulates = rec.Shard(), &origin, c.emulates
		r := c.r
		r.dialect = term.Profile.Dialect
		p.record(&r, 0)
		iv := rec.Tick(time.Second)
		whole := rec.Report()
		if whole.Labels[0].Counts[c.counts] != 1 || (whole.LineDelay.Added != nil) != c.delays || iv.Second.Signals.Exhausted != c.refused || (rec.Broken() != [report.Rules]int64{}) != c.broken {
			t.Errorf("%s: %v, %d refused by the machine, broken %v", c.name, whole.Labels[0].Counts, iv.Second.Signals.Exhausted, rec.Broken())
		}
	}
}

// What comes around an answer breaks rules, but not where the line was made to double.
func TestWhatComesAroundAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name    string
		met     func(p *Player)
		outcome report.Outcome
		breaks  []*rules.Rule
		stray   bool
	}{
		{"nothing", func(p *Player) {}, report.Approved, nil, false},
		{"a stray", func(p *Player) { p.x.StrayWhy = "nobody's" }, report.Approved, nil, true},
		{"an empty message", func(p *Player) { p.x.Empty = 1 }, report.Refused, []*rules.Rule{rules.NoEmpty}, false},
		{"an empty message and no answer", func(p *Player) { p.x.Empty = 1 }, report.TimedOut, nil, false},
		{"octets that are left", func(p *Player) { p.x.Left = "3 octets" }, report.Approved, []*rules.Rule{rules.NoRest}, false},
		{"a second answer", func(p *Player) { p.x.Duplicate = 1 }, report.Approved, []*rules.Rule{rules.Once}, false},
		{"a second answer of a line without doubles", func(p *Player) { p.x.Duplicate = 1; p.T.Faults = &line.Faults{} }, report.Approved, []*rules.Rule{rules.Once}, false},
		{"an answer that the line doubled", func(p *Player) {
			p.x.Duplicate = 1
			p.T.Faults = &line.Faults{}
			p.T.Faults.Injected[line.DoubleAnswer] = 1
		}, report.Approved, nil, false},
		{"a request that the line doubled", func(p *Player) {
			p.x.Duplicate = 1
			p.T.Faults = &line.Faults{}
			p.T.Faults.Injected[line.DoubleRequest] = 1
		}, report.Approved, nil, false},
	} {
		p, term := inHand(t, "cup")
		c.met(p)
		r := &Result{Of: dialect.Purchase, Outcome: c.outcome}
		p.around(term.Profile.Dialect.Form(dialect.Purchase), r)
		var want rules.Set
		for _, b := range c.breaks {
			want.Add(b)
		}
		if r.Should != want || (r.Stray != nil) != c.stray {
			t.Errorf("%s: breaks %b, want %b; stray %+v", c.name, r.Should, want, r.Stray)
		}
	}
}
