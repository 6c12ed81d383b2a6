package profile

import (
	"bytes"
	"fmt"

	"github.com/posfleet/posfleet/sim/wire"
)

// ownSpec is a dialect with the fields of a user's own spec, in moov's JSON.
func ownSpec(d *wire.Dialect, path string, dir folder) (*wire.Dialect, error) {
	data, err := dir.read(path, false, maxFile)
	if err != nil {
		return nil, err
	}
	spec, err := wire.LoadSpec(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	own, err := d.WithSpec(spec)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return own, nil
}
