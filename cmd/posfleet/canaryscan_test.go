package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// canaries are secrets that nothing may show, in every form in which they could be
// written, and what was looked through.
type canaries struct {
	*testing.T
	forms   map[uint32][]form // by their first four octets
	begins  [1 << 16]bool     // the first two octets of any
	secrets map[string]bool   // that are looked for
	places  int               // files and answers looked through
	octets  int
	found   int
	masked  []string // places that show a card's first or last digits
}

// maskedCard is a card number of the canaries' range with its middle hidden.
var maskedCard = regexp.MustCompile(`6217\d\d[*x]|\*{4}[0-9]{4}`)

// form is one way of writing one secret.
type form struct {
	octets []byte
	what   string // the secret's name and the form, never its value
	folded bool   // to be looked for in text of small letters without blanks
	apart  bool   // no digit may stand beside it: so few digits come about by chance
}

func newCanaries(t *testing.T) *canaries {
	return &canaries{T: t, forms: map[uint32][]form{}, secrets: map[string]bool{}}
}

func (c *canaries) add(what, as string, octets []byte, folded, apart bool) {
	if len(octets) < 4 {
		c.Fatalf("%s as %s is too short to be looked for", what, as)
	}
	key := binary.BigEndian.Uint32(octets)
	c.forms[key] = append(c.forms[key], form{bytes.Clone(octets), what + " as " + as, folded, apart})
	c.begins[key>>16] = true
}

// secret has a secret of octets looked for: itself, in hexadecimal and base64, and with
// its nibbles swapped.
func (c *canaries) secret(what string, octets []byte) { c.octetsOf(what, octets, false) }

func (c *canaries) octetsOf(what string, octets []byte, apart bool) {
	if c.secrets[string(octets)] {
		return
	}
	c.secrets[string(octets)] = true
	swapped := make([]byte, len(octets))
	for i, b := range octets {
		swapped[i] = b<<4 | b>>4
	}
	c.add(what, "octets", octets, false, apart)
	c.add(what, "swapped octets", swapped, false, false)
	c.add(what, "hexadecimal", []byte(hex.EncodeToString(octets)), true, false)
	c.add(what, "swapped hexadecimal", []byte(hex.EncodeToString(swapped)), true, false)
	for _, between := range []string{"", ","} { // blanks are taken out of what is looked through
		c.add(what, "a list of numbers", []byte(strings.ReplaceAll(strings.Trim(fmt.Sprint(octets), "[]"), " ", between)), true, false)
	}
	for skip := range 3 { // wherever in a group of three it begins
		text := base64.StdEncoding.EncodeToString(append(make([]byte, skip), octets...))
		from, to := []int{0, 2, 3}[skip], (skip+len(octets))*8/6
		c.add(what, "base64", []byte(text[from:to]), false, false)
		c.add(what, "base64 of URLs", []byte(strings.NewReplacer("+", "-", "/", "_").Replace(text[from:to])), false, false)
	}
}

// text has a secret of digits or letters looked for: as its octets and, of digits, packed
// two to an octet, escaped for URLs and JSON, in UTF-16 and backwards.
func (c *canaries) text(what, text string) {
	if c.secrets[text] {
		return
	}
	c.octetsOf(what, []byte(text), len(text) < 10)
	c.add(what, "text", []byte(strings.ToLower(text)), true, len(text) < 10)
	backwards, escaped, quoted, wide := make([]byte, 0, len(text)), "", "", []byte(nil)
	for i := range len(text) {
		backwards = append(backwards, text[len(text)-1-i])
		escaped += fmt.Sprintf("%%%02x", text[i])
		quoted += fmt.Sprintf(`\u%04x`, text[i])
		wide = append(wide, text[i], 0)
	}
	c.add(what, "text backwards", bytes.ToLower(backwards), true, len(text) < 10)
	c.add(what, "text of URLs", []byte(escaped), true, false)
	c.add(what, "text of JSON", []byte(quoted), true, false)
	c.add(what, "UTF-16", wide, false, false)
	if strings.Trim(text, "0123456789") != "" || len(text) < 10 {
		return
	}
	for _, padded := range []string{text[:len(text)&^1], text[len(text)&1:]} {
		packed, err := hex.DecodeString(padded)
		if err != nil {
			c.Fatal(err)
		}
		c.add(what, "packed digits", packed, false, false)
		for skip := range 3 {
			coded := base64.StdEncoding.EncodeToString(append(make([]byte, skip), packed...))
			c.add(what, "base64 of packed digits", []byte(coded[[]int{0, 2, 3}[skip]:(skip+len(packed))*8/6]), false, false)
		}
	}
}

