//go:build !linux

package serve

import "net"

// poller is not there on this system: each connection has a goroutine.
type poller struct{}

func newPoller(*acceptor) *poller  { return nil }
func (*poller) take(net.Conn) bool { return false }
func (*poller) close()             {}
