package line

import "fmt"

// Mode says how terminals are connected: a line of their own each, a
// connection for each exchange, or shared lines with many exchanges in flight.
// The zero Mode is lines of their own.
type Mode struct {
	Each   bool // a connection for each exchange
	Shared int  // number of shared lines, 0 for none
}

// ParseMode reads "own", "each" or "shared:N".
func ParseMode(s string) (Mode, error) {
	var n int
	switch {
	case s == "own" || s == "":
		return Mode{}, nil
	case s == "each":
		return Mode{Each: true}, nil
	}
	if k, err := fmt.Sscanf(s, "shared:%d", &n); k == 1 && err == nil && n > 0 && fmt.Sprintf("shared:%d", n) == s {
		return Mode{Shared: n}, nil
	}
	return Mode{}, fmt.Errorf("line %q: want own, each or shared:N with N at least 1", s)
}

// String gives the form that ParseMode reads.
func (m Mode) String() string {
	switch {
	case m.Each:
		return "each"
	case m.Shared > 0:
		return fmt.Sprintf("shared:%d", m.Shared)
	}
	return "own"
}
