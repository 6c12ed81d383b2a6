package rules

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// carried holds that an approval has element e, where its form says so.
func carried(e wire.Element) check {
	return check{ifNot, e,
		func(*Exchange) bool { return false },
		func(x *Exchange) error { return fmt.Errorf("%s of the approval is absent", x.field(e)) },
	}
}

// carriedBesides holds that an approval has the fields that its form says it should
// have, a balance apart, and a card that the terminal does not know; a decline those
// of them that captured declines have.
var carriedBesides = check{always, 0,
	func(x *Exchange) bool { return x.lacking() == wire.FieldSet{} },
	func(x *Exchange) error { return fmt.Errorf("the answer lacks %s", list(x.lacking())) },
}

func (x *Exchange) lacking() wire.FieldSet {
	place := func(e wire.Element) int { return x.Dialect.Place(e).Field }
	must, should := x.Form.Answered()
	should = should.Without(x.Answer.Present())
	if x.approves {
		if should == (wire.FieldSet{}) {
			return should
		}
		not := wire.Fields(place(wire.AdditionalAmounts))
		if x.PAN == "" {
			not.Add(place(wire.PAN)) // paid by a code, or refunded to one
		}
		return should.Without(not)
	}
	must = must.Without(x.Answer.Present())
	of := wire.Fields(place(wire.LocalTime), place(wire.LocalDate), place(wire.Acquirer), place(wire.RRN))
	c := x.code // for two the host knows no more of the request
	if KindOf(x.Form.Transaction)&Financial != 0 && !x.Dialect.Means(c, dialect.UnknownTerminal) && !x.Dialect.Means(c, dialect.FormatError) {
		of.Add(place(wire.SettlementDate))
		of.Add(place(wire.ResponseData))
		of.Add(place(wire.Operator))
	}
	return wire.FieldSet{must[0] | should[0], must[1] | should[1]}.And(of)
}

// balanceTold holds that an answer brings the balance that was asked for.
var balanceTold = check{ifNot, wire.AdditionalAmounts,
	func(x *Exchange) bool { return x.Form != nil && !x.Form.Transaction.Inquires() },
	func(x *Exchange) error {
		return fmt.Errorf("%s of the approval is absent: a balance was asked for", x.field(wire.AdditionalAmounts))
	},
}

// formed holds that element e, where it comes, has a form, in words.
func formed(e wire.Element, ok func(v []byte) bool, words string) check {
	return check{ifThere, e,
		func(x *Exchange) bool { return ok(x.Answer.Get(e)) },
		wrong(e, words),
	}
}

// isTransmissionTime reports whether v is MMDDhhmmss.
func isTransmissionTime(v []byte) bool {
	return len(v) == 10 && dialect.IsDate(v[:4]) && dialect.IsTime(v[4:])
}

// isExpiry reports whether v is YYMM, or zeros for none.
func isExpiry(v []byte) bool {
	return len(v) == 4 && wire.IsDigits(v) && (string(v) == "0000" || string(v[2:]) >= "01" && string(v[2:]) <= "12")
}

// isReference reports whether v can be pointed to: characters without controls,
// not blank and not all zeros.
func isReference(v []byte) bool {
	for _, c := range v {
		if c != ' ' && c != '0' {
			return isPrintable(v)
		}
	}
	return false
}

// isShown is isReference, but may be zeros.
func isShown(v []byte) bool {
	for _, c := range v {
		if c != ' ' {
			return isPrintable(v)
		}
	}
	return false
}

// isPrintable reports whether v has no control characters.
func isPrintable(v []byte) bool {
	const each = 0x0101010101010101
	for ; len(v) >= 8; v = v[8:] { // eight at once: an octet below ' ', or DEL, leaves its highest bit
		w := binary.LittleEndian.Uint64(v)
		del := w ^ 0x7F*each
		if ((w-' '*each)&^w|(del-each)&^del)&(0x80*each) != 0 {
			return false
		}
	}
	for _, c := range v {
		if c < ' ' || c == 0x7F {
			return false
		}
	}
	return true
}

// isAdditionalAmounts reports whether v is one or more amounts: account type 2,
// amount type 2, currency 3, sign C or D, amount 12.
func isAdditionalAmounts(v []byte) bool {
	if len(v) == 0 || len(v)%20 != 0 {
		return false
	}
	for ; len(v) > 0; v = v[20:] {
		if !isPrintable(v[:7]) || v[7] != 'C' && v[7] != 'D' || !wire.IsDigits(v[8:20]) {
			return false
		}
	}
	return true
}

