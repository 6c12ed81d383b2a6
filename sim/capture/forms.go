package capture

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

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
	joined     = regexp.MustCompile(`["']\s*[+&.]\s*["']`)          // strings put together
	softBreak  = regexp.MustCompile(`=\r?\n`)                       // quoted-printable
	character  = regexp.MustCompile(`&#[xX]([0-9A-Fa-f]{1,2});`)    // HTML
	casts      = regexp.MustCompile(`\(\s*(?:s?byte|char)\s*\)\s*`) // Java
	suffixed   = regexp.MustCompile(`\b([0-9A-Fa-f]{2})[hH]\b`)     // assembler
	escape     = regexp.MustCompile(`\\x[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}`)
	percent    = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	byteString = regexp.MustCompile(`\bb'((?:[^'\\\n]|\\.)*)'|\bb"((?:[^"\\\n]|\\.)*)"`)
	list       = regexp.MustCompile(`[\[({]\s*(-?\d{1,3}(?:\s*,\s*-?\d{1,3})+)\s*,?\s*[\])}]`)
	onlyBase64 = regexp.MustCompile(`^[A-Za-z0-9+/\r\n]{16,}={0,2}\s*$`)
)

// plain is text with what source code and mail put around hexadecimal digits left
// out.
func plain(text string) string {
	text = halfWidth(text)
	text = joined.ReplaceAllString(text, "")
	if !onlyBase64.MatchString(text) {
		text = softBreak.ReplaceAllString(text, "")
	}
	text = casts.ReplaceAllString(text, "")
	text = character.ReplaceAllStringFunc(text, func(s string) string {
		return ("0" + s[3:len(s)-1])[len(s)-5:]
	})
	if rest := suffixed.ReplaceAllString(text, ""); strings.Trim(rest, separators+" \t\r\n") == "" {
		text = suffixed.ReplaceAllString(text, "$1")
	}
	return text
}

// written reads octets that are written otherwise than in hexadecimal: as numbers
// in decimal, octal or binary, as a string with escapes, %XX or base64. It gives
// nothing for a text that is none of these, and an error for numbers that may be
// either.
func written(text string) ([]Block, error) {
	if strings.Trim(escape.ReplaceAllString(text, ""), separators+" \t\r\n") == "" {
		return nil, nil // digits as they are elsewhere
	}
	if blocks := byteStrings(text); blocks != nil {
		return blocks, nil
	}
	t := strings.TrimSpace(text)
	if b, err := numbers(strings.Trim(t, "[]{}() \t\r\n,;")); err != nil {
		return nil, err
	} else if b != nil {
		return []Block{{Octets: b, Line: 1}}, nil
	}
	var blocks []Block
	for _, at := range list.FindAllStringSubmatchIndex(text, -1) {
		if b, _ := numbers(text[at[2]:at[3]]); len(b) >= 12 {
			blocks = append(blocks, Block{Octets: b, Line: 1 + strings.Count(text[:at[0]], "\n")})
		}
	}
	if blocks != nil {
		return blocks, nil
	}
	switch {
	case len(escape.FindAllStringIndex(t, 4)) == 4 && !strings.ContainsRune(t, '\n'):
		if n := len(t) - 1; t[0] == t[n] && (t[0] == '"' || t[0] == '\'') {
			t = t[1:n]
		}
		if b := unescaped(t); b != nil {
			return []Block{{Octets: b, Line: 1}}, nil
		}
	case len(percent.FindAllStringIndex(t, 4)) == 4 && !strings.ContainsAny(t, " \t\n"):
		b := percent.ReplaceAllFunc([]byte(t), func(s []byte) []byte { return []byte{nibble(s[1])<<4 | nibble(s[2])} })
		return []Block{{Octets: b, Line: 1}}, nil
	case onlyBase64.MatchString(t) && strings.ContainsFunc(t, func(r rune) bool { return r > 'f' || r > 'F' && r < 'a' }):
		joined := strings.Join(strings.Fields(t), "")
		if b, err := base64.StdEncoding.DecodeString(joined); err == nil {
			return []Block{{Octets: b, Line: 1}}, nil
		}
	}
	return nil, nil
}

