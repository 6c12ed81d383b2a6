package dialect

import (
	"bytes"
	"fmt"
	"io"

	"github.com/posfleet/posfleet/sim/wire"
)

// orderTags are the tags of what orders say, as Describe shows them; of a tag without
// words only the length is shown.
var orderTags = map[string]struct {
	title string
	words func(v []byte) string // "" for a value that has not the tag's shape
}{
	TagOwnNumber:    {"merchant's own number", ownNumber},
	TagMenu:         {"version of the menu", numberOf(6)},
	TagLines:        {"lines", nil},
	TagOrder:        {"order number", orderNumber},
	TagState:        {"state", stateOf},
	TagRefunded:     {"refunded", numberOf(12)},
	TagReason:       {"why not", reasonOf},
	TagCode:         {"code that is shown", nil},
	TagValid:        {"seconds to pay in", numberOf(9)},
	TagPayment:      {"payment", paymentOf},
	TagPayer:        {"payer's code", nil},
	TagTotal:        {"total", numberOf(12)},
	TagPush:         {"listens for the result", nil},
	TagPaysOrder:    {"order number", orderNumber},
	TagPaysReason:   {"why not", reasonOf},
	TagDeclines:     {"does not pay", nil},
	TagRefundNumber: {"refund number", ownNumber},
	TagRefundedAs:   {"booked before as", paymentOf},
	TagPaymentCode:  {"payer's code", nil},
	"A4":            {"voucher", nil}, // of a QR payment
}

func ownNumber(v []byte) string {
	if len(v) > 32 || !printable(v) {
		return ""
	}
	return readable(v)
}

// numberOf shows a number of so many digits at most.
func numberOf(most int) func([]byte) string {
	return func(v []byte) string {
		if len(v) == 0 || len(v) > most || !wire.IsDigits(v) {
			return ""
		}
		return fmt.Sprint(wire.Uint(v))
	}
}

func orderNumber(v []byte) string {
	if !IsOrderNumber(v) {
		return ""
	}
	return string(v)
}

func stateOf(v []byte) string {
	if len(v) != 1 || !wire.IsDigits(v) {
		return ""
	}
	state := OrderState(v[0] - '0')
	if state >= orderStates {
		return string(v)
	}
	return fmt.Sprintf("%s: %s (%s)", v, state, state.Chinese())
}

func reasonOf(v []byte) string {
	if len(v) != 2 || !wire.IsDigits(v) {
		return ""
	}
	r := OrderReason(wire.Uint(v))
	if r == NoReason || r >= orderReasons {
		return string(v)
	}
	return fmt.Sprintf("%s: %s (%s)", v, r, r.Display())
}

func paymentOf(v []byte) string {
	if len(v) != 28 || !wire.IsDigits(v) {
		return ""
	}
	return fmt.Sprintf("batch %s, trace %s, reference %s, date %s", v[:6], v[6:12], v[12:24], v[24:])
}

// orders are the transactions whose order data Describe shows.
var orders = map[Transaction]bool{OrderConfirm: true, OrderQuery: true, OrderCancel: true, MerchantCode: true, CodeScan: true, OrderResult: true}

// describeOrder writes what an order says in field f, a tag a line: of messages about
// orders, whose field also holds keys in others, and of the order that a payment names.
func (d *Dialect) describeOrder(w io.Writer, m *wire.Message, f int) {
	t, known := d.Classify(m)
	switch {
	case !known:
		return
	case orders[t] && d.holds(f, wire.OrderData):
	case t.Payment() && d.holds(f, wire.PaymentCode):
	default:
		return
	}
	for v := m.Field(f); len(v) >= 5 && wire.IsDigits(v[2:5]); {
		tag, n := string(v[:2]), int(wire.Uint(v[2:5]))
		about, is := orderTags[tag]
		if !is || n > len(v)-5 {
			return
		}
		value := v[5 : 5+n]
		v = v[5+n:]
		if tag == TagLines {
			lines, ok := AppendOrderLines(nil, value)
			for _, l := range lines {
				writePart(w, tag, "dish", fmt.Sprintf("%d × %d, %d each", l.Dish, l.Count, l.Price))
			}
			if ok {
				continue
			}
		}
		shown := fmt.Sprintf("(%d characters)", n)
		of := element
		if tag == TagOwnNumber || tag == TagRefundNumber {
			of = freeText
		}
		if about.words != nil && bytes.Equal(d.Secrets.scrub(value, of), value) { // nothing in it is a card's
			if words := about.words(value); words != "" {
				shown = words
			}
		}
		writePart(w, tag, about.title, shown)
	}
}
