package serve

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/posfleet/posfleet/sim/wire"
)

// poller answers many connections with few goroutines, an event loop on epoll
// for each processor. A goroutine for each connection would be woken for every
// request and read once more to find that nothing is left: on lines of the
// terminals' own the host took twice the time.
//
// It does the plain case only: whole messages come in, and the line takes the
// answers. A connection on which anything else happens (a message in pieces,
// empty messages, a peer that does not read) gets a goroutine of its own, where
// every wait has its bound.
type poller struct {
	loops []*loop
	next  atomic.Uint32
}

// newPoller starts the loops. It gives nil when the system has no descriptors
// for them.
func newPoller(a *acceptor) *poller {
	p := &poller{}
	for range runtime.GOMAXPROCS(0) {
		l, err := newLoop(a)
		if err != nil {
			p.close()
			return nil
		}
		p.loops = append(p.loops, l)
		a.tasks.Go(l.run)
	}
	return p
}

// take hands a connection to a loop. It reports false when this is no TCP connection or
// the system does not let it.
func (p *poller) take(nc net.Conn) bool {
	fd, ok := descriptor(nc)
	if !ok {
		return false
	}
	if !p.add(&polledConn{fd: fd}) {
		_ = unix.Close(fd)
		return false
	}
	_ = nc.Close() // the loop has its own descriptor of it
	return true
}

// takeTLS is take for a connection on which TLS has begun over a [transport].
func (p *poller) takeTLS(tc *tls.Conn, under *transport) bool {
	nc := under.Conn
	fd, ok := descriptor(nc)
	if !ok {
		return false
	}
	under.Conn, under.fd = nil, fd
	if !p.add(&polledConn{fd: fd, tls: tc, under: under}) {
		under.Conn = nc
		_ = unix.Close(fd)
		return false
	}
	_ = nc.Close()
	return true
}

func (p *poller) add(c *polledConn) bool {
	return p.loops[p.next.Add(1)%uint32(len(p.loops))].add(c)
}

// descriptor gives another descriptor of a TCP connection.
func descriptor(nc net.Conn) (fd int, ok bool) {
	tcp, is := nc.(*net.TCPConn)
	if !is {
		return -1, false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return -1, false
	}
	if raw.Control(func(own uintptr) { fd, err = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 3) }) != nil || err != nil {
		return -1, false
	}
	return fd, true
}

// close ends the loops; they close their connections.
func (p *poller) close() {
	for _, l := range p.loops {
		_ = l.epoll.Close()
	}
}

// loop answers its share of the connections, one at a time.
type loop struct {
	*acceptor
	epoll    *os.File
	raw      syscall.RawConn
	shortest int          // octets of a message
	reader   *wire.Reader // of the current connection; empty in between
	by       *answerer
	current  *polledConn
	asked    bool // the current connection has been read
	got      int  // octets that came of it

	mu    sync.Mutex
	conns map[int32]*polledConn // by descriptor; nil when the loop has ended
}

// polledConn is a connection of a loop.
type polledConn struct {
	fd    int
	last  time.Time  // when octets came last
	lost  bool       // the last message could not be read: the next one must be whole
	tls   *tls.Conn  // nil for plain TCP
	under *transport // of TLS
	read  bool       // the loop has read it: what TLS took off the line before that raises no event
}

// mostTurn is how many octets of TLS a loop reads of one connection before the others
// have their turn; one that has more gets a goroutine.
const mostTurn = 32 << 10

func (p *polledConn) close() {
	if p.tls != nil {
		_ = p.tls.Close() // says so to the peer
		return
	}
	_ = unix.Close(p.fd)
}

// RemoteAddr is who the peer is; nil when the system does not tell any more.
func (p *polledConn) RemoteAddr() net.Addr {
	switch a, _ := unix.Getpeername(p.fd); a := a.(type) {
	case *unix.SockaddrInet4:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	case *unix.SockaddrInet6:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	}
	return nil
}

func newLoop(a *acceptor) (*loop, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil { // so that the runtime's poller waits for it
		_ = unix.Close(fd)
		return nil, err
	}
	l := &loop{acceptor: a, epoll: os.NewFile(uintptr(fd), "epoll"), shortest: a.shortest(), by: a.newAnswerer(), conns: map[int32]*polledConn{}}
	l.reader = a.Format.NewReader(l)
	if a.Format.KeepAlive.Answer {
		l.reader.Alive = func(keepAlive []byte) error {
			l.by.out = append(l.by.out, keepAlive...)
			return nil
		}
	}
	if l.raw, err = l.epoll.SyscallConn(); err != nil {
		_ = l.epoll.Close()
		return nil, err
	}
	return l, nil
}

// add takes a connection on, unless the loop has ended.
func (l *loop) add(p *polledConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := uint32(unix.EPOLLIN)
	if p.tls != nil {
		events |= unix.EPOLLOUT // at once
	}
	if l.conns == nil || l.control(unix.EPOLL_CTL_ADD, p.fd, events) != nil {
		return false
	}
	p.last = time.Now()
	l.conns[int32(p.fd)] = p
	return true
}

