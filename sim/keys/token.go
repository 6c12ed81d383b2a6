package keys

import (
	"fmt"
	"net/url"
	"strings"
)

// Token is a token of PKCS#11 and a key in it, the local master key (LMK) under which
// master keys are kept outside of it. Its LMK is an AES key that never leaves the token;
// master keys are wrapped by it as RFC 3394 has it (CKM_AES_KEY_WRAP), and are in clear in
// the token only.
type Token struct {
	Module string // path of the library that speaks to the token
	Label  string // of the token
	Serial string // of the token; empty for any
	LMK    string // label of the key
	PIN    string // file of the user's PIN
}

// TokenScheme is what a URI of a token begins with.
const TokenScheme = "pkcs11:"

const tokenExample = "pkcs11:token=NAME;object=LMK?module-path=/path/of/library.so&pin-source=file:PIN.txt"

// ParseToken reads a PKCS#11 URI (RFC 7512): token or serial and object in its path,
// module-path and pin-source in its query.
func ParseToken(uri string) (t Token, err error) {
	rest, is := strings.CutPrefix(uri, TokenScheme)
	if !is {
		return t, fmt.Errorf("no PKCS#11 URI, want %s", tokenExample)
	}
	path, query, _ := strings.Cut(rest, "?")
	for _, part := range []struct {
		text, separator string
		known           map[string]*string
	}{
		{path, ";", map[string]*string{"token": &t.Label, "serial": &t.Serial, "object": &t.LMK}},
		{query, "&", map[string]*string{"module-path": &t.Module, "pin-source": &t.PIN}},
	} {
		if part.text == "" {
			continue
		}
		for attribute := range strings.SplitSeq(part.text, part.separator) {
			name, value, _ := strings.Cut(attribute, "=")
			to := part.known[name]
			switch {
			case name == "pin-value":
				return Token{}, fmt.Errorf("PKCS#11 URI: a PIN does not go into it; put it into a file that only its owner can read, and name that: pin-source=file:PIN.txt")
			case to == nil:
				return Token{}, fmt.Errorf("PKCS#11 URI: attribute %.20q is not one that is looked at there, want %s", name, tokenExample)
			case *to != "":
				return Token{}, fmt.Errorf("PKCS#11 URI: attribute %s stands twice", name)
			}
			if *to, err = url.PathUnescape(value); err != nil || *to == "" {
				return Token{}, fmt.Errorf("PKCS#11 URI: attribute %s has no value, or one with a %% that begins no octet", name)
			}
		}
	}
	t.PIN = strings.TrimPrefix(t.PIN, "file:")
	for _, want := range []struct {
		has  bool
		what string
	}{
		{t.Label != "" || t.Serial != "", "token, the label of the token,"},
		{t.LMK != "", "object, the label of the LMK,"},
		{t.Module != "", "module-path, the library that speaks to the token,"},
		{t.PIN != "", "pin-source, the file of its PIN,"},
	} {
		if !want.has {
			return Token{}, fmt.Errorf("PKCS#11 URI: %s is missing, want %s", want.what, tokenExample)
		}
	}
	return t, nil
}

// String names the token by its label, or its serial number.
func (t Token) String() string {
	if t.Label == "" {
		return "of serial number " + t.Serial
	}
	return t.Label
}
