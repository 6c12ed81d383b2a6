package dialect

import (
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

// Totals stand in one field of two halves, or in a field each; there the code of the
// answer says what becomes of them.
func TestReconciliationReadsAsItWasWritten(t *testing.T) {
	totals := Totals{Debit: 153_00, DebitN: 2, Credit: 203_00, CreditN: 3}
	for _, c := range []struct {
		dialect, code string
		want          Flag
		fields        map[int]string
	}{
		{"cup", "", InError, map[int]string{48: "0000000153000020000000203000033" + "0000000000000000000000000000001"}},
		{"iso93", "500", Balanced, map[int]string{74: "0000000003", 75: "0000000000", 77: "0000000000", 87: "0000000000000000", 89: "0000000000000000", 76: "0000000002", 86: "0000000000020300", 88: "0000000000015300", 97: "C0000000000005000", 48: ""}},
		{"iso93", "501", Unbalanced, nil},
		{"iso93", "", NoFlag, nil},
	} {
		d, _ := Named(c.dialect)
		m := d.NewMessage()
		m.SetMTI(d.Form(Settlement).MTI)
		if _, told := d.ReadReconciliation(m); told {
			t.Errorf("%s: an empty message has totals", c.dialect)
		}
		d.SetReconciliation(m, &Reconciliation{Own: totals, Flag: InError, ForeignFlag: Balanced})
		if c.code != "" {
			m.SetString(wire.ResponseCode, c.code)
		}
		for n, want := range c.fields {
			if got := string(m.Field(n)); got != want {
				t.Errorf("%s: field %d is %q, want %q", c.dialect, n, got, want)
			}
		}
		if _, err := m.Append(nil); err != nil {
			t.Errorf("%s: %v", c.dialect, err)
		}
		r, told := d.ReadReconciliation(m)
		if !told || r.Own != totals || r.Flag != c.want {
			t.Errorf("%s, code %q: %+v, %v", c.dialect, c.code, r, told)
		}
	}
	d, _ := Named("iso93")
	m := d.NewMessage()
	d.SetReconciliation(m, &Reconciliation{Own: totals})
	m.UnsetField(76)
	if _, told := d.ReadReconciliation(m); told {
		t.Error("three of four totals are taken for all")
	}

	// A host that counts what was undone says so in fields of its own.
	d.SetReconciliation(m, &Reconciliation{Own: Totals{Debit: 200_00, DebitN: 3, Credit: 210_00, CreditN: 4}})
	m.SetFieldUint(77, 1)
	m.SetFieldUint(89, 47_00)
	m.SetFieldUint(75, 1)
	m.SetFieldUint(87, 7_00)
	if r, told := d.ReadReconciliation(m); !told || r.Own != totals {
		t.Errorf("with what was undone taken off: %+v, %v, want %+v", r.Own, told, totals)
	}
	for _, n := range []int{75, 77, 87, 89} {
		m.UnsetField(n)
	}
	if r, told := d.ReadReconciliation(m); !told || r.Own.DebitN != 3 {
		t.Errorf("a host that says nothing of reversals: %+v, %v", r.Own, told)
	}
}
