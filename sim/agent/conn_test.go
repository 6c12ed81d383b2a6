package agent

import (
	"context"
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
			return c.Connected(ctx)
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
