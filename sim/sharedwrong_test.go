package sim_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// wrongly is a run at a host whose answers to purchases are changed: their octets from the
// routing header on.
func wrongly(t *testing.T, lines string, change func(m *wire.Message, octets []byte) []byte) *report.Report {
	t.Helper()
	b := newBench(t, "cup", 8)
	b.dialer = &line.Dialer{Timeout: 5 * time.Second, Address: relayed(t, b.dialer.Address, func(near net.Conn, said []byte) {
		var out []byte
		for len(said) > 2 {
			octets := said[2 : 2+binary.BigEndian.Uint16(said)]
			said = said[2+len(octets):]
			d, _ := dialect.Named("cup")
			if m := d.NewMessage(); m.Read(octets) == nil && m.MTI() == "0210" {
				octets = change(m, bytes.Clone(octets))
			}
			out = append(binary.BigEndian.AppendUint16(out, uint16(len(octets))), octets...)
		}
		near.Write(out)
	})}
	p := *b.profile
	p.Policy.Timeout = time.Second // a busy machine is slow
	b.profile = &p
	mode, err := line.ParseMode(lines)
	if err != nil {
		t.Fatal(err)
	}
	return b.run(t, &sim.Run{Lines: mode, Terminals: 8, Drain: 5 * time.Second, Pacer: sim.Constant(sim.Rate{N: 50, Per: time.Second}), For: 500 * time.Millisecond})
}

// again is a changed message in octets.
func again(m *wire.Message) []byte {
	out, err := m.Append(nil)
	if err != nil {
		panic(err)
	}
	return out
}

// either is refused where the terminal's exchange is the only one of the line, and a timeout where
// nobody is sure whose answer it was.
const either = report.Outcome(255)

// asCharacters is a message with the digits of a field that are packed as characters.
func asCharacters(m *wire.Message, octets []byte, field int) []byte {
	digits := m.Field(field)
	packed, _ := hex.DecodeString(string(digits))
	return bytes.Replace(octets, packed, digits, 1)
}

// An answer that is wrong breaks the same must and ends its exchange alike, whoever shares
// the line.
func TestWrongAnswersAreJudgedAlikeOnEveryLine(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for name, c := range map[string]struct {
		rule    string
		outcome report.Outcome
		change  func(m *wire.Message, octets []byte) []byte
	}{
		"octets after the last field": {"ANS-READ", report.Refused, func(_ *wire.Message, o []byte) []byte { return append(o, "XX"...) }},
		"an octet short":              {"ANS-READ", report.Refused, func(_ *wire.Message, o []byte) []byte { return o[:len(o)-1] }},
		"another MTI": {"ANS-PAIR", report.TimedOut, func(_ *wire.Message, o []byte) []byte {
			o[12] = 0x30
			return o
		}},
		"another terminal": {"ANS-PAIR", report.TimedOut, func(m *wire.Message, _ []byte) []byte {
			m.SetFieldString(41, "99999999")
			return again(m)
		}},
		"no trace": {"ANS-PAIR", report.TimedOut, func(m *wire.Message, _ []byte) []byte {
			m.UnsetField(11)
			return again(m)
		}},
		"the type of another request's": {"ANS-PAIR", report.TimedOut, func(_ *wire.Message, o []byte) []byte {
			o[11] = 0x04
			return o
		}},
		"another trace": {"ANS-PAIR", report.TimedOut, func(m *wire.Message, _ []byte) []byte {
			m.SetUint(wire.Trace, m.Uint(wire.Trace)%999999+1)
			return again(m)
		}},
		"an amount of characters": {"ANS-READ", either, func(m *wire.Message, o []byte) []byte {
			return asCharacters(m, o, 4)
		}},
		"a trace of characters": {"ANS-READ", either, func(m *wire.Message, o []byte) []byte {
			return asCharacters(m, o, 11)
		}},
	} {
		for _, lines := range []string{"own", "each", "shared:2"} {
			t.Run(name+" "+lines, func(t *testing.T) {
				t.Parallel()
				rep := wrongly(t, lines, c.change)
				l, broken := rep.Label("purchase"), map[string]int64{}
				for _, r := range rep.Rules {
					broken[r.ID] += r.N
				}
				if c.outcome == either && broken[c.rule] > 0 {
					broken[c.rule] += broken["ANS-ALONE"] // where two are open on a line, nobody knows whose it is
				}
				if sent := l.Counts.Sent(); sent == 0 || c.outcome != either && l.Counts[c.outcome] != sent || l.Counts[report.Approved] > 0 || broken[c.rule] != sent {
					t.Errorf("%d purchases: %+v, rules %v; want all %v, and %s of each", sent, l.Counts, broken, c.outcome, c.rule)
				}
			})
		}
	}
}
