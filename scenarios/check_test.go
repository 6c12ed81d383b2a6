package scenarios

import (
	"context"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/host/admin"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// bundledHost serves the bundled network for a test.
func bundledHost(t testing.TB, network string, options ...host.Option) (*profile.Profile, *line.Dialer) {
	t.Helper()
	p, err := profile.Bundled(network, 2000)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(p, options...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	staffed(t, p, h)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.Serve(ctx, l) })
	t.Cleanup(func() {
		stop()
		wg.Wait()
	})
	return p, &line.Dialer{Address: l.Addr().String(), Timeout: 5 * time.Second}
}

// staffed serves a host's admin API for a test, and has its profile name it.
func staffed(t testing.TB, p *profile.Profile, h *host.Host) {
	t.Helper()
	const token = "0123456789abcdef"
	people := httptest.NewServer(admin.New(h, token))
	t.Cleanup(people.Close)
	p.Admin = &profile.Admin{URL: people.URL, Token: profile.Secret(token)}
}

// quick is a profile whose terminals do not wait long for an answer.
func quick(p *profile.Profile) *profile.Profile {
	q := *p
	q.Policy.Timeout = 300 * time.Millisecond
	return &q
}

func TestRightHostPassesEveryFeature(t *testing.T) {
	for _, network := range dialect.Names() {
		p, d := bundledHost(t, network)
		fs := embeddedFor(t, network)
		c := &Check{Language: NewLanguage(quick(p)), Dialer: d, Features: fs, Terminals: 8}
		found, err := c.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for v := range found.All() {
			if n++; v.Outcome != verdicts.Passed {
				t.Errorf("%s: %s failed: %v", network, v.ID, v.Reason)
			}
		}
		if n == 0 {
			t.Errorf("%s: nothing was played", network)
		}
	}
}

// The judge is judged: each thing that the bundled host can do wrong on demand
// is caught by a scenario, but for those that only show under load.
func TestWrongHostIsCaught(t *testing.T) {
	fs, err := ReadFeatures(features.FS, "core", "cup", "shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range host.Misbehaviours() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel() // each has a host of its own
			p, d := bundledHost(t, "cup", host.WithMisbehaviour(m.Name))
			for i, f := range fs { // until one catches it: a silent host is slow to see in all of them
				q := quick(p)
				q.Terminals = p.Terminals[8*i:] // that the host has not heard of yet
				c := &Check{Language: NewLanguage(q), Dialer: d, Features: []*Feature{f}, Terminals: 8}
				found, err := c.Run(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				for v := range found.All() {
					if v.Outcome == verdicts.Failed {
						t.Logf("caught by %s: %v", v.ID, v.Reason)
						return
					}
				}
			}
			t.Errorf("no scenario catches a host that is wrong in this way: %s", m.Doc)
		})
	}
}
