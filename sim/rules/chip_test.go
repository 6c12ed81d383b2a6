package rules

import (
	"errors"
	"testing"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

func TestIssuersAnswerIsHeldToTheChip(t *testing.T) {
	key := []byte("0123456789abcdef")
	issuer, err := chip.NewIssuer(chip.Find(chip.Schemes(), "pboc"), key, key, key)
	if err != nil {
		t.Fatal(err)
	}
	card, err := chip.NewCard(issuer, "6225000000000014", "001")
	if err != nil {
		t.Fatal(err)
	}
	k, err := issuer.CardKeys("6225000000000014", "001")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		answer     func(value []byte) []byte
		code       string
	}{
		{"right", "", func(v []byte) []byte { return chip.AppendIssuerAuthentication(nil, v) }, "00"},
		{"a bit wrong", "ANS-55-ISSUER", func(v []byte) []byte { v[3] ^= 1; return chip.AppendIssuerAuthentication(nil, v) }, "00"},
		{"of another code", "ANS-55-ISSUER", func(v []byte) []byte { v[9] ^= 1; return chip.AppendIssuerAuthentication(nil, v) }, "00"},
		{"too short", "ANS-55-ISSUER", func(v []byte) []byte { return chip.AppendIssuerAuthentication(nil, v[:8]) }, "00"},
		{"absent", "ANS-55-PRESENT", func(v []byte) []byte { return nil }, "00"},
		{"wrong, of a decline", "", func(v []byte) []byte { v[3] ^= 1; return chip.AppendIssuerAuthentication(nil, v) }, "51"},
	} {
		var x chip.Transaction
		if err := x.Begin(card); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Generate(chip.ARQC); err != nil {
			t.Fatal(err)
		}
		var w chip.Work
		var dst [10]byte
		if !w.Right(issuer.Scheme, k, &x.Data, x.Cryptogram[:]) {
			t.Fatal("the cryptogram is not right")
		}
		v := c.answer(w.Answer(&dst, issuer.Scheme, k, x.Cryptogram[:], [2]byte{'0', '0'}, true))
		e := answered(t, dialect.CUP(), dialect.Purchase, func(m *wire.Message) {
			if v != nil {
				m.Set(wire.ChipData, v)
			}
			m.SetString(wire.ResponseCode, c.code)
		})
		e.Chip = &x
		id, err := first(NewJudge(dialect.CUP()), e)
		if id != c.want || c.want == "ANS-55-ISSUER" && !errors.Is(err, ErrIssuer) {
			t.Errorf("%s: breaks %q, %v, want %q", c.name, id, err, c.want)
		}
	}
}
