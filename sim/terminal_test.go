package sim_test

import (
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// seen is one exchange of a till.
type seen struct {
	of      dialect.Transaction
	outcome report.Outcome
	request *wire.Message
	result  sim.Result
}

// counting is a link that sums up the answers that nobody waited for.
type counting struct {
	line.Link
	late, duplicate, unmatched int
	before                     func(n int) // told of each exchange since it was set, from 0
	n                          int
}

func (c *counting) Exchange(x *line.Exchange) error {
	if c.before != nil {
		c.before(c.n)
		c.n++
	}
	err := c.Link.Exchange(x)
	c.late, c.duplicate, c.unmatched = c.late+x.Late, c.duplicate+x.Duplicate, c.unmatched+x.Unmatched
	return err
}

// till is a terminal with its player and all that it exchanged.
type till struct {
	*sim.Terminal
	p    *sim.Player
	sent []seen
}

// newOwn is a line of a terminal's own.
func newOwn(t testing.TB, d *line.Dialer, p *profile.Profile) *line.Own {
	l := line.NewOwn(t.Context(), d, &p.Dialect.Format, line.NewClock())
	t.Cleanup(func() { l.Close() })
	return l
}

// answering is a host for one connection that answers each request as told; nil
// is no answer.
func answering(t testing.TB, p *profile.Profile, answer func(request *wire.Message) *wire.Message) *line.Dialer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for r := p.Dialect.NewReader(c); ; {
			body, err := r.Next()
			if err != nil {
				return
			}
			request := p.Dialect.NewMessage()
			if err := request.Read(body); err != nil {
				t.Error(err)
			}
			if a := answer(request); a != nil {
				frame, err := wire.AppendFrame(nil, a)
				if err != nil {
					t.Error(err)
				}
				c.Write(frame)
			}
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return &line.Dialer{Address: l.Addr().String(), Timeout: 2 * time.Second}
}

// newTill signs a bench's first terminal in, on a line of its own that can be
// made to fail. Its profile is a copy: the test may change the policy.
func newTill(t testing.TB, b *bench) *till {
	t.Helper()
	q := *b.profile
	x := &till{Terminal: sim.NewTerminal(&q, &q.Terminals[0])}
	x.Faults = &line.Faults{}
	clock := line.NewClock()
	own := newOwn(t, b.dialer, &q)
	own.Faults = x.Faults
	x.Link = &counting{Link: own}
	x.p = sim.NewPlayer(q.Dialect, clock)
	x.p.T = x.Terminal
	x.p.Each = func(request, _ *wire.Message, r *sim.Result) {
		x.sent = append(x.sent, seen{r.Of, r.Outcome, request.Clone(), *r})
	}
	x.PowerOn()
	if err := errors.Join(x.Login("01", "0000"), x.p.SignIn()); err != nil {
		t.Fatal(err)
	}
	if !x.SignedIn {
		t.Fatalf("sign-in: %v", x.p.Last.Reason())
	}
	x.sent = nil
	return x
}

func (x *till) order(of dialect.Transaction, amount int64) *sim.Order {
	return &sim.Order{Of: of, Amount: amount, Entry: sim.Swipe, PIN: true, Holder: &x.Profile.Holders("good")[0]}
}

// pay has a good card pay so many fen.
func (x *till) pay(t testing.TB, amount int64) {
	t.Helper()
	if err := x.p.Pay(x.order(dialect.Purchase, amount)); err != nil {
		t.Fatal(err)
	}
}

// wants checks how the last payment ended and whether a reversal is owed.
func (x *till) wants(t testing.TB, outcome report.Outcome, owes bool) {
	t.Helper()
	if x.p.Last.Outcome != outcome || x.Owes() != owes {
		t.Errorf("the payment was %v (%v), owes a reversal: %v; want %v, %v", x.p.Last.Outcome, x.p.Last.Why, x.Owes(), outcome, owes)
	}
}

// order of what went over the line since the last look.
func (x *till) exchanged() (of []dialect.Transaction) {
	for _, s := range x.sent {
		of = append(of, s.of)
	}
	x.sent = nil
	return of
}

// booked is what the host has on its books for the till.
func (b *bench) booked(x *till) int64 {
	for _, k := range b.host.Books() {
		if k.TID == x.TID {
			return k.Net()
		}
	}
	return 0
}

func TestTraceWrapsPastZero(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.Trace = 999998
	for range 4 {
		x.pay(t, 100)
		x.wants(t, report.Approved, false)
	}
	var traces []uint64
	for _, s := range x.sent {
		traces = append(traces, s.request.FieldUint(11))
	}
	if want := []uint64{999998, 999999, 1, 2}; !slices.Equal(traces, want) {
		t.Errorf("traces %v, want %v", traces, want)
	}
}

func TestFirstTraceIsOne(t *testing.T) {
	b := newBench(t, "cup", 1)
	if n := sim.NewTerminal(b.profile, &b.profile.Terminals[0]).Trace; n < 1 || n > 999999 {
		t.Errorf("the first trace is %d", n)
	}
}

// Requests that take a trace number never share one, and those that do not
// take one leave it.
func TestTraceCountsWhatTakesOne(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.Trace = 10
	x.pay(t, 100)
	if err := x.p.Echo(); err != nil {
		t.Fatal(err)
	}
	x.Faults.Add(line.LoseAnswer, 1)
	x.pay(t, 200)
	x.pay(t, 300)
	if err := errors.Join(x.p.SignIn(), x.p.Settle(), x.p.SignOff()); err != nil {
		t.Fatal(err)
	}
	type number struct {
		of    dialect.Transaction
		trace uint64
	}
	var got []number
	for _, s := range x.sent {
		got = append(got, number{s.of, s.request.FieldUint(11)})
	}
	want := []number{{dialect.Purchase, 10}, {dialect.Echo, 0}, {dialect.Purchase, 11}, {dialect.Reversal, 11}, {dialect.Purchase, 12},
		{dialect.SignIn, 13}, {dialect.Settlement, 14}, {dialect.UploadEnd, 15}, {dialect.SignOff, 16}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestNobodySellsWithoutLogin(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.PowerOn()
	for _, c := range []struct {
		number, password, shows string
		refused                 bool
	}{
		{"01", "9999", "密码错误", true},
		{"77", "0000", "操作员不存在", true},
		{"00", "123456", "操作员管理", false},
		{"99", "12345678", "操作员管理", false},
	} {
		if err := x.Login(c.number, c.password); errors.Is(err, sim.ErrRefusedLocally) != c.refused || x.Display != c.shows || x.Operator != "" {
			t.Errorf("operator %s: %v, shows %s, logged in %q", c.number, err, x.Display, x.Operator)
		}
		if err := x.p.SignIn(); !errors.Is(err, sim.ErrRefusedLocally) {
			t.Errorf("operator %s: signed in without an operator: %v", c.number, err)
		}
	}
	if len(x.sent) > 0 {
		t.Errorf("%d messages were sent", len(x.sent))
	}
	if err := x.Login("02", "0000"); err != nil || x.Operator != "02" {
		t.Errorf("operator 02: %v, logged in %q", err, x.Operator)
	}
}

// An operator signs in at the machine, and the terminal at the host: the display asks
// for the second where keys are to be fetched and are not there.
func TestOperatorIsAskedForTheSignInThatIsLacking(t *testing.T) {
	for _, c := range []struct {
		file     string
		signedIn bool
		shows    string
	}{
		{"extends: cup\n", false, "请做联机签到"},
		{"extends: cup\n", true, "操作员签到成功"},
		{"extends: iso87\nmac: none\nsign-in: none\ntransactions: {sign-in: none, sign-off: none}\n", false, "操作员签到成功"},
	} {
		d, err := dialect.Parse("x.yaml", []byte(c.file), nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := profile.BundledIn(d, 1)
		if err != nil {
			t.Fatal(err)
		}
		x := sim.NewTerminal(p, &p.Terminals[0])
		x.PowerOn()
		x.SignedIn = c.signedIn
		if err := x.Login("01", "0000"); err != nil || x.Display != c.shows {
			t.Errorf("%s, signed in %t: %v, shows %s, want %s", c.file, c.signedIn, err, x.Display, c.shows)
		}
	}
}

// What a terminal refuses itself it does not send.
func TestTerminalRefusesItself(t *testing.T) {
	b := newBench(t, "cup", 20)
	x := newTill(t, b)
	x.Profile.Policy.JournalLimit = 2
	x.Profile.Policy.RefundLimit = 1000
	x.pay(t, 100)
	if err := x.p.Pay(x.order(dialect.Refund, 1001)); !errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("a refund above the limit: %v", err)
	}
	x.pay(t, 100)
	if err := x.p.Pay(x.order(dialect.Purchase, 100)); !errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("a payment beyond the batch: %v", err)
	}
	if err := x.p.SignOff(); err != nil {
		t.Fatal(err)
	}
	sent := len(x.sent)
	if err := x.p.Pay(x.order(dialect.Purchase, 100)); !errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("a payment without sign-in: %v", err)
	}
	if err := x.p.Settle(); !errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("a settlement without sign-in: %v", err)
	}
	if len(x.sent) != sent {
		t.Errorf("%d messages were sent", len(x.sent)-sent)
	}
}

