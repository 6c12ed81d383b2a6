package chip

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/strict"
)

// A payment that was published whole: field 55 of its request, its card's issuer key
// and the issuer's answer (cnblogs 1024Planet/6256545).
const (
	wholeField  = "9F26085D016C91005E7CC29F2701809F101307000103A04002010A010000001000D1F611529F37041E78EEBC9F36020240950500800460009A031407019C01009F02060000000000015F2A02015682027D009F1A0201569F03060000000000009F330360E1C89F34030203009F3501229F1E0838333230494343008408A0000003330101019F090200209F410400000007"
	wholeAnswer = "21415243527CE78F3031"
)

func TestPublishedPaymentIsRightAndAnswered(t *testing.T) {
	k, _, _ := pbocCard(t, "", "")
	s := Find(Schemes(), "pboc")
	var r Received
	if !r.Read(octets(t, wholeField)) {
		t.Fatal("not read")
	}
	var w Work
	if !w.Right(s, k, &r.Data, r.Cryptogram) || r.Kind != ARQC {
		t.Fatalf("a right cryptogram of kind %s is refused", r.Kind)
	}
	var dst [10]byte
	if got := fmt.Sprintf("%X", w.Answer(&dst, s, k, r.Cryptogram, [2]byte{'0', '1'}, false)); got != wholeAnswer {
		t.Errorf("answer %s, want %s", got, wholeAnswer)
	}
	r.Amount[5] ^= 1
	if w.Right(s, k, &r.Data, r.Cryptogram) {
		t.Error("a changed amount passes")
	}
}

// Published cryptograms of each scheme, with the session key and the answer.
var cryptograms = []published{
	{ID: "Visa 18", IMK: "0123456789ABCDEFFEDCBA9876543210", PAN: "1234567890123456", PSN: "00", MKD: "B", SKD: "csk", ATC: "001C", Pad: "80",
		SK: "436B942AD637E08564B532B0EC97CB26", Data: "0000000040000000000000000124800004800001241911050152BF45851800001C06011203A0B800", AC: "7A788EA6B8A3E733"},
	{ID: "M/Chip 10", IMK: "0123456789ABCDEFFEDCBA9876543210", PAN: "1234567890123456", PSN: "00", MKD: "A", SKD: "mc", ATC: "001C", UN: "ABCDEF12", Pad: "80",
		SK: "5D8F37BCD9E5DA68048CDFA2EA255D9E", Data: "00000000999900000000000001248000000000012420990600ABCDEF121800001CA00003220000", AC: "24CCF3DEE3158C70"},
	{ID: "option B", IMK: "0123456789ABCDEFFEDCBA9876543210", PAN: "000000000000000005", PSN: "23", MKD: "B", SKD: "csk", ATC: "001C", Pad: "80",
		SK: "512CE0EC80A45DAB49D5B59492E59BD9", Data: "0000000040000000000000000124800004800001241911050152BF45851800001C06011203A0B800", AC: "8CAD6F2489C640B1"},
	{ID: "PBOC", UDK: "0D2E3CB0BC1F9E03AED58F663A2F9679", SKD: "pboc", ATC: "000E", Pad: "80",
		SK: "C3D3F062E9992B4E923D338D66193526", Data: "0000000012340000000000340156D86004A800015612051601010101017C00000E03A4B904", AC: "F294D7022FA9B058"},
	{ID: "PBOC SM4", IMK: "F23BF4AE92B554C116139D4F67322667", PAN: "6214988660100000304", PSN: "00", MKD: "A", SKD: "pboc_sm4", ATC: "0001", Pad: "80",
		SK: "9ECF9220F32AE56187D3C2444967FC0E", Data: "00000000000000000000000001560000000800015616051800412AB4B67D00000103A00000", AC: "179E0D01A7D1791D"},
}

func TestCryptogramsAreThePublished(t *testing.T) {
	for i := range cryptograms {
		if cryptograms[i].hold(t) < 2 {
			t.Errorf("%s: nothing was held", cryptograms[i].ID)
		}
	}
}

