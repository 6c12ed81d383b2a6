package dialect

import "github.com/posfleet/posfleet/sim/wire"

// OrderState is what has become of an order. Draft and unknown are the terminal's:
// a host knows an order from its confirmation on, and what it has booked.
type OrderState uint8

const (
	OrderDraft        OrderState = iota // dishes are being chosen
	OrderConfirmed                      // it has its number, and waits to be paid
	OrderPaying                         // the merchant shows a code for it
	OrderUnknown                        // it was paid for and no answer came
	OrderPaid                           //
	OrderPartRefunded                   //
	OrderRefunded                       // whole, also by a void
	OrderCancelled                      // nobody will pay it
	OrderExpired                        // nobody has, in time
	orderStates
)

// orderStates' names, as features say them in English and in Chinese.
var orderStateNames = [orderStates][2]string{
	OrderDraft: {"draft", "未确认"}, OrderConfirmed: {"confirmed", "待支付"}, OrderPaying: {"paying", "支付中"}, OrderUnknown: {"unknown", "结果未知"},
	OrderPaid: {"paid", "支付成功"}, OrderPartRefunded: {"part refunded", "部分退款"}, OrderRefunded: {"refunded", "已退款"},
	OrderCancelled: {"cancelled", "已取消"}, OrderExpired: {"expired", "已过期"},
}

// String is the state's English name.
func (s OrderState) String() string {
	if s >= orderStates {
		return "?"
	}
	return orderStateNames[s][0]
}

// Chinese is the state's Chinese name, which terminals show.
func (s OrderState) Chinese() string {
	if s >= orderStates {
		return "?"
	}
	return orderStateNames[s][1]
}

// OrderStateNamed is the state of a name in either language.
func OrderStateNamed(name string) (OrderState, bool) {
	for s, names := range orderStateNames {
		if name == names[0] || name == names[1] {
			return OrderState(s), true
		}
	}
	return 0, false
}

// OrderReason is why a host refuses an order, or a payment or refund of one. Answers
// carry its number beside the response code.
type OrderReason uint8

const (
	NoReason          OrderReason = iota
	NoSuchOrder                   // or another merchant's
	OrderAlreadyPaid              //
	OrderIsCancelled              //
	OrderIsExpired                //
	OrderNotPaid                  // so there is nothing to refund
	OtherAmount                   // than the order's
	OverRest                      // a refund of more than is left of it
	PriceChanged                  // since the terminal has had its menu
	DishSoldOut                   //
	OwnNumberTaken                // by an order that is another
	CodeUsed                      // a payment code is for one payment
	CodeTooOld                    // or another has taken its place
	CodeUnknown                   //
	OverStaticLimit               // what a payer may pay in a day by static codes
	NotAnOrder                    // lines that add up to nothing, or to something else
	PayerTypes                    // the customer's phone asks for a password, and nothing is decided
	RefundNumberTaken             // by a refund that is another
	TooManyRefunds                // of one order
	orderReasons
)

// orderReasonTable says of each reason as what a host refuses for it, what terminals
// show, and what to do next.
var orderReasonTable = [orderReasons]struct {
	role             Role
	english, chinese string
	next             NextStep
}{
	NoReason:          {Approved, "", "", Done},
	NoSuchOrder:       {NoOriginal, "no such order of this merchant", "订单不存在", CheckEntry},
	OrderAlreadyPaid:  {Duplicate, "the order is paid already", "订单已支付, 请勿重复支付", QueryFirst},
	OrderIsCancelled:  {TooLate, "the order is cancelled", "订单已取消", OrderAgain},
	OrderIsExpired:    {TooLate, "the order has expired", "订单已过期", OrderAgain},
	OrderNotPaid:      {NoOriginal, "the order is not paid", "订单未支付", QueryFirst},
	OtherAmount:       {OriginalDiffers, "not the amount of the order", "金额与订单不符", CheckEntry},
	OverRest:          {OriginalDiffers, "more than is left of the order", "退款金额超过订单余额", CheckEntry},
	PriceChanged:      {OriginalDiffers, "a price has changed", "价格已变动, 请重新确认", ConfirmAgain},
	DishSoldOut:       {Declined, "a dish is sold out", "菜品已估清", ConfirmAgain},
	OwnNumberTaken:    {Duplicate, "the merchant's number stands for another order", "商户订单号重复", OrderAgain},
	CodeUsed:          {Duplicate, "the code has been used", "付款码已使用, 请刷新", FreshCode},
	CodeTooOld:        {TooLate, "the code is too old", "付款码已过期, 请刷新", FreshCode},
	CodeUnknown:       {InvalidCard, "no such code", "付款码无效", FreshCode},
	OverStaticLimit:   {OverLimit, "more than a payer may pay in a day by static codes", "超过静态码单日限额", OtherWay},
	NotAnOrder:        {InvalidAmount, "the lines do not make up the total", "订单金额有误", ConfirmAgain},
	PayerTypes:        {InProgress, "the customer is to enter a password", "等待顾客输入支付密码", AwaitPayer},
	RefundNumberTaken: {OriginalDiffers, "the refund number stands for another refund", "退款单号重复", CheckEntry},
	TooManyRefunds:    {OverLimit, "an order is refunded in at most 50 parts", "退款次数超限", CallService},
}

