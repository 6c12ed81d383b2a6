package chip

import "github.com/posfleet/posfleet/sim/wire"

// Tags of what a card has in its records for offline data authentication (EMV book 3,
// annex A).
const (
	tagTemplate          = 0x70
	tagPAN               = 0x5A
	tagExpiry            = 0x5F24
	tagUsage             = 0x9F07 // application usage control
	tagCDOL1             = 0x8C   // what the first cryptogram is asked for with
	tagCDOL2             = 0x8D   // and the second one
	tagDDOL              = 0x9F49 // what a dynamic signature is asked for with
	tagDenial            = 0x9F0E // issuer action code: verification results that decline off line
	tagCAIndex           = 0x8F
	tagIssuerCertificate = 0x90
	tagIssuerRemainder   = 0x92
	tagIssuerExponent    = 0x9F32
	tagSignedStatic      = 0x93
	tagCardCertificate   = 0x9F46
	tagCardExponent      = 0x9F47
	tagCardRemainder     = 0x9F48
	tagStaticTags        = 0x9F4A // what is authenticated beside records: 82 alone
	tagSignedDynamic     = 0x9F4B
)

// mostStatic is how many octets a terminal takes of data that are authenticated.
const mostStatic = 2048

// records are a card's, as a terminal has read them.
type records struct {
	tags   map[uint32][]byte
	static []byte // those of them that are authenticated, in a row
}

// readRecords reads the records that an application file locator lists, four octets for a
// row of them: file, first, last, and how many from the first on are authenticated. Of
// records in files 1 to 10 only what is in their template is.
func readRecords(afl []byte, read func(file, number byte) []byte) (r records, ok bool) {
	r.tags = map[uint32][]byte{}
	for ; len(afl) >= 4; afl = afl[4:] {
		file, first, last, signed := afl[0]>>3, afl[1], afl[2], afl[3]
		if afl[0]&7 != 0 || file == 0 || file > 30 || first == 0 || last < first || int(signed) > int(last)-int(first)+1 {
			return r, false
		}
		for n := int(first); n <= int(last); n++ {
			record := read(file, byte(n))
			static, ok := r.take(record)
			if !ok {
				return r, false
			}
			if file > 10 {
				static = record
			}
			if n-int(first) < int(signed) {
				r.static = append(r.static, static...)
			}
			if len(r.static) > mostStatic {
				return r, false
			}
		}
	}
	return r, len(afl) == 0
}

// take takes a record: a template of elements, none of which has been there before.
func (r *records) take(record []byte) (inside []byte, ok bool) {
	for t, err := range wire.Tags(record) {
		switch {
		case err != nil, t.Depth == 0 && (t.Tag != tagTemplate || inside != nil):
			return nil, false
		case t.Depth == 0:
			inside = t.Value
		case t.Depth == 1:
			if _, there := r.tags[t.Tag]; there {
				return nil, false
			}
			r.tags[t.Tag] = t.Value
		}
	}
	return inside, inside != nil
}

// addStaticTags appends what is authenticated beside records. It reports false for what may
// not be.
func (r *records) addStaticTags(aip [2]byte) bool {
	list, there := r.tags[tagStaticTags]
	if !there {
		return true
	}
	if len(list) != 1 || list[0] != tagAIP {
		return false
	}
	r.static = append(r.static, aip[:]...)
	return true
}

// mostTag is how many octets a tag has at most.
const mostTag = 3

// appendDOL appends the values that a data object list asks for, each of the length that it
// says: cut, or filled with zeros. It reports false for what is no list.
func appendDOL(dst, dol []byte, value func(tag uint32) []byte) ([]byte, bool) {
	for len(dol) > 0 {
		tag, at := uint32(dol[0]), 1
		for more := tag&0x1F == 0x1F; more; at++ {
			if at >= len(dol) || at >= mostTag {
				return dst, false
			}
			tag, more = tag<<8|uint32(dol[at]), dol[at]&0x80 != 0
		}
		if at >= len(dol) {
			return dst, false
		}
		length := int(dol[at])
		v := value(tag)
		v = v[:min(len(v), length)]
		dst = append(append(dst, v...), make([]byte, length-len(v))...)
		dol = dol[at+1:]
	}
	return dst, true
}