// issued is an issuer of each scheme, with a card.
func issued(t testing.TB, scheme string) (*Issuer, *Card, *Keys) {
	t.Helper()
	i, err := NewIssuer(Find(Schemes(), scheme), []byte("0123456789abcdef"), []byte("123456789abcdef0"), []byte("23456789abcdef01"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCard(i, "6225000010000012", "001")
	if err != nil {
		t.Fatal(err)
	}
	k, err := i.CardKeys("6225000010000012", "001")
	if err != nil {
		t.Fatal(err)
	}
	return i, c, k
}

// request begins a payment and gives field 55 of its request.
func request(t testing.TB, tr *Transaction, c *Card) []byte {
	t.Helper()
	if err := tr.Begin(c); err != nil {
		t.Fatal(err)
	}
	tr.Amount, tr.Currency, tr.Country = [6]byte{5: 0x12}, [2]byte{1, 0x56}, [2]byte{1, 0x56}
	if _, err := tr.Generate(ARQC); err != nil {
		t.Fatal(err)
	}
	return tr.AppendTags(nil, RequestTags)
}

func TestCardAndIssuerUnderstandEachOther(t *testing.T) {
	for _, s := range Schemes() {
		t.Run(s.Name, func(t *testing.T) {
			_, c, k := issued(t, s.Name)
			var tr Transaction
			var w Work
			for n := range 3 {
				var r Received
				octets := request(t, &tr, c)
				if r.Read(octets); s.New(&r.Data) != (n == 0) {
					t.Errorf("payment %d: the card says new: %v", n, s.New(&r.Data))
				}
				if !r.Read(octets) || !w.Right(s, k, &r.Data, r.Cryptogram) {
					t.Fatal("the card's cryptogram is refused")
				}
				var dst [10]byte
				value := bytes.Clone(w.Answer(&dst, s, k, r.Cryptogram, [2]byte{'0', '0'}, true))
				switch n {
				case 1:
					value[0] ^= 1
				case 2: // another code than the answer is for
					value[len(value)-3] ^= 1
				}
				right := tr.Authenticate(value)
				kind, err := tr.Finish(TC)
				if err != nil || right != (n == 0) || kind != [...]Kind{TC, AAC, AAC}[n] {
					t.Errorf("payment %d: right %v, then %s, %v", n, right, kind, err)
				}
				if tr.Authenticate(value) {
					t.Error("a second answer is taken")
				}
				if _, err := tr.Finish(TC); err == nil {
					t.Error("a third cryptogram is made")
				}
			}
			var r Received
			if c.Counter() != 3 || c.fresh {
				t.Errorf("counter %d, new %v", c.Counter(), c.fresh)
			}
			octets := request(t, &tr, c)
			if !r.Read(octets) {
				t.Fatal("not read")
			}
			for name, change := range map[string]func(){
				"amount":     func() { r.Amount[5]++ },
				"counter":    func() { r.ATC[1]++ },
				"number":     func() { r.UN[0]++ },
				"cryptogram": func() { r.Cryptogram[7]++ },
			} {
				r.Read(octets)
				if change(); w.Right(s, k, &r.Data, r.Cryptogram) {
					t.Errorf("%s changed, and taken", name)
				}
				if name == "cryptogram" {
					r.Cryptogram[7]--
				}
			}
		})
	}
}

func TestIssuersCommandsAreObeyed(t *testing.T) {
	s := Find(Schemes(), "pboc")
	_, c, k := issued(t, "pboc")
	var tr Transaction
	var w Work
	tell := func(command Command, data []byte, spoil bool) bool {
		var r Received
		r.Read(request(t, &tr, c))
		apdu, err := w.AppendCommand(nil, s, k, command, &r.Data, [8]byte(r.Cryptogram), data)
		if err != nil {
			t.Fatal(err)
		}
		if spoil {
			apdu[len(apdu)-1] ^= 1
		}
		answer := AppendScript(nil, TagBefore, [4]byte{1, 2, 3, 4}, apdu)
		if !tr.Run(answer, TagBefore) || tr.Run(answer, TagAfter) {
			t.Fatal("no command was run, or one of another script")
		}
		return tr.Results[0] == 0x20 && bytes.Equal(tr.Results[1:5], []byte{1, 2, 3, 4})
	}
	if !tell(ChangePIN, []byte("123456"), false) || string(c.pin) != "123456" {
		t.Error("the PIN is not changed")
	}
	if !tell(SetBalance, []byte{0, 0, 0, 1, 0, 0}, false) || c.balance != [6]byte{3: 1} {
		t.Error("the balance is not set")
	}
	if tell(BlockApplication, nil, true) || c.Blocked() || tr.TVR[4]&0x20 == 0 || tr.Results[0] != 0x11 {
		t.Errorf("a command with a wrong MAC is obeyed, or not told: TVR %X, %X", tr.TVR, tr.Results)
	}
	if !tell(BlockApplication, nil, false) || !c.Blocked() {
		t.Error("the application is not blocked")
	}
	if err := tr.Begin(c); err != ErrBlocked {
		t.Errorf("a blocked card begins a payment: %v", err)
	}
}

func TestUsedUpCardRefuses(t *testing.T) {
	_, c, _ := issued(t, "pboc")
	c.atc = 0xFFFE
	var tr Transaction
	if err := tr.Begin(c); err != nil || tr.Counter() != 0xFFFF {
		t.Errorf("counter %X, %v", tr.Counter(), err)
	}
	if err := tr.Begin(c); err != ErrUsedUp {
		t.Errorf("%v, want %v", err, ErrUsedUp)
	}
}

func TestSchemesThatCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		"a: {version: \"1\", session: pboc, iad: pboc}":                                                                             "two hexadecimal digits",
		"a: {version: \"01\", session: none}":                                                                                       "iad",
		"a: {version: \"01\", session: magic, iad: visa}":                                                                           "one of none, common, mastercard, pboc, visa",
		"a: {version: \"01\", session: none, iad: visa, over: everything}":                                                          "one of cvr, iad",
		"a: {version: \"01\", session: none, iad: visa, card-key: c}":                                                               "a or b",
		"a: {version: \"01\", session: pboc, iad: pboc, over: all}\nb: {version: \"01\", session: pboc, iad: pboc,\n  arpc: \"2\"}": "x.yaml:3: b.arpc: no source has arpc 2 with",

		// Each word is one that its key may have, and they do not go together.
		"a: {version: \"01\", session: common, iad: pboc, cipher: sm4}":                                       "a.session: no source has session common with iad pboc under SM4; want pboc",
		"a: {version: \"01\", session: pboc, iad: pboc, cipher: sm4, arpc: \"2\"}":                            "a.arpc: no source has arpc 2 with iad pboc under SM4 and session pboc; want 1",
		"a: {version: \"17\", session: pboc, iad: pboc, cipher: sm4, over: short}":                            "a.over: no source has over short with iad pboc under SM4 and session pboc; want cvr",
		"a: {version: \"01\", session: none, iad: visa, cipher: sm4}":                                         "a.cipher: no source has cipher sm4 with iad visa; want 3des",
		"a: {version: \"01\", session: pboc, iad: pboc, card-key: b}":                                         "a.card-key: no source has card-key b with",
		"a: {version: \"01\", session: pboc, iad: pboc, arpc-key: card}":                                      "a.arpc-key: no source has arpc-key card with",
		"a: {version: \"01\", session: pboc, iad: pboc, script-key: visa}":                                    "a.script-key: no source has script-key visa with iad pboc and session pboc; want none or pboc",
		"a: {version: \"01\", session: pboc, iad: mchip}":                                                     "a.session: no source has session pboc with iad mchip; want common or emv2000-2 or emv2000-4 or mastercard",
		"a: {version: \"12\", session: common, iad: visa}":                                                    "a: no source has over cvr, which it is when left out, with iad visa and session common; write over: iad",
		"a: {version: \"12\", session: common, iad: visa, over: iad, arpc: \"2\", balance: true}":             "a.balance: no source has balance true",
		"a: {version: \"0A\", session: none, iad: visa, padding: \"1\", script-key: visa, script-pin: iso-2}": "a.script-pin: no source has script-pin iso-2 with iad visa and session none and script-key visa; want cryptograms",
		"a: {version: \"0A\", session: none, iad: visa, padding: \"1\", script-key: common-arqc}":             "a.script-key: no source has script-key common-arqc with iad visa and session none; want none or visa",
		"a: {version: \"12\", session: common, iad: visa, over: iad, arpc: \"2\", script-key: common}":        "a.script-key: no source has script-key common with iad visa and session common; want common-arqc or none or visa",
		"a: {version: \"14\", session: common, iad: mchip, code: octets, script-key: common-arqc}":            "a: no source has script-cipher ecb, which it is when left out, with iad mchip and session common and script-key common-arqc; write script-cipher: cbc",
		"a: {version: \"14\", session: common, iad: mchip, code: octets, script-over: command}":               "a.script-over: without script-key there are no commands; give that, or leave script-over away",
	} {
		r := &strict.Reader{File: "x.yaml"}
		if root, ok := r.Document([]byte(text)); ok {
			ReadSchemes(r, root)
		}
		if r.Err() == nil || !strings.Contains(r.Err().Error(), want) {
			t.Errorf("%s: %v, want %s", text, r.Err(), want)
		}
	}
}

