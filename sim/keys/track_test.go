package keys

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

const (
	oddTrack  = "6225000000000014D25121010000012300000" // 37 digits
	evenTrack = "6225000000000014D2512101000001230000"
)

func TestPartOfTrackThatIsSealed(t *testing.T) {
	d, s := desKey(t, times("44", 16)), sm4Key(t, times("44", 16))
	for _, v := range []struct {
		origin string
		k      *Key
		track  string
		want   string
	}{
		{"CJ specification, appendix", d, "1234567890123456789=0508201781999168302", "0820178199916830"},
		{"37 digits", d, oddTrack, "2101000001230000"},
		{"36 digits", d, evenTrack, "5121010000012300"},
		{"17 digits", d, oddTrack[:17], oddTrack[:16]},
		{"18 digits", d, oddTrack[:18], oddTrack[:16]},
		{"SM4, 37 digits", s, oddTrack, oddTrack[4:36]},
		{"SM4, 33 digits", s, oddTrack[:33], oddTrack[:32]},
	} {
		if got := string(v.k.trackBlock([]byte(v.track))); got != v.want {
			t.Errorf("%s: %s, want %s", v.origin, got, v.want)
		}
	}
}

func TestSealedTracks(t *testing.T) {
	d, s := desKey(t, times("44", 16)), sm4Key(t, times("44", 16))
	for _, v := range []struct {
		name        string
		k           *Key
		track, want string
	}{ // worked out with OpenSSL
		{"37 digits", d, oddTrack, "6225000000000014D251CE00D1F079ED0E540"},
		{"36 digits", d, evenTrack, "6225000000000014D2F543EF39A7F3293D00"},
		{"SM4, 37 digits", s, oddTrack, "6225759680976BBB1D55A68B7D75C36C0C2D0"},
	} {
		track := []byte(v.track)
		sealed, err := v.k.EncryptTrack(track)
		if err != nil || string(sealed) != v.want {
			t.Errorf("%s: sealed to %s, %v, want %s", v.name, sealed, err, v.want)
			continue
		}
		if &sealed[0] != &track[0] {
			t.Errorf("%s: sealed elsewhere than in place", v.name)
		}
		if opened, err := v.k.DecryptTrack(sealed); err != nil || string(opened) != v.track {
			t.Errorf("%s: opened to %s, %v", v.name, opened, err)
		}
	}
}

func TestShortTracksAreFilled(t *testing.T) {
	for least, k := range map[int]*Key{17: desKey(t, times("44", 16)), 33: sm4Key(t, times("44", 16))} {
		for n := 1; n <= 40 && n <= len(oddTrack); n++ {
			track := oddTrack[:n]
			sealed, err := k.EncryptTrack([]byte(track))
			if err != nil || len(sealed) != max(n, least) {
				t.Errorf("%d digits: %d, %v, want %d", n, len(sealed), err, max(n, least))
				continue
			}
			if opened, err := k.DecryptTrack(sealed); err != nil || string(opened) != track {
				t.Errorf("%d digits: opened to %s, %v", n, opened, err)
			}
		}
	}
	// The fill stands on the left, before it is encrypted.
	k := desKey(t, times("44", 16))
	sealed, err := k.EncryptTrack([]byte("12345"))
	if err != nil {
		t.Fatal(err)
	}
	block := octets(t, string(sealed[:16]))
	k.Decrypt(block, block)
	if want := octets(t, "FFFFFFFFFFFF1234"); !bytes.Equal(block, want) || sealed[16] != '5' {
		t.Errorf("sealed %X then %c, want %X then 5", block, sealed[16], want)
	}
}

func TestTracksThatCannotBe(t *testing.T) {
	k := desKey(t, times("44", 16))
	for name, track := range map[string]string{
		"empty":            "",
		"105 digits":       times("1", 105),
		"another letter":   "6225000000000014E25121010000012300000",
		"an equals sign":   "6225000000000014=25121010000012300000",
		"a lower-case d":   "6225000000000014d25121010000012300000",
		"a track sentinel": "6225000000000014D2512101000001230000?",
	} {
		if got, err := k.EncryptTrack([]byte(track)); err == nil {
			t.Errorf("%s: sealed to %s", name, got)
		} else if strings.Contains(err.Error(), "6225") {
			t.Errorf("%s: the error tells: %v", name, err)
		}
	}
	for name, track := range map[string]string{
		"empty":               "",
		"16 digits":           times("1", 16),
		"not hexadecimal":     "6225000000000014D251CE00D1F079EDXE540",
		"never sealed":        oddTrack,
		"sealed by other key": "6225000000000014D2518E00D1F079ED0E540",
	} {
		if got, err := k.DecryptTrack([]byte(track)); err == nil {
			t.Errorf("%s: opened to %s", name, got)
		} else if strings.Contains(err.Error(), "6225") {
			t.Errorf("%s: the error tells: %v", name, err)
		}
	}
	// Fill and nothing behind it.
	fill := bytes.Repeat([]byte{0xFF}, 8)
	k.Encrypt(fill, fill)
	sealed := make([]byte, 17)
	hexUpper(sealed, fill)
	sealed[16] = 'F'
	if got, err := k.DecryptTrack(sealed); err == nil {
		t.Errorf("fill alone opened to %q", got)
	}
}

func FuzzTrack(f *testing.F) {
	f.Add([]byte(oddTrack))
	f.Add([]byte(evenTrack))
	f.Add([]byte("6225000000000014D251CE00D1F079ED0E540"))
	f.Add([]byte("1D2"))
	d, s := desKey(f, times("44", 16)), sm4Key(f, times("44", 16))
	f.Fuzz(func(t *testing.T, track []byte) {
		for _, k := range []*Key{d, s} {
			sealed, err := k.EncryptTrack(bytes.Clone(track))
			if err == nil {
				if opened, err := k.DecryptTrack(sealed); err != nil || !bytes.Equal(opened, track) {
					t.Fatalf("%q came back as %q, %v", track, opened, err)
				}
			}
			opened, err := k.DecryptTrack(bytes.Clone(track))
			if err != nil {
				continue
			}
			if sealed, err := k.EncryptTrack(bytes.Clone(opened)); err != nil || !bytes.Equal(sealed, track) {
				t.Fatalf("%q opened to %q, which seals to %q, %v", track, opened, sealed, err)
			}
		}
	})
}

// Characters are looked at eight at once: each wrong one is found wherever it stands.
func TestEachWrongCharacterIsFound(t *testing.T) {
	for at := range len(oddTrack) {
		for c := range 256 {
			track, want := []byte(oddTrack), -1
			if track[at] = byte(c); !strings.ContainsRune("0123456789D", rune(c)) {
				want = at
			}
			if got := firstNotTrack(track); got != want {
				t.Errorf("%q: wrong at %d, want %d", track, got, want)
			}
		}
	}
	const text = "0123456789ABCDEF"
	for at := range len(text) {
		for c := range 256 {
			v, got := []byte(text), make([]byte, len(text)/2)
			v[at] = byte(c)
			want, err := hex.DecodeString(string(v))
			if ok := unhexUpper(got, v); ok != (err == nil && (c < 'a' || c > 'f')) || ok && !bytes.Equal(got, want) {
				t.Errorf("%q: %x %v, want %x", v, got, ok, want)
			}
		}
	}
}
