package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
)

// WithoutColours is text without the escape sequences that colour it on a terminal.
func WithoutColours(text []byte) []byte {
	if bytes.IndexByte(text, 0x1B) < 0 {
		return text
	}
	return ansi.ReplaceAll(text, nil)
}

// halfWidth is text with full-width characters made plain ones.
func halfWidth(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			return r - 0xFF01 + '!'
		case r == 0x3000:
			return ' '
		}
		return r
	}, text)
}

// What stands around and between hexadecimal digits in source code and mail.
var (
	joined     = regexp.MustCompile(`["']\s*[+&.]\s*["']`)               // strings put together
	softBreak  = regexp.MustCompile(`=\n`)                               // quoted-printable
	character  = regexp.MustCompile(`&#[xX]([0-9A-Fa-f]{1,2});`)         // HTML
	breaks     = regexp.MustCompile(`(?i)<(?:br|/p|/div|/tr|/li)\s*/?>`) // HTML
	tags       = regexp.MustCompile(`(?i)</?(?:pre|code|p|div|span|t[rdh]|table|tbody|ul|ol|li|body|html|b|tt|font)(?: [^<>\n]*)?>`)
	casts      = regexp.MustCompile(`\(\s*(?:s?byte|char)\s*\)\s*`) // Java
	suffixed   = regexp.MustCompile(`\b0?([0-9A-Fa-f]{2})[hH]\b`)   // assembler
	percent    = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	octal      = regexp.MustCompile(`^(?:\\[0-7]{1,3}|\\[abtnvfr\\"']|[^\\"\n]){12,}$`)
	yamlBinary = regexp.MustCompile(`!!binary[ \t]*(?:[|>][-+0-9]*)?[ \t]*(.*(?:\n[ \t]+\S.*)*)`)
	onlyBase64 = regexp.MustCompile(`^[A-Za-z0-9+/_\n-]{16,}={0,2}\s*$`)
	inQuotes   = regexp.MustCompile(`"[A-Za-z0-9+/_-]{16,}={0,2}"|'[A-Za-z0-9+/_-]{16,}={0,2}'`)
	ansi       = regexp.MustCompile(`\x1B\[[0-9;]*m`) // colours of a terminal
)

// plain is text with what source code and mail put around hexadecimal digits left
// out.
func plain(text string) string {
	text = halfWidth(strings.TrimPrefix(text, "\uFEFF"))
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	text = joined.ReplaceAllString(text, "")
	text = yamlBinary.ReplaceAllStringFunc(text, func(s string) string {
		octets := ofBase64(strings.Trim(strings.Join(strings.Fields(yamlBinary.FindStringSubmatch(s)[1]), ""), `"'`))
		if octets == nil {
			return s
		}
		return hex.EncodeToString(octets)
	})
	if !onlyBase64.MatchString(text) {
		text = softBreak.ReplaceAllString(text, "")
	}
	if strings.IndexByte(text, '<') >= 0 && (breaks.MatchString(text) || tags.MatchString(text)) {
		text = tags.ReplaceAllString(breaks.ReplaceAllString(text, "\n"), " ")
		if rest := strings.ReplaceAll(text, "&nbsp;", " "); !strings.ContainsRune(rest, '&') { // else one is mistyped
			text = rest
		}
	}
	text = casts.ReplaceAllString(text, "")
	text = character.ReplaceAllStringFunc(text, func(s string) string {
		return ("0" + s[3:len(s)-1])[len(s)-5:]
	})
	if rest := suffixed.ReplaceAllString(assembler.ReplaceAllString(text, ""), ""); strings.Trim(rest, separators+" \t\r\n") == "" {
		text = suffixed.ReplaceAllString(assembler.ReplaceAllString(text, ""), "$1")
	}
	return text
}

// written reads octets that are written otherwise than in hexadecimal digits or
// dumps: as strings with escapes, as numbers, %XX or base64. It gives nothing for a
// text that is none of these, and with several readings the error for when nothing
// decides.
func written(text string) ([]reading, error) {
	if strings.Trim(escape.ReplaceAllString(text, ""), separators+" \t\n\\") == "" {
		return nil, nil // digits as they are elsewhere
	}
	if readings, err := literals(text); readings != nil || err != nil {
		return readings, err
	}
	if readings, err := lists(text); readings != nil || err != nil {
		return readings, err
	}
	one := func(b []byte) []reading { return []reading{{blocks: []Block{{Octets: b, Line: 1}}}} }
	t := strings.Trim(text, "\n")
	switch {
	case len(escape.FindAllStringIndex(t, 4)) == 4 && !strings.ContainsRune(t, '\n'):
		if b := unescaped(t, escapes{}); b != nil {
			return one(b), nil
		}
	case len(percent.FindAllStringIndex(t, 4)) == 4 && !strings.ContainsAny(t, " \t\n"):
		return one(percent.ReplaceAllFunc([]byte(t), func(s []byte) []byte { return []byte{nibble(s[1])<<4 | nibble(s[2])} })), nil
	case strings.HasPrefix(t, `\`) && octal.MatchString(t):
		return literals(`"` + t + `"`)
	case onlyBase64.MatchString(t):
		if b := ofBase64(strings.Join(strings.Fields(t), "")); b != nil {
			return one(b), nil
		}
	}
	return nil, nil
}

// ofBase64 is what base64 of either alphabet stands for; nil when it is none, or
// hexadecimal digits with something wrong in them.
func ofBase64(s string) []byte {
	digits, rest := 0, len(s)
	for i := range len(s) {
		switch {
		case isHex(s[i]):
			digits++
		case s[i] == '-': // or between digits, and around them
			rest--
		}
	}
	if 8*digits > 7*rest || unmasked([]string{s}) != nil {
		return nil
	}
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

// quotedBase64 is what the longest string in quotes stands for, which may be base64
// of a message; nil when it is none.
func quotedBase64(text string) []Block {
	longest := ""
	for _, s := range inQuotes.FindAllString(text, -1) {
		if len(s) > len(longest) {
			longest = s
		}
	}
	if b := ofBase64(strings.Trim(longest, `"'`)); len(b) >= 12 {
		return []Block{{Octets: b, Line: 1 + strings.Count(text[:strings.Index(text, longest)], "\n")}}
	}
	return nil
}