// blanks are what stands between the digits of a secret that is spread over words, lines
// or cells.
var blanks = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", `"`, "", "-", "", ":", "")

// in looks for all secrets in what was written to a place.
func (c *canaries) in(place string, text []byte) {
	c.Helper()
	c.places++
	c.octets += len(text)
	if maskedCard.Match(text) {
		c.masked = append(c.masked, place)
	}
	c.scan(place, text, false)
	c.scan(place, []byte(strings.ToLower(blanks.Replace(string(text)))), true)
}

func (c *canaries) scan(place string, text []byte, folded bool) {
	c.Helper()
	for at := 0; at+4 <= len(text); at++ {
		if !c.begins[uint16(text[at])<<8|uint16(text[at+1])] {
			continue
		}
		for _, f := range c.forms[binary.BigEndian.Uint32(text[at:])] {
			if f.folded != folded || !bytes.HasPrefix(text[at:], f.octets) || f.apart && !alone(text, at, at+len(f.octets)) {
				continue
			}
			if f.apart && (at > 0 && digit(text[at-1]) || at+len(f.octets) < len(text) && digit(text[at+len(f.octets)])) {
				continue
			}
			if c.found++; c.found <= 20 {
				line := 1 + bytes.Count(text[:at], []byte("\n"))
				c.Errorf("%s shows %s: at octet %d, line %d", place, f.what, at, line)
			}
		}
	}
}

// folder looks through all files below a folder but those that are known to hold secrets,
// and gives how many there are.
func (c *canaries) folder(dir string, known ...string) (files int) {
	c.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // it is gone already
		}
		for _, k := range known {
			if path == filepath.Join(dir, k) {
				return nil
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		files++
		name, _ := filepath.Rel(dir, path)
		c.in(name, text)
		c.in("the name of "+name, []byte(name))
		return nil
	})
	if err != nil {
		c.Fatal(err)
	}
	return files
}

// What is planted in each form is found, or the search would prove nothing.
func TestCanariesAreFound(t *testing.T) {
	const pan, pin, password = "6217993074815021", "739158204617", "38291746"
	key := []byte("\x8f\x2a\x61\xd3\xc4\x9b\x7e\x50\x16\xd8\x70\xab\x2c\xe5\xf3\x94")
	packed, _ := hex.DecodeString(pan)
	for as, text := range map[string]string{
		"text":        "card " + pan + ".",
		"groups":      "6217 9930 7481 5021",
		"lines":       "62179930\n74815021",
		"octets":      string(packed),
		"hex digits":  fmt.Sprintf("%X", pan),
		"hex spaced":  fmt.Sprintf("% x", pan),
		"base64 0":    base64.StdEncoding.EncodeToString([]byte(pan)),
		"base64 1":    base64.StdEncoding.EncodeToString([]byte("x" + pan + "yz")),
		"base64 2":    base64.RawURLEncoding.EncodeToString([]byte("xy" + pan)),
		"base64 BCD":  base64.StdEncoding.EncodeToString(append([]byte{7}, packed...)),
		"per cent":    "%36%32%31%37%39%39%33%30%37%34%38%31%35%30%32%31",
		"JSON":        `\u0036\u0032\u0031\u0037\u0039\u0039\u0033\u0030\u0037\u0034\u0038\u0031\u0035\u0030\u0032\u0031`,
		"backwards":   "1205184703997126",
		"a key":       string(key),
		"a key's hex": "8F2A61D3C49B7E50 16D870AB2CE5F394",
		"a key's go":  fmt.Sprint(key),
		"a swapped":   "F8A2163D4CB9E705618D07BAC25E3F49",
		"a PIN":       "pin=" + pin,
		"a password":  "password " + password,
	} {
		c := newCanaries(&testing.T{})
		c.text("card", pan)
		c.text("PIN", pin)
		c.text("password", password)
		c.secret("key", key)
		if c.in("here", []byte(text)); c.found == 0 {
			t.Errorf("%s: not found", as)
		}
	}
	c := newCanaries(t)
	c.text("password", password)
	c.in("a number with more digits, and the hexadecimal of another", []byte("138291746 382917460 a38291746"))
}
