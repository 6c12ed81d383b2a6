package host

import (
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// data is the order data of a request: tags and values in turn.
func data(tagged ...string) field {
	var v []byte
	for i := 0; i < len(tagged); i += 2 {
		v = dialect.AppendTag(v, tagged[i], tagged[i+1])
	}
	return func(_ *pos, m *wire.Message) { m.Set(wire.OrderData, v) }
}

// pays names an order in a payment, refund or void.
func pays(number string) field {
	return func(_ *pos, m *wire.Message) {
		m.Set(wire.PaymentCode, dialect.AppendTag([]byte(m.Text(wire.PaymentCode)), dialect.TagPaysOrder, number))
	}
}

// phoneCode is a payment code of the first good card's phone, so many seconds old.
func phoneCode(h *Host, age int64) field {
	code := dialect.AppendOneTimeCode(nil, dialect.OneTimeCode{Payer: 111111, Second: uint32((time.Now().Unix() - age) % 1e6), Number: uint32(age)})
	return func(_ *pos, m *wire.Message) {
		m.SetFieldString(22, "032")
		m.Set(wire.PaymentCode, dialect.AppendPaymentCode(nil, string(code)))
	}
}

// order has so much rice ordered, and gives the order's number.
func (p *pos) order(count int) string {
	p.Helper()
	p.want("00", dialect.OrderConfirm, amount(uint64(200*count)), p.rice(count))
	number := p.told(dialect.TagOrder)
	if !dialect.IsOrderNumber([]byte(number)) {
		p.Fatalf("order number %q", number)
	}
	return number
}

func (p *pos) rice(count int) field {
	own := p.entry.TID + string(rune('A'+p.trace%26)) + time.Now().Format("150405.000000")
	return data(dialect.TagOwnNumber, own, dialect.TagLines, string(dialect.AppendOrderLine(nil, dialect.OrderLine{Dish: 7, Count: uint16(count), Price: 200})))
}

// told is what the answer says under a tag.
func (p *pos) told(tag string) string { return string(dialect.Tagged(p.ans.Get(wire.OrderData), tag)) }

// refused wants the answer before to give a reason.
func (p *pos) refused(want dialect.OrderReason) {
	p.Helper()
	got := dialect.TaggedUint(p.ans.Get(wire.OrderData), dialect.TagReason) + dialect.TaggedUint(p.ans.Get(wire.PaymentCode), dialect.TagPaysReason)
	if dialect.OrderReason(got) != want {
		p.Errorf("refused because %q, want because %q", dialect.OrderReason(got), want)
	}
}

func TestOrderIsPaidOnceAndToTheFen(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	start := balanceOf(t, h, "good")
	number := p.order(3)
	if p.told(dialect.TagTotal) != "000000000600" || p.told(dialect.TagState) != "1" || p.told(dialect.TagPayment) != "" {
		t.Errorf("an order of 6.00 yuan is told as %q", p.ans.Get(wire.OrderData))
	}
	p.want("64", dialect.Purchase, amount(599), shows("good"), pays(number))
	p.refused(dialect.OtherAmount)
	p.want("51", dialect.Purchase, amount(600), shows("poor"), pays(number))
	p.want("00", dialect.Purchase, amount(600), shows("good"), pays(number))
	p.want("94", dialect.Purchase, amount(600), shows("good"), pays(number))
	p.refused(dialect.OrderAlreadyPaid)
	p.want("94", dialect.OrderCancel, data(dialect.TagOrder, number))
	p.refused(dialect.OrderAlreadyPaid)
	if got := balanceOf(t, h, "good"); got != start-600 {
		t.Errorf("the card has %d less, want 600", start-got)
	}
}

func TestOrderOfAnotherTerminalOrMerchantIsNotFound(t *testing.T) {
	h, address := listen(t, "cup")
	p, q := ready(t, h, address, 0), ready(t, h, address, 1)
	number := p.order(1)
	for _, kind := range []dialect.Transaction{dialect.OrderQuery, dialect.OrderCancel, dialect.MerchantCode} {
		q.want("25", kind, data(dialect.TagOrder, number))
		q.refused(dialect.NoSuchOrder)
	}
	q.want("25", dialect.Purchase, amount(200), shows("good"), pays(number))
	q.refused(dialect.NoSuchOrder)
	p.want("00", dialect.OrderQuery, data(dialect.TagOrder, number))
}

// A reversal undoes the payment of the order, a void ends the order, and a void that
// is reversed leaves it paid.
func TestOrderFollowsItsPayment(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	number := p.order(2)
	state := func(want dialect.OrderState) {
		t.Helper()
		p.want("00", dialect.OrderQuery, data(dialect.TagOrder, number))
		if got := dialect.OrderState(dialect.TaggedUint(p.ans.Get(wire.OrderData), dialect.TagState)); got != want {
			t.Errorf("the order is %s, want %s", got, want)
		}
	}
	purchase := p.request(dialect.Purchase, amount(400), shows("good"), pays(number))
	p.send(purchase)
	state(dialect.OrderPaid)
	if got := p.told(dialect.TagPayment); len(got) != 28 || got[:12] != "000001"+purchase.FieldText(11) {
		t.Errorf("payment %q, want batch 1 and trace %s", got, purchase.FieldText(11))
	}
	p.send(p.reversalOf(purchase))
	state(dialect.OrderConfirmed)
	p.want("00", dialect.Purchase, amount(400), shows("good"), pays(number))
	of := p.original()
	void := p.request(dialect.PurchaseVoid, amount(400), shows("good"), of)
	p.send(void)
	state(dialect.OrderRefunded)
	p.send(p.reversalOf(void))
	state(dialect.OrderPaid)
	p.want("00", dialect.PurchaseVoid, amount(400), shows("good"), of)
	state(dialect.OrderRefunded)
}

func TestRefundsOfAnOrderNeverExceedIt(t *testing.T) {
	for _, settled := range []bool{false, true} {
		h, address := listen(t, "cup")
		p := ready(t, h, address, 0)
		number := p.order(2)
		p.want("00", dialect.Purchase, amount(400), shows("good"), pays(number))
		of := p.reference()
		if settled {
			p.settle(400, 1)
		}
		p.want("00", dialect.Refund, amount(150), shows("good"), pays(number), of)
		p.want("64", dialect.Refund, amount(251), shows("good"), pays(number), of)
		p.refused(dialect.OverRest)
		p.want("00", dialect.Refund, amount(250), shows("good"), pays(number), of)
		p.want("64", dialect.Refund, amount(1), shows("good"), pays(number), of)
		p.refused(dialect.OverRest)
		other := p.order(1)
		p.want("25", dialect.Refund, amount(1), shows("good"), pays(other), of)
		p.refused(dialect.OrderNotPaid)
	}
}

func TestPhoneCodeIsGoodOnceAndForAMinute(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	p.want("00", dialect.QRPurchase, amount(100), phoneCode(h, 5))
	p.want("94", dialect.QRPurchase, amount(100), phoneCode(h, 5))
	p.refused(dialect.CodeUsed)
	p.want("22", dialect.QRPurchase, amount(100), phoneCode(h, 90))
	p.refused(dialect.CodeTooOld)
	p.want("00", dialect.QRPurchase, amount(100), phoneCode(h, 6))
}

// A merchant's code is paid under the trace with which the terminal asked for it, so
// that the terminal can reverse what it does not hear of; and reversed before, it is
// not paid any more.
func TestMerchantsCodeCanBeReversed(t *testing.T) {
	for _, scanned := range []bool{true, false} {
		h, address := listen(t, "cup")
		p := ready(t, h, address, 0)
		start := balanceOf(t, h, "good")
		number := p.order(2)
		p.want("00", dialect.MerchantCode, data(dialect.TagOrder, number))
		code, trace := p.told(dialect.TagCode), p.trace
		scan := data(dialect.TagCode, code, dialect.TagPayer, "6211111111111111111")
		if scanned {
			p.want("00", dialect.CodeScan, amount(400), scan)
			if got := balanceOf(t, h, "good"); got != start-400 {
				t.Errorf("the payer has %d less, want 400", start-got)
			}
		}
		never := p.request(dialect.QRPurchase, amount(400), set(22, "032"))
		never.SetFieldUint(11, trace)
		p.send(p.reversalOf(never))
		if got := balanceOf(t, h, "good"); got != start {
			t.Errorf("the payer has %d less after the reversal, want 0", start-got)
		}
		if code := p.do(dialect.CodeScan, amount(400), scan); code == "00" {
			t.Error("a code that was reversed is paid")
		}
		if got := balanceOf(t, h, "good"); got != start {
			t.Errorf("the payer has %d less at the end, want 0", start-got)
		}
	}
}

// Whatever stands in order data, the host answers and books nothing.
func FuzzOrderData(f *testing.F) {
	f.Add(uint8(0), []byte("O1003abcO3015000700300000200O900260"), "O4025")
	f.Add(uint8(4), []byte("O8037POS1100000012611271200000000100000001OB0196211111111111111111"), "A9025")
	h, err := New(bench("cup"))
	if err != nil {
		f.Fatal(err)
	}
	address := serveHost(f, h)
	p := ready(f, h, address, 0)
	kinds := []dialect.Transaction{dialect.OrderConfirm, dialect.OrderQuery, dialect.OrderCancel, dialect.MerchantCode, dialect.CodeScan}
	f.Fuzz(func(t *testing.T, kind uint8, v []byte, named string) {
		if len(v) == 0 || len(v) > 900 || len(named) > 500 {
			return
		}
		p.TB = t
		before := balanceOf(t, h, "good")
		of := kinds[int(kind)%len(kinds)]
		fields := []field{func(_ *pos, m *wire.Message) { m.Set(wire.OrderData, v) }}
		if of == dialect.OrderConfirm || of == dialect.CodeScan {
			fields = append(fields, amount(600))
		}
		p.do(of, fields...)
		if after := balanceOf(t, h, "good"); after != before && of != dialect.CodeScan {
			t.Errorf("%s moved %d fen", of, before-after)
		}
		if code := p.do(dialect.Purchase, amount(1), shows("good"), func(_ *pos, m *wire.Message) {
			m.Set(wire.PaymentCode, dialect.AppendTag(nil, dialect.TagPaysOrder, named))
		}); code == "00" {
			t.Errorf("a payment of 0.01 yuan for order %q is approved", named)
		}
	})
}

// A payment by a static code that was refused or reversed was none: it does not count
// towards what its payer may pay so in a day.
func TestStaticLimitCountsPaymentsThatWereMade(t *testing.T) {
	profile := bench("cup")
	profile.Cards[0].Limit = 300_00 // of the card, at once
	h, err := New(profile)
	if err != nil {
		t.Fatal(err)
	}
	p := ready(t, h, serveHost(t, h), 0)
	p.want("00", dialect.MerchantCode, data())
	code := p.told(dialect.TagCode)
	scan := func(want string, fen uint64, why dialect.OrderReason) {
		t.Helper()
		p.want(want, dialect.CodeScan, amount(fen), data(dialect.TagCode, code, dialect.TagPayer, profile.Cards[0].Code))
		p.refused(why)
	}
	scan("61", 400_00, dialect.NoReason) // the card's limit
	scan("00", 300_00, dialect.NoReason)
	paid := p.request(dialect.QRPurchase, amount(300_00))
	paid.SetFieldUint(11, p.ans.FieldUint(11))
	scan("61", 200_01, dialect.OverStaticLimit)
	if got := p.send(p.reversalOf(paid)); got != "00" {
		t.Fatalf("the reversal is answered %s", got)
	}
	scan("00", 300_00, dialect.NoReason)
}
