package selftest

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// knownHost is a bundled host of known behaviour, serving on loopback.
type knownHost struct {
	*host.Host
	profile *profile.Profile
	dialer  *line.Dialer
	stop    func()
}

// start starts the trial's host.
func (c *trial) start() (*knownHost, error) {
	p, err := profile.Bundled("cup", c.terminals)
	if err != nil {
		return nil, err
	}
	if c.timeout > 0 {
		p.Policy.Timeout = c.timeout
	}
	var options []host.Option
	if c.host != "" {
		b, err := host.ParseBehaviour(c.host, 1)
		if err != nil {
			return nil, err
		}
		options = append(options, host.WithBehaviour(b))
	}
	h, err := host.New(p, options...)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.Serve(ctx, l) })
	return &knownHost{h, p, &line.Dialer{Address: l.Addr().String(), Timeout: 5 * time.Second}, func() {
		cancel()
		wg.Wait()
	}}, nil
}

func (h *knownHost) books() audit.Books {
	b := audit.Books{Net: map[string]int64{}, Broken: h.Check()}
	for _, of := range h.Books() {
		b.Net[of.TID] = of.Net()
	}
	return b
}
