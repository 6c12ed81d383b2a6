//go:build !linux

package host

import "net"

// crew is not there on this system: each connection has a goroutine.
type crew struct{}

func newCrew(*server) *crew      { return nil }
func (*crew) take(net.Conn) bool { return false }
func (*crew) close()             {}
