package line_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/line"
)

// How a message that cannot be read ends an exchange depends on what comes, not on whose line
// it is: it is the answer when it pairs as far as it can be read, or when no other comes soon.
func TestUnreadableMessageEndsExchangesAlikeOnEveryLine(t *testing.T) {
	garbage := func(a []byte) []byte { // with nothing that pairs
		return slices.Concat(a[:2], bytes.Repeat([]byte{0xEE}, len(a)-2))
	}
	headed := func(a []byte) []byte { // of its type, with a length that cannot be in its first field
		g := slices.Concat(a[:2+11+2], bytes.Repeat([]byte{0xEE}, len(a)-15))
		g[15] |= 0x40
		return g
	}
	other := func(a []byte) []byte { // with another message type
		o := bytes.Clone(a)
		o[14] |= 0x20
		return o
	}
	pairing := func(a []byte) []byte { return append(slices.Concat([]byte{a[0], a[1] + 2}, a[2:]), "XX"...) }
	for name, c := range map[string]struct {
		say        func(a []byte) [][]byte // one after another; none ends the line
		unreadable bool
		unmatched  int
		duplicate  int
	}{
		"garbage":                    {say: func(a []byte) [][]byte { return [][]byte{garbage(a)} }, unreadable: true},
		"of its type":                {say: func(a []byte) [][]byte { return [][]byte{headed(a)} }, unreadable: true},
		"one that pairs":             {say: func(a []byte) [][]byte { return [][]byte{pairing(a)} }, unreadable: true},
		"garbage and the end":        {say: func(a []byte) [][]byte { return [][]byte{garbage(a), nil} }, unreadable: true},
		"garbage, the answer":        {say: func(a []byte) [][]byte { return [][]byte{garbage(a), a} }, unmatched: 1},
		"at once":                    {say: func(a []byte) [][]byte { return [][]byte{slices.Concat(garbage(a), a)} }, unmatched: 1},
		"garbage twice, the answer":  {say: func(a []byte) [][]byte { return [][]byte{garbage(a), headed(a), a} }, unmatched: 2},
		"garbage, one that pairs":    {say: func(a []byte) [][]byte { return [][]byte{garbage(a), pairing(a)} }, unreadable: true, unmatched: 1},
		"another type, garbage":      {say: func(a []byte) [][]byte { return [][]byte{other(a), garbage(a)} }, unreadable: true, unmatched: 1},
		"garbage, half a message":    {say: func(a []byte) [][]byte { return [][]byte{garbage(a), a[:20]} }, unreadable: true},
		"one that pairs, the answer": {say: func(a []byte) [][]byte { return [][]byte{slices.Concat(pairing(a), a)} }, unreadable: true, duplicate: 1},
	} {
		for kind, each := range map[string]bool{"own": false, "each": true, "shared": false} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				d := scripted(t, func(_ int, p *peer) {
					for req := p.request(); req != nil; req = p.request() {
						parts := [][]byte{approval(req)}
						if req.FieldUint(11) == 1 {
							parts = c.say(parts[0])
						}
						for _, part := range parts {
							if part == nil {
								return
							}
							p.Write(part)
							time.Sleep(2 * time.Millisecond) // a segment of its own
						}
					}
				})
				var link line.Link = newShared(t, d)
				if kind != "shared" {
					own := newOwn(t, d)
					own.Each = each
					link = own
				}
				x := purchaseOf(tid, 1, 100)
				err := link.Exchange(x)
				if err != nil || (x.Unreadable != nil) != c.unreadable || !c.unreadable && !mine(x, err, 100) {
					t.Fatalf("err %v, unreadable %v, want %v", err, x.Unreadable, c.unreadable)
				}
				if c.unreadable && x.Done-x.Sent > patient/2 {
					t.Errorf("told after %v", x.Done-x.Sent)
				}
				met := x.Strays
				time.Sleep(20 * time.Millisecond) // through the kernel
				y := purchaseOf(tid, 2, 200)
				if err := link.Exchange(y); !mine(y, err, 200) {
					t.Errorf("the next one: %v, %v", err, y.Unreadable)
				}
				met.Unmatched, met.Duplicate = met.Unmatched+y.Unmatched, met.Duplicate+y.Duplicate
				if met.Unmatched != c.unmatched || met.Duplicate != c.duplicate {
					t.Errorf("%d unmatched and %d duplicate, want %d and %d", met.Unmatched, met.Duplicate, c.unmatched, c.duplicate)
				}
			})
		}
	}
}

