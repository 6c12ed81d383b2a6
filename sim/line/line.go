// Package line carries requests to the host under test and brings back their
// answers. It knows octets and no terminal: what a message means is its user's.
//
// A [Link] carries an [Exchange], one request on its way to its answer. [Own] is
// a connection with one exchange in flight, kept or made anew for each; [Shared]
// is one that many terminals use at once, with or without goroutines of their own
// ([Coroutines]). A [Mode] says which of them a fleet has, a [Dialer] connects
// them by TCP or TLS. [Faults] make an own line fail, on the connection, so that they
// work against any host, and an [Emulation] makes it as slow as a named [Profile] says,
// which is never charged to the host. All times are those of one [Clock].
package line

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// Link carries exchanges for one terminal, or for many when it is shared.
//
// Exchange fills in Sent and Done whatever happens. It returns nil when an
// answer came (which the terminal must still check), ErrTimeout, ErrStopped,
// an error that is ErrUnsent when no octet of the request was written, and
// otherwise one that is ErrBroken.
type Link interface {
	Exchange(x *Exchange) error
	Close() error
}

// Exchange is one request on its way to its answer.
type Exchange struct {
	call    *call         // on a shared line
	Request []byte        // the frame, length prefix included
	Timeout time.Duration // from the send
	Answer  *wire.Message // the one that came, for the caller to release; nil when none did
	Sent    time.Duration // when the write began, since the clock's start
	Done    time.Duration // when the last octet was read, or the exchange was given up

	Began      time.Duration // when the exchange began, where it had to connect first; else 0
	Key        wire.Key      // the answer has the same
	Unreadable error         // the answer's fault, when an answer came that cannot be read

	// What came besides the answer stands last: an exchange that goes well does not
	// touch it, and ten thousand in flight do not fit the processor's cache.
	Met   bool // something did
	Empty int  // frames without a message that came between request and answer
	Strays

	// What an [Emulation] added, by the clock: none of it is the host's.
	Connecting time.Duration // before the exchange was sent
	Transit    time.Duration // between Sent and Done
}

// Unread is the fault of an answer that cannot be read, and its octets.
type Unread struct {
	Octets  []byte // without the length prefix
	Err     error
	Guessed bool // nothing in it says whose answer it is: none other came soon after it
}

func (u *Unread) Error() string { return u.Err.Error() }
func (u *Unread) Unwrap() error { return u.Err }

// Reset readies an exchange for the next request.
func (x *Exchange) Reset() {
	x.Began, x.Unreadable, x.Answer = 0, nil, nil
	if x.Met {
		x.Met, x.Empty, x.Strays = false, 0, Strays{}
	}
}

// Strays is what came that no exchange in flight waited for: how many messages
// of which kind, and the first of them.
type Strays struct {
	Late      int  // answers to requests given up before, when none had come in time
	Cut       int  // answers to requests whose line had broken, that had come by then
	Duplicate int  // further answers to requests already answered
	Unmatched int  // messages that are of no request that is known
	Left      bool // octets came after an answer, while none was waited for, that are of no whole message

	// Kept are those that are of no request, or not whole, as they came and up to
	// mostKept of them; without any, the first of the others.
	Kept []Stray
}

// Stray is a message that no exchange in flight waited for, or what came of one.
type Stray struct {
	Octets []byte // without the length prefix
	Why    string // it is nobody's answer, or not whole
	Known  bool   // it is the answer to a request, and counted as late, cut or duplicate
	Meant  bool   // it seems to be meant for the exchange's request, and is not its answer as it stands
}

// mostKept bounds the messages of no request that are kept between two exchanges: all are counted.
const mostKept = 64

// GivenUpBefore is why a late answer is nobody's.
const GivenUpBefore = "the answer to a request given up before"

