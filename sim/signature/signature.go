// Package signature tells whether a signature on a terminal's pad is of the person
// who enrolled, makes signatures of people who do not exist, and prepares the
// image that goes up to the host.
//
// A [Signature] is strokes of points. [Enroll] makes a [Writer] of some genuine
// ones; [Writer.Verify] accepts a further one or gives the [Reason] why not.
// [Generate] writes what tests and load need: genuine, forged and shaky ones.
// [Image] draws a signature, [Segments] cuts the image's octets (package jbig
// makes them) for messages, and [FeatureCode] ties it to its payment.
//
// The method and its error rates are in docs/signature.md, with what they do not
// say: they were measured on generated writers, which proves nothing about people.
package signature

import "fmt"

// A Point is one reading of the pad while the pen is down.
type Point struct {
	X, Y     uint16 // 0.01 mm from the pad's left and upper edge, to [MaxExtent]
	T        uint16 // ms since the capture began, to [MaxTime]
	Pressure uint16 // 1 to [MaxPressure], in steps of the pad
}

// A Stroke is what is written between setting the pen down and lifting it.
type Stroke []Point

// A Signature is strokes in the order they were written.
type Signature []Stroke

// What a signature has at most.
const (
	MaxStrokes  = 100
	MaxPoints   = 4096  // in all strokes together
	MaxExtent   = 20000 // 0.01 mm
	MaxTime     = 20000 // ms
	MaxPressure = 1023
)

// Check holds a signature to its bounds: one to [MaxStrokes] strokes of one point
// or more, and each point later than the one before it. Its error names the first
// stroke and point that are not so, counted from one.
func (s Signature) Check() error {
	if len(s) < 1 || len(s) > MaxStrokes {
		return fmt.Errorf("signature: %d strokes, want 1 to %d", len(s), MaxStrokes)
	}
	points, last := 0, -1
	for i, stroke := range s {
		if len(stroke) == 0 {
			return fmt.Errorf("signature: stroke %d has no points", i+1)
		}
		if points += len(stroke); points > MaxPoints {
			return fmt.Errorf("signature: more than %d points", MaxPoints)
		}
		for j, p := range stroke {
			at := func(format string, args ...any) error {
				return fmt.Errorf("signature: stroke %d, point %d: "+format, append([]any{i + 1, j + 1}, args...)...)
			}
			switch {
			case p.X > MaxExtent || p.Y > MaxExtent:
				return at("(%d, %d), want at most %d", p.X, p.Y, MaxExtent)
			case p.T > MaxTime:
				return at("time %d ms, want at most %d", p.T, MaxTime)
			case int(p.T) <= last:
				return at("time %d ms after %d ms, want later", p.T, last)
			case p.Pressure < 1 || p.Pressure > MaxPressure:
				return at("pressure %d, want 1 to %d", p.Pressure, MaxPressure)
			}
			last = int(p.T)
		}
	}
	return nil
}
