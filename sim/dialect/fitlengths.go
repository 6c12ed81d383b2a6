package dialect

import (
	"bytes"
	"cmp"
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
// and cannot be read, or read as the answer to none, what would make them the answer: a
// field that is longer or shorter than d says, encoded otherwise, announced and not there
// or there and not announced, or an end that is missing. It is empty when they do not
// begin so, are the answer, or would be it with another value of one field: the error of
// reading them tells which.
func (d *Dialect) Breaks(request *wire.Message, octets []byte) string {
	m := d.NewMessage()
	at, why := m.ReadPart(octets)
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
	if d.spoiled(request, octets, end, at) {
		return d.encodedOtherwise(request, octets, end)
	}
	found := d.otherForms(request, octets, last, end)
	trace := d.Place(wire.Trace).Field
	switch {
	case slices.ContainsFunc(found, func(o otherwise) bool { return o.sure }):
		return theseFields(slices.DeleteFunc(found, func(o otherwise) bool { return !o.sure }))
	case is && first == 0 && d.endMissing(octets):
		return fmt.Sprintf("its end is missing, or a field after %d is shorter than the dialect says", last)
	case len(found) > 0:
		return theseFields(found)
	case !is, first > 0 && first == trace:
		return "" // it may well be the answer to another request
	case first > 0:
		return fmt.Sprintf("a field after %d is longer or shorter than the dialect says, or announced and not there: from field %d on it is another", last, first)
	}
	return fmt.Sprintf("a field after %d is longer or shorter than the dialect says, or announced and not there: it is the request's up to field %d", last, last)
}

// spoiled reports whether octets are the answer to a request but for the value of field n,
// which begins at octet at of them where it cannot be read.
func (d *Dialect) spoiled(request *wire.Message, octets []byte, n, at int) bool {
	m := d.NewMessage()
	if m.Read(octets) == nil {
		return d.AnswersTo(request, m, n)
	}
	if !d.HasField(n) {
		return false
	}
	without := d.Format.Without(octets, n, at)
	return without != nil && m.Read(without) == nil && d.AnswersTo(request, m, n)
}

// endMissing reports whether octets would read with more of them.
func (d *Dialect) endMissing(octets []byte) bool {
	m := d.NewMessage()
	for _, filler := range []byte{'0', 0xF0, 0} { // digits, in ASCII and packed, and in EBCDIC; octets
		more := slices.Clone(octets)
		for range 1024 {
			if more = append(more, filler); m.Read(more) == nil {
				return true
			}
		}
	}
	return false
}

// otherForms are those of a field after last, up to end, with which octets are the answer
// to a request.
func (d *Dialect) otherForms(request *wire.Message, octets []byte, last, end int) (found []otherwise) {
	whole, trace := false, d.Place(wire.Trace).Field
	announced, wanted := d.Format.Announced(octets), d.wanted(request)
	for n := last + 1; n <= end; n++ {
		is := slices.Contains(announced, n)
		if !d.HasField(n) || !is && !wanted.Has(n) {
			continue
		}
		if o, fits := d.announcedOtherwise(request, octets, n, is); fits {
			found = append(found, o)
		}
		if !is {
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
	return found
}

// wanted are the fields that the answer to a request has, as far as the dialect says.
func (d *Dialect) wanted(request *wire.Message) wire.FieldSet {
	all := wire.Fields(d.Place(wire.ResponseCode).Field, 64, 128)
	for n := range request.Fields {
		if slices.Contains(d.Echo, n) {
			all.Add(n)
		}
	}
	for _, f := range d.formsOf(request) {
		must, should := f.Answered()
		for _, of := range []wire.FieldSet{must, should} {
			for n := range of.All {
				all.Add(n)
			}
		}
	}
	return all
}

// otherwise is another form of a field in which an answer reads.
type otherwise struct {
	field int
	by    int    // how much longer it is; 0 for as long
	bit   bool   // it is announced otherwise
	words string // how it is
	sure  bool   // a field after it is the request's only so
}

// bearsOut reports whether a field after n of an answer is the request's.
func bearsOut(request, m *wire.Message, n int) bool {
	for after := range m.Fields {
		if after > n && request.HasField(after) && bytes.Equal(m.Field(after), request.Field(after)) {
			return true
		}
	}
	return false
}

// theseFields says that one of some fields is otherwise, of those of another length the
// ones of which the least has to be so, unless one in another encoding will do.
func theseFields(all []otherwise) string {
	least := 9
	for _, o := range all {
		if !o.bit {
			least = min(least, max(o.by, -o.by))
		}
	}
	var words []string
	for _, by := range []int{least, -least} {
		var of []otherwise
		for _, o := range all {
			if o.by == by && by != 0 {
				of = append(of, o)
			}
		}
		if len(of) == 1 {
			words = append(words, of[0].words)
		} else if len(of) > 1 {
			words = append(words, anyOf(of))
		}
	}
	for _, o := range all {
		if o.by == 0 {
			words = append(words, o.words)
		}
	}
	return strings.Join(words, ", or ")
}

// anyOf are fields of which each may be as much longer, or shorter.
func anyOf(all []otherwise) string {
	var fields []string
	for _, o := range all {
		fields = append(fields, fmt.Sprint(o.field))
	}
	more, by, last := "longer", all[0].by, len(all)-1
	if by < 0 {
		more, by = "shorter", -by
	}
	return fmt.Sprintf("field %s or %s is %d %s than the dialect says", strings.Join(fields[:last], ", "), fields[last], by, more)
}

// announcedOtherwise is field n announced where it is not, or not announced where it is, if
// octets are the answer to a request so; what is behind the fields of the request may be any
// field, but for a MAC.
func (d *Dialect) announcedOtherwise(request *wire.Message, octets []byte, n int, announced bool) (otherwise, bool) {
	m := d.NewMessage()
	turned := d.Format.Announcing(octets, n)
	if turned == nil || m.Read(turned) != nil || !d.AnswersTo(request, m, 0) {
		return otherwise{}, false
	}
	sure := bearsOut(request, m, n)
	if !sure && n != 64 && n != 128 {
		return otherwise{}, false
	}
	words := "field %d (%s) is there, and not announced in the bitmap"
	if announced {
		words = "field %d (%s) is announced in the bitmap, and not there"
	}
	return otherwise{field: n, bit: true, words: fmt.Sprintf(words, n, d.FieldName(n)), sure: sure}, true
}

// encodings are those that a field is tried in.
var encodings = []string{"ascii", "ebcdic", "packed", "packed-right", "track", "hex", "octets"}

// inForm reads octets as if field n were of another form; nil when they cannot be read so,
// or it is not of a form by itself.
func (d *Dialect) inForm(octets []byte, n, length int, e encoding.Encoder, p prefix.Prefixer) *wire.Message {
	s := d.Spec.Fields[n].Spec()
	if s.Enc == nil || s.Tag != nil || s.Bitmap != nil {
		return nil
	}
	v := d.Format // the codec alone, not the forms: it is asked hundreds of times
	v.Spec = withField(d.Spec, n, field.NewSpec(length, s.Description, e, p))
	if v.Compile() != nil {
		return nil
	}
	m := v.NewMessage()
	if m.Read(octets) != nil {
		return nil
	}
	return m
}

// encodedOtherwise says of octets which are the answer to a request but for the value of
// field n in which encoding it is the request's, or of its kind where the request has
// none; empty for in none.
func (d *Dialect) encodedOtherwise(request *wire.Message, octets []byte, n int) string {
	s := d.Spec.Fields[n].Spec()
	for _, name := range encodings {
		e := wire.Encodings()[name]
		if e == s.Enc {
			continue
		}
		m := d.inForm(octets, n, s.Length, e, s.Pref)
		if m == nil || !d.AnswersTo(request, m, 0) {
			continue
		}
		if v := m.Field(n); request.HasField(n) && bytes.Equal(v, request.Field(n)) || len(v) > 1 && madeOf(cmp.Or(d.kinds[n].of, "an"), string(v)) && d.kinds[n].of != "b" {
			return d.encodedAs(n, name)
		}
	}
	return ""
}

func (d *Dialect) encodedAs(n int, name string) string {
	return fmt.Sprintf("field %d (%s) is encoded as %s, %s in the dialect", n, d.FieldName(n), name, wire.EncodingName(d.Spec.Fields[n].Spec().Enc))
}

// otherwiseReads is another form of field n in which octets are the answer to a request,
// but for the value of one field: another length, or else another encoding, or of one of
// variable length another length prefix.
func (d *Dialect) otherwiseReads(request *wire.Message, octets []byte, n, but int) (otherwise, bool) {
	s := d.Spec.Fields[n].Spec()
	var o otherwise
	reads := func(length int, e encoding.Encoder, p prefix.Prefixer) bool {
		m := d.inForm(octets, n, length, e, p)
		if m == nil || !d.AnswersTo(request, m, but) {
			return false
		}
		o = otherwise{field: n, sure: bearsOut(request, m, n)}
		return true
	}
	named := fmt.Sprintf("field %d (%s)", n, d.FieldName(n))
	fixed := fixedLength(d.Spec.Fields[n])
	for by := 1; fixed && by <= max(8, s.Length-1); by++ {
		for _, by := range []int{by, -by} {
			if length := s.Length + by; by <= 8 && length > 0 && reads(length, s.Enc, s.Pref) {
				o.by, o.words = by, fmt.Sprintf("%s is %d long, %d in the dialect", named, length, s.Length)
				return o, true
			}
		}
	}
	for _, name := range encodings {
		if e := wire.Encodings()[name]; e != s.Enc && reads(s.Length, e, s.Pref) {
			o.words = d.encodedAs(n, name)
			return o, true
		}
	}
	for _, name := range wire.Prefixes() {
		if p, _ := wire.Prefix(name); !fixed && plainPrefix.MatchString(name) && name != wire.PrefixName(s.Pref) && reads(min(s.Length, wire.PrefixMost(p)), s.Enc, p) {
			o.words = fmt.Sprintf("the length of %s is written as %s, %s in the dialect", named, name, wire.PrefixName(s.Pref))
			return o, true
		}
	}
	return otherwise{}, false
}

// plainPrefix are the names of length prefixes that are tried.
var plainPrefix = regexp.MustCompile(`^(ascii|ebcdic|packed|binary)[1-4]$`)
