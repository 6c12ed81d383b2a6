//go:build !(pkcs11 && cgo)

package keys

import (
	"strings"
	"testing"
)

func TestBuildWithoutPKCS11SaysHowToHaveIt(t *testing.T) {
	token, err := ParseToken(goodURI)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := token.Open(nil); h != nil || err == nil || !strings.Contains(err.Error(), "go build -tags pkcs11") {
		t.Errorf("%v, %v", h, err)
	}
}