// additionalCurrency holds that amounts in field 54 are of the request's currency.
var additionalCurrency = check{ifThere, wire.AdditionalAmounts,
	func(x *Exchange) bool {
		want, v := x.Request.Get(wire.Currency), x.Answer.Get(wire.AdditionalAmounts)
		if want == nil || !isAdditionalAmounts(v) {
			return true // ANS-54-FORM is about that
		}
		for ; len(v) > 0; v = v[20:] {
			if !bytes.Equal(v[4:7], want) {
				return false
			}
		}
		return true
	},
	func(x *Exchange) error {
		return fmt.Errorf("%s of the answer is in another currency than %s of the request, %s", x.field(wire.AdditionalAmounts), x.field(wire.Currency), x.Request.Get(wire.Currency))
	},
}

// codePresent holds that the answer has a response code, if its form has one.
var codePresent = check{ifNot, wire.ResponseCode,
	func(x *Exchange) bool { return x.Form.NoCode },
	func(x *Exchange) error { return fmt.Errorf("%s of the answer is absent", x.field(wire.ResponseCode)) },
}

// partOfAmount holds that an approval of a part of the amount says which.
var partOfAmount = check{ifThere, wire.ResponseCode,
	func(x *Exchange) bool {
		if !x.partial() || !x.Request.Has(wire.Amount) {
			return true
		}
		n := x.Answer.Uint(wire.Amount)
		return n > 0 && n <= x.Request.Uint(wire.Amount)
	},
	func(x *Exchange) error {
		if !x.Answer.Has(wire.Amount) {
			return fmt.Errorf("%s of an approval of a part (%s) is absent: nobody knows how much is approved", x.field(wire.Amount), x.Dialect.Code(dialect.Partial))
		}
		return fmt.Errorf("%s of an approval of a part (%s) is %q, want a part of %q", x.field(wire.Amount), x.Dialect.Code(dialect.Partial),
			x.Answer.Get(wire.Amount), x.Request.Get(wire.Amount))
	},
}

// askedPartial holds that a part is approved only of a request that says that the
// terminal takes it.
var askedPartial = check{ifThere, wire.ResponseCode,
	func(x *Exchange) bool { return !x.partial() || x.Request.Uint(wire.PartialApproval) == 1 },
	func(x *Exchange) error {
		return fmt.Errorf("%s of the answer is %q, an approval of a part, which the request does not say that the terminal takes", x.field(wire.ResponseCode), x.Code())
	},
}

// partial reports whether the answer approves a part of the amount.
func (x *Exchange) partial() bool { return x.Dialect.Means(x.code, dialect.Partial) }

// secrets are what an answer never brings back.
var secrets = [...]wire.Element{wire.Track1, wire.Track2, wire.Track3, wire.PINBlock}

var noSecrets = check{always, 0,
	func(x *Exchange) bool { return x.Answer.Present().And(x.judge.secrets) == wire.FieldSet{} },
	func(x *Exchange) error {
		for _, e := range secrets {
			if x.Answer.Has(e) {
				return fmt.Errorf("%s comes back in the answer; tracks and PIN blocks never do", x.field(e))
			}
		}
		return nil
	},
}

// plainText holds that text is text.
var plainText = check{always, 0,
	func(x *Exchange) bool { return x.controls() == 0 },
	func(x *Exchange) error {
		n := x.controls()
		return fmt.Errorf("field %d (%s) of the answer is text and holds control characters", n, x.Dialect.FieldName(n))
	},
}

// controls is the first text field with control characters, 0 for none. What comes
// back from the request is held to that.
func (x *Exchange) controls() int {
	return x.Answer.FirstOf(x.judge.texts, func(v []byte) bool { return !isPrintable(v) })
}

// knownScheme holds the card scheme where the dialect has a list of them.
var knownScheme = check{ifThere, wire.Operator,
	func(x *Exchange) bool {
		v := x.Answer.Get(wire.Operator)
		if len(x.Dialect.Schemes) == 0 {
			return true
		}
		for _, s := range x.Dialect.Schemes {
			if len(v) >= len(s) && string(v[:len(s)]) == s {
				return true
			}
		}
		return false
	},
	func(x *Exchange) error {
		return fmt.Errorf("%s of the answer begins with no card scheme: %s, want one of %q", x.field(wire.Operator), Quoted(x.Dialect.ShownElement(x.Answer, wire.Operator)), x.Dialect.Schemes)
	},
}
