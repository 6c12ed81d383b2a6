package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

const fieldTable = "columns field and value (域, 值); a field is a number (4), a part (60.3), MTI, MAC or a name (amount, 金额), an amount is its digits or is written with its point and two decimals (4: 88.00), for any currency, or as many as its currency has, a value may be \"as in the original\" (与原交易相同), \"as in the request\" (与请求相同), \"present\" (有), \"should be present\" (应有: untested without), \"absent\" (无), \"as the dialect says\" (按网络规定: what all requests of its kind have there) or \"as the policy says\" (按终端参数: the reason of a reversal, its original)"

// comparison is how a field is compared with what its row says.
type comparison int

const (
	withValue comparison = iota
	withOriginal
	withRequest
	present
	expected
	absent
	byPolicy
	byDialect
	asApproval
)

// comparisons are the values of a field table that are no value of a field.
var comparisons = []word[comparison]{
	{"as in the original", "与原交易相同", withOriginal},
	{"as in the purchase", "与原交易相同", withOriginal},
	{"as in the request", "与请求相同", withRequest},
	{"present", "有", present},
	{"should be present", "应有", expected},
	{"absent", "无", absent},
	{"as the policy says", "按终端参数", byPolicy},
	{"as the dialect says", "按网络规定", byDialect},
}

// fieldRow is one row of a field table.
type fieldRow struct {
	place
	name    string // as it is written: 4, 60.3, amount, MAC or MTI
	value   string
	compare comparison
}

// fieldRows reads a field table.
func fieldRows(a Args) ([]fieldRow, error) {
	var out []fieldRow
	for i, cells := range a.Table {
		if i == 0 {
			if len(cells) != 2 || cells[0] != "field" && current(cells[0]) != "域" {
				return nil, errors.New("the table's heading must be | field | value | (or | 域 | 值 |)")
			}
			continue
		}
		r := fieldRow{name: cells[0], value: cells[1], compare: meaning(comparisons, cells[1])}
		var err error
		if r.place, err = placeOf(a.Profile.Dialect, cells[0]); err != nil {
			if _, lacking := errors.AsType[*Need](err); lacking && r.compare == absent {
				continue // it cannot be there
			}
			return nil, err
		}
		if err := r.resolve(a); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, lack("dialect %s has none of these fields", a.Profile.Dialect.Name)
	}
	return out, nil
}

// resolve puts in what profile and dialect say of the field. The error is a [Need]
// where the network lacks what the row asks for.
func (r *fieldRow) resolve(a Args) error {
	d, pol := a.Profile.Dialect, &a.Profile.Policy
	is := func(e wire.Element) bool {
		return !r.mac && r.field > 0 && r.field == d.Place(e).Field && (r.whole || r.part == e)
	}
	switch {
	case r.compare == absent:
		return nil
	case r.mac && !d.MAC:
		return lack("dialect %s has no MAC", d.Name)
	case is(wire.PINBlock) && !a.Profile.HasPIN():
		return lack("terminals of dialect %s send no PIN", d.Name)
	case is(wire.WorkingKeys) && a.Profile.SignIn == "":
		return lack("a sign-in of dialect %s brings no keys", d.Name)
	case r.compare == byPolicy && is(wire.Reason):
		r.compare, r.value = withValue, pol.ReversalReason.String()
	case r.compare == byPolicy && is(wire.Original):
		r.compare, r.value = absent, "absent"
		if pol.ReversalOriginal {
			r.compare, r.value = present, "present"
		}
	case r.compare == byPolicy:
		return fmt.Errorf("the policy says nothing of field %s", r.name)
	case r.compare != withValue:
	case amountDigits(is) > 0:
		return r.priced(d, amountDigits(is))
	case is(wire.ResponseCode) && r.value == dialect.Approved.String():
		r.compare = asApproval // with the code of its transaction
	case is(wire.ResponseCode) && len(r.value) > len(d.Code(dialect.Approved).String()):
		code, err := codeOf(d, r.value)
		r.value = code.String()
		return err
	case is(wire.Reason) && !r.digits():
		cause, ok := dialect.CauseNamed(strings.ReplaceAll(strings.ToLower(r.value), " ", "-"))
		if r.value = d.Reason(cause).String(); !ok {
			return fmt.Errorf("%q is no cause of a reversal", r.value)
		}
	case is(wire.SecurityControl) && !d.PINFormat.Bound():
		return lack("the scenario writes the PIN block format that CUP has, dialect %s has another", d.Name)
	case is(wire.EntryMode):
		if how, ok := entryNamed(r.value); ok {
			r.value = d.EntryMode(how.entry, how.pin)
		}
	}
	return nil
}

