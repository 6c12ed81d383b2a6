package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

func answerPhrases() []*Phrase {
	const group = "Answers / 应答"
	outcome := func(want report.Outcome, words string) func(Args) (func(*sim.Player) error, error) {
		return fixed(func(p *sim.Player) error {
			if part := partly(p); part != nil && want == report.Approved {
				return part
			}
			if p.Last.Reason() == nil && want == report.Approved || p.Last.Outcome == want && want != report.Approved {
				return nil
			}
			return unexpected(p, words)
		})
	}
	return []*Phrase{
		{Group: group, English: "the host approves", Chinese: "交易成功", Was: "主机批准",
			Doc:  "The last answer was verified (fields brought back, MAC) and approves, the whole amount where there is one.",
			Make: outcome(report.Approved, "an approval")},
		{Group: group, English: "the host declines", Chinese: "交易被拒绝", Was: "主机拒绝",
			Doc:  "The last answer was verified and declines, whatever the code.",
			Make: outcome(report.Declined, "a decline")},
		{Group: group, English: "the host answers {text}", Chinese: "主机返回应答码{text}", Was: "主机应答{text}",
			Doc: "The last answer was verified and carries this response code, given as it stands in the message or by its role in the dialect, as \"invalid amount\" (\"无效金额\").",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, err := codeOf(a.Profile.Dialect, a.Quoted(0))
				return func(p *sim.Player) error { return answered(p, want) }, err
			}},
		{Group: group, English: "the host answers as for a {role} card", Chinese: "主机返回{role}卡对应的应答码", Was: "主机按{role}卡应答",
			Doc: "The last answer was verified and carries the code that the profile gives for the role (key answers), or the usual one.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				hs, err := a.Holders()
				if err != nil {
					return nil, err
				}
				want := hs[0].Card.Expected()
				if want == "" {
					return nil, lack("the profile does not say what the host answers for the card of role %s (key answers)", hs[0].Card.Role)
				}
				return func(p *sim.Player) error { return answered(p, dialect.CodeOf(want)) }, nil
			}},
		{Group: group, English: "the host does not answer", Chinese: "主机无应答",
			Doc:  "No answer came in time.",
			Make: outcome(report.TimedOut, "no answer")},
		{Group: group, English: "the line breaks", Chinese: "通讯中断", Was: "线路中断",
			Doc:  "The connection broke before the answer was complete.",
			Make: outcome(report.Broken, "a broken line")},
		{Group: group, English: "the terminal rejects the answer", Chinese: "终端校验应答报文失败", Was: "终端校验应答不通过", Rejects: true,
			Doc:  "An answer came, but it failed the terminal's checks.",
			Make: outcome(report.Refused, "an answer that fails the checks")},
		{Group: group, English: "no further answer comes", Chinese: "没有多余的应答报文", Was: "没有多余的应答", CheckOnly: true, Lingers: true,
			Doc:  "No answer has come to a request that had been answered, and no message that nobody asked for.",
			Make: fixed(noFurther)},
		{Group: group, English: "the balance is known", Chinese: "余额查询成功", Was: "终端得到余额",
			Doc: "The answer brought a balance (additional amounts), which is remembered.",
			Make: withBalance(func(p *sim.Player) error {
				if card := worldOf(p).card; p.Last.Of.Inquires() && p.Last.Outcome == report.Declined && card != nil && p.Last.Code.String() == card.Answer {
					return fmt.Errorf("%w: the profile says that the host answers %s for the card of role %s, and so it tells no balance", sim.ErrUntested, card.Answer, card.Role)
				}
				if !p.Last.Of.Inquires() || !p.Last.Approved() {
					return unexpected(p, "an approved balance inquiry")
				}
				if !p.Last.Told {
					return noBalance(p)
				}
				w := worldOf(p)
				w.balance, w.known, w.inquiry = p.Last.Balance, true, p.Last.Of
				return nil
			})},
		{Group: group, English: "the balance has gone down by {amount} yuan", Chinese: "余额减少{amount}元",
			Doc: "Compared with the balance remembered.", Watches: true,
			Make: balanceMoved(-1)},
		{Group: group, English: "the balance has not changed", Chinese: "余额不变",
			Doc: "Compared with the balance remembered.", Watches: true,
			Make: balanceMoved(0)},
	}
}

