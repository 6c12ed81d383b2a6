package line

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"
)

// Dialer makes connections to the host under test.
type Dialer struct {
	Address string        // host:port
	TLS     *tls.Config   // nil for plain TCP
	Timeout time.Duration // for connection and TLS handshake
}

// Dial connects. Small writes go out at once (TCP_NODELAY is Go's default).
func (d *Dialer) Dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	var nd net.Dialer
	conn, err := nd.DialContext(ctx, "tcp", d.Address)
	if err != nil || d.TLS == nil {
		return conn, err
	}
	secure := tls.Client(conn, d.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS with %s: %w", d.Address, err)
	}
	return secure, nil
}
