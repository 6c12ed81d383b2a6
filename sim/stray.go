package sim

import (
	"bytes"
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
// of what is no request's answer the first of each kind, field by field, masked, and of the
// one that has been looked into, if one has, which field breaks it.
func recordStrays(shard *report.Shard, d *dialect.Dialect, met *line.Strays, looked *Stray) {
	if met.Late+met.Cut+met.Duplicate+met.Unmatched > 0 {
		shard.Late(met.Late)
		shard.Cut(met.Cut)
		shard.Duplicate(met.Duplicate)
		shard.Unmatched(met.Unmatched)
	}
	for i := range met.Kept {
		k, breaks := &met.Kept[i], ""
		if looked != nil && looked.kept == k {
			breaks = looked.breaks
		}
		if !k.Known {
			recordStray(shard, d, k, breaks)
		}
	}
}

func recordStray(shard *report.Shard, d *dialect.Dialect, k *line.Stray, breaks string) {
	m := d.Acquire()
	defer m.Release()
	at, err := m.ReadPart(k.Octets)
	shard.Stray(strayKind(m, err, k.Why), func() string {
		var b strings.Builder
		if err == nil || d.IsVersion(m) && m.Present() != (wire.FieldSet{}) { // else it is no message, and may be a card number
			d.Describe(&b, m)
		}
		if err != nil {
			fmt.Fprintf(&b, "then %d octets that cannot be read: %v\n", len(k.Octets)-at, err)
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

// recordFurther counts the messages beside answers, and octets behind them, that no exchange met.
func recordFurther(shard *report.Shard, met *line.Strays) {
	var once, alone, rest rules.Set
	once.Add(rules.Once)
	for range met.Duplicate {
		shard.Broken(uint64(once))
	}
	alone.Add(rules.Alone)
	for range met.Unmatched {
		shard.Broken(uint64(alone))
	}
	if rest.Add(rules.NoRest); met.Left {
		shard.Broken(uint64(rest))
	}
}

// mayBeMeant reports whether the stray of an exchange which heard no answer may be meant for
// it, as far as can be known: on a line with one exchange in flight all may be.
func (p *Player) mayBeMeant(r *Result) bool {
	if r.Outcome <= report.Refused || r.Outcome == report.Unsent || p.x.Unmatched == 0 || r.Stray.kept.Known {
		return false
	}
	_, alone := p.T.Link.(*line.Own)
	return alone || r.Stray.kept.Meant
}

// others is how many messages came that are of no request, and were not meant for an answer.
func (p *Player) others(r *Result) int {
	if p.mayBeMeant(r) {
		return p.x.Unmatched - 1
	}
	return p.x.Unmatched
}

// alike reports whether two messages are of one class and have the same fields that pair
// answers with requests, whatever else their types are.
func alike(m, request *wire.Message) bool {
	a, b := m.Key(), request.Key()
	ofType := len(m.MTI()) // octets before those fields
	return m.MTI()[:2] == request.MTI()[:2] && bytes.Equal(a[ofType:], b[ofType:])
}

// nearly says of a message that may be meant for the answer of an exchange which heard none
// in what it differs from one.
func (p *Player) nearly(f *dialect.Form, r *Result) {
	d, s := p.T.Profile.Dialect, r.Stray
	m := d.Acquire()
	defer m.Release()
	err := m.Read(s.Octets)
	if s.breaks = breaks(d, p.Shard, p.req, s.Octets); s.breaks != "" {
		s.Why = fmt.Sprintf("%s (%s)", s.breaks, s.Why)
	}
	if err != nil || !m.IsAnswer() && !s.kept.Meant && !alike(m, p.req) {
		return
	}
	_, err = rules.NewJudge(d).Check(p.asked(f, m))
	defer func() { p.judged.Answer = p.ans }()
	if b, is := errors.AsType[*rules.Broken](err); is {
		if s.broken = b; s.breaks == "" {
			s.Why += ": " + b.Error()
		}
	}
}
