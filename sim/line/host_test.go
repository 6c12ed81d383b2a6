package line_test

import (
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// patient is how long a test waits for what must come: a busy machine is slow, and one
// that is shared stands still for seconds.
const patient = 30 * time.Second

// No test leaves a goroutine behind.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(code) // fuzzing leaves its own
	}
	for wait := time.Now().Add(patient); runtime.NumGoroutine() > before && time.Now().Before(wait); {
		time.Sleep(10 * time.Millisecond)
	}
	if left := runtime.NumGoroutine() - before; code == 0 && left > 0 {
		stacks := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "%d goroutines were left:\n%s\n", left, stacks[:runtime.Stack(stacks, true)])
		code = 1
	}
	os.Exit(code)
}

var cup = func() *dialect.Dialect {
	d := dialect.CUP()
	if err := d.Compile(); err != nil {
		panic(err)
	}
	return d
}()

// peer is a scripted host's end of one connection.
type peer struct {
	*net.TCPConn
	reader *wire.Reader
}

// request waits for the next request; nil when the line ended.
func (c *peer) request() *wire.Message {
	body, err := c.reader.Next()
	if err != nil {
		return nil
	}
	m := cup.NewMessage()
	if m.Read(body) != nil {
		return nil
	}
	return m
}

// reset ends the connection with RST instead of FIN.
func (c *peer) reset() {
	c.SetLinger(0)
	c.Close()
}

// approval is the frame that approves a request.
func approval(req *wire.Message) []byte {
	a := cup.NewMessage()
	a.AnswerTo(req)
	a.SetFieldString(39, "00")
	frame, err := wire.AppendFrame(nil, a)
	if err != nil {
		panic(err)
	}
	return frame
}

// scripted is a host that has the same conversation on every connection; n
// counts them from 0. The connection is closed when talk returns.
func scripted(t testing.TB, talk func(n int, c *peer)) *line.Dialer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	closed := false
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			if closed {
				c.Close()
			}
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				talk(n, &peer{c.(*net.TCPConn), cup.NewReader(c)})
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		closed = true
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return &line.Dialer{Address: l.Addr().String(), Timeout: patient}
}

// purchaseOf is an exchange: a purchase of so many fen by terminal tid, with
// the given trace.
func purchaseOf(tid string, trace, amount int) *line.Exchange {
	m := cup.NewMessage()
	cup.Form(dialect.Purchase).Begin(m)
	copy(m.Head, "\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x00")
	m.SetFieldUint(4, uint64(amount))
	m.SetFieldUint(11, uint64(trace))
	m.SetFieldString(41, tid)
	m.SetFieldString(42, "999290054110001")
	frame, err := wire.AppendFrame(nil, m)
	if err != nil {
		panic(err)
	}
	return &line.Exchange{Request: frame, Key: m.Key(), Timeout: patient}
}

const tid = "10000001"

func newOwn(t testing.TB, d *line.Dialer) *line.Own {
	l := line.NewOwn(t.Context(), d, &cup.Format, line.NewClock())
	t.Cleanup(func() { l.Close() })
	return l
}

func newShared(t testing.TB, d *line.Dialer) *line.Shared {
	s := line.NewShared(t.Context(), d, &cup.Format, line.NewClock())
	t.Cleanup(func() {
		s.Close()
		s.Wait()
	})
	return s
}

// within is an exchange with another timeout.
func within(x *line.Exchange, timeout time.Duration) *line.Exchange {
	x.Timeout = timeout
	return x
}

// paired reports whether the answer of an exchange is the one to its request.
func paired(x *line.Exchange, err error) bool {
	return err == nil && x.Unreadable == nil && x.Answer.IsAnswer() && x.Answer.Key() == x.Key
}

// mine reports whether an exchange got its own answer: amount included, which
// does not pair.
func mine(x *line.Exchange, err error, amount int) bool {
	return paired(x, err) && x.Answer.FieldUint(4) == uint64(amount)
}
