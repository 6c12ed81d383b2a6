package profile

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/posfleet/posfleet/sim/dialect"
)

// Secret is octets that never print themselves: every verb of fmt, JSON, YAML,
// text and slog give "(hidden)". What needs the octets converts: string(s).
type Secret []byte

const hidden = "(hidden)"

// String does not give the secret.
func (Secret) String() string { return hidden }

// GoString does not give the secret.
func (Secret) GoString() string { return hidden }

// Format does not write the secret, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText does not give the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON does not give the secret.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalYAML does not give the secret.
func (Secret) MarshalYAML() (any, error) { return hidden, nil }

// LogValue does not give the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// Profiles, cards and holders carry card numbers, so whatever prints them gives
// their name and a masked number only.

// String gives the profile's name.
func (p Profile) String() string { return "profile " + p.Name }

// Format writes what String gives, whatever the verb.
func (p Profile) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// String gives the card's role and masked number.
func (c Card) String() string { return c.Role + " card " + dialect.MaskPAN(c.PAN) }

// Format writes what String gives, whatever the verb.
func (c Card) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalText gives what String gives.
func (c Card) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue gives what String gives.
func (c Card) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String gives the card's role and masked number.
func (h Holder) String() string { return "holder of " + h.role() + " card " + dialect.MaskPAN(h.PAN) }

// Format writes what String gives, whatever the verb.
func (h Holder) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.String()) }

// MarshalText gives what String gives.
func (h Holder) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// LogValue gives what String gives.
func (h Holder) LogValue() slog.Value { return slog.StringValue(h.String()) }

func (h Holder) role() string {
	if h.Card == nil {
		return "no"
	}
	return h.Card.Role
}
