package chip

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/keys"
)

func octets(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// published is one cryptogram of others, with its keys and the answers to it.
type published struct {
	ID, Scheme, IMK, UDK, PAN, PSN string
	MKD, SKD, ATC, UN, R, SK       string
	Data, Pad, AC                  string
	ARPC                           []struct {
		M                   int
		Key, ARC, ARPC, CSU string
		Pad                 string
	}
}

// hold checks all that is known of one.
func (v *published) hold(t *testing.T) (held int) {
	s := &Scheme{mac: keys.X919 | keys.Padding2, optionB: v.MKD == "B"}
	if v.SKD == "pboc_sm4" {
		s.cipher, s.mac = keys.CipherSM4, keys.X99|keys.Padding2
	}
	if v.Pad == "00" {
		s.mac &^= keys.Padding2
	}
	is := func(what string, got any, want string) {
		t.Helper()
		held++
		if got := fmt.Sprintf("%X", got); got != want {
			t.Errorf("%s: %s %s, want %s", v.ID, what, got, want)
		}
	}
	var card cardKey
	if v.UDK != "" {
		card.octets = [16]byte(octets(t, v.UDK))
	} else {
		master, err := s.newKey(octets(t, v.IMK))
		if err != nil {
			t.Fatal(err)
		}
		card.octets = s.cardKey(master, v.PAN, v.PSN)
	}
	var err error
	if card.key, err = s.newKey(card.octets[:]); err != nil {
		t.Fatal(err)
	}
	var atc [2]byte
	copy(atc[:], octets(t, v.ATC))
	var un [4]byte
	copy(un[:], octets(t, v.UN))
	var r [8]byte
	copy(r[:], octets(t, v.R))
	by := map[string]session{"none": noSession, "csk": common, "mc": mastercard, "pboc": pboc, "pboc_sm4": pboc}[v.SKD]
	if v.R != "" {
		by = commonAgain
	}
	var w Work
	s.sessionKey(&w.sk, by, &card, atc, un, r)
	if s.cipher == keys.CipherDES && by == pboc {
		want := octets(t, v.SK)
		same(t, v.ID, w.sk[:], want)
		held++
	} else {
		is("session key", w.sk, v.SK)
	}
	if w.key, err = s.newKey(w.sk[:]); err != nil {
		t.Fatal(err)
	}
	is("cryptogram", w.key.MAC(s.mac, octets(t, v.Data)), v.AC)
	k := &Keys{}
	k.of[ofCryptograms] = card
	for _, a := range v.ARPC {
		if s.underCard = a.Key == "mk"; a.M == 1 {
			var dst [10]byte
			w.first(&dst, s, k, octets(t, v.AC), [2]byte(octets(t, a.ARC)))
			is("ARPC", dst[:8], a.ARPC)
			continue
		}
		s.second = true
		value := octets(t, a.ARPC+a.CSU+a.Pad)
		held++
		if right, _ := w.authentic(s, k, octets(t, v.AC), value); !right {
			t.Errorf("%s: ARPC %s of method 2 refused", v.ID, a.ARPC)
		}
	}
	return held
}

// same compares DES keys but for their parity.
func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	for i := range want {
		if len(got) != len(want) || (got[i]^want[i])&0xFE != 0 {
			t.Errorf("%s: key %X, want %X", what, got, want)
			return
		}
	}
}

// vectors is such a collection.
type vectors struct {
	Cards    []struct{ IMK, PAN, PSN, Opt, MK, KCV string } `json:"icc_mk"`
	Sessions []struct {
		Kind, MK, ATC, UN, R, SK, IV string
		Branch, Height               int
	} `json:"sk"`
	AC      []published
	Balance []struct {
		UDK     string `json:"udk_mac"`
		ATC     string
		Balance string `json:"ec_balance5"`
		MAC     string
	} `json:"pboc_idd_mac"`
	Script []struct {
		ID     string
		SK     string `json:"sk_mac"`
		In     string `json:"mac_in"`
		MAC    string
		Block  string `json:"pin_block"`
		Secret string `json:"sk_enc"`
		Enc    string
		APDU   string
	}
	PBOC struct {
		UDK  string `json:"udk_mac"`
		Enc  string `json:"udk_enc"`
		Cmds []struct{ Cmd, APDU string }
	} `json:"script_pboc_computed"`
}

