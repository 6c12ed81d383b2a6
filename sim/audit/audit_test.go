package audit

import (
	"errors"
	"slices"
	"testing"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// fleet gives terminals 10000001, 10000002 and 10000003, which took 100.00,
// 20.00 less 5.00, and nothing.
func fleet(t *testing.T) []*sim.Terminal {
	t.Helper()
	p, err := profile.Bundled("cup", 3)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]*sim.Terminal, len(p.Terminals))
	for i := range all {
		all[i] = sim.NewTerminal(p, &p.Terminals[i])
	}
	all[0].Journal.All = dialect.Totals{Debit: 100_00, DebitN: 2}
	all[1].Journal.All = dialect.Totals{Debit: 20_00, DebitN: 1, Credit: 5_00, CreditN: 1}
	return all
}

func TestEveryFenIsSeen(t *testing.T) {
	const one, two, three = "10000001", "10000002", "10000003"
	for _, c := range []struct {
		name   string
		books  map[string]int64
		agree  bool
		host   int64
		detail []string
	}{
		{"all agree", map[string]int64{one: 100_00, two: 15_00, three: 0}, true, 115_00, nil},
		{"nothing booked of what took nothing", map[string]int64{one: 100_00, two: 15_00}, true, 115_00, nil},
		{"one fen more", map[string]int64{one: 100_01, two: 15_00}, false, 115_01,
			[]string{"terminal 10000001: 100.00 yuan in its journal, 100.01 yuan on the host's books"}},
		{"one fen less", map[string]int64{one: 100_00, two: 14_99}, false, 114_99,
			[]string{"terminal 10000002: 15.00 yuan in its journal, 14.99 yuan on the host's books"}},
		{"booked on another's account", map[string]int64{one: 100_00, three: 15_00}, false, 115_00, []string{
			"terminal 10000002: 15.00 yuan in its journal, 0.00 yuan on the host's books",
			"terminal 10000003: 0.00 yuan in its journal, 15.00 yuan on the host's books"}},
		{"terminal missing", map[string]int64{two: 15_00}, false, 15_00,
			[]string{"terminal 10000001: 100.00 yuan in its journal, 0.00 yuan on the host's books"}},
		{"no books", nil, false, 0, []string{
			"terminal 10000001: 100.00 yuan in its journal, 0.00 yuan on the host's books",
			"terminal 10000002: 15.00 yuan in its journal, 0.00 yuan on the host's books"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Compare(fleet(t), Books{Net: c.books})
			if m.Agree() != c.agree || !slices.Equal(m.Detail, c.detail) {
				t.Errorf("agree is %v, want %v; told is %q, want %q", m.Agree(), c.agree, m.Detail, c.detail)
			}
			if !m.Checked || m.Terminals != 115_00 || m.Host != c.host || m.Payments != 3 || m.Owed != 0 {
				t.Errorf("sums are %+v, want the host's %d", m, c.host)
			}
		})
	}
}

// A ledger that does not add up is no proof of anything, even when each
// terminal's account agrees.
func TestBrokenLedgerIsNoAgreement(t *testing.T) {
	books := Books{Net: map[string]int64{"10000001": 100_00, "10000002": 15_00}, Broken: errors.New("ledger: 1 fen is gone")}
	if m := Compare(fleet(t), books); m.Agree() || !slices.Equal(m.Detail, []string{"ledger: 1 fen is gone"}) {
		t.Errorf("agree is %v, told is %q", m.Agree(), m.Detail)
	}
}

// What a terminal does not know it is not blamed for, whatever the host booked.
func TestOwingTerminalsAreLeftOut(t *testing.T) {
	for _, c := range []struct {
		name string
		owes bool
		lost int64
		owed int64
	}{{"reversal owed", true, 0, 1}, {"reversals given up", false, 2, 2}, {"both", true, 2, 3}} {
		t.Run(c.name, func(t *testing.T) {
			all := fleet(t)
			if all[0].Failed = c.lost; c.owes {
				all[0].Owed.Request = []byte{1}
			}
			m := Compare(all, Books{Net: map[string]int64{"10000001": 123_45, "10000002": 15_00}})
			if !m.Agree() || m.Owed != c.owed || m.Terminals != 15_00 || m.Host != 15_00 || m.Payments != 1 {
				t.Errorf("agree is %v: %+v", m.Agree(), m)
			}
			if m := Journals(all); m.Checked || m.Owed != c.owed || m.Terminals != 115_00 || m.Host != 0 || m.Payments != 3 {
				t.Errorf("the journals alone: %+v", m)
			}
		})
	}
}
