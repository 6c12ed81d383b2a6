package keys

import (
	"fmt"
	"strings"
	"testing"
)

// A QR purchase that a live host took (go8583 session log): from the message
// type on, field 64 last.
const captured = "02003020048000C08031000000000000000001000001032000323230303336303031303435313235343131313030303131353600244133303139363231313131313131313131313131313131310013220066030006004535383035454342"

// Messages made for tests, MAC key 33 in each octet: after TPDU and header.
const (
	madePurchase = "0200302004C020C0981100000000000000010000000202100006376225000000000014D251CE00D1F079ED0E540031303030303030313132333435363738393031323334353135366E83D8C871679F7626100000000000000013220000010006003845324230313530"
	madeAnswer   = "0210703E00810ED0801316622500000000001400000000000000010000000210151208012512080100080009584031303135313230303030303231323334353630303130303030303031313233343536373839303132333435223033303830303030202020343830323538303020202031353600132200000100060000034355504232363545383542"
	madeReversal = "04003020048002C08011000000000000000100000002021000393831303030303030313132333435363738393031323334353135360013220000010006004546374135324231"
)

func TestMessagesCarryTheMAC(t *testing.T) {
	for _, v := range []struct{ name, key, message string }{
		{"captured QR purchase", "DAB36167E6DFB5EF", captured},
		{"purchase", times("33", 8), madePurchase},
		{"its answer", times("33", 8), madeAnswer},
		{"its reversal", times("33", 8), madeReversal},
	} {
		message := octets(t, v.message)
		mab, mac := message[:len(message)-8], message[len(message)-8:]
		k := desKey(t, v.key)
		if got := k.MAC(ECB, mab); string(got[:]) != string(mac) {
			t.Errorf("%s: MAC %s, want %s", v.name, got, mac)
		}
		if !k.CheckMAC(ECB, mab, mac) {
			t.Errorf("%s: MAC refused", v.name)
		}
		// The key twice over, as terminals load it, is the same key.
		if twice := desKey(t, v.key+v.key); !twice.CheckMAC(ECB, mab, mac) {
			t.Errorf("%s: MAC refused under the key twice over", v.name)
		}
	}
}

func TestStandardMACs(t *testing.T) {
	const double = "0123456789ABCDEFFEDCBA9876543210"
	for _, v := range []struct {
		origin, key, text string
		a                 Algorithm
		want              string
	}{
		{"ISO/IEC 9797-1 A.2", double, "Now is the time for all ", X99, "70A30640CC76DD8B"},
		{"ISO/IEC 9797-1 A.2", double, "Now is the time for it", X99, "E45B3AD2B7CC0856"},
		{"ISO/IEC 9797-1 A.2, single", double[:16], "Now is the time for it", X99, "E45B3AD2B7CC0856"},
		{"ISO/IEC 9797-1 A.4", double, "Now is the time for all ", X919, "A1C72E74EA3FA9B6"},
		{"ISO/IEC 9797-1 A.4", double, "Now is the time for it", X919, "2E2B1428CC78254F"},
		// The transaction keys below are what the standard derives, the MAC
		// request variant (FF in octets 6 and 14) applied.
		{"X9.24-1:2009 A.4, counter 1", "042666B4918430A368DE9628D03984C9", "4012345678909D987", X919, "9CCC78173FC4FB64"},
		{"X9.24-1:2009 A.4, counter 2", "C46551CEF9FDDBB0AA9AD834130DC4C7", "4012345678909D987", X919, "F608A9BCA6FFC311"},
		{"X9.24-1:2009 A.4, counter F00000", "AA4D58DB653E384A48C75F2F047D2DB5", "4012345678909D987", X919, "7DFA93155E2D87A0"},
	} {
		got := desKey(t, v.key).MAC(v.a, []byte(v.text))
		if fmt.Sprintf("%X", got) != v.want {
			t.Errorf("%s, %s: %q gives %X, want %s", v.origin, v.a, v.text, got, v.want)
		}
	}
	// GB/T 15852.1 B, algorithm 1 with SM4: the standard prints 16 octets.
	for text, want := range map[string]string{
		"This is the test message for mac": "16E02904EFB765B7",
		"This is the test message ":        "BA89E45FE8ABF242",
	} {
		if got := sm4Key(t, double).MAC(X99, []byte(text)); fmt.Sprintf("%X", got) != want {
			t.Errorf("SM4 CBC: %q gives %X, want %s", text, got, want)
		}
	}
}

func TestSM4Folds(t *testing.T) {
	// CSDN 115071206: the text, its blocks of 16 XORed.
	text := []byte("6000112018111411003020170930101010120171025000755000000005553")
	sum := make([]byte, 16)
	fold(sum, text)
	if got, want := fmt.Sprintf("%X", sum), "02000202030004060106020403343734"; got != want {
		t.Errorf("folded to %s, want %s", got, want)
	}
	// The rest of the way by hand: no published value is known.
	k := sm4Key(t, times("33", 16))
	hexed := []byte("02000202030004060106020403343734")
	block := append([]byte(nil), hexed[:16]...)
	k.Encrypt(block, block)
	for i := range block {
		block[i] ^= hexed[16+i]
	}
	k.Encrypt(block, block)
	if got, want := k.MAC(ECB, text), fmt.Sprintf("%X", block[:4]); string(got[:]) != want {
		t.Errorf("MAC %s, want %s", got, want)
	}
}

