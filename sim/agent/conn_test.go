package agent

import (
	"context"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Where a cluster wants a password or a token, the environment has it: a URL, which is
// kept and shown, never does.
func TestClusterPasswordComesFromTheEnvironment(t *testing.T) {
	for _, tt := range []struct {
		wants          server.Options
		user, password string
	}{
		{server.Options{Username: "u", Password: "s3cret"}, "u", "s3cret"},
		{server.Options{Authorization: "s3cret"}, "s3cret", ""},
	} {
		tt.wants.Host, tt.wants.Port, tt.wants.NoSigs, tt.wants.NoLog = "127.0.0.1", server.RANDOM_PORT, true, true
		s, err := server.NewServer(&tt.wants)
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		defer s.Shutdown()
		if !s.ReadyForConnections(10 * time.Second) {
			t.Fatal("no server")
		}
		meet := func(patience time.Duration) error {
			c, err := JoinCluster(t.Context(), Cluster{URL: s.ClientURL()}, NewCredentials())
			if err != nil {
				return err
			}
			defer c.Close()
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			return c.Connected(ctx, func(string) {})
		}
		if err := meet(50 * time.Millisecond); err == nil {
			t.Error("the server lets everybody in")
		}
		t.Setenv("NATS_USER", tt.user)
		t.Setenv("NATS_PASSWORD", tt.password)
		if err := meet(10 * time.Second); err != nil {
			t.Error(err)
		}
		t.Setenv("NATS_USER", "")
		t.Setenv("NATS_PASSWORD", "")
	}
}

// Whoever waits is told what for: a name that does not resolve, a port where nobody
// listens, and a server that was meant by the other flag, each once.
func TestWhatKeepsAnAgentAwayIsNamed(t *testing.T) {
	stock, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	stock.Start()
	defer stock.Shutdown()
	if !stock.ReadyForConnections(10 * time.Second) {
		t.Fatal("no server")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	for url, want := range map[string]string{
		"nats://" + free.Addr().String(): "connection refused",
		stock.ClientURL():                "want --nats instead of --join",
	} {
		conn, err := Join(t.Context(), url, NewCredentials())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patient)
		var told []string
		err = conn.Connected(ctx, func(what string) {
			told = append(told, what)
			time.AfterFunc(500*time.Millisecond, cancel) // long enough to say it twice
		})
		cancel()
		conn.Close()
		if len(told) != 1 || !strings.Contains(told[0], want) || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: told %q, then %v; want %q", url, told, err, want)
		}
	}
	for want, err := range map[string]error{
		"the name pos.invalid does not resolve": &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "pos.invalid", IsNotFound: true}},
		"want --join instead of --nats":         &net.OpError{Op: "read", Net: "tcp", Source: free.Addr(), Err: os.ErrDeadlineExceeded},
	} {
		if got := obstacle(err); !strings.Contains(got, want) {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
