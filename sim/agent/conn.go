package agent

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// pingInterval is how often both ends of a connection look whether the other is there.
const pingInterval = 2 * time.Second

// patience is how long one small question to the cluster may take before it is asked
// again, large how long that is for a plan.
const (
	patience = 2 * time.Second
	large    = time.Minute
)

// callPatience is how long a server may take to be reached, and to say who it is.
const callPatience = 5 * time.Second

// Conn is a connection to the run's NATS server or cluster, which is made again
// whenever it breaks.
type Conn struct {
	nc    *nats.Conn
	js    jetstream.JetStream
	creds Credentials
	clock clock
	calls *calls
}

// calls are the attempts to reach a server, of which NATS keeps no word.
type calls struct {
	net.Dialer
	failed atomic.Pointer[error] // the last, when it did
}

// Dial implements nats.CustomDialer.
func (c *calls) Dial(network, address string) (net.Conn, error) {
	conn, err := c.Dialer.Dial(network, address)
	c.failed.Store(&err)
	return conn, err
}

// Cluster says how a NATS cluster is met that is not the controller's own.
type Cluster struct {
	URL   string // several with commas between
	Creds string // NATS' own file of credentials; empty for none
	CA    string // PEM file of who signed its certificates; empty for the system's roots
}

// Join connects to the server of a controller.
func Join(ctx context.Context, url string, c Credentials) (*Conn, error) {
	secure, err := c.tls("agent", "controller")
	if err != nil {
		return nil, err
	}
	return connect(ctx, url, c, nats.Secure(secure), nats.TLSHandshakeFirst())
}

// JoinCluster connects to a cluster that is not the controller's own. Without a file of
// NATS credentials the environment may say who asks, as NATS' own tool has it: NATS_USER
// with NATS_PASSWORD, or a token as NATS_USER alone.
func JoinCluster(ctx context.Context, to Cluster, c Credentials) (*Conn, error) {
	var options []nats.Option
	switch user, password := os.Getenv("NATS_USER"), os.Getenv("NATS_PASSWORD"); {
	case to.Creds != "":
		options = append(options, nats.UserCredentials(to.Creds))
	case password != "":
		options = append(options, nats.UserInfo(user, password))
	case user != "":
		options = append(options, nats.Token(user))
	}
	if to.CA != "" {
		options = append(options, nats.RootCAs(to.CA))
	}
	return connect(ctx, to.URL, c, options...)
}

