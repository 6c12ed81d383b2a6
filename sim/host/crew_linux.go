package host

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/posfleet/posfleet/sim/wire"
)

// crew answers many connections with few goroutines, one for each processor. A
// goroutine for each connection would be woken for every request and read once
// more to find that nothing is left: on lines of the terminals' own the host
// took twice the time.
//
// It does the plain case only: whole messages come in, and the line takes the
// answers. A connection on which anything else happens (a message in pieces,
// empty messages, a peer that does not read) gets a goroutine of its own, where
// every wait has its bound.
type crew struct {
	workers []*worker
	next    int
}

// newCrew starts the workers. It gives nil when the system has no descriptors
// for them.
func newCrew(s *server) *crew {
	c := &crew{}
	for range runtime.GOMAXPROCS(0) {
		w, err := newWorker(s)
		if err != nil {
			c.close()
			return nil
		}
		c.workers = append(c.workers, w)
		s.tasks.Go(w.run)
	}
	return c
}

// take hands a connection to a worker. It reports false when this is no plain
// TCP connection or the system does not let it.
func (c *crew) take(nc net.Conn) bool {
	tcp, plain := nc.(*net.TCPConn)
	if !plain {
		return false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false
	}
	fd := -1
	if raw.Control(func(own uintptr) { fd, err = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 3) }) != nil || err != nil {
		return false
	}
	c.next++
	if !c.workers[c.next%len(c.workers)].add(fd) {
		_ = unix.Close(fd)
		return false
	}
	_ = nc.Close() // the worker has its own descriptor of it
	return true
}

// close ends the workers; they close their connections.
func (c *crew) close() {
	for _, w := range c.workers {
		_ = w.epoll.Close()
	}
}

// worker answers its share of the connections.
type worker struct {
	server *server
	epoll  *os.File
	raw    syscall.RawConn
	reader *wire.Reader // of the connection in hand; empty in between
	x      *Exchange
	hand   *polled // the connection in hand
	asked  bool    // it has been read
	got    int     // octets that came of it

	mu    sync.Mutex
	conns map[int32]*polled // by descriptor; nil when the worker has ended
}

// polled is a connection of a worker.
type polled struct {
	fd   int
	last time.Time // when octets came last
}

func newWorker(s *server) (*worker, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil { // so that the runtime's poller waits for it
		_ = unix.Close(fd)
		return nil, err
	}
	w := &worker{server: s, epoll: os.NewFile(uintptr(fd), "epoll"), x: newExchange(s.host.dialect), conns: map[int32]*polled{}}
	w.reader = s.host.dialect.NewReader(w)
	if w.raw, err = w.epoll.SyscallConn(); err != nil {
		_ = w.epoll.Close()
		return nil, err
	}
	return w, nil
}