// A sign-in whose keys do not fit their check values leaves the old keys, with
// which the terminal still pays once it is believed to be signed in.
func TestWrongCheckValueKeepsTheOldKeys(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	liar := newBench(t, "cup", 1, misbehaving("wrong-kcv"))
	honest, batch := x.Link, x.Batch
	x.Link = newOwn(t, liar.dialer, x.Profile)
	err := x.p.SignIn()
	x.Link.Close()
	var wrong *keys.KCVError
	if err != nil || x.p.Last.Outcome != report.Refused || !errors.As(x.p.Last.Why, &wrong) || x.SignedIn || x.Batch != batch {
		t.Fatalf("%v, %v (%v), signed in: %v, batch %d", err, x.p.Last.Outcome, x.p.Last.Why, x.SignedIn, x.Batch)
	}
	if x.Owes() {
		t.Error("a sign-in owes a reversal")
	}
	x.Link, x.SignedIn = honest, true
	x.pay(t, 100)
	x.wants(t, report.Approved, false)
	if got := b.booked(x); got != 100 {
		t.Errorf("booked %d, want 100", got)
	}
}

// Answers 77, A0 and 99 send the terminal to sign in; then it pays.
func TestTerminalSignsInAgainWhenTold(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.Batch = x.Batch%999999 + 1 // the host answers 77 to a wrong batch
	x.pay(t, 100)
	x.wants(t, report.Declined, false)
	if got := x.exchanged(); !slices.Equal(got, []dialect.Transaction{dialect.Purchase, dialect.SignIn}) || !x.SignedIn {
		t.Fatalf("exchanged %v, signed in: %v", got, x.SignedIn)
	}
	x.pay(t, 100)
	x.wants(t, report.Approved, false)
}

