// Package verdicts is what a conformance check found, and how it is told.
//
// A [Verdict] says of one scenario what became of it and why; [Results] are
// those of a whole check, feature by feature, and [Cause]s what many of them have
// in common. They are data: who played the scenarios fills them in, and each form
// reads them (text.go, junit.go).
package verdicts

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
)

// Outcome is what became of a scenario.
type Outcome uint8

const (
	NotPlayed Outcome = iota // the check ended before its turn
	Passed                   // every sentence held
	Failed                   // a sentence did not hold
	Untested                 // the host or the profile gave no evidence
	Skipped                  // it does not apply to this network: no such card, transaction, operator or policy
)

// String is the outcome in a word or two.
func (o Outcome) String() string {
	return [...]string{"not played", "passed", "failed", "untested", "skipped"}[o]
}

// Verdict is how one scenario of a check ended.
type Verdict struct {
	ID       string // the scenario's stable tag without @; empty when it has none
	Selector string // how posfleet check is told to play it alone: @id or file:line
	Name     string
	Example  int    // which row of an outline it is, from 1; 0 when it is none
	File     string // the feature's path
	Line     int
	Outcome  Outcome
	Took     time.Duration
	Reason   error    // why it did not pass; nil when it did, or was not played
	Step     string   // the sentence that did not hold, or that asks for what is not there
	At       string   // its file:line
	Cause    string   // what went wrong first, as other scenarios may say too; empty for the reason at that sentence
	Phrase   string   // what that sentence says, in whatever language and with whatever words
	Exchange string   // the exchanges up to then, decoded and masked
	Rules    []string // ids of the rules that answers broke, each once
}

// Why is the reason in one line, fit to be shown; empty when there is none.
func (v *Verdict) Why() string {
	if v.Reason == nil {
		return ""
	}
	return report.Printable(strings.TrimPrefix(v.Reason.Error(), v.Outcome.String()+": "))
}

// digits are numbers, in hexadecimal too.
var digits = regexp.MustCompile(`\b[0-9A-F]{4,}\b|\d+`)

// cause is alike for verdicts with one cause: the outcome, what went wrong first or
// the reason, but for its numbers, and of a failure without such a cause the phrase.
func (v *Verdict) cause() string {
	what, phrase := v.Cause, ""
	if what == "" {
		what = v.Why()
		if v.Outcome == Failed {
			phrase = v.Phrase
		}
	}
	return fmt.Sprint(v.Outcome, "\n", phrase, "\n", digits.ReplaceAllString(what, "#"))
}

// Feature holds the verdicts on the scenarios of one feature file.
type Feature struct {
	Path, Name string
	Digest     string     // SHA-256 of its source, in hexadecimal
	Verdicts   []*Verdict // in the file's order, those not played too
}

// Results are what one check found.
type Results struct {
	Target   string // the host that was checked
	Dialect  string // that it was checked by, as people call it
	Strict   bool   // untested and skipped are no better than failed
	Seed     int64  // of the order in which they were played; 0 for that of the files
	Took     time.Duration
	Answered bool // the host answered at all
	Features []Feature
	Rules    []report.RuleCount // how often answers broke rules
	// Unsettled are scenarios after which a reversal was left that the host would
	// not acknowledge, and why not the first.
	Unsettled    int
	UnsettledWhy error
}

// All gives the verdicts in the order of the files.
func (r *Results) All() iter.Seq[*Verdict] {
	return func(yield func(*Verdict) bool) {
		for _, f := range r.Features {
			for _, v := range f.Verdicts {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// Count is the number of verdicts with this outcome.
func (r *Results) Count(o Outcome) (n int) {
	for v := range r.All() {
		if v.Outcome == o {
			n++
		}
	}
	return n
}

// Broken is how many scenarios count against the host: those that failed, and
// under Strict those untested and skipped.
func (r *Results) Broken() int {
	n := r.Count(Failed)
	if r.Strict {
		n += r.Count(Untested) + r.Count(Skipped)
	}
	return n
}

// Cause is why scenarios did not pass that ended alike.
type Cause struct {
	Outcome Outcome
	Of      []*Verdict // at least one; the first speaks for all
}

// Causes are why scenarios failed, could not be tested or were skipped, the
// failures first, those with most scenarios first.
func (r *Results) Causes() (all []*Cause) {
	byCause := map[string]*Cause{}
	for v := range r.All() {
		if v.Reason == nil {
			continue
		}
		c := byCause[v.cause()]
		if c == nil {
			c = &Cause{Outcome: v.Outcome}
			byCause[v.cause()] = c
			all = append(all, c)
		}
		c.Of = append(c.Of, v)
	}
	slices.SortStableFunc(all, func(a, b *Cause) int {
		if a.Outcome != b.Outcome {
			return int(a.Outcome) - int(b.Outcome)
		}
		return len(b.Of) - len(a.Of)
	})
	return all
}
