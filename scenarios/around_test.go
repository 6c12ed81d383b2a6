package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// checkAround checks a host that sends more than its answers, on lines of some kind.
func checkAround(t *testing.T, mode line.Mode, around func(frame []byte) []byte) *verdicts.Results {
	t.Helper()
	p, address := mutantHost(t, "cup", 8)
	m := newMiddle(t, p, address)
	m.around = around
	c := &Check{Language: language(p, nil), Dialer: m.dialer(), Features: embeddedFor(t, "cup"), Terminals: 8, Lines: mode}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// An octet after each answer makes the next unreadable: that is said, not what the
// length seems to be then.
func TestOctetLeftAfterAnAnswerIsNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a host that breaks lines; other tests have the same goroutines")
	}
	for octets, want := range map[string]string{"\x00": "an octet 00 came after the last answer", "AB": "octets that begin with 4142 came after the last answer"} {
		after := func(frame []byte) []byte { return append(slices.Clone(frame), octets...) }
		found := checkAround(t, line.Mode{}, after)
		if all := found.Causes(); len(all) == 0 || len(all[0].Of) < 100 || !strings.Contains(all[0].Why(), want) {
			t.Errorf("%X: %v, want %q", octets, all, want)
		}
		found = checkAround(t, line.Mode{Each: true}, after)
		if len(found.Rules) != 1 || found.Rules[0].ID != "ANS-END" {
			t.Errorf("%X, new lines: it counts %v", octets, found.Rules)
		}
	}
}

// Every answer twice: it is seen, whether lines are kept or not, and is nobody else's
// answer. Every answer with what looks like a longer length: likewise.
func TestWhatComesAroundAnswersIsSeenOnAnyLine(t *testing.T) {
	for _, c := range []struct {
		rule   string
		around func(frame []byte) []byte
	}{
		{"ANS-ONCE", func(frame []byte) []byte { return append(slices.Clone(frame), frame...) }},
		{"ANS-LENGTH", func(frame []byte) []byte { return append([]byte{0, 0}, frame...) }},
	} {
		seen := map[string]string{}
		for name, mode := range map[string]line.Mode{"own": {}, "each": {Each: true}} {
			found := checkAround(t, mode, c.around)
			failed := 0
			if c.rule == "ANS-ONCE" {
				failed = 3 // the scenarios that are about it
			}
			if n := found.Count(verdicts.Passed); n < 200 || found.Count(verdicts.Failed) != failed {
				t.Errorf("%s, %s: %d passed, %d failed: %v", c.rule, name, n, found.Count(verdicts.Failed), found.Causes())
			}
			if len(found.Rules) != 1 || found.Rules[0].ID != c.rule || found.Rules[0].N < 400 || found.RuleWhy[c.rule] == "" {
				t.Errorf("%s: it counts %v", name, found.Rules)
			}
			for v := range found.All() {
				seen[name] += fmt.Sprint(v.Selector, v.Line, v.Outcome, v.Rules, "\n")
			}
		}
		if seen["own"] != seen["each"] {
			t.Errorf("%s: verdicts and rules are others on kept lines than on new ones", c.rule)
		}
	}
}

// A host may ask in the header of any answer that the terminal signs in again: that is a
// right host, whatever was asked.
func TestSigningInAgainBesideAnythingBreaksNothing(t *testing.T) {
	for _, every := range []int64{1, 7} {
		var n atomic.Int64
		found := checkAround(t, line.Mode{}, func(frame []byte) []byte {
			if n.Add(1)%every == 0 {
				frame[9] = frame[9]&0xF0 | wire.SignInAgain // the sixth digit of the header
			}
			return frame
		})
		for v := range found.All() {
			if v.Outcome == verdicts.Failed {
				t.Errorf("asked by one answer of %d: %s: %s: %s", every, v.ID, v.Step, v.Why())
			}
		}
	}
}
