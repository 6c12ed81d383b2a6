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
		if err := PINFormat0.PINBlock(&block, []byte(v.pin), []byte(v.pan)); err != nil || fmt.Sprintf("%X", block) != v.want {
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
		block, err := k.EncryptPIN(PINFormat0, []byte(v.pin), []byte(v.pan))
		if err != nil || fmt.Sprintf("%X", block) != v.want {
			t.Errorf("%s: %X, %v, want %s", v.origin, block, err, v.want)
		}
		if pin, err := k.DecryptPIN(PINFormat0, block, []byte(v.pan), nil); err != nil || string(pin) != v.pin {
			t.Errorf("%s: opened to %q, %v", v.origin, pin, err)
		}
	}
	k := sm4Key(t, "F351D490994603795C6EBEE8FAEBB481")
	pan := []byte("0000006601007726880")
	block, err := k.EncryptPINWide(PINFormat0, []byte("123654"), pan)
	if got, want := fmt.Sprintf("%X", block), "CD01D6AD8F0A484C52A9364A0595AD60"; err != nil || got != want {
		t.Errorf("SM4: %s, %v, want %s", got, err, want)
	}
	if pin, err := k.DecryptPINWide(PINFormat0, block, pan, nil); err != nil || string(pin) != "123654" {
		t.Errorf("SM4: opened to %q, %v", pin, err)
	}
	narrow, err := k.EncryptPINWide(PINFormat0Narrow, []byte("123654"), pan)
	if got, want := fmt.Sprintf("%X", narrow), "E639B7346D93D4ECE1E991CDCC84936E"; err != nil || got != want {
		t.Errorf("SM4, 8 octets: %s, %v, want %s", got, err, want)
	}
	if pin, err := k.DecryptPINWide(PINFormat0Narrow, narrow, pan, nil); err != nil || string(pin) != "123654" {
		t.Errorf("SM4, 8 octets: opened to %q, %v", pin, err)
	}
	for f, of := range map[PINFormat][16]byte{PINFormat0: narrow, PINFormat0Narrow: block} {
		if pin, err := k.DecryptPINWide(f, of, pan, nil); err == nil {
			t.Errorf("SM4: a block of the other width opens as format %s to %q", f, pin)
		}
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
		block, err := k.EncryptPIN(PINFormat0, []byte(v.pin), []byte(v.pan))
		if err == nil || block != ([8]byte{}) {
			t.Errorf("%s: %X, %v", v.name, block, err)
		}
		if err != nil && (strings.Contains(err.Error(), "987") || strings.Contains(err.Error(), "6225")) {
			t.Errorf("%s: the error tells: %v", v.name, err)
		}
		if _, err := wide.EncryptPINWide(PINFormat0, []byte(v.pin), []byte(v.pan)); err == nil {
			t.Errorf("%s: sealed under SM4", v.name)
		}
	}
	if _, err := wide.EncryptPIN(PINFormat0, []byte("9876"), []byte("6225000000000014")); err == nil {
		t.Error("8 octets sealed under SM4")
	}
	if _, err := k.DecryptPINWide(PINFormat0, [16]byte{}, []byte("6225000000000014"), nil); err == nil {
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
		if err := PINFormat0.xorPAN(block[:], []byte(pan)); err != nil {
			t.Fatal(err)
		}
		k.Encrypt(block[:], block[:])
		if pin, err := k.DecryptPIN(PINFormat0, block, []byte(pan), nil); err == nil || len(pin) != 0 {
			t.Errorf("%s: opened to %q", name, pin)
		}
	}
	block, err := k.EncryptPIN(PINFormat0, []byte("123456"), []byte(pan))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.DecryptPIN(PINFormat0, block, []byte("6225000000000022"), nil); err == nil {
		t.Error("opened for a card number one digit away")
	}
	if _, err := k.DecryptPIN(PINFormat0, block, []byte("6225009999999914"), nil); err == nil {
		t.Error("opened for another card")
	}
	if _, err := desKey(t, times("23", 8)+times("32", 8)).DecryptPIN(PINFormat0, block, []byte(pan), nil); err == nil {
		t.Error("opened with another key")
	}
}

