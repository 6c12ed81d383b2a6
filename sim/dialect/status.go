package dialect

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/strict"
)

// StatusCode is how a status upload names parts of a terminal: one code for all of
// them.
type StatusCode struct {
	Code  string // two digits
	Parts device.Parts
}

var statusShape = regexp.MustCompile(`^\d\d$`)

// status reads what a status upload says of parts.
func (r *reader) status(v strict.Value) {
	r.Each(v, func(code string, v strict.Value) {
		s := StatusCode{Code: code}
		r.List(v, func(v strict.Value) {
			name, ok := r.Scalar(v)
			parts, known := device.Named(name)
			if ok && !known {
				r.Fail(v, "%s is no part of a terminal; want one of %s", strict.Quote(name), strings.Join(device.Names(false), ", "))
			}
			s.Parts |= parts
		})
		if !statusShape.MatchString(code) {
			r.Fail(v, "%s, want a code of two digits", strict.Quote(code))
		}
		r.d.Status = append(r.d.Status, s)
	})
}

// AppendStatus writes what a terminal that has some parts, of which some are broken,
// says of itself: each code and 1 for parts that work, 0 when one does not.
func (d *Dialect) AppendStatus(dst []byte, has, broken device.Parts) []byte {
	for _, s := range d.Status {
		switch {
		case s.Parts&has == 0:
			continue
		case s.Parts&has&broken != 0:
			dst = append(append(dst, s.Code...), '0')
		default:
			dst = append(append(dst, s.Code...), '1')
		}
	}
	return dst
}

// errStatus is of a text that tells nothing of any part.
var errStatus = errors.New("no code of a part, want one such as 011: two digits and 1 or 0")

// ReadStatus reads what AppendStatus writes: the parts of which it tells and those
// that are broken of them. What follows codes that the dialect does not have, the
// terminal's parameters, is passed over.
func (d *Dialect) ReadStatus(text []byte) (told, broken device.Parts, err error) {
	for ; len(text) >= 3; text = text[3:] {
		var of device.Parts
		for _, s := range d.Status {
			if s.Code == string(text[:2]) {
				of = s.Parts
			}
		}
		if of == device.None {
			break
		}
		told |= of
		switch text[2] {
		case '1':
		case '0':
			broken |= of
		default:
			return told, broken, fmt.Errorf("state %q of code %s, want 1 or 0", text[2], text[:2])
		}
	}
	if told == device.None {
		return told, broken, errStatus
	}
	return told, broken, nil
}
