package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/wire"
)

// queryCode tells of a payment by code of the open batch that it is paid: its amount,
// reference and time are those of its own answer. Of one that is not, or is undone, there is
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
	req.record.Amount, req.serial, req.now = r.Amount, r.Serial, stampOf(int64(r.When))
	return approved
}
