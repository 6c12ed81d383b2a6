package sim_test

import (
	"errors"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/host/staff"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/operator"
	"github.com/posfleet/posfleet/sim/wire"
)

// shows checks both screens; a customer's text that is "-" is not looked at.
func (x *till) shows(t *testing.T, operator, customer string) {
	t.Helper()
	if x.Display != operator {
		t.Errorf("the terminal shows %q, want %q", x.Display, operator)
	}
	if got := x.CustomerDisplay(); customer != "-" && got != customer {
		t.Errorf("the customer reads %q, want %q", got, customer)
	}
}

// kinds are the transactions that went over the line, in order.
func (x *till) kinds() (all []dialect.Transaction) {
	for _, s := range x.sent {
		all = append(all, s.of)
	}
	return all
}

func (x *till) went(t *testing.T, want ...dialect.Transaction) {
	t.Helper()
	got := x.kinds()
	for i := range max(len(got), len(want)) {
		if len(got) != len(want) || got[i] != want[i] {
			t.Errorf("exchanged %v, want %v", got, want)
			break
		}
	}
	x.sent = nil
}

func (x *till) refuses(t *testing.T, err error, shown string) {
	t.Helper()
	if !errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("got %v, want the terminal to refuse", err)
	}
	x.shows(t, shown, "-")
}

func TestNobodySellsWithoutLoggingIn(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 2))
	x.PowerOn()
	x.refuses(t, x.p.Pay(x.order(dialect.Purchase, 100)), "请输入操作员号")
	x.went(t)
	if err := x.Login("01", "0000"); err != nil {
		t.Fatal(err)
	}
	x.shows(t, "操作员签到成功", "-")
	x.pay(t, 100)
	x.went(t, dialect.Purchase)
}

func TestLockedScreenSellsNothing(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 2))
	if err := x.LockScreen(); err != nil {
		t.Fatal(err)
	}
	x.refuses(t, x.p.Pay(x.order(dialect.Purchase, 100)), "终端已锁定")
	x.refuses(t, x.Login("02", "0000"), "终端已锁定")
	x.refuses(t, x.ChangePassword("01", "0000", "481516", "481516"), "终端已锁定")
	x.refuses(t, x.UnlockScreen("02", "0000"), "操作员号不符")
	x.refuses(t, x.UnlockScreen("01", "0001"), "密码错误")
	x.refuses(t, x.p.Pay(x.order(dialect.Purchase, 100)), "终端已锁定")
	if err := x.UnlockScreen("00", "123456"); err != nil {
		t.Error(err)
	}
	x.pay(t, 100)
	x.wants(t, report.Approved, false)
}

// The supervisor's lock holds for voids as well: they are what the password is for.
func TestGuessingTheSupervisorLocksVoids(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 2))
	for range 5 {
		x.Operators.Age(time.Minute)
		if x.Supervise("000000") == nil {
			t.Fatal("a wrong password passes")
		}
	}
	x.refuses(t, x.Supervise("123456"), "主管已锁定, 请重置密码")
}

func TestTerminalsDoNotShareAChangedPassword(t *testing.T) {
	b := newBench(t, "cup", 2)
	x := newTill(t, b)
	if err := x.ChangePassword("01", "0000", "481516", "481516"); err != nil {
		t.Fatal(err)
	}
	y := sim.NewTerminal(b.profile, &b.profile.Terminals[1])
	y.PowerOn()
	if err := y.Login("01", "0000"); err != nil {
		t.Errorf("another terminal: %v", err)
	}
	if !y.Operators.Shared() || x.Operators.Shared() {
		t.Error("a terminal that changed nothing has a table of its own, or the other none")
	}
	x.refuses(t, x.Login("01", "0000"), "密码错误")
}