// TestVectorsOfAFile holds the package to a collection of published values, when
// POSFLEET_CHIP_VECTORS names one.
func TestVectorsOfAFile(t *testing.T) {
	path := os.Getenv("POSFLEET_CHIP_VECTORS")
	if path == "" {
		t.Skip("POSFLEET_CHIP_VECTORS names no file")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, c := range v.Cards {
		s := &Scheme{optionB: c.Opt == "B"}
		master, err := s.newKey(octets(t, c.IMK))
		if err != nil {
			t.Fatal(err)
		}
		held++
		if got := fmt.Sprintf("%X", s.cardKey(master, c.PAN, c.PSN)); got != c.MK {
			t.Errorf("card key %s, want %s", got, c.MK)
		}
	}
	for _, c := range v.Sessions {
		by, known := map[string]session{"csk": commonAgain, "mc": mastercard, "visa_sm": visaScript, "pboc": pboc, "pboc_sm4": pboc}[c.Kind]
		if c.Kind == "emv2000" {
			card := cardKey{octets: [16]byte(octets(t, c.MK))}
			if card.key, err = keys.New(card.octets[:]); err != nil {
				t.Fatal(err)
			}
			held++
			if got := fmt.Sprintf("%X", tree(&card, binary.BigEndian.Uint16(octets(t, c.ATC)), c.Branch, c.Height, [16]byte(octets(t, c.IV)))); got != c.SK {
				t.Errorf("EMV2000, %d branches, counter %s: session key %s, want %s", c.Branch, c.ATC, got, c.SK)
			}
			continue
		}
		if !known {
			t.Errorf("session key of kind %s: not held to", c.Kind)
			continue
		}
		s := &Scheme{}
		if c.Kind == "pboc_sm4" {
			s.cipher = keys.CipherSM4
		}
		card := cardKey{octets: [16]byte(octets(t, c.MK))}
		if card.key, err = s.newKey(card.octets[:]); err != nil {
			t.Fatal(err)
		}
		var atc [2]byte
		copy(atc[:], octets(t, c.ATC))
		var un [4]byte
		copy(un[:], octets(t, c.UN))
		var r [8]byte
		copy(r[:], octets(t, c.R))
		var sk [16]byte
		s.sessionKey(&sk, by, &card, atc, un, r)
		held++
		if c.Kind == "visa_sm" || c.Kind == "pboc" {
			same(t, c.Kind, sk[:], octets(t, c.SK))
		} else if got := fmt.Sprintf("%X", sk); got != c.SK {
			t.Errorf("%s: session key %s, want %s", c.Kind, got, c.SK)
		}
	}
	for i := range v.AC {
		held += v.AC[i].hold(t)
	}
	for _, b := range v.Balance {
		c := &Card{scheme: Find(Schemes(), "pboc-cash"), keys: &Keys{}}
		c.keys.of[ofMACs] = cardKey{octets: [16]byte(octets(t, b.UDK))}
		if c.keys.of[ofMACs].key, err = keys.New(octets(t, b.UDK)); err != nil {
			t.Fatal(err)
		}
		copy(c.balance[1:], octets(t, b.Balance))
		tr := &Transaction{}
		tr.ATC = [2]byte(octets(t, b.ATC))
		if err := c.addBalance(tr); err != nil {
			t.Fatal(err)
		}
		held++
		if got := fmt.Sprintf("%X", tr.IAD()[7:]); got != b.MAC {
			t.Errorf("MAC of the balance %s, want %s", got, b.MAC)
		}
	}
	for _, s := range v.Script {
		k, err := keys.New(octets(t, s.SK))
		if err != nil {
			t.Fatal(err)
		}
		held++
		if got := fmt.Sprintf("%X", k.MAC(keys.X919|keys.Padding2, octets(t, s.In))); got != s.MAC {
			t.Errorf("%s: MAC %s, want %s", s.ID, got, s.MAC)
		}
		if s.Secret == "" {
			continue
		}
		if k, err = keys.New(octets(t, s.Secret)); err != nil {
			t.Fatal(err)
		}
		how := &Scheme{sealing: withLength}
		switch {
		case strings.Contains(s.Enc, "padded"):
			how.sealing = chainedPadded
		case strings.Contains(s.Enc, "CBC"):
			how.sealing = chained
		}
		held++
		sealed := fmt.Sprintf("%X", how.seal(k, octets(t, s.Block)))
		if !strings.HasSuffix(s.In, sealed) || s.APDU != "" && s.APDU != s.In[:10]+sealed+s.MAC {
			t.Errorf("%s: the command carries %s, want that of %s", s.ID, sealed, s.In)
		}
	}
	held += v.commands(t)
	t.Logf("%d values hold", held)
	if held < 130 {
		t.Errorf("%d values were held to, want 130 at least", held)
	}
}

// pbocCard is a published card of PBOC: its keys, a payment with it and its cryptogram.
func pbocCard(t testing.TB, macs, secrets string) (*Keys, *Data, [8]byte) {
	t.Helper()
	i, err := NewIssuer(Find(Schemes(), "pboc"), octets(t, "F0C34A8124CEE0A91A0B034AA97D6EAC"), make([]byte, 16), make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	k, err := i.CardKeys("6228000100001", "001")
	if err != nil {
		t.Fatal(err)
	}
	for use, key := range []string{ofMACs: macs, ofSecrets: secrets} {
		if key != "" {
			k.of[use].octets = [16]byte(octets(t, key))
			if k.of[use].key, err = keys.New(octets(t, key)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return k, &Data{ATC: [2]byte{2, 0x40}}, [8]byte(octets(t, "5D016C91005E7CC2"))
}

func (v *vectors) commands(t *testing.T) (held int) {
	k, d, cryptogram := pbocCard(t, v.PBOC.UDK, v.PBOC.Enc)
	for _, c := range v.PBOC.Cmds {
		var command Command
		var data []byte
		s := *Find(Schemes(), "pboc")
		switch c.Cmd {
		case "app block":
			command = BlockApplication
		case "app unblock":
			command = UnblockApplication
		case "card block":
			command = BlockCard
		case "PIN unblock":
			command = UnblockPIN
		case "put data 9F79=100.00":
			command, data = SetBalance, octets(t, "000000010000")
		case "PIN change to 123456, block xor UDK-AC[4:8]":
			command, data = ChangePIN, []byte("123456")
		case "PIN change to 123456, block xor UDK-ENC[4:8]":
			command, data, s.pin = ChangePIN, []byte("123456"), underSecrets
		default:
			continue
		}
		var w Work
		apdu, err := w.AppendCommand(nil, &s, k, command, d, cryptogram, data)
		held++
		if got := fmt.Sprintf("%X", apdu); err != nil || got != c.APDU {
			t.Errorf("%s: %s, %v, want %s", c.Cmd, got, err, c.APDU)
		}
	}
	return held
}
