package profile

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
)

//go:embed bundled.yaml
var bundled []byte

// BundledYAML is the text of the profile that [Bundled] gives: commented, and a
// start for one's own.
func BundledYAML() []byte { return slices.Clone(bundled) }

// Bundled is the network that posfleet's own host serves, spoken in a dialect that
// comes with posfleet, with so many terminals; 0 for as many as its file has. All in
// it is for tests: keys, cards and passwords are published.
func Bundled(network string, terminals int) (*Profile, error) {
	d, ok := dialect.Named(network)
	if !ok {
		return nil, fmt.Errorf("dialect %q, want %s", network, strings.Join(dialect.Names(), ", "))
	}
	return BundledIn(d, terminals)
}

// BundledIn is that network spoken in any dialect.
func BundledIn(d *dialect.Dialect, terminals int) (*Profile, error) {
	return parse("bundled.yaml", bundled, terminals, d, nil)
}
