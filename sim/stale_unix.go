//go:build unix

package sim

import (
	"net"
	"syscall"
)

// stale looks at a connection that nobody is reading, without taking anything
// off it: many hosts hang up after each answer. A look takes 0.7 µs.
type stale struct {
	raw            syscall.RawConn // nil when the connection is no socket
	tls            bool
	peek           func(fd uintptr)
	ended, waiting bool
	octet          [1]byte
}

// watch turns to another connection.
func (s *stale) watch(conn net.Conn) {
	if s.peek == nil {
		s.peek = func(fd uintptr) {
			n, _, err := syscall.Recvfrom(int(fd), s.octet[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			s.waiting = n > 0
			s.ended = err == nil && n == 0 || err != nil && err != syscall.EAGAIN && err != syscall.EINTR
		}
	}
	s.raw = nil
	secure, tls := conn.(interface{ NetConn() net.Conn })
	if s.tls = tls; tls {
		conn = secure.NetConn()
	}
	if c, ok := conn.(syscall.Conn); ok {
		s.raw, _ = c.SyscallConn()
	}
}

// look reports whether the peer has ended the connection, and if not whether
// it may have said so in octets that wait to be read: TLS takes its leave in a
// record of its own.
func (s *stale) look() (ended, perhaps bool) {
	if s.raw == nil || s.raw.Control(s.peek) != nil {
		return false, false
	}
	return s.ended, s.waiting && s.tls
}
