package sim_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// settlingHost approves what it is asked, and answers a settlement with the
// terminal's totals, a fen more where it is so said, and a flag of its own. It
// refuses what follows a settlement where that is so said.
func settlingHost(t *testing.T, x *till, flag byte, more uint64, refuseEnd bool) {
	t.Helper()
	x.Link = newOwn(t, answering(t, x.Profile, func(request *wire.Message) *wire.Message {
		a := request.Format().NewMessage()
		a.AnswerTo(request)
		switch request.MTI() {
		case "0500":
			v := request.Field(48)
			wire.PutUint(v[0:12], wire.Uint(v[0:12])+more)
			v[30], v[61] = flag, '1'
			a.SetField(48, v)
		case "0320":
			a.SetField(39, []byte("00"))
			if refuseEnd {
				a.SetField(39, []byte("96"))
			}
		}
		return a
	}), x.Profile)
}

// A host that says of every batch that it is unbalanced, or in error, with the
// terminal's own totals, is believed: no lost answer explains that, and none that was
// lost does.
func TestFlagOfEqualTotalsIsBelieved(t *testing.T) {
	for _, c := range []struct {
		name   string
		flag   byte
		opened bool
		doubt  bool
	}{
		{"unbalanced", '2', true, false}, {"in error", '3', true, false},
		{"unbalanced, in a batch that may hold more", '2', false, false},
		{"unbalanced, with a refund in doubt", '2', true, true}, {"in error, with a refund in doubt", '3', true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTill(t, newBench(t, "cup", 1))
			x.Opened = c.opened
			x.pay(t, 5_00)
			if c.doubt {
				x.Journal.Doubts = append(x.Journal.Doubts, sim.Doubt{Of: dialect.Refund, Amount: 3_00})
			}
			settlingHost(t, x, c.flag, 0, false)
			if err := x.p.Settle(); err != nil {
				t.Fatal(err)
			}
			s := x.Settled()
			if x.p.Last.Totals != sim.Unbalanced || s.Counts[sim.Unbalanced] != 1 || s.Counts[sim.Explained] != 0 {
				t.Errorf("the totals compare as %v: %+v", x.p.Last.Totals, s)
			}
			if !strings.Contains(s.Detail, "with the terminal's own totals") {
				t.Errorf("told is %q", s.Detail)
			}
			if c.flag == '2' && x.p.Last.Should == 0 {
				t.Error("the answer breaks no rule, want ANS-48-OWN")
			}
		})
	}
}

// What a host tells of a batch is kept when its settlement is not done.
func TestTotalsOfASettlementNotDoneAreKept(t *testing.T) {
	for _, c := range []struct {
		name      string
		flag      byte
		more      uint64
		refuseEnd bool
		kept      bool
	}{
		{"flag 1 with other totals", '1', 1, false, true},
		{"other totals, and the end refused", '2', 1, true, true},
		{"equal totals, and the end refused", '1', 0, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTill(t, newBench(t, "cup", 1))
			x.Opened = true
			x.pay(t, 5_00)
			settlingHost(t, x, c.flag, c.more, c.refuseEnd)
			_ = x.p.Settle()
			s := x.Settled()
			if s.Failed != 1 || s.Why == nil || (s.Open != nil) != c.kept {
				t.Fatalf("%+v", s)
			}
			if c.kept && s.Open.Host.Debit-s.Open.Own.Debit != 1 {
				t.Errorf("kept is %+v", s.Open)
			}
		})
	}
}

