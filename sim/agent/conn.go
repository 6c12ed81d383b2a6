package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
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

// Conn is a connection to the run's NATS server or cluster, which is made again
// whenever it breaks.
type Conn struct {
	nc    *nats.Conn
	js    jetstream.JetStream
	creds Credentials
	clock clock
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
	options = append(options, nats.Name(fmt.Sprintf("posfleet %s %d", name, os.Getpid())), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(250*time.Millisecond), nats.ReconnectJitter(50*time.Millisecond, 50*time.Millisecond),
		nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(3), nats.Timeout(5*time.Second), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	nc, err := connectWithin(ctx, url, options)
	if err != nil {
		return nil, fmt.Errorf("NATS at %s: %w", url, err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("NATS at %s: %w", url, err)
	}
	return &Conn{nc, js, c, newClock()}, nil
}

// connectWithin is nats.Connect, which tries each server once, for as long as ctx lasts.
func connectWithin(ctx context.Context, url string, options []nats.Option) (nc *nats.Conn, err error) {
	tried := make(chan struct{})
	go func() {
		defer close(tried)
		nc, err = nats.Connect(url, options...)
	}()
	select {
	case <-tried:
		return nc, err
	case <-ctx.Done():
		go func() {
			if <-tried; err == nil {
				nc.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// Connected waits until the connection stands, once.
func (c *Conn) Connected(ctx context.Context) error { return c.connected(ctx, func(string) {}) }

// connected is Connected; told is told what keeps it from standing, once each.
func (c *Conn) connected(ctx context.Context, told func(string)) error {
	said, since := "", time.Now()
	for !c.nc.IsConnected() {
		why := ""
		if err := c.nc.LastError(); err != nil {
			why = err.Error()
		} else if time.Since(since) > time.Second {
			why = "nobody answers"
		}
		if why != "" && why != said {
			said = why
			told(fmt.Sprintf("NATS at %s cannot be reached yet: %s", strings.Join(c.nc.Servers(), ","), why))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("NATS at %s cannot be reached: %w", strings.Join(c.nc.Servers(), ","), cmpErr(c.nc.LastError(), ctx.Err()))
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
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
