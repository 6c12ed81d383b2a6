package main

import (
	"fmt"
	"io"
	"regexp"
	"runtime"
)

// tellPanic says what went wrong inside, and where, without what may be secret:
// of a value only the text of the runtime's own errors, and no arguments of calls.
func tellPanic(w io.Writer, value any, stack []byte) {
	what := fmt.Sprintf("a %T", value)
	switch v := value.(type) {
	case runtime.Error:
		what = v.Error()
	case error:
		what += ": " + v.Error()
	case string:
		what = v
	}
	what = longRuns.ReplaceAllString(what, "…")
	fmt.Fprintf(w, "posfleet: internal error: %s (please report it)\n%s\n", what, arguments.ReplaceAll(stack, []byte("(…)")))
}

var (
	longRuns  = regexp.MustCompile(`[0-9A-Fa-f]{7,}`)
	arguments = regexp.MustCompile(`\([^()\n]*0x[^\n]*\)`)
)