// Role is as what a host refuses for the reason.
func (r OrderReason) Role() Role { return orderReasonTable[min(r, orderReasons-1)].role }

// String says the reason in English.
func (r OrderReason) String() string {
	if r >= orderReasons {
		return "?"
	}
	return orderReasonTable[r].english
}

// Display is what terminals show for the reason.
func (r OrderReason) Display() string {
	if r >= orderReasons {
		return ""
	}
	return orderReasonTable[r].chinese
}

// Next is what to do next.
func (r OrderReason) Next() NextStep { return orderReasonTable[min(r, orderReasons-1)].next }

// OrderReasonNamed is the reason of words in either language.
func OrderReasonNamed(words string) (OrderReason, bool) {
	for r, row := range orderReasonTable {
		if r > 0 && (words == row.english || words == row.chinese) {
			return OrderReason(r), true
		}
	}
	return 0, false
}

// Tags of what orders say, each two characters, three digits of length and a value,
// as CUP has them in field 59. Of order-data, and those with A of payment-code:
const (
	TagOwnNumber    = "O1" // the merchant's own number of the order
	TagMenu         = "O2" // version of the terminal's menu, 6 digits
	TagLines        = "O3" // see OrderLine
	TagOrder        = "O4" // order number
	TagState        = "O5" // OrderState, 1 digit
	TagRefunded     = "O6" // fen, 12 digits
	TagReason       = "O7" // OrderReason, 2 digits
	TagCode         = "O8" // what the merchant shows
	TagValid        = "O9" // seconds that the order may be paid in
	TagPayment      = "OA" // batch 6, trace 6, reference 12, date MMDD 4
	TagPayer        = "OB" // payment code of who scanned
	TagTotal        = "OC" // fen, 12 digits
	TagPush         = "OD" // the terminal listens for the result on the line of its request
	TagDeclines     = "OE" // who scanned, or was asked for a password, does not pay
	TagPaysOrder    = "A9" // order number, in a payment or refund of it
	TagPaysReason   = "A8" // OrderReason, in the answer that refuses one
	TagRefundNumber = "A7" // the merchant's own number of a refund of the order
	TagRefundedAs   = "A6" // as TagPayment: in the answer to a refund whose number has come before
	TagPaymentCode  = "A3" // of the customer
)

// AppendTag writes a tag with its value, of at most 999 octets.
func AppendTag[T string | []byte](v []byte, tag string, value T) []byte {
	v = append(v, tag...)
	v = append(v, "000"...)
	wire.PutUint(v[len(v)-3:], uint64(len(value)))
	return append(v, value...)
}

// AppendTagUint writes a tag whose value is n in so many digits.
func AppendTagUint(v []byte, tag string, n uint64, digits int) []byte {
	v = AppendTag(v, tag, "000000000000"[:digits])
	wire.PutUint(v[len(v)-digits:], n)
	return v
}

// Tagged is the value of a tag, nil when v has none or cannot be read up to it.
func Tagged(v []byte, tag string) []byte {
	for len(v) >= 5 {
		if !wire.IsDigits(v[2:5]) {
			return nil
		}
		n := int(wire.Uint(v[2:5]))
		if n > len(v)-5 {
			return nil
		}
		if v[0] == tag[0] && v[1] == tag[1] {
			return v[5 : 5+n]
		}
		v = v[5+n:]
	}
	return nil
}

// TaggedUint is the value of a tag as a number, 0 when it is absent or no number.
func TaggedUint(v []byte, tag string) uint64 {
	d := Tagged(v, tag)
	if len(d) > 18 || !wire.IsDigits(d) {
		return 0
	}
	return wire.Uint(d)
}

// OrderLine is one line of an order: dish 4 digits, count 3, price 8 (fen).
type OrderLine struct {
	Dish  uint16
	Count uint16
	Price uint32 // of one, fen
}

// OrderLineLen is how many digits a line has.
const OrderLineLen = 15

