package scenarios

import (
	"context"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
)

// aboutMoney are the phrases that say what a host did with money, or that it refused.
var aboutMoney = map[string]bool{
	"the host declines":                          true,
	"the balance is known":                       true,
	"the balance has gone down by {amount} yuan": true,
	"the balance has not changed":                true,
	"the totals balance":                         true,
	"the totals do not balance":                  true,
	"the host's totals are debits of {amount} yuan in {n} and credits of {amount} yuan in {n}": true,
}

func declines(lang *Language, text string) bool {
	d := lang.Profile.Dialect
	code, err := codeOf(d, text)
	return err == nil && d.Class(code) == dialect.Declines
}

// isAboutMoney reports whether a scenario is about money or a refusal, by what its
// sentences say.
func isAboutMoney(t *testing.T, lang *Language, s *Scenario) bool {
	for i := range s.Steps {
		b, err := lang.Bind(s, i)
		if err != nil {
			t.Fatal(err)
		}
		if aboutMoney[b.Phrase.English] {
			return true
		}
		if b.Phrase.English == "the host answers {text}" && declines(lang, b.Args.Quoted(0)) {
			return true
		}
	}
	return false
}

// A host that approves everything, keeps no books and tells no balance passes no
// scenario about money or refusals.
func TestYesManPassesNothingAboutMoney(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	known := map[string]bool{}
	for _, p := range Phrases() {
		known[p.English] = true
	}
	for phrase := range aboutMoney {
		if !known[phrase] {
			t.Errorf("there is no phrase %q", phrase)
		}
	}
	for network, paths := range map[string][]string{"cup": {"core", "cup"}, "iso87": {"core", "iso87"}} {
		p, d := bundledHost(t, network, host.WithMisbehaviour("yes-man"))
		fs, err := ReadFeatures(features.FS, paths...)
		if err != nil {
			t.Fatal(err)
		}
		lang := NewLanguage(quick(p))
		found, err := (&Check{Language: lang, Dialer: d, Features: fs, Terminals: 8}).Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		type place struct {
			file string
			line int
		}
		passed := map[place]bool{}
		for v := range found.All() {
			passed[place{v.File, v.Line}] = v.Outcome == verdicts.Passed
		}
		about := 0
		for _, f := range fs {
			for _, s := range f.Scenarios {
				if !isAboutMoney(t, lang, s) {
					continue
				}
				if about++; passed[place{f.Path, s.Line}] {
					t.Errorf("%s: %s passes: %s", network, s.ID, s.Name)
				}
			}
		}
		t.Logf("%s: %d of %d scenarios pass, none of %d about money or refusals", network, found.Count(verdicts.Passed), len(passed), about)
		if about == 0 {
			t.Errorf("%s: no scenario is about money", network)
		}
	}
}
