package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/profile"
)

func hostCommand() *cobra.Command {
	var f networkFlags
	var listen string
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
			address, port, err := net.SplitHostPort(listen)
			if err != nil {
				return usage(fmt.Errorf("--listen %q: want host:port, such as 127.0.0.1:8583", listen))
			}
			if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
				return usage(fmt.Errorf("--listen %q: want a port of 0 (any that is free) to 65535", listen))
			}
			if !anywhere && !profile.IsLoopback(address) {
				return usage(fmt.Errorf("--listen %q is not a loopback address: add --anywhere to serve other machines with test keys", listen))
			}
			h, err := f.bundled(p, host.WithLog(host.Log{
				Notice: func(text string) { fmt.Fprintf(cmd.ErrOrStderr(), "posfleet: %s\n", text) },
				Panic:  func(value any, stack []byte) { tellPanic(cmd.ErrOrStderr(), value, stack) },
			}))
			if err != nil {
				return err
			}
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return &exit{code: exitUnreachable, err: fmt.Errorf("listen %s: %w", listen, errors.Unwrap(err)), hint: "is another host running there? choose another port"}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "listening on %s: profile %s, dialect %s, %d terminals\n", l.Addr(), p.Name, p.Dialect.Name, len(p.Terminals))
			err = h.Serve(cmd.Context(), l)
			c := h.Counts()
			fmt.Fprintf(cmd.OutOrStdout(), "served %d requests on %d connections; %d frames could not be read\n", c.Requests, c.Connections, c.Refused)
			for _, n := range h.Noticed() {
				fmt.Fprintf(cmd.OutOrStdout(), "  %d × %s\n", n.Times, n.What)
			}
			var net int64
			for _, b := range h.Books() {
				net += b.Net()
			}
			fmt.Fprintf(cmd.OutOrStdout(), "booked %s yuan net\n", report.FormatAmount(net, p.Dialect.Exponent))
			if err := h.Check(); err != nil {
				return &exit{code: exitBooks, err: err}
			}
			if c.Panics > 0 {
				return &exit{code: exitInternal, err: fmt.Errorf("internal error: %d connections were lost to it (please report it)", c.Panics)}
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				return &exit{code: exitInternal, err: err}
			}
			return nil
		},
	}
	var faults []string
	for _, m := range host.Misbehaviours() {
		faults = append(faults, fmt.Sprintf("  %-16s %s", m.Name, m.Doc))
	}
	cmd.Long = "Serves the terminals, merchants and cards of a profile. It books what it approves.\n\n" +
		"Faults for --misbehave:\n" + strings.Join(faults, "\n") + "\n\n" +
		"Kinds of --behaviour, which shape when answers leave:\n  " + strings.Join(host.BehaviourKinds(), "\n  ") + "\n\n" + exitHelp
	fl := cmd.Flags()
	fl.StringVar(&listen, "listen", "127.0.0.1:8583", "address to listen on")
	fl.StringVar(&f.profile, "profile", "", "profile file of the network to serve (default: the bundled network)")
	fl.StringVar(&f.dialect, "dialect", "", dialectUsage)
	fl.IntVar(&terminals, "terminals", 0, "terminals of the bundled network (default: the profile's)")
	fl.StringSliceVar(&f.misbehave, "misbehave", nil, "faults, by name")
	fl.StringVar(&f.behaviour, "behaviour", "", "when answers leave: stall:1s/10s, uniform:10ms-110ms, … (of payments, balance inquiries and echoes; others at once)")
	fl.BoolVar(&anywhere, "anywhere", false, "allow addresses other than loopback")
	return cmd
}
