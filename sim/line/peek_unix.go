//go:build unix

package line

import (
	"net"
	"syscall"
)

// peek looks at a connection that nobody is reading, without taking anything
// off it: many hosts hang up after each answer. It takes 0.7 µs.
type peek struct {
	raw      syscall.RawConn // nil when the connection is no socket
	tls      bool
	look     func(fd uintptr) // made once
	eof      bool             // seen by look: the peer has closed the connection
	readable bool             // seen by look: octets wait to be read
	octet    [1]byte
}

// watch turns to another connection.
func (p *peek) watch(conn net.Conn) {
	if p.look == nil {
		p.look = func(fd uintptr) {
			n, _, err := syscall.Recvfrom(int(fd), p.octet[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			p.readable = n > 0
			p.eof = err == nil && n == 0 || err != nil && err != syscall.EAGAIN && err != syscall.EINTR
		}
	}
	p.raw = nil
	secure, tls := conn.(interface{ NetConn() net.Conn })
	if p.tls = tls; tls {
		conn = secure.NetConn()
	}
	if c, ok := conn.(syscall.Conn); ok {
		p.raw, _ = c.SyscallConn()
	}
}

// waits reports whether octets wait to be read.
func (p *peek) waits() bool {
	return p.raw != nil && p.raw.Control(p.look) == nil && p.readable
}

// closed reports whether the peer has closed the connection, and if not whether
// it may have said so in octets that wait to be read (TLS closes with a record
// of its own), and whether any wait.
func (p *peek) closed() (closed, perhaps, waits bool) {
	if p.raw == nil || p.raw.Control(p.look) != nil {
		return false, false, false
	}
	return p.eof, p.readable && p.tls, p.readable
}
