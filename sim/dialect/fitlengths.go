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
		if n == d.Place(wire.Amount).Field && d.Means(CodeOf(m.Get(wire.ResponseCode)), Partial) {
			continue // it is of a part
		}
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
	if request != nil && why != nil {
		if before := d.before(request, octets); before > 0 {
			return fmt.Sprintf("the answer begins behind %d octets of another message, of which no more came", before)
		}
	}
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
	found := likeliest(d.otherForms(request, octets, last, end))
	trace := d.Place(wire.Trace).Field
	if len(found) == 0 || !found[0].sure || !found[0].formed {
		if words := d.countsOtherwise(request, octets, last+1, end); words != "" {
			return words
		}
	}
	switch {
	case len(found) > 0 && found[0].sure:
		return theseFields(found)
	case is && first == 0 && d.endMissing(octets):
		return fmt.Sprintf("its end is missing, or a field after %d is shorter than the dialect says", last)
	case len(found) > 0:
		return theseFields(found)
	case !is, first > 0 && first == trace:
		return "" // it may well be the answer to another request
	case first > 0:
		return fmt.Sprintf("a field from %d on is longer or shorter than the dialect says, or the bitmap is wrong about one: from field %d on it is another", last, first)
	case e.Field < 2:
		return "" // but for octets behind the last field
	}
	return fmt.Sprintf("a field from %d on is longer or shorter than the dialect says, or the bitmap is wrong about one: it is the request's up to field %d", last, last)
}

// before is how many octets, of 1,024 at most, there are before the length of a message that begins
// as the answer to a request, up to its trace number; 0 where there is none, or it is the first.
func (d *Dialect) before(request *wire.Message, octets []byte) int {
	trace, length := d.Place(wire.Trace).Field, d.Format.Length.Octets
	m := d.NewMessage()
	for at := 0; at < min(len(octets), 1024) && request.HasField(trace); at++ {
		if m.ReadPart(octets[at:]); ofType(request, m) && m.MTI()[3] == request.MTI()[3] && bytes.Equal(m.Field(trace), request.Field(trace)) && d.strange(request, m, 0) == 0 {
			return max(0, at-length)
		}
	}
	return 0
}

