package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// A fleet signs in and pays in every framing that carries any octets, on lines of
// every mode.
func TestFleetPaysInEveryFraming(t *testing.T) {
	framings := map[string]wire.Framing{
		"NAC that counts itself": {Length: wire.Length{Octets: 2, Itself: true}},
		"little-endian":          {Length: wire.Length{Octets: 4, Form: wire.LittleEndian}},
		"EBCDIC, reserved":       {Length: wire.Length{Octets: 4, Form: wire.EBCDICDigits}, After: "\x00\x00"},
		"header not counted":     {Length: wire.Length{Octets: 2, NoHeader: true}},
		"serial":                 {Before: "\x02", Length: wire.Length{Octets: 2, Form: wire.PackedDigits}, Trailer: "\x03", LRC: true},
		"HTTP":                   {Length: wire.Binary2, HTTP: wire.HTTP{Path: "/mjc/webtrans/VPB_lb", Type: "x-ISO-TPDU/x-auth"}},
		"HTTP, bare":             {HTTP: wire.HTTP{Path: "/pos"}},
	}
	for _, class := range wire.ChannelNames() {
		if f, err := wire.Channel(class); err != nil {
			t.Fatal(err)
		} else if f.Length.Octets > 0 || f.ByFields {
			framings[class] = f
		}
		if testing.Short() {
			break // under the race detector those above will do
		}
	}
	for name, f := range framings {
		for _, mode := range []string{"own", "each", "shared:2"} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				p, err := profile.Bundled("cup", 20)
				if err != nil {
					t.Fatal(err)
				}
				f := f
				if f.Header.BaseI {
					p.Head = []byte("\x16\x01\x02\x00\x00\x65\x43\x21\x12\x34\x56" + strings.Repeat("\x00", 11))
				} else {
					f.Header = p.Dialect.Header
				}
				p.Dialect.Framing = f
				if err := p.Dialect.Compile(); err != nil {
					t.Fatal(err)
				}
				lines, err := line.ParseMode(mode)
				if err != nil {
					t.Fatal(err)
				}
				p.Policy.Timeout = time.Minute // a busy machine plays sixty of these at once
				b := serve(t, p)
				b.dialer.Timeout = time.Minute
				for length := 50 * time.Millisecond; ; length *= 8 {
					rep := b.run(t, &sim.Run{Lines: lines, Terminals: 20, For: length})
					l := rep.Label("purchase")
					if rep.Failed > 0 || l != nil && l.Counts[report.Approved] != l.Counts.Sent() {
						t.Fatalf("purchases: %+v, %d failed", l, rep.Failed)
					}
					if l != nil && l.Counts[report.Approved] >= 20 {
						break
					}
					if length > 10*time.Second {
						t.Fatalf("purchases in %v: %+v", length, l)
					}
				}
			})
		}
	}
}
