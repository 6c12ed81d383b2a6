package packager

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// class is what a field packager class of jPOS does: the kind of its values in ISO
// 8583's notation, how they are put into octets and how their length is, by the
// names of package wire, how a short one is filled up, and the longest length that
// jPOS loads. Source: jPOS 2.1.10, by running it.
type class struct {
	kind, as, padded string // padded is as with pad="true", where that is something else
	prefix           string
	fill             string // "left 0" or "right space"
	most             int    // 0 for no limit
}

const packedDigits, packedDigitsF, packedDigitsRight = "track-equals", "track-equals-f", "track-equals-right"

// classes are those of org.jpos.iso, but for one.
var classes = map[string]class{
	"IF_CHAR":        {"ans", "latin1", "", "fixed", "right space", 0},
	"IF_ECHAR":       {"ans", "ebcdic", "", "fixed", "right space", 0},
	"IFE_CHAR":       {"ans", "ebcdic", "", "fixed", "right space", 0},
	"IFA_NUMERIC":    {"n", "latin1", "", "fixed", "left 0", 0},
	"IFE_NUMERIC":    {"n", "ebcdic", "", "fixed", "left 0", 0},
	"IFB_NUMERIC":    {"n", packedDigits, packedDigitsRight, "fixed", "left 0", 0},
	"IFB_FNUMERIC":   {"n", packedDigitsF, packedDigitsRight, "fixed", "left 0", 0},
	"IFB_HEX":        {"an", "packed-hex", "packed-hex-right", "fixed", "left 0", 0},
	"IFA_AMOUNT":     {"x+n", "latin1", "", "fixed", "left 0", 0},
	"IFE_AMOUNT":     {"x+n", "ebcdic", "", "fixed", "left 0", 0},
	"IFB_AMOUNT":     {"x+n", "signed", "signed-right", "fixed", "left 0", 0},
	"IFA_AMOUNT2003": {"n", "latin1", "", "fixed", "left 0", 0},
	"IFB_AMOUNT2003": {"n", "packed", "packed-right", "fixed", "left 0", 0},
	"IFB_BINARY":     {"b", "octets", "", "fixed", "", 0},
	"IFA_BINARY":     {"b", "hex", "", "fixed", "", 0},
	"IFE_BINARY":     {"b", "ebcdic-hex", "", "fixed", "", 0},

	"IFA_LCHAR":       {"ans", "latin1", "", "ascii1", "", 9},
	"IFA_LLCHAR":      {"ans", "latin1", "", "ascii2", "", 99},
	"IFA_LLLCHAR":     {"ans", "latin1", "", "ascii3", "", 999},
	"IFA_LLLLCHAR":    {"ans", "latin1", "", "ascii4", "", 9999},
	"IFA_LLLLLCHAR":   {"ans", "latin1", "", "ascii5", "", 99999},
	"IFA_LLLLLLCHAR":  {"ans", "latin1", "", "ascii6", "", 999999},
	"IFA_LLNUM":       {"n", "latin1", "", "ascii2", "", 99},
	"IFA_LLLNUM":      {"n", "latin1", "", "ascii3", "", 999},
	"IFE_LCHAR":       {"ans", "ebcdic", "", "ebcdic1", "", 9},
	"IFE_LLCHAR":      {"ans", "ebcdic", "", "ebcdic2", "", 99},
	"IFE_LLLCHAR":     {"ans", "ebcdic", "", "ebcdic3", "", 999},
	"IFE_LLLLCHAR":    {"ans", "ebcdic", "", "ebcdic4", "", 9999},
	"IFE_LNUM":        {"n", "ebcdic", "", "ebcdic1", "", 9},
	"IFE_LLNUM":       {"n", "ebcdic", "", "ebcdic2", "", 99},
	"IFE_LLLNUM":      {"n", "ebcdic", "", "ebcdic3", "", 999},
	"IFAE_LLCHAR":     {"ans", "ebcdic", "", "ascii2", "", 99},
	"IFEA_LLCHAR":     {"ans", "latin1", "", "ebcdic2", "", 99},
	"IFB_LLCHAR":      {"ans", "latin1", "", "packed2", "", 99},
	"IFB_LLLCHAR":     {"ans", "latin1", "", "packed4", "", 999},
	"IFB_LLLLCHAR":    {"ans", "latin1", "", "packed4", "", 9999},
	"IFB_LLLLLLCHAR":  {"ans", "latin1", "", "packed6", "", 999999},
	"IFB_LLHCHAR":     {"ans", "latin1", "", "binary1", "", 255},
	"IFB_LLLHCHAR":    {"ans", "latin1", "", "binary2", "", 65535},
	"IFB_LLHECHAR":    {"ans", "ebcdic", "", "binary1", "", 255},
	"IFB_LLLHECHAR":   {"ans", "ebcdic", "", "binary2", "", 65535},
	"IFB_LLNUM":       {"n", packedDigits, packedDigitsRight, "packed2", "", 99},
	"IFB_LLLNUM":      {"n", packedDigits, packedDigitsRight, "packed4", "", 999},
	"IFB_FLLNUM":      {"n", packedDigitsF, packedDigitsRight, "packed2", "", 99},
	"IFB_FLLLNUM":     {"n", packedDigitsF, packedDigitsRight, "packed4", "", 999},
	"IFB_LLHNUM":      {"n", packedDigits, packedDigitsRight, "binary1", "", 255},
	"IFB_LLLHNUM":     {"n", packedDigits, packedDigitsRight, "binary2", "", 65535},
	"IFA_LLBNUM":      {"n", packedDigits, packedDigitsRight, "ascii2-even", "", 0},
	"IFEB_LLNUM":      {"n", packedDigitsF, "", "ebcdic2-octets", "", 0},
	"IFEB_LLLNUM":     {"n", packedDigitsF, "", "ebcdic3-octets", "", 0},
	"IFA_LBINARY":     {"b", "octets", "", "ascii1", "", 9},
	"IFA_LLBINARY":    {"b", "octets", "", "ascii2", "", 99},
	"IFA_LLLBINARY":   {"b", "octets", "", "ascii3", "", 999},
	"IFA_LLLLBINARY":  {"b", "octets", "", "ascii4", "", 9999},
	"IFA_LLLLLBINARY": {"b", "octets", "", "ascii5", "", 99999},

	"IFA_LLLLLLBINARY": {"b", "octets", "", "ascii6", "", 999999},
	"IFE_LBINARY":      {"b", "octets", "", "ebcdic1", "", 9},
	"IFE_LLBINARY":     {"b", "octets", "", "ebcdic2", "", 99},
	"IFE_LLLBINARY":    {"b", "octets", "", "ebcdic3", "", 999},
	"IFE_LLLLBINARY":   {"b", "octets", "", "ebcdic4", "", 9999},
	"IFE_LLLEBINARY":   {"b", "ebcdic", "", "ebcdic3", "", 999},
	"IFB_LLBINARY":     {"b", "octets", "", "packed2", "", 99},
	"IFB_LLLBINARY":    {"b", "octets", "", "packed4", "", 999},
	"IFB_LLLLBINARY":   {"b", "octets", "", "packed4", "", 9999},
	"IFB_LLHBINARY":    {"b", "octets", "", "binary1", "", 255},
	"IFB_LLLHBINARY":   {"b", "octets", "", "binary2", "", 65535},
	"IFA_LLABINARY":    {"b", "hex", "", "ascii2", "", 0},
	"IFA_LLLABINARY":   {"b", "hex", "", "ascii3", "", 0},
	"IFB_LLHEX":        {"b", "octets", "", "packed2-hex", "", 99},
	"IFB_LLLHEX":       {"b", "octets", "", "packed4-hex", "", 999},

	tlv + "IFB_LHBINARY": {"b", "octets", "", "binary1", "", 255},
}

