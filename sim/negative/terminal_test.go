package negative

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/wire"
)

// The other direction: whatever comes as an answer, the terminal takes no money for
// paid that it cannot be sure of, the next payment passes, and in the end its journal
// and the host's books agree.
func TestTerminalHoldsAgainstMalformedAnswers(t *testing.T) {
	for name, d := range dialect.Dialects() {
		t.Run(name, func(t *testing.T) {
			sparing(t, name)
			t.Parallel() // it waits, most of the time
			h, c := answering(t, d)
			p := c.player
			const short = 60 * time.Millisecond // what does not answer is not waited for
			whole := c.Profile.Policy.Timeout
			n := 0
			for ; n < 700; n++ {
				h.Misbehave("malformed-answers", true)
				c.Profile.Policy.Timeout = short
				o := c.purchase("good", sim.Swipe)
				if err := p.Pay(&o); err != nil {
					t.Fatalf("payment %d: %v", n, err)
				}
				d, again := h.Malformed()
				if again {
					break
				}
				if p.Last.Approved() && d.Kind != wire.OddForm && d.Kind != wire.BadTags && d.Kind != wire.BadHeader {
					t.Errorf("%s (%s): approved", d.Name, d.Doc)
				}
				if !p.Last.Approved() && !p.T.Owes() && len(p.T.Journal.Doubts) == 0 && p.Last.Outcome != report.Declined {
					t.Errorf("%s (%s): %v, and nothing is owed", d.Name, d.Doc, p.Last.Reason())
				}
				h.Misbehave("malformed-answers", false)
				c.Profile.Policy.Timeout = whole
				if err := c.pay(); err != nil {
					t.Fatalf("%s (%s): the next payment: %v", d.Name, d.Doc, err)
				}
			}
			if n < 100 {
				t.Errorf("%d answers were malformed", n)
			}
			h.Misbehave("malformed-answers", false)
			c.Profile.Policy.Timeout = whole
			agree(t, c)
		})
	}
}

// answering is a host whose answers can be malformed, and a terminal that has signed
// in to it.
func answering(t *testing.T, d *dialect.Dialect) (*host.Host, *Check) {
	var h *host.Host
	c := against(t, d, func(made *host.Host) error { h = made; return nil })
	if err := errors.Join(c.begin(context.Background()), c.signIn()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.own.Close() })
	return h, c
}
