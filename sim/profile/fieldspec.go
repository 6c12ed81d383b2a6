package profile

import (
	"bytes"
	"fmt"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/strict"
)

// ownSpec is a dialect with the fields of a user's own spec, in moov's JSON.
func ownSpec(d *dialect.Dialect, path string, dir folder) (*dialect.Dialect, error) {
	data, err := dir.read(path, false, maxFile)
	if err != nil {
		return nil, err
	}
	if data, err = strict.Lines(data); err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	spec, err := dialect.LoadSpec(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	own, err := d.WithSpec(spec)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return own, nil
}
