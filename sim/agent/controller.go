package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Controller hands out the shares of a run and gathers what comes of them.
type Controller struct {
	conn *Conn
	kv   jetstream.KeyValue
	of   int
	dir  string // each share's folder is in it
	stop context.CancelFunc

	telling sync.Mutex // held while an order is told: the newest is told last

	mu    sync.Mutex
	heard func(s Share, file string, part []byte)
	order Order
	all   []Part               // by share: the newest attempt
	lost  []Part               // attempts that others have been taken over by
	seqs  map[uint64]Share     // of the messages that shares are leased by
	gaps  map[string]time.Time // files of which a later part came first: since when
	last  time.Time            // when a part came
	began time.Time            // when it attached; zero of the controller that began the run
	err   error                // why what comes cannot be kept
	news  chan struct{}        // closed when something has changed
}

// Start begins a run of so many shares: it hands out the plan, and keeps what agents
// send in folders below dir. Agents of another version are refused. exclusive says that
// shares may be taken over.
func Start(ctx context.Context, c *Conn, version string, of int, exclusive bool, plan []byte, dir string) (*Controller, error) {
	r, beside, err := newController(ctx, c, of, dir)
	if err != nil {
		return nil, err
	}
	if err = r.create(ctx); err == nil {
		err = r.attend(beside)
	}
	if err == nil {
		err = r.listen(beside)
	}
	if err == nil {
		err = r.handOut(ctx, version, exclusive, plan)
	}
	if err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

// Attach goes on with a run of so many shares that another controller has begun, which
// is no more. began is when arrival 0 was due; zero where no agent has been told.
func Attach(ctx context.Context, c *Conn, of int, dir string) (r *Controller, began time.Time, err error) {
	r, beside, err := newController(ctx, c, of, dir)
	if err != nil {
		return nil, began, err
	}
	if err = r.claim(ctx, beside); err == nil {
		r.began = time.Now()
		err = r.resume(ctx)
	}
	if err == nil {
		err = r.listen(beside)
	}
	if err != nil {
		r.stop()
		return nil, began, err
	}
	if r.order.Begin != 0 {
		began = c.clock.moment(r.order.Begin)
	}
	return r, began, nil
}

func newController(ctx context.Context, c *Conn, of int, dir string) (*Controller, context.Context, error) {
	if err := c.Connected(ctx, func(string) {}); err != nil {
		return nil, nil, err
	}
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &Controller{conn: c, of: of, dir: dir, stop: stop, seqs: map[uint64]Share{}, gaps: map[string]time.Time{}, last: time.Now(), news: make(chan struct{})}
	for i := range of {
		r.all = append(r.all, Part{Status: Status{Share: Share{Index: i, Of: of}}})
	}
	return r, beside, nil
}

// ErrAttended says that a run has a controller: a second one would take half of what agents
// send away from it.
var ErrAttended = errors.New("its controller is alive, and a run has one: let it be, or end it first and its run with it (Ctrl-C)")

// claim makes this the run's controller, unless another one is, or becomes it at the same
// moment: of those that attach, the first to write over what all have read is it, and
// answers by then to whoever comes later.
func (r *Controller) claim(ctx, beside context.Context) error {
	kv, err := r.conn.js.KeyValue(ctx, r.conn.name("state"))
	if err != nil {
		return fmt.Errorf("no run with these credentials is there: %w", err)
	}
	r.kv = kv
	const key = "controller"
	var revision uint64 // 0 of a key that nobody has written
	switch e, err := kv.Get(ctx, key); {
	case err == nil:
		revision = e.Revision()
	case !errors.Is(err, jetstream.ErrKeyNotFound):
		return fmt.Errorf("run: %w", err)
	}
	if r.conn.attended(ctx) {
		return ErrAttended
	}
	if err := r.attend(beside); err != nil {
		return err
	}
	_, err = kv.Update(ctx, key, r.conn.creds.seal(key, nil), revision)
	if wrong, is := errors.AsType[*jetstream.APIError](err); is && wrong.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return ErrAttended
	}
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return nil
}

