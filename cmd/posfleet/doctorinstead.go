package main

// What comes in the place of an answer, before one or too late, as doctor finds it.

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// unpaired says why a message that can be read is not the answer.
func (d *doctor) unpaired(a *asked) error {
	m, q := a.tap.unpaired, a.sent
	d.hears(a, "a message %s comes, which does not pair with the request", m.MTI())
	if want := answerType(q.MTI()); m.MTI() != want {
		return d.ill(nil, "the host answers %s with %s, want %s: does it take the message for another? see pair and transactions of the dialect", q.MTI(), m.MTI(), want)
	}
	n, pair := a.differing(), a.profile.Dialect.Pair
	if n == 0 {
		return d.ill(nil, "the answer does not pair with the request")
	}
	if rule := a.bringsBack(n); rule != "" {
		return d.ill(nil, "%san answer pairs by fields %v and must bring back this one as it came (%s): mend the host", a.differs("", ": "), pair, rule)
	}
	return d.ill(nil, "%san answer pairs by fields %v; a dialect of your own may say pair: [%s] (docs/dialects.md)", a.differs("", ": "), pair, fieldsWithout(pair, n))
}

// bringsBack is the must by which field n of the message that came, where it has one, is
// the request's; empty for none.
func (a *asked) bringsBack(n int) string {
	for _, r := range rules.Table() {
		if r.ID == fmt.Sprintf("ANS-%02d-ECHO", n) && r.Level == rules.Must && a.tap.unpaired.Field(n) != nil && !slices.Contains(a.profile.Dialect.Without, r.ID) {
			return r.ID
		}
	}
	return ""
}

// differing is the first field that pairs answers and that is another in the message
// which came than in the request; 0 for none.
func (a *asked) differing() int {
	for _, n := range a.profile.Dialect.Pair {
		if !bytes.Equal(a.tap.unpaired.Field(n), a.sent.Field(n)) {
			return n
		}
	}
	return 0
}

// differs says of that field what it is in both, before and after other words; empty
// for none.
func (a *asked) differs(before, after string) string {
	n, of := a.differing(), a.profile.Dialect
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%sfield %d (%s) of the answer is %s, the request's is %s%s", before, n, of.FieldName(n), shownOr(of, a.tap.unpaired, n), shownOr(of, a.sent, n), after)
}

// late says that an answer came when it was waited for no longer.
func (d *doctor) late(a *asked, what string) error {
	timeout := a.player.T.Profile.Policy.Timeout
	step := 10 * time.Millisecond
	if a.tap.late < 10*step {
		step = 10 * time.Microsecond
	}
	after := a.tap.late.Round(step)
	d.hears(a, "to the %s after %s, which is %s too late: the timeout is %s", what, after, (after - timeout).Round(step), timeout)
	longer := (2 * after).Truncate(time.Second) + time.Second
	if d.flags.timeout > 0 || a.tap.late < d.profile.Policy.Timeout {
		return d.ill(nil, "the host answers the %s after %s, and doctor waits %s: ask with --timeout %s", what, after, d.wait, longer)
	}
	return d.ill([]string{fmt.Sprintf("policy: {timeout: %s}", longer)}, "the host answers the %s after %s, and terminals wait %s", what, after, d.profile.Policy.Timeout)
}

// instead says what came in the place of an answer, or too late, at a host that has
// answered before; nil where the answer came, or nothing.
func (d *doctor) instead(a *asked, what string) error {
	t := a.tap
	switch {
	case t.read:
	case t.late > 0:
		return d.late(a, what)
	case t.unpaired != nil:
		return d.unpaired(a)
	case t.uncut != nil:
		d.hears(a, "to the %s: %s, no message%s", what, counted(t.heard.Len(), "octet"), cmp.Or(map[bool]string{true: "; then " + t.ended}[t.ended != ""], ""))
		if t.before != "" {
			return d.ill(nil, "octets that begin with %X came after the answer before and are of no message, and the answer to the %s is read from there", t.before, what)
		}
		return d.ill(nil, "the host answers the %s with what is no whole message: %w", what, t.uncut)
	}
	return nil
}

// shownOr is what may be shown of a field in quotes, or that it is absent.
func shownOr(d *dialect.Dialect, m *wire.Message, n int) string {
	if m.Field(n) == nil {
		return "absent"
	}
	return strconv.Quote(d.Shown(m, n))
}

// answerType is the MTI that answers another.
func answerType(mti string) string {
	b := []byte(mti)
	b[2]++
	return string(b)
}

func fieldsWithout(fields []int, n int) string {
	var left []string
	for _, f := range fields {
		if f != n {
			left = append(left, fmt.Sprint(f))
		}
	}
	return strings.Join(left, ", ")
}