const (
	iso       = "org.jpos.iso."
	packagers = "org.jpos.iso.packager."
	tlv       = "org.jpos.tlv.packager."
)

// apart are the classes of jPOS that a dialect does not have, and why.
var apart = map[string]string{
	"IF_NOP":             "writes nothing",
	"IF_UNUSED":          "is refused by jPOS, too, both ways",
	"IF_TCHAR":           "ends with a token, not by a length",
	"IFE_SIGNED_NUMERIC": "has the sign in its last digit, which jPOS does not write rightly",
	"IFB_LLHFBINARY":     "fills up after a length that counts less",
	"IFA_FLLCHAR":        "fills up after a length that counts less",
	"IFA_FLLNUM":         "fills up after a length that counts less",
	"IFMC_TCC":           "is there or not as its first octet tells",
	"IFEMC_TCC":          "is there or not as its first octet tells",
	tlv + "IF_FSTCHAR":   "ends with a token, not by a length",
	tlv + "IF_FSTBINARY": "ends with a token, not by a length",
	tlv + "IF_FCHAR":     "takes what is left of the message",
	tlv + "IF_FBINARY":   "takes what is left of the message",
}

// tagged are those that put their tag on the line, and what follows it; the empty
// class of those that have the length before the tag.
var tagged = map[string]class{
	"IFEP_LLCHAR": {}, "IFEP_LLLCHAR": {}, "IFELPE_LLLCHAR": {}, "IFEP_LLLBINARY": {}, "IFEMC_LLLCHAR": {}, "IFIPM_LLLCHAR": {},
	"IFMC_LLCHAR":    {"ans", "latin1", "", "ascii2", "", 99},
	"IFMC_LLLCHAR":   {"ans", "latin1", "", "ascii3", "", 999},
	"IFMC_LLBINARY":  {"b", "octets", "", "ascii2", "", 99},
	"IFMC_LLLBINARY": {"b", "octets", "", "ascii3", "", 999},
	"IFEMC_LLCHAR":   {"ans", "ebcdic", "", "ebcdic2", "", 99},

	"IFEPE_LLCHAR":   {"ans", "ebcdic", "", "ebcdic2", "", 99},
	"IFEPE_LLLCHAR":  {"ans", "ebcdic", "", "ebcdic3", "", 999},
	"IFEPE_LLBINARY": {"b", "octets", "", "ebcdic2", "", 99},

	"IFA_TTLCHAR":      {"ans", "latin1", "", "ascii1", "", 9},
	"IFA_TTLLCHAR":     {"ans", "latin1", "", "ascii2", "", 99},
	"IFA_TTLLLCHAR":    {"ans", "latin1", "", "ascii3", "", 999},
	"IFA_TTLLLLCHAR":   {"ans", "latin1", "", "ascii4", "", 9999},
	"IFA_TTTLLLCHAR":   {"ans", "latin1", "", "ascii3", "", 999},
	"IFA_TTLBINARY":    {"b", "octets", "", "ascii1", "", 9},
	"IFA_TTLLBINARY":   {"b", "octets", "", "ascii2", "", 99},
	"IFA_TTLLLBINARY":  {"b", "octets", "", "ascii3", "", 999},
	"IFA_TTLLLLBINARY": {"b", "octets", "", "ascii4", "", 9999},

	tlv + "IFTA_LLCHAR":    {"ans", "latin1", "", "ascii2", "", 99},
	tlv + "IFTA_LLLCHAR":   {"ans", "latin1", "", "ascii3", "", 999},
	tlv + "IFTA_LLNUM":     {"n", "latin1", "", "ascii2", "", 99},
	tlv + "IFTA_LLLNUM":    {"n", "latin1", "", "ascii3", "", 999},
	tlv + "IFTA_LLBINARY":  {"b", "octets", "", "ascii2", "", 99},
	tlv + "IFTA_LLLBINARY": {"b", "octets", "", "ascii3", "", 999},
	tlv + "IFTB_LLBINARY":  {"b", "octets", "", "packed2", "", 99},
}