// resume finds what the controller before knew.
func (r *Controller) resume(ctx context.Context) error {
	e, err := r.kv.Get(ctx, "order")
	if err == nil {
		err = r.conn.value(e, &r.order)
	}
	if err != nil && !errors.Is(err, jetstream.ErrKeyNotFound) {
		return fmt.Errorf("run: %w", err)
	}
	for _, name := range []string{"results", "lost"} { // what the controller before had in hand comes again, and at once
		err := r.conn.js.DeleteConsumer(ctx, r.conn.name(name), "controller")
		if err == nil || errors.Is(err, jetstream.ErrConsumerNotFound) {
			err = r.conn.reader(ctx, name)
		}
		if err != nil {
			return fmt.Errorf("run: %w", err)
		}
	}
	leases, err := r.conn.js.Stream(ctx, r.conn.name("shares"))
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	state := leases.CachedInfo().State
	for seq := state.FirstSeq; seq <= state.LastSeq && seq > 0; seq++ {
		m, err := leases.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // its agent has left
		}
		if err != nil {
			return fmt.Errorf("run: %w", err)
		}
		var s Share
		if text, err := r.conn.creds.open("share", m.Data); err == nil && json.Unmarshal(text, &s) == nil {
			r.seqs[seq] = s
		}
	}
	return nil
}

// create makes what the run needs on the cluster: kept by three of its servers where
// there are as many.
func (r *Controller) create(ctx context.Context) error {
	if _, err := r.conn.js.KeyValue(ctx, r.conn.name("state")); err == nil {
		return fmt.Errorf("a run with these credentials is on this cluster: attach to it (--attach), or begin one with other credentials")
	}
	var err error
	for _, replicas := range []int{3, 1} {
		if err = retry(ctx, large, func(ctx context.Context) error { return r.createReplicated(ctx, replicas) }); err == nil {
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
	for name, subject := range map[string]string{
		"results": c.subject("result.*"),
		"lost":    fmt.Sprintf("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.%s.agents", c.name("shares")), // leases that ran out
	} {
		if _, err = c.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: c.name(name), Subjects: []string{subject},
			Retention: jetstream.WorkQueuePolicy, Replicas: replicas, Duplicates: 2 * time.Minute}); err != nil {
			return err
		}
		if err = c.reader(ctx, name); err != nil {
			return err
		}
	}
	if _, err = c.js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: c.name("plan"), Replicas: replicas}); err != nil {
		return err
	}
	r.kv, err = c.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: c.name("state"), Replicas: replicas})
	return err
}

// unheard is after how long what a controller has not acknowledged is sent to it again: it
// was on its way when a node or a line failed.
const unheard = 10 * time.Second

// reader makes what a controller reads a stream with.
func (c *Conn) reader(ctx context.Context, stream string) error {
	_, err := c.js.CreateOrUpdateConsumer(ctx, c.name(stream), jetstream.ConsumerConfig{Durable: "controller",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: unheard, MaxAckPending: 256})
	return err
}

// attend has this controller answer for the run, until ctx ends.
func (r *Controller) attend(ctx context.Context) error {
	clock, err := r.conn.answerClock()
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = clock.Unsubscribe() })
	return r.conn.nc.Flush()
}

// listen follows what agents say and send.
func (r *Controller) listen(ctx context.Context) error {
	if err := r.conn.watch(ctx, r.kv, "agent.>", r.said); err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	return errors.Join(r.consume(ctx, "results", r.came), r.consume(ctx, "lost", r.expired))
}

// consume has each message of a stream taken, until ctx ends.
func (r *Controller) consume(ctx context.Context, stream string, take func(jetstream.Msg)) error {
	c, err := r.conn.js.Consumer(ctx, r.conn.name(stream), "controller")
	if err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	consuming, err := c.Consume(take, jetstream.PullMaxMessages(64), jetstream.ConsumeErrHandler(func(jetstream.ConsumeContext, error) {}))
	if err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	context.AfterFunc(ctx, consuming.Stop)
	return nil
}

