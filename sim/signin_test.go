package sim_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/keys"
)

// goneHSM is an HSM whose token has been pulled out.
type goneHSM struct{ keys.Software }

func (goneHSM) Decrypt(keys.Cipher, []byte, []byte) error {
	return &keys.HSMError{Token: "acquirer", Doing: "decrypt", Why: errors.New("it is gone")}
}

// The host is not blamed for keys that nobody could look at.
func TestHSMThatIsGoneLeavesASignInUntested(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	was, own := x.Profile, *x.Profile
	own.HSM = goneHSM{}
	x.Profile = &own
	if err := x.p.SignIn(); !errors.Is(err, sim.ErrUntested) || !strings.Contains(err.Error(), "HSM acquirer: decrypt: it is gone") || x.SignedIn {
		t.Errorf("%v, signed in %v", err, x.SignedIn)
	}
	x.Profile = was
	if err := x.p.SignIn(); err != nil || !x.SignedIn {
		t.Errorf("when it is back: %v, %v", err, x.p.Last.Reason())
	}
}
