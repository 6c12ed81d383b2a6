package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/recording"
)

// recorded is a recording on one terminal, a request each tenth of a second: of six purchases
// where nothing else is named.
func recorded(t *testing.T, what ...dialect.Transaction) string {
	t.Helper()
	d, _ := dialect.Named("cup")
	path, at := filepath.Join(t.TempDir(), "shop.rec"), time.Now()
	w, err := recording.Create(path, d, nil, at)
	if err != nil {
		t.Fatal(err)
	}
	m := d.NewMessage()
	if len(what) == 0 {
		what = slices.Repeat([]dialect.Transaction{dialect.Purchase}, 6)
	}
	for i, of := range what {
		d.Form(of).Begin(m)
		copy(m.Head, "\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x00")
		m.SetFieldString(2, "6225000000000014")
		m.SetFieldUint(4, 5_00)
		m.SetFieldUint(11, uint64(i+1))
		m.SetFieldString(22, d.EntryMode(dialect.Insert, true))
		m.SetFieldString(41, "10000001")
		octets, err := m.Append(nil)
		if err == nil {
			err = w.Add(at.Add(time.Duration(i)*100*time.Millisecond), 1, false, octets)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// A replay settles the terminals of a foreign host when it is asked to, and not else.
func TestReplaySettlesOnlyWhenAsked(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	host, file := served(t), recorded(t)
	for flag, settles := range map[string]bool{"": false, "--settle=false": false, "--settle": true} {
		p := start(t, "", strings.Fields("replay "+file+" --host "+host+" --out run "+flag)...)
		p.end(t)
		rep, err := report.Read(filepath.Join(p.Dir, "run"))
		if err != nil {
			t.Fatal(err)
		}
		if rep.Plan.Settle != settles || rep.Settlements.All() > 0 != settles || rep.Opening.Terminals > 0 != settles || rep.Money.Checked != settles {
			t.Errorf("%s: settled %+v, first %d terminals, books compared %t; want it so: %t", flag, rep.Settlements, rep.Opening.Terminals, rep.Money.Checked, settles)
		}
		if rep.Played != 6 {
			t.Errorf("%s: %d arrivals", flag, rep.Played)
		}
	}
}

// Of a payment of which something was given back there is nothing that a second refund, or a
// void, could be of: each makes a payment of its own first, and a right host holds.
func TestReplayGivesNothingBackTwice(t *testing.T) {
	file := recorded(t, dialect.Purchase, dialect.Refund, dialect.Refund, dialect.PurchaseVoid, dialect.Refund)
	p := start(t, "", strings.Fields("replay "+file+" --out run")...)
	p.end(t)
	rep, err := report.Read(filepath.Join(p.Dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	if rep.Played != 5 || rep.Failed != 0 || !rep.Money.Checked {
		t.Errorf("%d arrivals, of which %d did not hold (%v); books %+v", rep.Played, rep.Failed, rep.Failures, rep.Money)
	}
}