func TestNewDaySignsInBeforeThePaymentAndOnce(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 2))
	x.pay(t, 100)
	x.Yesterday()
	x.pay(t, 200)
	x.pay(t, 300)
	x.went(t, dialect.Purchase, dialect.SignIn, dialect.Purchase, dialect.Purchase)
	x.shows(t, "交易成功", "支付成功")
	x.Profile.Policy.DailySignIn = false
	x.Yesterday()
	x.pay(t, 400)
	x.went(t, dialect.Purchase)
}

// A requirement in the header is heeded on approvals and declines alike, and what
// came of the payment stays on both screens.
func TestRequiredSignInLeavesThePaymentAsItIs(t *testing.T) {
	for _, c := range []struct {
		role, shown, customer string
	}{{"good", "交易成功", "支付成功"}, {"stolen", "被窃卡, 请没收", "支付未成功, 未扣款"}} {
		b := newBench(t, "cup", 2)
		x := newTill(t, b)
		if err := b.host.Staff().WantSignIn(x.TID); err != nil {
			t.Fatal(err)
		}
		o := x.order(dialect.Purchase, 100)
		o.Holder = &x.Profile.Holders(c.role)[0]
		if err := x.p.Pay(o); err != nil {
			t.Fatal(err)
		}
		x.went(t, dialect.Purchase, dialect.SignIn)
		x.shows(t, c.shown, c.customer)
		x.pay(t, 100)
		x.went(t, dialect.Purchase)
	}
}

func TestCustomerReadsWhereThePaymentStands(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 2))
	x.shows(t, "签到成功", "")
	x.Faults.Add(line.LoseAnswer, 1)
	x.pay(t, 100)
	x.shows(t, "交易超时", "支付结果未知, 正在核实")
	x.LoseKeys()
	x.shows(t, "密钥丢失, 请做联机签到", "支付结果未知, 正在核实")
	x.refuses(t, x.p.Pay(x.order(dialect.Purchase, 100)), "请先签到")
	if err := x.p.SignIn(); err != nil {
		t.Fatal(err)
	}
	if done, _ := x.p.Reverse(); !done {
		t.Error("the reversal was not acknowledged")
	}
	x.shows(t, "冲正成功", "支付已撤销, 未扣款")
	x.pay(t, 100)
	x.shows(t, "交易成功", "支付成功")
	x.pay(t, 200)
	for i, customer := range []string{"支付成功", "支付已撤销, 未扣款"} { // of the payment before, then of the latest
		void := x.order(dialect.PurchaseVoid, int64(100*(i+1)))
		void.Original = &x.Journal.Records[i]
		if err := errors.Join(x.Supervise(x.SupervisorPassword()), x.p.Pay(void)); err != nil || !x.p.Last.Approved() {
			t.Fatal(err, x.p.Last.Reason())
		}
		x.shows(t, x.Display, customer)
	}
}