// The answer to a request for which a message was taken that cannot be read, and names none,
// is late, and no second answer.
func TestAnswerBehindGarbageIsLate(t *testing.T) {
	for _, shared := range []bool{false, true} {
		d := scripted(t, func(_ int, p *peer) {
			first := p.request()
			p.Write([]byte{0, 3, 0xEE, 0xEE, 0xEE})
			if second := p.request(); second != nil {
				p.Write(slices.Concat(approval(first), approval(second)))
			}
		})
		var link line.Link = newOwn(t, d)
		if shared {
			link = newShared(t, d)
		}
		x, y := purchaseOf(tid, 1, 100), purchaseOf(tid, 2, 200)
		if err := link.Exchange(x); err != nil || x.Unreadable == nil {
			t.Fatalf("err %v, unreadable %v", err, x.Unreadable)
		}
		err := link.Exchange(y)
		if !mine(y, err, 200) || y.Late != 1 || y.Duplicate+y.Unmatched > 0 {
			t.Errorf("shared %v: %v, %v, %+v", shared, err, y.Unreadable, y.Strays)
		}
	}
}

// bothAnswered has two terminals pay at once over a shared line: each gets its answer, and so many
// messages are of neither.
func bothAnswered(t *testing.T, d *line.Dialer, unmatched int) {
	t.Helper()
	s := newShared(t, d)
	other := make(chan error)
	y := purchaseOf("10000002", 1, 200)
	go func() { other <- s.Exchange(y) }()
	x := purchaseOf(tid, 1, 100)
	if err := s.Exchange(x); !mine(x, err, 100) {
		t.Errorf("err %v, %v", err, x.Unreadable)
	}
	if err := <-other; !mine(y, err, 200) {
		t.Errorf("err %v, %v", err, y.Unreadable)
	}
	if n := x.Unmatched + y.Unmatched; n != unmatched {
		t.Errorf("%d unmatched, want %d", n, unmatched)
	}
}

// Which of several that wait a message is meant for, whose pairing fields cannot be read, is not
// known: none of them is refused for it.
func TestGarbageEndsNoneOfSeveral(t *testing.T) {
	d := scripted(t, func(_ int, p *peer) {
		a, b := p.request(), p.request()
		if a == nil || b == nil {
			return
		}
		p.Write(slices.Concat([]byte{0, 8}, bytes.Repeat([]byte{0xEE}, 8)))
		time.Sleep(150 * time.Millisecond) // longer than one that is meant is waited beyond
		p.Write(approval(b))
		p.Write(approval(a))
		p.request()
	})
	bothAnswered(t, d, 1)
}

// Of several whose answers one may be that cannot be read, by what could be read of it, none is
// refused; nor is the only one that still waits for what is another's, which has had its answer.
func TestUnreadableMessageOfAnotherEndsNoExchange(t *testing.T) {
	d := scripted(t, func(_ int, p *peer) {
		a, b := p.request(), p.request()
		if a == nil || b == nil {
			return
		}
		typed := approval(a)[:2+11+2+8+3] // with a processing code, as all have it, and none of the fields that it announces
		p.Write(slices.Concat([]byte{0, byte(len(typed) - 2)}, typed[2:]))
		time.Sleep(150 * time.Millisecond) // longer than one that is meant is waited beyond
		first := approval(a)
		p.Write(slices.Concat(first, []byte{0, first[1] + 2}, first[2:], []byte("XX")))
		time.Sleep(150 * time.Millisecond)
		p.Write(approval(b))
		p.request()
	})
	bothAnswered(t, d, 2)
}

// Of several on a line an answer that cannot be read is of the one whose terminal it names, be
// that behind what is wrong with it.
func TestUnreadableAnswersAreOfTheTerminalTheyName(t *testing.T) {
	d := scripted(t, func(_ int, p *peer) {
		a, b := p.request(), p.request()
		if a == nil || b == nil {
			return
		}
		for _, answer := range [][]byte{approval(b), approval(a)} {
			answer[2+11+2+8+3] = 0xEE // the amount's first two digits
			p.Write(answer)
		}
		p.request()
	})
	s := newShared(t, d)
	both := make(chan *line.Exchange)
	for _, tid := range []string{tid, "10000002"} {
		go func() {
			x := purchaseOf(tid, 1, 100)
			if err := s.Exchange(x); err != nil {
				t.Errorf("terminal %s: %v", tid, err)
			}
			if u, is := errors.AsType[*line.Unread](x.Unreadable); !is || !bytes.Contains(u.Octets, []byte(tid)) {
				t.Errorf("terminal %s: %v, want its own answer refused", tid, x.Unreadable)
			}
			both <- x
		}()
	}
	if n := (<-both).Unmatched + (<-both).Unmatched; n != 0 {
		t.Errorf("%d unmatched", n)
	}
}

