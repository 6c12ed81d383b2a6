package serve

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// transport is what TLS records of a connection go over: at first, and once it has a
// goroutine for good, a net.Conn; while a loop serves it the descriptor alone, which never
// waits. One goroutine uses it at a time.
type transport struct {
	net.Conn        // nil while a loop has it
	fd       int    // the loop's
	got      int    // octets read since the loop turned to it
	drained  bool   // the last read gave less than it had room for: there is no more now
	unsent   []byte // octets of records that the line did not take at once
	closing  sync.Once

	head      [5]byte // of the record that comes: type, version, length (RFC 8446, 5.1)
	have      int     // octets of head
	remaining int     // octets of the record after its head
}

// within reports whether a record has come in part.
func (t *transport) within() bool { return t.have > 0 || t.remaining > 0 }

// follow keeps count of records.
func (t *transport) follow(b []byte) {
	for len(b) > 0 {
		if n := min(t.remaining, len(b)); n > 0 {
			t.remaining -= n
			b = b[n:]
			continue
		}
		n := copy(t.head[t.have:], b)
		b = b[n:]
		if t.have += n; t.have == len(t.head) {
			t.have, t.remaining = 0, int(t.head[3])<<8|int(t.head[4])
		}
	}
}

// later is errReadAgainLater as TLS wants it, which takes a timeout for no end of the
// connection.
type later struct{}

func (later) Error() string   { return "nothing more to be read now" }
func (later) Timeout() bool   { return true }
func (later) Temporary() bool { return true }

// errReadAgainLater says that a connection has been read as far as it is to be now.
var errReadAgainLater error = later{}

// Read takes what has come. What is read from a loop's line must be read until it is
// drained: records that TLS has taken off it raise no event.
func (t *transport) Read(b []byte) (n int, err error) {
	if t.Conn == nil && t.drained {
		return 0, errReadAgainLater
	}
	if t.Conn != nil {
		n, err = t.Conn.Read(b)
	} else if n, err = readNow(t.fd, b); err == nil {
		t.got += n
		t.drained = n < len(b)
	}
	t.follow(b[:n])
	return n, err
}

// Write sends records. Those that a loop's line does not take are kept for
// whoever serves it then: to TLS they have been sent, for a record may not be sent twice.
func (t *transport) Write(b []byte) (int, error) {
	if t.Conn != nil {
		return t.Conn.Write(b)
	}
	if len(t.unsent) > 0 {
		t.unsent = append(t.unsent, b...)
		return len(b), nil
	}
	n, err := writeNow(t.fd, b)
	if errors.Is(err, syscall.EAGAIN) {
		t.unsent = append(t.unsent, b[n:]...)
		return len(b), nil
	}
	return n, err
}

// flush sends what a loop's line did not take, within the time that a peer has for it.
func (t *transport) flush(within time.Duration) error {
	if len(t.unsent) == 0 {
		return nil
	}
	if err := t.Conn.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	_, err := t.Conn.Write(t.unsent)
	t.unsent = nil
	return err
}

// SetWriteDeadline is what TLS calls before it says that it ends.
func (t *transport) SetWriteDeadline(by time.Time) error {
	if t.Conn != nil {
		return t.Conn.SetWriteDeadline(by)
	}
	return nil
}

func (t *transport) Close() (err error) {
	if t.Conn != nil {
		return t.Conn.Close()
	}
	t.closing.Do(func() { err = unix.Close(t.fd) })
	return err
}

// readNow reads what a descriptor has, without waiting.
func readNow(fd int, b []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, b)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return 0, errReadAgainLater
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// writeNow writes as much as a descriptor takes without waiting, syscall.EAGAIN when that
// is not all.
func writeNow(fd int, b []byte) (written int, err error) {
	for written < len(b) {
		n, err := syscall.Write(fd, b[written:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}
