package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// connection is a terminal's connection and the one to the host that stands for it.
type connection struct {
	proxy  *Proxy
	n      int64
	ctx    context.Context // done when both ends have ended
	ends   [2]end          // by the side that comes from them: the terminal, the host
	silent atomic.Bool     // carries nothing any more

	mu       sync.Mutex
	terminal string // whose message came last
	swapped  []byte // an answer that the next one overtakes
}

// end is one end of it.
type end struct {
	net.Conn
	mu   sync.Mutex     // of writing
	late sync.WaitGroup // messages that are still to be written to it
	kept atomic.Int64   // how many
}

// connection serves a connection until it ends.
func (p *Proxy) connection(ctx context.Context, terminal net.Conn, n int64) {
	defer terminal.Close()
	if p.TLS != nil {
		secure := tls.Server(terminal, p.TLS)
		shaking, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if secure.HandshakeContext(shaking) != nil {
			return
		}
		terminal = secure
	}
	host, err := p.Dialer.Dial(ctx)
	if err != nil {
		p.count.unreachable.Add(1)
		return
	}
	defer host.Close()
	ctx, ended := context.WithCancel(ctx)
	defer ended()
	defer context.AfterFunc(ctx, func() { terminal.Close(); host.Close() })()
	c := &connection{proxy: p, n: n, ctx: ctx}
	c.ends[line.Request].Conn, c.ends[line.Answer].Conn = terminal, host
	var directions sync.WaitGroup
	directions.Go(func() {
		err := c.pass(line.Request)
		c.ends[line.Answer].late.Wait()
		host.SetReadDeadline(time.Now().Add(leaving))
		hangUp(host, err)
	})
	directions.Go(func() {
		err := c.pass(line.Answer)
		c.ends[line.Request].late.Wait()
		c.swap(nil)
		if errors.Is(err, syscall.ECONNRESET) {
			line.Abort(terminal)
		}
		terminal.Close()
	})
	directions.Wait()
}

// hangUp passes on how the other end ended: by a reset, or by hanging up, after which
// answers may still come.
func hangUp(conn net.Conn, how error) {
	half, is := conn.(interface{ CloseWrite() error })
	switch {
	case errors.Is(how, syscall.ECONNRESET):
		line.Abort(conn)
		conn.Close()
	case is:
		half.CloseWrite()
	default:
		conn.Close()
	}
}

// errCut says that the proxy has ended the connection.
var errCut = errors.New("cut by the proxy")

// pass passes one direction until it ends, and says how it did.
func (c *connection) pass(side line.Side) error {
	from, to := &c.ends[side], &c.ends[1-side]
	in := c.proxy.Format.NewReader(from)
	in.Alive = func(octets []byte) error { return c.write(to, octets) }
	m := c.proxy.Format.NewMessage()
	for {
		message, err := in.Next()
		switch {
		case err == nil:
		case errors.Is(err, wire.ErrLength), errors.Is(err, wire.ErrFrame), errors.Is(err, wire.ErrIdle):
			c.proxy.count.raw.Add(1)
			if err := c.write(to, in.Rest()); err != nil {
				return err
			}
			_, err := io.Copy(writer{c, to}, from)
			return err
		default:
			c.write(to, in.Rest()) // a part of a message
			return err
		}
		c.proxy.tell(c.n, side, message)
		if err := c.message(side, m, message); err != nil {
			return err
		}
	}
}

// writer writes to an end.
type writer struct {
	c  *connection
	to *end
}

func (w writer) Write(b []byte) (int, error) { return len(b), w.c.write(w.to, b) }