// byteStrings reads strings as Python shows octets, b'\x00t`'. Those that follow
// one another are one.
func byteStrings(text string) []Block {
	var blocks []Block
	last := -1
	for _, at := range byteString.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[2], at[3]
		if from < 0 {
			from, to = at[4], at[5]
		}
		b := unescaped(text[from:to])
		if b == nil {
			return nil
		}
		if last >= 0 && strings.Trim(text[last:at[0]], " \t\r\n+\\") == "" {
			blocks[len(blocks)-1].Octets = append(blocks[len(blocks)-1].Octets, b...)
		} else {
			blocks = append(blocks, Block{Octets: b, Line: 1 + strings.Count(text[:at[0]], "\n")})
		}
		last = at[1]
	}
	if blocks = slices.DeleteFunc(blocks, func(b Block) bool { return len(b.Octets) < 12 }); len(blocks) == 0 {
		return nil
	}
	return blocks
}

// unescaped is the octets of a string literal of C, Go, Java, JSON or Python; nil
// when it has an escape or a character that is no octet.
func unescaped(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '\\' {
			if c > '~' {
				return nil
			}
			out = append(out, c)
			continue
		}
		if i++; i == len(s) {
			return nil
		}
		digits, base := 0, 16
		switch c := s[i]; {
		case c == 'x':
			digits = 2
		case c == 'u':
			digits = 4
		case c >= '0' && c <= '7':
			for digits, base = 1, 8; digits < 3 && i+digits < len(s) && s[i+digits]-'0' <= 7; digits++ {
			}
			i--
		default:
			k := strings.IndexByte(`abtnvfr\'"/`, c)
			if k < 0 {
				return nil
			}
			out = append(out, "\a\b\t\n\v\f\r\\'\"/"[k])
			continue
		}
		if i+digits >= len(s) {
			return nil
		}
		n, err := strconv.ParseUint(s[i+1:i+1+digits], base, 16)
		if err != nil || n > 255 {
			return nil
		}
		out = append(out, byte(n))
		i += digits
	}
	return out
}

// numbers reads octets as numbers with blanks or commas between: decimal, as Java
// prints them with a sign too, three digits of octal, eight of binary.
func numbers(text string) ([]byte, error) {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;", r) })
	if len(words) < 2 {
		return nil, nil
	}
	sizes := map[int]int{}
	sign, letter, padded := false, false, false
	for _, w := range words {
		digits := strings.TrimPrefix(w, "-")
		sign = sign || digits != w
		for _, c := range []byte(digits) {
			if !isHex(c) {
				return nil, nil
			}
			letter = letter || c > '9'
		}
		if n := len(digits); n > 3 && n != 8 {
			return nil, nil
		}
		padded = padded || len(digits) > 1 && digits[0] == '0'
		sizes[len(digits)]++
	}
	each := func(base, least, most int) ([]byte, error) {
		out := make([]byte, 0, len(words))
		for i, w := range words {
			n, err := strconv.ParseInt(w, base, 16)
			if err != nil || int(n) < least || int(n) > most {
				return nil, fmt.Errorf("number %d of the message, %q, is no octet: in decimal it is from -128 to 255, in hexadecimal it has two digits, in octal three", i+1, shortened(w))
			}
			out = append(out, byte(n))
		}
		return out, nil
	}
	switch {
	case sizes[8] > 0:
		if sizes[8] < len(words) {
			return nil, nil
		}
		if b, err := each(2, 0, 255); err == nil {
			return b, nil
		}
		return nil, nil // groups of hexadecimal digits
	case !sign && (sizes[2] == len(words) || sizes[1] == len(words)):
		return nil, nil
	case !sign && !letter && sizes[3] == len(words) && padded:
		return each(8, 0, 255)
	case letter && sizes[3] == 0 && !sign:
		return each(16, 0, 255)
	case letter:
		return nil, nil
	case !padded && (sign || sizes[3] > 0):
		return each(10, -128, 255)
	case !padded:
		return nil, errors.New("the numbers have one and two digits: in decimal or in hexadecimal? Give two hexadecimal digits for each octet")
	}
	return nil, nil
}

func shortened(s string) string { return s[:min(len(s), 8)] }
