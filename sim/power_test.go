package sim_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// Until the self-test has ended nothing can be done, and nothing is sent.
func TestKeysAreDeadInTheSelfTest(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	sent := len(x.sent)
	x.SwitchOn()
	if err := x.Login("01", "0000"); !errors.Is(err, sim.ErrRefusedLocally) || x.Operator != "" || x.Display != x.Profile.Screens.Brand {
		t.Errorf("log in: %v, operator %q, it shows %q", err, x.Operator, x.Display)
	}
	if err := x.p.SignIn(); !errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("sign in: %v", err)
	}
	if err := x.p.Pay(x.order(dialect.Purchase, 100)); !errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("pay: %v", err)
	}
	if x.SelfTest(); x.Display != x.Profile.Screens.Standby || len(x.sent) != sent {
		t.Errorf("it shows %q, and sent %d messages", x.Display, len(x.sent)-sent)
	}
	if err := errors.Join(x.Login("01", "0000"), x.p.Pay(x.order(dialect.Purchase, 100))); err != nil || !x.p.Last.Approved() {
		t.Errorf("afterwards: %v, %v", err, x.p.Last.Reason())
	}
}

// A terminal that has been opened has no key of any kind, and asks the host for none.
func TestTamperedTerminalKeepsNoKey(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.Tamper()
	sent := len(x.sent)
	if x.HasKeys() || x.SignedIn {
		t.Error("it has keys")
	}
	if err := x.p.SignIn(); !errors.Is(err, sim.ErrRefusedLocally) || !strings.Contains(err.Error(), "master key") {
		t.Errorf("sign in: %v", err)
	}
	if d := x.p.CheckNetwork(); d.Trouble != sim.OtherTrouble || x.SignedIn { // the line is well, and it cannot sign in
		t.Errorf("the check finds %v", d)
	}
	if len(x.sent) != sent+1 {
		t.Errorf("%d messages sent, want the echo test alone", len(x.sent)-sent)
	}
	x.LoadMaster()
	if err := x.p.SignIn(); err != nil || !x.SignedIn || !x.HasKeys() {
		t.Errorf("with a key loaded: %v, %v", err, x.p.Last.Reason())
	}
}

// What is reported is what the kind has; the same fault keeps its ticket, another one
// gets another, and none is reported twice.
func TestFaultsAreReportedOnce(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	uploads := func() (n int) {
		for _, s := range x.sent {
			if s.of == dialect.StatusUpload {
				n++
			}
		}
		return n
	}
	sign := func() {
		t.Helper()
		if err := x.p.SignIn(); err != nil || !x.SignedIn || x.p.Last.Of != dialect.SignIn {
			t.Fatalf("%v, %v", err, x.p.Last)
		}
	}
	x.Wear(func(c *device.Condition) { c.Broken = device.Battery }) // a desktop has none
	if sign(); uploads() != 0 {
		t.Error("it reports a part that it does not have")
	}
	x.Wear(func(c *device.Condition) { c.Broken = device.Printer })
	sign()
	first := x.Condition.Ticket
	if uploads() != 1 || x.Condition.Reported != device.Printer || len(first) != 10 {
		t.Errorf("%d reports, of %s, ticket %q", uploads(), x.Condition.Reported, first)
	}
	if sign(); uploads() != 1 {
		t.Error("it reports the same fault again")
	}
	if err := x.p.UploadStatus(); err != nil || x.Condition.Ticket != first {
		t.Errorf("asked for again: %v, ticket %q, before %q", err, x.Condition.Ticket, first)
	}
	x.Wear(func(c *device.Condition) { c.Broken |= device.PINPad })
	if sign(); uploads() != 3 || x.Condition.Ticket == first {
		t.Errorf("another fault: %d reports, ticket %q, before %q", uploads(), x.Condition.Ticket, first)
	}
}

// Each cause of no reaction is told from the others, by a real host or a port where
// nobody listens.
func TestCausesOfNoReaction(t *testing.T) {
	b := newBench(t, "cup", 1)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := nobody.Addr().String()
	nobody.Close()
	for _, c := range []struct {
		name   string
		make   func(x *till)
		want   sim.Trouble
		screen string
		why    string
	}{
		{"well", func(*till) {}, sim.NoTrouble, "网络正常", ""},
		{"off", func(x *till) { x.On = false }, sim.NoPower, "", "switched off"},
		{"no power", func(x *till) { x.Wear(func(c *device.Condition) { c.NoPower = true }); x.SwitchOn() }, sim.NoPower, "", "no power"},
		{"modem", func(x *till) { x.Wear(func(c *device.Condition) { c.Broken = device.Modem }) }, sim.BrokenPart, "通讯模块故障", "modem"},
		{"unplugged", func(x *till) { x.Faults.Outage = line.NoSignal }, sim.NoSignal, "请接好网线", "no signal"},
		{"nobody listens", func(x *till) {
			x.Link.Close()
			x.Link = newOwn(t, &line.Dialer{Address: closed, Timeout: 5 * time.Second}, x.Profile)
		}, sim.HostRefuses, "连接主机失败", "connection refused"},
		{"refused", func(x *till) { x.Faults.Outage = line.HostRefuses }, sim.HostRefuses, "连接主机失败", "refuses"},
		{"silent", func(x *till) { x.Faults.Outage = line.HostSilent }, sim.HostSilent, "接收数据超时", "no answer"},
		{"hangs up", func(x *till) { x.Faults.Add(line.CutAnswer, 1) }, sim.HostRefuses, "通讯中断", "broken"},
		{"unknown", func(x *till) {
			id := *x.Terminal.Terminal
			id.TID = "00000000"
			x.Terminal.Terminal = &id
		}, sim.NotRegistered, "终端未登记", "97"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTill(t, b)
			c.make(x)
			d := x.p.CheckNetwork()
			if d.Trouble != c.want || x.Display != c.screen || (d.Why == nil) != (c.why == "") || !strings.Contains(d.String(), c.why) {
				t.Errorf("it finds %q and shows %q, want %v, %q and %q", d, x.Display, c.want, c.screen, c.why)
			}
		})
	}
}

