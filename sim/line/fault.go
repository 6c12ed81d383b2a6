package line

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// Fault is one thing that a line does wrong to one message, or to a connection. Faults
// are on the line, so that they work against any host: on a terminal's own line
// ([Faults]), before the bundled host, and between any two parties (package proxy).
type Fault uint8

const (
	LoseRequest    Fault = iota // the host never gets it
	LoseAnswer                  // the host answers, the terminal never hears it
	LateAnswer                  // the answer comes after the terminal gave up
	DoubleRequest               // the host gets the same request twice
	DoubleAnswer                // the terminal gets the same answer twice
	SpoilRequest                // the MAC of the request is garbled
	SpoilAnswer                 // the MAC of the answer is garbled
	CutRequest                  // the line breaks in the middle of the request
	CutAnswer                   // the line breaks in the middle of the answer
	LateRequest                 // the host gets it after the terminal's next one
	ResetRequest                // as CutRequest, by a reset
	ResetAnswer                 // as CutAnswer, by a reset
	TrickleRequest              // octet by octet
	TrickleAnswer
	EchoRequest // the terminal gets its own request back
	EchoAnswer  // the host gets its own answer back
	FlipRequest // one bit is another
	FlipAnswer
	MiscountRequest // its length says one octet more than there is
	MiscountAnswer
	SwapAnswer // the next answer on the connection overtakes it
	Silence    // from now on the connection carries nothing, and nobody is told
	faultKinds
)

// Side is what a fault meets.
type Side uint8

const (
	Request Side = iota
	Answer
)

// row is what is to be known of a fault.
type row struct {
	name   string // as reports have it; flags have hyphens for the blanks
	doc    string
	side   Side
	line   bool          // a terminal's own line can do it too
	sealed bool          // only to messages that carry a MAC
	delay  time.Duration // how long it takes unless that is said; 0 where there is nothing to say
}

// rows are all faults, the one table of them.
var rows = [faultKinds]row{
	LoseRequest:     {name: "request lost", doc: "the host never gets the request", side: Request, line: true},
	LoseAnswer:      {name: "answer lost", doc: "the host answers, and the terminal never hears it", side: Answer, line: true},
	LateRequest:     {name: "request late", doc: "the host gets the request so much later: the reversal is there first", side: Request, line: true, delay: lateBy},
	LateAnswer:      {name: "answer late", doc: "the answer comes so much later: after the terminal has given up", side: Answer, line: true, delay: lateBy},
	DoubleRequest:   {name: "request doubled", doc: "the host gets the request twice", side: Request, line: true},
	DoubleAnswer:    {name: "answer doubled", doc: "the terminal gets the answer twice", side: Answer, line: true},
	SpoilRequest:    {name: "request MAC spoiled", doc: "one character of the request's MAC is another", side: Request, line: true, sealed: true},
	SpoilAnswer:     {name: "answer MAC spoiled", doc: "one character of the answer's MAC is another", side: Answer, line: true, sealed: true},
	FlipRequest:     {name: "request flipped", doc: "one bit of a request that carries a MAC is another, after the routing header", side: Request, sealed: true},
	FlipAnswer:      {name: "answer flipped", doc: "one bit of an answer that carries a MAC is another, after the routing header", side: Answer, sealed: true},
	CutRequest:      {name: "request cut", doc: "the connection is closed in the middle of the request", side: Request, line: true},
	CutAnswer:       {name: "answer cut", doc: "the connection is closed in the middle of the answer", side: Answer, line: true},
	ResetRequest:    {name: "request reset", doc: "the connection is reset (RST) in the middle of the request", side: Request, line: true},
	ResetAnswer:     {name: "answer reset", doc: "the connection is reset (RST) in the middle of the answer", side: Answer, line: true},
	TrickleRequest:  {name: "request trickled", doc: "the request goes octet by octet, with so much time between two", side: Request, line: true, delay: time.Millisecond},
	TrickleAnswer:   {name: "answer trickled", doc: "the answer goes octet by octet, with so much time between two", side: Answer, line: true, delay: time.Millisecond},
	MiscountRequest: {name: "request miscounted", doc: "the length before the request says one octet more than there is", side: Request},
	MiscountAnswer:  {name: "answer miscounted", doc: "the length before the answer says one octet more than there is", side: Answer},
	EchoRequest:     {name: "request echoed", doc: "the terminal gets its own request back, as if the host asked", side: Request, line: true},
	EchoAnswer:      {name: "answer echoed", doc: "the host gets its own answer back, as if the terminal asked", side: Answer, line: true},
	SwapAnswer:      {name: "answer overtaken", doc: "the next answer on the connection goes first, or else it comes so much later", side: Answer, delay: 200 * time.Millisecond},
	Silence:         {name: "line silent", doc: "from this request on the connection stays open and carries nothing either way", side: Request},
}