func connect(ctx context.Context, url string, c Credentials, options ...nats.Option) (*Conn, error) {
	name, _ := os.Hostname()
	tried := &calls{Dialer: net.Dialer{Timeout: callPatience}}
	options = append(options, nats.SetCustomDialer(tried), nats.Name(fmt.Sprintf("posfleet %s %d", name, os.Getpid())), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(250*time.Millisecond), nats.ReconnectJitter(50*time.Millisecond, 50*time.Millisecond),
		nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(3), nats.Timeout(callPatience), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	nc, err := connectWithin(ctx, url, options)
	if err != nil {
		return nil, fmt.Errorf("NATS at %s: %w", url, err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("NATS at %s: %w", url, err)
	}
	return &Conn{nc, js, c, newClock(), tried}, nil
}

// connectWithin is nats.Connect, which tries each server once, for as long as ctx lasts.
func connectWithin(ctx context.Context, url string, options []nats.Option) (*nats.Conn, error) {
	type met struct {
		nc  *nats.Conn
		err error
	}
	tried := make(chan met, 1)
	go func() {
		nc, err := nats.Connect(url, options...)
		tried <- met{nc, err}
	}()
	select {
	case m := <-tried:
		return m.nc, m.err
	case <-ctx.Done():
		go func() {
			if m := <-tried; m.err == nil {
				m.nc.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// Connected waits until the connection stands, once. told is told what keeps it from
// standing, once each.
func (c *Conn) Connected(ctx context.Context, told func(string)) error {
	said, since := "", time.Now()
	for !c.nc.IsConnected() {
		why := c.obstacle()
		if why == "" && time.Since(since) > time.Second {
			why = "nobody answers"
		}
		if why != "" && why != said {
			said = why
			told(fmt.Sprintf("NATS at %s cannot be reached yet: %s", strings.Join(c.nc.Servers(), ","), why))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("NATS at %s cannot be reached: %s", strings.Join(c.nc.Servers(), ","), cmp.Or(c.obstacle(), ctx.Err().Error()))
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// obstacle is what keeps the connection from standing, empty for nothing known.
func (c *Conn) obstacle() string {
	if err := c.nc.LastError(); err != nil {
		return obstacle(err)
	}
	if err := c.calls.failed.Load(); err != nil && *err != nil {
		return obstacle(*err)
	}
	return ""
}

func obstacle(err error) string {
	if name, is := errors.AsType[*net.DNSError](err); is {
		return fmt.Sprintf("the name %s does not resolve: %s", name.Name, name.Err)
	}
	if _, is := errors.AsType[tls.RecordHeaderError](err); is {
		return "it does not speak TLS at once: if it is a NATS of your own, want --nats instead of --join"
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, nats.ErrTimeout) {
		return "it takes the connection and says nothing: if it is a controller's own server, want --join instead of --nats"
	}
	return err.Error()
}

// Alone waits until the connection has been broken for so long, which away is asked not
// to count. It gives ctx's error when that ends before.
func (c *Conn) Alone(ctx context.Context, patience time.Duration, away func() bool) error {
	since := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(time.Second, patience/4)):
		}
		switch {
		case c.nc.IsConnected() || away():
			since = time.Now()
		case time.Since(since) > patience:
			return nil
		}
	}
}

// Close ends the connection.
func (c *Conn) Close() { c.nc.Close() }

// Names on the cluster.
func (c *Conn) name(of string) string    { return "posfleet-" + c.creds.id() + "-" + of }
func (c *Conn) subject(of string) string { return "posfleet." + c.creds.id() + "." + of }

// put keeps a value, sealed, under a key of the run's bucket.
func (c *Conn) put(ctx context.Context, kv jetstream.KeyValue, key string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return retry(ctx, patience, func(ctx context.Context) error {
		_, err := kv.Put(ctx, key, c.creds.seal(key, text))
		return err
	})
}

// get reads a value that put kept.
func (c *Conn) value(e jetstream.KeyValueEntry, into any) error {
	text, err := c.creds.open(e.Key(), e.Value())
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// object gets what was kept under a name for all. A question that is lost, with the node
// that had it, is not waited for: asking again is the caller's.
func (c *Conn) object(ctx context.Context, name string) ([]byte, error) {
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	store, err := c.js.ObjectStore(asking, c.name("plan"))
	if err == nil {
		_, err = store.GetInfo(asking, name)
	}
	if err != nil {
		return nil, err
	}
	getting, done := context.WithTimeout(ctx, large)
	defer done()
	sealed, err := store.GetBytes(getting, name)
	if err != nil {
		return nil, err
	}
	return c.creds.open(name, sealed)
}

// watch tells every value under a key, or a pattern of them, as it is put; those of
// others than the run's are passed over. It ends when ctx does.
func (c *Conn) watch(ctx context.Context, kv jetstream.KeyValue, keys string, told func(jetstream.KeyValueEntry)) error {
	w, err := kv.Watch(ctx, keys)
	if err != nil {
		return err
	}
	go func() {
		defer w.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case e, open := <-w.Updates():
				if !open {
					return
				}
				if e != nil && e.Operation() == jetstream.KeyValuePut {
					told(e)
				}
			}
		}
	}()
	return nil
}

// retry does something until it is done, or ctx is: a cluster of which a node fails
// answers nothing for seconds, and what was not answered may be done again.
func retry(ctx context.Context, patience time.Duration, do func(context.Context) error) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		one, cancel := context.WithTimeout(ctx, patience)
		err := do(one)
		cancel()
		if err == nil || ctx.Err() != nil || !passing(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// passing reports whether an error may pass by itself.
func passing(err error) bool {
	if api, is := errors.AsType[*jetstream.APIError](err); is {
		return api.Code == 503
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse) ||
		errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, nats.ErrDisconnected) || errors.Is(err, jetstream.ErrJetStreamNotEnabled)
}
