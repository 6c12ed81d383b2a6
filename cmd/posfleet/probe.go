package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

const (
	maxHeard = 4096            // octets of a host's first words that are kept
	lateness = 3 * time.Second // how long after the timeout a first answer is waited for, to tell a slow host from a silent one
	repeated = 50 * time.Millisecond
)

// probe has one terminal sign in, as the run will anyway, to tell at once a host that
// cannot be reached from one that does not understand, and what would have to be
// changed for it.
func (n *network) probe(ctx context.Context) error {
	var heard []byte
	dialer := &line.Dialer{Address: n.dialer.Address, TLS: n.dialer.TLS, Timeout: n.dialer.Timeout,
		Heard: func(octets []byte) { heard = append(heard, octets[:min(len(octets), maxHeard-len(heard))]...) }}
	clock := line.NewClock()
	t := sim.NewTerminal(n.profile, &n.profile.Terminals[0])
	own := line.NewOwn(ctx, dialer, &n.profile.Dialect.Format, clock)
	defer own.Close()
	t.Link = own
	t.PowerOn()
	t.Operator = n.profile.Cashier().Number
	p := sim.NewPlayer(n.profile.Dialect, clock)
	p.T = t
	var sent *wire.Message
	p.Each = func(request, _ *wire.Message, _ *sim.Result) {
		sent = n.profile.Dialect.NewMessage()
		sent.CopyValues(request)
	}
	first, what := p.SignIn, "a sign-in"
	if d := n.profile.Dialect; d.Form(dialect.SignIn) == nil && d.Form(dialect.Echo) != nil {
		first, what = p.Echo, "an echo test"
	}
	began := clock.Now()
	if err := first(); err != nil {
		return usage(err)
	}
	r := &p.Last
	switch r.Outcome {
	case report.Approved, report.Declined:
		met := own.Leftovers(repeated)
		n.again, n.dialer.HangsUp = met.Duplicate > 0, own.HungUp(time.Millisecond)
		return nil
	case report.Unsent:
		otherwise := "is it listening there? posfleet host --listen " + dialer.Address + " starts the bundled one"
		switch {
		case n.same:
			otherwise = "the controller reached it from this machine: has it ended since?"
		case n.shared:
			otherwise = cmp.Or(n.agentsOwn(), "the controller reaches it; is there a way from this machine, too?")
		}
		return &exit{code: exitUnreachable, err: fmt.Errorf("host %s cannot be reached: %s", dialer.Address, strings.TrimPrefix(r.Why.Error(), line.ErrUnsent.Error()+": ")),
			hint: n.hint(ctx, r.Why, otherwise)}
	case report.TimedOut, report.Broken:
		if r.Outcome == report.TimedOut && len(heard) == 0 {
			if met := own.Further(lateness); met.Late > 0 {
				return &exit{code: exitUnreachable, err: fmt.Errorf("host %s answers %s after %s, when the terminal has given up: the timeout is %s", dialer.Address, what,
					report.FormatDuration(clock.Now()-began), n.profile.Policy.Timeout), hint: "give it more time: --timeout, or policy timeout of the profile"}
			}
		}
		return n.misheard(ctx, r, heard, sent, what, "takes the connection but does not answer "+what)
	case report.Refused:
		if _, is := errors.AsType[*wire.FieldError](r.Why); is {
			return n.misheard(ctx, r, heard, sent, what, fmt.Sprintf("answers %s with what is no %s message", what, n.profile.Dialect.Name))
		}
	}
	return nil
}

// misheard says of a host that has not been understood what it seems to speak.
func (n *network) misheard(ctx context.Context, r *sim.Result, heard []byte, sent *wire.Message, asked, how string) error {
	d, address := n.profile.Dialect, n.dialer.Address
	if f := capture.ReadsAs(d, heard, sent, true); f != nil {
		hint := "put into the profile: " + f.String()
		if len(f.Keys) == 0 {
			hint = f.Words
		}
		return &exit{code: exitUnreachable, err: fmt.Errorf("host %s did answer %s, but in another way than the profile says", address, asked), hint: hint}
	}
	if at, err := d.Find(heard); err == nil && len(at.Message) > 0 {
		m := d.NewMessage()
		switch err := m.Read(at.Message); {
		case err != nil:
		case sent != nil && m.MTI() == sent.MTI() && m.Text(wire.Trace) == sent.Text(wire.Trace):
			return &exit{code: exitUnreachable, err: fmt.Errorf("host %s sends back what it is sent: it is an echo server, and no host of a network", address),
				hint: "is this the right address and port?"}
		default: // as it should be, and no answer all the same
			return &exit{code: exitUnreachable, err: fmt.Errorf("host %s %s: a message %s comes, which pairs with no request (%w)", address, how, m.MTI(), r.Why),
				hint: "posfleet doctor says what of it is not its request's; pair in a dialect file says by which fields answers pair (docs/dialects.md)"}
		}
	}
	if u, is := errors.AsType[*sim.Unread](r.Why); is && u.Field() != "" {
		return &exit{code: exitUnreachable, err: fmt.Errorf("host %s answers %s with what the dialect cannot read: %w", address, asked, r.Why),
			hint: "where the host is right, a dialect file says so in fields; posfleet doctor asks it step by step, posfleet dialect check compares a dialect with messages"}
	}
	if looks := capture.Looks(heard); looks != "" {
		return &exit{code: exitUnreachable, err: fmt.Errorf("host %s %s: what comes looks like %s (%w)", address, how, looks, r.Why), hint: n.hint(ctx, r.Why, "is this the right address and port?")}
	}
	if len(heard) > 0 {
		how += fmt.Sprintf("; what came is %d octets", len(heard))
	}
	hint := fmt.Sprintf("does it speak %s, with this length prefix, TPDU and header? see --dialect and docs/profile.md", d.Title)
	if r.Outcome == report.TimedOut && len(heard) == 0 {
		hint += fmt.Sprintf("; nothing at all came within %s: if it is slow, give it more time (--timeout)", n.profile.Policy.Timeout+lateness)
	}
	return &exit{code: exitUnreachable, err: fmt.Errorf("host %s %s: %w%s", address, how, r.Why, meanwhile(d, r)), hint: n.hint(ctx, r.Why, hint)}
}

// hint is what to change at a host that does not answer: about TLS where that is
// what fails, else as said.
func (n *network) hint(ctx context.Context, why error, otherwise string) string {
	if n.dialer.TLS != nil {
		return cmp.Or(tlsHint(ctx, n.dialer, why), otherwise)
	}
	if op, is := errors.AsType[*net.OpError](why); is && op.Op == "dial" {
		return otherwise
	}
	if met := meetTLS(ctx, n.dialer.Address, nil); met.spoke {
		return "this is a TLS port: put tls: {} into the profile, and what docs/profile.md says of it"
	}
	return otherwise
}

// meanwhile says what came instead of an answer, and how it begins.
func meanwhile(d *dialect.Dialect, r *sim.Result) string {
	if r.Stray == nil {
		return ""
	}
	return fmt.Sprintf("; what came is %s, and begins with %s", r.Stray.Why, d.ScrubbedHex(r.Stray.Octets)[:2*min(8, len(r.Stray.Octets))])
}
