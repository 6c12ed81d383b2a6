//go:build !linux

package serve

import (
	"crypto/tls"
	"net"
	"time"
)

// poller is not there on this system: each connection has a goroutine.
type poller struct{}

func newPoller(*acceptor) *poller                  { return nil }
func (*poller) take(net.Conn) bool                 { return false }
func (*poller) takeTLS(*tls.Conn, *transport) bool { return false }
func (*poller) close()                             {}

// transport is what TLS records of a connection go over.
type transport struct{ net.Conn }

func (*transport) flush(time.Duration) error { return nil }
func (*transport) within() bool              { return false }
