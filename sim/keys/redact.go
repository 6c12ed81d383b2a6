package keys

import (
	"fmt"
	"io"
	"log/slog"
)

// What keys look like to anyone who prints them. The receivers are values, so
// that a copy hides as well as a pointer does.
const (
	hiddenKey = "key(hidden)"
	hiddenSet = "keys(hidden)"
)

// String gives "key(hidden)".
func (Key) String() string { return hiddenKey }

// GoString gives "key(hidden)".
func (Key) GoString() string { return hiddenKey }

// Format writes "key(hidden)" whatever the verb and flags.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hiddenKey) }

// MarshalText gives "key(hidden)".
func (Key) MarshalText() ([]byte, error) { return []byte(hiddenKey), nil }

// MarshalJSON gives "key(hidden)" as a string.
func (Key) MarshalJSON() ([]byte, error) { return []byte(`"` + hiddenKey + `"`), nil }

// LogValue gives "key(hidden)".
func (Key) LogValue() slog.Value { return slog.StringValue(hiddenKey) }

// String gives "keys(hidden)".
func (Set) String() string { return hiddenSet }

// GoString gives "keys(hidden)".
func (Set) GoString() string { return hiddenSet }

// Format writes "keys(hidden)" whatever the verb and flags.
func (Set) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hiddenSet) }

// MarshalText gives "keys(hidden)".
func (Set) MarshalText() ([]byte, error) { return []byte(hiddenSet), nil }

// MarshalJSON gives "keys(hidden)" as a string.
func (Set) MarshalJSON() ([]byte, error) { return []byte(`"` + hiddenSet + `"`), nil }

// LogValue gives "keys(hidden)".
func (Set) LogValue() slog.Value { return slog.StringValue(hiddenSet) }
