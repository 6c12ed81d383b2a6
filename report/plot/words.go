package plot

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
)

// inUnitOf writes the µs of a tick in the unit that suits an axis that ends at
// µs of end.
func inUnitOf(µs, end float64) string {
	unit, name := 1.0, " µs"
	switch {
	case end >= 1e6*0.999:
		unit, name = 1e6, " s"
	case end >= 1e3*0.999:
		unit, name = 1e3, " ms"
	}
	if µs == 0 {
		return "0"
	}
	return strings.TrimSuffix(strconv.FormatFloat(math.Round(µs/unit*1e4)/1e4, 'f', -1, 64), ".0") + name
}

// clock writes seconds since the start, to the coarsest unit that tells steps apart.
func clock(s, step float64) string {
	switch {
	case s == 0:
		return "0"
	case step >= 3600:
		return strconv.FormatFloat(s/3600, 'f', -1, 64) + " h"
	case step >= 60:
		return strconv.FormatFloat(s/60, 'f', -1, 64) + " min"
	}
	return strconv.FormatFloat(s, 'f', -1, 64) + " s"
}

// span writes how long something was meant to last: "30 s", "5 min", "1 h 30 min".
func span(d time.Duration) string {
	if d < time.Second {
		return report.FormatDuration(d)
	}
	var parts []string
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{time.Hour, " h"}, {time.Minute, " min"}, {time.Second, " s"}} {
		if n := d / u.of; n > 0 {
			parts = append(parts, strconv.FormatInt(int64(n), 10)+u.name)
			d -= n * u.of
		}
	}
	return strings.Join(parts, " ")
}

// percent writes a share of one hundred, with as many nines as it needs.
func percent(q float64) string {
	digits := max(0, int(math.Ceil(nines(q)))-2)
	return strconv.FormatFloat(math.Floor(q*100*math.Pow10(digits))/math.Pow10(digits), 'f', -1, 64) + " %"
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// numbered is what a label is called when its name cannot be drawn.
func numbered(i int) string { return "label " + strconv.Itoa(i+1) }
