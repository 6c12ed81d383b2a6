package line_test

import (
	"testing"

	"github.com/posfleet/posfleet/sim/line"
)

func TestFaultsHaveNames(t *testing.T) {
	names := map[string]bool{}
	for f := range line.CutAnswer + 1 {
		names[f.String()] = true
	}
	if len(names) != int(line.CutAnswer)+1 || names["?"] || line.Fault(200).String() != "?" {
		t.Errorf("%v", names)
	}
}
