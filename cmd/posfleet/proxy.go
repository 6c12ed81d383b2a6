package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/proxy"
	"github.com/posfleet/posfleet/sim/recording"
)

// proxyFlags say between whom a proxy stands.
type proxyFlags struct {
	net       networkFlags
	storm     stormFlags
	listen    string
	to        string
	tls       serverTLS
	anywhere  bool
	length    time.Duration
	record    string
	recordKey string
}

func proxyCommand() *cobra.Command {
	var f proxyFlags
	cmd := &cobra.Command{
		Use:   "proxy --listen ADDRESS --to ADDRESS",
		Short: "a man in the middle of any terminals and any host, with faults on its line",
		Long: "Passes messages between terminals that connect to --listen and the host at --to, and does to them what\n" +
			"--fault says, or what --storm draws from the seed. Which messages are struck depends on the seed and on\n" +
			"their place among those of their terminal, not on the time: the same seed is the same storm. At its end\n" +
			"(Ctrl-C, or --for) it tells how often each fault struck; one that never did makes the storm fail.\n" +
			"What is no message of the dialect passes as it is.\n\n" + faultHelp(func(line.Fault) bool { return true }) + "\n" + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	f.net.flags = fl
	fl.StringVar(&f.listen, "listen", "127.0.0.1:8582", "address to listen on for terminals")
	fl.StringVar(&f.to, "to", "", "address of the host, host:port (default: the profile's)")
	fl.StringVar(&f.net.profile, "profile", "", "profile file of the network: its dialect, its host's TLS, its terminals' timeout (default: the bundled network)")
	fl.StringVar(&f.net.dialect, "dialect", "", dialectUsage)
	f.tls.add(cmd)
	fl.BoolVar(&f.anywhere, "anywhere", false, "listen on addresses other than loopback")
	fl.DurationVar(&f.length, "for", 0, "how long (default: until Ctrl-C)")
	fl.BoolVar(&f.storm.drawn, "storm", false, "draw which faults strike, and how often, from the seed")
	fl.Uint64Var(&f.storm.seed, "seed", 0, "seed of the storm (default: drawn, and told)")
	f.storm.add(cmd)
	fl.StringVar(&f.record, "record", "", "file that keeps what passes, as it came, with its secrets taken out; of packets for Wireshark if it is named *.pcapng")
	fl.StringVar(&f.recordKey, "record-key", "", "file of an age key, which only its owner may read (a new one if it is not there): --record keeps everything, encrypted")
	return cmd
}

func (f *proxyFlags) run(cmd *cobra.Command) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	f.net.testKeys = true // terminals' keys are theirs: none is used here
	f.net.host = f.to
	p, err := f.net.load(0)
	if err != nil {
		return err
	}
	if p.Address == "" {
		return usage(errors.New("--to: want the address of the host, such as 127.0.0.1:8583"))
	}
	if err := checkListen("--listen", f.listen, "127.0.0.1:8582", f.anywhere); err != nil {
		return err
	}
	if cmd.Flags().Changed("for") && f.length <= 0 {
		return usage(fmt.Errorf("--for %v: want a time above 0, such as 10m", f.length))
	}
	storm, err := f.storm.storm(cmd, line.FaultsFor(&p.Dialect.Format), p.Policy.Timeout+500*time.Millisecond)
	if err != nil {
		return err
	}
	between := &proxy.Proxy{Format: &p.Dialect.Format, Storm: storm, Dialer: &line.Dialer{Address: p.Address, Timeout: 5 * time.Second}}
	if p.TLS != nil {
		if between.Dialer.TLS, err = clientTLS(p.TLS, p.Address, &profile.Files{}); err != nil {
			return usage(err)
		}
		if between.Dialer.TLS.KeyLogWriter, err = keyLog(f.tls.log, cmd.ErrOrStderr()); err != nil {
			return usage(err)
		}
	}
	if between.TLS, err = f.tls.listen(cmd.ErrOrStderr()); err != nil {
		return usage(err)
	}
	if between.TLS == nil && p.TLS == nil && f.tls.log != "" {
		return usage(errors.New("--tls-key-log: neither side is met over TLS"))
	}
	heed(ctx)
	kept, err := f.recordTo(between, p.Dialect)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		return &exit{code: exitUnreachable, err: fmt.Errorf("listen %s: %w", f.listen, errors.Unwrap(err)), hint: "is something else running there? choose another port"}
	}
	fmt.Fprintf(out, "listening on %s: to %s, dialect %s", l.Addr(), p.Address, p.Dialect.Name)
	if storm != nil {
		fmt.Fprintf(out, ", seed %d: %s", storm.Seed, storm)
	}
	fmt.Fprintln(out)
	if f.length > 0 {
		var over context.CancelFunc
		ctx, over = context.WithTimeout(ctx, f.length)
		defer over()
	}
	if err := errors.Join(between.Serve(ctx, l), kept()); err != nil {
		return &exit{code: exitIncomplete, err: err}
	}
	return f.tell(cmd, between)
}

// recordTo has what passes recorded, where that was asked for. The file is complete when
// kept has been called.
func (f *proxyFlags) recordTo(between *proxy.Proxy, d *dialect.Dialect) (kept func() error, err error) {
	if f.record == "" {
		if f.recordKey != "" {
			return nil, usage(errors.New("--record-key: without --record there is nothing to encrypt"))
		}
		return func() error { return nil }, nil
	}
	var key *recording.Key
	if f.recordKey != "" {
		if key, err = readRecordKey(f.recordKey); errors.Is(err, fs.ErrNotExist) {
			key, err = recording.NewKey(f.recordKey)
		}
		if err != nil {
			return nil, usage(fmt.Errorf("--record-key: %w", err))
		}
	}
	w, err := recording.Create(f.record, d, key, time.Now())
	if err != nil {
		return nil, usage(fmt.Errorf("--record: %w", err))
	}
	between.Passed = func(m proxy.Message) { w.Add(m.At, m.Connection, m.Answer, m.Octets) }
	return func() error {
		if err := w.Close(); err != nil {
			return fmt.Errorf("the recording is not complete: %w", err)
		}
		return nil
	}, nil
}

// readRecordKey reads a key file that only its owner can read.
func readRecordKey(path string) (*recording.Key, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	text, err := profile.ReadPrivate(path)
	if err != nil {
		return nil, err
	}
	key, err := recording.ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return key, nil
}

// tell says what passed, and what was done to it.
func (f *proxyFlags) tell(cmd *cobra.Command, between *proxy.Proxy) error {
	out, c := cmd.OutOrStdout(), between.Counts()
	fmt.Fprintf(out, "passed %d requests and %d answers on %d connections\n", c.Requests, c.Answers, c.Connections)
	for what, n := range map[string]int64{
		"connections closed at once: the host could not be reached": c.Unreachable,
		"connections closed on arrival: too many were open":         c.TurnedAway,
		"directions of connections passed as they are: no messages": c.Raw,
	} {
		if n > 0 {
			fmt.Fprintf(out, "  %d %s\n", n, what)
		}
	}
	if between.Storm == nil {
		return nil
	}
	return f.storm.tellStorm(out, between.Storm, c.Injected, between.Strikes())
}
