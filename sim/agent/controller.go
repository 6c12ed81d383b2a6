package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Controller hands out the shares of a run and gathers what comes of them.
type Controller struct {
	conn *Conn
	kv   jetstream.KeyValue
	of   int
	dir  string // each share's folder is in it
	stop context.CancelFunc

	mu    sync.Mutex
	order Order
	all   []Part
	seqs  map[uint64]Share // of the messages that shares are leased by
	files map[string]int64 // octets that have come, by file
	err   error            // why what comes cannot be kept
	news  chan struct{}    // closed when something has changed
}

// Part is one share as the controller knows it.
type Part struct {
	Status
	Lost   time.Time // when its agent was held to be lost; zero when it was not
	Folder string    // what its agent sends is there
}

// Settled reports whether nothing more is to come of the part.
func (p *Part) settled() bool { return p.State == Ended || p.State == Failed || !p.Lost.IsZero() }

// Start begins a run of so many shares: it hands out the plan, and keeps what agents
// send in folders below dir. Agents of another version are refused.
func Start(ctx context.Context, c *Conn, version string, of int, plan []byte, dir string) (*Controller, error) {
	if err := c.Connected(ctx); err != nil {
		return nil, err
	}
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &Controller{conn: c, of: of, dir: dir, stop: stop, seqs: map[uint64]Share{}, files: map[string]int64{}, news: make(chan struct{})}
	for i := range of {
		r.all = append(r.all, Part{Status: Status{Share: Share{Index: i, Of: of}}})
	}
	err := r.create(ctx)
	if err == nil {
		err = r.listen(beside)
	}
	if err == nil {
		err = r.handOut(ctx, version, plan)
	}
	if err != nil {
		stop()
		return nil, err
	}
	return r, nil
}

// create makes what the run needs on the cluster: kept by three of its servers where
// there are as many.
func (r *Controller) create(ctx context.Context) error {
	if _, err := r.conn.js.KeyValue(ctx, r.conn.name("state")); err == nil {
		return fmt.Errorf("a run with these credentials is on this cluster: attach to it (--attach), or begin one with other credentials")
	}
	var err error
	for _, replicas := range []int{3, 1} {
		if err = retry(ctx, func(ctx context.Context) error { return r.createReplicated(ctx, replicas) }); err == nil {
			return nil
		}
	}
	return fmt.Errorf("NATS: %w", err)
}

func (r *Controller) createReplicated(ctx context.Context, replicas int) (err error) {
	c := r.conn
	if _, err = c.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: c.name("shares"), Subjects: []string{c.subject("share")},
		Retention: jetstream.WorkQueuePolicy, Replicas: replicas}); err != nil {
		return err
	}
	if _, err = c.js.CreateOrUpdateConsumer(ctx, c.name("shares"), jetstream.ConsumerConfig{Durable: "agents",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: Lease, MaxDeliver: 1, MaxAckPending: -1}); err != nil {
		return err
	}
	if _, err = c.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: c.name("results"), Subjects: []string{c.subject("result.*")},
		Retention: jetstream.WorkQueuePolicy, Replicas: replicas, Duplicates: 2 * time.Minute}); err != nil {
		return err
	}
	if _, err = c.js.CreateOrUpdateConsumer(ctx, c.name("results"), jetstream.ConsumerConfig{Durable: "controller",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Second, MaxAckPending: 256}); err != nil {
		return err
	}
	if _, err = c.js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: c.name("plan"), Replicas: replicas}); err != nil {
		return err
	}
	r.kv, err = c.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: c.name("state"), Replicas: replicas})
	return err
}

// listen follows what agents say and send.
func (r *Controller) listen(ctx context.Context) error {
	clock, err := r.conn.answerClock()
	if err != nil {
		return err
	}
	lost, err := r.conn.nc.Subscribe(fmt.Sprintf("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.%s.agents", r.conn.name("shares")), r.expired)
	if err != nil {
		return err
	}
	if err := r.conn.watch(ctx, r.kv, "agent.>", r.said); err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	results, err := r.conn.js.Consumer(ctx, r.conn.name("results"), "controller")
	if err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	consuming, err := results.Consume(r.came, jetstream.PullMaxMessages(64), jetstream.ConsumeErrHandler(func(jetstream.ConsumeContext, error) {}))
	if err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	context.AfterFunc(ctx, func() {
		consuming.Stop()
		_, _ = clock.Unsubscribe(), lost.Unsubscribe()
	})
	return nil
}

// handOut puts plan and shares where agents find them.
func (r *Controller) handOut(ctx context.Context, version string, plan []byte) error {
	if err := r.keep(ctx, "plan", plan); err != nil {
		return err
	}
	for i := range r.of {
		if err := r.lease(ctx, Share{Index: i, Of: r.of, Attempt: 1}); err != nil {
			return err
		}
	}
	return r.conn.put(ctx, r.kv, "run", header{version, r.of})
}