// What an exchange leaves on a line is not before the next answer, be it half a message or the
// line's end behind a further one.
func TestWhatAnExchangeLeavesIsNotBeforeTheNextAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		say      func(a []byte) [][]byte // one after another; nil ends the line
		answered bool
	}{
		"a further answer and the end": {func(a []byte) [][]byte { return [][]byte{a, a, nil} }, true},
		"garbage and the end":          {func(a []byte) [][]byte { return [][]byte{a, {0, 2, 0xEE, 0xEE}, nil} }, true},
		"half a message":               {func(a []byte) [][]byte { return [][]byte{a, a[:20]} }, true},
		"half an answer":               {func(a []byte) [][]byte { return [][]byte{a[:20]} }, false},
		"the beginning of a length":    {func(a []byte) [][]byte { return [][]byte{a[:1]} }, false},
	} {
		for _, kind := range []string{"own", "shared"} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				said := make(chan bool, 1)
				d := scripted(t, func(_ int, p *peer) {
					for req := p.request(); req != nil; req = p.request() {
						if req.FieldUint(11) != 1 {
							p.Write(approval(req))
							continue
						}
						for _, part := range c.say(approval(req)) {
							if part == nil {
								p.CloseWrite()
								break
							}
							p.Write(part)
							time.Sleep(2 * time.Millisecond) // a segment of its own
						}
						said <- true
					}
				})
				var link line.Link = newOwn(t, d)
				if kind == "shared" {
					link = newShared(t, d)
				}
				x := within(purchaseOf(tid, 1, 100), 250*time.Millisecond)
				if c.answered {
					x.Timeout = patient
				}
				if err := link.Exchange(x); mine(x, err, 100) != c.answered {
					t.Fatalf("err %v, %v", err, x.Unreadable)
				}
				<-said
				time.Sleep(20 * time.Millisecond) // through the kernel
				y := purchaseOf(tid, 2, 200)
				if err := link.Exchange(y); !mine(y, err, 200) {
					t.Errorf("the next one: %v, %v", err, y.Unreadable)
				}
				if half := name == "half a message"; y.Left != half {
					t.Errorf("octets were left: %v, want %v", y.Left, half)
				}
			})
		}
	}
}

// A host that ends connections after some of its answers is noticed at the first such end,
// whichever exchange of the connection it was.
func TestEndOfAConnectionThatCarriedSeveralIsNoticed(t *testing.T) {
	ended := make(chan bool, 1)
	d := scripted(t, func(_ int, p *peer) {
		for req := p.request(); req != nil; req = p.request() {
			p.Write(approval(req))
			if req.FieldUint(11) == 2 {
				p.Write([]byte{0, 2, 0xEE, 0xEE})
				p.CloseWrite()
				ended <- true
			}
		}
	})
	l := newOwn(t, d)
	for trace := 1; trace <= 3; trace++ {
		if x := purchaseOf(tid, trace, 100); !mine(x, l.Exchange(x), 100) || l.HostEnded() != (trace == 3) {
			t.Errorf("exchange %d: unreadable %v; whether the host has ended a connection is not told", trace, x.Unreadable)
		}
		if trace == 2 {
			<-ended
			time.Sleep(20 * time.Millisecond) // through the kernel
		}
	}
	if l.HostEnded() {
		t.Error("an end is told twice")
	}
}

// An empty message in two segments leaves nothing on a shared line.
func TestEmptyMessageInPiecesLeavesNothing(t *testing.T) {
	idle := make(chan bool)
	d := scripted(t, func(_ int, p *peer) {
		p.Write(approval(p.request()))
		for range 2 {
			time.Sleep(20 * time.Millisecond) // a segment of its own
			p.Write([]byte{0})
		}
		time.Sleep(20 * time.Millisecond) // through the kernel
		idle <- true
		if req := p.request(); req != nil {
			p.Write(approval(req))
			p.request()
		}
	})
	s := newShared(t, d)
	for trace := 1; trace <= 2; trace++ {
		if x := within(purchaseOf(tid, trace, 100), 5*time.Second); !mine(x, s.Exchange(x), 100) || x.Left || x.Began > 0 && trace == 2 {
			t.Errorf("exchange %d: octets were left: %v, connected anew: %v", trace, x.Left, x.Began > 0)
		}
		if trace == 1 {
			<-idle
		}
	}
}

