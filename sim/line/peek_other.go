//go:build !unix

package line

import "net"

// peek cannot find out here whether a peer has hung up: a host that does so
// after each answer needs a line for each exchange.
type peek struct{}

func (*peek) watch(net.Conn)                        {}
func (*peek) closed() (closed, perhaps, waits bool) { return false, false, false }

// waits reports whether octets wait to be read: not known here.
func (p *peek) waits() bool { return false }
