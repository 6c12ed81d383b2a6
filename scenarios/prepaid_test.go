package scenarios

import (
	"testing"

	"github.com/posfleet/posfleet/sim"
)

// No two scenarios of a check have the same prepaid card, whichever terminal plays them: what one
// leaves on it, where the host forgets a reversal, says nothing of the other.
func TestEachScenarioHasAPrepaidCardOfItsOwn(t *testing.T) {
	p, _ := bundledHost(t, "cup")
	hs := p.Holders("prepaid")
	w := &world{seats: 40, plans: len(hs)}
	player := &sim.Player{Vars: w}
	had := map[string]int{}
	for n := range w.plans {
		w.seat = n * 7 % w.seats
		_, err := player.Play(&sim.Terminal{Profile: p}, &sim.Plan{Steps: []sim.Step{{Text: "pays", Do: func(*sim.Player) error {
			pan := pickHolder(player, hs).PAN
			if other, is := had[pan]; is {
				t.Fatalf("scenarios %d and %d have one card", other, n)
			}
			had[pan] = n
			return nil
		}}}}, n, -1)
		if err != nil {
			t.Fatal(err)
		}
	}
}
