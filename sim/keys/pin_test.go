package keys

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestClearPINBlocks(t *testing.T) {
	for _, v := range []struct{ origin, pin, pan, want string }{
		{"CJ specification, appendix A", "123456", "123456789012345678", "061253DFFEDCBA98"},
		{"e-com-net 5481825", "123456", "1234567890123456", "0612713176FEDCBA"},
		{"X9.24-1:2009 A.4", "1234", "4012345678909", "041274EDCBA9876F"},
		{"openemv pinblock", "1234", "5555555551234567", "041261AAAAEDCBA9"},
		{"openemv pinblock", "123456789012", "5555555551234567", "0C1261032D8226A9"},
		{"worked out with OpenSSL", "123456", "6225000000000014", "06126456FFFFFFFE"},
		{"by hand: no card number", "1234", "00000000", "041234FFFFFFFFFF"},
		{"by hand: a short card number", "1234", "12345678", "041234FFFEDCBA98"},
	} {
		var block [8]byte
		if err := PINBlock(&block, []byte(v.pin), []byte(v.pan)); err != nil || fmt.Sprintf("%X", block) != v.want {
			t.Errorf("%s: %X, %v, want %s", v.origin, block, err, v.want)
		}
	}
	// CSDN 104625499. Of the card number only the digits the block takes are kept.
	var wide [16]byte
	err := PINBlockWide(&wide, []byte("123654"), []byte("0000006601007726880"))
	if got, want := fmt.Sprintf("%X", wide), "06123654FFFFFFFFFFFF99FEFF88D977"; err != nil || got != want {
		t.Errorf("SM4: %s, %v, want %s", got, err, want)
	}
}

func TestSealedPINs(t *testing.T) {
	for _, v := range []struct{ origin, key, pin, pan, want string }{
		{"worked out with OpenSSL", times("22", 16), "123456", "6225000000000014", "6E83D8C871679F76"},
		// The PIN variant (FF in octets 7 and 15) of the derived key.
		{"X9.24-1:2009 A.4, counter 1", "042666B49184CF5C68DE9628D0397B36", "1234", "4012345678909", "1B9C1845EB993A7A"},
		{"X9.24-1:2009 A.4, counter 2", "C46551CEF9FD244FAA9AD834130D3B38", "1234", "4012345678909", "10A01C8D02C69107"},
		{"X9.24-1:2009 A.4, counter F00000", "AA4D58DB653EC7B548C75F2F047DD24A", "1234", "4012345678909", "73EC88AD0AC5830E"},
	} {
		k := desKey(t, v.key)
		block, err := k.EncryptPIN([]byte(v.pin), []byte(v.pan))
		if err != nil || fmt.Sprintf("%X", block) != v.want {
			t.Errorf("%s: %X, %v, want %s", v.origin, block, err, v.want)
		}
		if pin, err := k.DecryptPIN(block, []byte(v.pan), nil); err != nil || string(pin) != v.pin {
			t.Errorf("%s: opened to %q, %v", v.origin, pin, err)
		}
	}
	k := sm4Key(t, "F351D490994603795C6EBEE8FAEBB481")
	pan := []byte("0000006601007726880")
	block, err := k.EncryptPINWide([]byte("123654"), pan)
	if got, want := fmt.Sprintf("%X", block), "CD01D6AD8F0A484C52A9364A0595AD60"; err != nil || got != want {
		t.Errorf("SM4: %s, %v, want %s", got, err, want)
	}
	if pin, err := k.DecryptPINWide(block, pan, nil); err != nil || string(pin) != "123654" {
		t.Errorf("SM4: opened to %q, %v", pin, err)
	}
}

