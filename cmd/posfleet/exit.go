package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Exit codes. Several at once: what was found of the host, the first of books, failed
// and limit, then what is not known of it, incomplete and generator.
const (
	exitOK          = 0
	exitLimit       = 1  // a limit was broken
	exitFailed      = 2  // a scenario failed
	exitBooks       = 3  // the books disagree, a reversal is owed, a settlement did not balance
	exitGenerator   = 4  // the generator was the limit: the run is invalid
	exitIncomplete  = 5  // results are incomplete
	exitUsage       = 64 // usage, profile or feature file
	exitUnreachable = 69 // host unreachable
	exitInternal    = 70 // a bug of ours
	exitHangUp      = 129
	exitInterrupt   = 130
	exitQuit        = 131
	exitTerminate   = 143
)

const exitHelp = `Exit codes:
  0 all held · 1 a limit was broken · 2 a scenario failed · 3 the books disagree, or a reversal is owed
  4 the generator was the limit, run invalid · 5 results incomplete · 64 usage, profile or feature file
  69 host unreachable · 70 internal error · 129, 130, 131, 143 stopped by a signal
  several at once: what is wrong with the host before what is not known of it`

// exit is an error with its exit code, and perhaps a hint at the mend.
type exit struct {
	code int
	err  error
	hint string
}

func (e *exit) Error() string { return e.err.Error() }
func (e *exit) Unwrap() error { return e.err }

// withLost is what a command ended with when not all that it found could be written: that is
// told whatever the code, and is the code where there is none that goes before it.
func withLost(err, lost error) error {
	if lost == nil {
		return err
	}
	e, is := errors.AsType[*exit](err)
	switch {
	case err == nil, errors.Is(err, lost):
		return &exit{code: exitIncomplete, err: lost}
	case !is:
		return errors.Join(err, lost)
	}
	code, both := e.code, fmt.Errorf("%w; %w", e.err, lost)
	if e.err.Error() == "" {
		both = lost
	}
	if code == exitGenerator {
		code = exitIncomplete
	}
	return &exit{code: code, err: both, hint: e.hint}
}

// onceEach joins errors, what says the same once.
func onceEach(errs ...error) error {
	var all []error
	for _, err := range errs {
		if err != nil && !slices.ContainsFunc(all, func(o error) bool { return strings.Contains(o.Error(), err.Error()) }) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exit{code: exitUsage, err: err}
}
