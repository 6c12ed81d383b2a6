package scenarios

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// without takes a field out of the answers of some MTIs, all of them if none is named.
func without(field int, mtis ...string) func(frame []byte) []byte {
	d := dialect.CUP()
	return func(frame []byte) []byte {
		m := d.NewMessage()
		if m.Read(frame[2:]) != nil || len(mtis) > 0 && !slices.Contains(mtis, m.MTI()) {
			return frame
		}
		m.UnsetField(field)
		changed, err := wire.AppendFrame(nil, m)
		if err != nil {
			return frame
		}
		return changed
	}
}

// recoded has another response code in answers of some MTIs in the place of one.
func recoded(from, to string, mtis ...string) func(frame []byte) []byte {
	d := dialect.CUP()
	return func(frame []byte) []byte {
		m := d.NewMessage()
		if m.Read(frame[2:]) != nil || len(mtis) > 0 && !slices.Contains(mtis, m.MTI()) || m.Text(wire.ResponseCode) != from {
			return frame
		}
		m.SetString(wire.ResponseCode, to)
		changed, err := wire.AppendFrame(nil, m)
		if err != nil {
			return frame
		}
		return changed
	}
}

// noAdvice declines what an upload tells of refunds and advices.
func noAdvice(frame []byte) []byte {
	m := dialect.CUP().NewMessage()
	if m.Read(frame[2:]) != nil || m.Text(wire.TransactionType) == "00" {
		return frame
	}
	return recoded("00", "12", "0330")(frame)
}

// both changes answers in two ways.
func both(a, b func(frame []byte) []byte) func(frame []byte) []byte {
	return func(frame []byte) []byte { return b(a(frame)) }
}

// What comes of a scenario depends on the host alone: not on how many terminals there are,
// how many scenarios are played at once, in which order and over which lines, also where the host is wrong.
func TestVerdictsOnWrongHostsDoNotDependOnHowTheyArePlayed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	fs, err := ReadFeatures(features.FS, "core")
	if err != nil {
		t.Fatal(err)
	}
	ways := []struct {
		terminals, parallel int
		seed                int64
		each                bool
	}{{1, 1, 0, false}, {8, 1, 0, false}, {16, 16, 0, false}, {16, 16, 3, false}, {8, 8, 7, true}}
	for name, c := range map[string]struct {
		around func(frame []byte) []byte
		fault  host.Option
		again  time.Duration
		waits  bool // long where one scenario is played at a time
		closes int  // the connection, on the request after so many
		right  bool // the host is
	}{
		"silent":                 {fault: host.WithMisbehaviour("silent"), waits: true},
		"two answers":            {fault: host.WithMisbehaviour("duplicate"), waits: true},
		"payments unpaired":      {around: without(11, "0210"), waits: true},
		"no batch":               {around: without(60)},
		"no batch at sign-in":    {around: without(60, "0810")},
		"no code":                {around: without(39, "0210")},
		"no amount":              {around: without(4, "0210", "0410")},
		"no reference":           {around: without(37)},
		"settlements do not end": {around: without(11, "0330")},
		"approvals have no MAC":  {around: without(64, "0210")},
		"a second answer later":  {again: time.Millisecond},
		"no batch, and another code for a wrong one": {around: both(without(60, "0810"), recoded("77", "22"))},
		"no batch, and those that a settlement ends": {around: both(without(60, "0810"), recoded("00", "77", "0330"))},
		"lines are hung up on after three requests":  {closes: 3, right: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first map[string]*verdicts.Verdict
			for i, way := range ways {
				if c.waits && way.parallel == 1 {
					continue
				}
				p, d := bundledHost(t, "cup", slices.DeleteFunc([]host.Option{c.fault}, func(o host.Option) bool { return o == nil })...)
				m := newMiddle(t, p, d.Address)
				m.around, m.again, m.carries = c.around, c.again, c.closes
				q := quick(p)
				q.Policy.Timeout = 250 * time.Millisecond
				check := Check{Language: language(q, nil), Dialer: m.dialer(), Features: fs, Terminals: way.terminals, Parallel: way.parallel, Seed: way.seed, Lines: line.Mode{Each: way.each}}
				found, err := check.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if (found.HungUp > 0) != (c.closes > 0 && !way.each) {
					t.Errorf("way %d: the host is said to have hung up in %d scenarios", i, found.HungUp)
				}
				got, failed := map[string]*verdicts.Verdict{}, 0
				for v := range found.All() {
					got[fmt.Sprintf("%s %d", v.ID, v.Example)] = v
					if v.Outcome == verdicts.Failed {
						failed++
					}
				}
				if first == nil {
					if first = got; (failed == 0) != c.right {
						t.Errorf("%d failed", failed)
					}
					continue
				}
				for id, v := range got {
					if want := first[id]; v.Outcome != want.Outcome {
						t.Errorf("way %d: %s is %s (%v), want %s as before (%v)", i, id, v.Outcome, v.Reason, want.Outcome, want.Reason)
					}
				}
			}
		})
	}
}
