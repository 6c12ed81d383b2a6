package keys

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
)

// Key blocks made by others, and the keys in them.
var blocks = []struct {
	origin, master string
	mode           KeyBlock
	pik, mak, tdk  string
	block          string
}{
	{
		"a Go host's tests", times("11", 16), Track,
		times("22", 16), times("33", 8), times("44", 16),
		"950973182317F80B950973182317F80B 00962B60 F679786E2411E3DE0000000000000000 ADC67D84 A0C45C59F1E549BBA0C45C59F1E549BB E2F24340",
	},
	{
		"the same without the track key", times("11", 16), Double,
		times("22", 16), times("33", 8), "",
		"950973182317F80B950973182317F80B 00962B60 F679786E2411E3DE0000000000000000 ADC67D84",
	},
	{
		"worked out with OpenSSL", times("11", 16), SM4Track,
		times("22", 16), times("33", 16), times("44", 16),
		"585B9D3F745C8EA95400BD2A3EBDFABF AD9358BA 3526A987BBC659EC3219956DC1FF38B0 A43FDDA6 69CFE1E0EAAD083715CF520443265544 E54E8465",
	},
	{
		"the same without the track key", times("11", 16), SM4,
		times("22", 16), times("33", 16), "",
		"585B9D3F745C8EA95400BD2A3EBDFABF AD9358BA 3526A987BBC659EC3219956DC1FF38B0 A43FDDA6",
	},
	{
		"worked out with OpenSSL", times("11", 16), AESTrack,
		times("22", 16), times("33", 16), times("44", 16),
		"0D16449F39C838EB8AC38927D4D61067 44A01DE6 EE4B5D1F918A806790D02FD527CEEEBF 90618D23 4E2891E4BB3A3E07F7DB4EE9C3DA3B65 F6C91925",
	},
	{
		"the same without the track key", times("11", 16), AES,
		times("22", 16), times("33", 16), "",
		"0D16449F39C838EB8AC38927D4D61067 44A01DE6 EE4B5D1F918A806790D02FD527CEEEBF 90618D23",
	},
	{
		"keys of a vendor's host emulator", times("31", 8), Single,
		times("31", 8), times("32", 8), "",
		"655EA628CF62585F 40826A58 F92714E80E832EDC ADC67D84",
	},
}

