package sim

import (
	"encoding/binary"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// uploadKind is how a settlement tells a payment of the batch. The kinds are told one after
// another. Source of the order: the CUP reconstruction, docs/sources.md.
type uploadKind uint8

const (
	ofAdvices     uploadKind = iota // by itself, as it was sent: what was authorised by telephone, adjustments
	ofOffline                       // so, too: what a chip has approved by itself
	ofPayments                      // eight a message, by card number and amount
	ofRefunds                       // as advices
	ofCompletions                   // as advices
	ofChips                         // by itself, with the chip's data; the only ones where the totals balance
	uploadKinds
)

// uploaded is the kind of a record.
func (t *Terminal) uploaded(r *Record) uploadKind {
	d := t.Profile.Dialect
	switch {
	case r.detail == 0:
		return ofPayments
	case r.Of.Reversible():
		return ofChips
	case d.Form(dialect.AdviceUpload) == nil:
		return ofPayments
	case r.Of.Booking() == dialect.GiveBack:
		return ofRefunds
	case r.Of.Booking() == dialect.Capture:
		return ofCompletions
	case r.Of == dialect.OfflinePurchase:
		return ofOffline
	}
	return ofAdvices
}

// detail is where, of what a terminal keeps for its settlement, a record's part is: behind two
// octets of its length. 0 is none.
type detail uint32

func (t *Terminal) detail(d detail) []byte {
	n := binary.BigEndian.Uint16(t.kept.details[d-2:])
	return t.kept.details[d:][:n]
}

// keepDetail keeps what is put behind what there is.
func (t *Terminal) keepDetail(put func([]byte) []byte) detail {
	k := t.keep()
	at := len(k.details) + 2
	k.details = put(append(k.details, 0, 0))
	binary.BigEndian.PutUint16(k.details[at-2:], uint16(len(k.details)-at))
	return detail(at)
}

// forgetDetails has the terminal keep none; those of settled payments go with them.
func (t *Terminal) forgetDetails() {
	if t.kept != nil {
		t.kept.details, t.kept.untotalled, t.kept.parts = t.kept.details[:0], t.kept.untotalled[:0], t.kept.parts[:0]
	}
}

// keepUpload keeps, with the record of an approval, what its upload takes besides: the
// chip's data, or all of an advice but for what may not be kept.
func (p *Player) keepUpload(r *Record) {
	t := p.T
	d := t.Profile.Dialect
	switch {
	case d.Form(dialect.UploadEnd) == nil: // it never settles
	case r.Of.Reversible() && p.chipped && d.Form(dialect.ChipUpload) != nil:
		r.detail = t.keepDetail(p.chip.AppendDetail)
	case !r.Of.Reversible() && d.Form(dialect.AdviceUpload) != nil:
		r.detail = t.keepDetail(func(to []byte) []byte { return p.appendAdvice(to, r) })
	}
}

// appendAdvice appends the request that was sent last, as a settlement tells of it: under
// the type of uploads, the card by its number, and without PIN or MAC.
func (p *Player) appendAdvice(to []byte, r *Record) []byte {
	m := p.req
	m.SetMTI(p.T.Profile.Dialect.Form(dialect.AdviceUpload).MTI)
	for _, e := range [...]wire.Element{wire.Track2, wire.Track3, wire.PINCapture, wire.PINBlock, wire.SecurityControl} {
		m.Unset(e)
	}
	m.UnsetField(m.MACField())
	if h := r.Holder(p.T.Profile); h != nil {
		m.SetString(wire.PAN, h.PAN)
	}
	if v := m.Get(wire.EntryMode); len(v) == 3 {
		v[2] = '2'
	}
	p.scratch, _ = m.Append(p.scratch[:0]) // it has been on the line, with more
	return append(to, p.scratch...)
}

// untotalled is a chip payment that is in no totals, of which a settlement tells all the same:
// one that the host approved and that came to nothing, or a load that an account has paid for.
type untotalled struct {
	detail detail
	holder *profile.Holder
	class  dialect.CardClass
	amount int64
	trace  uint32
	entry  Entry
	why    dialect.Failure
}

// noteFailure keeps a chip payment that came to nothing, for the settlement.
func (p *Player) noteFailure(o *Order, trace uint32, why dialect.Failure) {
	p.noteUntotalled(dialect.ChipNotice, o, trace, why)
}

// noteLoad keeps a load that the merchant has nothing to do with, for the settlement.
func (p *Player) noteLoad(o *Order, trace uint32) {
	p.noteUntotalled(dialect.LoadUpload, o, trace, dialect.NoFailure)
}

func (p *Player) noteUntotalled(as dialect.Transaction, o *Order, trace uint32, why dialect.Failure) {
	t, entry := p.T, o.Entry
	if t.Profile.Dialect.Form(as) == nil {
		return
	}
	if o.Onto != nil {
		entry = Insert
	}
	t.keep().untotalled = append(t.keep().untotalled, untotalled{t.keepDetail(p.chip.AppendDetail), o.chip(), t.Profile.Dialect.ClassOf(p.ans.Get(wire.Operator)), o.Amount, trace, entry, why})
}

// upload sends what of the batch is left to tell, and reports whether all of it has been
// acknowledged: kind by kind, and of a class of cards whose totals balance those of chips alone. What
// was not acknowledged is sent again under its trace, so that the host counts it once.
func (p *Player) upload(e *ending, most int) bool {
	t, at := p.T, 0
	for kind := range uploadKinds {
		for next := 0; next < len(t.Journal.Records); {
			var pack [dialect.MaxUploads]*Record
			n := 0
			for room := 1; next < len(t.Journal.Records) && n < room; next++ {
				if r := &t.Journal.Records[next]; t.uploaded(r) == kind && (kind == ofChips || !e.balances(r.class)) {
					if kind == ofPayments {
						room = len(pack)
					}
					pack[n] = r
					n++
				}
			}
			if at += n; n == 0 || at <= e.sent {
				continue
			}
			if !p.uploadsOne(e, most, n, func() *Result { return p.uploadRecords(e, kind, pack[:n]) }) {
				return false
			}
		}
	}
	if t.kept == nil {
		return true
	}
	for i := range t.kept.untotalled {
		if at++; at > e.sent && !p.uploadsOne(e, most, 1, func() *Result { return p.uploadUntotalled(e, &t.kept.untotalled[i]) }) {
			return false
		}
	}
	return true
}

// uploadsOne sends one message, with n details.
func (p *Player) uploadsOne(e *ending, most, n int, send func() *Result) bool {
	t := p.T
	if most >= 0 && e.sent >= most {
		p.aside = Result{Of: dialect.BatchUpload, Outcome: report.Broken, Why: errCut, dialect: t.Profile.Dialect, ended: true}
		return false
	}
	switch r := send(); r.Outcome {
	case report.Approved:
		e.sent, e.trace = e.sent+n, 0
		return true
	case report.TimedOut, report.Broken, report.Unsent:
		e.trace = r.Trace
	default:
		t.Settled().ending = nil
	}
	return false
}

// errCut is of what a power cut kept from being sent.
var errCut = fmt.Errorf("%w: the power failed", line.ErrBroken)

// uploadRecords tells records of one kind.
func (p *Player) uploadRecords(e *ending, kind uploadKind, of []*Record) *Result {
	t, r := p.T, of[0]
	d := t.Profile.Dialect
	switch kind {
	case ofPayments:
		f := d.Form(dialect.BatchUpload)
		p.begin(t, f)
		if e.trace != 0 {
			p.req.SetUint(wire.Trace, uint64(e.trace))
		}
		v := dialect.AppendUploadCount(p.scratch[:0], len(of))
		for _, r := range of {
			u := dialect.Upload{Class: r.class.Digits(), Trace: r.Trace, Amount: r.Amount}
			if h := r.Holder(t.Profile); h != nil {
				u.PAN = h.PAN
			}
			v = dialect.AppendUpload(v, u)
		}
		p.scratch = v
		p.req.Set(wire.Totals, v)
		return p.exchangeAside(f)
	case ofChips:
		as := dialect.ChipUpload
		if r.Of == dialect.CashLoad && d.Form(dialect.LoadUpload) != nil {
			as = dialect.LoadUpload
		}
		return p.uploadChip(e, as, &untotalled{r.detail, r.Holder(t.Profile), r.class, r.Amount, r.Trace, r.Entry, dialect.NoFailure})
	}
	f := d.Form(dialect.AdviceUpload)
	p.begin(t, f)
	if err := p.req.Read(t.detail(r.detail)); err != nil {
		p.aside = Result{Of: f.Transaction, Outcome: report.Unsent, Why: err, dialect: d, ended: true}
		return &p.aside
	}
	p.holder = r.Holder(t.Profile)
	return p.exchangeAside(f)
}

// uploadUntotalled tells of a chip payment that is in no totals.
func (p *Player) uploadUntotalled(e *ending, of *untotalled) *Result {
	if of.why == dialect.NoFailure {
		return p.uploadChip(e, dialect.LoadUpload, of)
	}
	return p.uploadChip(e, dialect.ChipNotice, of)
}

// uploadChip tells of one chip payment. Its first management code says that the totals
// balance, its second that they do not.
func (p *Player) uploadChip(e *ending, as dialect.Transaction, c *untotalled) *Result {
	t := p.T
	d := t.Profile.Dialect
	f, m := d.Form(as), p.req
	p.begin(t, f)
	if !e.balances(c.class) && len(f.ManagementCodes) > 1 {
		m.SetString(wire.ManagementCode, f.ManagementCodes[1])
	}
	m.SetUint(wire.Trace, uint64(c.trace))
	m.SetUint(wire.Amount, uint64(c.amount))
	m.SetString(wire.PAN, c.holder.PAN)
	m.SetString(wire.EntryMode, d.EntryMode(c.entry, false))
	m.SetString(wire.CardSequence, c.holder.Sequence)
	m.Set(wire.ChipData, t.detail(c.detail))
	p.scratch = dialect.AppendChipDetail(p.scratch[:0], c.class, c.amount, d.Currency, c.why)
	m.Set(wire.ChipDetail, p.scratch)
	p.holder = c.holder
	return p.exchangeAside(f)
}
