package scenarios

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

const fieldTable = "columns field and value (字段, 值); a value may be \"as in the original\" (与原交易相同), \"as in the request\" (与请求相同), \"present\" (有) or \"absent\" (无)"

// same are the words by which a table's value points to another message.
const (
	asOriginal = iota + 1
	asRequest
	present
	absent
)

var sameWords = map[string]int{
	"as in the original": asOriginal, "与原交易相同": asOriginal, "as in the purchase": asOriginal,
	"as in the request": asRequest, "与请求相同": asRequest,
	"present": present, "有": present, "absent": absent, "无": absent,
}

// row is one row of a field table.
type row struct {
	field int
	part  wire.Element
	whole bool
	name  string
	value string
	same  int
}

// rows reads a field table. Fields are numbers, parts as the dialect numbers
// them (60.3), or MTI.
func rows(a Args) ([]row, error) {
	d := a.Profile.Dialect
	var out []row
	for i, cells := range a.Table {
		if i == 0 {
			if len(cells) != 2 || cells[0] != "field" && cells[0] != "字段" {
				return nil, errors.New("the table's heading must be | field | value | (or | 字段 | 值 |)")
			}
			continue
		}
		r := row{name: cells[0], value: cells[1], same: sameWords[cells[1]], whole: true}
		if n, err := strconv.Atoi(cells[0]); err == nil && d.HasField(n) && n > 1 {
			r.field = n
		} else if cells[0] != "MTI" {
			for e, place := range d.Places {
				if place.Name == cells[0] {
					r.field, r.part, r.whole = place.Field, e, false
				}
			}
			if r.whole {
				return nil, fmt.Errorf("dialect %s has no field %q", d.Name, cells[0])
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// of is the row's field in a message; nil when it is not there.
func (r *row) of(m *wire.Message) []byte {
	switch {
	case m == nil:
		return nil
	case r.field == 0:
		return []byte(m.MTI())
	case r.whole:
		return m.Field(r.field)
	}
	return m.Get(r.part)
}

// holds compares a message with the table.
func holds(d *dialect.Dialect, table []row, m, request, original *wire.Message) error {
	for _, r := range table {
		got := r.of(m)
		want := r.value
		switch r.same {
		case present, absent:
			if (got != nil) != (r.same == present) {
				return fmt.Errorf("field %s is %s, want it %s", r.name, map[bool]string{true: "present", false: "absent"}[got != nil], r.value)
			}
			continue
		case asOriginal:
			if original == nil {
				return errors.New("there is no original to compare with")
			}
			want = string(r.of(original))
		case asRequest:
			want = string(r.of(request))
		}
		if string(got) == want && got != nil {
			continue
		}
		if r.field > 0 && d.Masks[r.field] != dialect.Clear {
			return fmt.Errorf("field %s (%s) is %s, not %s", r.name, d.FieldName(r.field), d.Shown(m, r.field), map[bool]string{true: r.value, false: "as given"}[r.same != 0])
		}
		return fmt.Errorf("field %s is %q, want %q", r.name, got, want)
	}
	return nil
}

// carries makes a Make that looks at messages of the trail: choose gives the
// exchange meant, counted from the end.
func carries(answer bool, choose func(p *sim.Player, s *Seen) bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		table, err := rows(a)
		return func(p *sim.Player) error {
			trail := world(p).Trail
			for i := len(trail) - 1; i >= 0; i-- {
				s := &trail[i]
				if !choose(p, s) {
					continue
				}
				m := s.Request
				if answer {
					if m = s.Answer; m == nil {
						return errors.New("there is no answer")
					}
				}
				return holds(a.Profile.Dialect, table, m, s.Request, originalOf(trail[:i], s.Request))
			}
			return errors.New("there is no such message")
		}, err
	}
}

// originalOf finds the exchange that a request points back to: the reversed
// one has the same trace.
func originalOf(before []Seen, m *wire.Message) *wire.Message {
	for i := len(before) - 1; i >= 0; i-- {
		o := &before[i]
		if o.Result.Of != dialect.Reversal && o.Result.Of.Payment() && string(o.Request.Get(wire.Trace)) == string(m.Get(wire.Trace)) {
			return o.Request
		}
	}
	for i := len(before) - 1; i >= 0; i-- {
		if before[i].Result.Of.Payment() {
			return before[i].Request
		}
	}
	return nil
}

func lastAsked(p *sim.Player, s *Seen) bool {
	return s.Result.Of == p.Last.Of && s.Result.Trace == p.Last.Trace
}

func isReversal(_ *sim.Player, s *Seen) bool { return s.Result.Of == dialect.Reversal }

func messagePhrases() []*Phrase {
	const group = "Messages / 报文"
	return []*Phrase{
		{Group: group, English: "the request carries:", Chinese: "请求报文包含:", Table: fieldTable, Octets: true,
			Doc: "Fields of the last request asked for.", Make: carries(false, lastAsked)},
		{Group: group, English: "the answer carries:", Chinese: "应答报文包含:", Table: fieldTable, Octets: true,
			Doc: "Fields of the answer to it.", Make: carries(true, lastAsked)},
		{Group: group, English: "the reversal carries:", Chinese: "冲正报文包含:", Table: fieldTable, Octets: true,
			Doc: "Fields of the last reversal sent; the original is the payment it undoes.", Make: carries(false, isReversal)},
		{Group: group, English: "the terminal first sends a reversal of the unanswered payment", Chinese: "终端先发送未应答交易的冲正", Octets: true,
			Doc: "Before the last payment the terminal sent a reversal with the trace and the amount of the payment before it.",
			Make: fixed(func(p *sim.Player) error {
				trail := world(p).Trail
				n := len(trail)
				if n < 2 || trail[n-2].Result.Of != dialect.Reversal {
					return errors.New("no reversal was sent before the last payment")
				}
				o := originalOf(trail[:n-2], trail[n-2].Request)
				switch {
				case o == nil || string(o.Get(wire.Trace)) != string(trail[n-2].Request.Get(wire.Trace)):
					return errors.New("the reversal has another trace number than the unanswered payment")
				case string(o.Get(wire.Amount)) != string(trail[n-2].Request.Get(wire.Amount)):
					return errors.New("the reversal has another amount than the unanswered payment")
				}
				return nil
			})},
		{Group: group, English: "the host acknowledges the reversal", Chinese: "主机确认冲正", Octets: true,
			Doc: "The last reversal was answered with a code that ends it.",
			Make: fixed(func(p *sim.Player) error {
				trail := world(p).Trail
				for i := len(trail) - 1; i >= 0; i-- {
					if r := &trail[i].Result; r.Of == dialect.Reversal {
						if p.T.Owes() {
							return fmt.Errorf("the reversal is still owed: %w", r.Reason())
						}
						return nil
					}
				}
				return errors.New("no reversal was sent")
			})},
		{Group: group, English: "{n} reversals have been sent", Chinese: "共发送{n}次冲正", Octets: true,
			Doc: "In this scenario, repetitions included.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, err := a.Int(0)
				return func(p *sim.Player) error {
					n := 0
					for i := range world(p).Trail {
						if world(p).Trail[i].Result.Of == dialect.Reversal {
							n++
						}
					}
					if n != want {
						return fmt.Errorf("%d reversals were sent, want %d", n, want)
					}
					return nil
				}, err
			}},
		{Group: group, English: "{n} messages have been sent", Chinese: "共发送{n}个报文", Octets: true,
			Doc: "In this scenario, sign-ins apart: whether one is needed depends on what came before.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, err := a.Int(0)
				return func(p *sim.Player) error {
					n := 0
					for i := range world(p).Trail {
						if world(p).Trail[i].Result.Of != dialect.SignIn {
							n++
						}
					}
					if n != want {
						return fmt.Errorf("%d messages were sent, want %d", n, want)
					}
					return nil
				}, err
			}},
	}
}
