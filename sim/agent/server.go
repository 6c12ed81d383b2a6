package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Server is a NATS server in this process.
type Server struct {
	URL     string // for who is on this machine
	Address string // where it listens
	nats    *server.Server
}

// ErrAddress is that nobody can listen at an address.
var ErrAddress = errors.New("agents cannot join")

// Serve starts a NATS server on an address, which keeps its streams in a folder. Only who
// has the credentials can connect. Where another listens the folder is left alone: it may be
// that one's.
func Serve(ctx context.Context, listen, dir string, c Credentials) (*Server, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("%w: %q: want host:port, such as 0.0.0.0:4222", ErrAddress, listen)
	}
	number, err := strconv.Atoi(port)
	if err != nil || number < 0 || number > 65535 {
		return nil, fmt.Errorf("%w: %q: port %s is none", ErrAddress, listen, port)
	}
	free, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	free.Close()
	if number == 0 {
		number = server.RANDOM_PORT
	}
	secure, err := c.tls("controller", "agent")
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "posfleet-" + c.id(), Host: host, Port: number, TLSConfig: secure, TLSHandshakeFirst: true, TLSTimeout: 10,
		JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true, DisableJetStreamBanner: true,
		PingInterval: pingInterval, MaxPingsOut: 3,
	})
	if err != nil {
		return nil, fmt.Errorf("NATS server: %w", err)
	}
	go s.Start()
	if err := begun(ctx, s); err != nil {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("NATS server: %w", err)
	}
	at := *s.Addr().(*net.TCPAddr)
	return &Server{URL: urlOf(at), Address: at.String(), nats: s}, nil
}

// urlOf is where who is on this machine meets a server that listens at an address.
func urlOf(at net.TCPAddr) string {
	if at.IP.IsUnspecified() {
		at.IP = net.IPv4(127, 0, 0, 1)
	}
	return "nats://" + at.String()
}

// Alive reports whether the controller of a run whose server listened at an address of this
// machine is still there.
func Alive(ctx context.Context, listened string, c Credentials) bool {
	at, err := net.ResolveTCPAddr("tcp", listened)
	if err != nil {
		return false
	}
	url := urlOf(*at)
	there, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(url, "nats://"))
	if err != nil {
		return false
	}
	there.Close()
	conn, err := Join(ctx, url, c)
	if err != nil {
		return false
	}
	defer conn.Close()
	return conn.attended(ctx)
}

// AliveAt is Alive of a run on a cluster.
func AliveAt(ctx context.Context, cluster Cluster, c Credentials) bool {
	conn, err := JoinCluster(ctx, cluster, c)
	if err != nil {
		return false
	}
	defer conn.Close()
	return conn.attended(ctx)
}

// begun waits until a server takes connections.
func begun(ctx context.Context, s *server.Server) error {
	for began := time.Now(); !s.ReadyForConnections(50 * time.Millisecond); {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Since(began) > 30*time.Second:
			return errors.New("it does not start: is there room on this disk?")
		}
	}
	if !s.JetStreamEnabled() {
		return errors.New("it keeps nothing: is there room on this disk?")
	}
	return nil
}

// Close ends the server.
func (s *Server) Close() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}
