package sim_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/line"
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

// A terminal whose policy drops its old keys has none to send with before it signs in: the
// reversal that it owes waits, and costs no try.
func TestWrongCheckValueDropsTheOldKeys(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	own := *x.Profile
	own.Policy.KeepOldKeys, own.Policy.Timeout = false, 50*time.Millisecond
	x.Profile = &own
	x.Faults.Add(line.LoseAnswer, 1)
	x.pay(t, 100)
	x.wants(t, report.TimedOut, true)
	own.Policy.Timeout = 5 * time.Second
	x.p.SpoilKeys()
	if err := x.p.SignIn(); err != nil || x.p.Last.Outcome != report.Refused || x.SignedIn || x.HasKeys() {
		t.Fatalf("%v, %v, signed in: %v, keys: %v", err, x.p.Last.Outcome, x.SignedIn, x.HasKeys())
	}
	sent := len(x.sent)
	if done, again := x.p.Reverse(); done || again || !x.Owes() || x.Owed.Tries > 0 || len(x.sent) > sent {
		t.Fatalf("the reversal: done %v, again %v, owed %v after %d tries, %d sent", done, again, x.Owes(), x.Owed.Tries, len(x.sent)-sent)
	}
	if err := x.p.SignIn(); err != nil || !x.SignedIn {
		t.Fatalf("%v, %v", err, x.p.Last.Reason())
	}
	x.pay(t, 200)
	x.wants(t, report.Approved, false)
	if got := b.booked(x); got != 200 {
		t.Errorf("booked %d, want 200: the first payment is undone", got)
	}
}