func TestPaddingIsZeros(t *testing.T) {
	long := []byte("0123456789abcdefghijklmnopqrstuv")
	for _, k := range []*Key{desKey(t, times("3B", 8)), desKey(t, "0123456789ABCDEFFEDCBA9876543210"), sm4Key(t, times("3B", 16))} {
		for _, a := range []Algorithm{ECB, X99, X919} {
			for n := range len(long) {
				whole := (n + k.BlockSize() - 1) / k.BlockSize() * k.BlockSize()
				padded := append(append([]byte(nil), long[:n]...), make([]byte, max(whole, k.BlockSize())-n)...)
				if got, want := k.MAC(a, long[:n]), k.MAC(a, padded); got != want {
					t.Errorf("%s of %d octets, blocks of %d: %X, want %X", a, n, k.BlockSize(), got, want)
				}
			}
		}
	}
}

func TestTamperedMACIsRefused(t *testing.T) {
	k := desKey(t, "0123456789ABCDEFFEDCBA9876543210")
	mab := []byte("0210 and the rest of an answer")
	for _, a := range []Algorithm{ECB, X99, X919} {
		mac := k.MAC(a, mab)
		for _, wrong := range [][]byte{nil, {}, mac[:7], append(mac[:], 0), make([]byte, 8)} {
			if k.CheckMAC(a, mab, wrong) {
				t.Errorf("%s: took a MAC of %d octets", a, len(wrong))
			}
		}
		for bit := range 64 {
			flipped := mac
			flipped[bit/8] ^= 1 << (bit % 8)
			if k.CheckMAC(a, mab, flipped[:]) {
				t.Errorf("%s: took a MAC with bit %d flipped", a, bit)
			}
		}
		for i := range mab {
			other := append([]byte(nil), mab...)
			other[i] ^= 1
			if k.CheckMAC(a, other, mac[:]) {
				t.Errorf("%s: took the MAC for a message changed at octet %d", a, i)
			}
		}
	}
}

func TestAlgorithmNamesComeBack(t *testing.T) {
	for a, name := range map[Algorithm]string{ECB: "ecb", X99: "x9.9", X919: "x9.19", CMAC: "cmac", HMAC | Hex: "hmac-sha256 hex",
		X919 | Padding2 | Octets4: "x9.19 padding-2 4", X99 | Padding3: "x9.9 padding-3"} {
		got, err := ParseAlgorithm(name)
		if err != nil || got != a || a.String() != name {
			t.Errorf("%q: algorithm %d (%s), %v", name, got, a, err)
		}
	}
	for _, name := range []string{"", "ECB", "x919", "cmac padding-2", "ecb hex", "x9.9 padding-2 padding-3", "x9.9 4 hex", "x9.9 padding-1", "x9.9 "} {
		if a, err := ParseAlgorithm(name); err == nil {
			t.Errorf("%q read as %s", name, a)
		}
	}
}

func TestPaddingsAndCMACs(t *testing.T) {
	const double = "0123456789ABCDEFFEDCBA9876543210"
	for _, v := range []struct {
		origin string
		key    *Key
		text   string
		a      Algorithm
		want   string
	}{
		{"ISO/IEC 9797-1 A.2", desKey(t, double), "Now is the time for all ", X99 | Padding2, "10E1F0F108341B6D"},
		{"ISO/IEC 9797-1 A.2", desKey(t, double), "Now is the time for it", X99 | Padding3, "B1ECD6FC8B37C392"},
		{"ISO/IEC 9797-1 A.4", desKey(t, double), "Now is the time for all ", X919 | Padding2, "E9086230CA3BE796"},
		{"ISO/IEC 9797-1 A.4", desKey(t, double), "Now is the time for it", X919 | Padding2, "5A692CE64F404145"},
		{"ISO/IEC 9797-1 A.4", desKey(t, double), "Now is the time for it", X919 | Padding3, "C59F7EED328DDD69"},
		{"its first 4 octets", desKey(t, double), "Now is the time for it", X919 | Padding2 | Octets4, "5A692CE600000000"},
		{"in characters", desKey(t, double), "Now is the time for it", X919 | Padding2 | Hex, fmt.Sprintf("%X", "5A692CE6")},
		{"NIST SP 800-38B D.1, empty", aesKey(t, "2B7E151628AED2A6ABF7158809CF4F3C"), "", CMAC, "BB1D6929E9593728"},
		{"RFC 4493, 16 octets", aesKey(t, "2B7E151628AED2A6ABF7158809CF4F3C"), "\x6B\xC1\xBE\xE2\x2E\x40\x9F\x96\xE9\x3D\x7E\x11\x73\x93\x17\x2A", CMAC, "070A16B46B4D4144"},
	} {
		if got := v.key.MAC(v.a, []byte(v.text)); fmt.Sprintf("%X", got) != v.want {
			t.Errorf("%s, %s: %q gives %X, want %s", v.origin, v.a, v.text, got, v.want)
		}
	}
	// RFC 4231, cases 2 and 6.
	for _, v := range []struct{ key, text, want string }{
		{"Jefe", "what do ya want for nothing?", "5BDCC146BF60754E"},
		{strings.Repeat("\xAA", 131), "Test Using Larger Than Block-Size Key - Hash Key First", "60E431591EE0B67F"},
	} {
		k, err := NewHMAC([]byte(v.key))
		if err != nil {
			t.Fatal(err)
		}
		if got := k.MAC(HMAC, []byte(v.text)); fmt.Sprintf("%X", got) != v.want {
			t.Errorf("HMAC of %q is %X, want %s", v.text, got, v.want)
		}
		if n := k.NearMAC(HMAC, []byte(v.text), []byte("60E43159")); v.key != "Jefe" && !strings.HasPrefix(n, "its form: 8 octets") {
			t.Errorf("written in characters it is said to be off by %q", n)
		}
	}
}
