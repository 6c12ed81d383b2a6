//go:build unix

package line

import (
	"io"
	"net"
	"syscall"
)

// socket is a TCP connection whose requests are written when their answer is
// first waited for. The write then happens where the poller has already been
// told to watch for the answer, so that the first read, which would find
// nothing, is left out: of four system calls that an exchange takes on an own
// line, it is one.
type socket struct {
	net.Conn
	raw      syscall.RawConn
	turn     func(fd uintptr) bool // write, or read
	request  []byte                // not written yet
	written  int
	eager    bool // read once right after the next write
	in       []byte
	n        int
	err, bad error // of the read, of the write
}

// newSocket gives conn as a socket, or as it is when it is no plain TCP
// connection.
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

// Write takes a request to be written by the next Read, which gives its error
// as a writeError. The octets must stay as they are until then.
func (s *socket) Write(request []byte) (int, error) {
	s.request, s.written = request, 0
	return len(request), nil
}

// now is the connection that writes at once.
func (s *socket) now() net.Conn { return s.Conn }

// lookAfterWriting has the next write followed by a read, which may find that the
// host has ended its half of the connection: if it did so before the poller was
// told to watch, no event will tell.
func lookAfterWriting(conn net.Conn) {
	if s, is := conn.(*socket); is {
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
