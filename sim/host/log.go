package host

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/posfleet/posfleet/sim/wire"
)

// Log is who is told of what those who run a host must know. Either may be nil.
type Log struct {
	Notice func(text string)             // the first of each kind
	Panic  func(value any, stack []byte) // each; the value may hold what is secret
}

// Noticed is how often something was noticed.
type Noticed struct {
	What  string
	Times int64
}

// Noticed gives what the host has noticed, in the order of the first of each.
func (h *Host) Noticed() []Noticed {
	h.log.mu.Lock()
	defer h.log.mu.Unlock()
	return append([]Noticed(nil), h.log.all...)
}

// log counts what a host notices and tells the first of each kind.
type log struct {
	told  Log
	mu    sync.Mutex
	all   []Noticed
	index map[string]int // in all
}

// notice is one thing noticed.
type notice struct {
	what  string // its kind
	where string // the first one's place, and what it looks like
}

// mostKinds is how many kinds of notices are kept apart: a peer can make up more.
const mostKinds = 500

func (l *log) add(n notice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i, known := l.index[n.what]; known {
		l.all[i].Times++
		return
	}
	if len(l.all) >= mostKinds {
		if n.what == others {
			return
		}
		n = notice{what: others}
		if i, known := l.index[others]; known {
			l.all[i].Times++
			return
		}
	}
	if l.index == nil {
		l.index = map[string]int{}
	}
	l.index[n.what] = len(l.all)
	l.all = append(l.all, Noticed{n.what, 1})
	if l.told.Notice != nil {
		l.told.Notice(strings.TrimSpace(n.what + " " + n.where))
	}
}

const others = "more kinds of it than are told apart"

func (l *log) panicked(value any, stack []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.told.Panic != nil {
		l.told.Panic(value, stack)
	}
}

// unknownTerminal names the terminal of a request that no terminal of the
// profile sends.
func unknownTerminal(m *wire.Message) string {
	return fmt.Sprintf("no terminal %q of merchant %q in the profile: answered 97", m.Get(wire.TerminalID), m.Get(wire.MerchantID))
}

var (
	errNoTPDU    = errors.New("no TPDU: the message does not begin with 60")
	errOtherTPDU = errors.New("TPDU of another host: its destination is not the profile's")
)

// unread notices a message that could not be read: the first of each kind with
// its sender, what is wrong at which offset, and how it begins.
func (h *Host) unread(from net.Addr, octets []byte, err error) {
	begins := octets[:min(len(octets), 8)]
	where := fmt.Sprintf("(from %v", from)
	if len(begins) > 0 {
		where += fmt.Sprintf("; begins with % X", begins)
	}
	kind := h.kind(octets, err)
	if err.Error() != kind {
		where += fmt.Sprintf("; %v", err)
	}
	h.log.add(notice{what: "message not read: " + kind, where: where + ")"})
}

// kind says what an unreadable message seems to be.
func (h *Host) kind(octets []byte, err error) string {
	d := h.dialect
	wrong, isField := errors.AsType[*wire.FieldError](err)
	switch {
	case looksLikeTLS(octets):
		return "TLS, on a port that is plain"
	case looksLikeHTTP(octets):
		return "HTTP, a browser or health check"
	case errors.Is(err, wire.ErrLength):
		return "a length prefix that no message has"
	case errors.Is(err, wire.ErrFrame):
		return "octets around it that no message has"
	case errors.Is(err, wire.ErrIdle):
		return "empty messages only"
	case err == errNoTPDU, err == errOtherTPDU:
		return err.Error()
	case d.Header.App > 0 && h.startsWithMTI(octets, d.Header.Len()-d.Header.App):
		return "no application header: the message type follows the TPDU"
	case !d.Header.TPDU && d.Header.App == 0 && len(octets) > 0 && octets[0] == 0x60:
		return "a TPDU, which this profile has not"
	case isField && wrong.Field > 1:
		return fmt.Sprintf("field %d", wrong.Field)
	case isField && wrong.Field == 1:
		return "bitmap"
	case isField && wrong.Field == 0:
		return "message type"
	case isField:
		return "what stands around the fields"
	}
	return "TLS handshake"
}

// startsWithMTI reports whether a request's type, in packed digits, stands there.
func (h *Host) startsWithMTI(octets []byte, at int) bool {
	if len(octets) < at+2 {
		return false
	}
	mti := fmt.Sprintf("%x", octets[at:at+2])
	for i := range h.dialect.Forms {
		if h.dialect.Forms[i].MTI == mti {
			return true
		}
	}
	return false
}

// looksLikeTLS reports whether octets begin a TLS handshake.
func looksLikeTLS(octets []byte) bool {
	return len(octets) >= 3 && octets[0] == 0x16 && octets[1] == 3 && octets[2] <= 4
}

// looksLikeHTTP reports whether octets begin an HTTP request.
func looksLikeHTTP(octets []byte) bool {
	for _, method := range []string{"GET ", "POST ", "HEAD ", "PUT ", "OPTIONS ", "CONNECT ", "DELETE ", "PRI * HTTP"} {
		if bytes.HasPrefix(octets, []byte(method)) {
			return true
		}
	}
	return false
}
