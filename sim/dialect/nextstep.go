package dialect

import "slices"

// NextStep is what an operator does after something did not go as it should. The
// codes of a dialect name theirs (key next).
type NextStep uint8

const (
	Done         NextStep = iota // nothing
	OtherCard                    // another card, or another way to pay
	OtherWay                     // not by this card at all
	CheckEntry                   // look at what was typed
	TypeAgain                    // the PIN
	AskIssuer                    // the cardholder calls the issuer
	KeepCard                     // as the issuer wants
	RetryLater                   // in a while
	SignInAgain                  // to have new keys
	Settle                       // the batch is full or not the host's
	CheckLine                    // network and cables
	QueryFirst                   // what became of it, before anything else
	ReverseFirst                 // it may have been booked: undo it before it is tried again
	CallService                  // the merchant's bank
	ConfirmAgain                 // an order, with what is right now
	OrderAgain                   // from the beginning
	FreshCode                    // the customer's phone shows a new one
	AwaitPayer                   // the customer enters a password on the phone
	nextSteps
)

// nextStepTable has their names in dialect files, and their words.
var nextStepTable = [nextSteps]struct{ name, english, chinese string }{
	Done:         {"none", "nothing is left to do", "无需处理"},
	OtherCard:    {"other-card", "ask for another card", "请换卡支付"},
	OtherWay:     {"other-way", "ask for another way to pay", "请改用其他方式支付"},
	CheckEntry:   {"check-entry", "check what was entered and try again", "请核对输入后重试"},
	TypeAgain:    {"type-again", "have the PIN typed again", "请持卡人重新输入密码"},
	AskIssuer:    {"ask-issuer", "the cardholder asks the issuer", "请持卡人联系发卡行"},
	KeepCard:     {"keep-card", "keep the card and call the bank", "请留卡并联系收单行"},
	RetryLater:   {"retry-later", "try again later", "请稍后重试"},
	SignInAgain:  {"sign-in", "sign in again, then repeat the payment", "请重新签到后再交易"},
	Settle:       {"settle", "settle the batch, then repeat the payment", "请先批结算再交易"},
	CheckLine:    {"check-line", "check line and network, then repeat the payment", "请检查线路和网络后重试"},
	QueryFirst:   {"query", "query the order before anything else", "请先查询订单"},
	ReverseFirst: {"reverse", "query the order; if it is not paid, the terminal reverses the payment", "请先查询订单, 未入账则自动冲正"},
	CallService:  {"call-service", "call customer service", "请联系客服"},
	ConfirmAgain: {"confirm-again", "confirm the order again", "请重新确认订单"},
	OrderAgain:   {"order-again", "take the order again", "请重新下单"},
	FreshCode:    {"fresh-code", "have the customer show a fresh code", "请顾客刷新付款码"},
	AwaitPayer:   {"await-payer", "wait until the customer has entered the password", "请等待顾客输入支付密码"},
}

// String is the step in English.
func (n NextStep) String() string { return nextStepTable[min(n, nextSteps-1)].english }

// Chinese is the step in Chinese.
func (n NextStep) Chinese() string { return nextStepTable[min(n, nextSteps-1)].chinese }

// NextStepSaid is the step that words in either language say.
func NextStepSaid(words string) (NextStep, bool) {
	for n, row := range nextStepTable {
		if words == row.english || words == row.chinese {
			return NextStep(n), true
		}
	}
	return 0, false
}

// nextStepNamed is the step of a name in dialect files.
func nextStepNamed(name string) (NextStep, bool) {
	i := slices.IndexFunc(nextStepTable[:], func(row struct{ name, english, chinese string }) bool { return row.name == name })
	return NextStep(max(i, 0)), i >= 0
}
