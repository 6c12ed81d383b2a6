package profile

// usual are the response codes that hosts usually give for the cards of the roles
// that features name. A profile that knows better says so with its card's answers.
var usual = map[string]string{
	"good": "00", "chip": "00", "qr": "00", "foreign": "00", "defective": "A2",
	"issuer-contact": "01", "pick-up": "04", "invalid": "14", "unknown-issuer": "15", "sleeping": "21", "suspect": "34",
	"lost": "41", "stolen": "43", "poor": "51", "expired": "54", "wrong-pin": "55", "not-permitted": "57", "frozen": "57",
	"terminal-not-permitted": "58", "over-limit": "61", "restricted": "62", "too-often": "65", "tries-exceeded": "75",
	"issuer-down": "91", "system-error": "96",
}

// Known reports whether a role is one that features name: a profile may lack its
// card, but it is no misspelling.
func Known(role string) bool { return usual[role] != "" }

// Expected is the response code that a host answers a payment with the card with:
// what the profile says, or else the usual one of its role; empty when neither is
// known.
func (c *Card) Expected() string {
	if c.Answer != "" {
		return c.Answer
	}
	return usual[c.Role]
}
