package host

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/staff"
	"github.com/posfleet/posfleet/sim/wire"
)

// enrolled is a host whose first terminal has a customer, and two of the staff.
func enrolled(t *testing.T, network string) (*Host, *pos) {
	t.Helper()
	h, address := listen(t, network)
	enrol(t, h)
	return h, ready(t, h, address, 0)
}

func enrol(t *testing.T, h *Host) {
	t.Helper()
	d := h.Staff()
	if d.Enrol("10000001", staff.Customer{Number: "80010001", Papers: staff.Papers{ID: "1", Licence: "2"}}) != nil || d.Hire("2001") != nil || d.Hire("2002") != nil {
		t.Fatal("not enrolled")
	}
}

// granted asks at a branch for a reset of operator 01.
func granted(t *testing.T, h *Host) (code string) {
	t.Helper()
	_, code, err := h.Staff().Ask(staff.Ask{Channel: staff.Branch, TID: "10000001", Operator: "01", Papers: staff.Papers{ID: "1", Licence: "2"}, Staff: [2]string{"2001", "2002"}})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// brings is a request with a one-time code as a terminal with that master key sends it.
func brings(t *testing.T, h *Host, n int, operator, code string) []field {
	t.Helper()
	c := h.profile.SignIn.Cipher()
	block := make([]byte, c.BlockSize())
	copy(block, code)
	if err := h.profile.HSM.Encrypt(c, h.profile.Terminals[n].Master, block); err != nil {
		t.Fatal(err)
	}
	return []field{sub(wire.Operator, operator+" "), func(_ *pos, m *wire.Message) { m.Set(wire.OneTimeCode, block) }}
}

func TestPasswordResetIsDeadUntilItIsRedeemed(t *testing.T) {
	h, p := enrolled(t, "cup")
	p.want("00", dialect.SignIn, sub(wire.ManagementCode, "004"), sub(wire.Operator, "01 "))
	terminalOf(h, 0).Lock()
	p.keys = h.sessions[0].keys
	terminalOf(h, 0).Unlock()
	p.want("00", dialect.Purchase, amount(100), shows("good"))
	code := granted(t, h)
	p.want("77", dialect.Purchase, amount(100), shows("good"))
	p.want("55", dialect.SignIn, sub(wire.ManagementCode, "004"), sub(wire.Operator, "01 "))
	p.want("55", dialect.PasswordReset, brings(t, h, 0, "02", code)...)
	p.want("55", dialect.PasswordReset, brings(t, h, 0, "01", "1"+code[1:7]+"x")...)
	p.want("55", dialect.PasswordReset, brings(t, h, 1, "01", code)...) // under another terminal's key
	p.want("30", dialect.PasswordReset, sub(wire.Operator, "01 "), func(_ *pos, m *wire.Message) { m.SetString(wire.OneTimeCode, code[:5]) })
	p.want("30", dialect.PasswordReset, sub(wire.Operator, "01 "))
	code = granted(t, h)
	p.want("00", dialect.PasswordReset, brings(t, h, 0, "01", code)...)
	p.want("00", dialect.PasswordReset, brings(t, h, 0, "01", code)...) // its answer was lost
	p.want("00", dialect.SignIn, sub(wire.ManagementCode, "004"), sub(wire.Operator, "01 "))
	p.want("55", dialect.PasswordReset, brings(t, h, 0, "01", code)...)
}

func TestLostTerminalGivesBackAndNoMore(t *testing.T) {
	for _, network := range []string{"cup", "iso87"} {
		h, p := enrolled(t, network)
		m := p.request(dialect.Purchase, amount(700), shows("good"))
		p.send(m)
		if err := h.Staff().ReportLoss("80010001", "10000001"); err != nil {
			t.Fatal(err)
		}
		p.want("58", dialect.Purchase, amount(100), shows("good"))
		if cup := network == "cup"; cup != (p.ans.Requirement() == wire.SignInAgain) {
			t.Errorf("%s: requirement %d of the answer", network, p.ans.Requirement())
		}
		p.want("58", dialect.Balance, shows("good"))
		p.want("58", dialect.SignIn)
		if got := p.send(p.reversalOf(m)); got != "00" {
			t.Errorf("%s: the reversal of what it took before gets %s", network, got)
		}
		if b := bookOf(h, "10000001"); b.DebitN != 0 {
			t.Errorf("%s: %d payments booked", network, b.DebitN)
		}
	}
}

func TestRequirementToSignInIsToldUntilThat(t *testing.T) {
	h, p := enrolled(t, "cup")
	if err := h.Staff().WantSignIn("10000001"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p.want("00", dialect.Purchase, amount(100), shows("good"))
		if p.ans.Requirement() != wire.SignInAgain {
			t.Errorf("requirement %d", p.ans.Requirement())
		}
	}
	p.want("00", dialect.SignIn, sub(wire.ManagementCode, "004"))
	p.want("00", dialect.Echo)
	if p.ans.Requirement() != 0 {
		t.Errorf("requirement %d after the sign-in", p.ans.Requirement())
	}
}
