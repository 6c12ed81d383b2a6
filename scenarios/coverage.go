package scenarios

import (
	"slices"
	"strconv"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// coverageOf is the matrix of a dialect before anything is exercised: its messages with
// the fields, rules and codes that they can have.
func coverageOf(d *dialect.Dialect, judge *rules.Judge) *verdicts.Coverage {
	c := &verdicts.Coverage{Dialect: d.Title}
	var anywhere wire.FieldSet
	var held rules.Set
	for i := range d.Forms {
		f := &d.Forms[i]
		applying := judge.Applying(f.Transaction)
		held |= applying
		codes := f.ManagementCodes
		if !hasKinds(f) {
			codes = []string{""}
		}
		for _, code := range codes {
			m := &verdicts.Message{Cell: verdicts.Cell{ID: messageID(f, code), Title: f.MTI}}
			request, answer := fieldsOf(d, f)
			for n := range request.All {
				verdicts.CellOf(&m.Request, strconv.Itoa(n), d.FieldName(n))
			}
			for n := range answer.All {
				verdicts.CellOf(&m.Answer, strconv.Itoa(n), d.FieldName(n))
			}
			for r := range applying.All {
				verdicts.CellOf(&m.Rules, r.ID, r.Asks)
			}
			c.Messages = append(c.Messages, m)
		}
	}
	for n := range 129 {
		if n > 1 && d.HasField(n) {
			anywhere.Add(n)
		}
	}
	for n := range anywhere.All {
		verdicts.CellOf(&c.Fields, strconv.Itoa(n), d.FieldName(n))
	}
	for _, code := range d.Codes {
		verdicts.CellOf(&c.Codes, code.Code.String(), code.Words)
	}
	for r := range held.All {
		verdicts.CellOf(&c.Rules, r.ID, r.Asks)
	}
	return c
}

// hasKinds reports whether the network management codes of a form stand for kinds of
// messages. Those of a signature's parts count them.
func hasKinds(f *dialect.Form) bool {
	return len(f.ManagementCodes) > 1 && f.Transaction != dialect.SignaturePart
}

// messageID names a row of the matrix.
func messageID(f *dialect.Form, management string) string {
	if !hasKinds(f) {
		return f.Transaction.String()
	}
	return f.Transaction.String() + " " + management
}

// fieldsOf are the fields that a request of a form may carry, and those that an approval
// of it carries or should.
func fieldsOf(d *dialect.Dialect, f *dialect.Form) (request, answer wire.FieldSet) {
	for n := range 129 {
		if n > 1 && f.CarriesField(n) {
			request.Add(n)
		}
	}
	must, should := f.Answered()
	back := d.Echoed().And(request)
	answer = wire.FieldSet{must[0] | should[0] | back[0], must[1] | should[1] | back[1]}
	if code := d.Place(wire.ResponseCode).Field; code > 0 && !f.NoCode {
		answer.Add(code)
	}
	return request, answer
}

// cover notes in the matrix what a scenario's exchanges came to; mu is held. When it
// failed that is laid to those from latest on, of the last sentence that had any.
func (c *Check) cover(v *verdicts.Verdict, exchanges []exchange, latest int) {
	found := verdicts.Exercised
	switch v.Outcome {
	case verdicts.Passed:
		found = verdicts.Held
	case verdicts.Failed:
		found = verdicts.Broke
	}
	name := v.Selector
	if v.ID != "" {
		name = "@" + v.ID // also of a row of an outline, whose line moves
	}
	for i := range exchanges {
		if i < latest && found == verdicts.Broke {
			c.coverExchange(name, &exchanges[i], verdicts.Exercised)
			continue
		}
		c.coverExchange(name, &exchanges[i], found)
	}
}

func (c *Check) coverExchange(scenario string, e *exchange, found verdicts.State) {
	d := c.Language.Profile.Dialect
	f := d.Form(e.result.Of)
	if f == nil || e.result.Outcome == report.Unsent {
		return
	}
	m := c.results.Coverage.MessageNamed(messageID(f, string(e.request.Get(wire.ManagementCode))))
	if m == nil {
		return // a code that the dialect does not have
	}
	code := "none"
	if e.answer != nil {
		code = e.result.Code.String()
	}
	if code == "" { // an answer without one
		code = "-"
	}
	m.Came(scenario, "", found)
	verdicts.CellOf(&m.Codes, code, "").Came(scenario, "", found)
	c.coverFields(scenario, code, found, &m.Request, e.request)
	if e.answer == nil {
		return
	}
	c.coverFields(scenario, code, found, &m.Answer, e.answer)
	if slices.ContainsFunc(d.Codes, func(of dialect.CodeInfo) bool { return of.Code == e.result.Code }) {
		verdicts.CellOf(&c.results.Coverage.Codes, code, "").Came(scenario, "", found)
	}
	if e.bent {
		return // the line's doing, not the host's
	}
	for r := range e.asked.All {
		kept := verdicts.Held // its own verdict, not the scenario's
		if e.broken.Has(r) {
			kept = verdicts.Broke
		}
		verdicts.CellOf(&m.Rules, r.ID, r.Asks).Came(scenario, code, kept)
		verdicts.CellOf(&c.results.Coverage.Rules, r.ID, r.Asks).Came(scenario, "", kept)
	}
}

func (c *Check) coverFields(scenario, code string, found verdicts.State, cells *[]*verdicts.Cell, m *wire.Message) {
	d := c.Language.Profile.Dialect
	for n := range m.Present().All {
		if n < 2 {
			continue
		}
		id, name := strconv.Itoa(n), d.FieldName(n)
		verdicts.CellOf(cells, id, name).Came(scenario, code, found)
		verdicts.CellOf(&c.results.Coverage.Fields, id, name).Came(scenario, "", found)
	}
}
