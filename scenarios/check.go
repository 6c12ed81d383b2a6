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
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// Verdict is how one scenario of a check ended.
type Verdict struct {
	Scenario *Scenario
	Took     time.Duration
	Err      error  // nil when every sentence held
	Step     string // the sentence that did not hold
	At       string // its file:line
	Exchange string // the exchanges up to then, decoded and masked
}

// Check is a conformance check: scenarios one at a time, strict.
type Check struct {
	Language  *Language
	Dialer    *sim.Dialer
	Features  []*Feature     // selected
	Terminals int            // scenarios take turns on so many of the profile's terminals
	Cucumber  string         // file to write; empty for none
	Each      func(*Verdict) // told each verdict as it falls; may be nil

	terminals []*sim.Terminal
	player    *sim.Player
	plans     []*sim.Plan
	queue     []*Scenario
	at        int // of the scenario under way in queue
	step      int
	began     time.Time
	verdicts  []*Verdict
	current   *Verdict
}

// Bind binds every sentence of every scenario, so that what does not fit is
// told before anything is played.
func (c *Check) Bind() error {
	c.plans, c.queue = nil, nil
	var errs []error
	for _, f := range c.Features {
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
			c.plans, c.queue = append(c.plans, plan), append(c.queue, s)
		}
	}
	return errors.Join(errs...)
}

// Run plays the scenarios and gives their verdicts, in order. The error is
// about the check itself, not about a scenario.
func (c *Check) Run(ctx context.Context) ([]*Verdict, error) {
	if err := c.Bind(); err != nil {
		return nil, err
	}
	if len(c.plans) == 0 {
		return nil, errors.New("nothing is selected")
	}
	clock := sim.NewClock()
	p := c.Language.Profile
	for i := range p.Terminals {
		if p.Terminals[i].Kind == profile.QRBox {
			continue // scenarios are about cards too
		}
		if len(c.terminals) == max(c.Terminals, 1) {
			break
		}
		t := sim.NewTerminal(p, &p.Terminals[i])
		t.Faults = &sim.Faults{}
		t.Link = sim.NewLine(ctx, c.Dialer, p.Dialect, clock, false, t.Faults)
		c.terminals = append(c.terminals, t)
		defer t.Link.Close()
	}
	if len(c.terminals) == 0 {
		return nil, fmt.Errorf("profile %s has no terminal that reads cards", p.Name)
	}
	c.player = sim.NewPlayer(p.Dialect, clock)
	c.player.Each = c.see
	formats, finish, err := c.formats()
	if err != nil {
		return nil, err
	}
	var contents []godog.Feature
	for _, f := range c.Features {
		contents = append(contents, godog.Feature{Name: f.Path, Contents: f.selected()})
	}
	suite := godog.TestSuite{
		Name:                 "posfleet",
		TestSuiteInitializer: func(s *godog.TestSuiteContext) { c.register(s.ScenarioContext()) },
		Options: &godog.Options{
			Format: formats, Output: io.Discard, NoColors: true, Strict: true, Concurrency: 1,
			FeatureContents: contents, DefaultContext: ctx,
		},
	}
	status := suite.Run()
	if err := finish(); err != nil {
		return c.verdicts, err
	}
	if ctx.Err() == nil && len(c.verdicts) != len(c.plans) {
		return c.verdicts, fmt.Errorf("%d scenarios were selected, %d were played (godog status %d)", len(c.plans), len(c.verdicts), status)
	}
	return c.verdicts, ctx.Err()
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
func (c *Check) register(sc *godog.ScenarioContext) {
	ctxType, errType := reflect.TypeFor[context.Context](), reflect.TypeFor[error]()
	for _, phrase := range c.Language.phrases {
		for _, re := range phrase.patterns {
			in := []reflect.Type{ctxType}
			for range re.NumSubexp() {
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
			sc.Step(re, handler.Interface())
		}
	}
	sc.Before(func(ctx context.Context, _ *godog.Scenario) (context.Context, error) {
		if ctx.Err() != nil {
			return ctx, godog.ErrSkip
		}
		c.begin()
		return ctx, nil
	})
	sc.After(func(ctx context.Context, _ *godog.Scenario, err error) (context.Context, error) {
		if !errors.Is(err, godog.ErrSkip) {
			c.end(err)
		}
		return ctx, nil
	})
}

// begin readies a terminal for the next scenario: whatever the one before left
// on the line or owes is cleared first.
func (c *Check) begin() {
	s := c.queue[c.at]
	t := c.terminals[c.at%len(c.terminals)]
	c.current = &Verdict{Scenario: s}
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
	if err != nil && c.current.Err == nil {
		c.current.Err, c.current.Step, c.current.At = err, step.Text, step.At
		c.current.Exchange = decode(c.player.T.Profile.Dialect, world(c.player).Trail)
	}
	return err
}

func (c *Check) end(err error) {
	v := c.current
	v.Took = time.Since(c.began)
	if v.Err == nil && err != nil {
		v.Err = err
	}
	if v.Err == nil && c.step != len(c.plans[c.at].Steps) {
		v.Err = fmt.Errorf("%d of %d sentences were played", c.step, len(c.plans[c.at].Steps))
	}
	c.verdicts = append(c.verdicts, v)
	if c.Each != nil {
		c.Each(v)
	}
	c.at++
}

// see keeps an exchange for the sentences that look at messages.
func (c *Check) see(request, answer *wire.Message, r *sim.Result) {
	s := Seen{Request: request.Clone(), Result: *r}
	if r.Outcome <= report.Refused && answer.MTI() != "\x00\x00\x00\x00" {
		s.Answer = answer.Clone()
	}
	w := world(c.player)
	w.Trail = append(w.Trail, s)
}

// decode renders the last few exchanges, masked, field by field.
func decode(d *dialect.Dialect, trail []Seen) string {
	var b strings.Builder
	for _, s := range trail[max(0, len(trail)-2):] {
		fmt.Fprintf(&b, "%s, sent:\n", s.Result.Of)
		d.Describe(&b, s.Request)
		if s.Answer == nil {
			fmt.Fprintf(&b, "%s\n", s.Result.Outcome)
			continue
		}
		fmt.Fprintf(&b, "answered:\n")
		d.Describe(&b, s.Answer)
	}
	return b.String()
}