// write writes to an end, unless the connection carries nothing any more.
func (c *connection) write(to *end, octets []byte) error {
	if c.silent.Load() || len(octets) == 0 {
		return nil
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	to.SetWriteDeadline(time.Now().Add(patience))
	_, err := to.Write(octets)
	return err
}

// message passes one message on, or does to it what the storm says.
func (c *connection) message(side line.Side, m *wire.Message, message []byte) error {
	p, to := c.proxy, &c.ends[1-side]
	read := m.Read(message) == nil
	frame, err := p.Format.Frame(nil, message, side == line.Answer)
	if err != nil {
		return err
	}
	if p.Storm == nil || c.silent.Load() {
		return c.write(to, frame)
	}
	terminal := c.whose(m, read)
	n := p.number(terminal, side)
	sealed := false
	if read {
		_, mac := m.MACSpan()
		sealed = len(mac) > 0
	}
	strike, struck := p.Storm.Draw(side, terminal, n, func(f line.Fault) bool {
		switch {
		case f.Sealed():
			return sealed
		case f == line.MiscountRequest, f == line.MiscountAnswer:
			return p.Format.Length.Octets > 0 && p.Format.HTTP.Path == "" && len(message) < wire.MaxFrame
		case f == line.LateRequest, f == line.LateAnswer:
			return to.kept.Load() < mostLate
		}
		return true
	})
	if struck {
		mti := ""
		if read {
			mti = m.MTI()
		}
		p.struck(line.Strike{Fault: strike.Fault, Terminal: terminal, Message: n + 1, MTI: mti})
		return c.strike(strike, side, m, message, frame, p.Storm.Pick(side, terminal, n))
	}
	if side == line.Answer {
		return c.swap(frame)
	}
	return c.write(to, frame)
}

// whose is whose message it is: as it says, or else as the one before said.
func (c *connection) whose(m *wire.Message, read bool) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id := m.Get(wire.TerminalID); read && len(id) > 0 {
		c.terminal = string(id)
	}
	return c.terminal
}

// strike does a fault to a message.
func (c *connection) strike(s line.Rate, side line.Side, m *wire.Message, message, frame []byte, pick uint64) error {
	from, to := &c.ends[side], &c.ends[1-side]
	switch s.Fault {
	case line.LoseRequest, line.LoseAnswer:
		return nil
	case line.Silence:
		c.silent.Store(true)
		return nil
	case line.LateRequest, line.LateAnswer:
		c.later(to, frame, s.Delay)
		return nil
	case line.DoubleRequest, line.DoubleAnswer:
		if err := c.write(to, frame); err != nil {
			return err
		}
	case line.EchoRequest, line.EchoAnswer:
		c.write(from, frame) // whoever sent it may have hung up since
	case line.CutRequest, line.CutAnswer, line.ResetRequest, line.ResetAnswer:
		c.write(to, frame[:len(frame)/2])
		if s.Fault == line.ResetRequest || s.Fault == line.ResetAnswer {
			line.Abort(from.Conn)
			line.Abort(to.Conn)
		}
		from.Close()
		to.Close()
		return errCut
	case line.TrickleRequest, line.TrickleAnswer:
		for i := range frame {
			if i > 0 && !c.sleep(s.Delay) {
				return errCut
			}
			if err := c.write(to, frame[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	case line.SwapAnswer:
		c.mu.Lock()
		before := c.swapped
		c.swapped = frame
		c.mu.Unlock()
		to.late.Go(func() {
			c.sleep(s.Delay)
			c.swap(nil)
		})
		return c.write(to, before)
	default:
		mangled, err := s.Fault.Mangled(c.proxy.Format, m, message, pick)
		if err != nil {
			return err
		}
		frame = mangled
	}
	return c.write(to, frame)
}

// swap passes an answer on, and after it the one that it overtakes.
func (c *connection) swap(frame []byte) error {
	c.mu.Lock()
	overtaken := c.swapped
	c.swapped = nil
	c.mu.Unlock()
	return c.write(&c.ends[line.Request], append(frame, overtaken...))
}

// later passes a message on after so much time.
func (c *connection) later(to *end, frame []byte, delay time.Duration) {
	to.kept.Add(1)
	to.late.Go(func() {
		defer to.kept.Add(-1)
		if c.sleep(delay) {
			c.write(to, frame)
		}
	})
}

// sleep waits so long, and reports whether the connection is still there.
func (c *connection) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.ctx.Done():
		return false
	}
}
