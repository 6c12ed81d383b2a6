package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// uploadPack is how many details one batch upload message carries.
const uploadPack = 8

// Settle has the terminal settle its batch: totals to the host, the details
// when the host's differ, the end message; then the batch is cleared, and the
// terminal signs off when its policy says so. p.Last is the settlement
// exchange.
func (p *Player) Settle() error {
	t := p.T
	d := t.Profile.Dialect
	f, upload, end := d.Form(dialect.Settlement), d.Form(dialect.BatchUpload), d.Form(dialect.UploadEnd)
	if f == nil || upload == nil || end == nil {
		return fmt.Errorf("dialect %s has no settlement", d.Name)
	}
	if !t.SignedIn {
		t.Display = "请先签到"
		return fmt.Errorf("%w: it has not signed in", ErrRefusedLocally)
	}
	if t.Owes() {
		p.settleDebt()
	}
	p.begin(t, f)
	p.putTotals(t.Journal.Batch)
	p.operator(f)
	r := p.exchange(f, true)
	if r.Outcome != report.Unsent {
		t.nextTrace()
	}
	if r.Outcome == report.Approved {
		if err := p.readTotals(r); err != nil {
			r.Outcome, r.Why = report.Refused, err
		}
	}
	t.Display = show(r)
	if r.Outcome != report.Approved {
		p.afterwards(r)
		return nil
	}
	balanced := r.Flags[0] == '1'
	sent := 0
	if !balanced {
		sent = p.upload(upload)
	}
	if sent < 0 || !p.uploadEnd(end, balanced, sent) {
		t.Display = "批上送未完成"
		return nil
	}
	t.Journal.clear()
	t.Display = "结算成功"
	if !balanced {
		t.Display = "结算完成, 对账不平"
	}
	return p.closeBatch()
}

// closeBatch moves on to the next batch: by signing off, after which the next
// sign-in brings its number, or by counting.
func (p *Player) closeBatch() error {
	t := p.T
	if !t.Profile.Policy.AutoSignOff {
		if t.Batch++; t.Batch > 999999 {
			t.Batch = 1
		}
		return nil
	}
	settled, display := p.Last, t.Display
	err := p.SignOff()
	if !t.SignedIn {
		t.Display = display
	}
	p.Last = settled
	return err
}

// SettleOwed drains what a terminal owes after a run: its reversal.
func (p *Player) SettleOwed(t *Terminal) bool {
	p.T, p.due = t, -1
	return !t.Owes() || p.settleDebt()
}

// operator puts the operator's number into field 63.
func (p *Player) operator(f *dialect.Form) {
	if f.Carries(63) {
		p.scratch = append(append(p.scratch[:0], p.T.Operator...), "   "...)[:3]
		p.req.Set(63, p.scratch)
	}
}

// putTotals writes field 48 of a settlement: debit and credit, amount and
// count, and a flag, for domestic cards and again for foreign ones.
func (p *Player) putTotals(t Totals) {
	var v [62]byte
	for i := range v {
		v[i] = '0'
	}
	wire.PutUint(v[0:12], uint64(t.Debit))
	wire.PutUint(v[12:15], uint64(t.DebitN))
	wire.PutUint(v[15:27], uint64(t.Credit))
	wire.PutUint(v[27:30], uint64(t.CreditN))
	p.req.Set(48, v[:])
}

// readTotals reads the flags and, when it differs, the host's totals.
func (p *Player) readTotals(r *Result) error {
	v := p.ans.Get(48)
	if len(v) != 62 {
		return fmt.Errorf("field 48 of the answer has %d digits, want 62", len(v))
	}
	r.Host = Totals{int64(wire.Uint(v[0:12])), int64(wire.Uint(v[15:27])), int64(wire.Uint(v[12:15])), int64(wire.Uint(v[27:30]))}
	r.Flags = [2]byte{v[30], v[61]}
	if r.Flags[0] < '1' || r.Flags[0] > '3' {
		return fmt.Errorf("settlement flag (field 48, digit 31) of the answer is %q, want 1, 2 or 3", r.Flags[0])
	}
	if r.Flags[0] == '1' && r.Host != p.T.Journal.Batch {
		return fmt.Errorf("the host says balanced, but its totals (field 48) are debit %s in %d, credit %s in %d; the terminal's are debit %s in %d, credit %s in %d",
			report.FormatYuan(r.Host.Debit), r.Host.DebitN, report.FormatYuan(r.Host.Credit), r.Host.CreditN,
			report.FormatYuan(p.T.Journal.Batch.Debit), p.T.Journal.Batch.DebitN, report.FormatYuan(p.T.Journal.Batch.Credit), p.T.Journal.Batch.CreditN)
	}
	return nil
}

// upload sends the batch's details, eight a message, and gives how many, or -1
// when a message was not acknowledged.
func (p *Player) upload(f *dialect.Form) int {
	t := p.T
	sent := 0
	for sent < len(t.Journal.Records) {
		pack := t.Journal.Records[sent:min(sent+uploadPack, len(t.Journal.Records))]
		p.begin(t, f)
		v := append(p.scratch[:0], '0', '0'+byte(len(pack)))
		for i := range pack {
			v = appendDetail(v, &pack[i])
		}
		p.scratch = v
		p.req.Set(48, v)
		r := p.exchange(f, false)
		if r.Outcome != report.Unsent {
			t.nextTrace()
		}
		if r.Outcome != report.Approved {
			return -1
		}
		sent += len(pack)
	}
	return sent
}

// appendDetail writes one detail: card class, trace, PAN right-aligned in 20
// digits, amount.
func appendDetail(v []byte, r *Record) []byte {
	at := len(v)
	v = append(v, "0000000000000000000000000000000000000000"...)
	wire.PutUint(v[at+2:at+8], uint64(r.Trace))
	if r.Holder != nil {
		copy(v[at+28-len(r.Holder.PAN):], r.Holder.PAN)
	}
	wire.PutUint(v[at+28:at+40], uint64(r.Amount))
	return v
}

// uploadEnd closes the settlement: 207 when balanced, 202 when not, with the
// number of details sent.
func (p *Player) uploadEnd(f *dialect.Form, balanced bool, sent int) bool {
	p.begin(p.T, f)
	if !balanced {
		p.req.SetElement(wire.ManagementCode, "202")
	}
	var n [4]byte
	wire.PutUint(n[:], uint64(sent))
	p.req.Set(48, n[:])
	r := p.exchange(f, false)
	if r.Outcome != report.Unsent {
		p.T.nextTrace()
	}
	return r.Outcome == report.Approved
}
