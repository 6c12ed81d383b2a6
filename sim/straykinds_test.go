package sim_test

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// Of a burst of messages that are of no request each kind is told, and each message counted,
// on lines of one terminal and of many: what stands first in it hides nothing.
func TestEachKindOfStrayIsTold(t *testing.T) {
	t.Parallel()
	d := dialect.CUP()
	kinds := 0
	var burst []byte
	for _, mti := range []string{"0100", "0200", "0220", "0320", "0400", "0500", "0620", "0800", "0820", "0830", "0110", "0210", "0230", "0330", "0410", "0510", "0630", "0810"} {
		m := d.NewMessage()
		d.Form(dialect.Echo).Begin(m)
		m.SetMTI(mti)
		m.SetString(wire.TerminalID, "99999999")
		m.SetUint(wire.Trace, 999999)
		frame, err := wire.AppendFrame(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		for range kinds%3 + 1 {
			burst = append(burst, frame...)
		}
		kinds++
	}
	for _, mode := range []line.Mode{{}, {Shared: 1}, {Shared: 2}} {
		b := newBench(t, "cup", 4)
		var answers atomic.Int64
		b.dialer = &line.Dialer{Address: relayed(t, b.dialer.Address, func(near net.Conn, said []byte) {
			near.Write(said)
			if answers.Add(1) == 6 {
				near.Write(burst)
			}
		}), Timeout: 5 * time.Second}
		rep := b.run(t, &sim.Run{Terminals: 4, Lines: mode, Pacer: sim.Constant(sim.Rate{N: 20, Per: time.Second}), For: time.Second})
		messages, told := int64(2*kinds), map[string]int64{}
		for _, s := range rep.Strays {
			told[s.Kind[:4]] += s.N
		}
		if len(rep.Strays) != kinds || len(told) != kinds || rep.Unmatched != messages {
			t.Errorf("%s: %d of %d kinds, %d of %d messages: %v", mode, len(told), kinds, rep.Unmatched, messages, told)
		}
		if want := fmt.Sprint("ANS-ALONE ", messages); len(rep.Rules) != 1 || fmt.Sprint(rep.Rules[0].ID, " ", rep.Rules[0].N) != want {
			t.Errorf("%s: %+v, want %s", mode, rep.Rules, want)
		}
	}
}

// An answer of a type that answers nothing is told as what it is, also where a terminal has the
// line for itself: it answers the payment by every other field.
func TestAnswerOfAnotherTypeBreaksItsRule(t *testing.T) {
	t.Parallel()
	for _, mode := range []line.Mode{{}, {Shared: 1}} {
		b := newBench(t, "cup", 2)
		p := *b.profile
		p.Policy.Timeout = time.Second // what comes later is of no request
		b.profile = &p
		b.dialer = &line.Dialer{Address: relayed(t, b.dialer.Address, func(near net.Conn, said []byte) {
			if len(said) > 15 && said[13] == 0x02 && said[14] == 0x10 {
				said[14] = 0x20
			}
			near.Write(said)
		}), Timeout: 5 * time.Second}
		rep := b.runUntil(t, &sim.Run{Terminals: 1, Lines: mode}, func(e sim.Event) bool { return is(e, dialect.Purchase, report.TimedOut) })
		if len(rep.Strays) != 1 || len(rep.Rules) != 1 || rep.Rules[0].ID != "ANS-PAIR" || rep.Rules[0].N != rep.Strays[0].N {
			t.Errorf("%s: %+v, %+v", mode, rep.Rules, rep.Strays)
		}
	}
}

// A length of nought right before an answer breaks its rule on lines of every kind.
func TestEmptyMessageBeforeAnAnswerIsTold(t *testing.T) {
	t.Parallel()
	for _, mode := range []line.Mode{{}, {Each: true}, {Shared: 1}} {
		b := newBench(t, "cup", 2)
		b.dialer = &line.Dialer{Address: relayed(t, b.dialer.Address, func(near net.Conn, said []byte) {
			if len(said) > 15 && said[13] == 0x02 && said[14] == 0x10 {
				said = append([]byte{0, 0}, said...)
			}
			near.Write(said)
		}), Timeout: 5 * time.Second}
		played := 0
		rep := b.runUntil(t, &sim.Run{Terminals: 1, Lines: mode}, func(e sim.Event) bool {
			if is(e, dialect.Purchase, report.Approved) {
				played++
			}
			return played >= 5
		})
		if len(rep.Rules) != 1 || rep.Rules[0].ID != "ANS-LENGTH" || rep.Rules[0].N < 5 {
			t.Errorf("%s: %+v", mode, rep.Rules)
		}
	}
}
