package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"syscall"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/line"
)

// unplayed tells a run in which nothing could be played, in its folder too, and
// explains it.
func (f *loadFlags) unplayed(ctx context.Context, out io.Writer, folder *report.Folder, rep *report.Report, n *network, err error) error {
	rep.Plan, rep.Environment = f.asked, report.ThisMachine(build())
	rep.Incomplete = "nothing was played: " + n.profile.Dialect.Scrubbed(report.Printable(err.Error()))
	stopped := ctx.Err() != nil || errors.Is(err, context.Canceled) // by a signal, or by a key
	if stopped {
		rep.Incomplete = "it was stopped while terminals signed in: nothing was played"
	}
	rep.Validity = report.Validity{Level: report.NotJudged, Reasons: []string{"nothing was played"}, SameHost: n.books != nil || n.local()}
	hide(rep, n.profile.Dialect)
	if kept := folder.WriteAll(rep); kept != nil {
		err = errors.Join(err, kept)
	} else {
		rep.WriteText(out, newProgress(out).color(out))
		fmt.Fprintf(out, "\nreport: %s\n", filepath.Join(folder.Name(), "run.json"))
	}
	late := ""
	if rep.SignIn.Late > 0 {
		late = fmt.Sprintf("; %s came after the response timeout of %v: give --timeout more", report.Plural(rep.SignIn.Late, "answer"), n.profile.Policy.Timeout)
	}
	hint := ""
	if n.sharedAnswersOnce(f.asked.Lines) {
		hint = sharedLines
	}
	switch {
	case ctx.Err() != nil:
		return cutOff(ctx, "nothing was played")
	case stopped:
		return &exit{code: exitIncomplete, err: errors.New("stopped before anything was played")}
	case errors.Is(err, syscall.EMFILE):
		return &exit{code: exitGenerator, err: err, hint: "this process may not open more files: raise that (ulimit -n), or let terminals share lines, --line shared:8"}
	case errors.Is(err, line.ErrUnsent):
		return &exit{code: exitUnreachable, err: err}
	case late != "":
		return &exit{code: exitIncomplete, err: fmt.Errorf("no terminal could sign in: %w%s", err, late)}
	case hint != "":
		return &exit{code: exitIncomplete, err: fmt.Errorf("no terminal could sign in: %w", err), hint: hint}
	case errors.Is(err, line.ErrTimeout), errors.Is(err, line.ErrBroken):
		why := "does it take so many at once? --terminals and --line shared:8 say how many meet it"
		if f.asked.Terminals == 1 {
			why = "there is one terminal, which connects anew: does it take another connection after the first?"
		}
		return &exit{code: exitUnreachable, err: err,
			hint: fmt.Sprintf("%s answered one terminal just before (posfleet doctor asks it step by step): %s", n.target, why)}
	}
	return &exit{code: exitIncomplete, err: fmt.Errorf("no terminal could sign in, nothing was played: %w", err)}
}

// sharedLines is what a host that hangs up after an answer is for lines that terminals share.
const sharedLines = "the host hangs up after an answer, so that lines which terminals share do not last: --line each"

// sharedAnswersOnce reports whether it is so.
func (n *network) sharedAnswersOnce(lines string) bool {
	mode, err := line.ParseMode(lines)
	return err == nil && mode.Shared > 0 && n.dialer.HangsUp
}

// unplayedCode is the exit code of why nothing could be played.
func unplayedCode(err error) int {
	switch {
	case errors.Is(err, syscall.EMFILE):
		return exitGenerator
	case errors.Is(err, line.ErrUnsent), errors.Is(err, line.ErrTimeout), errors.Is(err, line.ErrBroken):
		return exitUnreachable
	}
	return exitIncomplete
}
