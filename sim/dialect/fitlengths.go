package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"

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
// and cannot be read, or read as the answer to none, which field is longer or shorter than
// d says, or encoded otherwise; empty when they do not begin so, or are the answer.
func (d *Dialect) Breaks(request *wire.Message, octets []byte) string {
	m := d.NewMessage()
	_, why := m.ReadPart(octets)
	if request == nil || !ofType(request, m) {
		return ""
	}
	last := 0 // field that is the request's
	first := d.strange(request, m, 0)
	e, is := errors.AsType[*wire.FieldError](why)
	if !is && first == 0 {
		return ""
	}
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
	var found []otherwise
	whole, trace := false, d.Place(wire.Trace).Field
	for _, n := range d.Format.Announced(octets) {
		if n <= last || n > end || !d.HasField(n) {
			continue
		}
		o, fits := d.otherwiseReads(request, octets, n, 0)
		if whole = whole || fits; !whole && n != trace { // its own value is not the request's
			o, fits = d.otherwiseReads(request, octets, n, n)
		}
		if fits {
			found = append(found, o)
		}
	}
	switch {
	case len(found) > 0:
		return theseFields(found)
	case !is, first > 0 && first == trace:
		return "" // it may well be the answer to another request
	case first > 0:
		return fmt.Sprintf("a field after %d is longer or shorter than the dialect says, or announced and not there: from field %d on it is another", last, first)
	}
	return fmt.Sprintf("a field after %d is longer or shorter than the dialect says, or announced and not there: it is the request's up to field %d", last, last)
}

// otherwise is another form of a field in which an answer reads.
type otherwise struct {
	field int
	by    int    // how much longer it is; 0 for as long
	words string // how it is
}

// theseFields says that one of some fields is otherwise, of those of another length the
// ones of which the least has to be so.
func theseFields(all []otherwise) string {
	least := func(o otherwise) int { return max(o.by, -o.by) }
	by := least(slices.MinFunc(all, func(a, b otherwise) int { return least(a) - least(b) }))
	all = slices.DeleteFunc(all, func(o otherwise) bool { return least(o) > by })
	alike := all[0].by != 0
	var words, fields []string
	for _, o := range all {
		words, fields = append(words, o.words), append(fields, fmt.Sprint(o.field))
		alike = alike && o.by == all[0].by
	}
	last := len(all) - 1
	switch {
	case last == 0:
		return words[0]
	case !alike:
		return strings.Join(words, ", or ")
	}
	more := "longer"
	if all[0].by < 0 {
		more = "shorter"
	}
	return fmt.Sprintf("field %s or %s is %d %s than the dialect says", strings.Join(fields[:last], ", "), fields[last], by, more)
}

// otherwiseReads is another form of field n in which octets are the answer to a request,
// but for the value of one field: another length, or else another encoding, or of one of
// variable length another length prefix.
func (d *Dialect) otherwiseReads(request *wire.Message, octets []byte, n, but int) (otherwise, bool) {
	s := d.Spec.Fields[n].Spec()
	if s.Enc == nil || s.Tag != nil || s.Bitmap != nil {
		return otherwise{}, false
	}
	reads := func(length int, e encoding.Encoder, p prefix.Prefixer) bool {
		v := d.Format // the codec alone, not the forms: it is asked hundreds of times
		v.Spec = withField(d.Spec, n, field.NewSpec(length, s.Description, e, p))
		if v.Compile() != nil {
			return false
		}
		m := v.NewMessage()
		return m.Read(octets) == nil && d.AnswersTo(request, m, but)
	}
	named := fmt.Sprintf("field %d (%s)", n, d.FieldName(n))
	fixed := fixedLength(d.Spec.Fields[n])
	for by := 1; fixed && by <= max(8, s.Length-1); by++ {
		for _, by := range []int{by, -by} {
			if length := s.Length + by; by <= 8 && length > 0 && reads(length, s.Enc, s.Pref) {
				return otherwise{n, by, fmt.Sprintf("%s is %d long, %d in the dialect", named, length, s.Length)}, true
			}
		}
	}
	for _, name := range []string{"ascii", "ebcdic", "packed", "packed-right", "track", "hex", "octets"} {
		if e := wire.Encodings()[name]; e != s.Enc && reads(s.Length, e, s.Pref) {
			return otherwise{field: n, words: fmt.Sprintf("%s is encoded as %s, %s in the dialect", named, name, wire.EncodingName(s.Enc))}, true
		}
	}
	for _, name := range wire.Prefixes() {
		if p, _ := wire.Prefix(name); !fixed && plainPrefix.MatchString(name) && name != wire.PrefixName(s.Pref) && reads(min(s.Length, wire.PrefixMost(p)), s.Enc, p) {
			return otherwise{field: n, words: fmt.Sprintf("the length of %s is written as %s, %s in the dialect", named, name, wire.PrefixName(s.Pref))}, true
		}
	}
	return otherwise{}, false
}

// plainPrefix are the names of length prefixes that are tried.
var plainPrefix = regexp.MustCompile(`^(ascii|ebcdic|packed|binary)[1-4]$`)
