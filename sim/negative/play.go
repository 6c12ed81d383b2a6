package negative

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// reaction is what a host did on the connection on which something malformed came.
type reaction struct {
	answered bool          // with a message that can be read
	code     dialect.Code  // of it; zero for none
	message  *wire.Message // it
	hungUp   bool
	wrong    error // what came is no message
}

// silent reports whether nothing has come.
func (r *reaction) silent() bool { return !r.answered && !r.hungUp && r.wrong == nil }

// spoilt reports whether there is a response code that is none.
func (r *reaction) spoilt() bool {
	return r.answered && r.message.Has(wire.ResponseCode) && !dialect.IsCode(r.message.Get(wire.ResponseCode))
}

// String is the reaction for people.
func (r *reaction) String() string {
	switch {
	case r.wrong != nil:
		return fmt.Sprintf("what it answers cannot be read: %v", r.wrong)
	case r.answered && !r.message.Has(wire.ResponseCode):
		return "it answers without a response code"
	case r.spoilt():
		return fmt.Sprintf("it answers %q, which is no response code", r.message.Get(wire.ResponseCode))
	case r.answered:
		return "it answers " + r.code.String()
	case r.hungUp:
		return "it ends the connection"
	}
	return "it does not answer"
}

// tries is how many payments are prepared for a defect before it is given up: by
// chance a message can be readable with it.
const tries = 3

// play sends one malformed request and a payment beside it, and gives the verdict.
func (c *Check) play(ctx context.Context, of *Case, v *verdicts.Verdict) {
	began := time.Now()
	defer func() { v.Took = time.Since(began) }()
	untested := func(err error) { v.Outcome, v.Reason = verdicts.Untested, err }
	if err := c.makeRoom(); err != nil {
		untested(err)
		return
	}
	request, frame, err := c.spoil(of)
	if err != nil {
		untested(err)
		return
	}
	conn, err := c.Dialer.Dial(ctx)
	if err != nil {
		v.Outcome, v.Reason, v.Unreached = verdicts.Untested, fmt.Errorf("no connection for it: %w", err), true
		return
	}
	defer conn.Close()
	timeout := c.Profile.Policy.Timeout
	conn.SetWriteDeadline(time.Now().Add(timeout))
	_, err = conn.Write(frame) // what a host does with half of it is a reaction as well
	if end, can := conn.(interface{ CloseWrite() error }); of.Ends && can && err == nil {
		end.CloseWrite()
	}
	d := c.Profile.Dialect
	may := d.Reacts(of.Kind)
	reader := d.NewReader(conn)
	patience := c.Patience
	if !may.Silence { // and the payment beside it must not overtake it: its key serial number is higher
		patience = timeout
	}
	met := c.listen(conn, reader, patience)
	paid := c.pay()
	if met.silent() {
		// A payment that was sent later has its answer: whoever was to answer this has had
		// the time for it.
		met = c.listen(conn, reader, c.Patience)
	}
	taken := met.answered && d.Class(met.code) != dialect.Declines
	var undone error
	if taken && paid == nil {
		undone = c.player.Undo(&of.order, request)
	}
	switch {
	case paid != nil:
		v.Reason = fmt.Errorf("after it (%s) a payment as it should be does not pass: %w", met.String(), paid)
	case met.wrong != nil && d.HTTP.Path != "": // it says so in HTTP
	case met.wrong != nil:
		v.Reason = errors.New(met.String())
	case met.spoilt(), met.answered && !d.Answers(may, met.code), met.silent() && !may.Silence, met.hungUp && !met.answered && !may.HangUp:
		v.Reason = fmt.Errorf("%s; want %s", met.String(), may)
	case undone != nil:
		untested(fmt.Errorf("%s; %w", met.String(), undone))
		return
	}
	v.Outcome = verdicts.Passed
	if v.Reason != nil {
		v.Outcome, v.Exchange = verdicts.Failed, c.exchange(frame, &met)
	}
}

// spoil makes the malformed request, of a payment that nobody has sent before.
func (c *Check) spoil(of *Case) (request *wire.Message, frame []byte, err error) {
	for range tries {
		var seal func([]byte) [8]byte
		if request, seal, err = c.player.Prepare(&of.order); err != nil {
			return nil, nil, err
		}
		request = request.Clone() // the payment beside it is made over it
		if frame, err = request.Spoil(&of.Defect, seal); !errors.Is(err, wire.ErrNotSpoilt) {
			break
		}
	}
	return request, frame, err
}

// listen waits for a reaction for so long.
func (c *Check) listen(conn net.Conn, reader *wire.Reader, patience time.Duration) (met reaction) {
	conn.SetReadDeadline(time.Now().Add(patience))
	body, err := reader.Next()
	switch {
	case err == nil:
		met.message = c.Profile.Dialect.NewMessage()
		if met.wrong = met.message.Read(body); met.wrong == nil {
			met.answered, met.code = true, dialect.CodeOf(met.message.Get(wire.ResponseCode))
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		met.hungUp = true
	default:
		met.wrong = err
	}
	return met
}

// exchange tells what was sent and what came, masked.
func (c *Check) exchange(frame []byte, met *reaction) string {
	d := c.Profile.Dialect
	var b strings.Builder
	fmt.Fprintf(&b, "sent, %d octets:\n", len(frame))
	const most, wide = 512, 64
	for hex := d.DoubtfulHex(frame[:min(len(frame), most)]); hex != ""; hex = hex[min(len(hex), wide):] {
		fmt.Fprintf(&b, "%s\n", hex[:min(len(hex), wide)])
	}
	if met.answered {
		b.WriteString("answered:\n")
		d.Describe(&b, met.message)
	}
	return b.String()
}
