package main

import (
	"errors"
	"testing"

	"github.com/posfleet/posfleet/report"
)

// A disk that is full is told apart from a host that does not hold.
func TestFullDiskIsNoCapacity(t *testing.T) {
	if err := verdict(&report.Report{}, 0, errors.New("no space left on device")); !errors.Is(err, errUnwritten) {
		t.Errorf("a disk that is full: %v", err)
	}
	if err := verdict(&report.Report{Planned: 2, Played: 1}, 0, nil); errors.Is(err, errUnwritten) {
		t.Errorf("an arrival that was stuck: %v", err)
	}
}