func (l *loop) control(op, fd int, events uint32) error {
	err := errors.ErrUnsupported
	_ = l.raw.Control(func(epoll uintptr) {
		err = unix.EpollCtl(int(epoll), op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
	})
	return err
}

// run answers until the loop is closed.
func (l *loop) run() {
	defer l.end()
	events := make([]unix.EpollEvent, 128)
	ready := make([]*polledConn, 0, len(events))
	n := 0
	poll := func(epoll uintptr) bool {
		var err error
		n, err = unix.EpollWait(int(epoll), events, 0)
		return n > 0 || err != nil && err != unix.EINTR
	}
	idle := l.limits.Idle
	look := min(max(idle/8, 10*time.Millisecond), 10*time.Second)
	next := time.Now()
	for {
		now := time.Now()
		if !now.Before(next) {
			l.hangUpIdle(now.Add(-idle))
			next = now.Add(look)
			_ = l.epoll.SetReadDeadline(next)
		}
		if err := l.raw.Read(poll); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		now = time.Now()
		l.mu.Lock()
		ready = ready[:0]
		for i := range events[:max(0, n)] {
			if p := l.conns[events[i].Fd]; p != nil {
				ready = append(ready, p)
			}
		}
		n = 0
		l.mu.Unlock()
		for _, p := range ready {
			p.last = now
			l.answer(p)
		}
	}
}

// hangUpIdle ends connections that nothing came on since then.
func (l *loop) hangUpIdle(since time.Time) {
	l.mu.Lock()
	var idle []*polledConn
	for _, p := range l.conns {
		if p.last.Before(since) {
			idle = append(idle, p)
		}
	}
	l.mu.Unlock()
	for _, p := range idle {
		l.hangUp(p)
	}
}

// end closes what is left.
func (l *loop) end() {
	l.mu.Lock()
	left := l.conns
	l.conns = nil
	l.mu.Unlock()
	for _, p := range left {
		p.close()
		l.count.open.Add(-1)
	}
}

// answer answers what has come on a connection. A panic costs the connection
// and is counted.
func (l *loop) answer(p *polledConn) {
	defer func() {
		if panicked := recover(); panicked != nil {
			l.panicked(panicked)
			l.reader.Rest()
			l.by = l.newAnswerer()
			l.hangUp(p)
		}
	}()
	l.current, l.asked, l.got = p, false, 0
	if p.tls != nil {
		if p.under.got, p.under.drained = 0, false; !p.read {
			_ = l.control(unix.EPOLL_CTL_MOD, p.fd, unix.EPOLLIN)
		}
		p.read = true
	}
	by := l.by
	by.out = by.out[:0]
	whole := 0
	for {
		frame, err := l.reader.Next()
		if err == errReadAgainLater {
			break
		}
		if err == nil && len(frame) < l.shortest {
			err = tooShort(len(frame), l.shortest)
		}
		if err != nil {
			if frame == nil {
				frame, _ = l.reader.Begun()
			}
			l.unread(p.RemoteAddr(), frame, err)
			l.reader.Rest()
			l.hangUp(p)
			return
		}
		whole++
		var wrong error
		by.out, _, wrong = by.answer(by.out, frame, p.last)
		if p.lost = wrong != nil; p.lost {
			l.tell(p.RemoteAddr(), frame, wrong)
		}
		if len(by.out) > mostUnsent && l.reader.Buffered() && !l.send(p) {
			return
		}
	}
	switch rest := l.reader.Rest(); {
	case len(rest) > 0 && p.lost:
		if l.send(p) {
			l.hangUp(p)
		}
	case len(rest) > 0 || whole == 0 && l.got > 0 || p.tls != nil && (p.under.within() || p.under.got >= mostTurn):
		l.handOver(p, rest, by.out)
	default:
		l.send(p)
	}
}

// send writes the answers made so far. When the line does not take them all the
// connection is handed over, and false is reported.
func (l *loop) send(p *polledConn) bool {
	out, n := l.by.out, 0
	var err error
	switch {
	case len(out) == 0:
	case p.tls != nil:
		if n, err = p.tls.Write(out); err == nil && len(p.under.unsent) > 0 {
			err = syscall.EAGAIN
		}
	default:
		n, err = writeNow(p.fd, out)
	}
	switch {
	case err == syscall.EAGAIN:
		l.handOver(p, l.reader.Rest(), out[n:])
		return false
	case err != nil:
		l.reader.Rest()
		l.hangUp(p)
		return false
	}
	l.by.out = out[:0]
	return true
}

// Read is what the reader reads from: the current connection, once. If there is more the
// poller says so again, of a line. What TLS has read off the line it does not: records are
// read until there are none.
func (l *loop) Read(b []byte) (n int, err error) {
	p := l.current
	switch {
	case p.tls != nil && p.under.got < mostTurn:
		n, err = p.tls.Read(b)
		l.got += n
	case p.tls != nil || l.asked:
		return 0, errReadAgainLater
	default:
		l.asked = true
		n, err = readNow(p.fd, b)
		l.got = n
	}
	return n, err
}

// drop takes a connection out of the loop. Its descriptor stays open.
func (l *loop) drop(p *polledConn) {
	l.mu.Lock()
	delete(l.conns, int32(p.fd))
	l.mu.Unlock()
}

func (l *loop) hangUp(p *polledConn) {
	l.drop(p)
	p.close() // the poller forgets it by that
	l.count.open.Add(-1)
}

// handOver gives a connection a goroutine of its own, with the octets read of
// it and the answers not sent yet.
func (l *loop) handOver(p *polledConn, read, answers []byte) {
	l.drop(p)
	_ = l.control(unix.EPOLL_CTL_DEL, p.fd, 0)
	file := os.NewFile(uintptr(p.fd), "connection")
	nc, err := net.FileConn(file)
	_ = file.Close()
	if err != nil {
		l.count.open.Add(-1)
		return
	}
	if p.tls != nil {
		p.under.Conn = nc
		nc = p.tls
	}
	l.attend(nc, append([]byte(nil), read...), append([]byte(nil), answers...))
}
