package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/host/admin"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
)

// networkFlags say which network is meant.
type networkFlags struct {
	host      string
	profile   string
	dialect   string
	timeout   time.Duration
	misbehave []string
	behaviour string
	seed      uint64 // of what the behaviour draws; 0 for always the same
	testKeys  bool
	keyLog    string // file for the secrets of TLS sessions; empty for none

	flags *pflag.FlagSet // that they were given by; nil where they are not flags
	piped []byte         // the profile, when a pipe brought it
	files profile.Files  // that profile, dialect and features are read from
	share sim.Share      // of the profile's terminals
	same  bool           // an agent's, whose controller is on this machine
	other *bundledHost   // of another process, to play against when no host is named
}

func (f *networkFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	f.flags = fl
	fl.StringVar(&f.host, "host", "", "address of the host under test, host:port (default: the bundled host, in this process)")
	fl.StringVar(&f.profile, "profile", "", "profile file of the network under test (default: the bundled network)")
	fl.StringVar(&f.dialect, "dialect", "", dialectUsage)
	fl.BoolVar(&f.testKeys, "allow-test-keys", false, "let published test keys meet a host on another machine")
	fl.DurationVar(&f.timeout, "timeout", 0, "response timeout (default: the profile's)")
	fl.StringSliceVar(&f.misbehave, "misbehave", nil, "faults of the bundled host, to judge the judge: see posfleet host --help")
}

const lineProfileUsage = "have own lines be like 4g, gprs, dial-v22 … (docs/lines.md), or kinds for each terminal's own (default: the profile's, or as they are)"

// playedLine is the line profile that is asked for by a flag, or else by the profile;
// empty for none.
func playedLine(p *profile.Profile, flag string) (string, error) {
	name := cmp.Or(flag, p.LineProfile)
	if name == "" || name == profile.ByKind || line.FindProfile(p.Lines, name) != nil {
		return name, nil
	}
	return "", fmt.Errorf("--line-profile %q: want %s, or %s for that of each terminal's kind", name, line.ProfileNames(p.Lines), profile.ByKind)
}

const dialectUsage = "dialect of the bundled network: a name that posfleet dialect list has, or a file (default: cup)"

