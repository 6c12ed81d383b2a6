package rules

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// mismatch says that field f of the answer is not the request's.
func (x *Exchange) mismatch(f int) error {
	d := x.Dialect
	return &Mismatch{Field: f, Name: d.FieldName(f), Seen: d.Shown(x.Answer, f), Want: d.Shown(x.Request, f),
		At: differAt(x.Answer.Field(f), string(x.Request.Field(f)))}
}

// differAt is the place, from 1, of the first octet in which a value is not as wanted.
func differAt(v []byte, want string) int {
	n := 0
	for n < len(v) && n < len(want) && v[n] == want[n] {
		n++
	}
	return n + 1
}

// pairs holds what pairs an answer with its request.
var pairs = check{always, 0,
	func(x *Exchange) bool { return x.Answer.IsAnswer() && x.Answer.Key() == x.Key && x.sameOrigin() },
	func(x *Exchange) error {
		for _, n := range x.Dialect.Pair {
			if !bytes.Equal(x.Request.Field(n), x.Answer.Field(n)) {
				return x.mismatch(n)
			}
		}
		return fmt.Errorf("MTI of the answer is %s, to a request %s", x.Answer.MTI(), x.Request.MTI())
	},
}

// sameOrigin reports whether the fourth digit of the answer's MTI is of the request's
// origin. That of a repeat may be counted back.
func (x *Exchange) sameOrigin() bool {
	asked, answered := x.Request.Origin(), x.Answer.Origin()
	return answered == asked || answered == asked&^1
}

// echoed holds an element that, where it comes, is the request's. It is asked when
// the whole fields differ.
func echoed(e wire.Element) check {
	return check{ifDiffers, e,
		func(x *Exchange) bool {
			if x.Dialect.Place(e).To == 0 {
				return false
			}
			want, got := x.Request.Get(e), x.Answer.Get(e)
			return want == nil || got == nil || bytes.Equal(want, got)
		},
		func(x *Exchange) error { return x.mismatch(x.Dialect.Place(e).Field) },
	}
}

// echoedAmount is echoed, but for an approval of a part of the amount.
var echoedAmount = check{ifDiffers, wire.Amount,
	func(x *Exchange) bool { return x.partial() },
	func(x *Exchange) error { return x.mismatch(x.Dialect.Place(wire.Amount).Field) },
}

// echoedBatch is echoed, but for the approval of a sign-in, which tells the batch.
var echoedBatch = func() check {
	c := echoed(wire.Batch)
	same := c.holds
	c.holds = func(x *Exchange) bool { return x.approves && x.Form.Transaction == dialect.SignIn || same(x) }
	return c
}()

// echoedPart is echoed for an element that is a part of a field.
func echoedPart(e wire.Element) check {
	c := echoed(e)
	same := c.holds
	c.holds = func(x *Exchange) bool { return x.Dialect.Place(e).To == 0 || same(x) }
	return c
}

// echoedWhole is echoed for an element that has a field of its own.
func echoedWhole(e wire.Element) check {
	c := echoed(e)
	c.holds = func(x *Exchange) bool { return x.Dialect.Place(e).To > 0 }
	return c
}

// echoedRest holds what follows the network management code in its field, and
// the field's length.
var echoedRest = check{ifDiffers, wire.ManagementCode,
	func(x *Exchange) bool {
		p := x.Dialect.Place(wire.ManagementCode)
		if p.To == 0 {
			return true
		}
		want, got := x.Request.Field(p.Field), x.Answer.Field(p.Field)
		return len(want) == len(got) && (len(got) <= p.To || bytes.Equal(want[p.To:], got[p.To:]))
	},
	func(x *Exchange) error { return x.mismatch(x.Dialect.Place(wire.ManagementCode).Field) },
}

// echoList holds that all of the echo list comes back that was sent.
var echoList = check{always, 0,
	func(x *Exchange) bool { return x.unechoed() == wire.FieldSet{} },
	func(x *Exchange) error { return fmt.Errorf("the answer lacks %s of the request", list(x.unechoed())) },
}

func (x *Exchange) unechoed() wire.FieldSet {
	return x.Dialect.Echoed().And(x.Request.Present()).Without(x.Answer.Present())
}

// list names the fields of a set: "field 4", "fields 25, 49".
func list(set wire.FieldSet) string {
	names := numbers(set)
	if len(names) == 1 {
		return "field " + names[0]
	}
	return "fields " + strings.Join(names, ", ")
}

// numbers are the fields of a set.
func numbers(set wire.FieldSet) (names []string) {
	for n := range set.All {
		names = append(names, strconv.Itoa(n))
	}
	return names
}

// tpduSwapped holds the addresses of the TPDU.
var tpduSwapped = check{always, 0,
	func(x *Exchange) bool {
		q, a := x.Request.Head, x.Answer.Head
		return !x.Dialect.Header.TPDU || q[0] == a[0] && q[1] == a[3] && q[2] == a[4] && q[3] == a[1] && q[4] == a[2]
	},
	func(x *Exchange) error {
		q := x.Request.Head
		return fmt.Errorf("TPDU of the answer is %X, want %X%X%X, the request's addresses changed over", x.Answer.Head[:5], q[:1], q[3:5], q[1:3])
	},
}

// headerReturned holds the application header.
var headerReturned = check{always, 0,
	func(x *Exchange) bool {
		from := x.Dialect.Header.Len() - x.Dialect.Header.App
		q, a := x.Request.Head[from:], x.Answer.Head[from:]
		for i := range q {
			different := q[i] ^ a[i]
			if i == 2 {
				different &= 0xF0 // the rest is the processing requirement
			}
			if different != 0 {
				return false
			}
		}
		return true
	},
	func(x *Exchange) error {
		from := x.Dialect.Header.Len() - x.Dialect.Header.App
		return fmt.Errorf("header of the answer is %X, want %X, but for the sixth digit", x.Answer.Head[from:], x.Request.Head[from:])
	},
}

// cardThatPaid holds the number of the card.
var cardThatPaid = check{ifThere, wire.PAN,
	func(x *Exchange) bool {
		switch pays := KindOf(x.Form.Transaction)&Financial != 0; {
		case pays && x.PAN == "":
			return true // with a card that is not seen in clear
		case !pays && !x.Request.Has(wire.PAN):
			return false
		}
		return string(x.Answer.Get(wire.PAN)) == x.PAN
	},
	func(x *Exchange) error {
		if x.PAN == "" {
			return fmt.Errorf("%s comes in the answer to a %s, which is about no card", x.field(wire.PAN), x.Form.Transaction)
		}
		n := x.Dialect.Place(wire.PAN).Field
		return &Mismatch{Field: n, Name: x.Dialect.FieldName(n), Seen: x.Dialect.Shown(x.Answer, n), Want: dialect.MaskPAN(x.PAN),
			At: differAt(x.Answer.Get(wire.PAN), x.PAN)}
	},
}
