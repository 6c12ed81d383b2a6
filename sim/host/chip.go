package host

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// chips are the chips that have paid, by their cards' places in the books.
type chips struct {
	opening sync.Once
	making  sync.Mutex
	of      []atomic.Pointer[issuedChip]
}

// issuedChip is what the issuer knows of one chip.
type issuedChip struct {
	keys   *chip.Keys // derived once
	mu     sync.Mutex
	issues []chipIssue // the cards of this number, each when it first paid
	obeyed bool        // it has obeyed the profile's command for it
}

// chipIssue is one card, known by the index of its issuer's keys until another of that
// index says that it is new: the cryptograms that it has paid with, none of which may ever
// come again. A cryptogram is over its counter, which is where it is looked for.
type chipIssue struct {
	index byte
	aged  bool     // it has said that it is new no longer
	late  bool     // and after that that it is: it was overtaken, or is another
	from  uint16   // the lowest counter that it may pay with
	paid  []uint64 // cryptograms, by counters from there up to the highest; 0 for none
}

// overtaken is by how many counters a payment may come late.
const overtaken = 64

func (i *chipIssue) highest() uint16 { return i.from + uint16(len(i.paid)-1) }

// with is the cryptogram that has paid with a counter; 0 for none.
func (i *chipIssue) with(counter uint16) uint64 {
	if counter < i.from || counter > i.highest() {
		return 0
	}
	return i.paid[counter-i.from]
}

// take notes what has paid with a counter.
func (i *chipIssue) take(counter uint16, cryptogram uint64) {
	at := int(counter - i.from)
	if n := at + 1 - len(i.paid); n > 0 {
		i.paid = append(i.paid, make([]uint64, n)...)
	}
	i.paid[at] = cryptogram
}

// chipWork is memory for one payment by chip.
type chipWork struct {
	chip.Received
	work  chip.Work
	of    *issuedChip
	tag91 [10]byte
	data  []byte // of the answer
	apdu  []byte
}

// work is where the request's chip data are read, for the chip that they are of.
func (req *Request) work(of *issuedChip) *chipWork {
	if req.chip == nil {
		req.chip = new(chipWork)
	}
	req.chip.of = of
	return req.chip
}

// chipOf is the chip of the card in hand; nil where its issuer's keys are not known.
func (h *Host) chipOf(req *Request) *issuedChip {
	c := req.chipCard()
	issuer := h.books.Profile(c).Issuer()
	if issuer == nil {
		return nil
	}
	h.chips.opening.Do(func() { h.chips.of = make([]atomic.Pointer[issuedChip], h.books.UnknownCards()+1) })
	at := &h.chips.of[c]
	if known := at.Load(); known != nil {
		return known
	}
	h.chips.making.Lock()
	defer h.chips.making.Unlock()
	if known := at.Load(); known != nil {
		return known
	}
	holder := h.books.Holder(c)
	k, err := issuer.CardKeys(holder.PAN, holder.Sequence)
	if err != nil {
		return nil
	}
	made := &issuedChip{keys: k}
	at.Store(made)
	return made
}

