package main

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report/page"
	"github.com/posfleet/posfleet/sim/host"
)

// showCounts serves what a host counts as a page at an address, and says where.
func showCounts(cmd *cobra.Command, h *host.Host, address string, listens net.Addr) (stop func(), err error) {
	p := h.Profile()
	title := fmt.Sprintf("bundled host on %s", listens)
	asked := fmt.Sprintf("profile %s, dialect %s, %d terminals", p.Name, p.Dialect.Name, len(p.Terminals))
	live := page.NewLiveCounters(func() page.Counters {
		c := page.Counters{Title: title, Asked: asked, Counters: counters(h.Counts())}
		if wrong := h.Misbehaves(); len(wrong) > 0 {
			c.Banner = []string{"It misbehaves on purpose: " + strings.Join(wrong, ", ") + "."}
		}
		for _, n := range h.Noticed() {
			c.Noticed = append(c.Noticed, page.Counter{Name: n.What, Value: n.Times})
		}
		return c
	})
	url, server, err := servePage(address, live)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "live: %s\n", url)
	done := make(chan struct{})
	go func() {
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			select {
			case <-done:
				return
			case <-t.C:
				live.Tick()
			}
		}
	}()
	return func() {
		close(done)
		server.Close()
	}, nil
}

// counters are a host's counts in words.
func counters(c host.Counts) []page.Counter {
	return []page.Counter{
		{Name: "requests", Value: c.Requests},
		{Name: "answers", Value: c.Answers},
		{Name: "left unanswered on purpose", Value: c.Silent},
		{Name: "message types that the dialect has not", Value: c.Unknown},
		{Name: "messages that want no answer", Value: c.Ignored},
		{Name: "frames that could not be read", Value: c.Refused},
		{Name: "batch uploads that were miscounted", Value: c.Miscounted},
		{Name: "connections open", Value: c.Open, Level: true},
		{Name: "connections", Value: c.Connections},
		{Name: "connections turned away: too many", Value: c.TurnedAway},
		{Name: "connections lost to an internal error", Value: c.Panics},
	}
}
