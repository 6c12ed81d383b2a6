package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// checkAround checks a host that sends more than its answers, on lines of some kind, by
// features of these folders.
func checkAround(t *testing.T, mode line.Mode, around func(frame []byte) []byte, folders ...string) *verdicts.Results {
	t.Helper()
	fs, err := ReadFeatures(features.FS, folders...)
	if err != nil {
		t.Fatal(err)
	}
	p, address := mutantHost(t, "cup", 8)
	m := newMiddle(t, p, address)
	m.around = around
	c := &Check{Language: language(quick(p), nil), Dialer: m.dialer(), Features: fs, Terminals: 8, Lines: mode}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Octets after each answer are the breach of a rule, and keep no next answer from being
// heard, also when they read as the length of a message: but where the line doubled the
// request, and a second answer stands behind them.
func TestOctetsAfterAnAnswerAreNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("plays one scenario at a time, for long under the race detector; others have the same goroutines")
	}
	for _, octets := range []string{"\x00", "AB", "\r\n"} {
		for _, mode := range []line.Mode{{}, {Each: true}} {
			found := checkAround(t, mode, func(frame []byte) []byte { return append(slices.Clone(frame), octets...) }, "core")
			if failed := found.Count(verdicts.Failed); failed > 2 || len(found.Rules) != 1 || found.Rules[0].ID != "ANS-END" || found.Rules[0].N < 150 {
				t.Errorf("%q, %s: %d failed (%v), it counts %v", octets, mode, failed, found.Causes(), found.Rules)
			}
		}
	}
}

// Every answer twice: it is seen, whether lines are kept or not, and is nobody else's
// answer. Every answer with what looks like a longer length, with another terminal's answer
// before or after it, or with a request of the host's: likewise.
func TestWhatComesAroundAnswersIsSeenOnAnyLine(t *testing.T) {
	for _, c := range []struct {
		rule   string
		around func(frame []byte) []byte
	}{
		{"ANS-ONCE", func(frame []byte) []byte { return append(slices.Clone(frame), frame...) }},
		{"ANS-LENGTH", func(frame []byte) []byte { return append([]byte{0, 0}, frame...) }},
		{"ANS-ALONE", func(frame []byte) []byte { return append(slices.Clone(frame), foreign(t, frame)...) }},
		{"ANS-ALONE", func(frame []byte) []byte { return append(foreign(t, frame), frame...) }},
		{"ANS-ALONE", func(frame []byte) []byte {
			request := slices.Clone(frame)
			request[14] &^= 0x10 // of its message type, after length, TPDU and header
			return append(slices.Clone(frame), request...)
		}},
	} {
		if testing.Short() && c.rule != "ANS-ONCE" {
			continue // under the race detector one will do
		}
		seen := map[string]string{}
		for name, mode := range map[string]line.Mode{"own": {}, "each": {Each: true}} {
			found := checkAround(t, mode, c.around, "core")
			failed := 0
			if c.rule == "ANS-ONCE" || c.rule == "ANS-ALONE" {
				failed = 3 // the scenarios that are about it
			}
			if n := found.Count(verdicts.Passed); n < 60 || found.Count(verdicts.Failed) != failed {
				t.Errorf("%s, %s: %d passed, %d failed: %v", c.rule, name, n, found.Count(verdicts.Failed), found.Causes())
			}
			if len(found.Rules) != 1 || found.Rules[0].ID != c.rule || found.Rules[0].N < 150 || found.RuleWhy[c.rule] == "" {
				t.Errorf("%s: it counts %v", name, found.Rules)
			}
			for v := range found.All() {
				broke := v.Rules
				if c.rule == "ANS-ALONE" {
					broke = nil // what a kept line hears in the next exchange is nobody's fault once the line has done something
				}
				seen[name] += fmt.Sprint(v.Selector, v.Line, v.Outcome, broke, "\n")
			}
		}
		if seen["own"] != seen["each"] {
			t.Errorf("%s: verdicts and rules are others on kept lines than on new ones:\n%s", c.rule, onlyOne(seen["own"], seen["each"]))
		}
	}
}

// onlyOne gives the lines of two texts that only one has.
func onlyOne(a, b string) string {
	var all []string
	for i, pair := range [][2]string{{a, b}, {b, a}} {
		for l := range strings.Lines(pair[0]) {
			if !strings.Contains(pair[1], l) {
				all = append(all, fmt.Sprint(i, " ", l))
			}
		}
	}
	return strings.Join(all, "")
}

// foreign is an answer as it would be to another terminal.
func foreign(t *testing.T, frame []byte) []byte {
	t.Helper()
	d, _ := dialect.Named("cup")
	m := d.NewMessage()
	if err := m.Read(frame[2:]); err != nil {
		t.Error(err)
		return nil
	}
	m.SetString(wire.TerminalID, "99999999")
	other, err := wire.AppendFrame(nil, m)
	if err != nil {
		t.Error(err)
	}
	return other
}

// A host may ask in the header of any answer that the terminal signs in again: that is a
// right host, whatever was asked.
func TestSigningInAgainBesideAnythingBreaksNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("other tests have the same goroutines")
	}
	for _, every := range []int64{1, 7} {
		var n atomic.Int64
		found := checkAround(t, line.Mode{}, func(frame []byte) []byte {
			if n.Add(1)%every == 0 {
				frame[9] = frame[9]&0xF0 | wire.SignInAgain // the sixth digit of the header
			}
			return frame
		}, "core", "cup")
		for v := range found.All() {
			if v.Outcome == verdicts.Failed {
				t.Errorf("asked by one answer of %d: %s: %s: %s", every, v.ID, v.Step, v.Why())
			}
		}
	}
}

// What stands behind the last answer of a scenario fails that one under --strict, be there no
// exchange after it in which it would be heard.
func TestWhatFollowsTheLastAnswerFailsItsScenario(t *testing.T) {
	fs, err := ReadFeatures(features.FS, "core/purchase.feature")
	if err != nil {
		t.Fatal(err)
	}
	fs[0].Scenarios = fs[0].Scenarios[:1]
	for rule, around := range map[string]func(frame []byte) []byte{
		"ANS-ONCE":  func(frame []byte) []byte { return append(slices.Clone(frame), frame...) },
		"ANS-ALONE": func(frame []byte) []byte { return append(slices.Clone(frame), foreign(t, frame)...) },
	} {
		for _, mode := range []line.Mode{{}, {Each: true}} {
			p, address := mutantHost(t, "cup", 1)
			m := newMiddle(t, p, address)
			m.around = func(frame []byte) []byte {
				if frame[13] == 0x02 { // of a payment: each scenario's last
					return around(frame)
				}
				return frame
			}
			c := &Check{Language: language(quick(p), nil), Dialer: m.dialer(), Features: fs, Terminals: 1, Lines: mode, Strict: true}
			found, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if found.Count(verdicts.Failed) != 1 || !strings.Contains(fmt.Sprint(found.Causes()), rule) {
				t.Errorf("%s, %s: %d failed: %v", rule, mode, found.Count(verdicts.Failed), found.Causes())
			}
		}
	}
}
