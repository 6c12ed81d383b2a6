package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"

	"github.com/posfleet/posfleet/sim/wire"
)

// Export is the field table of a dialect in moov-io/iso8583's JSON, a line a field.
// Encodings and length prefixes that moov does not have stand in it by their names
// in dialect files; [Import] and [LoadSpec] read them, moov does not. Forms, masks
// and framing are no part of it. The error is of a field that the JSON cannot have.
func (d *Dialect) Export() ([]byte, error) {
	fields := map[string]*specField{}
	for n, f := range d.Spec.Fields {
		key := strconv.Itoa(n)
		s, err := exported(f)
		if err != nil {
			return nil, fmt.Errorf("field %s%w", key, err)
		}
		fields[key] = s
	}
	var b bytes.Buffer
	name, err := json.Marshal(d.Title)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, "{\n  \"name\": %s,\n  \"fields\": {", name)
	for i, key := range numbered(fields) {
		line, err := json.Marshal(fields[key])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n    %q: %s", key, line)
	}
	b.WriteString("\n  }\n}\n")
	return b.Bytes(), nil
}

// exported is a field in JSON; the error continues its name.
func exported(f field.Field) (*specField, error) {
	s := f.Spec()
	out := &specField{Length: s.Length, Description: s.Description, Prefix: wire.PrefixName(s.Pref), DisableAutoExpand: s.DisableAutoExpand}
	if moov := moovPrefixes[out.Prefix]; moov != "" {
		out.Prefix = moov
	}
	switch f.(type) {
	case *field.Composite:
		out.Type = "Composite"
		return out, out.compose(s)
	case *field.Bitmap:
		out.Type, out.Prefix = "Bitmap", "Hex.Fixed"
		if s.Enc == encoding.Binary {
			out.Prefix = "Binary.Fixed"
		}
	case *field.Binary:
		out.Type = "Binary"
	case *field.Numeric:
		out.Type = "Numeric"
	case *field.Hex:
		out.Type = "Hex"
	default:
		out.Type = "String"
	}
	if out.Prefix == "" {
		return nil, fmt.Errorf(": its length prefix has no name")
	}
	if out.Enc = moovName(wire.EncodingName(s.Enc)); out.Enc == "" {
		for name, e := range specEncodings {
			if e == s.Enc {
				out.Enc = name
			}
		}
	}
	var err error
	out.Padding, err = exportedPad(s.Pad)
	return out, err
}

func exportedPad(p padding.Padder) (*specPadding, error) {
	switch {
	case p == nil || p == padding.None:
		return nil, nil
	case p == wire.SignedZeros:
		return &specPadding{"Signed", "0"}, nil
	}
	with := string(p.Inspect())
	if strings.HasSuffix(string(p.Pad([]byte{'x'}, 2)), "x") {
		return &specPadding{"Left", with}, nil
	}
	return &specPadding{"Right", with}, nil
}

// compose gives a composed field its parts.
func (f *specField) compose(s *field.Spec) (err error) {
	f.Subfields = map[string]*specField{}
	ids := []string{}
	for id, sub := range s.Subfields {
		if f.Subfields[id], err = exported(sub); err != nil {
			return fmt.Errorf(".%s%w", id, err)
		}
		ids = append(ids, id)
	}
	if s.Bitmap != nil {
		f.Bitmap, err = exported(s.Bitmap)
		return err
	}
	t := s.Tag
	f.Tag = &specTag{Length: t.Length, Sort: "StringsByInt", SkipUnknownTLVTags: t.SkipUnknownTLVTags, StoreUnknownTLVTags: t.StoreUnknownTLVTags}
	switch {
	case t.Enc == nil:
	case t.Enc == encoding.BerTLVTag:
		f.Tag.Enc, f.Tag.Sort = "BerTLVTag", "StringsByHex"
	default:
		f.Tag.Enc = moovName(wire.EncodingName(t.Enc))
		f.Tag.StoreUnknownTLVTags = false // moov orders what it stores as BER-TLV
	}
	if t.PrefUnknownTLV != nil {
		if f.Tag.PrefUnknownTLV = wire.PrefixName(t.PrefUnknownTLV); moovPrefixes[f.Tag.PrefUnknownTLV] != "" {
			f.Tag.PrefUnknownTLV = moovPrefixes[f.Tag.PrefUnknownTLV]
		}
	}
	if f.Tag.Padding, err = exportedPad(t.Pad); err != nil || f.Tag.Sort == "StringsByHex" {
		return err
	}
	if slices.ContainsFunc(ids, func(id string) bool { _, err := strconv.Atoi(id); return err != nil }) {
		f.Tag.Sort = "StringsByHex"
		if slices.ContainsFunc(ids, func(id string) bool { return !hexShape.MatchString(id) }) {
			return fmt.Errorf(": moov cannot order tags such as %q; it orders numbers, or hexadecimal digits", ids[0])
		}
	}
	return nil
}
