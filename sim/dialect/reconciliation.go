package dialect

import (
	"fmt"

	"github.com/posfleet/posfleet/sim/wire"
)

// Reconciliation is what a settlement, or the answer to one, says of totals: of
// domestic cards and of foreign ones, and in an answer what the host found of them.
type Reconciliation struct {
	Own, Foreign      Totals
	Flag, ForeignFlag Flag
}

// separate reports whether the network has a field for each total (ISO 8583: 74 to
// 97). The response code says then what a flag would, and no card is foreign.
func (d *Dialect) separate() bool { return d.Has(wire.DebitsAmount) }

// Verdict is by what an answer to a settlement says how the totals compare: "flag 2" or, in
// a network without flags, "code 95".
func (d *Dialect) Verdict(f Flag, c Code) string {
	if d.separate() {
		return "code " + c.String()
	}
	return "flag " + f.String()
}

// SetReconciliation writes totals into a settlement or the answer to one.
func (d *Dialect) SetReconciliation(m *wire.Message, r *Reconciliation) {
	if !d.separate() {
		var v [TotalsLen]byte
		PutTotals(v[:TotalsHalf], r.Own, r.Flag)
		PutTotals(v[TotalsHalf:], r.Foreign, r.ForeignFlag)
		m.Set(wire.Totals, v[:])
		return
	}
	m.SetUint(wire.DebitsNumber, uint64(r.Own.DebitN))
	m.SetUint(wire.CreditsNumber, uint64(r.Own.CreditN))
	m.SetUint(wire.DebitsAmount, uint64(r.Own.Debit))
	m.SetUint(wire.CreditsAmount, uint64(r.Own.Credit))
	for _, e := range reversedTotals {
		if d.Has(e) {
			m.SetUint(e, 0) // what was undone is in no total
		}
	}
	net := [17]byte{'D'}
	n := r.Own.Net()
	if n < 0 {
		net[0], n = 'C', -n
	}
	wire.PutUint(net[1:], uint64(n))
	m.Set(wire.NetAmount, net[:])
}

// ReadReconciliation reads the totals of a settlement or of the answer to one; false
// when it has none that can be read.
func (d *Dialect) ReadReconciliation(m *wire.Message) (r Reconciliation, ok bool) {
	if !d.separate() {
		v := m.Get(wire.Totals)
		if len(v) != TotalsLen || !wire.IsDigits(v) {
			return r, false
		}
		r.Own, r.Flag = ReadTotals(v)
		r.Foreign, r.ForeignFlag = ReadTotals(v[TotalsHalf:])
		return r, true
	}
	for _, e := range separateTotals {
		if v := m.Get(e); len(v) == 0 || !wire.IsDigits(v) {
			return r, false
		}
	}
	for _, e := range reversedTotals {
		if v := m.Get(e); !wire.IsDigits(v) {
			return r, false
		}
	}
	r.Own = Totals{
		Debit:   int64(m.Uint(wire.DebitsAmount)) - int64(m.Uint(wire.DebitsReversed)),
		DebitN:  int(m.Uint(wire.DebitsNumber)) - int(m.Uint(wire.DebitReversals)),
		Credit:  int64(m.Uint(wire.CreditsAmount)) - int64(m.Uint(wire.CreditsReversed)),
		CreditN: int(m.Uint(wire.CreditsNumber)) - int(m.Uint(wire.CreditReversals)),
	}
	r.Flag, r.ForeignFlag = NoFlag, NoFlag
	switch code := CodeOf(m.Get(wire.ResponseCode)); {
	case code == Code{}:
	case d.Means(code, TotalsDiffer):
		r.Flag = Unbalanced
	case d.Class(code) == Approves:
		r.Flag = Balanced
	}
	return r, true
}

// reversedTotals are of debits and credits that were undone. A terminal leaves such out
// of its totals; a host may count them there and here, as ISO 8583 has it, and so
// they are taken off.
var reversedTotals = [...]wire.Element{wire.DebitReversals, wire.CreditReversals, wire.DebitsReversed, wire.CreditsReversed}

var separateTotals = [...]wire.Element{wire.DebitsNumber, wire.CreditsNumber, wire.DebitsAmount, wire.CreditsAmount}

// TotalsFields names the fields in which settlements have totals: "field 48".
func (d *Dialect) TotalsFields() string {
	if !d.separate() {
		return fmt.Sprintf("field %d", d.Place(wire.Totals).Field)
	}
	n := func(e wire.Element) int { return d.Place(e).Field }
	return fmt.Sprintf("fields %d, %d, %d, %d", n(wire.CreditsNumber), n(wire.DebitsNumber), n(wire.CreditsAmount), n(wire.DebitsAmount))
}
