package main

import (
	"bufio"
	"os"
	"testing"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/profile"
)

// A host may say a card number, a PIN or a formula where its reference number is: none
// of these reaches the table.
func TestJournalHoldsNoSecretOfACard(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	terminal := sim.NewTerminal(p, &p.Terminals[0])
	for said1, want := range map[string]string{
		"622500009000": "622500******,", "PIN 654321  ": "PIN ******  ,", "104859000007": "104859000007,", "=1+1": ",", "000000123456": "000000123456,",
	} {
		if got := said(terminal, []byte(said1)); got != want {
			t.Errorf("%q is written as %q, want %q", said1, got, want)
		}
	}
}

func TestJournalSaysThatItCannotBeWritten(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	j := &journal{file: full, w: bufio.NewWriter(full), room: mostRecords}
	if err := j.failed(); err != nil {
		t.Fatal(err)
	}
	j.closed(sim.NewTerminal(p, &p.Terminals[0]), make([]sim.Record, 200), nil)
	if j.failed() == nil {
		t.Error("a run would go on")
	}
}
