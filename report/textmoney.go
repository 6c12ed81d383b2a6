package report

import (
	"fmt"
	"strings"
)

func (t *text) settlements(s Settlements) {
	if s.All() == 0 {
		return
	}
	words := []string{FormatCount(s.Balanced) + " balanced"}
	for _, c := range []struct {
		n     int64
		style string
		what  string
	}{
		{s.Explained, "", "unbalanced by payments whose answers were lost"},
		{s.Uncompared, yellow, "not compared: the batch may hold payments from before this run (--settle starts with a settlement)"},
		{s.Unbalanced, red, "UNBALANCED"}, {s.Failed, red, attempts(s.Failed) + " NOT DONE"},
		{s.CutOff, yellow, "cut off: the run was ended at once"},
		{s.Repeated, "", attempts(s.Repeated) + " not done, and done by a later one"},
	} {
		if c.n > 0 {
			words = append(words, t.paint(c.style, FormatCount(c.n)+" "+c.what))
		}
	}
	t.wrapped("settled", strings.Join(words, ", "))
	t.details(s.Detail)
}

// attempts are settlements that were tried: a batch may have several.
func attempts(n int64) string {
	if n == 1 {
		return "attempt"
	}
	return "attempts"
}

// details writes the first of many lines.
func (t *text) details(lines []string) {
	for i, d := range lines {
		if i == mostShown {
			t.wrapped(" ", fmt.Sprintf("and %d more", len(lines)-i))
			break
		}
		t.wrapped(" ", d)
	}
}

// compared says how much of the fleet a comparison of books is about.
func (m Money) compared() string {
	words := Plural(int64(m.Compared), "terminal") + " compared"
	if m.Settled {
		words += " by settlement"
	}
	if m.Unknown > 0 {
		words += ", " + FormatCount(int64(m.Unknown)) + " unknown"
	}
	return words
}

// evidence is what the journals were compared with.
func (m Money) evidence() string {
	switch {
	case !m.Checked || m.Compared == 0:
		return "none"
	case m.Settled:
		return "settlement flags"
	}
	return "ledger"
}

// credits says what the amounts are net of.
func (m Money) credits() string {
	if m.Credits == 0 {
		return ""
	}
	return "; net of " + FormatCount(m.Credits) + " refunds and voids"
}

// agree is the headline of books that agree: where they were not compared on all terminals,
// on how many of them.
func (t *text) agree(m Money) string {
	if m.Unknown > 0 {
		return t.paint(yellow, fmt.Sprintf("books agree on %s of %s", FormatCount(int64(m.Compared)), Plural(int64(m.Compared+m.Unknown), "terminal")))
	}
	return t.paint(green, "books agree")
}

func (t *text) money(r *Report) {
	m := r.Money
	switch {
	case !m.Checked && r.Incomplete != "":
		t.wrapped("money", t.paint(yellow, "books not compared")+": this is not the whole run")
	case !m.Checked && m.Unknown > 0:
		t.wrapped("money", t.paint(yellow, "books not compared")+": "+m.compared())
	case !m.Checked:
		t.wrapped("money", "books not compared")
	case m.Compared == 0:
		t.wrapped("money", t.paint(yellow, "books not compared")+": "+m.compared())
	case m.Agree() && m.Settled:
		t.wrapped("money", t.agree(m)+fmt.Sprintf(" as the host's settlements say: %s, %s in the journals; %s%s; its ledger was not seen",
			Plural(m.Payments, "payment"), m.Told(m.Terminals), m.compared(), m.credits()))
	case m.Agree() && m.Terminals == m.Host:
		t.wrapped("money", t.agree(m)+fmt.Sprintf(": %s, %s on both sides; %s%s", Plural(m.Payments, "payment"), m.Told(m.Terminals), m.compared(), m.credits()))
	case m.Agree():
		t.wrapped("money", t.agree(m)+fmt.Sprintf(": %s, %s in the journals, %s at the host; %s without a verified answer account for the rest; %s%s",
			Plural(m.Payments, "payment"), m.Told(m.Terminals), m.Told(m.Host), FormatCount(m.Open), m.compared(), m.credits()))
	case m.Settled && m.Terminals == m.Host:
		t.wrapped("money", t.paint(red, "BOOKS DISAGREE")+fmt.Sprintf(": %s net on both sides, but not every batch balanced (%d did not, above), %s; %s",
			m.Told(m.Terminals), len(m.Detail), Plural(m.Payments, "payment"), m.compared()))
	default:
		t.wrapped("money", t.paint(red, "BOOKS DISAGREE")+fmt.Sprintf(": terminals %s, host %s, %s; %s", m.Told(m.Terminals), m.Told(m.Host), Plural(m.Payments, "payment"), m.compared()))
		if !m.Settled { // else it stands with the settlements
			t.details(m.Detail)
		}
	}
	if m.Owed > 0 {
		t.wrapped(" ", t.paint(yellow, Plural(m.Owed, "reversal")+" still owed when the run ended"))
	}
}