// keep puts an object where agents find it.
func (r *Controller) keep(ctx context.Context, name string, data []byte) error {
	err := retry(ctx, func(ctx context.Context) error {
		store, err := r.conn.js.ObjectStore(ctx, r.conn.name("plan"))
		if err == nil {
			_, err = store.PutBytes(ctx, name, r.conn.creds.seal(name, data))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// lease offers a share to whoever takes it first.
func (r *Controller) lease(ctx context.Context, s Share) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return retry(ctx, func(ctx context.Context) error {
		ack, err := r.conn.js.Publish(ctx, r.conn.subject("share"), r.conn.creds.seal("share", text),
			jetstream.WithMsgID(fmt.Sprintf("share-%d-%d", s.Index, s.Attempt)))
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.seqs[ack.Sequence] = s
		r.mu.Unlock()
		return nil
	})
}

// expired takes NATS' word that the lease of a share has run out.
func (r *Controller) expired(m *nats.Msg) {
	var advice struct {
		Sequence uint64 `json:"stream_seq"`
	}
	if json.Unmarshal(m.Data, &advice) != nil {
		return
	}
	r.change(func() {
		s, known := r.seqs[advice.Sequence]
		if !known {
			return
		}
		if p := &r.all[s.Index]; p.Attempt <= s.Attempt && p.State != Ended && p.State != Failed {
			p.Lost = time.Now()
		}
	})
}

// said takes what an agent says of itself.
func (r *Controller) said(e jetstream.KeyValueEntry) {
	var s Status
	if r.conn.value(e, &s) != nil || s.Index < 0 || s.Index >= r.of || statusKey(s.Share) != e.Key() {
		return
	}
	r.change(func() {
		if p := &r.all[s.Index]; s.Attempt >= p.Attempt {
			p.Status, p.Folder = s, r.folder(s.Share)
			if s.State == Ended {
				p.Lost = time.Time{} // it was only not heard of
			}
		}
	})
}

// change changes what is known, and wakes whoever waits for that.
func (r *Controller) change(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
	close(r.news)
	r.news = make(chan struct{})
}

// Parts are all shares as they stand.
func (r *Controller) Parts() []Part {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// Await waits until all parts have come to a state, or nothing more comes of them;
// told is told the parts whenever something has changed.
func (r *Controller) Await(ctx context.Context, s State, told func([]Part)) error {
	order := []State{"", Joined, Ready, Playing, Played, Ended}
	for {
		r.mu.Lock()
		parts, news, err, there := slices.Clone(r.all), r.news, r.err, true
		for i := range parts {
			p := &parts[i]
			reached := slices.Index(order, p.State) >= slices.Index(order, s)
			if s == Ended {
				reached = reached && r.whole(p)
			}
			there = there && (reached || p.State == Failed || !p.Lost.IsZero())
		}
		r.mu.Unlock()
		if told != nil {
			told(parts)
		}
		switch {
		case err != nil:
			return err
		case there:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		}
	}
}

// whole reports whether all that an ended part has sent is here. The lock is held.
func (r *Controller) whole(p *Part) bool {
	for name, n := range p.Files {
		if r.files[p.Folder+"/"+name] < n {
			return false
		}
	}
	return true
}

// Begin has all agents begin at once, and gives when that is.
func (r *Controller) Begin(ctx context.Context) (time.Time, error) {
	lead := 500 * time.Millisecond
	for _, p := range r.Parts() {
		lead = max(lead, 500*time.Millisecond+rounds*4*p.Within)
	}
	at := clock() + int64(lead)
	return moment(at), r.tell(ctx, func(o *Order) { o.Begin = at })
}

// Stop ends the run before its time.
func (r *Controller) Stop(ctx context.Context, how Stop) error {
	return r.tell(ctx, func(o *Order) { o.Stop = how })
}

// Books gives agents what their terminals' journals are compared with; nil for nothing.
func (r *Controller) Books(ctx context.Context, books []byte) error {
	return r.keep(ctx, "books", books)
}

func (r *Controller) tell(ctx context.Context, change func(*Order)) error {
	r.mu.Lock()
	change(&r.order)
	o := r.order
	r.mu.Unlock()
	return r.conn.put(ctx, r.kv, "order", o)
}

// Strangers are agents of other versions that wait for this run: they are refused.
func (r *Controller) Strangers(ctx context.Context, version string) (names []string) {
	inbox := r.conn.nc.NewInbox()
	sub, err := r.conn.nc.SubscribeSync(inbox)
	if err != nil {
		return nil
	}
	defer func() { _ = sub.Unsubscribe() }()
	if r.conn.nc.PublishRequest("$SRV.INFO."+service, inbox, nil) != nil {
		return nil
	}
	found := map[string]bool{}
	for {
		m, err := sub.NextMsg(200 * time.Millisecond)
		if err != nil {
			return slices.Sorted(maps.Keys(found))
		}
		var info struct {
			Metadata map[string]string `json:"metadata"`
		}
		if json.Unmarshal(m.Data, &info) == nil && info.Metadata["run"] == r.conn.creds.id() && info.Metadata["version"] != version {
			found[fmt.Sprintf("%s (posfleet %s)", info.Metadata["agent"], cmp.Or(info.Metadata["version"], "?"))] = true
		}
	}
}

// Close lets the agents go and removes what the run had on the cluster.
func (r *Controller) Close(ctx context.Context) error {
	err := r.tell(ctx, func(o *Order) { o.Over = true })
	r.gone(ctx)
	r.stop()
	for _, name := range []string{"shares", "results"} {
		err = errors.Join(err, r.conn.js.DeleteStream(ctx, r.conn.name(name)))
	}
	return errors.Join(err, r.conn.js.DeleteObjectStore(ctx, r.conn.name("plan")), r.conn.js.DeleteKeyValue(ctx, r.conn.name("state")))
}

// gone gives agents the time to hear that they may go: until none has a lease.
func (r *Controller) gone(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*Lease)
	defer cancel()
	for ctx.Err() == nil {
		c, err := r.conn.js.Consumer(ctx, r.conn.name("shares"), "agents")
		if err != nil || c.CachedInfo().NumAckPending == 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// folder is where what a share's agent sends is kept.
func (r *Controller) folder(s Share) string {
	name := fmt.Sprintf("%d", s.Index+1)
	if s.Attempt > 1 {
		name += fmt.Sprintf("-%d", s.Attempt)
	}
	return strings.TrimSuffix(r.dir, "/") + "/" + name
}
