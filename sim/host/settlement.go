package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// settlement compares the terminal's totals with the host's, one half for
// domestic cards, one for foreign ones, of which there are none here. When they
// differ the host's go back. The batch stays open until the end of its upload,
// so a settlement may come again and gets the same answer.
func (h *Host) settlement(req *Request) {
	said, told := h.dialect.ReadReconciliation(req.Message)
	batch, ok := h.batchOf(req)
	if !told || !ok {
		h.reply(req, formatError)
		return
	}
	if req.session == nil {
		h.reply(req, signInFirst)
		return
	}
	trace, _ := digits(req.Message.Get(wire.Trace))
	own, ok := req.terminal.Settle(batch, trace)
	if !ok {
		h.reply(req, signInFirst)
		return
	}
	if h.breaks(reversedInTotals | totalsWrap) {
		own = h.told(req.terminal, own)
	}
	found := dialect.Reconciliation{Own: own, Flag: compareTotals(said.Own, own), ForeignFlag: compareTotals(said.Foreign, dialect.Totals{})}
	code := approved
	if found.Flag != dialect.Balanced {
		code = dialect.TotalsDiffer
	}
	h.reply(req, code)
	if h.dialect.Form(dialect.Settlement).NoCode {
		req.Answer.Unset(wire.ResponseCode) // the flags tell
	}
	req.Answer.SetUint(wire.SettlementDate, uint64(h.settlementDate(req)))
	h.dialect.SetReconciliation(req.Answer, &found)
	if op := req.Message.Get(wire.Operator); op != nil {
		req.Answer.Set(wire.Operator, op)
	}
}

// compareTotals compares totals with the host's own. Those too large for their digits
// are an error, never cut.
func compareTotals(said, own dialect.Totals) dialect.Flag {
	switch {
	case said == own:
		return dialect.Balanced
	case !own.Fit():
		return dialect.InError
	}
	return dialect.Unbalanced
}

// batchUpload takes details: a count of two digits, then 40 digits each.
func (h *Host) batchUpload(req *Request) {
	v := req.Message.Get(wire.Totals)
	n, ok := dialect.UploadCount(v)
	trace, ok2 := digits(req.Message.Get(wire.Trace))
	if !ok || !ok2 {
		h.reply(req, formatError)
		return
	}
	req.terminal.Upload(trace, n)
	h.reply(req, approved)
	req.Answer.Set(wire.Totals, v)
}

// chipUpload takes one chip payment, or notice of one that came to nothing. The payment's
// amount is told twice, and its chip has signed it.
func (h *Host) chipUpload(req *Request) {
	m := req.Message
	amount, failure, ok := dialect.ReadChipDetail(m.Get(wire.ChipDetail))
	trace, ok2 := digits(m.Get(wire.Trace))
	if !ok || !ok2 || uint64(amount) != m.Uint(wire.Amount) || (failure != dialect.NoFailure) != (req.Transaction == dialect.ChipNotice) {
		h.reply(req, formatError)
		return
	}
	if code := h.checkDetail(req); code != pending {
		h.reply(req, code)
		return
	}
	req.terminal.Upload(trace, 1)
	h.reply(req, approved)
}

// adviceUpload takes a refund or an advice as it was sent.
func (h *Host) adviceUpload(req *Request) {
	trace, ok := digits(req.Message.Get(wire.Trace))
	if !ok {
		h.reply(req, formatError)
		return
	}
	req.terminal.Upload(trace, 1)
	h.reply(req, approved)
}

// uploadEnd closes the batch that was settled.
func (h *Host) uploadEnd(req *Request) {
	v := req.Message.Get(wire.Totals)
	n, ok := digits(v)
	batch, ok2 := h.batchOf(req)
	if !ok || !ok2 {
		h.reply(req, formatError)
		return
	}
	if !h.books.EndUpload(req.terminal, batch, int(n)) {
		h.count.miscounted.Add(1)
	}
	h.reply(req, approved)
	req.Answer.Set(wire.Totals, v)
}
