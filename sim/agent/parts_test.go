package agent

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// told is what an agent says of itself, as it comes.
type told struct {
	jetstream.KeyValueEntry
	key   string
	value []byte
}

func (e told) Key() string   { return e.key }
func (e told) Value() []byte { return e.value }

// An agent that was stopped for a while, and whose share another one has, is lost no more
// once it has told all that it played: of it nothing is unknown.
func TestReplacedAgentThatTellsAllIsNotLost(t *testing.T) {
	r := &Controller{conn: &Conn{creds: NewCredentials()}, of: 1, news: make(chan struct{})}
	s := Status{Share: Share{Of: 1, Attempt: 1}, Agent: "first", State: Playing}
	r.lost = []Part{{Status: s, Lost: time.Now()}}
	r.all = []Part{{Status: Status{Share: Share{Of: 1, Attempt: 2}, Agent: "second", State: Playing}}}
	for _, state := range []State{Played, Ended} {
		s.State = state
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		key := statusKey(s.Share)
		r.said(told{key: key, value: r.conn.creds.seal(key, text)})
		if p := r.lost[0]; p.State != state || p.Lost.IsZero() != (state == Ended) || len(r.all) != 1 || r.all[0].Attempt != 2 {
			t.Errorf("%s: %+v, %+v", state, r.lost, r.all)
		}
	}
}

// ranOut is NATS' word that the first lease has run out.
type ranOut struct{ jetstream.Msg }

func (ranOut) Data() []byte { return []byte(`{"stream_seq":1}`) }
func (ranOut) Ack() error   { return nil }

// The server of a controller that was killed, begun again, says of every lease that it has
// run out: of agents that play on, whose shares would be taken away from them. After a
// while its word is right again, as is that of a server whose controller began the run.
func TestLeaseOfAnAbsentControllerCondemnsNobody(t *testing.T) {
	for _, c := range []struct {
		began time.Time
		lost  bool
	}{{lost: true}, {began: time.Now()}, {time.Now().Add(-Returning), true}} {
		s := Share{Of: 1, Attempt: 1, Exclusive: true}
		r := &Controller{of: 1, news: make(chan struct{}), began: c.began, seqs: map[uint64]Share{1: s}, all: []Part{{Status: Status{Share: s, State: Playing}}}}
		if r.expired(ranOut{}); r.all[0].Lost.IsZero() == c.lost {
			t.Errorf("of a controller since %v: lost %v, want %t", c.began, r.all[0].Lost, c.lost)
		}
	}
}