// What a settlement tells of refunds in doubt goes into the journal as it goes into
// the books.
func TestJournalTellsWhatTheSettlementTold(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	x.Opened = true
	x.pay(t, 10_00)
	paid := x.Journal.Records[0]
	for i, f := range []line.Fault{line.LoseAnswer, line.LoseRequest} {
		x.Faults.Add(f, 1)
		o := sim.Order{Of: dialect.Refund, Amount: int64(1_00 * (i + 1)), Entry: paid.Entry, Holder: paid.Holder(x.Profile), Original: &paid}
		if err := x.p.Pay(&o); err != nil || x.p.Last.Outcome != report.TimedOut {
			t.Fatalf("refund: %v, %v", err, x.p.Last.Outcome)
		}
	}
	var told []sim.Doubt
	var sum int64
	x.p.Closed = func(_ *sim.Terminal, records []sim.Record, doubts []sim.Doubt) {
		told = append(told, doubts...)
		for _, r := range records {
			sum += r.Amount
		}
	}
	if err := x.p.Settle(); err != nil {
		t.Fatal(err)
	}
	if len(told) != 2 || told[0].Told != sim.Booked || told[1].Told != sim.NotBooked {
		t.Fatalf("told: %+v, want the first booked and the second not", told)
	}
	if net := sum - told[0].Amount; net != x.Journal.All.Net() {
		t.Errorf("the journal told sums up to %d, the books to %d", net, x.Journal.All.Net())
	}
}

// A host that calls the first settlements unbalanced, or in error, with the terminal's own
// totals, has not balanced every settlement: nothing that was there before explains that.
// That it has more is from before the run.
func TestOpeningSettlementsMayBeUnbalanced(t *testing.T) {
	for _, c := range []struct {
		name       string
		flag, more byte
		want       int64
	}{{"unbalanced", '2', 0, 8}, {"in error", '3', 0, 8}, {"more than the terminal's", '2', 1, 0}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, _ := dialect.Named("cup")
			var mu sync.Mutex
			seen := map[string]bool{}
			rep := settling(t, time.Second, time.Second, func(near net.Conn, said []byte) {
				if m := d.NewMessage(); isSettlement(said) && m.Read(said[2:]) == nil {
					mu.Lock()
					if of := string(m.Get(wire.TerminalID)); !seen[of] {
						seen[of] = true
						v := m.Field(48)
						v[11], v[14], v[30] = v[11]+c.more, v[14]+c.more, c.flag
						m.SetField(48, v)
						said, _ = wire.AppendFrame(nil, m)
					}
					mu.Unlock()
				}
				near.Write(said)
			})
			if s := rep.Settlements; s.Unbalanced != c.want || s.Balanced != 8 || s.Failed != 0 || len(s.Detail) != int(c.want) {
				t.Errorf("settled: %+v, want %d unbalanced", s, c.want)
			}
			rep.Judge(report.WithDefaults(nil))
			if rep.Kept("unbalanced") != (c.want == 0) {
				t.Errorf("promises: %+v", rep.Limits)
			}
		})
	}
}

// A network without settlement flags has its response code told.
func TestTotalsAreToldByWhatTheHostSaid(t *testing.T) {
	for network, c := range map[string]struct{ code, want string }{"cup": {"00", "flag 2"}, "iso87": {"95", "code 95"}} {
		d, _ := dialect.Named(network)
		if got := d.Verdict(dialect.Unbalanced, dialect.CodeOf([]byte(c.code))); got != c.want {
			t.Errorf("%s: %q, want %q", network, got, c.want)
		}
		x := newTill(t, newBench(t, network, 1))
		x.Opened = true
		x.pay(t, 5_00)
		x.Link = newOwn(t, answering(t, x.Profile, func(request *wire.Message) *wire.Message {
			a := request.Format().NewMessage()
			a.AnswerTo(request)
			a.SetString(wire.ResponseCode, "00")
			if r, is := d.ReadReconciliation(request); is && request.MTI() == "0500" {
				r.Flag, r.ForeignFlag = dialect.Unbalanced, dialect.Balanced
				d.SetReconciliation(a, &r)
				a.SetString(wire.ResponseCode, c.code)
			}
			return a
		}), x.Profile)
		if err := x.p.Settle(); err != nil {
			t.Fatal(err)
		}
		if s := x.Settled(); s.Detail == "" || !strings.Contains(s.Detail, "the host says "+c.want+", unbalanced") {
			t.Errorf("%s: told is %+v", network, s)
		}
	}
}
