//go:build !unix

package line

import "net"

// newSocket gives conn as it is: the shortcut of other systems is not known here, and
// each write is followed by a read.
func newSocket(conn net.Conn) net.Conn { return conn }
func deferWrites(net.Conn)             {}
func lookAfterWriting(net.Conn)        {}

func writeNow(conn net.Conn, octets []byte) (int, error) { return conn.Write(octets) }
func hangUp(conn net.Conn) error                         { return conn.Close() }
