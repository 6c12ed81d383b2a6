package scenarios

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// dishOf is the dish of the profile's menu that a sentence names by its {text}.
func dishOf(a Args) (*profile.Dish, error) {
	m := &a.Profile.Menu
	if d := m.Named(a.Quoted(0)); d != nil {
		return d, nil
	}
	if len(m.Dishes) == 0 {
		return nil, lack("the profile has no menu")
	}
	var names []string
	for _, d := range m.Dishes {
		names = append(names, cmp.Or(d.English, d.Name))
	}
	return nil, &Need{"the profile's menu (" + strings.Join(names, ", ") + ") has no dish", a.Quoted(0)}
}

// choosing makes a Make for sentences in which {n} of a dish are chosen, or its number
// is changed.
func choosing(change bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		n, err := a.Int(0)
		if err != nil {
			return nil, err
		}
		d, err := dishOf(a)
		return func(p *sim.Player) error { return keepRefusal(p, p.Choose(d.Number, n, change)) }, err
	}
}

// ordering is fixed, for what asks something of the host about the order.
func ordering(do func(*sim.Player) error) func(Args) (func(*sim.Player) error, error) {
	return fixed(func(p *sim.Player) error { return keepRefusal(p, do(p)) })
}

// billOf is the order in hand; an error where there is none.
func billOf(p *sim.Player) (*sim.Bill, error) {
	if p.T.Bill == nil {
		return nil, errors.New("the terminal has no order")
	}
	return p.T.Bill, nil
}

// onBill makes a Make for sentences that look at the order in hand.
func onBill(look func(*sim.Player, *sim.Bill) error) func(Args) (func(*sim.Player) error, error) {
	return fixed(func(p *sim.Player) error {
		b, err := billOf(p)
		if err != nil {
			return err
		}
		return look(p, b)
	})
}

// payOrder is the Make of sentences in which a card pays the order: of a {role}, in
// the way of {how} or else by stripe and PIN, for an {amount} if it is not the order's.
func payOrder(a Args) (func(*sim.Player) error, error) {
	o, hs, err := cardOrder(a)
	if err != nil {
		return nil, err
	}
	return func(p *sim.Player) error { return payBill(p, o, pickHolder(p, hs)) }, nil
}

func payBill(p *sim.Player, o sim.Order, h *profile.Holder) error {
	o.Holder = h
	worldOf(p).card = h.Card
	return keepRefusal(p, p.PayOrder(&o))
}

