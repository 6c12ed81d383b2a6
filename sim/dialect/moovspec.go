package dialect

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/specs"

	"github.com/posfleet/posfleet/sim/wire"
)

// What a spec file may be at most.
const (
	maxSpec       = 1 << 20 // octets
	maxSpecDepth  = 8       // subfields in subfields
	maxSpecFields = 4096    // fields and subfields
)

// LoadSpec reads a field spec in moov's JSON form (that of its specs.ImportJSON)
// for [Dialect.WithSpec]. It refuses, naming the field and the mend, what moov
// would read wrongly, panic on, or allocate for without bound when a message
// comes; all of it was seen in moov v0.26.1.
func LoadSpec(r io.Reader) (*iso8583.MessageSpec, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxSpec+1))
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	file, err := readSpec(raw)
	if err == nil {
		err = file.check()
	}
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	spec, err := file.spec()
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	if err := wire.CheckSpec(spec); err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	return spec, nil
}

// readSpec reads the JSON, without looking at what it says.
func readSpec(raw []byte) (*specFile, error) {
	if len(raw) > maxSpec {
		return nil, fmt.Errorf("larger than %d octets", maxSpec)
	}
	var file specFile
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		return nil, jsonError(raw, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	return &file, nil
}

// jsonError adds the line to a syntax error.
func jsonError(raw []byte, err error) error {
	var at int64
	if e := (*json.SyntaxError)(nil); errors.As(err, &e) {
		at = e.Offset
	} else if e := (*json.UnmarshalTypeError)(nil); errors.As(err, &e) {
		at = e.Offset
	} else {
		return err
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(raw[:min(int(at), len(raw))], []byte("\n")), err)
}

// check goes through the fields in order, so that the first mistake is the one
// reported.
func (s *specFile) check() error {
	if len(s.Fields) == 0 {
		return errors.New(`"fields" is empty`)
	}
	numbers := make([]int, 0, len(s.Fields))
	for key := range s.Fields {
		n, err := strconv.Atoi(key)
		if err != nil || strconv.Itoa(n) != key || n < 0 || n > 128 {
			return fmt.Errorf("field %q: fields are numbered 0 to 128, written without leading zeros", key)
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	left := maxSpecFields
	for _, n := range numbers {
		key := strconv.Itoa(n)
		f := s.Fields[key]
		if f == nil {
			return fmt.Errorf("field %s is null", key)
		}
		if (n == 1) != (f.Type == "Bitmap") {
			return fmt.Errorf(`field %s: type %q: field 1, and no other, is a "Bitmap"`, key, f.Type)
		}
		if err := f.check(1, &left); err != nil {
			return fmt.Errorf("field %s%w", key, err)
		}
	}
	return nil
}

// check checks a field; its error continues the field's name, after a dot or
// a colon.
func (f *specField) check(depth int, left *int) error {
	if *left--; *left < 0 {
		return fmt.Errorf(": more than %d fields and subfields", maxSpecFields)
	}
	if depth > maxSpecDepth {
		return fmt.Errorf(": subfields are nested deeper than %d", maxSpecDepth)
	}
	if _, ok := specs.FieldConstructor[f.Type]; !ok {
		return fmt.Errorf(": type %q: want one of %s", f.Type, names(specs.FieldConstructor))
	}
	if _, ok := specPrefixes[f.Prefix]; !ok {
		return fmt.Errorf(": prefix %q: want one of %s", f.Prefix, names(specPrefixes))
	}
	if f.Length < 0 || f.Length > wire.MaxField {
		return fmt.Errorf(": length %d: want 0 to %d", f.Length, wire.MaxField)
	}
	if err := f.Padding.check(); err != nil {
		return err
	}
	switch f.Type {
	case "Composite":
		return f.checkComposite(depth, left)
	case "Bitmap":
		return f.checkBitmap()
	}
	return f.checkLeaf()
}

// checkLeaf checks a field that has a value of its own.
func (f *specField) checkLeaf() error {
	if f.Subfields != nil || f.Tag != nil || f.Bitmap != nil {
		return fmt.Errorf(`: type %q has no subfields, tag or bitmap; want type "Composite"`, f.Type)
	}
	if _, ok := specEncodings[f.Enc]; !ok {
		return fmt.Errorf(": enc %q: want one of %s", f.Enc, names(specEncodings))
	}
	switch {
	case f.Enc == "BerTLVTag":
		return errors.New(`: enc "BerTLVTag" is for tags, want another`)
	case f.Enc == "ASCIIToHex":
		return errors.New(`: enc "ASCIIToHex" counts characters when it packs and octets when it reads; want type "Hex", enc "Binary"`)
	case f.Prefix == "Hex.Fixed":
		return errors.New(`: prefix "Hex.Fixed" counts twice when it packs and once when it reads; want "ASCII.Fixed"`)
	case f.Prefix == "BerTLV" && f.Length == 0 && (f.Enc == "BCD" || f.Enc == "LBCD" || f.Enc == "HexToASCII"):
		return fmt.Errorf(`: prefix "BerTLV" with enc %q and no length takes room for whatever length a message announces; give "length", or enc "Binary"`, f.Enc)
	case f.Length == 0 && f.Prefix != "BerTLV" && f.Prefix != "None.Fixed":
		return errors.New(`: length is missing; want the longest value, in characters for text and digits, in octets for type "Binary"`)
	}
	return nil
}

// checkBitmap checks field 1 or the bitmap of a composite field.
func (f *specField) checkBitmap() error {
	if f.Enc != "Binary" && f.Enc != "HexToASCII" && f.Enc != "ebcdic-hex" {
		return fmt.Errorf(`: enc %q: a bitmap wants "Binary" or "HexToASCII"`, f.Enc)
	}
	if !strings.HasSuffix(f.Prefix, ".Fixed") || f.Prefix == "None.Fixed" {
		return fmt.Errorf(`: prefix %q: a bitmap wants a fixed one, "Binary.Fixed" or "Hex.Fixed"`, f.Prefix)
	}
	if f.Length > 16 {
		return fmt.Errorf(": length %d: a bitmap has 8 octets", f.Length)
	}
	if f.Subfields != nil || f.Tag != nil || f.Bitmap != nil {
		return errors.New(": a bitmap has no subfields, tag or bitmap")
	}
	return nil
}

func (f *specField) checkComposite(depth int, left *int) error {
	switch {
	case len(f.Subfields) == 0 && (f.Tag == nil || !f.Tag.SkipUnknownTLVTags || f.Tag.Enc != "BerTLVTag" && f.Tag.PrefUnknownTLV == ""):
		return errors.New(`: type "Composite" without subfields; describe them, or want type "Binary"`)
	case (f.Tag == nil) == (f.Bitmap == nil):
		return errors.New(`: type "Composite" wants either "tag" or "bitmap"`)
	case f.Padding != nil && f.Padding.Type != "None":
		return errors.New(`: type "Composite" cannot be padded`)
	case f.Prefix == "BerTLV":
		return errors.New(`: prefix "BerTLV" on a composite field breaks on long lengths; want type "Binary", or a counted prefix`)
	case f.Length == 0 && f.Prefix != "None.Fixed":
		return errors.New(": length is missing; want the most octets of all subfields together")
	}
	if f.Bitmap != nil {
		if f.Bitmap.Type != "" && f.Bitmap.Type != "Bitmap" {
			return fmt.Errorf(`.bitmap: type %q: want "Bitmap"`, f.Bitmap.Type)
		}
		if !f.Bitmap.DisableAutoExpand {
			return errors.New(`.bitmap: want "disableAutoExpand": true`)
		}
		if err := f.Bitmap.checkBitmap(); err != nil {
			return fmt.Errorf(".bitmap%w", err)
		}
	} else if err := f.Tag.check(); err != nil {
		return fmt.Errorf(".tag%w", err)
	}
	numbers := 0
	for _, key := range slices.Sorted(maps.Keys(f.Subfields)) {
		sub := f.Subfields[key]
		if sub == nil {
			return fmt.Errorf(".%s is null", key)
		}
		if f.ordered(key) {
			numbers++
		} else if f.Bitmap != nil {
			return fmt.Errorf(".%s: subfields by bitmap are numbered from 1", key)
		}
		if err := sub.check(depth+1, left); err != nil {
			return fmt.Errorf(".%s%w", key, err)
		}
	}
	if numbers != 0 && numbers != len(f.Subfields) {
		return fmt.Errorf(": some keys of its subfields are numbers and some are not; %s cannot order them", f.Tag.Sort)
	}
	return nil
}

// ordered reports whether key is a number to the order of the subfields.
func (f *specField) ordered(key string) bool {
	if f.Tag != nil && f.Tag.Sort == "StringsByHex" {
		_, err := hex.DecodeString(key)
		return err == nil
	}
	n, err := strconv.Atoi(key)
	return err == nil && (n > 0 || f.Bitmap == nil)
}

func (t *specTag) check() error {
	if _, ok := specs.SortExtToInt[t.Sort]; !ok {
		return fmt.Errorf(": sort %q: want one of %s", t.Sort, names(specs.SortExtToInt))
	}
	if _, ok := specEncodings[t.Enc]; !ok && t.Enc != "" {
		return fmt.Errorf(": enc %q: want one of %s", t.Enc, names(specEncodings))
	}
	if err := t.Padding.check(); err != nil {
		return err
	}
	switch {
	case t.Enc == "" && (t.Length != 0 || t.SkipUnknownTLVTags):
		return errors.New(": enc is missing")
	case t.Enc == "BerTLVTag" && t.Length != 0:
		return errors.New(`: enc "BerTLVTag" finds the length itself; leave "length" out`)
	case t.Enc != "" && t.Enc != "BerTLVTag" && (t.Length < 1 || t.Length > 16):
		return fmt.Errorf(": length %d: want 1 to 16 characters, else reading would not move on", t.Length)
	case t.StoreUnknownTLVTags && (t.Enc != "BerTLVTag" || t.Sort != "StringsByHex"):
		return errors.New(`: storeUnknownTLVTags wants enc "BerTLVTag" and sort "StringsByHex", else what is stored cannot be ordered`)
	}
	if p := t.PrefUnknownTLV; p != "" {
		if _, ok := specPrefixes[p]; !ok || strings.HasSuffix(p, ".Fixed") {
			return fmt.Errorf(": prefUnknownTLV %q: want a prefix that is not fixed", p)
		}
	}
	return nil
}

func (p *specPadding) check() error {
	switch {
	case p == nil || p.Type == "None":
		return nil
	case p.Type != "Left" && p.Type != "Right" && p.Type != "Signed":
		return fmt.Errorf(`.padding: type %q: want "Left", "Right" or "None"`, p.Type)
	case len(p.Pad) != 1 || p.Pad[0] > 127:
		return errors.New(`.padding: pad: want one ASCII character`)
	}
	return nil
}

func names[V any](of map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(of)), ", ")
}
