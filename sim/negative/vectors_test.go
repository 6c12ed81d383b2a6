package negative

import (
	"context"
	"encoding/hex"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// vectors are hostile octets as others wrote them down: a line each of id, layer, hexadecimal
// digits, what is wrong and what must come of it, between tabs. POSFLEET_HOSTILE_VECTORS
// names the file.
func vectors(t *testing.T) (all [][]string) {
	name := os.Getenv("POSFLEET_HOSTILE_VECTORS")
	if name == "" {
		t.Skip("POSFLEET_HOSTILE_VECTORS names no file")
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if of := strings.Split(strings.TrimSpace(line), "\t"); len(of) == 5 && of[0] != "id" {
			all = append(all, of)
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s: no vectors", name)
	}
	return all
}

// Every vector goes to the host, in each dialect, on a connection of its own; the payment
// beside it passes, and nothing of it is booked.
func TestHostHoldsAgainstVectors(t *testing.T) {
	all := vectors(t)
	for name, d := range dialect.Dialects() {
		t.Run(name, func(t *testing.T) {
			_, c := answering(t, d)
			for _, of := range all {
				octets, err := hex.DecodeString(of[2])
				if err != nil {
					t.Fatalf("%s: %v", of[0], err)
				}
				conn, err := net.Dial("tcp", c.Dialer.Address)
				if err != nil {
					t.Fatal(err)
				}
				conn.Write(octets)
				met := c.listen(conn, d.NewReader(conn), c.Patience)
				if met.answered && d.Class(met.code) != dialect.Declines {
					t.Errorf("%s (%s): approved", of[0], of[3])
				}
				if err := c.pay(); err != nil {
					t.Errorf("%s (%s): the payment beside it: %v", of[0], of[3], err)
				}
				conn.Close()
			}
			agree(t, c)
		})
	}
}

// Every vector comes as the answer to a payment: it is not taken for paid, and the next
// payment passes.
func TestTerminalHoldsAgainstVectors(t *testing.T) {
	all := vectors(t)
	for name, d := range dialect.Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits, most of the time
			_, c := answering(t, d)
			m := swapping(t, d, c.Dialer.Address)
			c.own.Close()
			c.own = line.NewOwn(context.Background(), &line.Dialer{Address: m.address, Timeout: 5 * time.Second}, &d.Format, c.player.Clock)
			defer func() { c.own.Close() }()
			c.player.T.Link = c.own
			whole := c.Profile.Policy.Timeout
			for _, of := range all {
				octets, _ := hex.DecodeString(of[2])
				m.swap(octets)
				c.Profile.Policy.Timeout = 60 * time.Millisecond
				o := c.purchase("good", sim.Swipe)
				if err := c.player.Pay(&o); err != nil || c.player.Last.Approved() {
					t.Errorf("%s (%s): approved, or %v", of[0], of[3], err)
				}
				m.swap(nil)
				c.Profile.Policy.Timeout = whole
				c.own.Close() // what came is of no use to the next
				if err := c.pay(); err != nil {
					t.Errorf("%s (%s): the next payment: %v", of[0], of[3], err)
				}
			}
			agree(t, c)
		})
	}
}

// agree holds the terminal's journal to the host's books.
func agree(t *testing.T, c *Check) {
	t.Helper()
	c.player.SettleOwed(c.player.T)
	books, err := c.Books(context.Background())
	if money := audit.Compare([]*sim.Terminal{c.player.T}, books); err != nil || len(money.Detail) > 0 || money.Compared != 1 {
		t.Errorf("books: %+v, %v", money, err)
	}
}

// middle passes messages on between terminal and host, and puts other octets in the
// place of answers.
type middle struct {
	address string
	mu      sync.Mutex
	octets  []byte // nil for answers as they are
}

func (m *middle) swap(octets []byte) {
	m.mu.Lock()
	m.octets = octets
	m.mu.Unlock()
}

// swapping begins to listen, until the test ends.
func swapping(t *testing.T, d *dialect.Dialect, host string) *middle {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &middle{address: l.Addr().String()}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", host)
			if err != nil {
				near.Close()
				continue
			}
			wg.Go(func() { m.pass(d, near, far, false) })
			wg.Go(func() { m.pass(d, far, near, true) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return m
}

// pass passes messages on until a side ends.
func (m *middle) pass(d *dialect.Dialect, from, to net.Conn, answers bool) {
	defer from.Close()
	defer to.Close()
	for r := d.NewReader(from); ; {
		body, err := r.Next()
		if err != nil {
			return
		}
		frame, err := d.Frame(nil, body, answers)
		m.mu.Lock()
		if answers && m.octets != nil {
			frame = m.octets
		}
		m.mu.Unlock()
		if _, bad := to.Write(frame); err != nil || bad != nil {
			return
		}
	}
}
