package report

import (
	"fmt"
	"strings"
	"time"
)

// tolerated is the share of its seconds that may be invalid before a run is: a
// bad hundredth does not move the 99th percentile's meaning, more does.
const tolerated = 0.01

// ValidityOf judges the generator over the seconds outside the warm-up, up to the last
// in which anything fell due: after it there is no plan to keep. A run is invalid when more than a hundredth of them are, suspect when
// any is less than valid. With the host in the same process or on the same
// machine, the generator's processor time is not its own alone, and no figure
// is a capacity of the host.
func ValidityOf(seconds []Second, sameHost bool) Validity {
	v := Validity{SameHost: sameHost}
	var judged, invalid int
	seconds = seconds[:planned(seconds)]
	since := streaks{most: judgeable(seconds)}
	found := map[*bound]*[Invalid + 1]*offence{}
	for i := range seconds {
		s := &seconds[i]
		if s.short() {
			continue
		}
		findings := since.check(s)
		if s.Warmup {
			continue
		}
		judged++
		level := Valid
		for _, f := range findings {
			level = max(level, f.level)
			o := found[f.bound]
			if o == nil {
				o = &[Invalid + 1]*offence{}
				found[f.bound] = o
			}
			if o[f.level] == nil {
				o[f.level] = &offence{limit: f.limit}
			}
			o[f.level].add(s.At, f.seen)
		}
		if level == Invalid {
			invalid++
		}
		if level > Valid {
			v.Level = Suspect
		}
	}
	if judged == 0 {
		v.Level = NotJudged
		v.Reasons = []string{"no second outside the warm-up was judged"}
		return v
	}
	if float64(invalid) > tolerated*float64(judged) {
		v.Level = Invalid
	}
	for _, level := range []Level{Invalid, Suspect} {
		for i := range bounds {
			if all := found[&bounds[i]]; all != nil && all[level] != nil {
				o := all[level]
				v.Reasons = append(v.Reasons, fmt.Sprintf("%s: %s in %s", level, bounds[i].say(o.worst, o.limit), o.seconds()))
			}
		}
	}
	return v
}

// planned is how many seconds there are up to the last in which an arrival fell due or
// was begun; all of them where none did.
func planned(seconds []Second) int {
	for n := len(seconds); n > 0; n-- {
		if s := &seconds[n-1]; s.Planned > 0 || s.begun() > 0 {
			return n
		}
	}
	return len(seconds)
}

// judgeable is how many seconds there are to judge.
func judgeable(seconds []Second) (n int) {
	for i := range seconds {
		if s := &seconds[i]; !s.Warmup && !s.short() {
			n++
		}
	}
	return n
}

// offence is one bound passed, over the run.
type offence struct {
	limit, worst float64
	at           []int // seconds, rising
}

func (o *offence) add(at time.Duration, seen float64) {
	o.worst = max(o.worst, seen)
	o.at = append(o.at, int(at.Round(time.Second)/time.Second))
}

// seconds names them: "second 12", "seconds 3, 7-9 and 12", and of many spans
// the first few and how many seconds there are in all.
func (o *offence) seconds() string {
	const shown = 5
	var spans []string
	for i := 0; i < len(o.at); {
		k := i
		for k+1 < len(o.at) && o.at[k+1] <= o.at[k]+1 {
			k++
		}
		if o.at[k] > o.at[i] {
			spans = append(spans, fmt.Sprintf("%d-%d", o.at[i], o.at[k]))
		} else {
			spans = append(spans, fmt.Sprint(o.at[i]))
		}
		i = k + 1
	}
	switch n := len(spans); {
	case len(o.at) == 1:
		return "second " + spans[0]
	case n == 1:
		return "seconds " + spans[0]
	case n <= shown:
		return "seconds " + strings.Join(spans[:n-1], ", ") + " and " + spans[n-1]
	}
	return fmt.Sprintf("seconds %s, … %d in all", strings.Join(spans[:shown], ", "), len(o.at))
}
