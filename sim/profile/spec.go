package profile

import (
	"fmt"

	"github.com/moov-io/iso8583/specs"

	"github.com/posfleet/posfleet/sim/wire"
)

// ownSpec is a dialect with the fields of a user's own spec, in moov's JSON.
func ownSpec(d *wire.Dialect, path string, dir folder) (*wire.Dialect, error) {
	data, err := dir.read(path, false, maxFile)
	if err != nil {
		return nil, err
	}
	spec, err := specs.Builder.ImportJSON(data)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return d.WithSpec(spec)
}
