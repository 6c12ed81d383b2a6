package keys

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

func TestMasterKeyComesUnderAnRSAKey(t *testing.T) {
	pair, err := NewRSAKey()
	if err != nil {
		t.Fatal(err)
	}
	modulus, master := pair.Modulus(), []byte("sixteen octets!!")
	if !IsRSAModulus(modulus) || IsRSAModulus(modulus[1:]) || IsRSAModulus(append([]byte{0}, modulus[1:]...)) || IsRSAModulus(append(bytes.Clone(modulus[:255]), 2)) {
		t.Error("the public half is told from what is none")
	}
	for _, c := range []Cipher{CipherDES, CipherSM4, CipherAES} {
		block, err := SealMasterRSA(c, modulus, master)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := pair.OpenMaster(c, block); err != nil || !bytes.Equal(got, master) {
			t.Fatalf("%s: the key does not come back: %v", c, err)
		}
		for _, at := range []int{0, 100, len(block) - kcvLen - 1, len(block) - kcvLen, len(block) - 1} {
			bent := bytes.Clone(block)
			bent[at] ^= 1
			got, err := pair.OpenMaster(c, bent)
			if _, kcv := errors.AsType[*KCVError](err); got != nil || err == nil || kcv != (at >= len(block)-kcvLen) {
				t.Errorf("%s, octet %d changed: %v", c, at, err)
			}
		}
		for _, n := range []int{0, len(block) - 1, masterLen + kcvLen} {
			if _, err := pair.OpenMaster(c, block[:n]); err == nil {
				t.Errorf("%s: %d octets open", c, n)
			}
		}
	}
	kcv, _ := CheckValue(Software{}, CipherDES, master)
	for _, inside := range [][]byte{master[:8], append(bytes.Clone(master), master[:8]...)} {
		block, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: rsaExponent}, inside, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pair.OpenMaster(CipherDES, append(block, kcv[:]...)); err == nil {
			t.Errorf("a master key of %d octets opens", len(inside))
		}
	}
	other := bytes.Clone(modulus)
	other[10] ^= 1
	if block, err := SealMasterRSA(CipherDES, other, master); err == nil {
		if _, err := pair.OpenMaster(CipherDES, block); err == nil {
			t.Error("what is under another key opens")
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%s"} {
		if got := fmt.Sprintf(verb, pair) + fmt.Sprintf(verb, struct{ K *RSAKey }{pair}); strings.Contains(got, pair.private.D.String()) || strings.Contains(got, fmt.Sprintf("%x", pair.private.D)) {
			t.Errorf("%s prints the private half", verb)
		}
	}
}
