package scenarios

import (
	"errors"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// Another code than the wanted one is told before what is wrong with the answer besides.
func TestOtherCodeIsToldFirst(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	player := sim.NewPlayer(p.Dialect, line.NewClock())
	player.T = sim.NewTerminal(p, &p.Terminals[0])
	for code, want := range map[string]string{"00": `is "00", want "97"`, "97": "want an answer 97", "": "want an answer 97"} {
		player.Last = sim.Result{Of: dialect.SignIn, Outcome: report.Refused, Why: errors.New("its keys"), Code: dialect.CodeOf(code)}
		if err := answered(player, dialect.CodeOf("97")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("answered %q: %v, want %q", code, err, want)
		}
	}
}