func masterOf(t testing.TB, mode KeyBlock, key string) *Key {
	k, err := mode.Cipher().Key(octets(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyBlocksOpen(t *testing.T) {
	for _, v := range blocks {
		master, block := octets(t, v.master), octets(t, v.block)
		if v.mode.Len() != len(block) {
			t.Errorf("%s: length %d, want %d", v.mode, v.mode.Len(), len(block))
		}
		set, err := Unwrap(Software{}, master, v.mode, block)
		if err != nil {
			t.Errorf("%s, %s: %v", v.mode, v.origin, err)
			continue
		}
		for name, k := range map[string]struct {
			got  *Key
			want string
		}{"PIN": {set.PIN, v.pik}, "MAC": {set.MAC, v.mak}, "track": {set.Track, v.tdk}} {
			if k.want == "" {
				if k.got != nil {
					t.Errorf("%s, %s: a %s key from nowhere", v.mode, v.origin, name)
				}
				continue
			}
			probe := []byte("one block or two")
			want := bytes.Clone(probe)
			k.got.Encrypt(probe, probe)
			masterOf(t, v.mode, k.want).Encrypt(want, want)
			if !bytes.Equal(probe, want) {
				t.Errorf("%s, %s: %s key is another", v.mode, v.origin, name)
			}
		}

		made, err := Wrap(Software{}, master, v.mode, octets(t, v.pik), octets(t, v.mak), octets(t, v.tdk))
		if err != nil || !bytes.Equal(made, block) {
			t.Errorf("%s, %s: wrapped to %X, %v, want %X", v.mode, v.origin, made, err, block)
		}
	}
}

func TestDoubleLengthMACKey(t *testing.T) {
	// Some hosts issue a MAC key of 16 octets: then there is no filler.
	master := octets(t, times("11", 16))
	mak := octets(t, "0123456789ABCDEFFEDCBA9876543210")
	block, err := Wrap(Software{}, master, Double, octets(t, times("22", 16)), mak, nil)
	if err != nil {
		t.Fatal(err)
	}
	if kcv := fmt.Sprintf("%X", block[36:]); kcv != "08D7B4FB" {
		t.Errorf("check value %s, want 08D7B4FB", kcv)
	}
	set, err := Unwrap(Software{}, master, Double, block)
	if err != nil {
		t.Fatal(err)
	}
	want := desKey(t, fmt.Sprintf("%X", mak)).MAC(ECB, []byte("0200"))
	if got := set.MAC.MAC(ECB, []byte("0200")); got != want {
		t.Errorf("MAC %s, want %s", got, want)
	}
}

func TestDamagedKeyIsNamed(t *testing.T) {
	for _, v := range blocks {
		master := octets(t, v.master)
		slots, _ := v.mode.slots()
		at := 0
		for _, slot := range []struct {
			name string
			size int
		}{{"PIN", slots.pin}, {"MAC", slots.mac}, {"track", slots.track}} {
			if slot.size == 0 {
				continue
			}
			for _, octet := range []int{at, at + slot.size/2, at + slot.size, at + slot.size + 3} {
				block := octets(t, v.block)
				block[octet] ^= 0x40
				set, err := Unwrap(Software{}, master, v.mode, block)
				var wrong *KCVError
				if !errors.As(err, &wrong) || wrong.Key != slot.name {
					t.Errorf("%s, octet %d changed: %v, want the %s key named", v.mode, octet, err, slot.name)
				}
				if set != (Set{}) {
					t.Errorf("%s, octet %d changed: some keys came out", v.mode, octet)
				}
			}
			at += slot.size + kcvLen
		}
	}
}

func TestWrongMasterKeyIsSeen(t *testing.T) {
	for _, v := range blocks {
		_, err := Unwrap(Software{}, octets(t, times("55", 16)), v.mode, octets(t, v.block))
		var wrong *KCVError
		if !errors.As(err, &wrong) || wrong.Key != "PIN" {
			t.Errorf("%s: %v, want a check value of the PIN key", v.mode, err)
		}
		if err != nil && !strings.Contains(err.Error(), "same master key") {
			t.Errorf("%s: %q does not say where to look", v.mode, err)
		}
		if wrong != nil && strings.Contains(wrong.Alike(), fmt.Sprintf("%X", wrong.Got)) {
			t.Errorf("%q is another for each terminal", wrong.Alike())
		}
	}
}

// A host that gives fewer octets of a check value, and filler, has the right master key.
func TestShortCheckValueIsNoOtherMasterKey(t *testing.T) {
	for _, v := range blocks {
		slots, _ := v.mode.slots()
		for _, c := range []struct {
			by, want string
		}{{"\x00", "first 3 octets are right"}, {"\xff", "first 3 octets are right"}, {"\x00\x00", "first 2 octets are right"}, {"  ", "first 2 octets are right"}, {"\x00\x00\x00", "so the master key is: this key or its check value is wrong"}} {
			block := octets(t, v.block)
			copy(block[slots.pin+kcvLen-len(c.by):], c.by)
			_, err := Unwrap(Software{}, octets(t, v.master), v.mode, block)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "same master key") {
				t.Errorf("%s, a check value that ends in %X: %v, want %q", v.mode, c.by, err, c.want)
			}
		}
	}
}

func TestBlocksThatCannotBe(t *testing.T) {
	d := octets(t, times("11", 16))
	for n := range 105 {
		for _, mode := range []KeyBlock{Single, Double, Track} {
			if _, err := Unwrap(Software{}, d, mode, make([]byte, n)); err == nil {
				t.Errorf("%s: %d octets of zero taken", mode, n)
			} else if n != mode.Len() && !strings.Contains(err.Error(), fmt.Sprintf("%d octets, want %d", n, mode.Len())) {
				t.Errorf("%s, %d octets: %v", mode, n, err)
			}
		}
	}
	for name, f := range map[string]func() error{
		"unknown mode":      func() error { _, err := Unwrap(Software{}, d, "002", make([]byte, 40)); return err },
		"no mode":           func() error { _, err := Wrap(Software{}, d, "", nil, nil, nil); return err },
		"no master key":     func() error { _, err := Unwrap(Software{}, nil, Double, make([]byte, 40)); return err },
		"short master key":  func() error { _, err := Unwrap(Software{}, d[:8], SM4, make([]byte, 40)); return err },
		"short PIN key":     func() error { _, err := Wrap(Software{}, d, Double, make([]byte, 8), make([]byte, 8), nil); return err },
		"no MAC key":        func() error { _, err := Wrap(Software{}, d, Double, make([]byte, 16), nil, nil); return err },
		"short SM4 MAC key": func() error { _, err := Wrap(Software{}, d, SM4, make([]byte, 16), make([]byte, 8), nil); return err },
		"no track key":      func() error { _, err := Wrap(Software{}, d, Track, make([]byte, 16), make([]byte, 8), nil); return err },
		"unasked track key": func() error {
			_, err := Wrap(Software{}, d, Double, make([]byte, 16), make([]byte, 8), make([]byte, 16))
			return err
		},
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if n := KeyBlock("002").Len(); n != 0 {
		t.Errorf("a mode unknown has blocks of %d", n)
	}
}

func FuzzUnwrap(f *testing.F) {
	for _, v := range blocks {
		f.Add(string(v.mode), octets(f, v.block))
	}
	f.Add("005", make([]byte, 104))
	for _, mode := range []KeyBlock{TR31Track, TR31AESTrack} {
		_, block, err := Issue(Software{}, octets(f, times("11", 16)), mode)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(mode), block)
	}
	f.Add("", []byte{})
	master := octets(f, times("11", 16))
	f.Fuzz(func(t *testing.T, mode string, block []byte) {
		if n := allocs.Above(4*uint64(len(block))+32*uint64(len(mode))+8192, func() { Unwrap(Software{}, master, KeyBlock(mode), block) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(block), n)
		}
		before := bytes.Clone(block)
		set, err := Unwrap(Software{}, master, KeyBlock(mode), block)
		if !bytes.Equal(block, before) {
			t.Fatal("the block was written to")
		}
		if err != nil {
			if set != (Set{}) {
				t.Fatal("an error, and keys")
			}
			return
		}
		if KeyBlock(mode).TR31() {
			return // its check value is in no block
		}
		if set.PIN.KCV() != [4]byte(block[len(block)-KeyBlock(mode).Len()+slotOf(mode):]) {
			t.Fatal("the check value of the PIN key is not the block's")
		}
	})
}

// slotOf is where the PIN key of a block ends.
func slotOf(mode string) int {
	s, _ := KeyBlock(mode).slots()
	return s.pin
}
