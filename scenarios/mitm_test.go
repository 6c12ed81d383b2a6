package scenarios

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// kindOfAnswer is what answers the mutants of are made of: those to one
// transaction that approve, or that decline.
type kindOfAnswer struct {
	to       dialect.Transaction
	declines bool
}

func (k kindOfAnswer) String() string {
	if k.declines {
		return k.to.String() + ", declined"
	}
	return k.to.String()
}

// middle is a man in the middle between terminals and a host. It has the keys, as
// a wrong host would have: what it changes it puts under a right MAC.
type middle struct {
	profile *profile.Profile
	host    string // its address
	address string // its own

	mu      sync.Mutex
	around  func(frame []byte) []byte // what is sent for an answer; nil for that alone
	again   time.Duration             // after which an answer is sent a second time; 0 for never
	carries int                       // requests that a connection carries, the next one meets that it is hung up; 0 for any number
	mutant  *mutant                   // nil for answers as they are
	changed int                       // answers that it changed
	seen    func(kindOfAnswer, *wire.Message)
	before  map[int]string    // what fields had in answers before this one
	masters map[string][]byte // of terminals, when first needed
	macs    map[string]*keys.Key
}

// newMiddle begins to listen, until the test ends.
func newMiddle(t testing.TB, p *profile.Profile, host string) *middle {
	m := &middle{profile: p, host: host, before: map[int]string{}, masters: map[string][]byte{}, macs: map[string]*keys.Key{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.address = l.Addr().String()
	var wg sync.WaitGroup
	var conns sync.Map
	wg.Go(func() {
		for {
			terminal, err := l.Accept()
			if err != nil {
				return
			}
			conns.Store(terminal, nil)
			wg.Go(func() {
				defer conns.Delete(terminal)
				m.serve(terminal)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		conns.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		wg.Wait()
	})
	return m
}

// serve passes on what comes on one connection.
func (m *middle) serve(terminal net.Conn) {
	defer terminal.Close()
	far, err := net.Dial("tcp", m.host)
	if err != nil {
		return
	}
	format := &m.profile.Dialect.Format
	var mu sync.Mutex
	asked := map[wire.Key]dialect.Transaction{}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer terminal.Close()
		r := format.NewReader(far)
		for {
			body, err := r.Next()
			if err != nil {
				return
			}
			a := format.NewMessage()
			if a.Read(body) == nil {
				mu.Lock()
				to := asked[a.Key()]
				mu.Unlock()
				body = m.pass(to, a, body)
			}
			answer := frame(format, body)
			if m.around != nil {
				answer = m.around(answer)
			}
			if _, err := terminal.Write(answer); err != nil {
				return
			}
			if m.again > 0 {
				time.AfterFunc(m.again, func() { terminal.Write(answer) })
			}
		}
	})
	r := format.NewReader(terminal)
	for n := 0; m.carries == 0 || n <= m.carries; n++ {
		body, err := r.Next()
		if err != nil || m.carries > 0 && n == m.carries {
			break
		}
		q := format.NewMessage()
		if q.Read(body) == nil {
			if of, ok := m.profile.Dialect.Classify(q); ok {
				mu.Lock()
				asked[q.Key()] = of
				mu.Unlock()
			}
		}
		if _, err := far.Write(frame(format, body)); err != nil {
			break
		}
	}
	far.Close()
	wg.Wait()
}

// frame puts the length before a message.
func frame(f *wire.Format, body []byte) []byte {
	return append([]byte{byte(len(body) >> 8), byte(len(body))}, body...)
}

// pass gives what becomes of an answer.
func (m *middle) pass(to dialect.Transaction, a *wire.Message, body []byte) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	tid := a.Text(wire.TerminalID)
	if to == dialect.SignIn && a.Has(wire.WorkingKeys) {
		m.learn(tid, a)
	}
	code := a.Get(wire.ResponseCode)
	kind := kindOfAnswer{to, code != nil && m.profile.Dialect.Class(dialect.CodeOf(code)) == dialect.Declines}
	if m.seen != nil {
		m.seen(kind, a)
	}
	defer func(from *wire.Message) {
		for n := range from.Fields {
			m.before[n] = from.FieldText(n)
		}
	}(a.Clone())
	if m.mutant == nil || m.mutant.of != kind {
		return body
	}
	if m.mutant.copied > 0 {
		m.mutant.other = m.before[m.mutant.copied]
	}
	changed := m.mutant.apply(a, func(covered []byte) [8]byte {
		if key := m.macs[tid]; key != nil {
			return key.MAC(m.profile.MAC, covered)
		}
		return [8]byte{}
	})
	if !bytes.Equal(changed, body) {
		m.changed++
	}
	return changed
}

// learn takes the working keys out of the answer to a sign-in.
func (m *middle) learn(tid string, a *wire.Message) {
	if m.masters[tid] == nil {
		for i := range m.profile.Terminals {
			if t := &m.profile.Terminals[i]; t.TID == tid {
				m.masters[tid] = t.Master
			}
		}
	}
	if set, err := keys.Unwrap(m.profile.HSM, m.masters[tid], m.profile.SignIn, a.Get(wire.WorkingKeys)); err == nil {
		m.macs[tid] = set.MAC
	}
}

// mutantHost serves a network with so many terminals, for whom the mutants of its
// answers are.
func mutantHost(t testing.TB, network string, terminals int) (p *profile.Profile, address string) {
	t.Helper()
	p, err := profile.Bundled(network, terminals)
	if err != nil {
		t.Fatal(err)
	}
	return p, serve(t, p).Address
}

// dialerTo is how terminals reach a man in the middle.
func (m *middle) dialer() *line.Dialer {
	return &line.Dialer{Address: m.address, Timeout: 5 * time.Second}
}