// codeOf is the response code that text says: its characters, or its role.
func codeOf(d *dialect.Dialect, text string) (dialect.Code, error) {
	width := len(d.Code(dialect.Approved).String())
	role, ok := codesChinese[text]
	if !ok {
		role, ok = dialect.RoleNamed(strings.ReplaceAll(strings.ToLower(text), " ", "-"))
	}
	switch {
	case ok && d.HasCode(role):
		return d.Code(role), nil
	case ok:
		return dialect.Code{}, lack("dialect %s has no code for %s", d.Name, text)
	case len(text) != width:
		return dialect.Code{}, fmt.Errorf("response code %q: dialect %s has codes of %d characters", text, d.Name, width)
	}
	return dialect.CodeOf(text), nil
}

// partly says that the last answer approves a part of the amount; nil when it does not.
func partly(p *sim.Player) error {
	r, d := &p.Last, p.T.Profile.Dialect
	if !r.Approved() || r.Asked == 0 || r.Amount == r.Asked {
		return nil
	}
	return fmt.Errorf("the host approves %s of %s (code %s), want the whole amount", told(d, r.Amount), told(d, r.Asked), r.Code)
}

// told is an amount as people write it, with its currency.
func told(d *dialect.Dialect, n int64) string {
	return report.FormatAmount(n, d.Exponent) + " " + d.Unit()
}

// answered holds the last answer to a response code.
func answered(p *sim.Player, want dialect.Code) error {
	refused := p.Last.Outcome > report.Declined || p.Last.Reason() != nil && p.Last.Outcome == report.Approved
	switch {
	case refused && (p.Last.Code == dialect.Code{} || p.Last.Code == want):
		return unexpected(p, "an answer "+want.String())
	case p.Last.Code != want: // which says more of a host than what is wrong with the answer besides
		d := p.T.Profile.Dialect
		n := d.Place(wire.ResponseCode).Field
		seen := p.Last.Code.String()
		if p.Last.Code == (dialect.Code{}) {
			seen = "absent"
		}
		return &rules.Mismatch{Field: n, Name: d.FieldName(n), Seen: seen, Want: want.String()}
	}
	return nil
}

// noFurther holds that the scenario's requests have been answered once, and nothing else
// has come. It listens for a moment.
func noFurther(p *sim.Player) error {
	w := worldOf(p)
	if len(w.exchanges) == 0 {
		return errors.New("nothing was sent, so there is no answer to be the only one")
	}
	var met line.Strays
	if own, is := p.T.Link.(*line.Own); is {
		met = own.Leftovers(w.lingers)
	}
	has := func(r *rules.Rule) bool {
		return slices.ContainsFunc(w.exchanges, func(e exchange) bool { return e.result.Should.Has(r) })
	}
	broken := unasked(p.T, &met)
	w.broken = append(w.broken, broken...)
	switch {
	case has(rules.Once) || met.Duplicate > 0: // the line's own doing, too
		return rules.Break(rules.Once)
	case has(rules.Alone) || len(broken) > 0:
		return rules.Break(rules.Alone)
	}
	return nil
}

// noBalance says that an approved inquiry brought none.
func noBalance(p *sim.Player) error {
	return fmt.Errorf("%w: the host's answer brings no balance (field %d)", sim.ErrUntested, p.T.Profile.Dialect.Place(wire.AdditionalAmounts).Field)
}

// withBalance is fixed, for a network whose answers can bring a balance.
func withBalance(do func(*sim.Player) error) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		if d := a.Profile.Dialect; !d.Has(wire.AdditionalAmounts) {
			return nil, lack("dialect %s has no %s", d.Name, strings.ReplaceAll(wire.AdditionalAmounts.String(), "-", " "))
		}
		return do, nil
	}
}

func balanceMoved(sign int64) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		var by int64
		var err error
		if sign != 0 {
			by, err = a.Amount(0)
		}
		return func(p *sim.Player) error {
			w := worldOf(p)
			switch {
			case w.known && w.reversal != nil && p.Last.Of != w.inquiry:
				return fmt.Errorf("the terminal asked for no second balance, as its reversal was not acknowledged: %w", w.reversal)
			case !w.known || p.Last.Of != w.inquiry:
				return errors.New("two balances are needed, both of money or of points: ask before and after")
			case !p.Last.Approved():
				return unexpected(p, "an approved balance inquiry")
			case !p.Last.Told:
				return noBalance(p)
			}
			if got := p.Last.Balance - w.balance; got != sign*by {
				return fmt.Errorf("the balance moved by %s, want %s", told(a.Profile.Dialect, got), report.FormatAmount(sign*by, a.Profile.Dialect.Exponent))
			}
			return nil
		}, err
	}
}
