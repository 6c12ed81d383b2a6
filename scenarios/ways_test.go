package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
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

// What comes of a scenario depends on the host alone: not on how many terminals there are,
// how many scenarios are played at once, and in which order, also where the host is wrong.
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
	}{{1, 1, 0}, {8, 1, 0}, {16, 16, 0}, {16, 16, 3}}
	for name, c := range map[string]struct {
		around func(frame []byte) []byte
		fault  host.Option
	}{
		"silent":                {nil, host.WithMisbehaviour("silent")},
		"late":                  {nil, host.WithMisbehaviour("late")},
		"two answers":           {nil, host.WithMisbehaviour("duplicate")},
		"payments unpaired":     {without(11, "0210"), nil},
		"nothing is paired":     {without(41), nil},
		"no batch":              {without(60), nil},
		"no batch at sign-in":   {without(60, "0810"), nil},
		"no code":               {without(39, "0210"), nil},
		"no amount":             {without(4, "0210", "0410"), nil},
		"no reference":          {without(37), nil},
		"approvals have no MAC": {without(64, "0210"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first map[string]string
			for i, way := range ways {
				p, d := bundledHost(t, "cup", slices.DeleteFunc([]host.Option{c.fault}, func(o host.Option) bool { return o == nil })...)
				m := newMiddle(t, p, d.Address)
				m.around = c.around
				q := quick(p)
				q.Policy.Timeout = 400 * time.Millisecond
				check := Check{Language: language(q, nil), Dialer: m.dialer(), Features: fs, Terminals: way.terminals, Parallel: way.parallel, Seed: way.seed}
				found, err := check.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				got, failed := map[string]string{}, 0
				for v := range found.All() {
					got[fmt.Sprintf("%s %d", v.ID, v.Example)] = strings.TrimSpace(fmt.Sprint(v.Outcome))
					if v.Outcome == verdicts.Failed {
						failed++
					}
				}
				if i == 0 {
					if first = got; failed == 0 {
						t.Error("none failed")
					}
					continue
				}
				for id, outcome := range got {
					if outcome != first[id] {
						t.Errorf("way %d: %s is %s, want %s as in way 0", i, id, outcome, first[id])
					}
				}
			}
		})
	}
}
