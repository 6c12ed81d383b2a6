package scenarios

import (
	"errors"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
)

// A row about a field that the dialect has not is no mistake of the feature: the
// scenario is skipped. One about a part that a field has not is.
func TestFieldsThatOtherDialectsHaveAreNeeds(t *testing.T) {
	d := dialect.CUP()
	for name, skipped := range map[string]bool{"90": true, "90.1": true, "7": true, "60.9": false, "90.x": false, "nonsense": false} {
		_, err := placeOf(d, name)
		if _, need := errors.AsType[*Need](err); err == nil || need != skipped {
			t.Errorf("%s: %v; skipped is %v, want %v", name, err, need, skipped)
		}
	}
	elsewhere, _ := dialect.Named("iso87") // has 60, without such a part
	if _, err := placeOf(elsewhere, "60.3"); err == nil || !elsewhere.HasField(60) {
		t.Errorf("60.3: %v", err)
	} else if _, need := errors.AsType[*Need](err); !need {
		t.Errorf("60.3: %v; want it to be skipped, CUP has it", err)
	}
	for _, name := range []string{"60", "60.1", "MTI", "MAC", "amount"} {
		if _, err := placeOf(d, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
