package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// pay applies the rules of business to a sealed request. It moves the money
// that an approval moves.
func (h *Host) pay(x *Exchange) string {
	t := x.terminal
	kind := x.Transaction
	if kind != dialect.Balance {
		var ok bool
		if x.amount, ok = amountOf(x.Request); !ok {
			return formatError
		}
	}
	code := h.present(x)
	if code == formatError || code == badPINBlock {
		return code
	}
	if t.shop == nil {
		return noMerchant
	}
	if h.bugs&approveAll != 0 && (kind == dialect.Purchase || kind == dialect.QRPurchase) {
		return h.approveBlindly(x)
	}
	if kind != dialect.Balance && x.amount == 0 {
		return badAmount
	}
	if code != pending {
		return code
	}
	shown := x.card >= 0
	switch kind {
	case dialect.Balance, dialect.Purchase, dialect.QRPurchase, dialect.PreAuth:
		if !shown {
			return formatError
		}
	}
	if shown {
		if code := h.acceptable(x); code != pending {
			return code
		}
	}
	switch kind {
	case dialect.Balance:
		x.balance = h.ledger.cards[x.card].balance.Load()
		code = good
	case dialect.Purchase, dialect.QRPurchase:
		code = h.purchase(x)
	case dialect.PurchaseVoid:
		code = h.purchaseVoid(x)
	case dialect.Refund:
		code = h.refund(x)
	case dialect.PreAuth:
		code = h.preAuth(x)
	case dialect.PreAuthVoid:
		code = h.preAuthVoid(x)
	case dialect.Completion, dialect.CompletionAdvice:
		code = h.completion(x)
	case dialect.CompletionVoid:
		code = h.completionVoid(x)
	default:
		code = invalid
	}
	if code == good && shown {
		if a := h.cardOf(x).Answer; a != "" {
			return a // an approval of another kind
		}
	}
	return code
}

// purchase moves the amount from card to merchant.
func (h *Host) purchase(x *Exchange) string {
	c := &h.ledger.cards[x.card]
	if c.of.Limit > 0 && x.amount > c.of.Limit {
		return overLimit
	}
	if !draw(&c.account, &x.terminal.shop.account, x.amount) {
		return poor
	}
	x.auth = authCode(x.serial)
	return good
}

// approveBlindly is the planted bug of approve-all: no rule is asked.
func (h *Host) approveBlindly(x *Exchange) string {
	if x.card < 0 {
		x.card = h.strangers
	}
	move(&h.ledger.cards[x.card].account, &x.terminal.shop.account, x.amount)
	x.auth = authCode(x.serial)
	return good
}

// purchaseVoid gives a purchase of the open batch back, whole.
func (h *Host) purchaseVoid(x *Exchange) string {
	i, code := h.original(x)
	if code != pending {
		return code
	}
	s := x.terminal.session
	r := &s.records[i]
	if r.kind != dialect.Purchase && r.kind != dialect.QRPurchase {
		return noOriginal
	}
	if r.refunded > 0 || r.amount != x.amount {
		return mismatch
	}
	move(&x.terminal.shop.account, &h.ledger.cards[r.card].account, r.amount)
	r.state = voided
	x.entry.origin, x.entry.card = i, r.card
	x.auth = authCode(x.serial)
	return good
}

// original finds the approved payment of the open batch that a void names:
// batch and trace in field 61, RRN in field 37, and its card if one is shown.
func (h *Host) original(x *Exchange) (int32, string) {
	batch, ok1 := digits(x.Request.Get(wire.OriginalBatch))
	trace, ok2 := digits(x.Request.Get(wire.OriginalTrace))
	if !ok1 || !ok2 {
		return 0, formatError
	}
	s := x.terminal.session
	at, ok := s.place(recordKey(batch, trace, h.dialect.Form(dialect.Purchase).MTI))
	if !ok {
		return 0, noOriginal
	}
	i := s.index[at].at
	r := &s.records[i]
	if r.state != approved || !rrnIs(x.Request.Get(wire.RRN), r.when, r.serial) || x.card >= 0 && x.card != r.card {
		return 0, noOriginal
	}
	return i, pending
}

// refund gives a payment back in whole or in part, also after its settlement.
// It is found by its RRN (field 37) and date (field 61); the refunds of one
// payment never come to more than its amount.
func (h *Host) refund(x *Exchange) string {
	s := x.terminal.session
	date, _ := digits(x.Request.Get(wire.OriginalDate))
	is := func(when uint32, serial uint64) bool {
		return rrnIs(x.Request.Get(wire.RRN), when, serial) && (date == 0 || date == stampOf(int64(when)).mmdd)
	}
	var (
		amount   int64
		refunded *int64
		card     int32
	)
	for i := len(s.records) - 1; i >= 0 && refunded == nil; i-- {
		if r := &s.records[i]; r.state == approved && r.kind.Side() == dialect.Debit && is(r.when, r.serial) {
			amount, refunded, card = r.amount, &r.refunded, r.card
		}
	}
	for i := 0; i < len(s.past) && refunded == nil; i++ {
		if p := &s.past[i]; is(p.when, p.serial) {
			amount, refunded, card = p.amount, &p.refunded, p.card
		}
	}
	switch {
	case refunded == nil, x.card >= 0 && x.card != card:
		return noOriginal
	case x.amount > amount-*refunded:
		return mismatch
	}
	move(&x.terminal.shop.account, &h.ledger.cards[card].account, x.amount)
	*refunded += x.amount
	x.entry.card = card
	return good
}

// authCode is the authorisation code of an approval.
func authCode(serial uint64) uint32 { return uint32(serial % 1_000_000) }

// tellBalance puts the balance into the answer.
func (h *Host) tellBalance(x *Exchange) {
	v := dialect.Field54(x.balance)
	x.Answer.Set(wire.AdditionalAmounts, v[:])
}

// tellVoucher puts the voucher of a QR payment into field 59: tag A4, 20
// digits. Such answers carry no authorisation code.
func (h *Host) tellVoucher(x *Exchange) {
	v := [25]byte{'A', '4', '0', '2', '0'}
	wire.PutUint(v[5:], x.serial)
	x.Answer.Set(wire.PaymentCode, v[:])
}