// A void counts on both sides: the purchase stays a debit, its void is a
// credit. Settled batches stay in the running totals.
func TestJournalTotals(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.pay(t, 1000)
	x.pay(t, 250)
	void := x.order(dialect.PurchaseVoid, 250)
	void.Original = lastPurchase(&x.Journal)
	if err := x.p.Pay(void); err != nil || !x.p.Last.Approved() {
		t.Fatalf("void: %v, %v", err, x.p.Last.Reason())
	}
	refund := x.order(dialect.Refund, 400)
	refund.Original = lastPurchase(&x.Journal)
	if refund.Original.Amount != 1000 {
		t.Fatalf("the last purchase that is not voided is of %d, want 1000", refund.Original.Amount)
	}
	if err := x.p.Pay(refund); err != nil || !x.p.Last.Approved() {
		t.Fatalf("refund: %v, %v", err, x.p.Last.Reason())
	}
	want := dialect.Totals{Debit: 1250, Credit: 650, DebitN: 2, CreditN: 2}
	if x.Journal.Batch != want || x.Journal.All != want {
		t.Errorf("batch %+v, all %+v, want %+v", x.Journal.Batch, x.Journal.All, want)
	}
	if got := b.booked(x); got != want.Net() {
		t.Errorf("the host booked %d, want %d", got, want.Net())
	}
	if err := x.p.Settle(); err != nil || x.p.Last.Flag != '1' {
		t.Fatalf("settlement: %v, flag %c", err, x.p.Last.Flag)
	}
	if x.Journal.Batch != (dialect.Totals{}) || len(x.Journal.Records) != 0 || x.Journal.All != want {
		t.Errorf("after settlement: batch %+v, %d records, all %+v", x.Journal.Batch, len(x.Journal.Records), x.Journal.All)
	}
}

// When the trace has come round and the old answer comes at last, its amount
// gives it away: the line cannot tell, the terminal's checks can.
func TestOldAnswerAfterAWholeRoundIsRefused(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	x.Profile.Policy.Timeout = 30 * time.Millisecond
	var old *wire.Message
	x.Link = newOwn(t, answering(t, x.Profile, func(request *wire.Message) *wire.Message {
		if old != nil {
			return old
		}
		old = request.Format().NewMessage()
		old.AnswerTo(request)
		old.SetFieldString(39, "00")
		return nil
	}), x.Profile)
	x.Trace = 77
	x.pay(t, 100)
	x.wants(t, report.TimedOut, true)
	x.Owed = sim.Owed{} // it was reversed meanwhile
	x.Profile.Policy.Timeout = 30 * time.Second
	x.Trace = 77
	x.pay(t, 200)
	x.wants(t, report.Refused, true)
}

// lastPurchase is the newest purchase in a journal that has not been voided.
func lastPurchase(j *sim.Journal) *sim.Record {
	for i := len(j.Records) - 1; i >= 0; i-- {
		if r := &j.Records[i]; r.Of.Booking() == dialect.Charge && !r.Voided {
			return r
		}
	}
	return nil
}
