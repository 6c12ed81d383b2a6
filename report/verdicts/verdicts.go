// Package verdicts is what a conformance check found, and how it is told.
//
// A [Verdict] says of one scenario what became of it and why; [Results] are
// those of a whole check, feature by feature. They are data: who played the
// scenarios fills them in, and each form reads them (text.go, junit.go).
package verdicts

import (
	"iter"
	"strconv"
	"time"
)

// Outcome is what became of a scenario.
type Outcome uint8

const (
	NotPlayed Outcome = iota // the check ended before its turn
	Passed                   // every sentence held
	Failed                   // a sentence did not hold
)

// Verdict is how one scenario of a check ended.
type Verdict struct {
	ID       string // the scenario's stable tag without @; empty when it has none
	Name     string
	File     string // the feature's path
	Line     int
	Outcome  Outcome
	Took     time.Duration
	Reason   error  // why it failed; nil otherwise
	Step     string // the sentence that did not hold
	At       string // its file:line
	Exchange string // the exchanges up to then, decoded and masked
}

// Selector is how posfleet check is told to play this scenario alone: its @id,
// or file:line when it has none.
func (v *Verdict) Selector() string {
	if v.ID != "" {
		return "@" + v.ID
	}
	return v.File + ":" + strconv.Itoa(v.Line)
}

// Feature holds the verdicts on the scenarios of one feature file.
type Feature struct {
	Path, Name string
	Verdicts   []*Verdict // in the file's order, those not played too
}

// Results are what one check found.
type Results struct {
	Target   string // the host that was checked
	Dialect  string // that it was checked by, as people call it
	Took     time.Duration
	Features []Feature
}

// All gives the verdicts in the order in which they are played.
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
