package chip

// TTQ are a terminal's transaction qualifiers (9F66): what it can do with a card that is held
// against it, and what it wants of this payment. Source: qPBOC, docs/sources.md.
type TTQ [4]byte

// What a terminal can and wants, by the octet that it stands in.
const (
	tapQPBOC        = 0x20 // 1: quick PBOC, which all can
	tapContact      = 0x10 //    a card can be inserted, too
	tapPIN          = 0x04 //    PINs for the issuer
	tapSignature    = 0x02 //    signatures
	tapOnline       = 0x80 // 2: this payment goes to the issuer
	tapVerification = 0x40 //    and the cardholder is to be verified
	tapByDevice     = 0x40 // 3: by the device, as a phone does, is good enough
	tapSigned       = 0x80 // 4: data that the card signs, of version 01
)

// NewTTQ are the qualifiers of a terminal with a PIN pad, or without, for a payment that goes
// to the issuer, or need not, and whose cardholder is to be verified, or need not be.
func NewTTQ(pinPad, online, verified bool) TTQ {
	q := TTQ{tapQPBOC | tapContact | tapSignature, 0, tapByDevice, tapSigned}
	if pinPad {
		q[0] |= tapPIN
	}
	if online {
		q[1] |= tapOnline
	}
	if verified {
		q[1] |= tapVerification
	}
	return q
}

// CTQ are a card's transaction qualifiers (9F6C): how it wants its cardholder to be verified,
// or has verified him.
type CTQ [2]byte

// PIN reports whether the terminal is to ask for the PIN.
func (q CTQ) PIN() bool { return q[0]&0x80 != 0 }

// Signature reports whether the cardholder is to sign.
func (q CTQ) Signature() bool { return q[0]&0x40 != 0 }

// ByDevice reports whether the card's device has verified the cardholder.
func (q CTQ) ByDevice() bool { return q[1]&0x80 != 0 }

// Verification is how a card that is held against a terminal has its cardholder verified.
type Verification uint8

// The ways; a card has what comes before its own where a terminal cannot do that.
const (
	BySignature Verification = 1 + iota
	ByPIN
	ByDevice // by fingerprint or code on a phone
)

// VerificationNamed is the way of a name as profiles have it: signature, pin or phone.
func VerificationNamed(name string) (Verification, bool) {
	for i, n := range [...]string{"signature", "pin", "phone"} {
		if n == name {
			return Verification(i + 1), true
		}
	}
	return 0, false
}

// Verifies says how the card has its cardholder verified, by PIN at first. It comes before
// the card is used.
func (c *Card) Verifies(by Verification) { c.verifies = by }

// Qualify is the card's answer to a terminal's qualifiers. It reports false where the
// cardholder is to be verified and there is no way that both have.
func (c *Card) Qualify(q TTQ) (answer CTQ, ok bool) {
	switch {
	case q[1]&tapVerification == 0:
	case c.verifies == ByDevice && q[2]&tapByDevice != 0:
		answer[1] = 0x80
	case c.verifies >= ByPIN && q[0]&tapPIN != 0:
		answer[0] = 0x80
	case q[0]&tapSignature != 0:
		answer[0] = 0x40
	default:
		return answer, false
	}
	return answer, true
}

// Tap is the card being held against a terminal with qualifiers; the terminal has the card's
// in CTQ.
func (t *Transaction) Tap(q TTQ) (ok bool) {
	t.TTQ = q
	t.CTQ, ok = t.Card.Qualify(q)
	return ok
}
