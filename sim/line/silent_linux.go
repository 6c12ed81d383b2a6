package line

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// unacknowledged is how long the kernel waits for a peer's machine to acknowledge
// octets before the connection is broken (TCP_USER_TIMEOUT). A firewall that has
// forgotten a connection lets none through; a host that is merely slow, or
// stands still, acknowledges.
const unacknowledged = 10 * time.Second

// boundSilence has the kernel break a connection whose peer has gone.
func boundSilence(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	if raw, err := tcp.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unacknowledged/time.Millisecond))
		})
	}
}