// checkChip holds what a chip says to BER-TLV, and to its issuer's keys: its cryptogram is right, it asks
// for an answer, is over the amount of the message, and its counter is one that it has
// not paid with before. A stripe that is read where a chip is to be used is sent back.
func (h *Host) checkChip(req *Request) verdict {
	m := req.Message
	v := m.Get(wire.ChipData)
	bare := h.needsCryptogram(req) && !h.breaks(noCryptogram)
	if v == nil {
		if bare && h.chipOf(req) != nil {
			h.log.add(notice{what: "payment by chip without the chip's data"})
			return formatError
		}
		if h.cardOf(req).ChipFirst && m.Get(wire.Track2) != nil && m.Uint(wire.ChipCondition) != 2 && !h.dialect.Entered(m.Get(wire.EntryMode), dialect.Instead) && h.dialect.HasCode(chipWanted) {
			return chipWanted
		}
		return pending
	}
	if m.CheckTLV(h.dialect.Place(wire.ChipData).Field) != nil { // of two elements of one tag, which would count?
		return formatError
	}
	of := h.chipOf(req)
	if of == nil {
		return pending
	}
	w, issuer := req.work(of), h.books.Profile(req.chipCard()).Issuer()
	if !w.Read(v) {
		return formatError
	}
	if w.Cryptogram == nil && bare {
		h.log.add(notice{what: "chip without a cryptogram"})
		return formatError
	}
	if w.Cryptogram == nil { // of a payment that refers to another
		return pending
	}
	switch right := w.work.Right(issuer.Scheme, of.keys, &w.Data, w.Cryptogram); {
	case h.breaks(anyCryptogram):
	case !right:
		h.log.add(notice{what: "chip with a wrong cryptogram"})
		return cardWrong
	case w.Kind != kindOf(req.Transaction):
		h.log.add(notice{what: "chip that asks for no answer on line, or has not approved off line"})
		return cardWrong
	case m.Has(wire.Currency) && string(m.Get(wire.Currency)) != currencyOf(w.Currency):
		h.log.add(notice{what: "chip with another currency than the message has"})
		return cardWrong
	case m.Has(wire.Amount) && packed(w.Amount) != m.Uint(wire.Amount):
		h.log.add(notice{what: "chip with another amount than the message has"})
		return cardWrong
	}
	index, cryptogram, fresh := issuer.Scheme.Index(&w.Data), binary.BigEndian.Uint64(w.Cryptogram), issuer.Scheme.New(&w.Data)
	if of.next(index, w.Counter(), cryptogram, fresh) {
		h.noteChip(req, index, w.Counter(), cryptogram, fresh)
	} else if !h.breaks(anyCounter) {
		h.log.add(notice{what: "chip whose counter has been used before, or is behind"})
		return cardWrong // and no answer for the chip: whose cryptogram it was nobody knows
	}
	req.chipped = w.Kind == chip.ARQC
	return pending
}

// needsCryptogram reports whether a request must bring the cryptogram of its chip: it shows
// the card by its chip, or has data of one, and is about no payment before.
func (h *Host) needsCryptogram(req *Request) bool {
	t, m := req.Transaction, req.Message
	if !paymentRules[t.Booking()].needsCard || t.Raises() || !h.dialect.Form(t).Carries(wire.ChipData) {
		return false
	}
	mode := m.Get(wire.EntryMode)
	return m.Has(wire.ChipData) || h.dialect.Entered(mode, dialect.Insert) || h.dialect.Entered(mode, dialect.Tap) || h.dialect.Entered(mode, dialect.Held)
}

// checkDetail holds the chip's data in a detail to the card's key.
func (h *Host) checkDetail(req *Request) verdict {
	m := req.Message
	if req.pan = m.Get(wire.PAN); req.pan == nil || h.lookUp(req) != pending {
		return pending
	}
	of := h.chipOf(req)
	if of == nil {
		return pending
	}
	w, issuer := req.work(of), h.cardOf(req).Issuer()
	if m.CheckTLV(h.dialect.Place(wire.ChipData).Field) != nil || !w.Read(m.Get(wire.ChipData)) || w.Cryptogram == nil {
		return formatError
	}
	if !w.work.Right(issuer.Scheme, of.keys, &w.Data, w.Cryptogram) && !h.breaks(anyCryptogram) {
		h.log.add(notice{what: "detail of a chip payment with a wrong cryptogram"})
		return cardWrong
	}
	return pending
}

// kindOf is the kind of cryptogram that a transaction's chip makes.
func kindOf(t dialect.Transaction) chip.Kind {
	if t == dialect.OfflinePurchase {
		return chip.TC
	}
	return chip.ARQC
}

// next takes a counter, unless the chip has paid with it before, or it is so far behind that
// it may have. Payments that overtake each other come a little out of order. The counter of a
// chip that says it is new, or has another index, begins anew where it is [issuedChip.another],
// as those of a fleet's cards are with each run; what has paid before that is never taken again,
// whatever card it says it comes from. A chip that says it is new too late may have been overtaken: it is
// another where the counters after that have been used.
func (c *issuedChip) next(index byte, counter uint16, cryptogram uint64, fresh bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	var of *chipIssue // the latest of the index
	for i := range c.issues {
		if c.issues[i].with(counter) == cryptogram {
			return false
		}
		if c.issues[i].index == index {
			of = &c.issues[i]
		}
	}
	switch {
	case of == nil && !c.another(counter):
		return false
	case of == nil:
	case counter <= of.highest() && (fresh && c.another(counter) || of.late && of.with(counter) != 0):
		of, c.obeyed = nil, false
	case of.with(counter) != 0, int(counter) <= int(of.highest())-overtaken:
		return false
	}
	if of == nil {
		c.issues = append(c.issues, chipIssue{index: index, from: counter - min(counter, overtaken-1)})
		of = &c.issues[len(c.issues)-1]
	}
	of.take(counter, cryptogram)
	of.late = of.late || of.aged && fresh
	of.aged = of.aged || !fresh
	return true
}

