package report

import (
	"fmt"
	"strings"
	"time"
)

// Press is a key that was pressed while a run was played, and what its arrivals were like
// from then on: not those that had been asked for.
type Press struct {
	At    time.Duration `json:"at_ns"` // since the start of the run
	Key   string        `json:"key"`
	Speed float64       `json:"speed"` // of the plan's time, 1 as it was asked for; 0 for paused or drained
	After string        `json:"after"` // in words: "550/s", "paused"
}

// String tells the press: "at 3.20 s + : 550/s".
func (p Press) String() string {
	return fmt.Sprintf("at %s %s: %s", FormatDuration(p.At), p.Key, p.After)
}

// pressed is presses in words.
func pressed(all []Press) string {
	told := make([]string, len(all))
	for i, p := range all {
		told[i] = p.String()
	}
	return strings.Join(told, "; ")
}

// presses tells keys that were pressed.
func (t *text) presses(all []Press) {
	for i, p := range all {
		name := "keys"
		if i > 0 {
			name = " "
		}
		if i == mostShown {
			t.wrapped(name, fmt.Sprintf("and %s more", FormatCount(int64(len(all)-i))))
			return
		}
		t.wrapped(name, t.paint(yellow, p.String()))
	}
}
