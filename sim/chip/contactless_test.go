package chip

import "testing"

func TestCardSaysHowItsCardholderIsVerified(t *testing.T) {
	for _, row := range []struct {
		by       Verification
		pinPad   bool
		verified bool
		want     CTQ
	}{
		{ByPIN, true, false, CTQ{}}, {ByDevice, true, false, CTQ{}}, {BySignature, false, false, CTQ{}},
		{ByPIN, true, true, CTQ{0x80, 0}}, {ByPIN, false, true, CTQ{0x40, 0}},
		{BySignature, true, true, CTQ{0x40, 0}}, {ByDevice, true, true, CTQ{0, 0x80}}, {ByDevice, false, true, CTQ{0, 0x80}},
	} {
		c := &Card{verifies: row.by}
		q := NewTTQ(row.pinPad, true, row.verified)
		got, ok := c.Qualify(q)
		if !ok || got != row.want || got.PIN() != (row.want[0] == 0x80) || got.Signature() != (row.want[0] == 0x40) || got.ByDevice() != (row.want[1] == 0x80) {
			t.Errorf("%d to %X: %X, %v, want %X", row.by, q, got, ok, row.want)
		}
	}
	// What a terminal cannot do no card asks for.
	q := TTQ{tapQPBOC, tapVerification}
	for _, by := range []Verification{BySignature, ByPIN, ByDevice} {
		if got, ok := (&Card{verifies: by}).Qualify(q); ok || got != (CTQ{}) {
			t.Errorf("%d to %X: %X", by, q, got)
		}
	}
	// The terminal of qpboc-kernel's log has these, but for what its card signs and by device.
	if got, want := NewTTQ(true, true, false), (TTQ{0x36, 0x80, 0x40, 0x80}); got != want {
		t.Errorf("%X, want %X", got, want)
	}
}

// Somebody who tells the terminal another answer of the card to its qualifiers, as that no
// PIN is wanted, is found by what the card has signed.
func TestQualifiersAreUnderTheSignatureOfATap(t *testing.T) {
	known := authoritiesKeys(t, "posfleet")
	for name, change := range map[string]func(q *CTQ){"as it was": nil, "no PIN": func(q *CTQ) { q[0] = 0 }, "by device": func(q *CTQ) { q[1] = 0x80 }} {
		var tr Transaction
		if err := tr.Begin(certifiedCard(t, DDA, "posfleet", "4912", "4912")); err != nil {
			t.Fatal(err)
		}
		tr.Date, tr.Amount, tr.Currency = [3]byte{0x26, 0x11, 0x27}, [6]byte{5: 0x12}, [2]byte{1, 0x56}
		if !tr.Tap(NewTTQ(true, false, true)) || !tr.CTQ.PIN() {
			t.Fatalf("the card answers %X", tr.CTQ)
		}
		want := NoODAFailure
		if change != nil {
			change(&tr.CTQ)
			want = DynamicSignatureWrong
		}
		if tr.AuthenticateTap(known); tr.Failure != want {
			t.Errorf("%s: %s, want %s", name, tr.Failure, want)
		}
	}
}
