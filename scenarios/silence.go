package scenarios

import (
	"sync"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// silence is what the host has never answered. That is waited for as long as the profile has
// it a few times, then for less: a host that never answers a payment would be waited for an
// hour otherwise. Every scenario is still played, so that what comes of one does not depend
// on which were before it.
type silence struct {
	mu       sync.Mutex
	waited   map[asked]int // times in vain, in full
	answered map[asked]bool
	vain     int           // times that payments were
	row      int           // times since the latest answer that anything was
	pays     bool          // a payment was answered
	usual    time.Duration // that an answer takes: of the latest more than of those before
}

// asked is a kind of request: what it asks, how the card was read, and whether its terminal
// is one that no host knows, on which many say nothing.
type asked struct {
	of      dialect.Transaction
	entry   string
	unknown bool
}

// How often is waited in full: for each kind; for payments of all kinds while none is
// answered, and for anything while nothing is. Then a part of the timeout is waited, and
// many times what an answer takes; for a second answer a few times that.
const (
	inFull       = 4
	inVain       = 20
	leastWait    = 100 * time.Millisecond
	leastPart    = 64
	greatestPart = 4
	manyTimes    = 16
	fewTimes     = 4
	leastAfter   = 2 * time.Millisecond
	longestAfter = 100 * time.Millisecond
)

func askedBy(of dialect.Transaction, request *wire.Message) asked {
	return asked{of, string(request.Get(wire.EntryMode)), unknownTerminal(request.Text(wire.TerminalID))}
}

// timeout is how long the answer to a request is waited for, where the profile says full.
func (s *silence) timeout(of dialect.Transaction, request *wire.Message, full time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := askedBy(of, request)
	switch payment := rules.KindOf(of)&rules.Payments != 0; {
	case s.row >= inVain, payment && !s.pays && s.vain >= inVain:
	case s.answered[kind], s.waited[kind] < inFull:
		return full
	}
	return min(full, max(leastWait, full/leastPart, min(full/greatestPart, manyTimes*s.usual)))
}

// hears takes down how an exchange ended that nothing was done to, and how long it took.
func (s *silence) hears(request *wire.Message, r *sim.Result, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waited == nil {
		s.waited, s.answered = map[asked]int{}, map[asked]bool{}
	}
	pays := rules.KindOf(r.Of)&rules.Payments != 0
	switch kind := askedBy(r.Of, request); {
	case r.Outcome <= report.Refused:
		s.answered[kind], s.pays, s.row = true, s.pays || pays, 0
		if s.usual == 0 {
			s.usual = took
		}
		s.usual += (took - s.usual) / 8
	case r.Outcome == report.TimedOut:
		s.row++
		if s.waited[kind]++; pays {
			s.vain++
		}
	}
}

// after is how long a second answer is waited for.
func (s *silence) after() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return min(longestAfter, max(leastAfter, fewTimes*s.usual))
}

// mute reports whether payments were waited for and none was answered.
func (s *silence) mute() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vain > 0 && !s.pays
}
