// Package verdicts is what a conformance check found, and how it is told.
//
// A [Verdict] says of one scenario what became of it and why; [Results] are
// those of a whole check, feature by feature, and [Cause]s what many of them have
// in common. They are data: who played the scenarios fills them in, and each form
// reads them (text.go, junit.go, markdown.go, json.go; package page has the page).
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

var outcomes = [...]string{"not played", "passed", "failed", "untested", "skipped"}

// String is the outcome in a word or two.
func (o Outcome) String() string { return outcomes[o] }

// Verdict is how one scenario of a check ended.
type Verdict struct {
	ID        string        `json:"id,omitempty"` // the scenario's stable tag without @; empty when it has none
	Selector  string        `json:"selector"`     // how posfleet check is told to play it alone: @id or file:line
	Name      string        `json:"name"`
	Example   int           `json:"example,omitempty"` // which row of an outline it is, from 1; 0 when it is none
	File      string        `json:"file"`              // the feature's path
	Line      int           `json:"line"`
	Outcome   Outcome       `json:"outcome"`
	Took      time.Duration `json:"took_ns"`
	Reason    error         `json:"-"`                   // why it did not pass; nil when it did, or was not played
	Step      string        `json:"step,omitempty"`      // the sentence that did not hold, or that asks for what is not there
	At        string        `json:"at,omitempty"`        // its file:line
	Cause     string        `json:"cause,omitempty"`     // what went wrong first, as other scenarios may say too; empty for the reason at that sentence
	Phrase    string        `json:"phrase,omitempty"`    // what that sentence says, in whatever language and with whatever words
	Exchange  string        `json:"exchange,omitempty"`  // the exchanges up to then, decoded and masked
	Rules     []string      `json:"rules,omitempty"`     // ids of the rules that answers broke, each once
	Unreached bool          `json:"unreached,omitempty"` // the host could not be reached for it: untested, and not its doing
	Alone     bool          `json:"alone,omitempty"`     // the host was asked nothing: it is about the terminal alone
	Expected  string        `json:"expected,omitempty"`  // why it is known to fail; empty when it is to pass
}

// Why is the reason in one line, fit to be shown; empty when there is none.
func (v *Verdict) Why() string {
	if v.Reason == nil {
		return ""
	}
	return oneLine(strings.TrimPrefix(v.Reason.Error(), v.Outcome.String()+": "))
}

// oneLine is text fit to be shown in a line.
func oneLine(text string) string {
	return strings.ReplaceAll(report.Printable(strings.TrimSpace(text)), "\n", "; ")
}

// varying is what is another each time without meaning another cause: values of six
// digits and more, in hexadecimal too (traces, references, check values), this machine's
// end of a connection, where in a message something stands, and how many octets came.
var varying = regexp.MustCompile(`(want "?)?\b[0-9A-F]{6,}\b|\S+->|\boffset \d+|(\b\d[\d,]* of the )?\b\d[\d,]* octets?\b`)

// Amounts, with how many payments they are of, vary with what was played before. A reason
// that is an amount where another was wanted is not without it: nothing was booked, or twice.
var (
	amounts      = regexp.MustCompile(`-?\b\d[\d,]*(\.\d{2,}\b( in \d+| [\pL.]+ in \d+)?|( [\pL.]+)? in \d+)`)
	wantedAmount = regexp.MustCompile(`\bwant [^;,:]*\d\.\d{2}`)
)

// cause is alike for verdicts with one cause: the outcome, what went wrong first or
// the reason, and of a failure without such a cause the phrase. Numbers of fields,
// codes and what a feature wants belong to it.
func (v *Verdict) cause() string {
	what, phrase := v.Cause, ""
	if what == "" {
		what = v.Why()
		if v.Outcome == Failed {
			phrase = v.Phrase
		}
	}
	if v.Cause != "" || !wantedAmount.MatchString(what) {
		what = amounts.ReplaceAllString(what, "#")
	}
	return fmt.Sprint(v.Outcome, "\n", phrase, "\n", varying.ReplaceAllStringFunc(what, func(s string) string {
		if v.Cause == "" && strings.HasPrefix(s, "want ") {
			return s
		}
		return "#"
	}))
}

// Feature holds the verdicts on the scenarios of one feature file.
type Feature struct {
	Path     string     `json:"path"`
	Name     string     `json:"name"`
	Digest   string     `json:"sha256"`    // of its source, in hexadecimal
	Verdicts []*Verdict `json:"scenarios"` // in the file's order, those not played too
}

