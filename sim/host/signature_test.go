package host

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/signature"
	"github.com/posfleet/posfleet/sim/signature/jbig"
	"github.com/posfleet/posfleet/sim/wire"
)

// imageOf is a signature's, as a terminal makes it.
func imageOf(writer uint64) []byte {
	return jbig.Encode(signature.Image(signature.Generate(writer, signature.Genuine, 0), signature.ImageWidth, signature.ImageHeight), jbig.Options{})
}

// buys has a good card pay, and gives what a signature under it points to it by.
func (p *pos) buys(fen uint64) (under field) {
	p.Helper()
	p.want("00", dialect.Purchase, amount(fen), shows("good"))
	trace, rrn, date := p.trace, p.ans.FieldText(37), p.ans.FieldText(15)
	return func(_ *pos, m *wire.Message) {
		m.SetFieldUint(4, fen)
		m.SetFieldUint(11, trace)
		m.SetFieldString(15, date)
		m.SetFieldString(37, rrn)
	}
}

func image(octets []byte) field {
	return func(_ *pos, m *wire.Message) { m.Set(wire.SignatureImage, octets) }
}

func part(number int, last bool, octets []byte) field {
	return func(_ *pos, m *wire.Message) {
		m.SetString(wire.ManagementCode, fmt.Sprint(800+number))
		if last {
			m.SetUint(wire.LastPart, 1)
		}
		m.Set(wire.SignatureImage, octets)
	}
}

func keptOf(t *testing.T, h *Host) []Signature {
	t.Helper()
	kept, known := h.Signatures("10000001")
	if !known {
		t.Fatal("the host does not know the terminal")
	}
	return kept
}

func TestSignaturesAreKeptUnderTheirPurchases(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	under := p.buys(1234)
	rrn := p.ans.FieldText(37)
	p.want("00", dialect.SignatureUpload, under, image(imageOf(1)))
	p.want("00", dialect.SignatureUpload, under, image(imageOf(2))) // the answer was lost: it comes again
	kept := keptOf(t, h)
	if len(kept) != 1 || !bytes.Equal(kept[0].Image, imageOf(2)) {
		t.Fatalf("%d signatures are kept, want the latest alone", len(kept))
	}
	s := kept[0]
	code, _ := signature.FeatureCode(p.ans.FieldText(15), rrn)
	if s.Amount != 1234 || s.RRN != rrn || s.Width != 400 || s.Height != 160 || s.Black < 100 || s.Parts != 1 || s.Batch != 1 || len(code) != 8 || len(s.FeatureCode) != 8 {
		t.Errorf("kept %+v", s)
	}
	if _, known := h.Signatures("99999999"); known {
		t.Error("a terminal that is not there has signatures")
	}
	if kept, known := h.Signatures("10000002"); len(kept) != 0 || !known {
		t.Error("another terminal has the signature, or is not known")
	}
}

func TestSignaturesInPartsAreJoined(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	under, whole := p.buys(100), imageOf(3)
	a, b, c := whole[:40], whole[40:80], whole[80:]
	p.want("30", dialect.SignaturePart, under, part(2, false, b)) // of none that has begun
	p.want("00", dialect.SignaturePart, under, part(1, false, a))
	p.want("30", dialect.SignaturePart, under, part(3, true, c)) // the second is missing
	p.want("30", dialect.SignaturePart, under, part(2, false, b))
	p.want("00", dialect.SignaturePart, under, part(1, false, a))
	p.want("00", dialect.SignaturePart, under, part(2, false, b))
	if n := len(keptOf(t, h)); n != 0 {
		t.Errorf("%d signatures before the last part", n)
	}
	p.want("00", dialect.SignaturePart, under, part(3, true, c))
	if kept := keptOf(t, h); len(kept) != 1 || !bytes.Equal(kept[0].Image, whole) || kept[0].Parts != 3 {
		t.Errorf("kept %+v", kept)
	}
	other := p.buys(200)
	p.want("00", dialect.SignaturePart, under, part(1, false, a))
	p.want("30", dialect.SignaturePart, other, part(2, true, b)) // of another purchase
	p.want("30", dialect.SignaturePart, other, part(1, true, a)) // no whole image
}

func TestWrongSignaturesAreRefused(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	under, good := p.buys(500), imageOf(1)
	bent := bytes.Clone(good)
	bent[len(bent)-1] ^= 0xff
	for name, c := range map[string]struct {
		code   string
		fields []field
	}{
		"no image":             {"30", []field{under}},
		"no JBIG":              {"30", []field{under, image([]byte("a signature"))}},
		"half an image":        {"30", []field{under, image(good[:len(good)/2])}},
		"another end":          {"30", []field{under, image(bent)}},
		"another amount":       {"64", []field{under, image(good), amount(501)}},
		"a trace without sale": {"25", []field{under, image(good), set(11, "777777")}},
		"another reference":    {"25", []field{under, image(good), set(37, "000000000000")}},
		"no reference":         {"30", []field{under, image(good), without(37)}},
		"a batch of tomorrow":  {"77", []field{under, image(good), sub(wire.Batch, "000009")}},
	} {
		if got := p.do(dialect.SignatureUpload, c.fields...); got != c.code {
			t.Errorf("%s: answered %q, want %q", name, got, c.code)
		}
	}
	frame := p.frame(p.request(dialect.SignatureUpload, under, image(good)))
	frame[len(frame)-1] ^= 1
	if got := p.exchange(frame); got != "A0" {
		t.Errorf("a wrong MAC: answered %q", got)
	}
	p.want("00", dialect.SignOff)
	if got := p.exchange(p.frame(p.request(dialect.SignatureUpload, under, image(good)))); got != "77" {
		t.Errorf("signed off: answered %q", got)
	}
	if n := len(keptOf(t, h)); n != 0 {
		t.Errorf("%d signatures are kept", n)
	}
}

// A declined purchase has nothing to sign.
func TestADeclinedPurchaseIsNotSigned(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	p.want("43", dialect.Purchase, amount(100), shows("stolen"))
	trace, rrn := p.trace, p.ans.FieldText(37)
	p.want("25", dialect.SignatureUpload, amount(100), set(37, rrn), image(imageOf(1)), func(_ *pos, m *wire.Message) { m.SetFieldUint(11, trace) })
}

// The host keeps the latest few of a terminal and no more, however many come.
func TestKeptSignaturesAreBounded(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	for n := range uint64(KeptSignatures + 5) {
		p.want("00", dialect.SignatureUpload, p.buys(100+n), image(imageOf(1)))
	}
	kept := keptOf(t, h)
	if len(kept) != KeptSignatures || kept[0].Amount != 105 || kept[len(kept)-1].Amount != 100+KeptSignatures+4 {
		t.Errorf("%d are kept, of %d fen to %d", len(kept), kept[0].Amount, kept[len(kept)-1].Amount)
	}
}

func BenchmarkSignatureUpload(b *testing.B) {
	h, address := listen(b, "cup")
	p := ready(b, h, address, 0)
	under, octets := p.buys(100), imageOf(1)
	for b.Loop() {
		p.want("00", dialect.SignatureUpload, under, image(octets))
	}
}

// A terminal out of stock is as known as one of the profile's merchants.
func TestSignaturesOfTerminalsOutOfStockAreFound(t *testing.T) {
	p, err := profile.Bundled("cup", 2)
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	if kept, known := h.Signatures(p.Stock[0].TID); len(kept) != 0 || !known {
		t.Errorf("%d, %v", len(kept), known)
	}
}
