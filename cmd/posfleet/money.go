package main

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
)

// compare lays the terminals' journals beside the bundled host's books, terminal
// by terminal. A terminal that still owes a reversal, or gave one up, does not
// know what it took: it is left out of both sums, and counted as owing.
func compare(run *sim.Run, h *host.Host) report.Money {
	m := report.Money{Checked: true}
	books := map[string]dialect.Totals{}
	for _, b := range h.Books() {
		books[b.TID] = b.Totals
	}
	for _, t := range run.Fleet() {
		if n := unknown(t); n > 0 {
			m.Owed += n
			continue
		}
		own, theirs := t.Journal.All, books[t.TID]
		m.Terminals += own.Net()
		m.Host += theirs.Net()
		m.Payments += int64(own.DebitN)
		if own.Net() != theirs.Net() {
			m.Detail = append(m.Detail, fmt.Sprintf("terminal %s: %s yuan in its journal, %s yuan on the host's books",
				t.TID, report.FormatYuan(own.Net()), report.FormatYuan(theirs.Net())))
		}
	}
	if err := h.Check(); err != nil {
		m.Detail = append(m.Detail, err.Error())
	}
	return m
}

// owed sums up what the terminals know without a host's books.
func owed(run *sim.Run) report.Money {
	var m report.Money
	for _, t := range run.Fleet() {
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
