// Package audit lays the terminals' journals beside a host's books, to the fen.
//
// [Compare] goes through a fleet terminal by terminal; the host's [Books] come
// as plain data, so they may be the bundled host's, or what somebody wrote down
// of another one. Without books, [Journals] sums up what the terminals know.
// Both give a report.Money.
package audit

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
)

// Books are a host's, when no request is being answered.
type Books struct {
	Net    map[string]int64 // by terminal number: what cardholders paid less what they got back, in fen; a terminal that is missing booked nothing
	Broken error            // what the host itself finds wrong with its books; nil for nothing
}

// Compare holds each terminal's journal against the books. A terminal that still
// owes a reversal, or gave one up, does not know what it took: it is left out of
// both sums, and counted as owing.
func Compare(fleet []*sim.Terminal, b Books) report.Money {
	m := report.Money{Checked: true}
	for _, t := range fleet {
		if n := unknown(t); n > 0 {
			m.Owed += n
			continue
		}
		own, booked := t.Journal.All.Net(), b.Net[t.TID]
		m.Terminals += own
		m.Host += booked
		m.Payments += int64(t.Journal.All.DebitN)
		if own != booked {
			m.Detail = append(m.Detail, fmt.Sprintf("terminal %s: %s yuan in its journal, %s yuan on the host's books",
				t.TID, report.FormatYuan(own), report.FormatYuan(booked)))
		}
	}
	if b.Broken != nil {
		m.Detail = append(m.Detail, b.Broken.Error())
	}
	return m
}

// Journals sums up what the terminals know without a host's books.
func Journals(fleet []*sim.Terminal) report.Money {
	var m report.Money
	for _, t := range fleet {
		m.Terminals += t.Journal.All.Net()
		m.Payments += int64(t.Journal.All.DebitN)
		m.Owed += unknown(t)
	}
	return m
}

// unknown is how many payments of a terminal may or may not have been booked.
func unknown(t *sim.Terminal) int64 {
	if t.Owes() {
		return t.Failed + 1
	}
	return t.Failed
}
