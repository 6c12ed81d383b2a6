package keys

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// What a host issues as TR-31 key blocks are the keys that it has itself, under a master key
// as the key block protection key, and nothing else opens.
func TestWorkingKeysComeAsTR31KeyBlocks(t *testing.T) {
	for _, mode := range []KeyBlock{TR31, TR31Track, TR31AES, TR31AESTrack} {
		master := octets(t, "0123456789ABCDEFFEDCBA9876543210")
		issued, block, err := Issue(Software{}, master, mode)
		if err != nil {
			t.Fatal(err)
		}
		set, err := Unwrap(Software{}, master, mode, block)
		if err != nil {
			t.Fatal(err)
		}
		if set.PIN.KCV() != issued.PIN.KCV() || set.MAC.KCV() != issued.MAC.KCV() || (set.Track == nil) != (issued.Track == nil) || set.Track != nil && set.Track.KCV() != issued.Track.KCV() {
			t.Errorf("%s: other keys come out", mode)
		}
		var heads []string
		s, _ := mode.slots()
		for rest := block; len(rest) > 0; { // as anybody opens them
			var one string
			if one, rest, err = s.cutTR31(rest); err != nil {
				t.Fatal(err)
			}
			h, _, err := UnwrapKey(master, one)
			if err != nil {
				t.Fatal(err)
			}
			heads = append(heads, string(h.Version)+h.Usage+string(h.Algorithm)+string(h.Mode))
		}
		want := []string{"BP0TE", "BM3TC", "BD0TE"}
		if mode.Cipher() == CipherAES {
			want = []string{"DP0AE", "DM6AC", "DD0AE"}
		}
		if want = want[:s.count()]; !slices.Equal(heads, want) {
			t.Errorf("%s: headers %v, want %v", mode, heads, want)
		}
		for _, kind := range KeyBlocks {
			if kind.Fits(block) != (kind == mode) {
				t.Errorf("a block of %s is taken for one of %s, or not for one", mode, kind)
			}
		}
		if _, err := Unwrap(Software{}, octets(t, times("55", 16)), mode, block); err == nil || !strings.Contains(err.Error(), "made under another key") {
			t.Errorf("%s: under another master key: %v", mode, err)
		}
		if _, err := Unwrap(Software{}, master, mode, append(bytes.Clone(block), "B0016"...)); err == nil {
			t.Errorf("%s: octets behind the last block are taken", mode)
		}
		for n := range len(block) {
			if set, err := Unwrap(Software{}, master, mode, block[:n]); err == nil || set != (Set{}) {
				t.Errorf("%s: %d of %d octets open", mode, n, len(block))
			}
		}
	}
}

// No character of a header can be changed, and no key block stands for another.
func TestTamperedTR31HeaderIsRefused(t *testing.T) {
	for _, mode := range []KeyBlock{TR31Track, TR31AESTrack} {
		master := octets(t, times("A5", 16))
		_, block, err := Issue(Software{}, master, mode)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := mode.slots()
		pin, rest, _ := s.cutTR31(block)
		mac, track, _ := s.cutTR31(rest)
		for at := range block {
			bent := bytes.Clone(block)
			switch c := bent[at]; {
			case at < headerLen && c >= '0' && c < '9', c >= 'A' && c < 'F':
				bent[at]++
			case at < headerLen:
				bent[at]--
			default:
				bent[at] ^= 1
			}
			if set, err := Unwrap(Software{}, master, mode, bent); err == nil || set != (Set{}) {
				t.Errorf("%s, character %d changed to %c: the keys are taken", mode, at, bent[at])
			}
		}
		for what, swapped := range map[string]string{
			"MAC key for PIN":   mac + pin + string(track),
			"track key for MAC": pin + string(track) + mac,
			"PIN key thrice":    pin + pin + pin,
		} {
			if _, err := Unwrap(Software{}, master, mode, []byte(swapped)); err == nil || !strings.Contains(err.Error(), "for another use") {
				t.Errorf("%s, %s: %v", mode, what, err)
			}
		}
		for what, h := range map[string]KeyHeader{
			"mode":      {Version: s.version(), Usage: "P0", Algorithm: pin[7], Mode: 'V', Number: "00", Exportable: 'N'},
			"algorithm": {Version: s.version(), Usage: "P0", Algorithm: 'H', Mode: 'E', Number: "00", Exportable: 'N'},
		} {
			other, err := WrapKey(master, h, make([]byte, 16))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Unwrap(Software{}, master, mode, []byte(other+mac+string(track))); err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("%s, another %s: %v", mode, what, err)
			}
		}
	}
}
