// Package rules says what an answer must be.
//
// A [Rule] has an identity that stays, what it asks in words, and where it comes
// from; [Table] has them all. [Check] holds an [Exchange], a request with its
// answer, to those that apply and gives the first that is [Broken].
package rules

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// Exchange is a request, the answer to it, and what it takes to judge that.
type Exchange struct {
	Dialect         *dialect.Dialect
	Form            *dialect.Form // of the request
	Request, Answer *wire.Message
	Key             wire.Key       // of the request
	MAC             *keys.Key      // the terminal's working key; nil for none
	Algorithm       keys.Algorithm // of the MAC
	DefectiveIsGood bool           // A2, A4, A5 and A6 approve too
	Batch           dialect.Totals // of the terminal: what a settlement told the host
}

// Code is the response code of the answer, zero when it has none.
func (x *Exchange) Code() (c dialect.Code) {
	copy(c[:], x.Answer.Get(wire.ResponseCode))
	return c
}

// Approves reports whether the answer's code is an approval. A form whose
// answers carry no code, that of settlement, is approved without one.
func (x *Exchange) Approves() bool {
	c := x.Code()
	class := c.Class()
	return c == dialect.Code{} || class == dialect.Approves || class == dialect.Defective && x.DefectiveIsGood
}

// Rule is one thing that an answer must be.
type Rule struct {
	ID     string // stays the same over versions
	Asks   string
	Source string
	check  func(x *Exchange) error // nil for a rule that a terminal holds the answer to itself
}

// Broken says which rule an answer breaks, and how.
type Broken struct {
	Rule *Rule
	Err  error
}

func (b *Broken) Error() string { return b.Err.Error() }
func (b *Broken) Unwrap() error { return b.Err }

// Break is err as a breach of the rule, nil when err is.
func (r *Rule) Break(err error) error {
	if err == nil {
		return nil
	}
	return &Broken{r, err}
}

// Mismatch is an element of an answer that is not what it was in the request.
type Mismatch struct {
	Field      int
	Name       string
	Seen, Want string // masked
}

func (e *Mismatch) Error() string {
	return fmt.Sprintf("field %d (%s) of the answer is %q, want %q", e.Field, e.Name, e.Seen, e.Want)
}

// ErrMAC marks an answer whose MAC is wrong or missing.
var ErrMAC = errors.New("MAC of the answer is wrong")

// WorkingKeys is the rule that a terminal holds a sign-in's answer to by taking
// the keys.
var WorkingKeys = Rule{ID: "ANS-62-KCV", Asks: "each working key of a sign-in has the check value that stands beside it", Source: "CUP sign-in"}

// table is in the order in which answers are held to it.
var table = [...]Rule{
	{"ANS-PAIR", "the answer has the MTI that answers the request's, and the fields that pair the two", "ISO 8583 message flows", pairs},
	{"ANS-03-ECHO", "the processing code, where it comes, is the request's", echo, echoes(wire.ProcessingCode)},
	{"ANS-04-ECHO", "the amount, where it comes, is the request's, but for code 10 (part of the amount)", echo, amount},
	{"ANS-11-ECHO", "the trace, where it comes, is the request's", echo, echoes(wire.Trace)},
	{"ANS-25-ECHO", "the condition code, where it comes, is the request's", echo, echoes(wire.ConditionCode)},
	{"ANS-41-ECHO", "the terminal id, where it comes, is the request's", echo, echoes(wire.TerminalID)},
	{"ANS-42-ECHO", "the merchant id, where it comes, is the request's", echo, echoes(wire.MerchantID)},
	{"ANS-49-ECHO", "the currency, where it comes, is the request's", echo, echoes(wire.Currency)},
	{"ANS-70-ECHO", "the network management code, where it has a field of its own and comes, is the request's", echo, managementCode},
	{"ANS-64-MAC", "the approval of a request with a MAC carries one that is right", "CUP message authentication", mac},
	{"ANS-48-TOTALS", "the totals of a settlement have their length and a flag of 1, 2 or 3; flag 1 comes with the terminal's own totals", "CUP settlement", totals},
}