// lateBy is how much later a late message comes where nobody said, which whoever knows
// the terminals' timeout does.
const lateBy = 2 * time.Second

// AllFaults gives every fault, in the order of the table.
func AllFaults() []Fault {
	all := make([]Fault, faultKinds)
	for f := range all {
		all[f] = Fault(f)
	}
	return all
}

// FaultsFor gives the faults that can strike messages of a format: some need a MAC or a
// length to get wrong.
func FaultsFor(format *wire.Format) []Fault {
	return slices.DeleteFunc(AllFaults(), func(f Fault) bool {
		return f.Sealed() && !format.MAC || f.miscounts() && (format.Length.Octets == 0 || format.HTTP.Path != "")
	})
}

func (f Fault) miscounts() bool { return f == MiscountRequest || f == MiscountAnswer }

// String names the fault as reports do.
func (f Fault) String() string {
	if f >= faultKinds {
		return "?"
	}
	return rows[f].name
}

// Flag is its name on the command line: "answer-lost".
func (f Fault) Flag() string { return strings.ReplaceAll(strings.ToLower(f.String()), " ", "-") }

// Doc says what it does.
func (f Fault) Doc() string { return rows[f].doc }

// Side is what it meets.
func (f Fault) Side() Side { return rows[f].side }

// OnLine reports whether a terminal's own line can do it.
func (f Fault) OnLine() bool { return rows[f].line }

// Sealed reports whether it is done only to messages that carry a MAC.
func (f Fault) Sealed() bool { return rows[f].sealed }

// Delay is how long it takes unless somebody says; 0 for one that takes none.
func (f Fault) Delay() time.Duration { return rows[f].delay }

// FaultNamed is the fault of a name that Flag gives.
func FaultNamed(name string) (Fault, error) {
	names := make([]string, faultKinds)
	for f := range faultKinds {
		if names[f] = f.Flag(); names[f] == name {
			return f, nil
		}
	}
	return 0, fmt.Errorf("fault %q: want one of %s", name, strings.Join(names, ", "))
}

// Mangled is the frame of a message to which a fault has been done that changes its
// octets: a spoiled MAC, a flipped bit, a wrong length. The message was last read by m;
// pick says which bit.
func (f Fault) Mangled(format *wire.Format, m *wire.Message, message []byte, pick uint64) ([]byte, error) {
	octets := bytes.Clone(message)
	switch f {
	case SpoilRequest, SpoilAnswer:
		spoil(octets)
	case FlipRequest, FlipAnswer:
		if after := octets[min(len(m.Head), len(octets)):]; len(after) > 0 {
			bit := pick % uint64(8*len(after))
			after[bit/8] ^= 1 << (bit % 8)
		}
	case MiscountRequest, MiscountAnswer:
		frame, err := format.Frame(nil, append(octets, 0), m.IsAnswer())
		if err != nil {
			return nil, err
		}
		found, err := format.Find(frame)
		if err != nil {
			return nil, err
		}
		return slices.Delete(frame, found.From+len(message), found.From+len(message)+1), nil
	}
	return format.Frame(nil, octets, m.IsAnswer())
}

// spoil changes one character of the MAC, which ends a message.
func spoil(message []byte) {
	if len(message) == 0 {
		return
	}
	last := &message[len(message)-1]
	switch *last++; *last { // what was a hexadecimal digit stays one
	case '9' + 1, 'F' + 1:
		*last = '0'
	case 0xF9 + 1, 0xC6 + 1: // in EBCDIC
		*last = 0xF0
	}
}

// Abort has a connection, TCP or TLS over it, end with a reset when it is closed.
func Abort(conn net.Conn) {
	switch c := conn.(type) {
	case *net.TCPConn:
		c.SetLinger(0)
	case interface{ NetConn() net.Conn }:
		Abort(c.NetConn())
	}
}
