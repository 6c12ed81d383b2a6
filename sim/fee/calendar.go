package fee

import (
	_ "embed"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim/strict"
)

// Cycle is when the money of a sale is paid out. T counts working days, D calendar
// days.
type Cycle uint8

const (
	T0 Cycle = iota // the same day, or the first working day after
	T1              // the next working day
	D0              // the same day
	D1              // the next day
)

var cycles = []string{T0: "T+0", T1: "T+1", D0: "D+0", D1: "D+1"}

func (c Cycle) String() string { return cycles[c] }

// Payout is how a plan pays out.
type Payout struct {
	Cycle     Cycle
	CutOff    time.Duration // since midnight; from then on a sale counts as the next day's; 0 for midnight
	Surcharge int64         // fen for each payout
}

// ValueDate is the day on which a sale is paid out: its midnight in China. known is
// false when working days of a year count that the calendar does not have; weekends
// alone were left out then.
func (p Payout) ValueDate(c *Calendar, sale time.Time) (day time.Time, known bool) {
	sale = sale.In(China)
	y, m, d := sale.Date()
	day = time.Date(y, m, d, 0, 0, 0, 0, China)
	if p.CutOff > 0 && sale.Sub(day) >= p.CutOff {
		day = day.AddDate(0, 0, 1)
	}
	switch p.Cycle {
	case D0:
		return day, true
	case D1:
		return day.AddDate(0, 0, 1), true
	case T1:
		day = day.AddDate(0, 0, 1)
	}
	known = c.Has(day.Year())
	for !c.Working(day) {
		day = day.AddDate(0, 0, 1)
		known = known && c.Has(day.Year())
	}
	return day, known
}

// Calendar is which days are working days: Monday to Friday but holidays, and the days
// of weekends that make up for them (调休).
type Calendar struct {
	years map[int]bool
	days  map[date]bool // true for made up, false for holiday
}

// date is a day as 20260214.
type date int32

func dateOf(day time.Time) date {
	y, m, d := day.Date()
	return date(y*10000 + int(m)*100 + d)
}

// Has reports whether the calendar has the holidays of a year.
func (c *Calendar) Has(year int) bool { return c.years[year] }

// Working reports whether a day is a working day, as its own time zone has it.
func (c *Calendar) Working(day time.Time) bool {
	if working, ok := c.days[dateOf(day)]; ok {
		return working
	}
	w := day.Weekday()
	return w != time.Saturday && w != time.Sunday
}

//go:embed calendar.yaml
var bundledCalendar []byte

// BundledCalendar is mainland China's, of the years that calendar.yaml has.
var BundledCalendar = sync.OnceValue(func() *Calendar {
	return must(ParseCalendar("calendar.yaml", bundledCalendar))
})

// ParseCalendar reads a calendar. name stands for the file in errors, which say all
// that is wrong with it, with line, key and mend.
func ParseCalendar(name string, data []byte) (*Calendar, error) {
	r := reader{&strict.Reader{File: name, Empty: "begin with a year"}}
	c := &Calendar{years: map[int]bool{}, days: map[date]bool{}}
	if root, ok := r.Document(data); ok {
		r.Each(root, func(key string, v strict.Value) {
			year, err := strconv.Atoi(key)
			if err != nil || year < 2000 || year > 2199 {
				r.Fail(v, "%s, want a year from 2000 to 2199", strict.Quote(key))
				return
			}
			c.years[year] = true
			r.Map(v, strict.Table{
				"holidays": func(v strict.Value) { r.days(c, v, year, false) },
				"working":  func(v strict.Value) { r.days(c, v, year, true) },
			})
		})
	}
	return c, r.Err()
}

var daysShape = regexp.MustCompile(`^\d\d-\d\d(\.\.\d\d-\d\d)?$`)

// days reads a list of days of a year, 05-09, or first and last, 05-01..05-05.
func (r reader) days(c *Calendar, v strict.Value, year int, working bool) {
	r.List(v, func(v strict.Value) {
		var s string
		if r.Match(&s, daysShape, "month and day as in 05-09, or first and last as in 05-01..05-05")(v); s == "" {
			return
		}
		first, last, several := strings.Cut(s, "..")
		if !several {
			last = first
		}
		day, ok1 := dayOf(strconv.Itoa(year) + "-" + first)
		end, ok2 := dayOf(strconv.Itoa(year) + "-" + last)
		if !ok1 || !ok2 || end.Before(day) {
			r.Fail(v, "%s: there are no such days in %d", strict.Quote(s), year)
			return
		}
		for ; !day.After(end); day = day.AddDate(0, 0, 1) {
			if _, twice := c.days[dateOf(day)]; twice {
				r.Fail(v, "%s stands twice; leave one away", day.Format(time.DateOnly))
				return
			}
			c.days[dateOf(day)] = working
		}
	})
}

// dayOf is midnight in China of a day as 2026-02-14.
func dayOf(s string) (time.Time, bool) {
	t, err := time.ParseInLocation(time.DateOnly, s, China)
	return t, err == nil
}
