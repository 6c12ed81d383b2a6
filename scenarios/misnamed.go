package scenarios

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/signature"
	"github.com/posfleet/posfleet/sim/signature/jbig"
	"github.com/posfleet/posfleet/sim/wire"
)

// named are the words for what a request can say of another payment.
var named = map[string]wire.Element{
	"amount": wire.Amount, "trace number": wire.Trace, "reference number": wire.RRN,
	"金额": wire.Amount, "流水号": wire.Trace, "参考号": wire.RRN,
}

// naming makes a Make for sentences whose {text} is one of some words.
func naming(want string, all []wire.Element, do func(p *sim.Player, e wire.Element) error) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		e, known := named[a.Quoted(0)]
		for _, of := range all {
			if known && of == e {
				return func(p *sim.Player) error { return do(p, e) }, nil
			}
		}
		return nil, fmt.Errorf("%q: want %s", a.Quoted(0), want)
	}
}

// lastAnswered is the request of the last purchase of the scenario.
func lastAnswered(p *sim.Player) (*exchange, error) {
	past := worldOf(p).exchanges
	for i := len(past) - 1; i >= 0; i-- {
		if past[i].result.Of == dialect.Purchase && past[i].answer != nil {
			return &past[i], nil
		}
	}
	return nil, errors.New("no purchase has been answered")
}

// before is the purchase before the last one, of another card; the error is that there is
// none.
func before(p *sim.Player, last *sim.Record) (*sim.Record, error) {
	records := made(p)
	for i := len(records) - 1; i >= 0; i-- {
		if r := &records[i]; isOriginal(dialect.Refund, r) && r.Trace != last.Trace {
			if one, other := r.Holder(p.T.Profile), last.Holder(p.T.Profile); one != nil && other != nil && one.PAN != other.PAN {
				return r, nil
			}
		}
	}
	return nil, errors.New("the batch has no purchase before of another card")
}

// noReference is the reference number of no answer: no time is like it.
const noReference = "999999999999"

// refundNaming is the Make of a refund that names another payment than the last purchase.
func refundNaming(a Args) (func(*sim.Player) error, error) {
	amount, err := a.Amount(0)
	other, known := map[string]bool{"the purchase before": true, "no purchase": false, "再上一笔消费": true, "不存在的交易": false}[a.Quoted(0)]
	if !known {
		return nil, fmt.Errorf("%q: want \"the purchase before\" or \"no purchase\"", a.Quoted(0))
	}
	return func(p *sim.Player) error {
		return follow(p, a.Of, func(p *sim.Player, of dialect.Transaction) (*sim.Record, error) {
			last, err := lastOriginal(p, of)
			if err != nil {
				return nil, err
			}
			r := *last
			copy(r.RRN[:], noReference)
			if other {
				b, err := before(p, last)
				if err != nil {
					return nil, err
				}
				r.RRN, r.Date = b.RRN, b.Date
			}
			return &r, nil
		}, amount, nil)
	}, err
}

// misnamedPhrases are about requests that name another payment than the one that they are
// about.
func misnamedPhrases() []*Phrase {
	const group = "Another payment's name / 指向另一笔交易"
	return []*Phrase{
		{Group: group, English: "the terminal sends a reversal of the last purchase with another {text}", Chinese: "终端上送上一笔消费的冲正，但{text}有误", CheckOnly: true, Of: dialect.Purchase,
			Doc: "\"amount\" or \"trace number\" (\"金额\", \"流水号\"): one fen more, or a trace number of no payment. No sound terminal sends it; what the terminal owes stays what it was.",
			Make: naming(`"amount" or "trace number"`, []wire.Element{wire.Amount, wire.Trace}, func(p *sim.Player, e wire.Element) error {
				x, err := lastAnswered(p)
				if err != nil {
					return err
				}
				_, err = p.ReverseAs(x.request, func(m *wire.Message) {
					if e == wire.Amount {
						m.SetUint(e, m.Uint(e)+1)
						return
					}
					m.SetUint(e, uint64(p.T.UseTrace()))
				})
				return err
			})},
		{Group: group, English: "the host refuses the reversal", Chinese: "主机拒绝冲正", CheckOnly: true, Asserts: true,
			Doc: "The last reversal was answered, verified, and declined.",
			Make: fixed(func(p *sim.Player) error {
				return declined(p, "reversal", func(of dialect.Transaction) bool { return of == dialect.Reversal })
			})},
		{Group: group, English: "the operator refunds {amount} yuan of the last purchase, naming {text}", Chinese: "操作员对上一笔消费退货{amount}元，但指向{text}", Of: dialect.Refund,
			Doc:  "With the card of the last purchase, and the reference number of \"the purchase before\", which another card made, or of \"no purchase\" (\"再上一笔消费\", \"不存在的交易\").",
			Make: refundNaming},
		{Group: group, English: "the cardholder signs, and the image names another {text}", Chinese: "持卡人签字，但签名报文的{text}有误", CheckOnly: true, Of: dialect.SignatureUpload,
			Doc: "\"amount\", \"trace number\" or \"reference number\" (\"金额\", \"流水号\", \"参考号\") than the purchase that was approved just now. It is sent once, and the terminal keeps nothing of it.",
			Make: naming(`"amount", "trace number" or "reference number"`, []wire.Element{wire.Amount, wire.Trace, wire.RRN}, func(p *sim.Player, e wire.Element) error {
				image := jbig.Encode(signature.Image(slipSignature(p.N()), signature.ImageWidth, signature.ImageHeight), jbig.Options{})
				_, err := p.SendSlipAs(image, func(s *sim.Signed) {
					switch e {
					case wire.Amount:
						s.Amount++
					case wire.Trace:
						s.Trace = p.T.UseTrace()
					default:
						copy(s.RRN[:], noReference)
					}
				})
				return keepRefusal(p, err)
			})},
		{Group: group, English: "the host does not take the signature", Chinese: "主机不接受签名上送", CheckOnly: true, Asserts: true,
			Doc:  "The last message that brought a signature was answered, and declined.",
			Make: fixed(func(p *sim.Player) error { return declined(p, "signature", dialect.Transaction.Signs) })},
	}
}

// declined wants the last exchange of a kind to be answered and declined.
func declined(p *sim.Player, what string, is func(dialect.Transaction) bool) error {
	past := worldOf(p).exchanges
	for i := len(past) - 1; i >= 0; i-- {
		switch r := &past[i].result; {
		case !is(r.Of):
		case r.Outcome != report.Declined:
			return fmt.Errorf("the %s is %s, want it declined", what, r.Outcome)
		default:
			return nil
		}
	}
	return fmt.Errorf("no %s was sent", what)
}
