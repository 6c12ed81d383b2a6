package dialect

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

const (
	knownPAN  = "6225009931872649"
	knownPIN  = "739158"
	knownData = "4483912760551"
)

// knowing is a dialect with a card that is known, and such as tests have: of zeros, and
// with the most usual PIN.
func knowing(d *Dialect) *Dialect {
	d.Secrets = NewSecrets(func(add func(pan, pin, discretionary string)) {
		add(knownPAN, knownPIN, knownData)
		add("6225000000000014", "123456", "00000000000000000")
		add("4111111111111111", "1234", "")
		add("", "", "")
	})
	return d
}

// A card that is known is found whatever stands between its digits, in part, backwards
// and with the letter O, a PIN where it stands alone.
func TestWhatIsKnownIsScrubbed(t *testing.T) {
	k := knowing(CUP()).Secrets
	for text, want := range map[string]string{
		"first 622500 rest 9931872649":        "first 622500 rest ******2649",
		"(622500)(9931872649)":                "(622500)(******2649)",
		"62250099\n31872649":                  "622500**\n****2649",
		"6225000000\x00000014":                "622500****\x00**0014",
		"(622500)(0000000014)":                "(622500)(******0014)",
		"6225009931872":                       "622500*******",
		"225009931872":                        "************",
		"x9931872649y":                        "x9931872649y", // ten digits of it
		"9462781399005226":                    "****************",
		"6225OO9931872649":                    "6225OO******2649",
		"data 4483912760551":                  "data *************",
		"622500 9931872649=4912 1014":         "622500 ******2649=*********",
		"CUP739158":                           "CUP******",
		"7 3 9 1 5 8":                         "* * * * * *",
		"no 851937.":                          "no ******.",
		"hex 373339313538":                    "hex ************",
		"word NzM5MTU4":                       "word ********",
		"1739158 7391589 12 3456 789":         "1739158 7391589 ** **** 789",
		"RRN 150020739158 AMT 000000739158":   "RRN 150020739158 AMT 000000739158",
		"000000006225 000000000000 000000225": "000000006225 000000000000 000000225", // amounts of 62.25 and nothing
		"111111111111":                        "111111111111",
	} {
		if got := string(k.scrub([]byte(text), freeText)); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{`field 11 is "123456"`, "trace 739158", "000000000014", "22500000", "500000000000", "000000622511001000"} {
		if got := knowing(CUP()).Scrubbed(text); got != text {
			t.Errorf("%q is shown as %q", text, got)
		}
		if got := string(k.scrub([]byte(text), element)); got != text {
			t.Errorf("a field of %q is shown as %q", text, got)
		}
	}
}

// writings are the forms in which digits are written for the search.
var writings = map[string]func(s string) string{
	"as it is":  func(s string) string { return s },
	"groups":    func(s string) string { return regexp.MustCompile("....").ReplaceAllString(s, "$0 ") },
	"lines":     func(s string) string { return regexp.MustCompile(".....").ReplaceAllString(s, "$0\n") },
	"brackets":  func(s string) string { return "(" + s[:6] + ")[" + s[6:] + "]" },
	"dots":      func(s string) string { return strings.Join(strings.Split(s, ""), ".") },
	"NULs":      func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") },
	"backwards": func(s string) string { b := []byte(s); slices.Reverse(b); return string(b) },
	"hex":       func(s string) string { return fmt.Sprintf("%x", s) },
	"HEX":       func(s string) string { return fmt.Sprintf("% X", s) },
	"EBCDIC":    func(s string) string { return "F" + strings.Join(strings.Split(s, ""), "F") },
	"per cent": func(s string) string {
		return regexp.MustCompile(".").ReplaceAllStringFunc(s, func(c string) string { return fmt.Sprintf("%%%X", c) })
	},
	"HTML": func(s string) string {
		return regexp.MustCompile(".").ReplaceAllStringFunc(s, func(c string) string { return fmt.Sprintf("&#%d;", c[0]) })
	},
	"HTML hex": func(s string) string {
		return regexp.MustCompile(".").ReplaceAllStringFunc(s, func(c string) string { return fmt.Sprintf("&#x%X;", c[0]) })
	},
	"JSON": func(s string) string {
		return regexp.MustCompile(".").ReplaceAllStringFunc(s, func(c string) string { return fmt.Sprintf(`\u00%X`, c) })
	},
	"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"width":  func(s string) string { return strings.Map(func(r rune) rune { return r - '0' + '０' }, s) },
	"circles": func(s string) string {
		return strings.Map(func(r rune) rune { return []rune("⓪①②③④⑤⑥⑦⑧⑨")[r-'0'] }, s)
	},
	"Chinese": func(s string) string {
		return strings.Map(func(r rune) rune { return []rune("〇一二三四五六七八九")[r-'0'] }, s)
	},
}

// No writing of a known card, of 13 digits of it, its track data or PIN reaches what is
// shown of a message, in whichever field it stands; and each is a leak.
func TestNoFieldShowsWhatIsKnown(t *testing.T) {
	for name, d := range Dialects() {
		knowing(d)
		for as, write := range writings {
			for what, secret := range map[string]string{"card": knownPAN, "part": knownPAN[:13], "data": knownData, "PIN": knownPIN} {
				for f := range 128 {
					m := d.NewMessage()
					m.SetMTI("0210")
					value := "CUP " + write(secret)
					if !d.HasField(f) || f < 2 || d.mask(f) != Clear || !d.isFree(f, []byte(value)) {
						continue
					}
					m.SetFieldString(f, value)
					if d.Leaks(m) != f {
						t.Errorf("%s: %s as %s in field %d is no leak: %q", name, what, as, f, value)
					}
					for form, of := range writings {
						if hidden := of(secret[len(secret)-6:]); what == "card" && strings.Contains(described(d, m), of(knownPAN[6:12])) || what != "card" && strings.Contains(described(d, m), hidden) {
							t.Errorf("%s: %s as %s in field %d: shows it as %s:\n%s", name, what, as, f, form, described(d, m))
						}
					}
				}
			}
		}
	}
	if got := string(knowing(CUP()).Secrets.scrub([]byte("000000622500001000000000000000"), amounts)); strings.Contains(got, "*") {
		t.Errorf("amounts and counts are shown as %s", got)
	}
	if html.UnescapeString(writings["HTML"]("62")) != "62" {
		t.Error("the writing of HTML is none")
	}
	if s, err := url.PathUnescape(writings["per cent"]("62")); s != "62" || err != nil {
		t.Error("the writing of per cent is none")
	}
}

// Fields with forms of their own hold digits of cards too, and a PIN by its name.
func TestNoElementShowsWhatIsKnown(t *testing.T) {
	for _, d := range Dialects() {
		knowing(d)
		for e, values := range map[wire.Element][]string{
			wire.Amount:       {knownPAN[:12], knownPAN[4:16]},
			wire.RRN:          {knownPAN[:12], knownPAN[3:15], "PIN 739158  ", "739158      "},
			wire.MerchantID:   {knownPAN[:15], knownPAN[1:16], "PW=739158      "},
			wire.TerminalID:   {"PIN 7391"},
			wire.AuthCode:     {"PW1234"},
			wire.Acquirer:     {"62250099318"},
			wire.ResponseData: {"T=" + knownData, "4483912760551000000000"},
		} {
			for _, value := range values {
				m := d.NewMessage()
				m.SetMTI("0210")
				if m.SetString(e, value); !m.Has(e) || d.mask(d.Place(e).Field) != Clear || e == wire.Acquirer {
					continue
				}
				if got := described(d, m); strings.Contains(got, value) || d.Leaks(m) == 0 {
					t.Errorf("%s shows %q in %s:\n%s", d.Name, value, e, got)
				}
			}
		}
	}
	d := knowing(CUP())
	m := d.NewMessage()
	m.SetMTI("0210")
	m.SetFieldString(60, knownPAN)
	if got := described(d, m); strings.Contains(got, "9931") || !strings.Contains(got, "622500******2649") || d.Leaks(m) != 60 {
		t.Errorf("field 60 is shown as\n%s", got)
	}
	m.SetFieldString(60, "2200000100060")
	m.SetString(wire.Trace, "123456")
	m.SetString(wire.Amount, "000000000014")
	m.SetString(wire.RRN, "150020739158")
	if got := described(d, m); strings.Contains(got, "*") || d.Leaks(m) != 0 {
		t.Errorf("what is a PIN by chance is hidden:\n%s", got)
	}
	if d = CUP(); true {
		m.SetFieldString(60, knownPAN)
		if got := described(d, m); strings.Contains(got, "9931") {
			t.Errorf("a card that nobody knows is shown in field 60:\n%s", got)
		}
	}
}

// Chip data that may be shown are not where they hold what is known.
func TestNoTagShowsWhatIsKnown(t *testing.T) {
	d := knowing(CUP())
	for _, value := range []string{knownPAN, knownPIN, "\x62\x25\x00\x99\x31\x87\x26\x49"} {
		m := d.NewMessage()
		m.SetMTI("0210")
		m.SetFieldString(55, "\x9F\x10"+string(rune(len(value)))+value)
		if got := described(d, m); strings.Contains(got, fmt.Sprintf("%X", value[2:])) || !strings.Contains(got, "issuer data") {
			t.Errorf("%q is shown:\n%s", value, got)
		}
	}
}

// A stretch of text that was taken for a message shows no routing header.
func TestNoHeaderShowsACard(t *testing.T) {
	d := CUP()
	m := d.NewMessage()
	if _, err := m.ReadPart([]byte(knownPAN + "=49121014483912760551")); err == nil {
		t.Skip("it is a message")
	}
	if got := described(d, m); strings.Contains(got, "3939") || strings.Contains(got, "3732") {
		t.Error(got)
	}
}
