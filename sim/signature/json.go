package signature

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// MaxJSON is how many octets the JSON form of a signature has at most.
const MaxJSON = 128 << 10

// MarshalJSON writes a point as [x, y, t, pressure].
func (p Point) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%d,%d,%d,%d]", p.X, p.Y, p.T, p.Pressure), nil
}

// UnmarshalJSON reads a signature: a list of strokes, each a list of points, each
// four whole numbers [x, y, t, pressure] in the units of [Point]. All else, and
// what [Signature.Check] refuses, is an error.
func (s *Signature) UnmarshalJSON(b []byte) error {
	if len(b) > MaxJSON {
		return fmt.Errorf("signature: more than %d octets", MaxJSON)
	}
	// Nothing else has a place in it, so no null is taken for a number or a list.
	alien := func(r rune) bool { return !strings.ContainsRune("[],0123456789 \t\r\n", r) }
	if i := bytes.IndexFunc(b, alien); i >= 0 {
		return fmt.Errorf("signature: octet %d is %q: want lists of whole numbers, [x, y, t, pressure] for each point of each stroke", i, b[i])
	}
	var lists [][][]uint16
	if err := json.Unmarshal(b, &lists); err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	read := make(Signature, len(lists))
	for i, points := range lists {
		read[i] = make(Stroke, len(points))
		for j, p := range points {
			if len(p) != 4 {
				return fmt.Errorf("signature: stroke %d, point %d: %d numbers, want 4: x, y, t, pressure", i+1, j+1, len(p))
			}
			read[i][j] = Point{X: p[0], Y: p[1], T: p[2], Pressure: p[3]}
		}
	}
	if err := read.Check(); err != nil {
		return err
	}
	*s = read
	return nil
}

// Read reads one signature in its JSON form, to the end and of at most [MaxJSON]
// octets.
func Read(r io.Reader) (Signature, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxJSON+1))
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	var s Signature
	return s, s.UnmarshalJSON(b)
}