// add takes a connection on, unless the worker has ended.
func (w *worker) add(fd int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns == nil {
		return false
	}
	err := errors.ErrUnsupported
	_ = w.raw.Control(func(epoll uintptr) {
		err = unix.EpollCtl(int(epoll), unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
	})
	if err != nil {
		return false
	}
	w.conns[int32(fd)] = &polled{fd, time.Now()}
	return true
}

// run answers until the worker is closed.
func (w *worker) run() {
	defer w.end()
	events := make([]unix.EpollEvent, 128)
	ready := make([]*polled, 0, len(events))
	n := 0
	poll := func(epoll uintptr) bool {
		var err error
		n, err = unix.EpollWait(int(epoll), events, 0)
		return n > 0 || err != nil && err != unix.EINTR
	}
	idle := w.server.host.limits.Idle
	look := min(max(idle/8, 10*time.Millisecond), 10*time.Second)
	next := time.Now()
	for {
		now := time.Now()
		if !now.Before(next) {
			w.hangUpIdle(now.Add(-idle))
			next = now.Add(look)
			_ = w.epoll.SetReadDeadline(next)
		}
		if err := w.raw.Read(poll); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		now = time.Now()
		w.mu.Lock()
		ready = ready[:0]
		for i := range events[:max(0, n)] {
			if p := w.conns[events[i].Fd]; p != nil {
				ready = append(ready, p)
			}
		}
		n = 0
		w.mu.Unlock()
		for _, p := range ready {
			p.last = now
			w.answer(p)
		}
	}
}

// hangUpIdle ends connections that nothing came on since then.
func (w *worker) hangUpIdle(since time.Time) {
	w.mu.Lock()
	var idle []*polled
	for _, p := range w.conns {
		if p.last.Before(since) {
			idle = append(idle, p)
		}
	}
	w.mu.Unlock()
	for _, p := range idle {
		w.hangUp(p)
	}
}

// end closes what is left.
func (w *worker) end() {
	w.mu.Lock()
	left := w.conns
	w.conns = nil
	w.mu.Unlock()
	for _, p := range left {
		_ = unix.Close(p.fd)
		w.server.host.count.open.Add(-1)
	}
}

// answer answers what has come on a connection. A panic costs the connection
// and is counted.
func (w *worker) answer(p *polled) {
	h, x := w.server.host, w.x
	defer func() {
		if recover() != nil {
			h.count.panics.Add(1)
			w.reader.Rest()
			w.x = newExchange(h.dialect)
			w.hangUp(p)
		}
	}()
	w.hand, w.asked, w.got = p, false, 0
	x.out = x.out[:0]
	whole := 0
	for {
		frame, err := w.reader.Next()
		if err == errLater {
			break
		}
		if err == nil && len(frame) < h.shortest {
			err = wire.ErrLength
		}
		if err != nil {
			if errors.Is(err, wire.ErrLength) || errors.Is(err, wire.ErrIdle) {
				h.count.refused.Add(1)
			}
			w.reader.Rest()
			w.hangUp(p)
			return
		}
		whole++
		x.out, _ = h.answer(x, x.out, frame, p.last)
		if len(x.out) > mostUnsent && w.reader.Buffered() && !w.send(p) {
			return
		}
	}
	switch rest := w.reader.Rest(); {
	case len(rest) > 0 || whole == 0 && w.got > 0:
		w.handOver(p, rest, x.out)
	default:
		w.send(p)
	}
}

// send writes the answers made so far. When the line does not take them all the
// connection is handed over, and false is reported.
func (w *worker) send(p *polled) bool {
	for out := w.x.out; len(out) > 0; {
		n, err := syscall.Write(p.fd, out)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			w.handOver(p, w.reader.Rest(), out)
			return false
		case err != nil:
			w.reader.Rest()
			w.hangUp(p)
			return false
		default:
			out = out[n:]
		}
	}
	w.x.out = w.x.out[:0]
	return true
}

// errLater says that a connection has been read as far as it is to be now.
var errLater = errors.New("nothing more to be read now")

// Read is what the reader reads from: the connection in hand, once. If there is
// more the poller says so again.
func (w *worker) Read(b []byte) (int, error) {
	if w.asked {
		return 0, errLater
	}
	for w.asked = true; ; {
		n, err := syscall.Read(w.hand.fd, b)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return 0, errLater
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		w.got = n
		return n, nil
	}
}

// drop takes a connection off the worker's hands. Its descriptor stays open.
func (w *worker) drop(p *polled) {
	w.mu.Lock()
	delete(w.conns, int32(p.fd))
	w.mu.Unlock()
}

func (w *worker) hangUp(p *polled) {
	w.drop(p)
	_ = unix.Close(p.fd) // the poller forgets it by that
	w.server.host.count.open.Add(-1)
}

// handOver gives a connection a goroutine of its own, with the octets read of
// it and the answers not sent yet.
func (w *worker) handOver(p *polled, read, answers []byte) {
	w.drop(p)
	_ = w.raw.Control(func(epoll uintptr) { _ = unix.EpollCtl(int(epoll), unix.EPOLL_CTL_DEL, p.fd, nil) })
	file := os.NewFile(uintptr(p.fd), "connection")
	nc, err := net.FileConn(file)
	_ = file.Close()
	if err != nil {
		w.server.host.count.open.Add(-1)
		return
	}
	w.server.attend(nc, append([]byte(nil), read...), append([]byte(nil), answers...))
}
