package agent

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Of a stock cluster of three the node that keeps the results is killed while agents
// play: nothing is lost, and nothing comes twice.
func TestClusterNodeMayDie(t *testing.T) {
	if testing.Short() {
		t.Skip("three servers and an election")
	}
	ctx, creds := within(t), NewCredentials()
	servers := clustered(t, 3)
	var urls []string
	for _, s := range servers {
		urls = append(urls, s.ClientURL())
	}
	meet := func() *Conn {
		conn, err := JoinCluster(t.Context(), Cluster{URL: strings.Join(urls, ",")}, creds)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		return conn
	}
	const n = 2
	conn := meet()
	run, err := Start(ctx, conn, "v1", n, false, []byte("the plan"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	results, err := conn.js.Stream(ctx, conn.name("results"))
	if err != nil {
		t.Fatal(err)
	}
	info := results.CachedInfo()
	if info.Config.Replicas != 3 {
		t.Errorf("results are kept %d times, want 3", info.Config.Replicas)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	wrote := map[int]*played{}
	for i := range n {
		member := meet()
		all.Go(func() {
			p, a, err := play(ctx, t, member, fmt.Sprint("agent ", i), 60)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			wrote[a.Share.Index] = p
			mu.Unlock()
			a.Leave()
		})
	}
	if err := run.Await(ctx, Ready, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	for _, s := range servers {
		if s.Name() == info.Cluster.Leader {
			s.Shutdown()
		}
	}
	if err := run.Await(ctx, Played, nil); err != nil {
		t.Fatal(err)
	}
	if err := run.Books(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if err := run.Await(ctx, Ended, nil); err != nil {
		t.Fatal(err)
	}
	parts := run.Parts()
	if err := run.Close(ctx); err != nil {
		t.Log(err) // a stream whose peers are electing may stay behind
	}
	all.Wait()
	for _, p := range parts {
		if w := wrote[p.Index]; w == nil || !same(t, p.Folder+"/log", w.log) || !same(t, p.Folder+"/done", w.done) {
			t.Errorf("share %d did not come as it was written: %+v", p.Index, p)
		}
	}
}

// clustered are servers that make a cluster, with a leader.
func clustered(t testing.TB, n int) (all []*server.Server) {
	t.Helper()
	var routes []*url.URL
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
		routes = append(routes, &url.URL{Scheme: "nats", Host: l.Addr().String()})
	}
	for i := range n {
		all = append(all, stock(t, func(o *server.Options) {
			o.ServerName = fmt.Sprint("node-", i)
			o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: ports[i]}
			o.Routes = routes
		}))
	}
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	for ctx.Err() == nil {
		for _, s := range all {
			if s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == n {
				return all
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("no leader")
	return nil
}
