package host

import (
	"errors"
	"sync"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/wire"
)

// How often those misbehaviours strike that leave most requests alone.
const (
	forgetsEach = 30 // payments
	missesEach  = 20 // reversals
	straysEach  = 50 // answers
	muteTraces  = 8
)

// mishaps is what misbehaviours about money remember, from when they are turned on.
type mishaps struct {
	mu        sync.Mutex
	traces    map[book.Key]int                   // terminals' numbers
	reversed  map[*book.Terminal]reversedOfBatch // of its open batch
	payments  int
	reversals int
	answers   int
	blocked   bool   // a reversal was refused
	latest    []byte // frame of the answer before
	of        string // number of the terminal that got it
}

type reversedOfBatch struct {
	batch uint32
	dialect.Totals
}

// takenFor reports whether another terminal has had a payment of this key before.
func (m *mishaps) takenFor(key book.Key, number int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.traces == nil {
		m.traces = map[book.Key]int{}
	}
	first, taken := m.traces[key]
	if !taken {
		m.traces[key] = number
	}
	return taken && first != number
}

// each counts with n, and reports whether it is the turn of those that strike each so
// many times.
func (m *mishaps) each(n *int, so int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	*n++
	return *n%so == 0
}

// block reports whether a reversal was refused before, and remembers one that is.
func (m *mishaps) block(refused bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.blocked
	m.blocked = was || refused
	return was
}

// keep remembers that a payment was reversed.
func (m *mishaps) keep(t *book.Terminal, r *book.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.reversed == nil {
		m.reversed = map[*book.Terminal]reversedOfBatch{}
	}
	sum := m.reversed[t]
	if sum.batch != t.Batch {
		sum = reversedOfBatch{batch: t.Batch}
	}
	sum.Add(r.Kind.Side(), r.Amount, 1)
	m.reversed[t] = sum
}

// told is what a host that is wrong tells for its totals of the open batch.
func (h *Host) told(t *book.Terminal, own dialect.Totals) dialect.Totals {
	const wrap = 1_000_000_000_000
	if h.breaks(reversedInTotals) {
		h.mishaps.mu.Lock()
		if sum := h.mishaps.reversed[t]; sum.batch == t.Batch {
			own = own.Plus(sum.Totals)
		}
		h.mishaps.mu.Unlock()
	}
	if h.breaks(totalsWrap) {
		own.Debit, own.Credit = own.Debit%wrap, own.Credit%wrap
	}
	return own
}

// forget undoes a payment that is about to be answered.
func (h *Host) forget(req *Request) {
	if n, ok := req.terminal.Find(h.key(req)); ok {
		h.books.Reverse(req.terminal, req.terminal.Record(n), uint32(req.now.unix))
	}
}

// muteReversal keeps the answers to some reversals back, whenever they come.
func muteReversal(_ *Host, req *Request) {
	if req.Known && req.Transaction == dialect.Reversal && req.trace%muteTraces == 0 {
		req.copies = 0
	}
}

// strayAnswer gives, each so many times, the answer that another terminal has got instead
// of the one that was packed from octet `from` of out.
func (h *Host) strayAnswer(req *Request, out []byte, from int) []byte {
	m := &h.mishaps
	m.mu.Lock()
	defer m.mu.Unlock()
	of := req.Message.Text(wire.TerminalID)
	m.answers++
	if m.answers%straysEach == 0 && len(m.latest) > 0 {
		if m.of == of { // wait for an answer to another one
			m.answers--
			return out
		}
		return append(out[:from], m.latest...)
	}
	m.latest, m.of = append(m.latest[:0], out[from:]...), of
	return out
}

// readOver reads a message that is followed by octets of no field.
func readOver(m *wire.Message, frame []byte, wrong error) error {
	if f, is := errors.AsType[*wire.FieldError](wrong); is && f.Offset > 0 && f.Offset < len(frame) && m.Read(frame[:f.Offset]) == nil {
		return nil
	}
	_, wrong = m.ReadPart(frame)
	return wrong
}
