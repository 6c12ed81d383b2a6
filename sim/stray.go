package sim

import (
	"errors"
	"fmt"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// recordStrays takes down what a line met that no exchange waited for: how many, and
// of what is no request's answer the first of each kind, field by field, masked, and which
// field breaks it where that is known.
func recordStrays(shard *report.Shard, d *dialect.Dialect, met *line.Strays, breaks string) {
	if met.Late+met.Cut+met.Duplicate+met.Unmatched > 0 {
		shard.Late(met.Late)
		shard.Cut(met.Cut)
		shard.Duplicate(met.Duplicate)
		shard.Unmatched(met.Unmatched)
	}
	if met.StrayWhy == "" || met.Unmatched == 0 && met.Late+met.Cut+met.Duplicate > 0 {
		return
	}
	m := d.Acquire()
	defer m.Release()
	at, err := m.ReadPart(met.Stray)
	shard.Stray(strayKind(m, err, met.StrayWhy), func() string {
		var b strings.Builder
		if err == nil || d.IsVersion(m) && m.Present() != (wire.FieldSet{}) { // else it is no message, and may be a card number
			d.Describe(&b, m)
		}
		if err != nil {
			fmt.Fprintf(&b, "then %d octets that cannot be read: %v\n", len(met.Stray)-at, err)
		}
		if breaks != "" {
			fmt.Fprintf(&b, "%s\n", breaks)
		}
		return b.String()
	})
}

// strayKind is what strays of a kind have in common: why they are such, and the message
// type of those that were read without err.
func strayKind(m *wire.Message, err error, why string) string {
	if err != nil {
		return why
	}
	return m.MTI() + ", " + why
}

// recordFurther counts the messages beside answers that no exchange met.
func recordFurther(shard *report.Shard, met *line.Strays) {
	var once, alone rules.Set
	once.Add(rules.Once)
	for range met.Duplicate {
		shard.Broken(uint64(once))
	}
	alone.Add(rules.Alone)
	for range met.Unmatched {
		shard.Broken(uint64(alone))
	}
}

// nearly says of a message that came in an exchange which heard no answer, and was meant for
// it as far as can be known, in what it differs from one: on a line with one exchange in
// flight all may be. Which field is of another form is looked for in the first of a kind.
func (p *Player) nearly(f *dialect.Form, r *Result) {
	if _, alone := p.T.Link.(*line.Own); !alone && !p.x.Meant || r.Stray == nil {
		return
	}
	d := p.T.Profile.Dialect
	m := d.Acquire()
	defer m.Release()
	err := m.Read(r.Stray.Octets)
	if p.Shard == nil || p.x.Meant || !p.Shard.StrayKnown(strayKind(m, err, r.Stray.Why)) {
		if r.Stray.breaks = d.Breaks(p.req, r.Stray.Octets); r.Stray.breaks != "" {
			r.Stray.Why = fmt.Sprintf("%s (%s)", r.Stray.breaks, r.Stray.Why)
		}
	}
	switch {
	case err != nil && p.x.Meant:
		err = rules.Unreadable(p.unread(&line.Unread{Octets: r.Stray.Octets, Err: err}))
	case err != nil || !m.IsAnswer():
		return
	default:
		_, err = rules.NewJudge(d).Check(p.asked(f, m))
		defer func() { p.judged.Answer = p.ans }()
	}
	if b, is := errors.AsType[*rules.Broken](err); is {
		if r.Stray.broken = b; r.Stray.breaks == "" {
			r.Stray.Why += ": " + b.Error()
		}
	}
}
