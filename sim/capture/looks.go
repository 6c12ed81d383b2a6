package capture

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// LooksASCII is what Looks says of ISO 8583 whose digits are text.
const LooksASCII = "ISO 8583 in ASCII"

// Looks says what octets that are no message of the network are by the way they
// begin, "" when that says nothing.
func Looks(b []byte) string {
	text := string(b[:min(len(b), 64)])
	switch {
	case len(b) == 0:
		return ""
	case looksLikeTLS(b):
		return "a TLS handshake, then TLS records: the line is enciphered and its keys are needed, or this is a TLS client on a plain port"
	case IsTLS(b):
		return "TLS records: the line is enciphered, and its keys are needed"
	case looksLikeHTTP(b):
		return "HTTP: a browser, a health check or a web service"
	case strings.HasPrefix(text, "PROXY ") || strings.HasPrefix(text, "\r\n\r\n\x00\r\nQUIT\n"):
		return "the PROXY protocol of a load balancer"
	case strings.HasPrefix(text, "SSH-"):
		return "SSH"
	case strings.Contains(text, "ISO0") || strings.Contains(text, "ISO1") || strings.Contains(text, "ISO6"):
		at := strings.Index(text, "ISO")
		return fmt.Sprintf("a message with a text header %q before the message type, as BASE24 has it (in a profile header: that text)", printableOnly(text[at:min(at+12, len(text))]))
	case interchange(b):
		return "a CUP interchange message (between acquirer, network and issuer): a header of 46 octets, then text; POS terminals do not speak it"
	case b[0] == 2:
		return "a message framed by STX (02), as on a serial line or a modem"
	case ebcdicType(b) >= 0:
		return fmt.Sprintf("ISO 8583 in EBCDIC: %X at octet %d is a message type", b[ebcdicType(b):ebcdicType(b)+4], ebcdicType(b))
	case strings.HasPrefix(text, "<?xml"), strings.HasPrefix(strings.TrimSpace(text), "<"):
		return "XML"
	case strings.HasPrefix(strings.TrimSpace(text), "{"):
		return "JSON"
	case bytes.HasPrefix(b, []byte{0x16, 0x01, 0x02}), len(b) > 4 && bytes.HasPrefix(b[2:], []byte{0, 0, 0x16, 1}):
		return "a Visa BASE I message: a header of 22 octets"
	case asciiType(b):
		return LooksASCII
	}
	return ""
}

// IsTLS reports whether b begins as a TLS record does.
func IsTLS(b []byte) bool {
	return looksLikeTLS(b) || len(b) > 5 && b[0] >= 0x14 && b[0] <= 0x17 && b[1] == 3 && b[2] <= 4
}

func looksLikeTLS(b []byte) bool { return len(b) >= 3 && b[0] == 0x16 && b[1] == 3 && b[2] <= 4 }

func looksLikeHTTP(b []byte) bool {
	for _, begin := range []string{"HTTP/", "GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "CONNECT ", "DELETE ", "PRI * HTTP/2"} {
		if bytes.HasPrefix(b, []byte(begin)) {
			return true
		}
	}
	return false
}