func TestKeysOfCardsAreNotPrinted(t *testing.T) {
	_, _, k := issued(t, "pboc")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, *k); got != "keys(hidden)" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	if _, err := NewIssuer(Find(Schemes(), "pboc"), make([]byte, 8), make([]byte, 16), make([]byte, 16)); err == nil {
		t.Error("an issuer of a key of 8 octets")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(octets(f, wholeField))
	f.Add([]byte{0x9F, 0x26, 0x81})
	f.Fuzz(func(t *testing.T, v []byte) {
		if n := allocs.Above(4*uint64(len(v))+4096, func() { new(Received).Read(v) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(v), n)
		}
		var r Received
		if r.Read(v) && r.Cryptogram != nil && len(r.Cryptogram) != 8 {
			t.Error("a cryptogram of another length")
		}
		var tr Transaction
		_, c, _ := issued(t, "pboc")
		request(t, &tr, c)
		tr.Run(v, TagBefore)
		tr.Run(v, TagAfter)
	})
}

func BenchmarkPayment(b *testing.B) {
	for _, name := range []string{"pboc", "visa-18", "pboc-sm4"} {
		b.Run(name, func(b *testing.B) {
			s := Find(Schemes(), name)
			_, c, k := issued(b, name)
			var tr Transaction
			var w Work
			var r Received
			var room [256]byte
			var dst [10]byte
			b.ReportAllocs()
			for b.Loop() {
				if c.atc = 0; tr.Begin(c) != nil {
					b.Fatal()
				}
				tr.Generate(ARQC)
				if !r.Read(tr.AppendTags(room[:0], RequestTags)) || !w.Right(s, k, &r.Data, r.Cryptogram) ||
					!tr.Authenticate(w.Answer(&dst, s, k, r.Cryptogram, [2]byte{'0', '0'}, true)) {
					b.Fatal("refused")
				}
				tr.Finish(TC)
			}
		})
	}
}
