package chip

import (
	"fmt"
	"testing"

	"github.com/posfleet/posfleet/sim/keys"
)

// Commands of pyemv's examples, whole: head, length, data and MAC. All are of one card, and
// of its cryptogram by each scheme.
func TestCommandsAreThePublishedOnes(t *testing.T) {
	for _, c := range []struct {
		scheme, cryptogram string
		command            Command
		want               string
	}{
		{"visa-10", "29CCA15AE665FA2E", UnblockApplication, "8418000008DB56BA60087CEFD3"},
		{"visa-10", "29CCA15AE665FA2E", ChangePIN, "8424000218BB221AF527377A2811D2B6EBC396A9391A965A5CB2CE62DA"},
		{"visa-18", "7A788EA6B8A3E733", UnblockApplication, "841800000804EDE90BC24CC35E"},
		{"visa-22", "7A788EA6B8A3E733", UnblockApplication, "8418000008A4805748F846D851"},
		{"visa-22", "7A788EA6B8A3E733", ChangePIN, "84240002181B2943BED3D298F9C75848D17317CD1D25B70F7E26613E5F"},
		{"mchip-10", "24CCF3DEE3158C70", UnblockPIN, "8424000008ED0AB162BAB1DE61"},
		{"mchip-11", "EAE8A620A75648D8", UnblockPIN, "84240000084D1858456CD0F22A"},
		{"mchip-11", "EAE8A620A75648D8", ChangePIN, "84240002108661C474E4940A4378390C64CB96756E"},
		{"mchip-14", "CD29615D6452E70E", UnblockPIN, "842400000801C0F0DFBF6AA230"},
		{"mchip-14", "CD29615D6452E70E", ChangePIN, "84240002107647E71F85AA6A35AE4B4E838666773D"},
		{"mchip-15", "C30E54BE496CF5E5", UnblockPIN, "84240000085E89E990C51CEE94"},
	} {
		s := Find(Schemes(), c.scheme)
		i, err := NewIssuer(s, octets(t, "0123456789ABCDEFFEDCBA9876543210"), octets(t, "FEDCBA98765432100123456789ABCDEF"), octets(t, "89ABCDEF0123456776543210FEDCBA98"))
		if err != nil {
			t.Fatal(err)
		}
		k, err := i.CardKeys("1234567890123456", "00")
		if err != nil {
			t.Fatal(err)
		}
		var pin []byte
		if c.command == ChangePIN {
			pin = []byte("9999")
		}
		var w Work
		d := &Data{ATC: [2]byte{0, 0x1C}}
		apdu, err := w.AppendCommand(nil, s, k, c.command, d, [8]byte(octets(t, c.cryptogram)), pin)
		if got := fmt.Sprintf("%X", apdu); err != nil || got != c.want {
			t.Errorf("%s, %s: %s, %v, want %s", c.scheme, c.command, got, err, c.want)
		}
		if c.command != ChangePIN {
			continue
		}
		if got, ok := w.openPIN(s, k, d, [8]byte(octets(t, c.cryptogram)), apdu[5:len(apdu)-s.scriptMAC]); !ok || string(got) != "9999" {
			t.Errorf("%s: the card reads PIN %q, %v", c.scheme, got, ok)
		}
	}
}

// CCD's MAC is over the command alone, and its PIN is padded and enciphered in a chain.
func TestCommandsOfCCDAreThePublishedOnes(t *testing.T) {
	s := Find(Schemes(), "ccd")
	key, err := keys.New(octets(t, "9EE6A89276B008516226F8CE75FD8C02"))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%X", s.seal(key, octets(t, "249999FFFFFFFFFF"))); got != "28367E05DE3381C29D30A6055A8DEB86" {
		t.Errorf("the PIN is enciphered as %s", got)
	}
	if key, err = keys.New(octets(t, "38758097AE8C9410581945610D85986B")); err != nil {
		t.Fatal(err)
	}
	k := &Keys{}
	k.of[ofMACs] = cardKey{key, [16]byte(octets(t, "38758097AE8C9410581945610D85986B"))}
	plain := *s
	plain.script = noSession // that is the session's key already
	var w Work
	apdu, err := w.AppendCommand(nil, &plain, k, UnblockPIN, &Data{ATC: [2]byte{0, 7}}, [8]byte{1}, nil)
	if got := fmt.Sprintf("%X", apdu); err != nil || got != "8424000008CF323F09A0F6AB9E" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestEMV2000KeysAreThePublishedOnes(t *testing.T) {
	card := cardKey{octets: [16]byte(octets(t, "0123456789ABCDEF0123456789ABCDEF"))}
	card.key, _ = keys.New(card.octets[:])
	zeros, others := [16]byte{}, [16]byte(octets(t, "F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0"))
	for _, c := range []struct {
		atc              uint16
		branches, height int
		iv               [16]byte
		want             string
	}{
		{0, 4, 8, zeros, "80BF3145AECB948A5201DAB9EF469875"},
		{0, 2, 16, others, "7C57A15261202A101C6DA29B16672A3E"},
		{0xFF, 4, 8, others, "D579C8A4927589017FA1739B2C853BAD"},
		{0xFF, 2, 16, zeros, "1F54F492EF104580B0F4B0F8910D0438"},
		{0xFFFF, 2, 16, others, "73E3B0A1406E5E4908D5804C4970E520"},
	} {
		if got := fmt.Sprintf("%X", tree(&card, c.atc, c.branches, c.height, c.iv)); got != c.want {
			t.Errorf("counter %X, %d branches: %s, want %s", c.atc, c.branches, got, c.want)
		}
	}
}
