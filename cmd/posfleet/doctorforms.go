package main

// Whether requests in a capture are of the transactions that the dialect has, as doctor
// finds it.

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// differing is a constant of forms, and the requests that have it otherwise.
type differing struct {
	dialect.Misfit
	requests []*spoken
	known    bool // one of them is of a transaction all the same
}

// holds tells in what the requests are not as the forms of the dialect have them: where no
// request is of a transaction, and where a constant is in all of them another. A request
// of no transaction among others that are of one may be of what the dialect leaves out.
func (e *captured) holds() {
	d := e.profile.Dialect
	known, untyped := 0, []string(nil)
	var all []differing
	right := map[int]bool{} // fields that one request has as its form says
	for _, s := range e.requests {
		_, is := d.Classify(s.Message)
		if is {
			known++
		}
		misfits, typed := d.Misfits(s.Message)
		if mti := s.Message.MTI(); !typed && !slices.Contains(untyped, mti) {
			untyped = append(untyped, mti)
		}
		for n := 2; typed && n <= 128; n++ {
			if s.Message.HasField(n) && !slices.ContainsFunc(misfits, func(m dialect.Misfit) bool { return m.Field == n }) {
				right[n] = true
			}
		}
		for _, m := range misfits {
			i := slices.IndexFunc(all, func(o differing) bool { return o.Field == m.Field })
			if i < 0 {
				i, all = len(all), append(all, differing{Misfit: m})
			}
			all[i].requests = append(all[i].requests, s)
			all[i].known = all[i].known || is
		}
	}
	for i := range all {
		if m := &all[i]; !right[m.Field] && !e.turned(m) && (m.known || known == 0) {
			e.fails(fmt.Errorf("%s; see transactions and currency of the dialect", e.misfit(&m.Misfit, m.requests[0].Message)))
			e.says("requests", "%s", e.misfit(&m.Misfit, m.requests[0].Message))
		}
	}
	switch {
	case len(e.requests) == 0 || known > 0:
	case len(untyped) > 0:
		e.fails(fmt.Errorf("no request is of a transaction of dialect %s, which has none of type %s (mti of transactions)", d.Name, strings.Join(untyped, ", ")))
		fallthrough
	default:
		e.says("requests", "none is of a transaction of dialect %s", d.Name)
	}
}

// turned reports whether requests have a constant as the forms say when the spare nibble of
// an odd number of packed digits is read at the other end, and notes the line for it.
func (e *captured) turned(m *differing) bool {
	re, is := e.profile.Dialect.OtherSpare(m.Field)
	if !is {
		return false
	}
	for _, s := range m.requests {
		q := re.Dialect.NewMessage()
		if q.Read(s.Octets) != nil || !slices.Contains(m.Want, q.FieldText(m.Field)) {
			return false
		}
	}
	e.says("requests", "%s; with the spare nibble of an odd number of digits at the other end it is so", e.misfit(&m.Misfit, m.requests[0].Message))
	e.change(e.profile.Dialect.InFile() + re.Key)
	return true
}

// misfit says in what a request is not as its forms are.
func (e *captured) misfit(m *dialect.Misfit, q *wire.Message) string {
	d := e.profile.Dialect
	return fmt.Sprintf("field %d (%s) of a request %s is %s, and the dialect says %s", m.Field, d.FieldName(m.Field), q.MTI(), shownOr(d, q, m.Field), strings.Join(quoted(m.Want), " or "))
}

// unlikeForms says of a request that is of no transaction which constant keeps it from
// being one; empty where none of its type is known.
func (e *captured) unlikeForms(q *wire.Message) string {
	misfits, _ := e.profile.Dialect.Misfits(q)
	if len(misfits) == 0 {
		return ""
	}
	return ": " + e.misfit(&misfits[0], q)
}

func quoted(values []string) (all []string) {
	for _, v := range values {
		all = append(all, strconv.Quote(v))
	}
	return all
}
