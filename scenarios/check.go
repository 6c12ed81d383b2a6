package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/cucumber/godog"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// Check is a conformance check: scenarios one at a time, strict.
type Check struct {
	Language  *Language
	Dialer    *line.Dialer
	Features  []*Feature              // selected
	Terminals int                     // scenarios take turns on so many of the profile's terminals
	Cucumber  string                  // file to write; empty for none
	Each      func(*verdicts.Verdict) // told each verdict as it falls; may be nil

	terminals []*sim.Terminal
	player    *sim.Player
	plans     []*sim.Plan
	results   *verdicts.Results
	verdicts  []*verdicts.Verdict // of results, one for each plan
	at        int                 // of the scenario under way in plans
	current   *verdicts.Verdict   // on the scenario under way; nil between two
	step      int
	began     time.Time
}

// Bind binds every sentence of every scenario, so that what does not fit is
// told before anything is played.
func (c *Check) Bind() error {
	c.plans, c.verdicts, c.at = nil, nil, 0
	c.results = &verdicts.Results{Dialect: c.Language.Profile.Dialect.Title}
	var errs []error
	for _, f := range c.Features {
		of := verdicts.Feature{Path: f.Path, Name: f.Name}
		for _, s := range f.Scenarios {
			plan := &sim.Plan{ID: s.ID, Name: s.Name, At: s.At()}
			for i := range s.Steps {
				b, err := c.Language.Bind(s, i)
				if err != nil {
					errs = append(errs, err)
					continue
				}
				plan.Steps = append(plan.Steps, sim.Step{Text: b.Text, At: b.At, Do: b.Do})
			}
			c.plans = append(c.plans, plan)
			of.Verdicts = append(of.Verdicts, &verdicts.Verdict{ID: s.ID, Name: s.Name, File: f.Path, Line: s.Line})
		}
		c.results.Features = append(c.results.Features, of)
		c.verdicts = append(c.verdicts, of.Verdicts...)
	}
	return errors.Join(errs...)
}

// Run plays the scenarios and gives a verdict on each, those that it did not
// come to included. The error is about the check itself, not about a scenario.
// A scenario that fails when ctx is done counts as not played: the host is not
// to blame.
func (c *Check) Run(ctx context.Context) (*verdicts.Results, error) {
	if err := c.Bind(); err != nil {
		return c.results, err
	}
	if len(c.plans) == 0 {
		return c.results, errors.New("nothing is selected")
	}
	began := time.Now()
	defer func() { c.results.Took = time.Since(began) }()
	clock := line.NewClock()
	p := c.Language.Profile
	for i := range p.Terminals {
		if p.Terminals[i].Kind == profile.QRBox {
			continue // scenarios are about cards too
		}
		if len(c.terminals) == max(c.Terminals, 1) {
			break
		}
		t := sim.NewTerminal(p, &p.Terminals[i])
		t.Faults = &line.Faults{}
		own := line.NewOwn(ctx, c.Dialer, &p.Dialect.Format, clock)
		own.Faults = t.Faults
		t.Link = own
		c.terminals = append(c.terminals, t)
		defer t.Link.Close()
	}
	if len(c.terminals) == 0 {
		return c.results, fmt.Errorf("profile %s has no terminal that reads cards", p.Name)
	}
	c.player = sim.NewPlayer(p.Dialect, clock)
	c.player.Each, c.player.Judge = c.keep, rules.NewJudge(p.Dialect)
	return c.results, c.godog(ctx)
}

// godog has godog walk the features; register says what it calls.
func (c *Check) godog(ctx context.Context) error {
	formats, finish, err := c.formats()
	if err != nil {
		return err
	}
	var contents []godog.Feature
	for _, f := range c.Features {
		contents = append(contents, godog.Feature{Name: f.Path, Contents: f.selected()})
	}
	suite := godog.TestSuite{
		Name:                 "posfleet",
		TestSuiteInitializer: func(s *godog.TestSuiteContext) { c.register(ctx, s.ScenarioContext()) },
		Options: &godog.Options{
			Format: formats, Output: io.Discard, NoColors: true, Strict: true, Concurrency: 1,
			FeatureContents: contents, DefaultContext: ctx,
		},
	}
	status := suite.Run()
	if err := finish(); err != nil {
		return err
	}
	if ctx.Err() == nil && c.at != len(c.plans) {
		return fmt.Errorf("%d scenarios were selected, %d were played (godog status %d)", len(c.plans), c.at, status)
	}
	return ctx.Err()
}

