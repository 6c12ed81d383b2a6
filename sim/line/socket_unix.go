//go:build unix

package line

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"syscall"
)

// socket is a TCP connection, under TLS or not, whose requests are written when their
// answer is first waited for. The write then happens where the poller has already been
// told to watch for the answer, so that the first read, which would find nothing, is left
// out: of four system calls that an exchange takes on an own line, it is one.
type socket struct {
	net.Conn
	raw      syscall.RawConn
	defers   atomic.Bool           // it does; else it is like any connection
	records  bool                  // what is written is of TLS, which uses its octets again
	turn     func(fd uintptr) bool // write, or read
	request  []byte                // not written yet
	own      []byte                // where it is, of TLS
	written  int
	eager    bool // read once right after the next write
	in       []byte
	n        int
	err, bad error // of the read, of the write
}

// newSocket gives conn as a socket, or as it is when it is no TCP connection. It writes at
// once until deferWrites.
func newSocket(conn net.Conn) net.Conn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	s := &socket{Conn: conn, raw: raw}
	s.turn = func(fd uintptr) bool {
		if s.request != nil {
			s.write(fd)
			if s.bad != nil || !s.eager {
				return s.bad != nil // no answer can be there yet: wait for it
			}
			s.eager = false
		}
		return s.read(fd)
	}
	return s
}

// socketOf is the socket that conn is, or TLS is over; nil for none.
func socketOf(conn net.Conn) *socket {
	if secure, is := conn.(*tls.Conn); is {
		conn = secure.NetConn()
	}
	s, _ := conn.(*socket)
	return s
}

// deferWrites has what is written from now on wait for the next read.
func deferWrites(conn net.Conn) {
	if s := socketOf(conn); s != nil {
		s.records = s != conn
		s.defers.Store(true)
	}
}

// writeNow writes octets that no read will follow for a while.
func writeNow(conn net.Conn, octets []byte) (int, error) {
	s := socketOf(conn)
	if s != nil {
		s.defers.Store(false)
	}
	n, err := conn.Write(octets)
	if s != nil {
		s.defers.Store(true)
	}
	return n, err
}

// hangUp closes a connection; TLS says so to the peer first.
func hangUp(conn net.Conn) error {
	if s := socketOf(conn); s != nil {
		s.defers.Store(false)
	}
	return conn.Close()
}

// SyscallConn implements syscall.Conn.
func (s *socket) SyscallConn() (syscall.RawConn, error) { return s.raw, nil }

// Write takes a request to be written by the next Read, which gives its error
// as a writeError. The octets must stay as they are until then, but for those of TLS.
func (s *socket) Write(request []byte) (int, error) {
	if !s.defers.Load() {
		return s.Conn.Write(request)
	}
	switch {
	case !s.records:
		s.request, s.written = request, 0
	case s.request == nil:
		s.own, s.written = append(s.own[:0], request...), 0
		s.request = s.own
	default:
		s.own = append(s.own, request...)
		s.request = s.own
	}
	return len(request), nil
}

// lookAfterWriting has the next write followed by a read, which may find that the
// host has ended its half of the connection: if it did so before the poller was
// told to watch, no event will tell.
func lookAfterWriting(conn net.Conn) {
	if s := socketOf(conn); s != nil {
		s.eager = true
	}
}

// Read writes what is to be written, and waits for octets.
func (s *socket) Read(p []byte) (int, error) {
	s.in, s.n, s.err, s.bad = p, 0, nil, nil
	err := s.raw.Read(s.turn)
	s.in = nil
	if s.bad == syscall.EAGAIN { // the line takes no more now: write as is usual, and read next time
		var n int
		n, s.bad = s.Conn.Write(s.request[s.written:])
		s.written += n
		if s.request = nil; s.bad == nil {
			return s.Conn.Read(p)
		}
	}
	if s.bad == nil && s.request != nil { // closed before its turn came
		s.bad = err
	}
	switch {
	case s.bad != nil:
		s.request = nil
		return 0, &writeError{s.written, s.bad}
	case err != nil:
		return 0, err
	}
	return s.n, s.err
}

// write writes the request. What is left of it stays, with s.bad set.
func (s *socket) write(fd uintptr) {
	for s.written < len(s.request) {
		n, err := syscall.Write(int(fd), s.request[s.written:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			s.bad = err
			return
		}
		s.written += n
	}
	s.request = nil
}

// read takes what has come. It reports false when nothing has.
func (s *socket) read(fd uintptr) bool {
	for {
		n, err := syscall.Read(int(fd), s.in)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return false
		case err != nil:
			s.err = err
		case n == 0 && len(s.in) > 0:
			s.err = io.EOF
		default:
			s.n = n
		}
		return true
	}
}
