package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/host/admin"
	"github.com/posfleet/posfleet/sim/host/store"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/proxy"
	"github.com/posfleet/posfleet/sim/wire"
)

func hostCommand() *cobra.Command {
	var f networkFlags
	var storm stormFlags
	var secure serverTLS
	var listen, api, tokenFile, data, live string
	var terminals int
	var anywhere bool
	cmd := &cobra.Command{
		Use:   "host",
		Short: "the bundled host as a server for others' terminals",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("terminals") && terminals < 1 {
				return usage(fmt.Errorf("--terminals %d: want at least 1", terminals))
			}
			p, err := f.load(terminals)
			if err != nil {
				return err
			}
			if err := checkListen("--listen", listen, "127.0.0.1:8583", anywhere); err != nil {
				return err
			}
			if api == "" && tokenFile != "" {
				return usage(errors.New("--admin-token-file: without --admin there is no API that wants a token"))
			}
			options := []host.Option{}
			if data != "" {
				options = append(options, host.WithData(data))
			}
			options = append(options, host.WithLog(host.Log{
				Notice: func(text string) { fmt.Fprintf(cmd.ErrOrStderr(), "posfleet: %s\n", text) },
				Panic:  func(value any, stack []byte) { tellPanic(cmd.ErrOrStderr(), value, stack) },
			}))
			if api != "" {
				options = append(options, host.WithDelays()) // its faults are turned on and off
			}
			meet, err := secure.listen(cmd.ErrOrStderr())
			if err != nil {
				return usage(err)
			}
			if meet == nil && secure.log != "" {
				return usage(errors.New("--tls-key-log: without --tls-cert there are no sessions of TLS"))
			}
			if len(storm.faults) == 0 { // else who stands before the host meets them
				options = append(options, host.WithTLS(meet))
			}
			heed(cmd.Context())
			h, err := f.bundled(p, options...)
			if err != nil {
				return hintOfData(err)
			}
			defer h.CloseData()
			faults, err := storm.storm(cmd, line.FaultsFor(&p.Dialect.Format), p.Policy.Timeout+500*time.Millisecond)
			if err != nil {
				return err
			}
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return &exit{code: exitUnreachable, err: fmt.Errorf("listen %s: %w", listen, errors.Unwrap(err)), hint: "is another host running there? choose another port"}
			}
			if api != "" {
				stop, err := serveAdmin(cmd, h, api, tokenFile, anywhere)
				if err != nil {
					l.Close()
					return err
				}
				defer stop()
			}
			if live != "" {
				stop, err := showCounts(cmd, h, live, l.Addr())
				if err != nil {
					l.Close()
					return err
				}
				defer stop()
			}
			fmt.Fprintf(cmd.OutOrStdout(), "listening on %s: profile %s, dialect %s, %d terminals\n", l.Addr(), p.Name, p.Dialect.Name, len(p.Terminals))
			between, err := serveBehind(cmd.Context(), h, l, meet, faults, &p.Dialect.Format)
			if err := h.CloseData(); err != nil {
				return &exit{code: exitIncomplete, err: fmt.Errorf("--data %s: %w", data, err)}
			}
			c := h.Counts()
			fmt.Fprintf(cmd.OutOrStdout(), "served %d requests on %d connections; %d frames could not be read\n", c.Requests, c.Connections, c.Refused)
			for _, n := range h.Noticed() {
				fmt.Fprintf(cmd.OutOrStdout(), "  %d × %s\n", n.Times, n.What)
			}
			var net int64
			for _, b := range h.Books() {
				net += b.Net()
			}
			fmt.Fprintf(cmd.OutOrStdout(), "booked %s %s net\n", report.FormatAmount(net, p.Dialect.Exponent), p.Dialect.Unit())
			f := h.Fees()
			amount := func(minor int64) string { return report.FormatAmount(minor, p.Dialect.Exponent) }
			fmt.Fprintf(cmd.OutOrStdout(), "fees %s %s: issuers %s, network %s, acquirer %s; merchants were paid %s and are owed %s\n",
				amount(f.Fee+f.Surcharges), p.Dialect.Unit(), amount(f.Issuer), amount(f.Network), amount(f.Acquirer+f.Surcharges), amount(f.Paid-f.Surcharges), amount(f.Owed()))
			if err := h.Check(); err != nil {
				return &exit{code: exitBooks, err: err}
			}
			if c.Panics > 0 {
				return &exit{code: exitInternal, err: fmt.Errorf("internal error: %d connections were lost to it (please report it)", c.Panics)}
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				return &exit{code: exitInternal, err: err}
			}
			if between != nil {
				return storm.tellStorm(cmd.OutOrStdout(), faults, between.Counts().Injected, between.Strikes())
			}
			return nil
		},
	}
	var misbehaviours []string
	for _, m := range host.Misbehaviours() {
		misbehaviours = append(misbehaviours, fmt.Sprintf("  %-25s %s", m.Name, m.Doc))
	}
	cmd.Long = "Serves the terminals, merchants and cards of a profile. It books what it approves.\n\n" +
		"Faults for --misbehave:\n" + strings.Join(misbehaviours, "\n") + "\n\n" +
		faultHelp(func(line.Fault) bool { return true }) + "\n" +
		"Kinds of --behaviour, which shape when answers leave:\n  " + strings.Join(host.BehaviourKinds(), "\n  ") + "\n\n" + exitHelp
	fl := cmd.Flags()
	f.flags = fl
	fl.StringVar(&listen, "listen", "127.0.0.1:8583", "address to listen on")
	fl.StringVar(&f.profile, "profile", "", "profile file of the network to serve (default: the bundled network)")
	fl.StringVar(&f.dialect, "dialect", "", dialectUsage)
	fl.IntVar(&terminals, "terminals", 0, "terminals of the bundled network (default: the profile's)")
	fl.StringSliceVar(&f.misbehave, "misbehave", nil, "faults, by name")
	fl.StringVar(&f.behaviour, "behaviour", "", "when answers leave: stall:1s/10s, uniform:10ms-110ms, … (of payments, balance inquiries and echoes; others at once)")
	fl.Uint64Var(&storm.seed, "seed", 0, "seed of what --fault strikes (default: drawn, and told)")
	storm.add(cmd)
	secure.add(cmd)
	fl.StringVar(&data, "data", "", "folder that keeps all that must not be forgotten: what is approved is on disk before the answer leaves (default: all is forgotten at the end)")
	fl.BoolVar(&anywhere, "anywhere", false, "allow addresses other than loopback")
	fl.StringVar(&api, "admin", "", "address of the JSON API and the page for people, such as 127.0.0.1:8584 (default: none)")
	fl.StringVar(&live, "live", "", "serve a page of what it counts, growing, at this address: 127.0.0.1:8080")
	fl.StringVar(&tokenFile, "admin-token-file", "", "file of the token that users of --admin show (default: a new one, which is printed)")
	return cmd
}

