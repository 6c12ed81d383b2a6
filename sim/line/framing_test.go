package line_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// cupIn is CUP in another framing.
func cupIn(t testing.TB, f wire.Framing) *dialect.Dialect {
	t.Helper()
	d := dialect.CUP()
	f.Header = d.Header
	d.Framing = f
	if err := d.Compile(); err != nil {
		t.Fatal(err)
	}
	return d
}

// reframed is the same frame of CUP's in another framing.
func reframed(t testing.TB, d *dialect.Dialect, frame []byte, answer bool) []byte {
	t.Helper()
	out, err := d.Frame(nil, frame[2:], answer)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// framings are a few that differ in all that a line may know.
func framings() map[string]wire.Framing {
	all := map[string]wire.Framing{
		"serial": {Before: "\x02", Length: wire.Length{Octets: 2, Form: wire.PackedDigits}, Trailer: "\x03", LRC: true},
		"HTTP":   {Length: wire.Binary2, HTTP: wire.HTTP{Path: "/pos"}},
	}
	for _, class := range []string{"NACChannel", "HEXChannel", "GICCChannel", "BASE24TCPChannel", "AmexChannel"} {
		all[class], _ = wire.Channel(class)
	}
	return all
}

// A host that keeps its lines open with empty messages hears them back, and the
// exchange under way is none the worse.
func TestKeepAlivesAreAnsweredOnEveryLine(t *testing.T) {
	gicc, _ := wire.Channel("GICCChannel")
	d := cupIn(t, gicc)
	for _, kind := range []string{"own", "own with faults", "shared"} {
		heard := make(chan error, 1)
		dialer := scripted(t, func(_ int, c *peer) {
			c.reader = d.NewReader(c)
			req := c.request()
			if req == nil {
				return
			}
			c.Write(make([]byte, 4))
			echo := []byte("none")
			c.SetReadDeadline(time.Now().Add(patient))
			_, err := io.ReadFull(c, echo)
			if string(echo) != "\x00\x00\x00\x00" {
				err = errors.Join(err, errors.New(string(echo)))
			}
			heard <- err
			c.Write(reframed(t, d, approval(req), true))
			c.request()
		})
		var l line.Link
		switch kind {
		case "shared":
			s := line.NewShared(t.Context(), dialer, &d.Format, line.NewClock())
			defer s.Wait()
			l = s
		default:
			own := line.NewOwn(t.Context(), dialer, &d.Format, line.NewClock())
			if kind != "own" {
				own.Faults = &line.Faults{}
			}
			l = own
		}
		x := purchaseOf(tid, 1, 100)
		x.Request = reframed(t, d, x.Request, false)
		if err := l.Exchange(x); !paired(x, err) {
			t.Errorf("%s: %v", kind, err)
		}
		if err := <-heard; err != nil {
			t.Errorf("%s: the keep-alive came back as %v", kind, err)
		}
		l.Close()
	}
}

// approving is a host that answers with a MAC, and tells what it was asked.
func approving(t *testing.T, d *dialect.Dialect) (*line.Dialer, <-chan string) {
	requests := make(chan string, 10)
	return scripted(t, func(_ int, c *peer) {
		c.reader = d.NewReader(c)
		for {
			body, err := c.reader.Next()
			if err != nil {
				if errors.Is(err, wire.ErrFrame) || errors.Is(err, wire.ErrLength) {
					t.Error(err)
				}
				return
			}
			requests <- string(body)
			req, a := d.NewMessage(), d.NewMessage()
			if err := req.Read(body); err != nil {
				return
			}
			a.AnswerTo(req)
			a.AddMAC()
			frame, err := wire.AppendFrame(nil, a)
			if err != nil {
				t.Error(err)
			}
			c.Write(frame)
		}
	}), requests
}

// Faults meet whole messages, and what is spoiled is the message, not its frame.
func TestFaultsMeetMessagesInEveryFraming(t *testing.T) {
	for name, f := range framings() {
		d := cupIn(t, f)
		dialer, requests := approving(t, d)
		l := line.NewOwn(t.Context(), dialer, &d.Format, line.NewClock())
		l.Faults = &line.Faults{}
		const none = line.Fault(200)
		trace := 0
		ask := func(fault line.Fault) (*line.Exchange, error) {
			trace++
			x := within(purchaseOf(tid, trace, 100), patient)
			x.Request = reframed(t, d, x.Request, false)
			if fault != none {
				l.Faults.Add(fault, 1)
			}
			return x, l.Exchange(x)
		}
		if x, err := ask(none); !paired(x, err) {
			t.Fatalf("%s: %v", name, err)
		}
		sent := <-requests
		x, _ := ask(line.SpoilRequest)
		if got := <-requests; len(got) != len(sent) || got[len(got)-1] == sent[len(sent)-1] {
			t.Errorf("%s: a spoiled request is\n%X, the one before\n%X", name, got, sent)
		}
		x.Answer.Release()
		if x, err := ask(line.SpoilAnswer); !paired(x, err) || x.Answer.FieldText(64) != "\x00\x00\x00\x00\x00\x00\x00\x01" {
			t.Errorf("%s: an answer whose MAC is to be spoiled has %X, %v", name, x.Answer.Field(64), err)
		}
		<-requests
		if _, err := ask(line.LoseAnswer); !errors.Is(err, line.ErrTimeout) {
			t.Errorf("%s: a lost answer: %v", name, err)
		}
		<-requests
		if _, err := ask(line.DoubleAnswer); err != nil {
			t.Errorf("%s: a doubled answer: %v", name, err)
		}
		<-requests
		if x, err := ask(none); !paired(x, err) || x.Duplicate != 1 {
			t.Errorf("%s: after a doubled answer: %v, %d duplicates", name, err, x.Duplicate)
		}
		<-requests
		if _, err := ask(line.CutAnswer); !errors.Is(err, line.ErrBroken) {
			t.Errorf("%s: an answer cut: %v", name, err)
		}
		<-requests
		if _, err := ask(line.CutRequest); !errors.Is(err, line.ErrBroken) {
			t.Errorf("%s: a request cut: %v", name, err)
		}
		l.Close()
	}
}
