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
// of what is no request's answer the first of each kind, field by field, masked.
func recordStrays(shard *report.Shard, d *dialect.Dialect, met *line.Strays) {
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
	kind := met.StrayWhy
	at, err := m.ReadPart(met.Stray)
	if err == nil {
		kind = m.MTI() + ", " + kind
	}
	shard.Stray(kind, func() string {
		var b strings.Builder
		if err == nil || d.IsVersion(m) && m.Present() != (wire.FieldSet{}) { // else it is no message, and may be a card number
			d.Describe(&b, m)
		}
		if err != nil {
			fmt.Fprintf(&b, "then %d octets that cannot be read: %v\n", len(met.Stray)-at, err)
		}
		return b.String()
	})
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

// nearly says of a message that came in an exchange which heard no answer in what it
// differs from one. On a line with one exchange in flight it may have been meant so.
func (p *Player) nearly(f *dialect.Form, r *Result) {
	if _, alone := p.T.Link.(*line.Own); !alone || r.Stray == nil {
		return
	}
	m := p.T.Profile.Dialect.Acquire()
	defer m.Release()
	if m.Read(r.Stray.Octets) != nil || !m.IsAnswer() {
		return
	}
	_, err := rules.NewJudge(p.T.Profile.Dialect).Check(p.asked(f, m))
	if b, is := errors.AsType[*rules.Broken](err); is {
		r.Stray.Why += ": " + b.Error()
		r.Stray.broken = b
	}
	p.judged.Answer = p.ans
}
