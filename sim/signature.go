package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/signature"
)

// Signing is an operator who has given the right password and is to sign on the pad.
type Signing struct {
	Number  string           // of the operator
	Refused int              // signatures so far
	Reason  signature.Reason // of the latest that was refused
	escape  bool             // only the supervisor's password helps now
}

// pad is what is under way, and kept, of signatures on a terminal's pad.
type pad struct {
	signing *Signing
	signed  []Signed
}

// Signing is the operator who is to sign; nil for nobody.
func (t *Terminal) Signing() *Signing {
	if t.pad == nil {
		return nil
	}
	return t.pad.signing
}

// Signed are the latest signatures of cardholders under payments, the latest last.
func (t *Terminal) Signed() []Signed {
	if t.pad == nil {
		return nil
	}
	return t.pad.signed
}

// ForgetSignatures makes the pad as new: nobody signs, and nothing was signed.
func (t *Terminal) ForgetSignatures() { t.pad = nil }

// stopSigning has nobody sign any more who was to.
func (t *Terminal) stopSigning() {
	if t.pad != nil {
		t.pad.signing = nil
	}
}

// ownPad is what is kept of the pad, begun if need be.
func (t *Terminal) ownPad() *pad {
	if t.pad == nil {
		t.pad = &pad{}
	}
	return t.pad
}

// What a terminal asks for while an operator signs.
const (
	signPrompt       = "请在屏幕签字"
	supervisorPrompt = "请输入主管密码"
)

// refusals are what the terminal shows of a signature that is refused.
var refusals = map[signature.Reason]string{
	signature.Malformed:    "签字无效",
	signature.TooFewPoints: "签字过短",
	signature.TooLittleInk: "签字不完整",
	signature.TooQuick:     "签字过快",
	signature.TooSlow:      "签字过慢",
	signature.Tremor:       "签字抖动",
	signature.Foreign:      "签字不符",
}

// HasPad reports whether the terminal is of a kind with a signature pad.
func (t *Terminal) HasPad() bool { return t.Kind.Has(device.SignaturePad) }

// asksSignature reports whether an operator who gave the right password has to sign
// before selling. Terminals without a pad never ask; one whose pad is broken asks for
// the supervisor instead.
func (t *Terminal) asksSignature(number string) bool {
	if !t.Profile.Policy.Signatures.SignIn || !t.HasPad() {
		return false
	}
	o := t.Profile.Operator(number)
	return o != nil && o.Hand != nil
}

// askSignature has an operator sign. Giving the password again begins no new count of
// refused signatures; a power cut does.
func (t *Terminal) askSignature(number string) {
	if g := t.Signing(); g == nil || g.Number != number {
		t.ownPad().signing = &Signing{Number: number}
	}
	t.Operator = ""
	switch g := t.pad.signing; {
	case t.Condition.IsBroken(device.SignaturePad):
		g.escape, t.Display = true, device.SignaturePad.Fails()+", "+supervisorPrompt
	case g.escape:
		t.Display = supervisorPrompt
	default:
		t.Display = signPrompt
	}
}

// SignOnPad is the operator's signature, which the terminal compares with the enrolled
// ones. Accepted, the operator is logged in; refused, the display says why and asks for
// another one, or after so many (policy signatures, tries) for the supervisor's password.
func (t *Terminal) SignOnPad(s signature.Signature) error {
	g := t.Signing()
	switch {
	case !t.On:
		return t.dead()
	case g == nil:
		return fmt.Errorf("%w: nobody is asked to sign", ErrRefusedLocally)
	case g.escape:
		return fmt.Errorf("%w: only the supervisor's password helps now", ErrRefusedLocally)
	}
	r := t.Profile.Operator(g.Number).Hand.Verify(s)
	if r.Accepted() {
		t.signed()
		return nil
	}
	g.Refused, g.Reason = g.Refused+1, r.Reason
	g.escape = g.Refused >= t.Profile.Policy.Signatures.Tries
	t.Display = refusals[r.Reason] + ", 请重签"
	if g.escape {
		t.Display = refusals[r.Reason] + ", " + supervisorPrompt
	}
	return fmt.Errorf("%w: signature of operator %s: %s", ErrRefusedLocally, g.Number, r.Reason)
}

// Vouch is the supervisor's password for an operator whose signature was refused too
// often, or whose terminal has a broken pad. Before that nobody may vouch.
func (t *Terminal) Vouch(password string) error {
	g := t.Signing()
	switch {
	case !t.On:
		return t.dead()
	case g == nil || !g.escape:
		return fmt.Errorf("%w: the supervisor is not asked", ErrRefusedLocally)
	}
	if err := t.supervisor(password); err != nil {
		return err
	}
	t.signed()
	return nil
}

// signed logs in the operator who was asked to sign.
func (t *Terminal) signed() {
	t.enter(t.pad.signing.Number)
	t.stopSigning()
}

// LoginWhole is an operator doing all that the terminal asks for: the password, and a
// signature of their own where it wants one; refused, another, and in the end the
// supervisor's password. Terminals get different signatures of the same hand.
func (t *Terminal) LoginWhole(number, password string) error {
	if err := t.Login(number, password); err != nil {
		return err
	}
	n := uint64(0)
	for _, c := range t.TID {
		n = n*31 + uint64(c)
	}
	for ; t.Signing() != nil; n++ {
		if t.pad.signing.escape {
			return t.Vouch(t.SupervisorPassword())
		}
		t.SignOnPad(t.Profile.Operator(number).Hand.Sign(signature.Genuine, n)) // refused, it is asked for again
	}
	return nil
}
