package report

import (
	"fmt"
	"strings"
)

// AfterBreak is what answers tell that came when the line had broken, and what helps.
const AfterBreak = ": a host that hangs up after each answer wants --line each"

// phases writes what the fleet did before the first arrival.
func (t *text) phases(r *Report) {
	if r.Incomplete != "" && r.SignIn.Terminals == 0 {
		t.wrapped("sign-in", "not known: no log tells of its end")
	}
	t.phase("sign-in", &r.SignIn)
	t.phase("settling", &r.Opening)
}

func (t *text) phase(name string, s *Phase) {
	if s.Terminals == 0 {
		return
	}
	did := int64(s.Terminals - s.Failed)
	words := Plural(did, "terminal")
	if name == "settling" {
		did = min(int64(s.Label.Counts[Approved]), did)
		if words = Plural(did, "terminal"); did < int64(s.Terminals) {
			words = t.paint(yellow, FormatCount(did)+" of "+Plural(int64(s.Terminals), "terminal")+" settled")
		}
	}
	words += fmt.Sprintf(" in %s", FormatDuration(s.Took))
	if s.Took > 0 && did > 0 {
		words += fmt.Sprintf(", %s/s", rateText(float64(did)/s.Took.Seconds()))
	}
	if s.Label.Response != nil && s.Label.Response.TotalCount() > 0 {
		words += fmt.Sprintf("; response p50 %s, p99 %s, max %s", s.Label.Quantile(0.5), s.Label.Quantile(0.99), s.Label.Quantile(1))
	}
	if s.Late > 0 {
		words += "; " + t.paint(yellow, Plural(s.Late, "answer")+" came after the response timeout: a longer --timeout waits for them")
	}
	if s.Cut > 0 {
		words += "; " + t.paint(yellow, Plural(s.Cut, "answer")+" came when the line had broken"+AfterBreak)
	}
	t.wrapped(name, words)
	if s.Failed > 0 {
		t.wrapped(" ", t.paint(red, fmt.Sprintf("%s of %s could not and took no part", FormatCount(int64(s.Failed)), Plural(int64(s.Terminals), "terminal")))+", the first "+s.First)
		for i, why := range byCount(s.Why) {
			if i == mostShown {
				t.wrapped(" ", fmt.Sprintf("and for %d more reasons", len(s.Why)-i))
				break
			}
			t.wrapped(" ", fmt.Sprintf("%s: %s", FormatCount(s.Why[why]), why))
		}
	}
}

// limits writes what was promised: what nobody had to ask for in one line as long
// as it was kept.
func (t *text) limits(r *Report) {
	limits := r.Limits
	if len(limits) == 0 && r.Incomplete != "" {
		t.wrapped("promises", t.paint(yellow, "NOT JUDGED")+": this is not the whole run")
		return
	}
	var kept, moot []string
	for _, l := range limits {
		switch {
		case l.Default && l.OK:
			kept = append(kept, l.Limit)
		case l.Moot():
			moot = append(moot, l.Limit+" ("+l.Why+")")
		}
	}
	head := "promises"
	if len(kept) > 0 {
		t.wrapped(head, t.paint(green, "kept")+"    "+strings.Join(kept, ", "))
		head = " "
	}
	if len(moot) > 0 {
		t.wrapped(head, "untested "+strings.Join(moot, ", "))
		head = " "
	}
	asked := false
	for _, l := range limits {
		if !l.Default && !asked {
			head, asked = "limits", true
		}
		switch {
		case l.Default && l.OK, l.Moot():
			continue
		case l.OK:
			t.wrapped(head, t.paint(green, "kept")+"    "+l.Limit+": "+l.Seen)
		case l.Untested:
			t.wrapped(head, t.paint(yellow, "UNTESTED")+"  "+l.Limit+": "+l.Why)
		default:
			t.wrapped(head, t.paint(red, "BROKEN")+"  "+l.Limit+": "+l.Seen+", "+l.Why)
		}
		head = " "
	}
}

func (t *text) validity(r *Report) {
	v := r.Validity
	if stuck := total(r.Stuck); stuck > 0 {
		t.wrapped("run", t.paint(red, "NOT VALID")+fmt.Sprintf(": %s of %s arrivals sent nothing of their own", FormatCount(stuck), FormatCount(r.Planned)))
	}
	if len(r.Seconds) == 0 && v.Level == Valid {
		v = Validity{Level: NotJudged, Reasons: []string{"no second of it is known"}}
	}
	how := [...]string{"it kept to its plan", "read the figures with care", "", "the generator was the limit, not the host"}[min(v.Level, Invalid)]
	reasons := v.Reasons
	if v.Level == NotJudged && len(reasons) > 0 {
		how, reasons = reasons[0], reasons[1:]
	}
	t.wrapped("generator", t.paint([...]string{green, yellow, yellow, red}[min(v.Level, Invalid)], strings.ToUpper(v.Level.String()))+": "+how)
	for _, reason := range reasons {
		t.wrapped(" ", reason)
	}
	if v.SameHost {
		t.wrapped(" ", "generator and host share this machine: no figure here is a capacity of the host")
	}
	if r.Plan.Model == "closed" {
		t.wrapped(" ", "closed model: latency excludes queueing before the terminal")
	}
}