// another reports whether a right cryptogram over a counter is of no card that has been heard to
// be new no longer: each has paid with the counter, which no card uses twice, or has not
// come to it. What such a card has sent and nobody has heard, new as it was then, is its own.
func (c *issuedChip) another(counter uint16) bool {
	return !slices.ContainsFunc(c.issues, func(i chipIssue) bool {
		return i.aged && counter <= i.highest() && i.with(counter) == 0
	})
}

// currencyOf is a currency's three digits.
func currencyOf(v [2]byte) string { return string([]byte{'0' + v[0]&15, '0' + v[1]>>4, '0' + v[1]&15}) }

// packed is the number of an amount in packed digits.
func packed(v [6]byte) (n uint64) {
	for _, b := range v {
		n = 100*n + 10*uint64(b>>4) + uint64(b&15)
	}
	return n
}

// answerChip puts the issuer's answer to a chip's cryptogram into the answer, and the
// command that the profile has for the chip until it is known to have been obeyed.
func (h *Host) answerChip(req *Request, code verdict) {
	w, card := req.chip, h.books.Profile(req.chipCard())
	issuer := card.Issuer()
	c := h.code(req, code)
	value := w.work.Answer(&w.tag91, issuer.Scheme, w.of.keys, w.Cryptogram, [2]byte{c[0], c[1]}, h.approves(req, code))
	if h.breaks(wrongIssuer) {
		value[0] ^= 1
	}
	w.data = chip.AppendIssuerAuthentication(w.data[:0], value)
	if command := card.Command(); command != chip.NoCommand && req.inserted(h) && !w.of.hasObeyed() {
		var pin []byte
		if command == chip.ChangePIN {
			if pin = card.PIN; h.breaks(otherPIN) {
				pin = []byte("000000")
			}
		}
		var err error
		if w.apdu, err = w.work.AppendCommand(w.apdu[:0], issuer.Scheme, w.of.keys, command, &w.Data, [8]byte(w.Cryptogram), pin); err == nil {
			w.appendScript([4]byte{0, 0, 0, 1})
		}
	}
	h.appendCash(req, h.approves(req, code))
	req.Answer.Set(wire.ChipData, w.data)
}

// appendScript appends the command in w.apdu to the answer, as a script of its own.
func (w *chipWork) appendScript(id [4]byte) {
	w.data = chip.AppendScript(w.data, chip.TagAfter, id, w.apdu)
}

// inserted reports whether the chip is in the reader still.
func (req *Request) inserted(h *Host) bool {
	return !h.tapped(req.Message.Get(wire.EntryMode))
}

func (c *issuedChip) hasObeyed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.obeyed
}

// scriptResult takes the notice of what has become of the commands for a chip.
func (h *Host) scriptResult(req *Request) {
	code := h.gate(req)
	if code == pending {
		code = h.noteScript(req)
	}
	if req.key = nil; code == approved {
		req.key = h.answerKey(req)
	}
	h.reply(req, code)
}

func (h *Host) noteScript(req *Request) verdict {
	var r chip.Received
	c, known := h.books.CardOf(req.Message.Get(wire.PAN))
	switch {
	case !known:
		return noCard
	case !r.Read(req.Message.Get(wire.ChipData)) || len(r.Results) == 0 || len(r.Results)%5 != 0:
		return formatError
	}
	req.record.Card = c
	of := h.chipOf(req)
	if of == nil || h.breaks(scriptLost) {
		return approved
	}
	of.mu.Lock()
	defer of.mu.Unlock()
	of.obeyed = r.Results[0]>>4 == 2
	obeyed := uint64(0)
	if of.obeyed {
		obeyed = 1
	}
	h.note(req, chipObeyed, uint64(c), obeyed)
	return approved
}