// orderPhrases are the sentences about orders.
func orderPhrases() []*Phrase {
	const group = "Orders / 点餐"
	return []*Phrase{
		{Group: group, English: "the customer chooses {n} of {text}", Chinese: "顾客点{n}份{text}",
			Doc:  "So many of a dish of the menu go on the order; a new order, when the last is past its draft.",
			Make: withOrder(choosing(false))},
		{Group: group, English: "the customer changes {text} to {n}", Chinese: "顾客把{text}改为{n}份",
			Doc:  "So many of the dish are on the order instead; 0 takes it off.",
			Make: withOrder(choosing(true))},
		{Group: group, English: "the order may be paid within {n} seconds", Chinese: "订单有效期为{n}秒",
			Doc: "What the merchant says when the order is confirmed; else the host says for how long.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				if n < 1 || n > 86400 {
					return nil, errors.New("orders are valid for 1 to 86400 seconds")
				}
				return func(p *sim.Player) error {
					b, err := billOf(p)
					if err == nil {
						b.Valid = n
					}
					return err
				}, err
			}},
		{Group: group, English: "the operator confirms the order", Chinese: "操作员确认订单", Of: dialect.OrderConfirm,
			Doc:  "Lines and total go to the host, which gives the order its number. One that was not answered is sent again under the same number of the merchant's.",
			Make: ordering((*sim.Player).ConfirmOrder)},
		{Group: group, English: "the operator sends the same order once more", Chinese: "操作员重复提交同一订单", Of: dialect.OrderConfirm,
			Doc:  "Under the same number of the merchant's.",
			Make: ordering((*sim.Player).ConfirmOrder)},
		{Group: group, English: "the operator sends one more {text} under the same number", Chinese: "操作员用同一商户订单号多提交一份{text}", Of: dialect.OrderConfirm,
			Doc: "Another order than the one that the merchant's number stands for.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				d, err := dishOf(a)
				return func(p *sim.Player) error {
					b, err := billOf(p)
					if err != nil {
						return err
					}
					b.Lines = append(b.Lines, dialect.OrderLine{Dish: uint16(d.Number), Count: 1, Price: d.Price})
					err = keepRefusal(p, p.ConfirmOrder())
					b.Lines = b.Lines[:len(b.Lines)-1]
					return err
				}, err
			}},
		{Group: group, English: "the terminal has an old price of {text}", Chinese: "终端菜单中{text}的价格是旧的",
			Doc: "One yuan less than the host's; and not sold out.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				d, err := dishOf(a)
				return func(p *sim.Player) error {
					m := a.Profile.Menu
					m.Dishes = slices.Clone(m.Dishes)
					old := m.Dish(d.Number)
					old.Price, old.SoldOut = old.Price-min(old.Price, uint32(a.Profile.Dialect.FromHundredths(100))), false
					p.T.SetMenu(&m)
					return nil
				}, err
			}},
		{Group: group, English: "the customer pays the order with a {role} card", Chinese: "顾客用{role}卡支付订单",
			Doc:  "A purchase by magnetic stripe and PIN that names the order.",
			Card: true, Of: dialect.Purchase, Make: withOrder(payOrder)},
		{Group: group, English: "the customer pays the order with a {role} card {how}", Chinese: "顾客用{role}卡支付订单，{how}",
			Doc:  "The same with the card read in this way.",
			Card: true, Of: dialect.Purchase, Make: withOrder(payOrder)},
		{Group: group, English: "the customer pays {amount} yuan for the order with a {role} card", Chinese: "顾客用{role}卡为订单支付{amount}元",
			Doc:  "The same for an amount that may not be the order's.",
			Card: true, Of: dialect.Purchase, Make: withOrder(payOrder)},
		{Group: group, English: "the operator cancels the order", Chinese: "操作员取消订单", Of: dialect.OrderCancel,
			Doc:  "Nobody is to pay it any more.",
			Make: ordering((*sim.Player).CancelOrder)},
		{Group: group, English: "the operator queries the order", Chinese: "操作员查询订单", Of: dialect.OrderQuery,
			Doc:  "By its number. What the terminal did not know of its payment it knows then: what is booked goes into its batch, what is not is reversed.",
			Make: ordering((*sim.Player).QueryOrder)},
		{Group: group, English: "the operator refunds {amount} yuan of the order", Chinese: "操作员对订单退款{amount}元", Of: dialect.Refund,
			Doc: "A refund that names the order, with the supervisor's password.",
			Make: withOrder(func(a Args) (func(*sim.Player) error, error) {
				v, err := a.Amount(0)
				return func(p *sim.Player) error { return keepRefusal(p, refundBill(p, v)) }, err
			})},
		{Group: group, English: "the operator refunds the order", Chinese: "操作员对订单全额退款", Of: dialect.Refund,
			Doc:  "All that is left of it.",
			Make: withOrder(ordering(func(p *sim.Player) error { return refundBill(p, 0) }))},
		{Group: group, English: "the operator refunds {amount} yuan of the order by the reference of another payment", Chinese: "操作员用另一笔支付的参考号对订单退款{amount}元", Of: dialect.Refund,
			Doc: "The order is the right one, and the reference is that of the terminal's latest payment beside the order's. A host that gives anything back does it for the wrong one of the two.",
			Make: withOrder(func(a Args) (func(*sim.Player) error, error) {
				v, err := a.Amount(0)
				return func(p *sim.Player) error { return keepRefusal(p, refundByAnother(p, v)) }, err
			})},
		{Group: group, English: "the operator sends the same refund once more", Chinese: "操作员用同一退款单号重复提交退款", Of: dialect.Refund,
			Doc:  "Of an order that was paid by code: under the merchant's number of the refund before, which is still one refund.",
			Make: withOrder(ordering(func(p *sim.Player) error { return supervised(p, func() error { return p.RepeatRefund(0) }) }))},
		{Group: group, English: "the operator sends a refund of {amount} yuan under the same number", Chinese: "操作员用同一退款单号退款{amount}元", Of: dialect.Refund,
			Doc: "Another refund than the one that the number stands for.",
			Make: withOrder(func(a Args) (func(*sim.Player) error, error) {
				v, err := a.Amount(0)
				return func(p *sim.Player) error {
					return keepRefusal(p, supervised(p, func() error { return p.RepeatRefund(v) }))
				}, err
			})},
		{Group: group, English: "{amount} yuan of the order are refunded", Chinese: "订单已退款{amount}元", Asserts: true,
			Doc: "As far as the terminal knows: query the order to know what the host says.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, err := a.Amount(0)
				return func(p *sim.Player) error {
					b, err := billOf(p)
					if err == nil && b.Refunded != want {
						return fmt.Errorf("%s of the order are refunded, want %s", told(a.Profile.Dialect, b.Refunded), told(a.Profile.Dialect, want))
					}
					return err
				}, err
			}},
		{Group: group, English: "the operator voids the payment of the order", Chinese: "操作员撤销订单的支付", Of: dialect.PurchaseVoid,
			Doc: "The whole payment, in the same batch, with the supervisor's password.",
			Make: withOrder(ordering(func(p *sim.Player) error {
				if err := p.T.Supervise(p.T.SupervisorPassword()); err != nil {
					return err
				}
				return p.VoidOrder()
			}))},
		{Group: group, English: "the operator enters the number of another merchant's order", Chinese: "操作员输入他店的订单号", Of: dialect.OrderQuery,
			Doc: "What follows is about that number: of another terminal of another merchant, well formed.",
			Make: onBill(func(p *sim.Player, b *sim.Bill) error {
				if !b.Numbered() {
					return errors.New("the order has no number yet")
				}
				copy(b.Number[:], foreignTerminal(p))
				b.Number[len(b.Number)-1] = dialect.OrderCheckDigit(b.Number[:len(b.Number)-1])
				return nil
			})},
		{Group: group, English: "{n} seconds pass", Chinese: "{n}秒过去", Waits: true,
			Doc: "Nothing happens for so long.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				d, err := a.Seconds(0)
				if d > time.Minute {
					return nil, errors.New("at most 60 seconds")
				}
				return func(p *sim.Player) error {
					return p.Away(func() error { time.Sleep(d); return nil })
				}, err
			}},
		{Group: group, English: "the order comes to {amount} yuan", Chinese: "订单合计{amount}元", Asserts: true,
			Doc: "What its lines come to, to the fen, and what the host confirms if it has.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, err := a.Amount(0)
				return func(p *sim.Player) error {
					b, err := billOf(p)
					if err != nil {
						return err
					}
					if got := dialect.OrderTotal(b.Lines); got != want || b.Numbered() && b.Total != want {
						return fmt.Errorf("the order comes to %s, want %s", told(a.Profile.Dialect, got), told(a.Profile.Dialect, want))
					}
					return nil
				}, err
			}},
		{Group: group, English: "the order has a number of its own", Chinese: "订单号唯一", Asserts: true,
			Doc: "The host gave it one of 25 characters with a right check digit, that begins with the terminal's, and no order of the scenario had it before.",
			Make: onBill(func(p *sim.Player, b *sim.Bill) error {
				w := worldOf(p)
				switch {
				case !dialect.IsOrderNumber(b.Number[:]):
					return errors.New("the order has no number")
				case !bytes.HasPrefix(b.Number[:], []byte(p.T.TID)):
					return errors.New("the order's number does not begin with the terminal's")
				case slices.Contains(w.numbers, b.Number):
					return errors.New("an order before has the same number")
				}
				w.numbers = append(w.numbers, b.Number)
				return nil
			})},
		{Group: group, English: "the order has the same number as before", Chinese: "订单号与之前相同", Asserts: true,
			Doc: "As the order that a sentence looked at last.",
			Make: onBill(func(p *sim.Player, b *sim.Bill) error {
				if w := worldOf(p); len(w.numbers) == 0 || w.numbers[len(w.numbers)-1] != b.Number {
					return errors.New("the order has another number")
				}
				return nil
			})},
		{Group: group, English: "the order is {text}", Chinese: "订单状态为{text}", Asserts: true,
			Doc: "As the terminal knows: draft, confirmed, paying, unknown, paid, part refunded, refunded, cancelled or expired (未确认, 待支付, 支付中, 结果未知, 支付成功, 部分退款, 已退款, 已取消, 已过期).",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, ok := dialect.OrderStateNamed(a.Quoted(0))
				if !ok {
					return nil, fmt.Errorf("%q is no state of an order", a.Quoted(0))
				}
				return func(p *sim.Player) error {
					b, err := billOf(p)
					if err == nil && b.State != want {
						return fmt.Errorf("the order is %s, want %s", b.State, want)
					}
					return err
				}, nil
			}},
		{Group: group, English: "the host refuses because {text}", Chinese: "主机拒绝，原因为{text}", Asserts: true,
			Doc: "The last answer was verified, declines, and gives this reason in its order data.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, ok := dialect.OrderReasonNamed(a.Quoted(0))
				if !ok {
					return nil, fmt.Errorf("%q is no reason to refuse an order, its payment or its refund", a.Quoted(0))
				}
				return func(p *sim.Player) error {
					b, err := billOf(p)
					switch {
					case err != nil:
						return err
					case p.Last.Outcome != report.Declined:
						return unexpected(p, "a refusal because "+want.String())
					case b.Refused != want:
						return fmt.Errorf("the host refuses because %q, want because %q", cmp.Or(b.Refused.String(), "(no reason is given)"), want)
					}
					return nil
				}, nil
			}},
		{Group: group, English: "payee and amount stood on the screen before the password", Chinese: "输密前屏幕显示收款方和金额", Asserts: true,
			Doc: "The merchant's name in the profile, and what the order comes to.",
			Make: onBill(func(p *sim.Player, b *sim.Bill) error {
				m := p.T.Profile.Merchant(p.T.MID)
				if got := p.T.Prompt(); m == nil || got != fmt.Sprintf("收款方: %s, 金额: %s元", m.Name, report.FormatAmount(b.Total, p.T.Profile.Dialect.Exponent)) {
					return fmt.Errorf("on the screen stood %q", got)
				}
				return nil
			})},
		{Group: group, English: "the host is to answer {text} to a {role} card", Chinese: "预期{role}卡返回应答码{text}",
			Doc: "The scenario is for hosts that do, as the profile says, and skipped for others.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				hs, err := a.Holders()
				if err != nil {
					return nil, err
				}
				if c := hs[0].Card; c.Expected() != a.Quoted(0) {
					return nil, lack("the host answers %s to the card of role %s, by the profile", cmp.Or(c.Expected(), "we do not know what"), c.Role)
				}
				return func(*sim.Player) error { return nil }, nil
			}},
		{Group: group, English: "the next step is {text}", Chinese: "下一步提示为{text}", Asserts: true,
			Doc: "What the operator is told to do next (key next of the dialect's codes), in either language.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, ok := dialect.NextStepSaid(a.Quoted(0))
				if !ok {
					return nil, fmt.Errorf("%q is no next step", a.Quoted(0))
				}
				return func(p *sim.Player) error {
					if got := p.NextStep(worldOf(p).refusal); got != want {
						return fmt.Errorf("the next step is %q (%s), want %q", got, got.Chinese(), want)
					}
					return nil
				}, nil
			}},
		{Group: group, English: "the report says {text}", Chinese: "报告写明{text}", Asserts: true,
			Doc: "The reason that reports give for the last transaction has these words in it.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want := a.Quoted(0)
				return func(p *sim.Player) error {
					err := cmp.Or(worldOf(p).refusal, whyNot(p))
					if err == nil {
						return fmt.Errorf("the report gives no reason, for nothing failed, want %q in it", want)
					}
					if !strings.Contains(err.Error(), want) {
						return fmt.Errorf("the report says %q, want %q in it", err.Error(), want)
					}
					return nil
				}, nil
			}},
	}
}

