package keys

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
)

const goodURI = "pkcs11:token=My%20token;object=lmk?module-path=/usr/lib/x.so&pin-source=file:pin.txt"

func TestTokenURIIsReadAsWritten(t *testing.T) {
	for uri, want := range map[string]Token{
		goodURI: {Label: "My token", LMK: "lmk", Module: "/usr/lib/x.so", PIN: "pin.txt"},
		"pkcs11:object=lmk;serial=0123?pin-source=/run/pin&module-path=x.so": {Serial: "0123", LMK: "lmk", Module: "x.so", PIN: "/run/pin"},
	} {
		if got, err := ParseToken(uri); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", uri, got, err, want)
		}
	}
}

func TestTokenURISaysWhatIsWrongInIt(t *testing.T) {
	for _, v := range []struct{ old, with, want string }{
		{"pkcs11:", "", "want pkcs11:token="},
		{"token=My%20token;", "", "token, the label of the token, is missing"},
		{";object=lmk", "", "object, the label of the LMK, is missing"},
		{"module-path=/usr/lib/x.so&", "", "module-path, the library"},
		{"&pin-source=file:pin.txt", "", "pin-source, the file of its PIN, is missing"},
		{"pin-source=file:pin.txt", "pin-value=9731", "a PIN does not go into it"},
		{"object=lmk", "object=lmk;object=a", "object stands twice"},
		{"object=lmk", "object=", "object has no value"},
		{"object=lmk", "object=%zz", "object has no value, or one with a %"},
		{"object=lmk", "object=lmk;model=9731", `"model" is not one that is looked at there`},
		{"?", ";", `"module-path" is not one that is looked at there`},
	} {
		got, err := ParseToken(strings.Replace(goodURI, v.old, v.with, 1))
		if err == nil || !strings.Contains(err.Error(), v.want) || strings.Contains(err.Error(), "9731") {
			t.Errorf("%s for %s: %v, want %q", v.with, v.old, err, v.want)
		}
		if got != (Token{}) {
			t.Errorf("%s for %s: an error, and %+v", v.with, v.old, got)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(goodURI)
	f.Add("pkcs11:serial=%30;object=%6c?pin-source=p&module-path=%2F")
	f.Fuzz(func(t *testing.T, uri string) {
		var token Token
		var err error
		if n := allocs.Above(16*uint64(len(uri))+8192, func() { token, err = ParseToken(uri) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(uri), n)
		}
		if whole := token.LMK != "" && token.Module != "" && token.PIN != "" && token.String() != ""; whole != (err == nil) {
			t.Fatalf("%+v, %v", token, err)
		}
	})
}

func TestSoftwareRefusesWhatIsNotWholeBlocks(t *testing.T) {
	for _, c := range []Cipher{CipherDES, CipherSM4, CipherAES} {
		key, err := Software{}.Generate(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, c.BlockSize() - 1, c.BlockSize() + 1} {
			if (Software{}).Encrypt(c, key, make([]byte, n)) == nil || (Software{}).Decrypt(c, key, make([]byte, n)) == nil {
				t.Errorf("%s: %d octets are taken", c, n)
			}
		}
		data := []byte("one block or two")
		if err := (Software{}).Encrypt(c, key, data); err != nil || string(data) == "one block or two" {
			t.Errorf("%s: %v, %q", c, err, data)
		}
		if err := (Software{}).Decrypt(c, key, data); err != nil || string(data) != "one block or two" {
			t.Errorf("%s: %v, came back as %q", c, err, data)
		}
	}
}