// whyNot says why a dialect does not have a class that jPOS has.
func whyNot(class string) string {
	if _, is := tagged[class]; is {
		return "puts its tag on the line, which only parts of a composed field have"
	}
	if why := apart[class]; why != "" {
		return why
	}
	return "is a bitmap, which only field 1 is"
}

// bitmaps are the classes of bitmaps, by how they stand on the line.
var bitmaps = map[string]string{"IFB_BITMAP": "octets", "IFA_BITMAP": "hex", "IFE_BITMAP": "ebcdic-hex"}

// oddBitmaps are those that a dialect does not have.
var oddBitmaps = []string{packagers + "Base1_BITMAP126", iso + "X92_BITMAP", packagers + "X92_BITMAP"}

// composites are the packagers of composed fields.
var composites = []string{
	packagers + "GenericSubFieldPackager", packagers + "GenericPackager", packagers + "Base1SubFieldPackager", packagers + "EuroSubFieldPackager",
	packagers + "MasterCardEBCDICSubFieldPackager", packagers + "GenericTaggedFieldsPackager", packagers + "GenericValidatingPackager",
	tlv + "TaggedSequencePackager", tlv + "bertlv.BERTLVBinaryPackager",
}

const (
	hexLengths  = "its lengths count hexadecimal digits, which jPOS itself does not read back"
	lengthFirst = "its parts have their length before their tag, which no dialect tells apart"
	inJava      = "what its parts are stands in Java, not in the file"
	dataSets    = "its data sets have a bitmap or tags each, as its identifier says"
)

