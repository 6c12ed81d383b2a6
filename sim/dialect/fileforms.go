package dialect

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

var (
	// mtiShape is a message type of a request that is answered: version, class, an
	// even function, origin.
	mtiShape    = regexp.MustCompile(`^[0-9][1-8][024][0-5]$`)
	answerShape = regexp.MustCompile(`^(optional|required)$`)
	pinShape    = regexp.MustCompile(`^(card|zeros)$`)
)

// named reads the lists of fields that several transactions have in common.
func (r *reader) named(v strict.Value) {
	r.lists = map[string][]int{}
	if !v.Given() {
		return
	}
	r.Each(v, func(name string, v strict.Value) {
		if _, err := strconv.Atoi(name); err == nil {
			r.Fail(v, "a list wants a name, not a number")
			return
		}
		r.lists[name] = r.numbers(v)
	})
}

// numbers reads a list of fields, each one that the dialect has or the name of a
// list.
func (r *reader) numbers(v strict.Value) (fields []int) {
	if !v.Given() {
		return nil
	}
	r.List(v, func(v strict.Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		if list, named := r.lists[s]; named {
			fields = append(fields, list...)
			return
		}
		n, err := strconv.Atoi(s)
		switch {
		case err != nil:
			r.Fail(v, "%s, want the number of a field or the name of a list under lists", strict.Quote(s))
		case !r.at[n].Given():
			r.Fail(v, "field %d is not among the fields; add it there or leave it away here", n)
		case slices.Contains(fields, n):
			r.Fail(v, "field %d stands twice; keep one", n)
		default:
			fields = append(fields, n)
		}
	})
	return fields
}

// transactions reads the forms of all transactions. The file's order is kept: of
// two that fit a message the earlier is meant.
func (r *reader) transactions(v strict.Value) {
	r.set = map[Transaction]map[int]strict.Value{}
	r.Each(v, func(name string, v strict.Value) {
		t, ok := TransactionNamed(name)
		if !ok {
			r.Fail(v, "no transaction has this name; want one of %s", transactionNames())
			return
		}
		r.set[t] = map[int]strict.Value{}
		r.d.Forms = append(r.d.Forms, r.form(t, v))
	})
	if len(r.d.Forms) == 0 && r.OK() {
		r.Fail(v, "is empty; a network has at least one transaction")
	}
}

// form reads one transaction's.
func (r *reader) form(t Transaction, v strict.Value) Form {
	f := Form{Transaction: t}
	over := "card"
	var set, management, carries, requires, answer strict.Value
	found := r.Map(v, strict.Table{
		"mti":    r.Match(&f.MTI, mtiShape, "four digits of a request that is answered, as 0200: version, class 1 to 8, function 0, 2 or 4, origin"),
		"repeat": r.Match(&f.Repeat, mtiShape, "four digits, as 0421"),
		"set":    strict.Keep(&set), "management": strict.Keep(&management), "carries": strict.Keep(&carries),
		"requires": strict.Keep(&requires), "mac": r.Bool(&f.MACed), "pin": r.Match(&over, pinShape, "card or zeros, what its PIN block is over besides the PIN"), "answer": strict.Keep(&answer),
	})
	r.Need(v, found, "mti")
	f.PINZeros = over == "zeros"
	if set.Given() {
		r.Each(set, func(key string, v strict.Value) { r.constant(&f, key, v) })
	}
	if management.Given() {
		r.List(management, func(v strict.Value) {
			if s, ok := r.Scalar(v); ok {
				f.ManagementCodes = append(f.ManagementCodes, s)
			}
		})
		if !r.d.Has(wire.ManagementCode) {
			r.Fail(management, "the dialect has no place for a management code; add management-code to elements")
		}
	}
	f.Fields, f.Required = r.numbers(carries), r.numbers(requires)
	for _, n := range f.Required {
		if _, constant := r.set[t][n]; !constant && !slices.Contains(f.Fields, n) {
			r.Fail(requires, "field %d is neither set nor carried; add it to carries or leave it away here", n)
		}
	}
	if f.MACed && !r.d.MAC {
		f.MACed = false // a variant without MAC need not say so of each transaction
	}
	if answer.Given() {
		r.answer(&f, answer)
	}
	return f
}

// constant reads a value that all requests of a form have.
func (r *reader) constant(f *Form, key string, v strict.Value) {
	n, err := strconv.Atoi(key)
	s, ok := r.Scalar(v)
	switch {
	case !ok:
	case partOf(key) > 0 && r.at[partOf(key)].Given():
		r.Fail(v, "field %s is a part; set field %[2]d whole, its parts one after another as they go over the line", key, partOf(key))
	case err != nil || !r.at[n].Given():
		r.Fail(v, "field %s is not among the fields; add it there or leave it away here", key)
	case s == "currency" && r.d.Currency == "":
		r.Fail(v, "the dialect says no currency; add it, as currency: \"156\"")
	default:
		if s == "currency" {
			s = r.d.Currency
		}
		f.Fixed = append(f.Fixed, Value{n, s})
		r.set[f.Transaction][n] = v
	}
}

// partOf is the field that a part, as "48.1", is of; 0 for what names no part.
func partOf(key string) int {
	field, _, dotted := strings.Cut(key, ".")
	if n, err := strconv.Atoi(field); dotted && err == nil {
		return n
	}
	return 0
}

// answer reads what an approval carries.
func (r *reader) answer(f *Form, v strict.Value) {
	var must, should strict.Value
	var code, approval string
	r.Map(v, strict.Table{
		"must": strict.Keep(&must), "should": strict.Keep(&should),
		"code":     r.Match(&code, answerShape, "optional or required"),
		"approval": r.Text(&approval),
	})
	if f.Approval = CodeOf(approval); approval != "" && r.d.Class(f.Approval) != Approves {
		r.Fail(v, "approval: %s, want one of the codes of class approves", strict.Quote(approval))
	}
	f.Answer, f.AnswerShould, f.NoCode = r.numbers(must), r.numbers(should), code == "optional"
}
