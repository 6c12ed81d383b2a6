package host

import (
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/signature"
	"github.com/posfleet/posfleet/sim/signature/jbig"
	"github.com/posfleet/posfleet/sim/wire"
)

// KeptSignatures is how many of the latest signatures of one terminal a host keeps.
const KeptSignatures = 8

// Signature is a cardholder's signature under a purchase, as its terminal sent it.
type Signature struct {
	Batch, Trace  uint32 // of the purchase
	Amount        int64  // fen
	RRN           string
	FeatureCode   string // that the slip has under it (特征码)
	At            time.Time
	Image         []byte // JBIG, which can be read
	Width, Height int    // pixels
	Black         int    // of them
	Parts         int    // messages that it came in
}

// signatures are what has come of one terminal; its book's lock guards them.
type signatures struct {
	kept  []Signature         // the latest last
	parts []signature.Segment // of one that has not come whole
	of    book.Key            // its purchase
}

// Signatures are the latest ones of a terminal, the latest last; false for a terminal
// that the host does not know.
func (h *Host) Signatures(tid string) ([]Signature, bool) {
	for n := range len(h.profile.Terminals) + len(h.profile.Stock) {
		if h.books.Entry(n).TID == tid {
			t := h.books.At(n)
			t.Lock()
			defer t.Unlock()
			if s := h.sessions[n]; s != nil && s.signatures != nil {
				return slices.Clone(s.signatures.kept), true
			}
			return nil, true
		}
	}
	return nil, false
}

// signatureUpload takes the image of a signature under a purchase of the open batch,
// whole or in parts.
func (h *Host) signatureUpload(req *Request) {
	code := h.gate(req)
	if code == pending {
		code = h.takeSignature(req)
	}
	h.reply(req, code)
	if code != approved {
		req.key = h.declineKey(req, code)
	}
}

// takeSignature finds the purchase and keeps the image once it is whole. One that comes
// again takes the place of the one before.
func (h *Host) takeSignature(req *Request) verdict {
	m := req.Message
	key := book.KeyOf(req.batch, req.trace, h.dialect.Form(dialect.Purchase).MTI)
	n, ok := req.terminal.Find(key)
	if !ok && h.breaks(signatureMisfiled) {
		n, ok = req.terminal.LastEntered()
	}
	if !ok {
		return noOriginal
	}
	r := req.terminal.Record(n)
	amount, readable := amountOf(m)
	switch {
	case !readable:
		return formatError
	case h.breaks(signatureMisfiled):
	case r.Kind != dialect.Purchase || r.State == book.Declined || !rrnIs(m.Get(wire.RRN), r.When, r.Serial):
		return noOriginal
	case r.Amount != amount:
		return mismatch
	}
	of := req.session.signatures
	if of == nil {
		of = &signatures{}
		req.session.signatures = of
	}
	image, parts, code := of.whole(h, req, key)
	if code != approved || image == nil {
		return code
	}
	b, err := jbig.Decode(image)
	if err != nil {
		return formatError
	}
	date := strings.TrimSpace(m.Text(wire.SettlementDate))
	s := Signature{Batch: req.batch, Trace: req.trace, Amount: amount, RRN: m.Text(wire.RRN), At: req.arrived,
		Image: slices.Clone(image), Width: b.Width, Height: b.Height, Parts: parts}
	if s.FeatureCode, err = signature.FeatureCode(date, s.RRN); err != nil {
		return formatError
	}
	for _, octet := range b.Bits {
		s.Black += bits.OnesCount8(octet)
	}
	of.keep(s)
	h.noteAll(&req.notes, signatureTaken, keptSignature{req.number, s})
	return approved
}

// whole gives an image that is complete with this message, and how many parts it had;
// none when others follow. A part out of turn is refused, and what came before it
// forgotten: the terminal begins anew.
func (of *signatures) whole(h *Host, req *Request, key book.Key) (image []byte, parts int, code verdict) {
	m := req.Message
	octets := m.Get(wire.SignatureImage)
	if len(octets) == 0 || len(octets) > signature.MaxSegment {
		return nil, 0, formatError
	}
	if req.Transaction == dialect.SignatureUpload {
		of.parts = nil
		return octets, 1, approved
	}
	number := 1 + slices.Index(h.dialect.Form(dialect.SignaturePart).ManagementCodes, m.Text(wire.ManagementCode))
	if number == 1 {
		of.parts, of.of = nil, key
	}
	if of.of != key || number != len(of.parts)+1 {
		of.parts = nil
		return nil, 0, formatError
	}
	part := signature.Segment{Number: number, Last: m.Uint(wire.LastPart) == 1, Octets: slices.Clone(octets)}
	of.parts = append(of.parts, part)
	if !part.Last {
		return nil, 0, approved
	}
	image, err := signature.Join(of.parts)
	of.parts = nil
	if err != nil {
		return nil, 0, formatError
	}
	return image, number, approved
}

// keep keeps a signature, in place of one under the same purchase.
func (of *signatures) keep(s Signature) {
	of.forget(s.Batch, s.Trace)
	if n := len(of.kept); n >= KeptSignatures {
		of.kept = slices.Delete(of.kept, 0, n-KeptSignatures+1)
	}
	of.kept = append(of.kept, s)
}

// keptSignature is a signature as data keep it.
type keptSignature struct {
	Terminal int
	Signature
}

func (h *Host) restoreSignature(k keptSignature) error {
	s := h.sessionOf(k.Terminal)
	if s.signatures == nil {
		s.signatures = &signatures{}
	}
	s.signatures.keep(k.Signature)
	return nil
}

// forget drops the signature under a purchase.
func (of *signatures) forget(batch, trace uint32) {
	of.kept = slices.DeleteFunc(of.kept, func(s Signature) bool { return s.Batch == batch && s.Trace == trace })
}

// loseSignature is the planted bug of signature-lost.
func loseSignature(h *Host, req *Request) {
	if !req.Known || !req.Transaction.Signs() || req.session == nil {
		return
	}
	req.terminal.Lock()
	defer req.terminal.Unlock()
	if of := req.session.signatures; of != nil {
		of.forget(req.batch, req.trace)
	}
}

// praiseSignature is the planted bug of signature-blind.
func praiseSignature(h *Host, req *Request) {
	if req.Known && req.Transaction.Signs() && req.session != nil {
		req.terminal.Lock()
		defer req.terminal.Unlock()
		h.reply(req, approved)
		req.key = h.answerKey(req)
	}
}