// hintOfData says the mend of data that cannot be used.
func hintOfData(err error) error {
	hint := ""
	switch {
	case errors.Is(err, store.ErrForeign):
		hint = "give another folder, or the profile and --terminals that this one was made with"
	case errors.Is(err, store.ErrTorn):
		hint = "put a copy that is whole in its place (GET /v1/backup of --admin makes one), or move it away to begin with new books"
	case errors.Is(err, store.ErrSchema):
		hint = "start it with the posfleet that wrote it, or give another folder"
	case errors.Is(err, store.ErrInUse):
		hint = "end the other posfleet host, or give another folder"
	default:
		return err
	}
	return &exit{code: exitUsage, err: fmt.Errorf("--data: %w", err), hint: hint}
}

// serveBehind serves a host; where its lines are to fail, behind a proxy that does that.
func serveBehind(ctx context.Context, h *host.Host, l net.Listener, meet *tls.Config, storm *line.Storm, format *wire.Format) (*proxy.Proxy, error) {
	if storm == nil {
		return nil, h.Serve(ctx, l)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.Close()
		return nil, err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx)) // until the proxy has ended
	defer stop()
	served := make(chan error, 1)
	go func() { served <- h.Serve(serving, inner) }()
	p := &proxy.Proxy{Format: format, TLS: meet, Storm: storm, Dialer: &line.Dialer{Address: inner.Addr().String(), Timeout: 5 * time.Second}}
	err = p.Serve(ctx, l)
	stop()
	return p, errors.Join(err, <-served)
}

// checkListen complains of an address that cannot be listened on, or not safely.
func checkListen(flag, listen, example string, anywhere bool) error {
	address, port, err := net.SplitHostPort(listen)
	if err != nil {
		return usage(fmt.Errorf("%s %q: want host:port, such as %s", flag, listen, example))
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return usage(fmt.Errorf("%s %q: want a port of 0 (any that is free) to 65535", flag, listen))
	}
	if !anywhere && !profile.IsLoopback(address) {
		return usage(fmt.Errorf("%s %q is not a loopback address: add --anywhere to serve other machines with test keys", flag, listen))
	}
	return nil
}

// serveAdmin serves the host's API beside it, and says where.
func serveAdmin(cmd *cobra.Command, h *host.Host, listen, tokenFile string, anywhere bool) (stop func(), err error) {
	if err := checkListen("--admin", listen, "127.0.0.1:8584", anywhere); err != nil {
		return nil, err
	}
	token := rand.Text()
	if tokenFile != "" {
		kept, err := profile.ReadToken(tokenFile)
		if err != nil {
			return nil, usage(fmt.Errorf("--admin-token-file: %w", err))
		}
		token = string(kept)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, &exit{code: exitUnreachable, err: fmt.Errorf("listen %s: %w", listen, errors.Unwrap(err)), hint: "is something else running there? choose another port"}
	}
	var names []string // any of the loopback's
	if name, _, _ := net.SplitHostPort(listen); !profile.IsLoopback(name) {
		names = []string{name}
	}
	server := admin.New(h, token, names...).Serve(l)
	fmt.Fprintf(cmd.OutOrStdout(), "admin API on http://%s", l.Addr())
	page := fmt.Sprintf("http://%s/", l.Addr())
	if tokenFile == "" {
		fmt.Fprintf(cmd.OutOrStdout(), ", token %s", token)
		page += "#token=" + token
	}
	fmt.Fprintf(cmd.OutOrStdout(), "\npage for people: %s\n", page)
	return func() { server.Close() }, nil
}