// granted has the bench's host give a one-time code for operator 01 of a till.
func granted(t *testing.T, b *bench, x *till) string {
	t.Helper()
	d := b.host.Staff()
	papers := staff.Papers{ID: "1", Licence: "2"}
	if err := errors.Join(d.Enrol(x.TID, staff.Customer{Number: "80010001", Papers: papers}), d.Hire("2001"), d.Hire("2002")); err != nil {
		t.Fatal(err)
	}
	_, code, err := d.Ask(staff.Ask{Channel: staff.Branch, TID: x.TID, Operator: "01", Papers: papers, Staff: [2]string{"2001", "2002"}})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestResetPasswordIsDeadAtTheTerminalToo(t *testing.T) {
	b := newBench(t, "cup", 2)
	x := newTill(t, b)
	code := granted(t, b, x)
	x.pay(t, 100) // 77, and then the sign-in is refused
	x.went(t, dialect.Purchase, dialect.SignIn)
	x.shows(t, "密码已失效, 请重置密码", "支付未成功, 未扣款")
	x.refuses(t, x.Login("01", "0000"), "密码已失效, 请重置密码")
	x.refuses(t, x.p.ResetPassword("01", code, "123456", "123456"), "密码不能为连续数字")
	x.went(t)
	x.refuses(t, x.p.ResetPassword("01", code+"12345678901", "481516", "481516"), "重置码错误或已过期")
	if err := x.p.ResetPassword("01", code, "481516", "481516"); err != nil || !x.p.Last.Approved() {
		t.Fatalf("%v, %v", err, x.p.Last.Reason())
	}
	for _, s := range x.sent {
		if sealed := s.request.Get(wire.OneTimeCode); s.of == dialect.PasswordReset && (len(sealed) == 0 || string(sealed) == code) {
			t.Error("the code went over the line in clear")
		}
	}
	x.sent = nil
	x.shows(t, "重置密码成功", "-")
	if err := errors.Join(x.Login("01", "481516"), x.p.SignIn()); err != nil {
		t.Fatal(err)
	}
	x.pay(t, 100)
	x.wants(t, report.Approved, false)
}

func TestLostTerminalStopsInTheMiddleOfTrading(t *testing.T) {
	b := newBench(t, "cup", 2)
	x := newTill(t, b)
	granted(t, b, x)
	if err := b.host.Staff().ReportLoss("80010001", x.TID); err != nil {
		t.Fatal(err)
	}
	x.pay(t, 100)
	x.went(t, dialect.Purchase, dialect.SignIn)
	x.shows(t, "终端已停用, 请与客服联系", "支付未成功, 未扣款")
	x.refuses(t, x.p.Pay(x.order(dialect.Purchase, 100)), "终端已停用, 请与客服联系")
	x.went(t)
}

// What has a pointer anywhere the garbage collector goes through, and journals are most of what
// a long run has.
func TestRecordsAreNothingToTheGarbageCollector(t *testing.T) {
	var pointers func(reflect.Type) bool
	pointers = func(of reflect.Type) bool {
		switch of.Kind() {
		case reflect.Struct:
			for f := range of.Fields() {
				if pointers(f.Type) {
					return true
				}
			}
			return false
		case reflect.Array:
			return pointers(of.Elem())
		case reflect.Bool, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			return false
		}
		return true
	}
	for _, of := range []reflect.Type{reflect.TypeFor[sim.Record](), reflect.TypeFor[book.Record]()} {
		if pointers(of) {
			t.Errorf("%s has pointers", of)
		}
	}
	if !pointers(reflect.TypeFor[sim.Terminal]()) {
		t.Error("a terminal seems to have none")
	}
}

// A fleet of a hundred thousand is memory: what a terminal is must not fall into the
// next larger size that the runtime gives out, and what a payment touches of it lies together.
func TestTerminalIsNoLarger(t *testing.T) {
	if n := unsafe.Sizeof(sim.Terminal{}); n > 384 {
		t.Errorf("a terminal takes %d octets, more than 384", n)
	}
	if n := unsafe.Sizeof(sim.Record{}); n > 64 {
		t.Errorf("a record of its batch takes %d octets, more than 64", n)
	}
	var x sim.Terminal
	for name, at := range map[string]struct{ is, want uintptr }{"Owed.Request": {unsafe.Offsetof(x.Owed) + unsafe.Offsetof(x.Owed.Request), 72}, "Faults": {unsafe.Offsetof(x.Faults), 128},
		"Batch": {unsafe.Offsetof(x.Batch), 188}, "Journal": {unsafe.Offsetof(x.Journal), 256}} {
		if at.is != at.want && unsafe.Sizeof(uintptr(0)) == 8 {
			t.Errorf("%s is at %d, want %d: then a payment touches 5 lines of a cache", name, at.is, at.want)
		}
	}
	if n := unsafe.Sizeof(operator.Table{}); n != unsafe.Sizeof(uintptr(0)) {
		t.Errorf("its table of operators takes %d octets, want a pointer's", n)
	}
}