// network is a profile with a host to play against.
type network struct {
	profile *profile.Profile
	dialer  *line.Dialer
	books   func(context.Context) (audit.Books, error) // of the bundled host, here or elsewhere; nil when the host is the user's
	admin   scenarios.Admin
	target  string
	again   bool // the host answered the first request more than once
	shared  bool // an agent's
	same    bool // whose controller is on this machine
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
		if d, err = readDialect(cmp.Or(f.dialect, "cup"), &f.files); err == nil {
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
	if f.share.Of > 1 { // others have the same cards; plans are compiled of one reading of the profile, terminals made of another
		p.IssueChips(f.share.Index)
	}
	p.AllowTestKeys = p.AllowTestKeys || f.testKeys
	if f.host != "" {
		if _, _, err := net.SplitHostPort(f.host); err != nil {
			return nil, usage(fmt.Errorf("host %q: want host:port, such as 127.0.0.1:8583", f.host))
		}
		if p, err = p.WithAddress(f.host); err != nil {
			return nil, usage(err)
		}
	}
	if f.timeout < 0 || f.timeout == 0 && f.flags != nil && f.flags.Changed("timeout") {
		return nil, usage(fmt.Errorf("--timeout %v: want a time above 0, such as 5s", f.timeout))
	}
	if f.timeout > 0 {
		p.Policy.Timeout = f.timeout
	}
	if p.LivePAN {
		if p.Dialect, err = p.Dialect.WithoutPANs(); err != nil {
			return nil, err
		}
	}
	return p, f.resultsApart()
}

// open readies a network: it starts the bundled host on loopback when no other
// is named, and sees whether the host can be reached.
func (f *networkFlags) open(ctx context.Context, terminals int) (*network, error) {
	p, err := f.load(terminals)
	if err != nil {
		return nil, err
	}
	if len(p.Dialect.Forms) == 0 {
		return nil, usage(fmt.Errorf("dialect %s: is a table of fields without transactions: it explains messages and plays none; add transactions (docs/dialects.md)", p.Dialect.Name))
	}
	from, to := f.share.Terminals(len(p.Terminals))
	if p.Terminals = p.Terminals[from:to]; from == to {
		return nil, usage(fmt.Errorf("share %d of %d has no terminal: want as many terminals as shares", f.share.Index+1, f.share.Of))
	}
	heed(ctx)
	n := &network{profile: p, target: p.Address, shared: f.share.Of > 0, same: f.same, close: func() {}}
	address := p.Address
	if address == "" && f.other != nil {
		n.target, address = bundledTarget, f.other.Address
		n.admin = scenarios.Admin{URL: f.other.Admin, Token: profile.Secret(f.other.Token)}
	} else if address == "" {
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
		api, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			l.Close()
			return nil, &exit{code: exitUnreachable, err: fmt.Errorf("bundled host's admin API: %w", err)}
		}
		token := rand.Text()
		n.admin = scenarios.Admin{URL: "http://" + api.Addr().String(), Token: profile.Secret(token)}
		people := admin.New(h, token).Serve(api)
		serving, stop := context.WithCancel(context.WithoutCancel(ctx))
		var wg sync.WaitGroup
		wg.Go(func() { h.Serve(serving, l) })
		n.target, address = bundledTarget, l.Addr().String()
		n.books = func(context.Context) (audit.Books, error) { return booksOf(h), nil }
		n.close = func() {
			people.Close()
			stop()
			wg.Wait()
		}
	} else if len(f.misbehave) > 0 || f.behaviour != "" {
		return nil, usage(errors.New("only the bundled host misbehaves on demand: leave --host and the profile's address out"))
	}
	n.dialer = &line.Dialer{Address: address, Timeout: 5 * time.Second}
	if p.Admin != nil && n.target != bundledTarget {
		n.admin = scenarios.Admin{URL: p.Admin.URL, Token: p.Admin.Token}
	}
	if p.TLS != nil && n.target != bundledTarget {
		if n.dialer.TLS, err = clientTLS(p.TLS, address, &f.files); err != nil {
			return nil, usage(err)
		}
		if n.dialer.TLS.KeyLogWriter, err = keyLog(f.keyLog, newScreen(os.Stderr)); err != nil {
			return nil, usage(err)
		}
	} else if f.keyLog != "" {
		return nil, usage(errors.New("--tls-key-log: the host is not met over TLS"))
	}
	if n.target != bundledTarget {
		err := n.probe(ctx)
		if err = cmp.Or(cutOff(ctx, "nothing was played"), err); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// bundledTarget is what a run against the bundled host says that it is against.
const bundledTarget = "bundled host"

// booksOf are a bundled host's books.
func booksOf(h *host.Host) audit.Books {
	b := audit.Books{Net: map[string]int64{}, Broken: h.Check()}
	for _, of := range h.Books() {
		b.Net[of.TID] = of.Net()
	}
	b.Payments = func(tid string) []audit.Payment {
		_, slips, _ := h.Activity(tid, mostSlips)
		all := []audit.Payment{}
		for _, s := range slips {
			all = appendBooked(all, bookedSlip{s.Kind, s.State, s.Batch, s.Trace, s.Amount}, tid)
		}
		return all
	}
	return b
}

// bookedSlip is what the books of a host have of a payment, as the API tells it.
type bookedSlip struct {
	Kind   string `json:"kind"`
	State  string `json:"state"`
	Batch  uint32 `json:"batch"`
	Trace  uint32 `json:"trace"`
	Amount int64  `json:"amount"`
}

// appendBooked adds a slip to the payments of its terminal if it moved money.
func appendBooked(all []audit.Payment, s bookedSlip, tid string) []audit.Payment {
	if of, known := dialect.TransactionNamed(s.Kind); known && of.Side() != dialect.NoSide && (s.State == "approved" || s.State == "voided") {
		all = append(all, audit.Payment{Terminal: tid, Batch: s.Batch, Trace: s.Trace, Amount: audit.Signed(of, s.Amount)})
	}
	return all
}

// bookedAt asks the API of a bundled host in another process for the payments of a terminal;
// nil where it does not tell, or maybe not all of them.
func bookedAt(api *scenarios.Admin, tid string) []audit.Payment {
	var told struct {
		Payments []bookedSlip `json:"payments"`
	}
	if err := api.Do(http.MethodGet, "/v1/terminals/"+url.PathEscape(tid)+"/activity", nil, &told); err != nil || len(told.Payments) >= admin.MostSlips {
		return nil
	}
	all := []audit.Payment{}
	for _, s := range told.Payments {
		all = appendBooked(all, s, tid)
	}
	return all
}

// mostSlips is how many payments of a terminal are held against its journal.
const mostSlips = 5000

// bundled makes the bundled host with the faults asked for.
func (f *networkFlags) bundled(p *profile.Profile, options ...host.Option) (*host.Host, error) {
	for _, m := range f.misbehave {
		options = append(options, host.WithMisbehaviour(m))
	}
	if f.behaviour != "" {
		b, err := host.ParseBehaviour(f.behaviour, max(1, f.seed))
		if err != nil {
			return nil, usage(err)
		}
		options = append(options, host.WithBehaviour(b))
	}
	h, err := host.New(p, options...)
	return h, usage(err)
}

// agentsOwn says of a host on loopback that it is another one on each agent's machine; empty
// of others.
func (n *network) agentsOwn() string {
	if n.target == bundledTarget || !n.local() {
		return ""
	}
	return n.dialer.Address + " is each agent's own machine: name the host by an address that all reach (--host), unless one listens on each"
}

// local reports whether the host is on this machine, as far as its address tells.
func (n *network) local() bool {
	host, _, err := net.SplitHostPort(n.dialer.Address)
	return err == nil && profile.IsLoopback(host)
}
