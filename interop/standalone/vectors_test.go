package main

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
)

func octetsOf(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A payment by QR code that a live host took (go8583): its MAC fits.
func TestMACOfACapturedRequest(t *testing.T) {
	frame := octetsOf(t, `600601000060310031110802003020048000C08031000000000000000001000001032000323230303336303031303435313235343131313030303131353600244133303139363231313131313131313131313131313131310013220066030006004535383035454342`)
	m, err := parse(frame)
	if err != nil {
		t.Fatal(err)
	}
	s := session{mac: newCipher(octetsOf(t, "DAB36167E6DFB5EF"))}
	if got := s.sign(m.macked); got != m.field[fMAC] {
		t.Errorf("MAC %s, the message has %s", got, m.field[fMAC])
	}
	if got := tagged(m.field[fQR], "A3"); got != "6211111111111111111" {
		t.Errorf("payment code %q", got)
	}
	if got := m.append(nil, s.sign); hex.EncodeToString(got[2:]) != hex.EncodeToString(frame) {
		t.Errorf("packed again it is %X", got)
	}
}

// The captured sign-in answer's MAC key and its check value.
func TestCheckValue(t *testing.T) {
	if got := ecb(newCipher(octetsOf(t, "DAB36167E6DFB5EF")), make([]byte, 8))[:4]; hex.EncodeToString(got) != "b8f616dc" {
		t.Errorf("check value %X", got)
	}
}

func TestPINBlock(t *testing.T) {
	s := session{pin: newCipher(octetsOf(t, "22222222222222222222222222222222")), double: true}
	block := string(octetsOf(t, "6E83D8C871679F76"))
	pin, err := s.openPIN(block, "2600000000000000", "6225000000000014")
	if err != nil || pin != "123456" {
		t.Errorf("PIN %q, %v", pin, err)
	}
	for _, wrong := range []string{"2000000000000000", "3600000000000000", ""} {
		if _, err := s.openPIN(block, wrong, "6225000000000014"); err == nil {
			t.Errorf("taken with field 53 %q", wrong)
		}
	}
	if _, err := s.openPIN("12345678", "2600000000000000", "6225000000000014"); err == nil {
		t.Error("any octets are taken for a PIN block")
	}
}

func TestTrack(t *testing.T) {
	s := session{track: newCipher(octetsOf(t, "44444444444444444444444444444444"))}
	for in, want := range map[string]string{
		"6225000000000014D251CE00D1F079ED0E540": "6225000000000014D25121010000012300000",
		"6225000000000014D2F543EF39A7F3293D00":  "6225000000000014D2512101000001230000",
	} {
		if got, ok := s.openTrack(in); !ok || got != want {
			t.Errorf("%s gives %s, %v; want %s", in, got, ok, want)
		}
	}
}

// Whatever comes on the line, the host neither stops nor gives money away.
func TestNonsense(t *testing.T) {
	h, err := loadHost("../testdata/standalone.json")
	if err != nil {
		t.Fatal(err)
	}
	const who = "3531303030303031 393939323930303534313130303031"
	sound := []string{
		`6000120000603200320100 0200 302004C020C09811 000000 000000000100 000001 0210 00 12 21 6225000000000014D49120 ` + who +
			` 313536 1234567812345678 2600000000000000 0013 22000001000600 3030303030303030`,
		`6000120000603200320100 0800 0020000000C00012 000002 ` + who + ` 0011 000000010040 0003 303120`,
		`6000120000603200320100 0500 0020000000C18012 000003 ` + who + ` 0062 ` + strings.Repeat("00", 31) + ` 313536 0011 000000012010 0003 303120`,
	}
	for _, s := range sound {
		if _, err := parse(octetsOf(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		b := octetsOf(t, sound[r.IntN(len(sound))])
		for range r.IntN(4) {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		m, wrong := parse(b[:len(b)-r.IntN(2)*r.IntN(len(b))])
		if a, seal := h.respond(m, wrong); a != nil {
			if f, err := parse(a.append(nil, seal)[2:]); err != nil {
				t.Fatalf("the answer to %X cannot be read: %v", b, err)
			} else if f.field[fCode] == "00" && f.mti == 0x0210 {
				t.Fatalf("approved: %X", b)
			}
		}
	}
}