// likeliest are of some forms those of the likeliest kind: in which a field after the one is
// the request's, and of these those in which values are what they should be.
func likeliest(all []otherwise) []otherwise {
	for _, is := range []func(otherwise) bool{
		func(o otherwise) bool { return o.sure && o.formed },
		func(o otherwise) bool { return o.sure },
		func(o otherwise) bool { return o.formed },
	} {
		if slices.ContainsFunc(all, is) {
			return slices.DeleteFunc(all, func(o otherwise) bool { return !is(o) })
		}
	}
	return all
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
// to a request; of last itself, which begins as the request's does, the longer ones.
func (d *Dialect) otherForms(request *wire.Message, octets []byte, last, end int) (found []otherwise) {
	whole, trace := false, d.Place(wire.Trace).Field
	announced, wanted := d.Format.Announced(octets), d.wanted(request)
	for n := last; n <= end; n++ {
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
		o, fits := d.otherwiseReads(request, octets, n, 0, n == last)
		if whole = whole || fits; !whole && n != trace { // its own value is not the request's
			o, fits = d.otherwiseReads(request, octets, n, n, n == last)
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

	formed bool // values are what they should be, and what it should bring back is the request's, or that and padding
}

// formed reports whether what m has, and not from a request, is made of what it should be;
// of field but, which it should have from that, whether it is more by padding.
func (d *Dialect) formed(request, m *wire.Message, but int) bool {
	for f := range m.Fields {
		v, of := m.Field(f), d.kinds[f].of
		var ok bool
		switch {
		case request.HasField(f) && bytes.Equal(v, request.Field(f)):
			continue
		case f == but && request.HasField(f):
			if of == "n" {
				ok = string(bytes.TrimLeft(v, "0")) == string(bytes.TrimLeft(request.Field(f), "0"))
			} else {
				ok = string(bytes.TrimRight(v, " \x00")) == string(bytes.TrimRight(request.Field(f), " \x00"))
			}
		case f == d.Place(wire.LocalTime).Field:
			ok = IsTime(v)
		case f == d.Place(wire.LocalDate).Field || f == d.Place(wire.SettlementDate).Field:
			ok = IsDate(v)
		case strings.HasPrefix(of, "an") && len(of) > 2:
			ok = !bytes.ContainsFunc(v, func(r rune) bool { return r < ' ' })
		default:
			ok = madeOf(of, string(v))
		}
		if !ok {
			return false
		}
	}
	return true
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
// ones of which the least has to be so.
func theseFields(all []otherwise) string {
	least := 9
	for _, o := range all {
		if o.by != 0 {
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
	return otherwise{field: n, bit: true, words: fmt.Sprintf(words, n, d.FieldName(n)), sure: sure, formed: d.formed(request, m, 0)}, true
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
			return fmt.Sprintf("field %d (%s) is encoded as %s, %s in the dialect", n, d.FieldName(n), name, wire.EncodingName(s.Enc))
		}
	}
	return ""
}

// countsOtherwise names the field of variable length from n to end whose length says
// otherwise than what follows it, where octets are the answer to a request so.
func (d *Dialect) countsOtherwise(request *wire.Message, octets []byte, n, end int) string {
	announced := d.Format.Announced(octets)
	for ; n <= end; n++ {
		if !d.HasField(n) || !slices.Contains(announced, n) || fixedLength(d.Spec.Fields[n]) {
			continue
		}
		s := d.Spec.Fields[n].Spec()
		none, err := s.Pref.EncodeLength(s.Length, 0)
		for size := 0; err == nil && size <= min(s.Length, len(octets)); size++ {
			m := d.inForm(octets, n, len(none)+size, wire.Encodings()["octets"], prefix.Binary.Fixed)
			if m == nil || !d.AnswersTo(request, m, n) || !bearsOut(request, m, n) {
				continue
			}
			v, _, err := s.Enc.Decode(m.Field(n)[len(none):], d.units(n, size))
			if err != nil {
				continue
			}
			if m.SetField(n, v); d.AnswersTo(request, m, 0) && d.formed(request, m, 0) {
				return fmt.Sprintf("the length of field %d (%s) is not that of the %d octets behind it", n, d.FieldName(n), size)
			}
		}
	}
	return ""
}

// units are the characters or digits in so many octets of field n.
func (d *Dialect) units(n, octets int) int {
	if d.packedDigits(n) {
		return 2 * octets
	}
	return octets
}

// otherwiseReads is another form of field n in which octets are the answer to a request,
// but for the value of one field: another length, or else another encoding, or of one of
// variable length another length prefix; the first in which values are what they should be,
// or else the first.
func (d *Dialect) otherwiseReads(request *wire.Message, octets []byte, n, but int, longer bool) (first otherwise, fits bool) {
	s := d.Spec.Fields[n].Spec()
	reads := func(length int, e encoding.Encoder, p prefix.Prefixer, by int, words string, args ...any) bool {
		m := d.inForm(octets, n, length, e, p)
		if m == nil || !d.AnswersTo(request, m, but) {
			return false
		}
		formed := d.formed(request, m, but)
		if formed || !fits {
			first, fits = otherwise{field: n, by: by, words: fmt.Sprintf(words, args...), sure: bearsOut(request, m, n), formed: formed}, true
		}
		return formed
	}
	named := fmt.Sprintf("field %d (%s)", n, d.FieldName(n))
	fixed := fixedLength(d.Spec.Fields[n])
	for by := 1; fixed && by <= max(8, s.Length-1); by++ {
		for _, by := range []int{by, -by} {
			length := s.Length + by
			if by <= 8 && length > 0 && (by > 0 || !longer) && reads(length, s.Enc, s.Pref, by, "%s is %d long, %d in the dialect", named, length, s.Length) {
				return first, true
			}
		}
	}
	if longer {
		return first, fits
	}
	known, as := wire.Encodings(), wire.EncodingName(s.Enc)
	for _, name := range encodings {
		if e := known[name]; e != s.Enc && (fixed || request.HasField(n) || holds(d.kinds[n].of, name)) &&
			reads(s.Length, e, s.Pref, 0, "%s is encoded as %s, %s in the dialect", named, name, as) {
			return first, true
		}
	}
	if fixed {
		return first, fits
	}
	by, tried := wire.PrefixName(s.Pref), plainPrefixes
	if d.packedDigits(n) {
		tried = slices.Concat([]string{by + "-octets"}, plainPrefixes, octetPrefixes)
	}
	for _, name := range tried {
		if p, is := wire.Prefix(name); is && name != by && reads(min(s.Length, wire.PrefixMost(p)), s.Enc, p, 0,
			"the length of %s is written as %s, %s in the dialect", named, name, by) {
			return first, true
		}
	}
	return first, fits
}

// plainPrefixes are the names of length prefixes that are tried, octetPrefixes those that are
// of packed digits, too.
var (
	plainPrefixes = slices.DeleteFunc(wire.Prefixes(), func(name string) bool { return !plainPrefix.MatchString(name) })
	octetPrefixes = slices.DeleteFunc(wire.Prefixes(), func(name string) bool {
		of, is := strings.CutSuffix(name, "-octets")
		return !is || !plainPrefix.MatchString(of)
	})
	plainPrefix = regexp.MustCompile(`^(ascii|ebcdic|packed|binary)[1-4]$`)
)
