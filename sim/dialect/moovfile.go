package dialect

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
	"github.com/moov-io/iso8583/specs"

	"github.com/posfleet/posfleet/sim/wire"
)

// specFile and what is in it are moov's JSON form. Beside its names of encodings
// and length prefixes those of package wire stand there for what moov has none.
type specFile struct {
	Name   string                `json:"name"`
	Fields map[string]*specField `json:"fields"`
}

type specField struct {
	Type              string                `json:"type"`
	Length            int                   `json:"length,omitempty"`
	Description       string                `json:"description,omitempty"`
	Enc               string                `json:"enc,omitempty"`
	Prefix            string                `json:"prefix,omitempty"`
	Padding           *specPadding          `json:"padding,omitempty"`
	Tag               *specTag              `json:"tag,omitempty"`
	Subfields         map[string]*specField `json:"subfields,omitempty"`
	Bitmap            *specField            `json:"bitmap,omitempty"`
	DisableAutoExpand bool                  `json:"disableAutoExpand,omitempty"`
}

type specPadding struct {
	Type string `json:"type"`
	Pad  string `json:"pad"`
}

type specTag struct {
	Length              int          `json:"length,omitempty"`
	Enc                 string       `json:"enc,omitempty"`
	Padding             *specPadding `json:"padding,omitempty"`
	Sort                string       `json:"sort"`
	SkipUnknownTLVTags  bool         `json:"skipUnknownTLVTags,omitempty"`
	StoreUnknownTLVTags bool         `json:"storeUnknownTLVTags,omitempty"`
	PrefUnknownTLV      string       `json:"prefUnknownTLV,omitempty"`
}

// specEncodings are the encodings by the names of moov's JSON and by ours.
var specEncodings = func() map[string]encoding.Encoder {
	all := wire.Encodings()
	maps.Copy(all, specs.EncodingsExtToInt)
	return all
}()

// specPrefixes are the length prefixes, likewise.
var specPrefixes = func() map[string]prefix.Prefixer {
	all := maps.Clone(specs.PrefixesExtToInt)
	for _, name := range wire.Prefixes() {
		all[name], _ = wire.Prefix(name)
	}
	return all
}()

// moovEncodings are moov's names of encodings that we have. Its packed digits must
// have a digit for the spare nibble and ours may have anything, and its EBCDIC is of
// another country in four signs; so a file is not given those names.
var moovEncodings = map[string]string{
	"ASCII": "ascii", "Binary": "octets", "HexToASCII": "hex", "BCD": "packed-right", "LBCD": "packed", "EBCDIC1047": "ebcdic", "EBCDIC": "ebcdic",
}

// moovName is the name that moov has for an encoding, ours where it has none.
func moovName(name string) string {
	for _, moov := range []string{"ASCII", "Binary", "HexToASCII"} {
		if moovEncodings[moov] == name {
			return moov
		}
	}
	return name
}

var moovForms = map[string]string{"ascii": "ASCII", "packed": "BCD", "binary": "Binary", "hex": "Hex", "ebcdic": "EBCDIC"}

// moovPrefixes are the names that moov has for length prefixes, by ours.
var moovPrefixes = func() map[string]string {
	all := map[string]string{"fixed": "ASCII.Fixed", "rest": "None.Fixed", "ber": "BerTLV"}
	for ours, moov := range moovForms {
		for n := 1; n <= 4; n++ {
			all[ours+strconv.Itoa(n)] = moov + "." + strings.Repeat("L", n)
		}
	}
	return all
}()

// ourPrefix is our name of a length prefix in moov's JSON.
func ourPrefix(name string) string {
	if strings.HasSuffix(name, ".Fixed") && name != "None.Fixed" {
		return "fixed"
	}
	for ours, moov := range moovPrefixes {
		if moov == name {
			return ours
		}
	}
	return name
}

// spec makes moov's spec of the file, which has been checked. moov's constructors
// panic on what they do not like.
func (s *specFile) spec() (spec *iso8583.MessageSpec, err error) {
	defer func() {
		if p := recover(); p != nil {
			spec, err = nil, fmt.Errorf("moov cannot make fields of it: %v", p)
		}
	}()
	spec = &iso8583.MessageSpec{Name: s.Name, Fields: map[int]field.Field{}}
	for key, f := range s.Fields {
		n, err := strconv.Atoi(key)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", key, err)
		}
		spec.Fields[n] = f.field()
	}
	return spec, nil
}

func (f *specField) field() field.Field {
	s := &field.Spec{Length: f.Length, Description: f.Description, Pref: specPrefixes[f.Prefix], Pad: f.Padding.padder(), DisableAutoExpand: f.DisableAutoExpand}
	if len(f.Subfields) == 0 && f.Tag == nil {
		s.Enc = specEncodings[f.Enc]
		return specs.FieldConstructor[f.Type](s)
	}
	s.Subfields = map[string]field.Field{}
	for id, sub := range f.Subfields {
		s.Subfields[id] = sub.field()
	}
	if t := f.Tag; t != nil {
		s.Tag = &field.TagSpec{Length: t.Length, SkipUnknownTLVTags: t.SkipUnknownTLVTags, StoreUnknownTLVTags: t.StoreUnknownTLVTags,
			Enc: specEncodings[t.Enc], Sort: specs.SortExtToInt[t.Sort], Pad: t.Padding.padder(), PrefUnknownTLV: specPrefixes[t.PrefUnknownTLV]}
	}
	if f.Bitmap != nil {
		s.Bitmap = f.Bitmap.field().(*field.Bitmap)
	}
	return specs.FieldConstructor[f.Type](s)
}

func (p *specPadding) padder() padding.Padder {
	switch {
	case p == nil:
		return nil
	case p.Type == "Left":
		return padding.Left(rune(p.Pad[0]))
	case p.Type == "Right":
		return padding.Right(rune(p.Pad[0]))
	case p.Type == "Signed":
		return wire.SignedZeros
	}
	return padding.None
}

// numbered are the keys of fields in the order of their numbers.
func numbered[V any](fields map[string]V) []string {
	return slices.SortedFunc(maps.Keys(fields), func(a, b string) int {
		x, errX := strconv.Atoi(a)
		y, errY := strconv.Atoi(b)
		if errX != nil || errY != nil || x == y {
			return strings.Compare(a, b)
		}
		return x - y
	})
}
