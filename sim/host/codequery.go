package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/wire"
)

// queryCode tells of a payment by code of the open batch that it is paid: its amount,
// reference and date are those of its own answer. Of one that is not, or is undone, there is
// nothing to tell.
func (h *Host) queryCode(req *Request) verdict {
	batch, ok := digits(req.Message.Get(wire.OriginalBatch))
	trace, ok2 := digits(req.Message.Get(wire.OriginalTrace))
	if !ok || !ok2 {
		return formatError
	}
	n, ok := req.terminal.Find(book.KeyOf(batch, trace, h.dialect.Form(dialect.QRPurchase).MTI))
	if !ok {
		return noOriginal
	}
	r := req.terminal.Record(n)
	if r.Kind != dialect.QRPurchase || r.State != book.Approved {
		return noOriginal
	}
	req.record = *r
	return approved
}

// tellCode puts that into the answer.
func (h *Host) tellCode(req *Request) {
	r, a := &req.record, req.Answer
	at := stampOf(int64(r.When))
	var rrn [12]byte
	putRRN(&rrn, at, r.Serial)
	a.SetUint(wire.Amount, uint64(r.Amount))
	a.Set(wire.RRN, rrn[:])
	a.SetUint(wire.LocalDate, uint64(at.mmdd))
}