// count adds a message, the answer to a request that ended so.
func (s *Strays) count(e ending, message []byte) {
	switch e {
	case wasGivenUp:
		s.Late++
		s.known(message, GivenUpBefore)
	case wasCut:
		s.Cut++
		s.known(message, "the answer to a request whose line had broken")
	case wasAnswered:
		s.Duplicate++
		s.known(message, "a further answer to a request already answered")
	default:
		s.unmatched(message, ofNone)
	}
}

// ofNone is why an answer is a stray that is of no request.
const ofNone = "the answer to no request of this line"

// any reports whether there are some.
func (s *Strays) any() bool {
	return s.Late+s.Cut+s.Duplicate+s.Unmatched > 0 || s.Left || len(s.Kept) > 0
}

// unmatched adds a message that is of no request, for a reason.
func (s *Strays) unmatched(message []byte, why string) {
	s.Unmatched++
	s.keep(message, why)
}

// doubt adds a message that might have been an answer that cannot be read, if there is one.
func (s *Strays) doubt(u *Unread) {
	if u != nil {
		s.unmatched(u.Octets, u.Err.Error())
	}
}

// known takes a copy of the answer to a request unless something is kept already.
func (s *Strays) known(octets []byte, why string) {
	if len(s.Kept) == 0 {
		s.Kept = append(s.Kept, Stray{Octets: bytes.Clone(octets), Why: why, Known: true})
	}
}

// keep takes a copy of octets that are of no request, or of no whole message.
func (s *Strays) keep(octets []byte, why string) {
	if len(s.Kept) < mostKept {
		s.Kept = append(s.Kept, Stray{Octets: bytes.Clone(octets), Why: why})
	}
}

// half keeps what came of a message that is not whole. It reports whether any of
// it did.
func (s *Strays) half(octets []byte, announced int) bool {
	switch {
	case announced > 0 && len(octets) >= announced:
		return false // it is whole, and has not been read
	case announced > 0:
		s.keep(octets, fmt.Sprintf("%d of the %d octets announced", len(octets), announced))
	case len(octets) > 0:
		s.keep(octets, "the beginning of a message whose length is not known")
	}
	return announced > 0 || len(octets) > 0
}

// add adds up.
func (s *Strays) add(t Strays) {
	s.Late, s.Cut, s.Duplicate, s.Unmatched, s.Left = s.Late+t.Late, s.Cut+t.Cut, s.Duplicate+t.Duplicate, s.Unmatched+t.Unmatched, s.Left || t.Left
	for _, k := range t.Kept {
		if k.Known && len(s.Kept) == 0 || !k.Known && len(s.Kept) < mostKept {
			s.Kept = append(s.Kept, k)
		}
	}
}

// How exchanges end that bring no answer.
var (
	ErrTimeout = errors.New("no answer in time")
	ErrUnsent  = errors.New("request not sent")
	ErrBroken  = errors.New("line broken")
	ErrStopped = errors.New("run ended before the answer")
)

// broken is an exchange's end by what broke its line: in the same words on a line of any kind,
// without the addresses, which are others each time.
func broken(err error) error { return fmt.Errorf("%w: %w", ErrBroken, bare(err)) }

// bare is what the system said of a read or write, without where.
func bare(err error) error {
	if op, is := errors.AsType[*net.OpError](err); is && (op.Op == "read" || op.Op == "write") {
		err = op.Err
	}
	if call, is := err.(*os.SyscallError); is {
		err = call.Err
	}
	return err
}

// Exhausted reports whether an exchange failed for want of descriptors, ports or
// buffers of this machine: the generator's fault, not the host's.
func Exhausted(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS} {
		if err != nil && errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Clock counts from one start, on the monotonic clock. All times of a run do.
type Clock struct{ start time.Time }

// NewClock starts a clock.
func NewClock() *Clock { return &Clock{start: time.Now()} }

// Now is the time since the start.
func (c *Clock) Now() time.Duration { return time.Since(c.start) }

// At is the moment d after the start.
func (c *Clock) At(d time.Duration) time.Time { return c.start.Add(d) }