// interchange reports whether b, perhaps after a length prefix, begins as the
// network's own messages do: 46, a version, the length in four digits.
func interchange(b []byte) bool {
	for _, at := range []int{0, 2, 4} {
		if len(b) < at+6 || b[at] != 0x2E || b[at+1]&0x7F > 3 {
			continue
		}
		if isDigits(b[at+2 : at+6]) {
			return true
		}
	}
	return false
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// ebcdicType is where a message type in EBCDIC stands near the beginning, -1 when
// there is none.
func ebcdicType(b []byte) int {
	for at := 0; at+4 <= min(len(b), 32); at++ {
		v := b[at : at+4]
		if v[0] >= 0xF0 && v[0] <= 0xF2 && v[1] >= 0xF1 && v[1] <= 0xF8 && v[2] >= 0xF0 && v[2] <= 0xF4 && v[3] >= 0xF0 && v[3] <= 0xF5 {
			return at
		}
	}
	return -1
}

// asciiType reports whether a message type in ASCII, and what may be a bitmap after
// it, stand at the beginning or after a length prefix.
func asciiType(b []byte) bool {
	for _, at := range []int{0, 2, 4} {
		if len(b) >= at+4 && isDigits(b[at:at+4]) && likelyType(string(b[at:at+4])) && likelyBitmap(b[at+4:]) {
			return true
		}
	}
	return false
}

// likelyBitmap reports whether b begins as a bitmap does: with hexadecimal digits, 16
// of them or as many as there are, or with octets that are no text.
func likelyBitmap(b []byte) bool {
	digits := string(b[:min(16, len(b))&^1])
	if _, err := hex.DecodeString(digits); err == nil {
		return true
	}
	return bytes.ContainsFunc(b[:min(8, len(b))], func(c rune) bool { return (c < ' ' || c > '~') && !strings.ContainsRune("\r\n\t", c) })
}

func printableOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, s)
}

// Fits lists the readings that would make a message of b where format f does not:
// dialects, length prefixes and routing headers, as profiles spell them. Of those
// that differ in the header alone the likeliest is given.
func Fits(f *wire.Format, b []byte) []dialect.Fit {
	type fit struct {
		name string
		at   int
		tpdu bool
	}
	var fits []dialect.Fit
	known := map[fit]bool{}
	for _, at := range []int{2, 4, 0} {
		if at == 0 && len(fits) > 0 {
			break // a length prefix that is right is no accident
		}
		for _, name := range dialect.Names() {
			d, _ := dialect.Named(name)
			for _, h := range headers {
				other := *d
				other.Header = h
				c := cutter{f: &other.Format}
				if at > len(b) || h.TPDU && (at == len(b) || b[at] != 0x60) {
					continue
				}
				t := c.try(b, at, len(b))
				if !t.good() || !d.IsVersion(c.m) {
					continue
				}
				key := prefixKey(b[:at], t.end-t.at)
				if t.after || at > 0 && key == "" || known[fit{name, at, h.TPDU}] || known[fit{name, at, true}] {
					continue
				}
				known[fit{name, at, h.TPDU}] = true
				if slices.ContainsFunc(d.Bases, func(base string) bool { return known[fit{base, at, h.TPDU}] }) {
					continue // what it has of its own is not in this message
				}
				how := "dialect: " + name + headerKeys(h, b[at:])
				if key != "" {
					how += ", length: " + key
				}
				fits = append(fits, dialect.Fit{Words: how, Dialect: &other, Message: c.m})
			}
		}
	}
	return fits
}

// headers are the routing headers that are tried.
var headers = func() []wire.Header {
	h := []wire.Header{{TPDU: true, App: 6}, {TPDU: true}, {}, {App: 6}, {App: 12}, {App: 2}, {App: 4}, {App: 8}, {App: 10}, {App: 5}, {App: 7}, {App: 9}}
	for app := 2; app <= 10; app += 2 {
		if app != 6 {
			h = append(h, wire.Header{TPDU: true, App: app})
		}
	}
	return h
}()

// headerKeys are the profile's keys for the routing header with which b begins.
func headerKeys(h wire.Header, b []byte) string {
	s, at := ", tpdu: none", 0
	if h.TPDU {
		s, at = fmt.Sprintf(`, tpdu: "%X"`, b[:5]), 5
	}
	app := b[at : at+h.App]
	switch {
	case h.App == 0:
		return s + ", header: none"
	case h.App >= 4 && looksLikeWords(app):
		return s + fmt.Sprintf(", header: %q", app)
	case h.App > 6:
		return s + fmt.Sprintf(", header: its %d octets", h.App) // which may be another message's
	}
	return s + fmt.Sprintf(`, header: "%X"`, app)
}

func prefixKey(p []byte, n int) string {
	for _, k := range kinds() {
		if v, ok := k.number(p); ok && v == n && k.key() != "" {
			return k.key()
		}
	}
	return ""
}