// Blocks of the formats that are filled at random open to their PIN, whatever fills
// them, and as no other format.
func TestPINBlocksFilledAtRandom(t *testing.T) {
	const pan = "4012345678909"
	k := desKey(t, times("22", 16))
	for _, v := range []struct {
		name   string
		format PINFormat
		clear  string // before the card number, by hand
		opens  bool
	}{
		{"format 1", PINFormat1, "1412340123456789", true},
		{"format 1, twelve digits", PINFormat1, "1C12345678901200", true},
		{"format 1, filled as format 0", PINFormat1, "141234FFFFFFFFFF", true},
		{"format 2", PINFormat2, "241234FFFFFFFFFF", true},
		{"format 2, another fill", PINFormat2, "241234FFFFFFFFF0", false},
		{"format 0 as format 2", PINFormat2, "041234FFFFFFFFFF", false},
		{"format 3", PINFormat3, "341234ABCDEFABCD", true},
		{"format 3, a digit in the fill", PINFormat3, "341234ABCD9FABCD", false},
		{"format 0 as format 3", PINFormat3, "041234FFFFFFFFFF", false},
		{"format 0 as format 1", PINFormat1, "041234FFFFFFFFFF", false},
		{"format 3 as format 0", PINFormat0, "341234FFFFFFFFFF", false},
		{"3 digits", PINFormat3, "3312340123456789", false},
	} {
		block := [8]byte(octets(t, v.clear))
		if err := v.format.xorPAN(block[:], []byte(pan)); err != nil {
			t.Fatal(err)
		}
		k.Encrypt(block[:], block[:])
		pin, err := k.DecryptPIN(v.format, block, []byte(pan), nil)
		if (err == nil) != v.opens || v.opens && string(pin[:4]) != "1234" {
			t.Errorf("%s: %q, %v", v.name, pin, err)
		}
	}
	for _, f := range []PINFormat{PINFormat0, PINFormat1, PINFormat3} {
		seen := map[[8]byte]bool{}
		for range 64 {
			block, err := k.EncryptPIN(f, []byte("1234"), []byte(pan))
			if err != nil {
				t.Fatal(err)
			}
			if pin, err := k.DecryptPIN(f, block, []byte(pan), nil); err != nil || string(pin) != "1234" {
				t.Fatalf("format %d: %q, %v", f, pin, err)
			}
			seen[block] = true
		}
		if (len(seen) == 1) != (f == PINFormat0) {
			t.Errorf("format %d: %d blocks of 64", f, len(seen))
		}
	}
	block, err := k.EncryptPIN(PINFormat1, []byte("1234"), nil)
	if pin, bad := k.DecryptPIN(PINFormat1, block, nil, nil); err != nil || bad != nil || string(pin) != "1234" {
		t.Errorf("format 1 without a card number: %q, %v, %v", pin, err, bad)
	}
}

func FuzzPIN(f *testing.F) {
	f.Add([]byte("1234"), []byte("4012345678909"), octets(f, "1B9C1845EB993A7A"))
	f.Add([]byte("123456789012"), []byte("6225000000000014"), octets(f, "6E83D8C871679F76"))
	k, wide := desKey(f, times("22", 16)), sm4Key(f, times("22", 16))
	f.Fuzz(func(t *testing.T, pin, pan, sealed []byte) {
		var room [12]byte
		block, err := k.EncryptPIN(PINFormat0, pin, pan)
		wideBlock, wideErr := wide.EncryptPINWide(PINFormat0, pin, pan)
		if (err == nil) != (wideErr == nil) {
			t.Fatalf("DES: %v; SM4: %v", err, wideErr)
		}
		if err == nil {
			if got, err := k.DecryptPIN(PINFormat0, block, pan, room[:]); err != nil || !bytes.Equal(got, pin) {
				t.Fatalf("%q came back as %q, %v", pin, got, err)
			}
			if got, err := wide.DecryptPINWide(PINFormat0, wideBlock, pan, room[:]); err != nil || !bytes.Equal(got, pin) {
				t.Fatalf("SM4: %q came back as %q, %v", pin, got, err)
			}
		}
		if len(sealed) != 8 {
			return
		}
		// Whatever opens is what sealing makes: no two blocks hold one PIN.
		if got, err := k.DecryptPIN(PINFormat0, [8]byte(sealed), pan, room[:]); err == nil {
			if again, err := k.EncryptPIN(PINFormat0, got, pan); err != nil || again != [8]byte(sealed) {
				t.Fatalf("%X opened to %q, which seals to %X, %v", sealed, got, again, err)
			}
		}
	})
}

func TestPINBlockOfFormat4(t *testing.T) {
	k := aesKey(t, "AF8CB133A78F8DC2D1359F18527593FB") // of X9.24-3's test data, counter 1
	room := make([]byte, 12)
	pin, err := k.DecryptPINWide(PINFormat0, [16]byte(octets(t, "A912150391AB65A67E52883D81CE2D15")), []byte("4111111111111111"), room)
	if err != nil || string(pin) != "1234" {
		t.Errorf("PIN %q, %v", pin, err)
	}
	for _, pan := range []string{"62250000", "6225000000000014", "6225000000000000014"} {
		sealed, err := k.EncryptPINWide(PINFormat0, []byte("123456789012"), []byte(pan))
		if err != nil {
			t.Fatal(err)
		}
		if pin, err := k.DecryptPINWide(PINFormat0, sealed, []byte(pan), room); err != nil || string(pin) != "123456789012" {
			t.Errorf("%d digits: PIN %q, %v", len(pan), pin, err)
		}
		if _, err := k.DecryptPINWide(PINFormat0, sealed, []byte("6225000000000022"), room); err == nil {
			t.Errorf("%d digits: opened with another card number", len(pan))
		}
	}
	if _, err := sm4Key(t, times("11", 16)).EncryptPIN(PINFormat4, []byte("1234"), []byte("6225000000000014")); err == nil {
		t.Error("format 4 in 8 octets")
	}
	var block [8]byte
	if err := PINFormat2.PINBlock(&block, []byte("1234"), nil); err != nil || fmt.Sprintf("%X", block) != "241234FFFFFFFFFF" {
		t.Errorf("format 2: %X, %v", block, err)
	}
}
