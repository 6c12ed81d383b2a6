package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// networkFlags say which network is meant.
type networkFlags struct {
	host      string
	profile   string
	dialect   string
	timeout   time.Duration
	misbehave []string
	behaviour string
	testKeys  bool

	piped []byte // the profile, when a pipe brought it
}

func (f *networkFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.host, "host", "", "address of the host under test, host:port (default: the bundled host, in this process)")
	fl.StringVar(&f.profile, "profile", "", "profile file of the network under test (default: the bundled network)")
	fl.StringVar(&f.dialect, "dialect", "", dialectUsage)
	fl.BoolVar(&f.testKeys, "allow-test-keys", false, "let published test keys meet a host on another machine")
	fl.DurationVar(&f.timeout, "timeout", 0, "response timeout (default: the profile's)")
	fl.StringSliceVar(&f.misbehave, "misbehave", nil, "faults of the bundled host, to judge the judge: see posfleet host --help")
}

const dialectUsage = "dialect of the bundled network: a name that posfleet dialect list has, or a file (default: cup)"

// network is a profile with a host to play against.
type network struct {
	profile *profile.Profile
	dialer  *line.Dialer
	bundled *host.Host // nil when the host is the user's
	target  string
	again   bool // the host answered the first request more than once
	close   func()
}

// load reads the profile, for so many terminals at least when that is above 0.
func (f *networkFlags) load(terminals int) (*profile.Profile, error) {
	var p *profile.Profile
	var err error
	switch {
	case f.profile != "" && f.dialect != "":
		return nil, usage(fmt.Errorf("--dialect %s: profile %s says which dialect its network speaks, leave one out", f.dialect, f.profile))
	case f.profile != "":
		p, err = f.readProfile(terminals)
	default:
		var d *dialect.Dialect
		if d, err = readDialect(cmp.Or(f.dialect, "cup")); err == nil {
			p, err = profile.BundledIn(d, terminals)
		} else {
			err = fmt.Errorf("--dialect: %w", err)
		}
	}
	if err != nil {
		return nil, usage(err)
	}
	if err := rules.Known(p.Dialect); err != nil {
		return nil, usage(err)
	}
	q := *p
	p = &q
	p.AllowTestKeys = p.AllowTestKeys || f.testKeys
	if f.host != "" {
		if _, _, err := net.SplitHostPort(f.host); err != nil {
			return nil, usage(fmt.Errorf("host %q: want host:port, such as 127.0.0.1:8583", f.host))
		}
		if p, err = p.WithAddress(f.host); err != nil {
			return nil, usage(err)
		}
	}
	if f.timeout < 0 {
		return nil, usage(fmt.Errorf("timeout %v: want a time above 0, such as 5s", f.timeout))
	}
	if f.timeout > 0 {
		p.Policy.Timeout = f.timeout
	}
	if p.LivePAN {
		p.Dialect, err = p.Dialect.WithoutPANs()
	}
	return p, err
}

