package signature

import (
	"errors"
	"fmt"
	"strings"
)

// MaxSegment is how many octets of an image one message carries.
const MaxSegment = 999

// A Segment is a part of an image's octets, as one message carries it.
type Segment struct {
	Number int  // from 1
	Last   bool // no more follow; the first may be the last: the image is whole
	Octets []byte
}

// Segments cuts the octets of an image into parts no longer than longest, normally
// [MaxSegment]. How a message says whole, first or last is for the dialect. No
// octets make no segments, and neither does a longest below one.
func Segments(octets []byte, longest int) []Segment {
	var parts []Segment
	for longest > 0 && len(octets) > 0 {
		n := min(longest, len(octets))
		parts = append(parts, Segment{Number: len(parts) + 1, Last: n == len(octets), Octets: octets[:n:n]})
		octets = octets[n:]
	}
	return parts
}

// MaxSegments is how many segments an image has at most: nine, since a digit counts
// them.
const MaxSegments = 9

// Join puts the segments that a host received together. It is an error when one is
// missing, comes twice or out of turn, or when there are too many.
func Join(parts []Segment) ([]byte, error) {
	if len(parts) == 0 {
		return nil, errors.New("signature: no segments")
	}
	if len(parts) > MaxSegments {
		return nil, fmt.Errorf("signature: %d segments, want at most %d", len(parts), MaxSegments)
	}
	var octets []byte
	for i, p := range parts {
		switch {
		case p.Number != i+1:
			return nil, fmt.Errorf("signature: segment %d where %d is due", p.Number, i+1)
		case p.Last != (i == len(parts)-1):
			return nil, fmt.Errorf("signature: segment %d of %d: last is %t", p.Number, len(parts), p.Last)
		case len(p.Octets) < 1 || len(p.Octets) > MaxSegment:
			return nil, fmt.Errorf("signature: segment %d has %d octets, want 1 to %d", p.Number, len(p.Octets), MaxSegment)
		}
		octets = append(octets, p.Octets...)
	}
	return octets, nil
}

// FeatureCode is the code that is printed under a signature and ties it to one
// payment (交易特征码): eight hexadecimal digits of the settlement date (MMDD, or ""
// where the answer had none) and the retrieval reference number of twelve digits.
// The sixteen digits are packed, and the upper four octets are combined with the
// lower by exclusive or.
func FeatureCode(settlementDate, reference string) (string, error) {
	if settlementDate == "" {
		settlementDate = "0000"
	}
	digits := settlementDate + reference
	if len(settlementDate) != 4 || len(reference) != 12 || strings.Trim(digits, "0123456789") != "" {
		return "", fmt.Errorf("signature: feature code of date %q and reference %q: want 4 digits or none, and 12 digits", settlementDate, reference)
	}
	var upper, lower uint32
	for i := range 8 {
		upper = upper<<4 | uint32(digits[i]-'0')
		lower = lower<<4 | uint32(digits[8+i]-'0')
	}
	return fmt.Sprintf("%08X", upper^lower), nil
}
