package line_test

import (
	"errors"
	"testing"
	"time"
)

// An exchange on a line that is up does not allocate: not to look whether the
// host has hung up either.
func TestExchangeDoesNotAllocate(t *testing.T) {
	d := scripted(t, func(_ int, c *peer) {
		req := c.request()
		for frame := approval(req); c.request() != nil; {
			c.Write(frame)
		}
	})
	l := newOwn(t, d)
	x := within(purchaseOf(tid, 1, 100), 20*time.Millisecond)
	l.Exchange(x) // not answered; connects
	x.Timeout = patient
	// The host's half allocates in this process too: what is counted here is an
	// exchange of both, less what the host's takes alone.
	var err error
	both := testing.AllocsPerRun(200, func() { err = errors.Join(err, l.Exchange(x)) })
	if err != nil {
		t.Fatal(err)
	}
	body := x.Request[2:]
	host := testing.AllocsPerRun(200, func() { cup.NewMessage().Read(body) })
	if both > host {
		t.Errorf("an exchange allocates %v times", both-host)
	}
}
