package keys

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// octets reads hexadecimal, blanks ignored.
func octets(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func desKey(t testing.TB, s string) *Key {
	t.Helper()
	k, err := New(octets(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sm4Key(t testing.TB, s string) *Key {
	t.Helper()
	k, err := NewSM4(octets(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// times writes an octet n times over.
func times(octet string, n int) string { return strings.Repeat(octet, n) }

func TestCheckValues(t *testing.T) {
	for _, v := range []struct {
		origin, key, kcv string
		sm4              bool
	}{
		{"svinexta.com, question 3445", "C7D50808A7DFFE62B9943B45A4C77FC7", "AE103AE9", false},
		{"payShield manuals, test LMK pair", "0123456789ABCDEFFEDCBA9876543210", "08D7B4FB", false},
		{"go8583 session log, MAC key", "DAB36167E6DFB5EF", "B8F616DC", false},
		{"CSDN 104625499, SM4 working key", "F351D490994603795C6EBEE8FAEBB481", "861E83E3", true},
	} {
		k := desKey
		if v.sm4 {
			k = sm4Key
		}
		if got := k(t, v.key).KCV(); fmt.Sprintf("%X", got) != v.kcv {
			t.Errorf("%s: check value %X, want %s", v.origin, got, v.kcv)
		}
	}
}

func TestPublishedBlocks(t *testing.T) {
	t.Run("GB/T 32907 example 1", func(t *testing.T) {
		const key = "0123456789ABCDEFFEDCBA9876543210"
		block := octets(t, key)
		sm4Key(t, key).Encrypt(block, block)
		if got, want := fmt.Sprintf("%X", block), "681EDF34D206965E86B3E94F536E4246"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("GB/T 32907 example 2, a million times over", func(t *testing.T) {
		if testing.Short() {
			t.Skip("takes seconds; played whole without the race detector")
		}
		const key = "0123456789ABCDEFFEDCBA9876543210"
		k, block := sm4Key(t, key), octets(t, key)
		for range 1_000_000 {
			k.Encrypt(block, block)
		}
		if got, want := fmt.Sprintf("%X", block), "595298C7C6FD271F0402F804C33D3F66"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("CSDN 104625499, key under SM4 master key", func(t *testing.T) {
		block := octets(t, "3D66234C49E4296FF9C78D8BACBD6A76")
		sm4Key(t, "1234567890ABCDEFABCDEF0987654321").Decrypt(block, block)
		if got, want := fmt.Sprintf("%X", block), "F351D490994603795C6EBEE8FAEBB481"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("NIST SP 800-67, three keys", func(t *testing.T) {
		k := desKey(t, "0123456789ABCDEF 23456789ABCDEF01 456789ABCDEF0123")
		in := []byte("The qufc") // "The qufck brown fox jump": the misspelling is NIST's
		out := make([]byte, 8)
		k.Encrypt(out, in)
		if got, want := fmt.Sprintf("%X", out), "A826FD8CE53B855F"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		k.Decrypt(out, out)
		if !bytes.Equal(out, in) {
			t.Errorf("decrypted to %q, want %q", out, in)
		}
	})
}

func TestParityAndLengthDoNotMakeAnotherKey(t *testing.T) {
	want := desKey(t, times("32", 8)).KCV()
	for _, same := range []string{times("33", 8), times("32", 16), times("33", 24), times("32", 8) + times("33", 8)} {
		k := desKey(t, same)
		if k.KCV() != want {
			t.Errorf("%d octets: check value %X, want %X", len(same)/2, k.KCV(), want)
		}
		if k.second != nil {
			t.Errorf("%d octets of equal parts keep three schedules, want one", len(same)/2)
		}
	}
	if k := desKey(t, times("32", 8)+times("32", 8)+times("31", 8)); k.second == nil {
		t.Error("three parts of which two are equal are kept as single DES")
	}
}

func TestWrongLengthNamesOnlyTheLength(t *testing.T) {
	for n := range 33 {
		secret := bytes.Repeat([]byte{0xA7}, n)
		_, errDES := New(secret)
		_, errSM4 := NewSM4(secret)
		if ok := n == 8 || n == 16 || n == 24; (errDES == nil) != ok {
			t.Errorf("New of %d octets: %v", n, errDES)
		}
		if (errSM4 == nil) != (n == 16) {
			t.Errorf("NewSM4 of %d octets: %v", n, errSM4)
		}
		for _, err := range []error{errDES, errSM4} {
			if err != nil && (!strings.Contains(err.Error(), fmt.Sprint(n)) || strings.Contains(strings.ToLower(err.Error()), "a7")) {
				t.Errorf("%d octets: error %q", n, err)
			}
		}
	}
}

func TestBlocksComeBack(t *testing.T) {
	for name, k := range map[string]*Key{
		"single": desKey(t, "0123456789ABCDEF"),
		"double": desKey(t, "0123456789ABCDEFFEDCBA9876543210"),
		"triple": desKey(t, "0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123"),
		"SM4":    sm4Key(t, "0123456789ABCDEFFEDCBA9876543210"),
	} {
		for _, blocks := range []int{0, 1, 2, 9} {
			in := bytes.Repeat([]byte("posfleet"), 2*blocks)
			out, again := make([]byte, len(in)), bytes.Clone(in)
			k.Encrypt(out, in)
			k.Encrypt(again, again)
			if !bytes.Equal(out, again) {
				t.Errorf("%s, %d blocks: in place %X, apart %X", name, blocks, again, out)
			}
			k.Decrypt(again, out)
			k.Decrypt(out, out)
			if !bytes.Equal(again, in) || !bytes.Equal(out, in) {
				t.Errorf("%s, %d blocks: came back as %q and %q", name, blocks, again, out)
			}
		}
	}
}

func TestPartOfABlockPanics(t *testing.T) {
	k := desKey(t, "0123456789ABCDEF")
	for name, f := range map[string]func(){
		"7 octets":     func() { k.Encrypt(make([]byte, 8), make([]byte, 7)) },
		"short output": func() { k.Decrypt(make([]byte, 8), make([]byte, 16)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestManyUseOneKey(t *testing.T) {
	k := desKey(t, "0123456789ABCDEFFEDCBA9876543210")
	mab := bytes.Repeat([]byte("0200"), 25)
	want := k.MAC(ECB, mab)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if got := k.MAC(ECB, mab); got != want {
					t.Errorf("MAC %s, want %s", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func wellKnown(k *Key) bool {
	c := CipherDES
	if k.sm4() {
		c = CipherSM4
	}
	return WellKnown(c, k.KCV())
}

func TestTestKeysAreKnown(t *testing.T) {
	// The first 3 octets of each check value, as published: for triple DES, for SM4.
	for _, v := range []struct{ key, des, sm4 string }{
		{times("00", 16), "8CA64D", "9F1F7B"},
		{times("11", 16), "82E136", "F8D068"},
		{times("22", 16), "00962B", "AD9358"},
		{times("33", 16), "ADC67D", "A43FDD"},
		{times("FF", 16), "CAAAAF", "E28F2C"},
		{times("31", 16), "40826A", "394EDD"},
		{"0123456789ABCDEFFEDCBA9876543210", "08D7B4", "2677F4"},
		{"FEDCBA98765432100123456789ABCDEF", "7B8358", "400133"},
		{"0123456789ABCDEF0123456789ABCDEF", "D5D44F", "808708"},
		{"404142434445464748494A4B4C4D4E4F", "8BAF47", "8EB0E2"},
		{"89ABCDEF0123456776543210FEDCBA98", "EB7A8D", "0BDAA2"},
	} {
		for want, k := range map[string]*Key{v.des: desKey(t, v.key), v.sm4: sm4Key(t, v.key)} {
			kcv := k.KCV()
			if got := fmt.Sprintf("%X", kcv[:3]); got != want {
				t.Errorf("%s: check value %s, want %s", v.key, got, want)
			}
			if !wellKnown(k) {
				t.Errorf("%s, blocks of %d: not known", v.key, k.BlockSize())
			}
		}
	}
	if !wellKnown(desKey(t, times("33", 8))) {
		t.Error("single DES of 33 in each octet: not known")
	}
	fresh := Derive([]byte("seed"), "00000001")
	if wellKnown(desKey(t, fmt.Sprintf("%X", fresh))) || wellKnown(sm4Key(t, fmt.Sprintf("%X", fresh))) {
		t.Error("a derived key is taken for a test key")
	}
}

func TestDerivedKeysStayAndDiffer(t *testing.T) {
	// Worked out once; a change of Derive would part terminals from hosts
	// that were given the keys before.
	if got, want := fmt.Sprintf("%X", Derive([]byte("seed"), "00000001")), "E0463E8CD04646EC2C6ECD8613A8D952"; got != want {
		t.Errorf("key %s, want %s", got, want)
	}
	seen := map[[16]byte]string{}
	for i := range 5000 {
		name := fmt.Sprintf("%08d", i)
		key := Derive([]byte("seed"), name)
		if other, twice := seen[key]; twice {
			t.Fatalf("terminals %s and %s have the same key", name, other)
		}
		seen[key] = name
	}
	if _, same := seen[Derive([]byte("seeds"), "00000001")]; same {
		t.Error("another seed gives the same key")
	}
}
