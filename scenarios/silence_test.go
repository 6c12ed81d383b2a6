package scenarios

import (
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// What was never answered is waited for in full a few times, then shorter; what a host answers, or
// has not been asked, as long as the profile says, unless it answers nothing at all any more.
func TestNeverAnsweredIsWaitedForShorter(t *testing.T) {
	const full = time.Minute
	d := dialect.CUP()
	swiped, chip := d.NewMessage(), d.NewMessage()
	swiped.SetString(wire.EntryMode, "021")
	chip.SetString(wire.EntryMode, "051")
	type event struct {
		of      dialect.Transaction
		request *wire.Message
		outcome report.Outcome
		times   int
	}
	unknown := d.NewMessage()
	unknown.SetString(wire.TerminalID, "00000000")
	const quick = 100 * time.Millisecond
	signIn := event{dialect.SignIn, d.NewMessage(), report.Approved, 1}
	for name, c := range map[string]struct {
		before  []event
		of      dialect.Transaction
		request *wire.Message
		want    time.Duration
	}{
		"first":                      {nil, dialect.Purchase, swiped, full},
		"waited for once":            {[]event{signIn, {dialect.Purchase, swiped, report.TimedOut, inFull - 1}}, dialect.Purchase, swiped, full},
		"twice":                      {[]event{signIn, {dialect.Purchase, swiped, report.TimedOut, inFull}}, dialect.Purchase, swiped, manyTimes * quick},
		"twice, nothing else known":  {[]event{{dialect.Purchase, swiped, report.TimedOut, inFull}}, dialect.Purchase, swiped, full / leastPart},
		"another kind of card":       {[]event{signIn, {dialect.Purchase, swiped, report.TimedOut, inFull}}, dialect.Purchase, chip, full},
		"another transaction":        {[]event{signIn, {dialect.Purchase, swiped, report.TimedOut, inFull}}, dialect.PurchaseVoid, swiped, full},
		"declined once":              {[]event{{dialect.Purchase, swiped, report.Declined, 1}, {dialect.Purchase, swiped, report.TimedOut, 9}}, dialect.Purchase, swiped, full},
		"no payment of any kind":     {[]event{{dialect.Purchase, swiped, report.TimedOut, inVain}, signIn}, dialect.Purchase, chip, manyTimes * quick},
		"and a sign-in beside them":  {[]event{{dialect.Purchase, swiped, report.TimedOut, inVain}, signIn}, dialect.SignIn, d.NewMessage(), full},
		"of a terminal of no host's": {[]event{{dialect.SignIn, unknown, report.TimedOut, 9}}, dialect.SignIn, d.NewMessage(), full},
		"and that one itself":        {[]event{{dialect.SignIn, unknown, report.TimedOut, inFull}}, dialect.SignIn, unknown, full / leastPart},
		"nothing any more":           {[]event{signIn, {dialect.Purchase, swiped, report.Approved, 1}, {dialect.Purchase, swiped, report.TimedOut, inVain}}, dialect.SignIn, d.NewMessage(), manyTimes * quick},
	} {
		var s silence
		for _, e := range c.before {
			for range e.times {
				s.hears(e.request, &sim.Result{Of: e.of, Outcome: e.outcome}, quick)
			}
		}
		if got := s.timeout(c.of, c.request, full); got != c.want {
			t.Errorf("%s: waits %v, want %v", name, got, c.want)
		}
		if got := s.timeout(c.of, c.request, leastWait/2); got != leastWait/2 {
			t.Errorf("%s: waits %v where the profile has %v", name, got, leastWait/2)
		}
	}
}