// open readies a network: it starts the bundled host on loopback when no other
// is named, and sees whether the host can be reached.
func (f *networkFlags) open(ctx context.Context, terminals int) (*network, error) {
	p, err := f.load(terminals)
	if err != nil {
		return nil, err
	}
	n := &network{profile: p, target: p.Address, close: func() {}}
	address := p.Address
	if address == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, &exit{code: exitUnreachable, err: fmt.Errorf("bundled host: %w", err)}
		}
		h, err := f.bundled(p, host.WithLog(host.Log{Panic: func(value any, stack []byte) {
			tellPanic(newScreen(os.Stderr), value, stack)
			os.Exit(exitInternal)
		}}))
		if err != nil {
			l.Close()
			return nil, err
		}
		serving, stop := context.WithCancel(context.WithoutCancel(ctx))
		var wg sync.WaitGroup
		wg.Go(func() { h.Serve(serving, l) })
		n.bundled, n.target, address = h, "bundled host", l.Addr().String()
		n.close = func() {
			stop()
			wg.Wait()
		}
	} else if len(f.misbehave) > 0 || f.behaviour != "" {
		return nil, usage(errors.New("only the bundled host misbehaves on demand: leave --host and the profile's address out"))
	}
	n.dialer = &line.Dialer{Address: address, Timeout: 5 * time.Second}
	if p.TLS != nil && n.bundled == nil {
		if n.dialer.TLS, err = clientTLS(p.TLS, address); err != nil {
			return nil, usage(err)
		}
	}
	if n.bundled == nil {
		if err := n.probe(ctx); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// books are the bundled host's.
func (n *network) books() audit.Books {
	b := audit.Books{Net: map[string]int64{}, Broken: n.bundled.Check()}
	for _, of := range n.bundled.Books() {
		b.Net[of.TID] = of.Net()
	}
	return b
}

// bundled makes the bundled host with the faults asked for.
func (f *networkFlags) bundled(p *profile.Profile, options ...host.Option) (*host.Host, error) {
	for _, m := range f.misbehave {
		options = append(options, host.WithMisbehaviour(m))
	}
	if f.behaviour != "" {
		b, err := host.ParseBehaviour(f.behaviour, 1)
		if err != nil {
			return nil, usage(err)
		}
		options = append(options, host.WithBehaviour(b))
	}
	h, err := host.New(p, options...)
	return h, usage(err)
}

// local reports whether the host is on this machine, as far as its address tells.
func (n *network) local() bool {
	host, _, err := net.SplitHostPort(n.dialer.Address)
	return err == nil && profile.IsLoopback(host)
}

// probe signs one terminal in, as the run will anyway, to tell at once a host
// that cannot be reached from one that does not understand.
func (n *network) probe(ctx context.Context) error {
	address := n.dialer.Address
	clock := line.NewClock()
	t := sim.NewTerminal(n.profile, &n.profile.Terminals[0])
	own := line.NewOwn(ctx, n.dialer, &n.profile.Dialect.Format, clock)
	defer own.Close()
	t.Link = own
	t.PowerOn()
	t.Operator = n.profile.Cashier().Number
	p := sim.NewPlayer(n.profile.Dialect, clock)
	p.T = t
	first, what := p.SignIn, "a sign-in"
	if d := n.profile.Dialect; d.Form(dialect.SignIn) == nil && d.Form(dialect.Echo) != nil {
		first, what = p.Echo, "an echo test"
	}
	if err := first(); err != nil {
		return usage(err)
	}
	if p.Last.Outcome == report.Approved || p.Last.Outcome == report.Declined {
		met := own.Leftovers(50 * time.Millisecond)
		n.again, n.dialer.HangsUp = met.Duplicate > 0, own.HungUp(time.Millisecond)
	}
	switch p.Last.Outcome {
	case report.Unsent:
		return &exit{code: exitUnreachable, err: fmt.Errorf("host %s cannot be reached: %s", address, strings.TrimPrefix(p.Last.Why.Error(), line.ErrUnsent.Error()+": ")),
			hint: n.hint(ctx, p.Last.Why, "is it listening there? posfleet host --listen "+address+" starts the bundled one")}
	case report.TimedOut, report.Broken:
		return &exit{code: exitUnreachable, err: fmt.Errorf("host %s takes the connection but does not answer %s: %w%s", address, what, p.Last.Why, meanwhile(&p.Last)),
			hint: n.hint(ctx, p.Last.Why, fmt.Sprintf("does it speak %s, with this length prefix, TPDU and header? see --dialect and docs/profile.md", n.profile.Dialect.Title))}
	case report.Refused:
		var wrong *wire.FieldError
		if errors.As(p.Last.Why, &wrong) {
			return &exit{code: exitUnreachable, err: fmt.Errorf("host %s answers %s with what is no %s message: %w", address, what, n.profile.Dialect.Name, p.Last.Why),
				hint: n.hint(ctx, p.Last.Why, "does it speak another dialect? see --dialect and docs/profile.md")}
		}
	}
	return nil
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
func meanwhile(r *sim.Result) string {
	if r.Stray == nil {
		return ""
	}
	return fmt.Sprintf("; what came is %s, and begins with % X (%q)", r.Stray.Why, r.Stray.Octets[:min(8, len(r.Stray.Octets))], r.Stray.Octets[:min(8, len(r.Stray.Octets))])
}
