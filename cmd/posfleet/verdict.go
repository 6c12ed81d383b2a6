package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/report"
)

// errUnwritten is that not all of a run could be written down, which is no fault of its host.
var errUnwritten = errors.New("results are incomplete")

// verdict is the exit code of a run, and in words why: nil when all held. The code is
// that of the signal that stopped it, 0 for none; broken is why not all of it could be
// written, which is told whatever the code.
func verdict(rep *report.Report, signalled int, broken error) error {
	found := judged(rep, signalled, broken)
	if found == nil || broken == nil || errors.Is(found, errUnwritten) {
		return found
	}
	return &exit{code: found.(*exit).code, err: fmt.Errorf("%w; %w: %w", found, errUnwritten, broken)}
}

// judged is verdict as far as the code goes. What was found of the host (exit codes 3, 2
// and 1, in this order) goes before what is not known of it (5, then 4, and limits that
// nothing could be held to).
func judged(rep *report.Report, signalled int, broken error) error {
	bad := func(code int, format string, args ...any) error {
		return &exit{code: code, err: fmt.Errorf(format, args...)}
	}
	stuck := rep.Planned - rep.Played - rep.NotPlayed
	switch limit := limitThat(rep, func(l *report.LimitResult) bool { return !l.OK && !l.Untested }); {
	case rep.Money.Checked && rep.Money.Compared > 0 && !rep.Money.Agree():
		return bad(exitBooks, "the books of terminals and host disagree")
	case signalled != 0 && broken == nil:
		return bad(signalled, "stopped by a signal; what was played until then is reported")
	case rep.Money.Owed > 0 && (rep.Plan.Books || !rep.Kept("owed")):
		return bad(exitBooks, "%s whose reversal was not acknowledged may or may not have been booked", report.Plural(rep.Money.Owed, "payment"))
	case !rep.Kept("unbalanced"):
		return bad(exitBooks, "%d of %d attempts to settle did not balance or were not done", rep.Settlements.Broken(), rep.Settlements.All())
	case !rep.Kept("failed"):
		return bad(exitFailed, "%d of %d scenarios did not hold", rep.Failed, rep.Played)
	case rep.Plan.Strict && len(rep.Rules) > 0:
		return bad(exitFailed, "answers break rules that they must or should keep: %s (posfleet rules)", report.DescribeRules(rep.Rules))
	case limit != nil && rep.Validity.Level == report.Invalid:
		return bad(exitLimit, "limit broken: %s (%s); the generator was the limit, too: a time or a rate may be its own (reasons above)", limit.Limit, limit.Seen)
	case limit != nil:
		return bad(exitLimit, "limit broken: %s (%s)", limit.Limit, limit.Seen)
	case rep.Plan.Books && !rep.Money.Checked:
		return bad(exitIncomplete, "the books could not be compared: the host's are known when it is the bundled one in this process, or by its settlements")
	case broken != nil:
		return bad(exitIncomplete, "%w: %w", errUnwritten, broken)
	case rep.Interrupted && signalled == 0:
		return bad(exitIncomplete, "this is not the whole run: it was ended before its time")
	case rep.SignIn.Failed > 0:
		return bad(exitIncomplete, "%d of %d terminals could not sign in and took no part", rep.SignIn.Failed, rep.SignIn.Terminals)
	case rep.Opening.Failed > 0:
		return bad(exitIncomplete, "%d of %d terminals could not sign in again after their first settlement and took no part", rep.Opening.Failed, rep.Opening.Terminals)
	case stuck > 0:
		return bad(exitIncomplete, "%d of %d arrivals were stuck: their terminals could not send them (reasons above)", stuck, rep.Planned)
	case !rep.Kept("notplayed") && rep.Validity.Level != report.Invalid: // else it was the generator that found no time
		return bad(exitIncomplete, "%d of %d arrivals were not played: no terminal was free in time", rep.NotPlayed, rep.Planned)
	case rep.Validity.Level == report.Invalid:
		return bad(exitGenerator, "the generator was the limit, not the host: this run is invalid (reasons above)")
	}
	if l := limitThat(rep, func(l *report.LimitResult) bool { return l.Untested }); l != nil {
		return bad(exitLimit, "limit untested: %s (%s)", l.Limit, l.Why)
	}
	switch {
	case rep.Nothing():
		return bad(exitIncomplete, "nothing was judged: nothing was sent outside the warm-up")
	case rep.Validity.Level == report.NotJudged:
		return bad(exitIncomplete, "the generator was not judged: there is no whole second outside the warm-up; give %s", longer(rep.Plan))
	}
	return nil
}

// longer says which flag of the verb that played a run has it last longer.
func longer(p report.Plan) string {
	given := func(flag string) bool {
		return slices.ContainsFunc(p.Command, func(word string) bool { return word == flag || strings.HasPrefix(word, flag+"=") })
	}
	how := "--for more"
	switch {
	case len(p.Command) > 1 && p.Command[1] == "replay":
		return "--speed less, or a longer recording"
	case given("--stage"):
		how = "a --stage more"
	case given("--arrivals"):
		how = "an --arrivals file that lasts longer"
	}
	if p.Warmup > 0 {
		how += ", or --warmup less"
	}
	return how
}

// limitThat is the first of the limits that somebody asked for of which something is so.
func limitThat(rep *report.Report, so func(l *report.LimitResult) bool) *report.LimitResult {
	for i := range rep.Limits {
		if l := &rep.Limits[i]; !l.Default && so(l) {
			return l
		}
	}
	return nil
}
