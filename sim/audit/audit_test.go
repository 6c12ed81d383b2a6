package audit

import (
	"errors"
	"slices"
	"strings"
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
			if all[0].Failed = int32(c.lost); c.owes {
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

// What a terminal is in doubt of the host may have or not have; a fen beside that is
// one too many.
func TestDoubtsAreAllowedFor(t *testing.T) {
	for host, agree := range map[int64]bool{100_00: true, 97_00: true, 95_00: true, 92_00: true, 98_00: false, 90_00: false, 103_00: false} {
		all := fleet(t)
		all[0].Journal.Doubts = []sim.Doubt{{Of: dialect.Refund, Amount: 3_00}, {Of: dialect.Refund, Amount: 5_00}}
		m := Compare(all, Books{Net: map[string]int64{"10000001": host, "10000002": 15_00}})
		if m.Agree() != agree || m.Open != 2 || m.Compared != 3 || m.Unknown != 0 {
			t.Errorf("the host has %d: agree is %v, want %v: %+v", host, m.Agree(), agree, m)
		}
	}
}

// Where no terminal knows what it took nothing agrees.
func TestNothingComparedIsNoAgreement(t *testing.T) {
	all := fleet(t)
	for _, x := range all {
		x.Failed = 1
	}
	if m := Compare(all, Books{Net: map[string]int64{}}); m.Agree() || !m.Checked || m.Compared != 0 || m.Unknown != 3 || m.Owed != 3 {
		t.Errorf("agree is %v: %+v", m.Agree(), m)
	}
}

// Where terminal and host disagree each payment is told, with what became of it at the
// terminal; five at the most. Of a batch that was closed the terminal has forgotten.
func TestDisputedPaymentsAreTold(t *testing.T) {
	all := fleet(t)[:1]
	j := &all[0].Journal
	j.All = dialect.Totals{Debit: 97_00, DebitN: 2}
	j.Records = []sim.Record{{Of: dialect.Purchase, Batch: 1, Trace: 7, Amount: 90_00, RRN: [12]byte([]byte("150130001770"))}, {Of: dialect.Refund, Batch: 1, Trace: 8, Amount: 3_00}, {Of: dialect.Purchase, Voided: true, Batch: 1, Trace: 9, Amount: 4_00}}
	j.Doubts = []sim.Doubt{{Of: dialect.Purchase, Batch: 1, Trace: 10, Amount: 1_00}}
	has := []Payment{{Terminal: "10000001", Batch: 1, Trace: 8, Amount: 3_00, Count: 1}, {Terminal: "10000001", Batch: 1, Trace: 10, Amount: 1_00, Count: 1}}
	books := Books{Net: map[string]int64{"10000001": 4_00}, Payments: func(string) []Payment { return has },
		Story: func(tid string, trace uint32) []string {
			if tid == "10000001" && trace == 7 {
				return []string{"sent at 1 s", "approved at 2 s"}
			}
			return nil
		}}
	want := []string{
		"terminal 10000001: 97.00 yuan in its journal and 1 in doubt, 4.00 yuan on the host's books",
		"terminal 10000001, trace 000007: purchase of 90.00 yuan in batch 000001, approved under reference 150130001770: the host has none. At the terminal sent at 1 s; approved at 2 s",
		"terminal 10000001, trace 000008: refund of -3.00 yuan in batch 000001, approved: the host has 3.00 yuan in one booking",
	}
	if m := Compare(all, books); !slices.Equal(m.Detail, want) {
		t.Errorf("told is\n%q, want\n%q", m.Detail, want)
	}
	books.Story = nil
	if m := Compare(all, books); len(m.Detail) != 3 || m.Detail[1] != strings.TrimSuffix(want[1], ". At the terminal sent at 1 s; approved at 2 s") {
		t.Errorf("without stories told is %q", m.Detail)
	}
	for trace := uint32(20); trace < 24; trace++ {
		has = append(has, Payment{Terminal: "10000001", Batch: 1, Trace: trace, Amount: 1, Count: 1})
	}
	if m := Compare(all, books); len(m.Detail) != 7 || m.Detail[6] != "terminal 10000001: and 1 more" {
		t.Errorf("of six told is %q", m.Detail)
	}
	if m := Compare(all, Books{Net: books.Net}); len(m.Detail) != 1 {
		t.Errorf("where payments are not to be had told is %q", m.Detail)
	}
	if has = nil; len(Compare(all, books).Detail) != 1 { // nor is it known that there are none
		t.Errorf("where a terminal's payments are not to be had told is %q", Compare(all, books).Detail)
	}
	has = []Payment{}
	if m := Compare(all, books); len(m.Detail) < 3 || !strings.HasSuffix(m.Detail[2], "the host has none") {
		t.Errorf("where it has none told is %q", m.Detail)
	}
	all[0].Settled().Counts[sim.Uncompared] = 1
	if m := Compare(all, books); len(m.Detail) != 1 {
		t.Errorf("of a batch that was closed told is %q", m.Detail)
	}
}

// Of a host whose ledger cannot be seen settlements tell.
func TestSettlementsAreBooks(t *testing.T) {
	settled := func(own, host int64) []*sim.Terminal {
		all := fleet(t)
		for _, x := range all {
			x.Opened = true
		}
		*all[0].Settled() = sim.Settled{Own: dialect.Totals{Debit: own, DebitN: 2}, Host: dialect.Totals{Debit: host, DebitN: 2}}
		if own != host {
			all[0].Settled().Detail = "terminal 10000001: 1 fen"
		}
		return all
	}
	if m := Settlements(settled(100_00, 100_00)); !m.Agree() || !m.Settled || m.Compared != 3 || m.Terminals != 100_00 || m.Host != 100_00 {
		t.Errorf("agree is %v: %+v", m.Agree(), m)
	}
	if m := Settlements(settled(100_00, 100_01)); m.Agree() || len(m.Detail) != 1 {
		t.Errorf("agree is %v: %+v", m.Agree(), m)
	}
	for name, spoil := range map[string]func(*sim.Terminal){
		"a batch left open":               func(x *sim.Terminal) { x.Journal.Records = make([]sim.Record, 1) },
		"a settlement not done":           func(x *sim.Terminal) { x.Settled().Why = errors.New("the host answers 96") },
		"a batch that may have held more": func(x *sim.Terminal) { x.Settled().Counts[sim.Uncompared] = 1 },
		"no part taken":                   func(x *sim.Terminal) { x.Opened = false },
		"a reversal given up":             func(x *sim.Terminal) { x.Failed = 1 },
	} {
		all := settled(100_00, 100_00)
		spoil(all[0])
		if m := Settlements(all); !m.Agree() || m.Compared != 2 || m.Unknown != 1 {
			t.Errorf("%s: %+v", name, m)
		}
		all = settled(100_00, 100_01)
		spoil(all[0])
		if m := Settlements(all); m.Agree() || m.Compared != 3 || len(m.Detail) != 1 {
			t.Errorf("%s, and totals that cannot be: %+v", name, m)
		}
	}
}

// Where no terminal settled nothing was compared.
func TestNoSettlementIsNoAgreement(t *testing.T) {
	if m := Settlements(fleet(t)); m.Agree() || m.Checked || m.Compared != 0 || m.Unknown != 3 {
		t.Errorf("agree is %v: %+v", m.Agree(), m)
	}
}

// Totals that differ are no agreement because the settlement that told them was not
// done.
func TestTotalsOfASettlementNotDoneAreHeldAgainstTheHost(t *testing.T) {
	all := fleet(t)
	for _, x := range all {
		x.Opened = true
	}
	s := all[0].Settled()
	s.Why = errors.New("its upload was not acknowledged")
	s.Open = &sim.OpenBatch{Own: dialect.Totals{Debit: 500, DebitN: 1}, Host: dialect.Totals{Debit: 499, DebitN: 1}, Detail: "terminal 10000001: 5.00, 4.99"}
	if m := Settlements(all); m.Agree() || m.Compared != 3 || m.Terminals != 500 || m.Host != 499 || len(m.Detail) != 1 {
		t.Errorf("%+v", m)
	}
}
