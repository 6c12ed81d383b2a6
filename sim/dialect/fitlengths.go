package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moov-io/iso8583/field"

	"github.com/posfleet/posfleet/sim/wire"
)

// AnswersTo reports whether a message is the answer to a request, by its MTI, the fields
// that pair the two and those that it brings back of it; but for one field, 0 for none.
// The batch may be another: an answer may tell it.
func (d *Dialect) AnswersTo(request, m *wire.Message, but int) bool {
	if !ofType(request, m) {
		return false
	}
	for _, n := range d.Pair {
		if n != but && !bytes.Equal(m.Field(n), request.Field(n)) {
			return false
		}
	}
	return d.strange(request, m, but) == 0
}

// BringsBack reports whether an answer has all that it is to bring back of a request.
func (d *Dialect) BringsBack(request, m *wire.Message) bool {
	return !slices.ContainsFunc(d.Echo, func(n int) bool { return request.HasField(n) && !m.HasField(n) })
}

// strange is the first field that an answer has otherwise than its request; 0 for none.
func (d *Dialect) strange(request, m *wire.Message, but int) int {
	for n := range m.Fields {
		echoed := slices.Contains(d.Pair, n) || slices.Contains(d.Echo, n) && n != d.Place(wire.Batch).Field
		if echoed && n != but && request.HasField(n) && !bytes.Equal(m.Field(n), request.Field(n)) {
			return n
		}
	}
	return 0
}

// ofType reports whether the MTI of m is of an answer to a request's.
func ofType(request, m *wire.Message) bool {
	q, a := request.MTI(), m.MTI()
	return len(q) == 4 && len(a) == 4 && a[:2] == q[:2] && a[2] == q[2]+1
}

// Breaks says of octets, from a routing header on, that begin as the answer to a request
// and cannot be read, which field is longer or shorter than d says; empty when they do not
// begin so, or read whole.
func (d *Dialect) Breaks(request *wire.Message, octets []byte) string {
	m := d.NewMessage()
	_, why := m.ReadPart(octets)
	e, is := errors.AsType[*wire.FieldError](why)
	if !is || request == nil || !ofType(request, m) {
		return ""
	}
	last := 0 // field that is the request's
	first := d.strange(request, m, 0)
	for n := range m.Fields {
		if (first == 0 || n < first) && request.HasField(n) && bytes.Equal(m.Field(n), request.Field(n)) {
			last = max(last, n)
		}
	}
	if last == 0 {
		return ""
	}
	end := first
	if first == 0 {
		if end = e.Field; end < 2 {
			end = 128
		}
	}
	var found, fields []string
	by, whole := 0, false
	for _, n := range d.Format.Announced(octets) {
		if n <= last || n > end || !d.HasField(n) || !fixedLength(d.Spec.Fields[n]) {
			continue
		}
		s := d.Spec.Fields[n].Spec()
		length := d.lengthThatReads(request, octets, n, 0)
		if length > 0 {
			whole = true
		} else if !whole { // its own value is not the request's
			length = d.lengthThatReads(request, octets, n, n)
		}
		if length > 0 {
			found = append(found, fmt.Sprintf("field %d (%s) is %d long, %d in the dialect", n, d.FieldName(n), length, s.Length))
			fields = append(fields, fmt.Sprint(n))
			by = length - s.Length
		}
	}
	switch len(found) {
	case 0:
		before := fmt.Sprintf("from field %d on it is another", first)
		if first == 0 {
			before = fmt.Sprintf("it is the request's up to field %d", last)
		}
		return fmt.Sprintf("a field after %d is longer or shorter than the dialect says, or announced and not there: %s, and %v", last, before, why)
	case 1:
		return found[0]
	}
	more := "longer"
	if by < 0 {
		by, more = -by, "shorter"
	}
	return fmt.Sprintf("field %s or %s is %d %s than the dialect says", strings.Join(fields[:len(fields)-1], ", "), fields[len(fields)-1], by, more)
}

// lengthThatReads is another length of field n with which octets are the answer to a
// request, but for the value of one field; 0 for none.
func (d *Dialect) lengthThatReads(request *wire.Message, octets []byte, n, but int) int {
	s := d.Spec.Fields[n].Spec()
	for length := 1; s.Enc != nil && s.Tag == nil && s.Bitmap == nil && length <= s.Length+8; length++ {
		if length == s.Length {
			continue
		}
		v, err := d.withField(n, field.NewSpec(length, s.Description, s.Enc, s.Pref))
		if err != nil {
			continue
		}
		if m := v.NewMessage(); m.Read(octets) == nil && d.AnswersTo(request, m, but) {
			return length
		}
	}
	return 0
}
