package line

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// Dialer makes connections to the host under test.
type Dialer struct {
	Address string        // host:port
	TLS     *tls.Config   // nil for plain TCP
	Timeout time.Duration // for connection and TLS handshake
	Heard   func([]byte)  // is told what the host sends, as it is read; nil for nobody
	HangsUp bool          // the host does after each answer: own lines hang up first, so that no request meets that

	Connected, Refused atomic.Int64 // connections made, and those that could not be had
}

// Dial connects. Small writes go out at once (TCP_NODELAY is Go's default).
func (d *Dialer) Dial(ctx context.Context) (net.Conn, error) {
	return d.dialOver(ctx, func(tcp net.Conn) net.Conn { return tcp })
}

// dialOver connects over what is made of the TCP connection.
func (d *Dialer) dialOver(ctx context.Context, over func(net.Conn) net.Conn) (net.Conn, error) {
	conn, err := d.dial(ctx, over)
	switch {
	case err == nil:
		if d.Connected.Add(1); d.Heard != nil {
			conn = &overheard{conn, d.Heard}
		}
	case ctx.Err() == nil:
		d.Refused.Add(1)
	}
	return conn, err
}

func (d *Dialer) dial(ctx context.Context, over func(net.Conn) net.Conn) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	var nd net.Dialer
	conn, err := nd.DialContext(ctx, "tcp", d.Address)
	if err != nil {
		return nil, err
	}
	boundSilence(conn)
	conn = over(conn)
	if d.TLS == nil {
		return conn, nil
	}
	secure := tls.Client(conn, d.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS with %s: %w", d.Address, err)
	}
	return secure, nil
}

// overheard is a connection that tells what is read from it.
type overheard struct {
	net.Conn
	heard func([]byte)
}

func (c *overheard) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.heard(p[:n])
	return n, err
}