// handOut puts plan and shares where agents find them.
func (r *Controller) handOut(ctx context.Context, version string, exclusive bool, plan []byte) error {
	if err := r.keep(ctx, "plan", plan); err != nil {
		return err
	}
	for i := range r.of {
		if err := r.lease(ctx, Share{Index: i, Of: r.of, Attempt: 1, Exclusive: exclusive}); err != nil {
			return err
		}
	}
	return r.conn.put(ctx, r.kv, "run", header{version, r.of})
}

// keep puts an object where agents find it.
func (r *Controller) keep(ctx context.Context, name string, data []byte) error {
	err := retry(ctx, large, func(ctx context.Context) error {
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
	return retry(ctx, patience, func(ctx context.Context) error {
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

// Plan is what the run was begun with.
func (r *Controller) Plan(ctx context.Context) (plan []byte, err error) {
	err = retry(ctx, large, func(ctx context.Context) error {
		plan, err = r.conn.object(ctx, "plan")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return plan, nil
}

// Hear has each part of a file told as it comes, for whoever watches; one that comes twice
// is told twice.
func (r *Controller) Hear(told func(s Share, file string, part []byte)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = told
}

// Begin has all agents begin at once, and gives when that is.
func (r *Controller) Begin(ctx context.Context) (time.Time, error) {
	lead := 500 * time.Millisecond
	for _, p := range r.Parts() {
		lead = max(lead, 500*time.Millisecond+rounds*4*p.Within)
	}
	at := r.conn.clock.now() + int64(lead)
	return r.conn.clock.moment(at), r.tell(ctx, func(o *Order) error { o.Begin = at; return nil })
}

// Stop ends the run before its time.
func (r *Controller) Stop(ctx context.Context, how Stop) error {
	return r.tell(ctx, func(o *Order) error { o.Stop = how; return nil })
}

// Change has what is played be changed for all agents at one moment, Lead from now, and
// gives that moment as a time of the run; what says how. One that would hold at or after
// end is not made.
func (r *Controller) Change(ctx context.Context, end time.Duration, what func(at time.Duration) (json.RawMessage, error)) (at time.Duration, err error) {
	return at, r.tell(ctx, func(o *Order) error {
		at = time.Duration(r.conn.clock.now()-o.Begin) + Lead
		if n := len(o.Changes); n > 0 {
			at = max(at, o.Changes[n-1].At)
		}
		if at >= end {
			return ErrOver
		}
		text, err := what(at)
		if err == nil {
			o.Changes = append(slices.Clip(o.Changes), Change{at, text})
		}
		return err
	})
}

// Changes are those that have been made.
func (r *Controller) Changes() []Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order.Changes
}

// Books gives agents what their terminals' journals are compared with; nil for nothing.
func (r *Controller) Books(ctx context.Context, books []byte) error {
	return r.keep(ctx, "books", books)
}

func (r *Controller) tell(ctx context.Context, change func(*Order) error) error {
	r.telling.Lock()
	defer r.telling.Unlock()
	var o Order
	var err error
	r.change(func() {
		o = r.order
		if err = change(&o); err == nil {
			r.order = o
		}
	})
	if err != nil {
		return err
	}
	return r.conn.put(ctx, r.kv, "order", o)
}

// Strangers are agents of other versions that wait for this run: they are refused.
func (r *Controller) Strangers(ctx context.Context, version string) (names []string) {
	for _, m := range r.conn.members(ctx, time.Second) {
		if m.version != version {
			names = append(names, fmt.Sprintf("%s (posfleet %s)", m.name, m.version))
		}
	}
	return names
}

// Close lets the agents go and removes what the run had on the cluster.
func (r *Controller) Close(ctx context.Context) error {
	err := r.tell(ctx, func(o *Order) error { o.Over = true; return nil })
	r.gone(ctx)
	r.stop()
	for _, name := range []string{"shares", "results", "lost"} {
		err = errors.Join(err, r.conn.js.DeleteStream(ctx, r.conn.name(name)))
	}
	return errors.Join(err, r.conn.js.DeleteObjectStore(ctx, r.conn.name("plan")), r.conn.js.DeleteKeyValue(ctx, r.conn.name("state")))
}

// gone gives agents the time to hear that they may go.
func (r *Controller) gone(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	for ctx.Err() == nil && len(r.conn.members(ctx, 200*time.Millisecond)) > 0 {
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