// Results are what one check found.
type Results struct {
	Target      string             `json:"target"`                 // the host that was checked
	Dialect     string             `json:"dialect"`                // that it was checked by, as people call it
	Profile     string             `json:"profile"`                // its name
	Line        string             `json:"line_profile,omitempty"` // that terminals' lines played; empty for as they are
	Digest      string             `json:"profile_sha256,omitempty"`
	Command     []string           `json:"command"`
	Again       string             `json:"again"` // plays a scenario again whose selector follows it
	Started     time.Time          `json:"started"`
	Took        time.Duration      `json:"took_ns"`
	Strict      bool               `json:"strict"`            // untested and skipped are no better than failed
	Seed        int64              `json:"shuffle,omitempty"` // of the order in which they were played; 0 for that of the files
	Sent        bool               `json:"sent"`              // anything was sent to the host
	Answered    bool               `json:"answered"`          // a scenario heard an answer of the host
	Environment report.Environment `json:"environment"`
	Rules       []report.RuleCount `json:"rules,omitempty"`         // how often answers broke rules
	RuleWhy     map[string]string  `json:"rule_why,omitempty"`      // by the rule's id, how it was first broken
	Without     []string           `json:"without_rules,omitempty"` // rules that the dialect leaves out: answers were not held to them
	Away        string             `json:"away,omitempty"`          // when the host went away, and how that showed; empty when it stayed
	Interrupted bool               `json:"interrupted"`             // a signal ended it before its time
	Unended     bool               `json:"unended,omitempty"`       // it was read before its end: it is under way, was killed, or its disk was full
	Loads       []string           `json:"loads,omitempty"`         // selectors of @load scenarios of its features, which a check does not play
	// Unsettled are scenarios after which a reversal was left that the host would
	// not acknowledge, and why not the first.
	Unsettled    int       `json:"unsettled,omitempty"`
	UnsettledWhy string    `json:"unsettled_why,omitempty"`
	HungUp       int       `json:"hung_up,omitempty"` // scenarios played once more, as the host had hung up on a kept line with a request under way
	Features     []Feature `json:"features"`
	Coverage     *Coverage `json:"-"` // what of the dialect was exercised: a file of its own; nil when nothing was played
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

// Broken is how many scenarios count against the host: those that failed and were
// to pass, or are known to fail and break another must besides, those that passed and were to fail, and under Strict those untested and
// skipped, but for those that no host was there for, and those that were played once more.
func (r *Results) Broken() (n int) {
	surprising := r.surprises()
	for v := range r.All() {
		if v.Outcome == Failed && (v.Expected == "" || len(r.besides(v)) > 0) || surprising[v] || r.lacking(v) && v.Expected == "" {
			n++
		}
	}
	if r.Strict {
		n += r.HungUp
	}
	return n
}

// HangUps says of a host that hung up on kept lines what was done about it.
func (r *Results) HangUps() string {
	return fmt.Sprintf("The host hung up on a kept line with a request under way in %s, played once more, and the rest, on a line for each exchange: is it to keep lines? (--line each has all so)", report.Plural(int64(r.HungUp), "scenario"))
}

// Incomplete is why these are not the results of a whole check; empty where they are.
func (r *Results) Incomplete() string {
	switch {
	case r.Unended && r.Count(NotPlayed) > 0:
		return fmt.Sprintf("%s, was killed or its disk was full, %s before its end", report.UnderWay, report.Plural(int64(r.Count(NotPlayed)), "scenario"))
	case r.Unended:
		return report.UnderWay + ", was killed or its disk was full before it was written whole"
	case r.Interrupted && r.Count(NotPlayed) > 0:
		return fmt.Sprintf("it was stopped by a signal, %s before its end", report.Plural(int64(r.Count(NotPlayed)), "scenario"))
	case r.Interrupted:
		return "it was stopped by a signal"
	}
	return r.Away
}

// Stops reports whether a verdict is one that a check which stops on failure begins nothing
// after.
func (r *Results) Stops(v *Verdict) bool {
	return v.Expected == "" && (v.Outcome == Failed || r.lacking(v))
}

// OffList tells, a sentence each, the scenarios that are known to fail and did otherwise than
// the list of them says.
func (r *Results) OffList() (lines []string) {
	surprising := r.surprises()
	for v := range r.All() {
		if surprising[v] {
			lines = append(lines, fmt.Sprintf("%s passed and is known to fail (%s): take it off the list", v.Selector, report.Printable(v.Expected)))
		}
	}
	for v := range r.All() {
		if ids := r.besides(v); v.Outcome == Failed && v.Expected != "" && len(ids) > 0 {
			lines = append(lines, fmt.Sprintf("%s is known to fail, and breaks %s besides, which its reason does not name: mend that, or name it in the list", v.Selector, strings.Join(ids, ", ")))
		}
	}
	return lines
}

// besides are the musts that answers of a scenario broke and that why it is known to fail
// does not name: what is known may be something else.
func (r *Results) besides(v *Verdict) (ids []string) {
	for _, id := range v.Rules {
		must := slices.ContainsFunc(r.Rules, func(of report.RuleCount) bool { return of.ID == id && of.Level == "must" })
		if must && !strings.Contains(v.Expected, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// lacking reports whether a scenario was not tested and should have been.
func (r *Results) lacking(v *Verdict) bool {
	return r.Strict && (v.Outcome == Untested || v.Outcome == Skipped) && !v.Unreached
}

// Musts is how many answers broke a rule that they must keep.
func (r *Results) Musts() (n int64) {
	for _, of := range r.Rules {
		if of.Level == "must" {
			n += of.N
		}
	}
	return n
}

// surprises are the scenarios that passed although they are known to fail. Of an
// outline whose rows share an id some may pass.
func (r *Results) surprises() map[*Verdict]bool {
	of, failed := map[*Verdict]bool{}, map[string]bool{}
	for v := range r.All() {
		failed[v.ID] = failed[v.ID] || v.Outcome == Failed
	}
	for v := range r.All() {
		if v.Outcome == Passed && v.Expected != "" && !(v.Example > 0 && failed[v.ID]) {
			of[v] = true
		}
	}
	return of
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
		if v.Reason == nil || v.Outcome == Failed && v.Expected != "" {
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