// A run whose lines are played like a named one says so, adds nothing to the host's
// part, and its books agree: whatever broke was reversed.
func TestRunPlaysLines(t *testing.T) {
	b := newBench(t, "cup", 8)
	p := *b.profile
	p.Lines = append(p.Lines, &line.Profile{Name: "test", Connect: time.Millisecond, P50: 2 * time.Millisecond, P95: 3 * time.Millisecond, Breaks: 0.3})
	p.Policy.ReversalTries = 99 // of three in a row the line loses all, now and then
	b.profile = &p
	r := &sim.Run{Line: "test", Terminals: 8, For: 2 * time.Second, NewHost: true}
	plan := purchase(&p)
	do := plan.Steps[0].Do
	plan.Steps[0].Do = func(pl *sim.Player) error {
		if err := do(pl); err != nil && pl.Last.Outcome != report.Broken { // as the line has it
			return err
		}
		return nil
	}
	var err error
	if r.Mix, err = sim.NewMix(3, []*sim.Plan{plan}, []float64{1}); err != nil {
		t.Fatal(err)
	}
	rep := b.run(t, r)
	d := rep.LineDelay
	if len(d.Profiles) != 1 || !strings.HasPrefix(d.Profiles[0], "test: connects in 1ms") || d.Added == nil {
		t.Fatalf("profiles %q", d.Profiles)
	}
	all, _ := rep.Overall()
	if n := all.Counts.Sent(); d.Added.TotalCount() != n || d.Host.TotalCount() != n {
		t.Errorf("%d exchanges, the line's part of %d and the host's of %d", n, d.Added.TotalCount(), d.Host.TotalCount())
	}
	if d.Broken == 0 || all.Counts[report.Broken] == 0 || d.Connects == 0 {
		t.Errorf("%d breaks, %d exchanges broken, %d connections", d.Broken, all.Counts[report.Broken], d.Connects)
	}
	if d.Added.Max() < 2000 {
		t.Errorf("the line added %d µs at most", d.Added.Max())
	}
	var taken, booked int64
	for _, x := range r.Fleet() {
		taken += x.Journal.All.Net()
		if x.Owes() {
			t.Errorf("terminal %s owes a reversal", x.TID)
		}
	}
	for _, book := range b.host.Books() {
		booked += book.Net()
	}
	if taken != booked {
		t.Errorf("terminals took %d fen, the host booked %d", taken, booked)
	}
	r.Lines.Shared = 1
	if _, err := r.Do(t.Context(), t.Context()); err == nil || !strings.Contains(err.Error(), "own lines") {
		t.Errorf("on shared lines: %v", err)
	}
}

// What makes the line does not work: nothing goes out, nothing is owed, and the screen says
// which part it is. A part that the machine does not have is in nobody's way.
func TestNothingIsSentWithoutModemOrSIM(t *testing.T) {
	b := newBench(t, "cup", 1)
	for part, shown := range map[device.Parts]string{device.Modem: "通讯模块故障", device.SIM: "未检测到SIM卡"} {
		x := newTill(t, b)
		x.Kind = device.Find(device.Kinds(), "mobile")
		x.Wear(func(c *device.Condition) { c.Broken = part })
		x.pay(t, 100)
		if x.wants(t, report.Unsent, false); x.Display != shown || sim.TroubleOf(&x.p.Last) != sim.BrokenPart {
			t.Errorf("%s: it shows %q, %v", part, x.Display, sim.TroubleOf(&x.p.Last))
		}
		if err := x.p.SignIn(); err != nil || x.p.Last.Approved() || x.Display != shown {
			t.Errorf("%s: sign-in: %v, %v, it shows %q", part, err, x.p.Last.Outcome, x.Display)
		}
	}
	x := newTill(t, b)
	x.Kind = device.Find(device.Kinds(), "desktop")
	x.Wear(func(c *device.Condition) { c.Broken = device.SIM })
	x.pay(t, 100)
	if !x.p.Last.Approved() || x.p.CheckNetwork().Trouble != sim.NoTrouble {
		t.Errorf("a machine without a SIM: %v", x.p.Last.Reason())
	}
}
