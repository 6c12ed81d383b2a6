package scenarios

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// mortal is a host that is switched off, and perhaps on again, while it is checked.
type mortal struct {
	profile *profile.Profile
	host    *host.Host
	address string
	stop    func()
}

func (m *mortal) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", m.address)
	if err != nil {
		t.Error(err)
		return
	}
	m.address = l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { m.host.Serve(ctx, l) })
	m.stop = sync.OnceFunc(func() {
		stop()
		wg.Wait()
	})
	t.Cleanup(func() { m.stop() })
}

func mortalHost(t *testing.T) *mortal {
	t.Helper()
	p, err := profile.Bundled("cup", 8)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(p)
	if err != nil {
		t.Fatal(err)
	}
	m := &mortal{profile: quick(p), host: h, address: "127.0.0.1:0"}
	m.start(t)
	return m
}

// check plays all scenarios of the network, and does something after the twentieth.
func (m *mortal) check(t *testing.T, parallel int, then func()) *verdicts.Results {
	t.Helper()
	n := 0
	c := &Check{Language: language(m.profile, nil), Dialer: &line.Dialer{Address: m.address, Timeout: time.Second}, Features: embeddedFor(t, "cup"),
		Terminals: 8, Parallel: parallel, Each: func(*verdicts.Verdict) {
			if n++; n == 20 {
				then()
			}
		}}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A host that dies has failed nothing: what it would have answered nobody knows.
func TestDeadHostLeavesScenariosUntested(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for _, parallel := range []int{1, 4} {
		m := mortalHost(t)
		found := m.check(t, parallel, func() { m.stop() })
		passed, untested := found.Count(verdicts.Passed), found.Count(verdicts.Untested)
		if failed := found.Count(verdicts.Failed); failed > 0 || passed < 20 || untested < 100 {
			t.Errorf("%d at once: %d passed, %d failed, %d untested", parallel, passed, failed, untested)
		}
		if parallel == 1 && !strings.HasPrefix(found.Away, "the host went away after scenario 20 of ") {
			t.Errorf("it says %q", found.Away)
		}
		found.Strict = true
		if n := found.Broken(); n > 0 {
			t.Errorf("%d scenarios count against the host", n)
		}
		all := found.Causes()
		for i, cause := range all {
			if why := cause.Why(); !strings.HasPrefix(why, hostAway+": it ") || i == 0 && why != hostAway+": it refuses connections" || len(all) > parallel {
				t.Errorf("%d causes: %v", len(all), all)
			}
		}
		if found.Unsettled > 0 {
			t.Errorf("a reversal is said to be left: %s", found.UnsettledWhy)
		}
	}
}

// One that is started again is checked on.
func TestHostThatComesBackIsCheckedOn(t *testing.T) {
	m := mortalHost(t)
	var back sync.WaitGroup
	found := m.check(t, 1, func() {
		m.stop()
		back.Go(func() {
			time.Sleep(200 * time.Millisecond)
			m.start(t)
		})
	})
	back.Wait()
	if untested := found.Count(verdicts.Untested); untested == 0 || untested > 3 || !strings.HasPrefix(found.Away, "the host went away after scenario 20 of ") || !strings.Contains(found.Away, ") and came back: ") {
		t.Errorf("%d scenarios are untested; away: %q", untested, found.Away)
	}
	if failed := found.Count(verdicts.Failed); failed > 0 {
		t.Errorf("%d failed, the first: %s", failed, found.Causes()[0])
	}
}

// One that refuses a connection, and answers on others, has not gone away; nor has it
// answered nothing where a scenario that is under way has heard it.
func TestConnectionsRefusedByOneThatAnswers(t *testing.T) {
	p, err := profile.Bundled("iso87", 2)
	if err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]struct {
		before, misses, after int // answers, times that it was missed, answers
		want                  string
	}{
		"at first":          {0, 1, 1, "the host refused 1 connection and answered on others: reset"},
		"between":           {3, 4, 2, "the host refused 4 connections and answered on others: reset"},
		"and never more":    {3, 2, 0, "the host went away in the first scenario that it answered: reset"},
		"before it answers": {0, 1, 0, "the host went away before it answered in any scenario: reset"},
	} {
		c := &Check{Language: language(p, nil), results: &verdicts.Results{}}
		answers := func(n int) {
			for range n {
				c.heard.hears(&sim.Terminal{Terminal: &p.Terminals[0]}, &sim.Result{Outcome: report.Approved})
			}
		}
		answers(of.before)
		for range of.misses {
			c.missed(errors.New("reset"))
		}
		answers(of.after)
		if c.cameBack(); c.results.Away != of.want {
			t.Errorf("%s: it says %q, want %q", name, c.results.Away, of.want)
		}
	}
}

// A check leaves nothing in the host's open batches: the next one draws its trace numbers
// anew, and would meet those of the one before.
func TestCheckLeavesNoBatchOpen(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	m := mortalHost(t)
	found := m.check(t, 2, func() {})
	if failed := found.Count(verdicts.Failed); failed > 0 {
		t.Fatal(found.Causes()[0])
	}
	for _, b := range m.host.Books() {
		if b.Unsettled != (dialect.Totals{}) {
			t.Errorf("terminal %s has %+v in its open batch", b.TID, b.Unsettled)
		}
	}
}

// What a host sends while a payment's answer is waited for is told: it does not keep
// silent.
func TestHostThatAnswersOtherwiseIsNotSilent(t *testing.T) {
	if testing.Short() {
		t.Skip("plays one scenario at a time, for long under the race detector; others have the same goroutines")
	}
	d, _ := dialect.Named("cup")
	for name, around := range map[string]func(frame []byte) []byte{
		"another terminal's": func(frame []byte) []byte { return foreign(t, frame) },
		"cut short":          func(frame []byte) []byte { return frame[:len(frame)-1] },
	} {
		payments := func(frame []byte) []byte {
			if m := d.NewMessage(); m.Read(frame[2:]) != nil || m.MTI() != "0210" {
				return frame
			}
			return around(frame)
		}
		p, address := mutantHost(t, "cup", 8)
		m := newMiddle(t, p, address)
		m.around = payments
		fs, err := ReadFeatures(features.FS, "core")
		if err != nil {
			t.Fatal(err)
		}
		q := quick(p)
		q.Policy.Timeout = 50 * time.Millisecond
		found, err := (&Check{Language: language(q, nil), Dialer: m.dialer(), Features: fs, Terminals: 8, Parallel: 8}).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		for v := range found.All() {
			switch {
			case v.Reason != nil && strings.Contains(v.Reason.Error(), "something else came: "):
				told++
			case v.ID == "core-signin-1" && v.Outcome != verdicts.Passed:
				t.Errorf("%s: signing in: %s, %v", name, v.Outcome, v.Reason)
			}
		}
		if told < 20 {
			t.Errorf("%s: %d scenarios say what came", name, told)
		}
	}
}
