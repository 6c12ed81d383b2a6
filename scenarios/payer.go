package scenarios

import (
	"errors"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
)

// asksPassword is the role of payers whose phones ask for a password.
const asksPassword = "qr-password"

// answerPhone makes a Make for sentences in which the customer who has shown a payment code
// enters the password that the phone asks for, or does not.
func answerPhone(pays bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		_, err := payers(a, asksPassword)
		return func(p *sim.Player) error {
			b, err := billOf(p)
			if err != nil {
				return err
			}
			w := worldOf(p)
			if len(w.code) == 0 {
				return errors.New("the customer has shown no payment code")
			}
			return keepRefusal(p, p.AnswerPhone(w.code, w.payer, b.Total, pays))
		}, err
	}
}

// payerPhrases are about customers whose phones ask for a password before they pay.
func payerPhrases() []*Phrase {
	const group = "Customers' passwords / 顾客支付密码"
	return []*Phrase{
		{Group: group, English: "the customer pays the order by payment code, to be confirmed by password", Chinese: "顾客出示付款码支付订单，需输入支付密码", Of: dialect.QRPurchase, Role: asksPassword,
			Doc:  "The same with a customer whose phone asks for a password first (role qr-password): the host answers that the payment is under way, and nothing is decided. The terminal owes its reversal until a query says that it is paid.",
			Make: withOrder(payByPhone(asksPassword, false))},
		{Group: group, English: "the customer enters the password", Chinese: "顾客输入支付密码", Of: dialect.CodeScan, Role: asksPassword,
			Doc:  "That the phone asks for: the order is paid, but the terminal does not know yet. The phone is played on the terminal's line.",
			Make: answerPhone(true)},
		{Group: group, English: "the customer does not enter the password", Chinese: "顾客取消输入支付密码", Of: dialect.CodeScan, Role: asksPassword,
			Doc:  "And closes the phone's app: nothing is paid.",
			Make: answerPhone(false)},
		{Group: group, English: "the terminal waits for the customer", Chinese: "终端轮询等待顾客支付", Of: dialect.OrderQuery, Waits: true,
			Doc:  "Who is to enter a password: it queries the order every few seconds (policy payer-query), and gives the payment up after payer-wait: its reversal is sent, and the order queried a last time.",
			Make: ordering(func(p *sim.Player) error { return p.AwaitPayer(nil) })},
		{Group: group, English: "the terminal waits for the customer, who enters the password meanwhile", Chinese: "终端轮询期间顾客输入支付密码", Of: dialect.OrderQuery, Waits: true, Role: asksPassword,
			Doc: "After the first query, which finds the order not paid.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				enter, err := answerPhone(true)(a)
				return func(p *sim.Player) error {
					return keepRefusal(p, p.AwaitPayer(func() error { return enter(p) }))
				}, err
			}},
	}
}
