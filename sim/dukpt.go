package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// kept is what few terminals have, and keep over power cuts.
type kept struct {
	ksn     []byte              // key serial number of the latest transaction; nil before the first, and where keys are not derived
	initial []byte              // the key that its transactions' keys are derived from
	offline []offlineSale       // approved by chips, which the host has not heard of
	loading *loading            // what is being downloaded, and is not whole yet; nil for nothing
	loaded  map[string]*loading // what has been downloaded, by its name in the dialect
	caKeys  chip.CAKeys         // of the authorities behind cards, those that have expired too
	denial  [5]byte             // terminal action code
	tapped  struct {            // of cards that are tapped, downloaded
		tapLimits
		given bool
	}
	parameters *dialect.Parameters // as it has downloaded; nil for as its policy says
	details    []byte              // what the settlement of the open batch takes besides its records
	untotalled []untotalled        // chip payments of that batch that are in no totals
	parts      []int64             // what was asked of those payments of that batch that are approved in part
	copied     []byte              // chip data of a payment, by somebody who has them sent again
	script     *scriptResult       // of an issuer's commands, of which the host has not heard; nil for none
}

// keep is what the terminal keeps.
func (t *Terminal) keep() *kept {
	if t.kept == nil {
		t.kept = new(kept)
	}
	return t.kept
}

// answerKey is the key for MACs of answers; nil while the terminal has none.
func (p *Player) answerKey() *keys.Key {
	switch k := p.T.keys.MAC; {
	case p.T.Profile.Dialect.DUKPT == keys.NoDUKPT:
		return k
	case p.derived == nil:
		return nil
	}
	return p.derived.Answer
}

// deriveKeys moves on to the keys of the next transaction, where the network derives
// some for requests of form f, and puts their serial number into the request. A terminal
// that has used up its keys refuses.
func (p *Player) deriveKeys(t *Terminal, f *dialect.Form) error {
	d := t.Profile.Dialect
	if d.DUKPT == keys.NoDUKPT || !d.Derives(f) {
		return nil
	}
	s := t.keep()
	if s.ksn == nil {
		ksn := t.Profile.Serial(t.TID)
		initial, err := t.Profile.Initial(ksn)
		if err != nil {
			return err
		}
		d.DUKPT.SetCounter(ksn, t.Profile.DUKPT.Start)
		s.ksn, s.initial = ksn, initial
	}
	next := d.DUKPT.Counter(s.ksn)
	if p.left.flaw != UsedSerial || next == t.Profile.DUKPT.Start {
		next = d.DUKPT.Next(next)
	}
	if next == 0 {
		t.Display = "密钥已用尽, 请与客服联系"
		return fmt.Errorf("%w: it has used up its keys", ErrRefusedLocally)
	}
	d.DUKPT.SetCounter(s.ksn, next)
	if p.derived == nil {
		p.derived = new(keys.Derived)
	}
	if err := d.DUKPT.Derive(p.derived, s.initial, s.ksn, t.Profile.MAC); err != nil {
		return err
	}
	t.keys = p.derived.Set
	v := s.ksn
	if d.SerialHex {
		p.scratch = keys.AppendHex(p.scratch[:0], v)
		v = p.scratch
	}
	p.req.Set(wire.KeySerial, v)
	return nil
}