const echo = "CUP echo list"

// Table gives all rules.
func Table() []*Rule {
	all := make([]*Rule, 0, len(table)+1)
	for i := range table {
		all = append(all, &table[i])
	}
	return append(all, &WorkingKeys)
}

// Check holds an exchange to the rules; the error is a [*Broken].
func Check(x *Exchange) error {
	for i := range table {
		if err := table[i].check(x); err != nil {
			return &Broken{&table[i], err}
		}
	}
	return nil
}

func (x *Exchange) mismatch(f int) error {
	d := x.Dialect
	return &Mismatch{Field: f, Name: d.FieldName(f), Seen: d.Shown(x.Answer, f), Want: d.Shown(x.Request, f)}
}

func pairs(x *Exchange) error {
	if x.Answer.IsAnswer() && x.Answer.Key() == x.Key {
		return nil
	}
	for _, n := range x.Dialect.Pair {
		if !bytes.Equal(x.Request.Field(n), x.Answer.Field(n)) {
			return x.mismatch(n)
		}
	}
	return fmt.Errorf("MTI of the answer is %s, to a request %s", x.Answer.MTI(), x.Request.MTI())
}

func echoes(e wire.Element) func(*Exchange) error {
	return func(x *Exchange) error { return x.echoes(e) }
}

func (x *Exchange) echoes(e wire.Element) error {
	want, got := x.Request.Get(e), x.Answer.Get(e)
	if want != nil && got != nil && !bytes.Equal(want, got) {
		return x.mismatch(x.Dialect.Place(e).Field)
	}
	return nil
}

func amount(x *Exchange) error {
	if x.Code() == dialect.Partial {
		return nil
	}
	return x.echoes(wire.Amount)
}

func managementCode(x *Exchange) error {
	if x.Dialect.Place(wire.ManagementCode).To > 0 {
		return nil // beside the batch, which the host may change
	}
	return x.echoes(wire.ManagementCode)
}

func mac(x *Exchange) error {
	if !x.Form.MACed || !x.Dialect.MAC || x.Code() == (dialect.Code{}) || !x.Approves() {
		return nil
	}
	covered, mac := x.Answer.MACSpan()
	switch {
	case mac == nil:
		return fmt.Errorf("%w: it carries none, though field %d is %s", ErrMAC, x.Dialect.Place(wire.ResponseCode).Field, x.Code())
	case x.MAC == nil || !x.MAC.CheckMAC(x.Algorithm, covered, mac):
		return ErrMAC
	}
	return nil
}

func totals(x *Exchange) error {
	if x.Form.Transaction != dialect.Settlement || !x.Approves() {
		return nil
	}
	n := x.Dialect.Place(wire.Totals).Field
	v := x.Answer.Get(wire.Totals)
	if len(v) != dialect.TotalsLen {
		return fmt.Errorf("field %d of the answer has %d digits, want %d", n, len(v), dialect.TotalsLen)
	}
	own := x.Batch
	t, flag := dialect.ReadTotals(v)
	switch {
	case flag < dialect.Balanced || flag > dialect.InError:
		return fmt.Errorf("settlement flag (field %d, digit %d) of the answer is %q, want 1, 2 or 3", n, dialect.TotalsHalf, flag)
	case flag == dialect.Balanced && t != own:
		return fmt.Errorf("the host says balanced, but its totals (field %d) are %s; the terminal's are %s", n, said(t), said(own))
	}
	return nil
}

func said(t dialect.Totals) string {
	return fmt.Sprintf("debit %s in %d, credit %s in %d", report.FormatYuan(t.Debit), t.DebitN, report.FormatYuan(t.Credit), t.CreditN)
}
