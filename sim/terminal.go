package sim

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/operator"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
)

// Terminal is one virtual point of sale. One goroutine owns it at a time; a
// [Player] plays steps on it.
type Terminal struct {
	// What a payment that goes well does not touch stands first and last, and of Owed its
	// request last: a fleet's terminals do not fit the processor's cache, of which a line
	// has 64 octets (TestTerminalIsNoLarger).
	settled    *Settled       // nil until its first settlement
	pad        *pad           // what is signed on it; nil until somebody has
	Activation string         // serial number and activation code, which its first sign-in shows; empty once it is active
	Bill       *Bill          // the order in hand; nil until the first
	Operators  operator.Table // who may work at it
	Owed       Owed

	*profile.Terminal
	Profile   *profile.Profile
	Link      line.Link
	Faults    *line.Faults      // of its line; nil when the line cannot do any
	Condition *device.Condition // what is wrong with the machine; nil for nothing
	Display   string            // what the terminal shows
	Operator  string            // who is logged in: "01".."98"; empty for nobody
	On        bool
	SignedIn  bool
	Opened    bool     // its batch holds nothing from before: it was opened by a settlement, or the host is new
	out       bool     // of the run: it could not sign in
	Locked    bool     // by who is logged in: see LockScreen
	Standing  Standing // of the latest payment, which the cardholder sees
	day       uint16   // of its last sign-in, as dayOf counts; 0 before the first
	Trace     uint32   // of the next message that takes one, 1..999999
	Batch     uint32
	freed     time.Duration // when it was last given back, on the run's clock
	kept      *kept         // what few terminals have; nil until there is some
	keys      keys.Set
	acquirer  rules.Acquirer
	Journal   Journal
	untold    bool  // the answer to its latest sign-in told no batch number where there should be one
	Failed    int32 // reversals given up after all tries: cases for a human
}

// NewTerminal makes terminal id of profile p, switched off.
//
// A real terminal keeps its trace number over power cuts; one that began at the
// same number in each run would repeat numbers within the host's open batch and
// get 94. So the first trace is drawn.
func NewTerminal(p *profile.Profile, id *profile.Terminal) *Terminal {
	return &Terminal{Terminal: id, Profile: p, Operators: p.Delivered(), Trace: rand.Uint32N(dialect.MaxNumber) + 1, Batch: 1}
}

// Owed is a terminal's pending reversal: what it sent without hearing a
// verified answer, and must undo before its next online transaction.
type Owed struct {
	Of      dialect.Transaction
	Reason  dialect.Code // of the reversal
	Tries   int16
	Amount  int64
	Holder  *profile.Holder // whose card it was about; nil for none that the terminal knows
	Request []byte          // the message, without length prefix; empty when none is owed
}

// Owes reports whether a reversal is pending.
func (t *Terminal) Owes() bool { return len(t.Owed.Request) > 0 }

// ErrRefusedLocally marks what a terminal does not even send: nobody is logged
// in, it has not signed in, the batch is full.
var ErrRefusedLocally = errors.New("the terminal refuses")

// ErrUntested marks a step that could not see whether what it asks is so: the host
// gave no evidence. It neither held nor failed.
var ErrUntested = errors.New("untested")

// touch reads a little of what judging and booking an answer takes: see keys.Set.Touch.
func (t *Terminal) touch() uint64 {
	sum := t.keys.MAC.Touch() ^ uint64(t.Profile.Policy.Timeout) ^ uint64(t.Journal.All.Debit)
	if n := len(t.Journal.Records); n > 0 {
		sum ^= uint64(t.Journal.Records[n-1].Trace)
	}
	return sum
}

// nextTrace moves on to the next trace number.
func (t *Terminal) nextTrace() { t.Trace = dialect.Next(t.Trace) }

// Record is one approved transaction in a terminal's journal. It has no pointers: with those
// the journals of a long run are most of what the garbage collector goes through
// (TestRecordsAreNothingToTheGarbageCollector).
type Record struct {
	Of     dialect.Transaction
	Voided bool
	Entry  Entry
	class  dialect.CardClass
	Trace  uint32
	Batch  uint32
	part   uint32 // where what was asked is, of what is approved in part, from 1 on; 0 for all that was asked
	Amount int64  // fen
	RRN    [12]byte
	Auth   [6]byte
	Date   [4]byte // MMDD
	holder int32   // number of whose card it was, see Holder; 0 for none that the terminal knows
	detail detail  // what its upload takes besides; none for what is told by number and amount
	sent   uint32  // MMDDhhmmss of its request; 0 where nothing that points to it says that
}

// Holder is whose card it was, of the terminal's profile; nil for none that the terminal knows.
func (r *Record) Holder(p *profile.Profile) *profile.Holder { return p.Numbered(r.holder) }

// Journal is what a terminal knows to be approved. The batch's records stay
// until settlement; the running totals for the whole life of the terminal.
type Journal struct {
	Records []Record
	Batch   dialect.Totals
	All     dialect.Totals // settled batches included
	Doubts  []Doubt        // beside the above; those of settled batches come first

	forgotten *[]Record // of the batch; nil for none
}

func (j *Journal) add(r Record) *Record {
	side := r.Of.Side()
	j.Batch.Add(side, r.Amount, 1)
	j.All.Add(side, r.Amount, 1)
	if n := len(j.Records); n == cap(j.Records) {
		j.Records = slices.Grow(j.Records, max(16, n)) // a terminal that has one payment has more
	}
	j.Records = append(j.Records, r)
	return &j.Records[len(j.Records)-1]
}

// Forget drops the newest record, as a terminal that lost one would: a scenario
// needs it to see totals that cannot agree. It fails when there is none.
func (j *Journal) Forget() error {
	n := len(j.Records)
	if n == 0 {
		return errors.New("the batch is empty")
	}
	if j.forgotten == nil {
		j.forgotten = new([]Record)
	}
	*j.forgotten = append(*j.forgotten, j.Records[n-1])
	j.drop(n - 1)
	return nil
}

// drop takes a record out.
func (j *Journal) drop(at int) {
	r := j.Records[at]
	j.Records = slices.Delete(j.Records, at, at+1)
	j.Batch.Add(r.Of.Side(), r.Amount, -1)
	j.All.Add(r.Of.Side(), r.Amount, -1)
}

// Recall gives the terminal back what it was made to forget of a batch whose settlement
// was not done: what else is settled in it would not balance.
func (t *Terminal) Recall() {
	if t.Journal.forgotten == nil || t.ending() != nil || t.settling() { // it goes on with the totals that it has told
		return
	}
	for _, r := range slices.Backward(*t.Journal.forgotten) {
		t.Journal.add(r)
	}
	t.Journal.forgotten = nil
}

func (j *Journal) clear() { j.Records, j.Batch, j.forgotten = j.Records[:0], dialect.Totals{}, nil }

// show is what the terminal shows after an exchange.
func show(r *Result) string {
	switch r.Outcome {
	case report.TimedOut, report.Open:
		return "交易超时"
	case report.Broken:
		return "通讯中断"
	case report.Unsent:
		if broken, is := errors.AsType[muted](r.Why); is {
			return device.Parts(broken).Fails()
		}
		switch line.CauseOf(r.Why) {
		case line.NoSignal:
			return noSignal
		case line.HostSilent:
			return "连接主机超时"
		}
		return "连接主机失败"
	case report.Refused:
		return "应答报文校验错"
	}
	if text := r.dialect.Display(r.Code); text != "" {
		return text
	}
	if r.Outcome == report.Approved {
		return "交易成功"
	}
	return "交易失败 " + r.Code.String()
}
