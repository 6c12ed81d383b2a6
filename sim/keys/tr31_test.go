package keys

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// Key blocks made by others, one of each version, two with an optional block.
var keyBlocks = []struct{ kbpk, block, key string }{
	{"89E88CF7931444F334BD7547FC3F380C", "A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701", "F039121BEC83D26B169BDCD5B22AAF8F"},
	{"DD7515F2BFC17F85CE48F3CA25CB21F6", "B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E", "3F419E1CB7079442AA37474C2EFBF8B8"},
	{"B8ED59E0A279A295E9F5ED7944FD06B9", "C0096B0TX12S0100KS1800604B120F9292800000BFB9B689CB567E66FC3FEE5AD5F52161FC6545B9D60989015D02155C", "EDB380DD340BC2620247D445F5B8D678"},
	{"1D22BF32387C600AD97F9B97A51311AC", "B0104B0TX12S0100KS1800604B120F9292800000BB68BE8680A400D9191AD4ECE45B6E6C0D21C4738A52190E248719E24B433627", "E8BC63E5479455E26577F715D587FE68"},
	{"88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6", "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34", "3F419E1CB7079442AA37474C2EFBF8B8"},
}

func TestKeyBlocksOfOthersOpen(t *testing.T) {
	for _, v := range keyBlocks {
		h, key, err := UnwrapKey(octets(t, v.kbpk), v.block)
		if err != nil || fmt.Sprintf("%X", key) != v.key {
			t.Errorf("%s: key %v, %v", v.block[:16], key != nil, err)
			continue
		}
		if got := again(t, octets(t, v.kbpk), v.block, &h); got != v.block {
			t.Errorf("made again %s, want %s", got, v.block)
		}
	}
}

func TestTamperedKeyBlockIsRefused(t *testing.T) {
	for _, v := range keyBlocks {
		for i := range v.block {
			c := byte('1')
			if v.block[i] == c {
				c = '2'
			}
			block := v.block[:i] + string(c) + v.block[i+1:]
			if _, key, err := UnwrapKey(octets(t, v.kbpk), block); err == nil || key != nil {
				t.Errorf("%s: character %d changed and taken", v.block[:16], i)
			}
		}
		if _, _, err := UnwrapKey(octets(t, times("55", len(v.kbpk)/2)), v.block); err == nil {
			t.Errorf("%s: opened under another key", v.block[:16])
		}
	}
}

func TestKeysComeBackFromTheirBlocks(t *testing.T) {
	for _, version := range []byte("ABCD") {
		for n := 8; n <= 32; n += 8 {
			kbpk := octets(t, times("1A", 8)+times("2B", 8))
			h := KeyHeader{Version: version, Usage: "M3", Algorithm: 'T', Mode: 'C', Number: "00", Exportable: 'E', Optional: []KeyOption{{"KS", "001122334455"}}}
			key := bytes.Repeat([]byte{byte(n)}, n)
			block, err := WrapKey(kbpk, h, key)
			if err != nil {
				t.Fatal(err)
			}
			got, opened, err := UnwrapKey(kbpk, block)
			if err != nil || !bytes.Equal(opened, key) || fmt.Sprint(got) != fmt.Sprint(h) {
				t.Errorf("version %c, %d octets: %v, %v", version, n, got, err)
			}
		}
	}
	for name, h := range map[string]KeyHeader{
		"unknown version": {Version: 'E', Usage: "P0", Algorithm: 'T', Mode: 'E', Number: "00", Exportable: 'N'},
		"usage of one":    {Version: 'B', Usage: "P", Algorithm: 'T', Mode: 'E', Number: "00", Exportable: 'N'},
		"long option":     {Version: 'B', Usage: "P0", Algorithm: 'T', Mode: 'E', Number: "00", Exportable: 'N', Optional: []KeyOption{{"KS", strings.Repeat("0", 252)}}},
	} {
		if _, err := WrapKey(make([]byte, 16), h, make([]byte, 16)); err == nil {
			t.Errorf("%s: made", name)
		}
	}
	if _, err := WrapKey(make([]byte, 8), KeyHeader{Version: 'B', Usage: "P0", Algorithm: 'T', Mode: 'E', Number: "00", Exportable: 'N'}, make([]byte, 16)); err == nil {
		t.Error("a protection key of 8 octets")
	}
}

func FuzzUnwrapKey(f *testing.F) {
	for _, v := range keyBlocks {
		f.Add(v.block)
	}
	f.Add("B0016P0TE00E0100")
	f.Add("D9999P0AE00E99000000")
	kbpk := octets(f, keyBlocks[0].kbpk)
	f.Fuzz(func(t *testing.T, block string) {
		h, key, err := UnwrapKey(kbpk, block)
		if err == nil && (len(key) == 0 || h.Version < 'A' || h.Version > 'D') {
			t.Errorf("%q opened to a key of %d octets", block, len(key))
		}
	})
}
