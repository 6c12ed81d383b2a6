package main

import (
	"testing"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// Keys that this terminal's master key opens, in another key block than the profile says:
// the key block is what differs, and not the master key.
func TestDoctorOfAnotherKeyBlock(t *testing.T) {
	t.Parallel()
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	_, block, err := keys.Issue(keys.Software{}, p.Terminals[0].Master, keys.Double)
	if err != nil {
		t.Fatal(err)
	}
	host := listening(t, answering(func(m *wire.Message) {
		if m.MTI() == "0810" {
			m.Set(wire.WorkingKeys, block)
		}
	}))
	diagnose(t, exitUnreachable, []string{`taken as 003\n`, `change in the profile:\n  sign-in: "003"\n`, "the key block that the sign-on brings is one of sign-in 003, and the profile says 004"},
		"do not open", "--host", host)
}