// withOrder is for payments of orders: a network without orders has none.
func withOrder(make func(Args) (func(*sim.Player) error, error)) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		if d := a.Profile.Dialect; d.Form(dialect.OrderConfirm) == nil {
			return nil, lack("dialect %s has no %s", d.Name, dialect.OrderConfirm)
		}
		return make(a)
	}
}

// supervised does something with the supervisor's password.
func supervised(p *sim.Player, do func() error) error {
	if err := p.T.Supervise(p.T.SupervisorPassword()); err != nil {
		return err
	}
	return do()
}

// refundBill refunds the order with the supervisor's password.
func refundBill(p *sim.Player, amount int64) error {
	return supervised(p, func() error { return p.RefundOrder(amount) })
}

// refundByAnother refunds the order by the reference of the terminal's latest payment that
// is not the order's.
func refundByAnother(p *sim.Player, amount int64) error {
	b, err := billOf(p)
	if err != nil {
		return err
	}
	records := made(p)
	for i := len(records) - 1; i >= 0; i-- {
		if r := &records[i]; r.Of.Booking() == dialect.Charge && (r.Batch != b.Payment.Batch || r.Trace != b.Payment.Trace) {
			right := b.Payment
			defer func() { b.Payment = right }()
			b.Payment.RRN, b.Payment.Date = r.RRN, r.Date
			return refundBill(p, amount)
		}
	}
	return errors.New("the terminal has no payment beside the order's")
}

// foreignTerminal is the number of a terminal of another merchant.
func foreignTerminal(p *sim.Player) string {
	for _, t := range p.T.Profile.Terminals {
		if t.MID != p.T.MID {
			return t.TID
		}
	}
	return "99999999"
}