// digits reports whether the row names its field by number.
func (r *fieldRow) digits() bool {
	_, err := strconv.Atoi(r.name)
	return err == nil
}

// constant is what all messages of transaction t have in the row's field.
func (r *fieldRow) constant(d *dialect.Dialect, t dialect.Transaction, answer bool) string {
	m := d.NewMessage()
	if f := d.Form(t); f != nil {
		f.Begin(m)
	}
	if mti := []byte(m.MTI()); answer {
		mti[2] |= 1
		m.SetMTI(string(mti))
	}
	return string(r.in(m))
}

// checkFields compares a message of transaction t with the table. What should be
// there and is not leaves it untested, if all else is as it says.
func checkFields(d *dialect.Dialect, t dialect.Transaction, table []fieldRow, m, request, original *wire.Message) error {
	var lacking []string
	for _, r := range table {
		got := r.in(m)
		want := r.value
		switch r.compare {
		case present, absent:
			if (got != nil) != (r.compare == present) {
				return fmt.Errorf("field %s is %s, want it %s", r.name, map[bool]string{true: "present", false: "absent"}[got != nil], map[bool]string{true: "present", false: "absent"}[r.compare == present])
			}
			continue
		case expected:
			if got == nil {
				lacking = append(lacking, r.name)
			}
			continue
		case withOriginal:
			if original == nil {
				return errors.New("there is no original to compare with")
			}
			want = string(r.in(original))
		case withRequest:
			want = string(r.in(request))
		case byDialect:
			want = r.constant(d, t, m.IsAnswer())
		case asApproval:
			want = d.Approves(t).String()
		}
		if string(got) == want && (got != nil || r.compare != withValue) {
			continue
		}
		wanted := quoted(d.ShownValue(r.field, want))
		switch r.compare {
		case withOriginal:
			wanted = r.shown(d, original)
		case withRequest:
			wanted = r.shown(d, request)
		}
		return fmt.Errorf("field %s is %s, want %s", r.label(d), r.shown(d, m), wanted)
	}
	if len(lacking) > 0 {
		return fmt.Errorf("%w: field %s is absent, which should be there and need not", sim.ErrUntested, strings.Join(lacking, ", "))
	}
	return nil
}

// label is the row's field as it is written there, with the name of what is not to
// be shown.
func (r *fieldRow) label(d *dialect.Dialect) string {
	if r.field > 0 && d.Masks[r.field] != dialect.Clear {
		return fmt.Sprintf("%s (%s)", r.name, d.FieldName(r.field))
	}
	return r.name
}

// shown is the row's field in a message as it may be shown.
func (r *fieldRow) shown(d *dialect.Dialect, m *wire.Message) string {
	switch v := r.in(m); {
	case len(bytes.Trim(v, "\x00")) == 0:
		return "absent"
	case r.field == 0:
		return quoted(string(v))
	case !r.whole:
		return quoted(d.ShownElement(m, r.part))
	}
	return quoted(d.Shown(m, r.field))
}

// quoted is a value in quotes, or what stands in its place.
func quoted(shown string) string {
	if shown == "what the table says" {
		return shown
	}
	return rules.Quoted(shown)
}

// carries makes a Make that looks at messages of the past: of the latest
// exchange that choose takes, the request or the answer.
func carries(answer bool, choose func(p *sim.Player, s *exchange) bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		table, err := fieldRows(a)
		return func(p *sim.Player) error {
			past := worldOf(p).exchanges
			for i := len(past) - 1; i >= 0; i-- {
				s := &past[i]
				if !choose(p, s) {
					continue
				}
				m := s.request
				if answer {
					if m = s.answer; m == nil {
						return errors.New("there is no answer")
					}
				}
				return checkFields(a.Profile.Dialect, s.result.Of, table, m, s.request, originalOf(past[:i], s.request))
			}
			return errors.New("there is no such message")
		}, err
	}
}

// originalOf finds the exchange that a request points back to: the reversed
// one has the same trace.
func originalOf(before []exchange, m *wire.Message) *wire.Message {
	for i := len(before) - 1; i >= 0; i-- {
		o := &before[i]
		if o.result.Of.Payment() && string(o.request.Get(wire.Trace)) == string(m.Get(wire.Trace)) {
			return o.request
		}
	}
	for i := len(before) - 1; i >= 0; i-- {
		if before[i].result.Of.Payment() {
			return before[i].request
		}
	}
	return nil
}

func isLast(p *sim.Player, s *exchange) bool {
	return s.result.Of == p.Last.Of && s.result.Trace == p.Last.Trace
}

func isReversal(_ *sim.Player, s *exchange) bool { return s.result.Of == dialect.Reversal }