// undivided are the packagers of composed fields whose parts a dialect does not tell
// apart, and why. Those of data sets came with jPOS 3.
var undivided = map[string]string{
	packagers + "GICCSubFieldPackager":      lengthFirst,
	packagers + "CTCSubFieldPackager":       "it writes parts that jPOS itself does not read back",
	packagers + "CTCSubElementPackager":     "it writes parts that jPOS itself does not read back",
	packagers + "DatasetPackager":           dataSets,
	packagers + "ICCDataPackager":           dataSets,
	packagers + "BASE24Packager":            inJava,
	packagers + "Base1Packager":             inJava,
	packagers + "EuroPackager":              inJava,
	packagers + "ISO87APackager":            inJava,
	packagers + "ISO87APackagerBBitmap":     inJava,
	packagers + "ISO87BPackager":            inJava,
	packagers + "ISO93APackager":            inJava,
	packagers + "ISO93BPackager":            inJava,
	packagers + "PostPackager":              inJava,
	packagers + "VAPSMSPackager":            inJava,
	packagers + "VAPVIPPackager":            inJava,
	packagers + "X92GenericPackager":        "it has no bitmap among its fields",
	tlv + "BinaryHexTaggedSequencePackager": "its tags and their lengths are octets",
	tlv + "bertlv.BERTLVAsciiHexPackager":   hexLengths,
	tlv + "bertlv.BERTLVEbcdicHexPackager":  hexLengths,
}

// whyUndivided says why the parts that a packager of that name puts together are one
// value: known is false where it is neither one of jPOS nor of a program of one's own.
func whyUndivided(name string) (why string, known bool) {
	if why, is := undivided[name]; is {
		return why, true
	}
	own := strings.Contains(name, ".") && !strings.HasPrefix(name, "org.jpos.") && !strings.HasPrefix(name, "java")
	return "it is a program's own packager, and what it writes is not known", own
}

// known are all field packager classes, by their whole names.
var known = func() map[string]bool {
	all := map[string]bool{}
	add := func(name string) {
		if !strings.Contains(name, ".") {
			name = iso + name
		}
		all[name] = true
	}
	for name := range classes {
		add(name)
	}
	for name := range apart {
		add(name)
	}
	for name := range bitmaps {
		add(name)
	}
	for name := range tagged {
		add(name)
	}
	for _, name := range oddBitmaps {
		add(name)
	}
	return all
}()

// likely are classes that packagers name and jPOS does not have.
var likely = map[string]string{
	"IFA_ALPHA": "IF_CHAR", "IFA_CHAR": "IF_CHAR", "IFA_ALPHANUMERIC": "IF_CHAR", "IFB_CHAR": "IF_CHAR",
	"IFA_LLNUMERIC": "IFA_LLNUM", "IFA_LLLNUMERIC": "IFA_LLLNUM", "IFB_LLNUMERIC": "IFB_LLNUM", "IFB_LLLNUMERIC": "IFB_LLLNUM",
	"IFA_LLHBINARY": "IFB_LLHBINARY", "IFA_LLLHBINARY": "IFB_LLLHBINARY",
}

// meant is the class that a name of jPOS or of no package which is none most likely
// stands for, "" when nothing is near.
func meant(name string, among map[string]bool) string {
	dot := strings.LastIndexByte(name, '.')
	if dot >= 0 && !strings.HasPrefix(strings.ToLower(name), "org.jpos.") {
		return "" // one's own, however it is called
	}
	short := name[dot+1:]
	if of, ok := likely[strings.ToUpper(short)]; ok && among[iso+of] {
		return iso + of
	}
	best, least := "", 3 // letters apart
	for _, full := range slices.Sorted(maps.Keys(among)) {
		if n := distance(strings.ToUpper(short), strings.ToUpper(full[strings.LastIndexByte(full, '.')+1:])); n < least {
			best, least = full, n
		}
	}
	return best
}

// distance is how many letters must be added, left out or changed to make one of
// two short names the other.
func distance(a, b string) int {
	if len(a) > 40 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// noClass is what is wrong with the name of a class that jPOS does not have.
func noClass(name string, among map[string]bool) error {
	if near := meant(name, among); near != "" {
		return fmt.Errorf("class %q does not exist in jPOS; most likely %s is meant", name, near)
	}
	return fmt.Errorf("class %q does not exist in jPOS; when it is your own, name the one of %s that writes the same octets", name, strings.TrimSuffix(iso, "."))
}