func TestPINsThatCannotBe(t *testing.T) {
	k, wide := desKey(t, times("22", 16)), sm4Key(t, times("22", 16))
	for _, v := range []struct{ name, pin, pan string }{
		{"3 digits", "987", "6225000000000014"},
		{"13 digits", "9876543210987", "6225000000000014"},
		{"no PIN", "", "6225000000000014"},
		{"a letter in the PIN", "98A7", "6225000000000014"},
		{"no card number", "9876", ""},
		{"7 digits of card number", "9876", "6225014"},
		{"20 digits of card number", "9876", "62250000000000000014"},
		{"a separator in the card number", "9876", "622500000000D014"},
	} {
		block, err := k.EncryptPIN([]byte(v.pin), []byte(v.pan))
		if err == nil || block != ([8]byte{}) {
			t.Errorf("%s: %X, %v", v.name, block, err)
		}
		if err != nil && (strings.Contains(err.Error(), "987") || strings.Contains(err.Error(), "6225")) {
			t.Errorf("%s: the error tells: %v", v.name, err)
		}
		if _, err := wide.EncryptPINWide([]byte(v.pin), []byte(v.pan)); err == nil {
			t.Errorf("%s: sealed under SM4", v.name)
		}
	}
	if _, err := wide.EncryptPIN([]byte("9876"), []byte("6225000000000014")); err == nil {
		t.Error("8 octets sealed under SM4")
	}
	if _, err := k.DecryptPINWide([16]byte{}, []byte("6225000000000014"), nil); err == nil {
		t.Error("16 octets opened under DES")
	}
}

func TestBlocksThatHoldNoPIN(t *testing.T) {
	const pan = "6225000000000014"
	k := desKey(t, times("22", 16))
	for name, field := range map[string]string{
		"format 1":            "141234FFFFFFFFFF",
		"format 3":            "341234FFFFFFFFFF",
		"3 digits":            "03123FFFFFFFFFFF",
		"13 digits":           "0D1234567890123F",
		"a digit in the fill": "041234FFFF0FFFFF",
		"a letter for a PIN":  "0412A4FFFFFFFFFF",
	} {
		block := [8]byte(octets(t, field))
		if err := xorPAN(block[:], []byte(pan)); err != nil {
			t.Fatal(err)
		}
		k.Encrypt(block[:], block[:])
		if pin, err := k.DecryptPIN(block, []byte(pan), nil); err == nil || len(pin) != 0 {
			t.Errorf("%s: opened to %q", name, pin)
		}
	}
	block, err := k.EncryptPIN([]byte("123456"), []byte(pan))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.DecryptPIN(block, []byte("6225000000000022"), nil); err == nil {
		t.Error("opened for a card number one digit away")
	}
	if _, err := k.DecryptPIN(block, []byte("6225009999999914"), nil); err == nil {
		t.Error("opened for another card")
	}
	if _, err := desKey(t, times("23", 8)+times("32", 8)).DecryptPIN(block, []byte(pan), nil); err == nil {
		t.Error("opened with another key")
	}
}

func FuzzPIN(f *testing.F) {
	f.Add([]byte("1234"), []byte("4012345678909"), octets(f, "1B9C1845EB993A7A"))
	f.Add([]byte("123456789012"), []byte("6225000000000014"), octets(f, "6E83D8C871679F76"))
	k, wide := desKey(f, times("22", 16)), sm4Key(f, times("22", 16))
	f.Fuzz(func(t *testing.T, pin, pan, sealed []byte) {
		var room [12]byte
		block, err := k.EncryptPIN(pin, pan)
		wideBlock, wideErr := wide.EncryptPINWide(pin, pan)
		if (err == nil) != (wideErr == nil) {
			t.Fatalf("DES: %v; SM4: %v", err, wideErr)
		}
		if err == nil {
			if got, err := k.DecryptPIN(block, pan, room[:]); err != nil || !bytes.Equal(got, pin) {
				t.Fatalf("%q came back as %q, %v", pin, got, err)
			}
			if got, err := wide.DecryptPINWide(wideBlock, pan, room[:]); err != nil || !bytes.Equal(got, pin) {
				t.Fatalf("SM4: %q came back as %q, %v", pin, got, err)
			}
		}
		if len(sealed) != 8 {
			return
		}
		// Whatever opens is what sealing makes: no two blocks hold one PIN.
		if got, err := k.DecryptPIN([8]byte(sealed), pan, room[:]); err == nil {
			if again, err := k.EncryptPIN(got, pan); err != nil || again != [8]byte(sealed) {
				t.Fatalf("%X opened to %q, which seals to %X, %v", sealed, got, again, err)
			}
		}
	})
}
