package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"

	"github.com/cucumber/godog"

	"github.com/posfleet/posfleet/sim"
)

// godog has godog walk the features, so many scenarios at once; register says
// what it calls.
func (c *Check) godog(ctx context.Context, n int) error {
	format, out := "progress", io.Discard
	var cucumber bytes.Buffer
	if c.Cucumber != nil {
		format, out = "cucumber", &cucumber
	}
	var contents []godog.Feature
	for _, f := range c.Features {
		contents = append(contents, godog.Feature{Name: f.Path, Contents: f.selected()})
	}
	if c.Seed != 0 {
		r := rand.New(rand.NewPCG(uint64(c.Seed), 0))
		r.Shuffle(len(contents), func(i, j int) { contents[i], contents[j] = contents[j], contents[i] })
	}
	suite := godog.TestSuite{
		Name:                 "posfleet",
		TestSuiteInitializer: func(s *godog.TestSuiteContext) { c.register(ctx, s.ScenarioContext()) },
		Options: &godog.Options{
			Format: format, Output: out, NoColors: true, Strict: true, Concurrency: n, Randomize: c.Seed,
			FeatureContents: contents, DefaultContext: ctx,
		},
	}
	status := suite.Run()
	if c.Cucumber != nil {
		if err := c.writeCucumber(cucumber.Bytes()); err != nil {
			return err
		}
	}
	if ctx.Err() == nil && c.played != len(c.plans) && !c.stop.Load() {
		return fmt.Errorf("%d scenarios were selected, %d were played (godog status %d)", len(c.plans), c.played, status)
	}
	return ctx.Err()
}

// seatOf finds the seat of a scenario in its context.
type seatOf struct{}

// anySentence matches every sentence: which phrase one is, and what it does, was bound
// before, so a check and a load run play the same. godog would try all patterns of
// all phrases on each.
var anySentence = regexp.MustCompile("^")

// register tells godog what to call.
func (c *Check) register(ctx context.Context, sc *godog.ScenarioContext) {
	sc.Step(anySentence, func(own context.Context) error {
		err := own.Value(seatOf{}).(*seat).play(ctx)
		if errors.Is(err, sim.ErrUntested) {
			return godog.ErrPending
		}
		return err
	})
	sc.Before(func(own context.Context, s *godog.Scenario) (context.Context, error) {
		p := c.at[fmt.Sprintf("%s:%d", s.Uri, s.Location.Line)]
		switch {
		case ctx.Err() != nil || c.stop.Load():
			return own, godog.ErrSkip
		case p.Reason != nil, c.gone(p):
			c.skipped(p)
			return own, godog.ErrSkip
		}
		seat := <-c.seats
		seat.unlock = c.lock(p)
		seat.begin(p)
		return context.WithValue(own, seatOf{}, seat), nil
	})
	sc.After(func(own context.Context, _ *godog.Scenario, err error) (context.Context, error) {
		if seat, is := own.Value(seatOf{}).(*seat); is { // none for one that was skipped
			seat.end(err, ctx.Err() != nil)
			seat.unlock()
			c.seats <- seat
		}
		return own, nil
	})
}
