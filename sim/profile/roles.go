package profile

import (
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
)

// roles are those that features name.
var roles = []string{
	"good", "chip", "qr", "qr-password", "wallet", "prepaid", "foreign", "rich", "defective", "issuer-contact", "pick-up", "invalid", "unknown-issuer", "sleeping",
	"suspect", "lost", "stolen", "poor", "expired", "wrong-pin", "not-permitted", "frozen", "terminal-not-permitted",
	"over-limit", "restricted", "sm-chip", "to-block", "to-unblock", "new-pin", "chip-first", "cash", "phone", "signer",
	"sda", "dda", "cda", "strict", "certificate-expired", "blacklisted", "passbook", "pin-always", "certificate-revoked", "ca-expired", "ca-unlisted", "too-often", "tries-exceeded", "issuer-down", "system-error",
}

// Known reports whether a role is one that features name: a profile may lack its
// card, but it is no misspelling.
func Known(role string) bool {
	return slices.Contains(roles, role) || strings.HasPrefix(role, dialect.CodeRole)
}

// Expected is the response code that a host answers a payment with the card with:
// what the profile says, or else what the dialect says is usual for its role; empty
// when neither is known.
func (c *Card) Expected() string {
	if c.Answer != "" {
		return c.Answer
	}
	return c.usual
}
