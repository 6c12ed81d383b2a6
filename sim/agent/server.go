package agent

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Server is a NATS server in this process.
type Server struct {
	URL     string // for who is on this machine
	Address string // where it listens
	nats    *server.Server
}

// Serve starts a NATS server on an address, which keeps its streams in a folder. Only who
// has the credentials can connect.
func Serve(listen, dir string, c Credentials) (*Server, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("listen %q: want host:port, such as 0.0.0.0:4222", listen)
	}
	number, err := strconv.Atoi(port)
	if err != nil || number < 0 || number > 65535 {
		return nil, fmt.Errorf("listen %q: port %s is none", listen, port)
	}
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
	if !s.ReadyForConnections(30*time.Second) || !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("NATS server: %w", cannotListen(listen))
	}
	at := *s.Addr().(*net.TCPAddr)
	listening := at.String()
	if at.IP.IsUnspecified() {
		at.IP = net.IPv4(127, 0, 0, 1)
	}
	return &Server{URL: "nats://" + at.String(), Address: listening, nats: s}, nil
}

// cannotListen is why a server did not start, as far as trying it tells.
func cannotListen(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	l.Close()
	return errors.New("it does not start: is there room on this disk?")
}

// Close ends the server.
func (s *Server) Close() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}