// formats names godog's formatter, and finishes its file when the check is over.
func (c *Check) formats() (string, func() error, error) {
	if c.Cucumber == "" {
		return "progress", func() error { return nil }, nil
	}
	if err := os.MkdirAll(filepath.Dir(c.Cucumber), 0o755); err != nil {
		return "", nil, err
	}
	f, err := report.CreateAtomic(c.Cucumber)
	if err != nil {
		return "", nil, err
	}
	return "cucumber:" + f.Name(), f.Commit, nil
}

// register gives godog the language: every pattern of every phrase. What runs
// is the step that was bound before, so a check and a load run play the same.
func (c *Check) register(ctx context.Context, sc *godog.ScenarioContext) {
	ctxType, errType := reflect.TypeFor[context.Context](), reflect.TypeFor[error]()
	for _, phrase := range c.Language.phrases {
		for _, pattern := range phrase.patterns {
			in := []reflect.Type{ctxType}
			for range pattern.kinds {
				in = append(in, reflect.TypeFor[string]())
			}
			if phrase.Table != "" {
				in = append(in, reflect.TypeFor[*godog.Table]())
			}
			handler := reflect.MakeFunc(reflect.FuncOf(in, []reflect.Type{errType}, false), func([]reflect.Value) []reflect.Value {
				v := reflect.Zero(errType)
				if err := c.play(); err != nil {
					v = reflect.ValueOf(&err).Elem()
				}
				return []reflect.Value{v}
			})
			sc.Step(pattern.Regexp, handler.Interface())
		}
	}
	sc.Before(func(ctx context.Context, _ *godog.Scenario) (context.Context, error) {
		if ctx.Err() != nil {
			return ctx, godog.ErrSkip
		}
		c.begin()
		return ctx, nil
	})
	sc.After(func(own context.Context, _ *godog.Scenario, err error) (context.Context, error) {
		if c.current != nil { // nil for one that was skipped
			c.end(err, ctx.Err() != nil)
		}
		return own, nil
	})
}

// begin readies a terminal for the next scenario: whatever the one before left
// on the line or owes is cleared first.
func (c *Check) begin() {
	t := c.terminals[c.at%len(c.terminals)]
	c.current = c.verdicts[c.at]
	c.step, c.began = 0, time.Now()
	p := c.player
	t.Faults.Queue = nil
	p.SettleOwed(t)
	p.Fresh()
}

// play plays the next step of the scenario under way.
func (c *Check) play() error {
	step := &c.plans[c.at].Steps[c.step]
	c.step++
	_, err := c.player.Play(c.player.T, &sim.Plan{Steps: []sim.Step{*step}}, c.at, -1)
	if v := c.current; err != nil && v.Reason == nil {
		v.Reason, v.Step, v.At = err, step.Text, step.At
		v.Exchange = describe(c.Language.Profile.Dialect, worldOf(c.player).exchanges)
	}
	return err
}

// end gives the verdict on the scenario that was under way; none if it failed
// because the check is being stopped.
func (c *Check) end(err error, stopped bool) {
	v, steps := c.current, len(c.plans[c.at].Steps)
	c.at++
	c.current = nil
	if v.Reason == nil && err != nil {
		v.Reason = err
	}
	if v.Reason == nil && c.step != steps {
		v.Reason = fmt.Errorf("%d of %d sentences were played", c.step, steps)
	}
	switch {
	case v.Reason == nil:
		v.Outcome = verdicts.Passed
	case stopped:
		v.Reason, v.Step, v.At, v.Exchange = nil, "", "", ""
		return
	default:
		v.Outcome = verdicts.Failed
	}
	v.Took = time.Since(c.began)
	if c.Each != nil {
		c.Each(v)
	}
}

// keep keeps an exchange for the sentences that look at messages.
func (c *Check) keep(request, answer *wire.Message, r *sim.Result) {
	s := exchange{request: request.Clone(), result: *r}
	if r.Outcome <= report.Refused && answer.MTI() != "\x00\x00\x00\x00" {
		s.answer = answer.Clone()
	}
	w := worldOf(c.player)
	w.exchanges = append(w.exchanges, s)
}

// describe renders the last few exchanges, masked, field by field.
func describe(d *dialect.Dialect, past []exchange) string {
	var b strings.Builder
	for _, s := range past[max(0, len(past)-2):] {
		fmt.Fprintf(&b, "%s, sent:\n", s.result.Of)
		d.Describe(&b, s.request)
		if s.answer == nil {
			fmt.Fprintf(&b, "%s\n", s.result.Outcome)
			continue
		}
		fmt.Fprintf(&b, "answered:\n")
		d.Describe(&b, s.answer)
	}
	return b.String()
}
