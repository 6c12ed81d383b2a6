package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// promises reads the limits of a run, and refuses one on what the run does not do: it
// could be neither kept nor broken. What a run promises anyway is among them.
func (f *loadFlags) promises(j *job, p *profile.Profile) (all []report.Limit, err error) {
	for _, text := range append(slices.Clone(j.load.Limits), f.limits...) {
		limit, err := report.ParseLimit(text)
		if err == nil {
			err = limit.Known(transactions(p.Dialect))
		}
		if err == nil {
			err = f.occasion(limit, j, p)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, limit)
	}
	return report.WithDefaults(all), nil
}

// transactions names what a dialect's terminals exchange: what a limit may speak of.
func transactions(d *dialect.Dialect) (names []string) {
	for t := range dialect.Transactions {
		if d.Form(t) != nil {
			names = append(names, t.String())
		}
	}
	return names
}

// ofSettlement are the exchanges that only a settlement brings.
var ofSettlement = []dialect.Transaction{
	dialect.Settlement, dialect.BatchUpload, dialect.UploadEnd, dialect.ChipUpload, dialect.AdviceUpload, dialect.LoadUpload,
}

// occasion says what is wrong with a limit on what no plan does and nothing brings by
// itself; nil for one that may be kept or broken.
func (f *loadFlags) occasion(l report.Limit, j *job, p *profile.Profile) error {
	of, known := dialect.TransactionNamed(l.Label)
	var asked []dialect.Transaction
	for _, plan := range j.load.Plans {
		asked = append(asked, plan.Asks...)
	}
	switch {
	case l.Measure == "notplayed" && f.closed:
		return fmt.Errorf("limit %q: with --closed no arrival has a time at which it is due, so none is not played", l.Text)
	case l.Measure == "unbalanced", known && slices.Contains(ofSettlement, of):
		if books := j.load.Books && p.Address != ""; !f.settle && !books && !slices.Contains(asked, dialect.Settlement) {
			return fmt.Errorf("limit %q: no scenario of this run settles; add --settle, with which every terminal does before the first arrival and after the last, or a scenario that settles", l.Text)
		}
	case known && (of.Booking() != dialect.None || of.Inquires()):
		if !slices.Contains(asked, of) {
			return fmt.Errorf("limit %q: no scenario of this run does a %s, they do %s", l.Text, of, names(asked))
		}
	}
	return nil
}

// names lists transactions, each once.
func names(all []dialect.Transaction) string {
	var told []string
	for _, t := range all {
		if !slices.Contains(told, t.String()) {
			told = append(told, t.String())
		}
	}
	return strings.Join(told, ", ")
}