// MostOrderLines is how many lines an order has at most.
const MostOrderLines = 40

// AppendOrderLine writes a line.
func AppendOrderLine(v []byte, l OrderLine) []byte {
	v = append(v, "000000000000000"...)
	d := v[len(v)-OrderLineLen:]
	wire.PutUint(d[:4], uint64(l.Dish))
	wire.PutUint(d[4:7], uint64(l.Count))
	wire.PutUint(d[7:], uint64(l.Price))
	return v
}

// AppendOrderLines reads lines, behind those of dst. It reports false for what is
// none, or for too many.
func AppendOrderLines(dst []OrderLine, v []byte) ([]OrderLine, bool) {
	if len(v)%OrderLineLen != 0 || len(v) > MostOrderLines*OrderLineLen || !wire.IsDigits(v) {
		return dst, false
	}
	for ; len(v) > 0; v = v[OrderLineLen:] {
		dst = append(dst, OrderLine{uint16(wire.Uint(v[:4])), uint16(wire.Uint(v[4:7])), uint32(wire.Uint(v[7:15]))})
	}
	return dst, true
}

// OrderTotal is what lines come to, in fen.
func OrderTotal(lines []OrderLine) (total int64) {
	for _, l := range lines {
		total += int64(l.Count) * int64(l.Price)
	}
	return total
}

// OrderNumberLen is the length of an order number: terminal 8, yyMMddHHmmss 12,
// sequence 4, check digit.
const OrderNumberLen = 25

// OrderTerminalLen is how much of it is the terminal.
const OrderTerminalLen = 8

// OrderCheckDigit is the last digit of an order number, by Luhn's rule over the
// others; a letter of the terminal's number counts as the last digit of its code.
func OrderCheckDigit(number []byte) byte {
	sum := 0
	for i := len(number) - 1; i >= 0; i-- {
		d := int(number[i])
		if number[i]-'0' <= 9 {
			d -= '0'
		}
		d %= 10
		if (len(number)-i)%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return '0' + byte((10-sum%10)%10)
}

// IsOrderNumber reports whether v is formed as an order number is, check digit
// included.
func IsOrderNumber(v []byte) bool {
	n := OrderNumberLen - 1
	return len(v) == OrderNumberLen && wire.IsDigits(v[8:]) && OrderCheckDigit(v[:n]) == v[n]
}

// OneTimeCode is a payment code that a customer's phone shows for one payment within
// [CodeAge]: 62, payer 6, second 6, number 5 digits.
type OneTimeCode struct {
	Payer  uint32 // the last six digits of the code that stands for the card
	Second uint32 // when it was made: Unix time, its last six digits
	Number uint32 // tells codes of a second apart
}

// CodeAge is for how many seconds a payment code is good.
const CodeAge = 60

// OneTimeCodeLen is how many digits it has.
const OneTimeCodeLen = 19

// AppendOneTimeCode writes a code.
func AppendOneTimeCode(v []byte, c OneTimeCode) []byte {
	v = append(v, "6200000000000000000"...)
	d := v[len(v)-OneTimeCodeLen:]
	wire.PutUint(d[2:8], uint64(c.Payer))
	wire.PutUint(d[8:14], uint64(c.Second))
	wire.PutUint(d[14:], uint64(c.Number))
	return v
}

// ReadOneTimeCode reads a code; false for what is none.
func ReadOneTimeCode(v []byte) (c OneTimeCode, ok bool) {
	if len(v) != OneTimeCodeLen || v[0] != '6' || v[1] != '2' || !wire.IsDigits(v) {
		return c, false
	}
	return OneTimeCode{uint32(wire.Uint(v[2:8])), uint32(wire.Uint(v[8:14])), uint32(wire.Uint(v[14:]))}, true
}

// Fresh reports whether the code is good at a second: not older than CodeAge, nor
// made later than a clock may differ.
func (c OneTimeCode) Fresh(unix int64) bool {
	age := (unix%1e6 - int64(c.Second) + 1e6) % 1e6
	return age <= CodeAge || age >= 1e6-CodeAge
}

// ReasonOf is why an answer that declines a transaction refuses an order, or its payment or
// refund; NoReason where it does not say, or is about none.
func ReasonOf(t Transaction, answer *wire.Message) OrderReason {
	var n uint64
	switch {
	case orders[t]:
		n = TaggedUint(answer.Get(wire.OrderData), TagReason)
	case t.Payment():
		n = TaggedUint(answer.Get(wire.PaymentCode), TagPaysReason)
	}
	if n >= uint64(orderReasons) {
		return NoReason
	}
	return OrderReason(n)
}