// Empty messages that keep a shared line open while nobody waits are before no answer; those that
// came while one waited are, also when it comes in a segment of its own or never.
func TestEmptyMessagesOfASharedLine(t *testing.T) {
	idle := make(chan bool)
	d := scripted(t, func(_ int, p *peer) {
		p.Write(approval(p.request()))
		p.Write([]byte{0, 0, 0, 0})
		time.Sleep(20 * time.Millisecond) // through the kernel
		idle <- true
		p.Write(approval(p.request()))
		req := p.request()
		p.Write([]byte{0, 0})
		time.Sleep(20 * time.Millisecond)
		p.Write(approval(req))
		p.request()
		p.Write([]byte{0, 0, 0, 0, 0, 0})
		p.Write(approval(p.request()))
		p.request()
	})
	s := newShared(t, d)
	for i, empty := range []int{0, 0, 1, 3, 0} {
		x := purchaseOf(tid, i+1, 100)
		if empty == 3 {
			x.Timeout = 300 * time.Millisecond
		}
		if err := s.Exchange(x); x.Empty != empty || empty < 3 && !mine(x, err, 100) || empty == 3 && !errors.Is(err, line.ErrTimeout) {
			t.Errorf("exchange %d: err %v, %d empty messages, want %d", i+1, err, x.Empty, empty)
		}
		if i == 0 {
			<-idle
		}
	}
}

// Empty messages that came in one segment with an answer are before no answer, either.
func TestEmptyMessagesBehindAnAnswerAreNotBeforeTheNext(t *testing.T) {
	d := scripted(t, func(_ int, p *peer) {
		for req := p.request(); req != nil; req = p.request() {
			p.Write(append(approval(req), 0, 0, 0, 0))
		}
	})
	for kind, link := range map[string]line.Link{"own": newOwn(t, d), "shared": newShared(t, d)} {
		for trace := 1; trace < 4; trace++ {
			x := purchaseOf(tid, trace, 100)
			if err := link.Exchange(x); !mine(x, err, 100) || x.Empty != 0 {
				t.Errorf("%s, exchange %d: err %v, %d empty messages before its answer", kind, trace, err, x.Empty)
			}
		}
	}
}

// Octets behind an answer on a shared line break the rule of them, be they a length that cannot be
// or the beginning of a message, of the last answer too.
func TestOctetsBehindAnAnswerOfASharedLineAreLeft(t *testing.T) {
	for name, rest := range map[string]string{"no length": "\x30\x31\x43", "a beginning": "\x00\x05\x01", "nothing": ""} {
		d := scripted(t, func(_ int, p *peer) {
			for req := p.request(); req != nil; req = p.request() {
				p.Write(append(approval(req), rest...))
			}
		})
		s := newShared(t, d)
		left := 0
		for trace := 1; trace <= 3; trace++ {
			x := purchaseOf(tid, trace, 100)
			if err := s.Exchange(x); !mine(x, err, 100) {
				t.Errorf("%s: %v", name, err)
			}
			if x.Left {
				left++
			}
			time.Sleep(20 * time.Millisecond) // through the kernel
		}
		if s.Leftovers().Left {
			left++
		}
		if want := map[bool]int{true: 3}[rest != ""]; left != want {
			t.Errorf("%s: octets were left behind %d of 3 answers, want %d", name, left, want)
		}
	}
}

// The beginning of a message behind an answer, of which more than one read takes has come, is not
// before the next answer, however soon that is asked for.
func TestLongHalfBehindAnAnswerIsNotBeforeTheNext(t *testing.T) {
	d := scripted(t, func(_ int, p *peer) {
		for trace := 1; ; trace++ {
			req := p.request()
			if req == nil {
				return
			}
			a := approval(req)
			if trace == 2 {
				a = slices.Concat(a, []byte{0x0F, 0xA0}, bytes.Repeat([]byte{0xEE}, 0x0FA0-len(a)/2))
			}
			p.Write(a)
		}
	})
	l, left := newOwn(t, d), false
	for trace := 1; trace <= 3; trace++ {
		x := within(purchaseOf(tid, trace, 100), 300*time.Millisecond)
		if err := l.Exchange(x); !mine(x, err, 100) {
			t.Errorf("exchange %d: %v (%v)", trace, err, x.Unreadable)
		}
		left = left || x.Left
	}
	if !left {
		t.Error("no octets were left")
	}
}

// What nobody can read is not the answer that a fault of the line takes away: that would give the
// reversal another reason.
func TestGarbageIsNotTheAnswerThatALineLoses(t *testing.T) {
	for _, f := range []line.Fault{line.LoseAnswer, line.LateAnswer} {
		d := scripted(t, func(_ int, p *peer) {
			for req := p.request(); req != nil; req = p.request() {
				a := approval(req)
				p.Write(slices.Concat([]byte{0, 3, 1, 2, 3}, a))
			}
		})
		l := newOwn(t, d)
		l.Faults = &line.Faults{}
		l.Faults.Add(f, 1)
		x := within(purchaseOf(tid, 1, 100), time.Second)
		if err := l.Exchange(x); !errors.Is(err, line.ErrTimeout) || x.Unreadable != nil || x.Unmatched != 1 {
			t.Errorf("%s: err %v, unreadable %v, %d unmatched", f, err, x.Unreadable, x.Unmatched)
		}
	}
}
