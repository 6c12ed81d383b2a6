package scenarios

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// neverEnds passes frames on to a host, but for the end messages of settlements,
// which it acknowledges itself: the host never comes to a new batch. It gives its
// own address.
func neverEnds(t *testing.T, p *profile.Profile, to string) *line.Dialer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			terminal, err := l.Accept()
			if err != nil {
				return
			}
			host, err := net.Dial("tcp", to)
			if err != nil {
				terminal.Close()
				return
			}
			wg.Go(func() {
				io.Copy(terminal, host)
				terminal.Close()
			})
			wg.Go(func() {
				forward(p.Dialect, terminal, host)
				host.Close()
			})
		}
	})
	return &line.Dialer{Address: l.Addr().String(), Timeout: 5 * time.Second}
}

func forward(d *dialect.Dialect, terminal, host net.Conn) {
	in, m := d.NewReader(terminal), d.NewMessage()
	for {
		body, err := in.Next()
		if err != nil {
			return
		}
		var prefix [4]byte
		d.Length.Put(prefix[:], len(body))
		frame := append(append([]byte(nil), prefix[:d.Length.Octets]...), body...)
		if m.Read(body) != nil || m.MTI() != d.Form(dialect.UploadEnd).MTI {
			host.Write(frame)
			continue
		}
		a := m.Clone()
		a.SetMTI("0330")
		a.SetString(wire.ResponseCode, "00")
		a.SetString(wire.LocalTime, "120000")
		a.SetString(wire.LocalDate, "1126")
		a.SetString(wire.RRN, "120000000001")
		copy(a.Head[1:], []byte{0, 0, 0, 3})
		if frame, err := wire.AppendFrame(nil, a); err == nil {
			terminal.Write(frame)
		}
	}
}

// A host that does not start a new batch at settlement fails whatever begins with
// an empty one, for that one cause, and the rest as it does on however many
// terminals.
func TestHostThatNeverEndsABatch(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	var want map[string]verdicts.Outcome
	for _, terminals := range []int{1, 8, 200} {
		p, d := bundledHost(t, "cup")
		c := &Check{Language: language(p, nil), Dialer: neverEnds(t, p, d.Address), Features: embeddedFor(t, "cup"), Terminals: terminals}
		found, err := c.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]verdicts.Outcome{}
		for v := range found.All() {
			got[v.Selector+v.File] = v.Outcome
			if strings.HasPrefix(v.File, "cup/settlement") && (v.Outcome != verdicts.Failed || !errors.Is(v.Reason, errSameBatch)) {
				t.Errorf("%d terminals: %s %s: %v", terminals, v.Selector, v.Outcome, v.Reason)
			}
		}
		if why := found.Causes()[0].Why(); !strings.HasPrefix(why, errSameBatch.Error()) {
			t.Errorf("%d terminals: the first cause is %s", terminals, why)
		}
		if want == nil {
			want = got
		}
		for at, outcome := range got {
			if outcome != want[at] {
				t.Errorf("%d terminals: %s is %s, on one %s", terminals, at, outcome, want[at])
			}
		}
	}
}

// The totals that a failure tells are those that were sent, with the advices that went up
// first.
func TestUnbalancedTotalsAreThoseThatWereSent(t *testing.T) {
	const sent = "the terminal has debits of 173.00 yuan in 3"
	p, d := bundledHost(t, "cup", host.WithMisbehaviour("lying-totals"))
	for _, f := range embeddedFor(t, "cup") {
		for _, s := range f.Scenarios {
			if s.Has("@cup-advice-2") {
				if v := play(t, p, d, s); v.Reason == nil || !strings.Contains(v.Reason.Error(), sent) {
					t.Errorf("%s: %v, want it to say %q", s.At(), v.Reason, sent)
				}
			}
		}
	}
}
