package page

import (
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
)

// above writes a number that is known, and nothing for one that is not.
func above(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// lasting writes how long something was to last: "30 s", "1 h 30 min"; nothing
// for no time.
func lasting(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	var parts []string
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{time.Hour, " h"}, {time.Minute, " min"}} {
		if n := d / u.of; n > 0 {
			parts = append(parts, strconv.FormatInt(int64(n), 10)+u.name)
			d -= n * u.of
		}
	}
	if d > 0 {
		parts = append(parts, strconv.FormatFloat(d.Seconds(), 'f', -1, 64)+" s")
	}
	return strings.Join(parts, " ")
}

func perSecond(n int64, d time.Duration) string {
	if d <= 0 {
		return "-"
	}
	rate := float64(n) / d.Seconds()
	if rate >= 100 {
		return report.FormatCount(int64(rate+0.5)) + "/s"
	}
	return strconv.FormatFloat(rate, 'f', 1, 64) + "/s"
}

// share writes n of all in a hundred. It never rounds up to all or down to none.
func share(n, all int64) string {
	switch {
	case all <= 0:
		return "-"
	case n == all:
		return "100 %"
	case n == 0:
		return "0 %"
	}
	pct := float64(n) / float64(all) * 100
	switch {
	case pct > 99.99:
		return "> 99.99 %"
	case pct < 0.01:
		return "< 0.01 %"
	}
	return strconv.FormatFloat(pct, 'f', 2, 64) + " %"
}

// shell quotes a command so that a shell runs it again.
func shell(args []string) string {
	quoted := make([]string, len(args))
	for i, word := range args {
		quoted[i] = report.ShellWord(word)
	}
	return strings.Join(quoted, " ")
}