// reversalFirst checks that the payment before the last was reversed before it.
func reversalFirst(p *sim.Player) error {
	var past []exchange // without what hosts ask for beside, in the header of any answer
	for _, s := range worldOf(p).exchanges {
		if rules.KindOf(s.result.Of)&(rules.SignIns|rules.Management) == 0 {
			past = append(past, s)
		}
	}
	n := len(past)
	if n < 2 || past[n-2].result.Of != dialect.Reversal {
		return errors.New("no reversal was sent before the last payment")
	}
	reversal := past[n-2].request
	o := originalOf(past[:n-2], reversal)
	switch {
	case o == nil || string(o.Get(wire.Trace)) != string(reversal.Get(wire.Trace)):
		return errors.New("the reversal has another trace number than the unanswered payment")
	case string(o.Get(wire.Amount)) != string(reversal.Get(wire.Amount)):
		return errors.New("the reversal has another amount than the unanswered payment")
	}
	return nil
}

// reversalAcknowledged checks that the last reversal is no longer owed.
func reversalAcknowledged(p *sim.Player) error {
	past := worldOf(p).exchanges
	for i := len(past) - 1; i >= 0; i-- {
		if r := &past[i].result; r.Of == dialect.Reversal {
			if p.T.Owes() {
				return fmt.Errorf("the reversal is still owed: %w", r.Reason())
			}
			return nil
		}
	}
	return errors.New("no reversal was sent")
}

// sent makes a Make that counts the messages of some transactions; {n} are
// wanted.
func sent(what string, counts func(dialect.Transaction) bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		want, err := a.Int(0)
		return func(p *sim.Player) error { return countSent(p, want, what, counts) }, err
	}
}

func countSent(p *sim.Player, want int, what string, counts func(dialect.Transaction) bool) error {
	n := 0
	for i := range worldOf(p).exchanges {
		if counts(worldOf(p).exchanges[i].result.Of) {
			n++
		}
	}
	if n != want {
		return fmt.Errorf("%d %s were sent, want %d", n, what, want)
	}
	return nil
}

func isReversalOf(t dialect.Transaction) bool { return t == dialect.Reversal }

func messagePhrases() []*Phrase {
	const group = "Messages / 报文"
	return []*Phrase{
		{Group: group, English: "the request carries:", Chinese: "请求报文包含：", Table: fieldTable, Request: lastAsked, CheckOnly: true,
			Doc: "Fields of the last request asked for.", Make: carries(false, isLast)},
		{Group: group, English: "the answer carries:", Chinese: "应答报文包含：", Table: fieldTable, Request: lastAnswer, CheckOnly: true,
			Doc: "Fields of the answer to it.", Make: carries(true, isLast)},
		{Group: group, English: "the reversal carries:", Chinese: "冲正报文包含：", Table: fieldTable, Request: lastReversal, CheckOnly: true,
			Doc: "Fields of the last reversal sent; the original is the payment it undoes.", Make: carries(false, isReversal)},
		{Group: group, English: "the terminal first sends a reversal of the unanswered payment", Chinese: "终端先自动冲正上一笔未应答交易", Was: "终端先发送未应答交易的冲正", CheckOnly: true,
			Doc:  "Before the last payment the terminal sent a reversal with the trace and the amount of the payment before it.",
			Make: fixed(reversalFirst)},
		{Group: group, English: "the host acknowledges the reversal", Chinese: "冲正成功", Was: "主机确认冲正", CheckOnly: true, Undone: true,
			Doc:  "The last reversal was answered with a code that ends it. Where that refuses the reversal of a payment which had come to the host (12, 25), a balance or a settlement has to tell, or it is untested.",
			Make: fixed(reversalAcknowledged)},
		{Group: group, English: "{n} reversals have been sent", Chinese: "共上送{n}次冲正", Was: "共发送{n}次冲正", CheckOnly: true,
			Doc:  "In this scenario, repetitions included.",
			Make: sent("reversals", isReversalOf)},
		{Group: group, English: "the reversal has been sent as often as the policy allows", Chinese: "冲正已达到规定次数", Was: "冲正已发送至规定次数", CheckOnly: true,
			Doc: "In this scenario, as many as policy reversal-tries of the profile says.",
			Make: fixed(func(p *sim.Player) error {
				return countSent(p, p.T.Profile.Policy.ReversalTries, "reversals", isReversalOf)
			})},
		{Group: group, English: "{n} messages have been sent", Chinese: "共上送{n}个报文", Was: "共发送{n}个报文", CheckOnly: true,
			Doc:  "In this scenario, sign-ins apart: whether one is needed depends on what came before.",
			Make: sent("messages", func(t dialect.Transaction) bool { return t != dialect.SignIn })},
	}
}
