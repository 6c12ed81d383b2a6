package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What a journal calls a payment of which its terminal does not know whether it was booked: as
// it was asked, or any part of it.
const (
	inDoubt     = "unknown"
	inDoubtPart = "unknown-part"
)

// Matched is what a run's journal and a host's books say of each payment.
type Matched struct {
	Payments  int   // of the journal that are told one by one
	Terminals int   // of the journal, that the books have too or that took nothing
	Own, Host int64 // net of both, of the run's terminals, in minor units
	Doubts    int   // payments of the journal of which both are right, booked or not
	Booked    int   // of them, those that the books have
	Summed    int   // terminals whose later payments the journal only sums up: single ones are not looked for there
	Others    int   // rows of the books of other terminals
	Findings  []Finding
}

// Finding is one payment, or all of a terminal's, of which journal and books disagree.
type Finding struct {
	Terminal string
	Trace    uint32 // 0 for the terminal as a whole
	Text     string
}

// place is what payments of journal and books have in common.
type place struct {
	terminal     string
	batch, trace uint32
}

// Match holds a journal against a host's books, payment by payment, and then terminal by
// terminal. What the host may have of each is a set: an approved payment is there; one in
// doubt is there or not; a voided one is there and its void too, or neither is. batches
// says that the books tell the batch of each payment. tell writes an amount.
func Match(journal, ledger []Payment, batches bool, tell func(int64) string) *Matched {
	m := &Matched{}
	at := func(p *Payment) place {
		k := place{p.Terminal, p.Batch, p.Trace}
		if !batches {
			k.batch = 0
		}
		return k
	}
	own, host := map[place][]*Payment{}, map[place][]*Payment{}
	sums := map[string]*terminalSums{}
	for i := range journal {
		p := &journal[i]
		s := sums[p.Terminal]
		if s == nil {
			s = &terminalSums{}
			sums[p.Terminal] = s
		}
		if p.Of == Later {
			s.own += p.Amount
			s.later = true
			continue
		}
		m.Payments++
		switch p.State {
		case inDoubtPart:
			s.part += p.Amount
			m.Doubts++
		case inDoubt:
			s.doubts = append(s.doubts, p.Amount)
			m.Doubts++
		default:
			s.own += p.Amount
		}
		own[at(p)] = append(own[at(p)], p)
	}
	for i := range ledger {
		p := &ledger[i]
		s := sums[p.Terminal]
		if s == nil {
			m.Others++
			continue
		}
		s.host += p.Amount
		host[at(p)] = append(host[at(p)], p)
	}
	for k, mine := range own {
		theirs := host[k]
		if text := differ(mine, theirs, tell); text != "" {
			m.find(sums, k, text)
		} else if strings.HasPrefix(mine[0].State, inDoubt) && len(theirs) > 0 {
			m.Booked++
		}
	}
	for k, theirs := range host {
		if len(own[k]) > 0 || sums[k.terminal].later {
			continue
		}
		var sum int64
		for _, p := range theirs {
			sum += p.Amount
		}
		if sum != 0 {
			m.find(sums, k, fmt.Sprintf("the host has %s in %s, and the terminal's journal nothing: it was not approved there, or undone", tell(sum), rows(theirs)))
		}
	}
	for tid, s := range sums {
		m.Terminals++
		m.Own += s.own
		m.Host += s.host
		if s.later {
			m.Summed++
		}
		if !s.found && !reaches(s.doubts, s.part, s.host-s.own) {
			m.Findings = append(m.Findings, Finding{Terminal: tid, Text: fmt.Sprintf("its payments come to %s in the journal, to %s on the host's books", tell(s.own), tell(s.host))})
		}
	}
	slices.SortFunc(m.Findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Terminal, b.Terminal), cmp.Compare(a.Trace, b.Trace), strings.Compare(a.Text, b.Text))
	})
	return m
}

// terminalSums are what a terminal's payments come to.
type terminalSums struct {
	own, host int64
	doubts    []int64
	part      int64 // all of those of which the host may have a part
	later     bool  // own has payments that are only summed up
	found     bool  // one of its payments disagrees
}

func (m *Matched) find(sums map[string]*terminalSums, k place, text string) {
	sums[k.terminal].found = true
	m.Findings = append(m.Findings, Finding{Terminal: k.terminal, Trace: k.trace, Text: text})
}

// differ says in what the books differ from what they may have of payments at one place;
// empty for nothing.
func differ(mine, theirs []*Payment, tell func(int64) string) string {
	var sum int64
	for _, p := range theirs {
		sum += p.Amount
	}
	may := []int64{0}
	var part int64
	for _, p := range mine {
		if p.State == inDoubtPart {
			part += p.Amount
			continue
		}
		var next []int64
		for _, n := range p.nets() {
			for _, before := range may {
				if !slices.Contains(next, before+n) {
					next = append(next, before+n)
				}
			}
		}
		may = next
	}
	if slices.ContainsFunc(may, func(n int64) bool { return sum-n >= 0 && sum-n <= part }) {
		return ""
	}
	told := make([]string, len(mine))
	for i, p := range mine {
		told[i] = fmt.Sprintf("%s of %s in batch %06d, %s", p.Of, tell(p.Amount), p.Batch, p.State)
		if p.Reference != "" {
			told[i] += " under reference " + p.Reference
		}
	}
	if len(theirs) == 0 {
		return strings.Join(told, "; ") + ": the host has none"
	}
	return fmt.Sprintf("%s: the host has %s in %s", strings.Join(told, "; "), tell(sum), rows(theirs))
}

// nets are what a host may have of a payment.
func (p *Payment) nets() []int64 {
	switch {
	case p.State == "not-booked":
		return []int64{0}
	case p.State == inDoubt, p.State == "voided", strings.HasSuffix(p.Of, "-void"):
		return []int64{p.Amount, 0}
	}
	return []int64{p.Amount}
}

// rows names rows of the books.
func rows(all []*Payment) string {
	if all[0].Line == 0 {
		if len(all) > 1 {
			return fmt.Sprintf("%d bookings", len(all))
		}
		return "one booking"
	}
	lines := make([]string, 0, 3)
	for _, p := range all[:min(len(all), cap(lines))] {
		lines = append(lines, fmt.Sprint(p.Line))
	}
	words := "line "
	if len(all) > 1 {
		words = fmt.Sprintf("%d rows, lines ", len(all))
	}
	if len(all) > len(lines) {
		lines = append(lines, "…")
	}
	return words + strings.Join(lines, ", ")
}

// reaches reports whether some of the amounts, and as much as there is of part, come to a sum;
// of very many only whether it is within their bounds.
func reaches(amounts []int64, part, sum int64) bool {
	sums := map[int64]bool{0: true}
	var low, high int64
	for _, a := range amounts {
		low, high = low+min(a, 0), high+max(a, 0)
		if len(sums) > 1<<14 {
			continue
		}
		for _, s := range slices.Collect(maps.Keys(sums)) {
			sums[s+a] = true
		}
	}
	if len(sums) > 1<<14 {
		return sum >= low && sum <= high+part
	}
	for s := range sums {
		if sum-s >= 0 && sum-s <= part {
			return true
		}
	}
	return false
}
