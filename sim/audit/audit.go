// Package audit lays the terminals' journals beside a host's books, to the fen.
//
// [Compare] goes through a fleet terminal by terminal; the host's [Books] come
// as plain data, so they may be the bundled host's, or what somebody wrote down
// of another one. Of a host whose ledger cannot be seen [Settlements] compares what
// it said of each batch that was settled. Without either, [Journals] sums up what
// the terminals know. All give a report.Money. A journal that a run has written and an
// export of a host's books, read by a [LedgerMap], are held against each other payment by
// payment by [Match].
package audit

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
)

// Books are a host's, when no request is being answered.
type Books struct {
	Net    map[string]int64 // by terminal number: what cardholders paid less what they got back, in fen; a terminal that is missing booked nothing
	Broken error            // what the host itself finds wrong with its books; nil for nothing

	// Payments are those of a terminal that moved money, reversed ones left out, and is nil,
	// or gives nil, where the host's are not to be had. Story says what became of one at its terminal, when; it
	// may be nil.
	Payments func(tid string) []Payment
	Story    func(tid string, trace uint32) []string
}

// Compare holds each terminal's journal against the books. A terminal that still
// owes a reversal, or gave one up, does not know what it took: it is left out of
// both sums, and counted as unknown. Where a terminal is in doubt of payments, the
// books may have any of them.
func Compare(fleet []*sim.Terminal, b Books) report.Money {
	m := report.Money{Checked: true}
	for _, t := range fleet {
		if n := unknown(t); n > 0 {
			m.Owed += n
			m.Unknown++
			continue
		}
		own, booked := t.Journal.All.Net(), b.Net[t.TID]
		m.Compared++
		m.Terminals += own
		m.Host += booked
		m.Payments += int64(t.Journal.All.DebitN)
		m.Credits += int64(t.Journal.All.CreditN)
		m.Open += int64(len(t.Journal.Doubts))
		if own != booked && !sim.PossibleOf(t.Journal.Doubts).HasNet(booked-own) {
			d := t.Profile.Dialect
			m.Detail = append(m.Detail, fmt.Sprintf("terminal %s: %s %s in its journal%s, %s %s on the host's books",
				t.TID, report.FormatAmount(own, d.Exponent), d.Unit(), doubts(t), report.FormatAmount(booked, d.Exponent), d.Unit()))
			m.Detail = append(m.Detail, disputed(t, &b)...)
		}
	}
	if b.Broken != nil {
		m.Detail = append(m.Detail, b.Broken.Error())
	}
	return m
}

// doubts says how many payments a terminal is in doubt of.
func doubts(t *sim.Terminal) string {
	if n := len(t.Journal.Doubts); n > 0 {
		return fmt.Sprintf(" and %d in doubt", n)
	}
	return ""
}

// Settlements holds what each terminal settled against what the host said of the
// same batches. A terminal that has not settled all that it took, or whose first
// batch may have held more, is unknown. Where the host told totals that cannot be,
// they disagree, whatever became of that settlement or of other payments.
func Settlements(fleet []*sim.Terminal) report.Money {
	m := report.Money{Settled: true}
	for _, t := range fleet {
		s := t.Settled()
		m.Owed += unknown(t)
		own, host, detail := s.Own, s.Host, s.Detail
		if open := s.Open; open != nil {
			own, host, detail = own.Plus(open.Own), host.Plus(open.Host), cmp.Or(detail, open.Detail)
		}
		if detail == "" && (unknown(t) > 0 || s.Why != nil || !t.Opened || s.Counts[sim.Uncompared] > 0 || len(t.Journal.Records) > 0) {
			m.Unknown++
			continue
		}
		m.Compared++
		m.Terminals += own.Net()
		m.Host += host.Net()
		m.Payments += int64(t.Journal.All.DebitN)
		m.Credits += int64(t.Journal.All.CreditN)
		if detail != "" {
			m.Detail = append(m.Detail, detail)
		}
	}
	m.Checked = m.Compared > 0
	return m
}

// Journals sums up what the terminals know without a host's books.
func Journals(fleet []*sim.Terminal) report.Money {
	var m report.Money
	for _, t := range fleet {
		m.Terminals += t.Journal.All.Net()
		m.Payments += int64(t.Journal.All.DebitN)
		m.Credits += int64(t.Journal.All.CreditN)
		m.Owed += unknown(t)
	}
	return m
}

// unknown is how many payments of a terminal may or may not have been booked.
func unknown(t *sim.Terminal) int64 {
	n := int64(t.Failed) + int64(t.OfflineSales())
	if t.Owes() {
		n++
	}
	return n
}

// mostDisputed is how many payments of a terminal are told.
const mostDisputed = 5

// disputed tells the payments of which a terminal and the host disagree, each with its
// story. A terminal that has closed a batch has forgotten its payments.
func disputed(t *sim.Terminal, b *Books) (told []string) {
	if b.Payments == nil || t.Settled().Counts != (sim.Settled{}).Counts {
		return nil
	}
	booked := b.Payments(t.TID)
	if booked == nil {
		return nil
	}
	own := []Payment{{Terminal: t.TID, State: "not-booked"}} // a terminal that took nothing is known, too
	for i := range t.Journal.Records {
		r := &t.Journal.Records[i]
		p := Payment{Terminal: t.TID, Batch: r.Batch, Trace: r.Trace, Of: r.Of.String(), State: "approved", Amount: Signed(r.Of, r.Amount), Reference: strings.TrimRight(string(r.RRN[:]), "\x00 ")}
		if r.Voided {
			p.State = "voided"
		}
		own = append(own, p)
	}
	for _, d := range t.Journal.Doubts {
		own = append(own, Payment{Terminal: t.TID, Batch: d.Batch, Trace: d.Trace, Of: d.Of.String(), State: StateOf(&d), Amount: Signed(d.Of, d.Amount)})
	}
	d := t.Profile.Dialect
	found := Match(own, booked, true, func(n int64) string { return report.FormatAmount(n, d.Exponent) + " " + d.Unit() })
	for i, f := range found.Findings {
		switch {
		case f.Trace == 0:
			continue
		case i == mostDisputed:
			return append(told, fmt.Sprintf("terminal %s: and %d more", t.TID, len(found.Findings)-i))
		}
		text := fmt.Sprintf("terminal %s, trace %06d: %s", f.Terminal, f.Trace, f.Text)
		if b.Story != nil {
			if story := b.Story(f.Terminal, f.Trace); len(story) > 0 {
				text += ". At the terminal " + strings.Join(story, "; ")
			}
		}
		told = append(told, text)
	}
	return told
}

// StateOf is what a journal calls a payment that its terminal is in doubt of.
func StateOf(d *sim.Doubt) string {
	if d.Told == sim.Untold && d.Part {
		return inDoubtPart
	}
	return [...]string{sim.Untold: inDoubt, sim.Booked: "booked", sim.NotBooked: "not-booked"}[d.Told]
}

// Signed is the amount of a payment as books have it: what is given back is negative.
func Signed(of dialect.Transaction, amount int64) int64 {
	if of.Side() == dialect.Credit {
		return -amount
	}
	return amount
}
