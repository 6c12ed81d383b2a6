package order

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

func menu() *profile.Menu {
	return &profile.Menu{Version: 1, Dishes: []profile.Dish{
		{Number: 1, Name: "a", Price: 150}, {Number: 2, Name: "b", Price: 333}, {Number: 3, Name: "c", Price: 100, SoldOut: true}}}
}

func orders(t testing.TB, terminals int) *Orders {
	p := &profile.Profile{Dialect: dialect.CUP(), Menu: *menu()}
	for i := range terminals {
		p.Terminals = append(p.Terminals, profile.Terminal{TID: fmt.Sprintf("%08d", 10000001+i)})
	}
	return New(p)
}

// wanted is an order of lines that come to what they should.
func wanted(own string, lines ...dialect.OrderLine) Wanted {
	return Wanted{Own: []byte(own), Lines: lines, Total: dialect.OrderTotal(lines)}
}

const now = 1_800_000_000

func TestNumbersAreUniqueAndFoundAgain(t *testing.T) {
	d := orders(t, 1).Desk(0, fmt.Appendf(nil, "%08d", 10000001+0))
	seen := map[string]bool{}
	for i := range 3 * sequences { // within one second
		o, why := d.Confirm(menu(), wanted(fmt.Sprint(i), dialect.OrderLine{Dish: 1, Count: 1, Price: 150}), now)
		if why != dialect.NoReason {
			t.Fatal(why)
		}
		number := string(d.AppendNumber(nil, o))
		if seen[number] || !dialect.IsOrderNumber([]byte(number)) || number[:8] != "10000001" {
			t.Fatalf("order %d has number %s", i, number)
		}
		seen[number] = true
		if d.Find([]byte(number), now) != o {
			t.Fatalf("order %d is not found by %s", i, number)
		}
	}
	for number := range seen {
		wrong := []byte(number)
		wrong[24] = '0' + (wrong[24]-'0'+1)%10
		if d.Find(wrong, now) != nil {
			t.Errorf("%s is found", wrong)
		}
	}
}

// Each own number finds its own order, for as long as it is kept and no longer.
func TestSameOwnNumberIsSameOrder(t *testing.T) {
	d := orders(t, 1).Desk(0, fmt.Appendf(nil, "%08d", 10000001+0))
	line := dialect.OrderLine{Dish: 2, Count: 3, Price: 333}
	for i := range 2*mostKept + 5 {
		d.Confirm(menu(), wanted(fmt.Sprint("n", i), line), now)
	}
	if len(d.ring) != mostKept {
		t.Fatalf("%d orders are kept, want %d", len(d.ring), mostKept)
	}
	made := d.made
	for i := mostKept + 5; i < 2*mostKept+5; i++ {
		if _, why := d.Confirm(menu(), wanted(fmt.Sprint("n", i), line), now+5); why != dialect.NoReason || d.made != made {
			t.Fatalf("own number %d makes another order, %q", i, why)
		}
	}
	if _, why := d.Confirm(menu(), wanted(fmt.Sprint("n", 2*mostKept), dialect.OrderLine{Dish: 2, Count: 2, Price: 333}), now); why != dialect.OwnNumberTaken {
		t.Errorf("another order under the same number: %q", why)
	}
	if d.byOwn([]byte("n0")) != nil {
		t.Error("an order that is forgotten is found by its own number")
	}
}

func TestOrdersAreHeldToTheMenu(t *testing.T) {
	for name, c := range map[string]struct {
		want  Wanted
		why   dialect.OrderReason
		total int64
	}{
		"right":          {wanted("1", dialect.OrderLine{Dish: 1, Count: 2, Price: 150}, dialect.OrderLine{Dish: 2, Count: 1, Price: 333}), dialect.NoReason, 633},
		"old price":      {wanted("2", dialect.OrderLine{Dish: 1, Count: 2, Price: 149}), dialect.PriceChanged, 0},
		"sold out":       {wanted("3", dialect.OrderLine{Dish: 3, Count: 1, Price: 100}), dialect.DishSoldOut, 0},
		"no such dish":   {wanted("4", dialect.OrderLine{Dish: 9, Count: 1, Price: 100}), dialect.DishSoldOut, 0},
		"none of it":     {wanted("5", dialect.OrderLine{Dish: 1, Count: 0, Price: 150}), dialect.NotAnOrder, 0},
		"one fen less":   {Wanted{Own: []byte("6"), Lines: []dialect.OrderLine{{Dish: 1, Count: 2, Price: 150}}, Total: 299}, dialect.NotAnOrder, 0},
		"nothing at all": {Wanted{Own: []byte("7")}, dialect.NotAnOrder, 0},
	} {
		o, why := orders(t, 1).Desk(0, fmt.Appendf(nil, "%08d", 10000001+0)).Confirm(menu(), c.want, now)
		if why != c.why || why == dialect.NoReason && o.Total != c.total {
			t.Errorf("%s: %q, want %q", name, why, c.why)
		}
	}
}

func TestOrderGoesThroughItsStates(t *testing.T) {
	d := orders(t, 1).Desk(0, fmt.Appendf(nil, "%08d", 10000001+0))
	o, _ := d.Confirm(menu(), wanted("1", dialect.OrderLine{Dish: 1, Count: 2, Price: 150}), now)
	number := d.AppendNumber(nil, o)
	is := func(want dialect.OrderState) {
		t.Helper()
		if o.State != want {
			t.Fatalf("%s, want %s", o.State, want)
		}
	}
	is(dialect.OrderConfirmed)
	d.Show(o, Code{Number: 7, Batch: 1, Trace: 2}, now)
	is(dialect.OrderPaying)
	if why := o.Payable(299); why != dialect.OtherAmount {
		t.Errorf("%q", why)
	}
	d.Paid(o, Payment{Serial: 9, When: now, Batch: 1, Trace: 2})
	is(dialect.OrderPaid)
	if d.PaidBy(9) != o || d.PaidBy(8) != nil || o.Payable(300) != dialect.OrderAlreadyPaid || d.Cancel(o, now) != dialect.OrderAlreadyPaid {
		t.Error("a paid order is not known as one")
	}
	d.Refund(o, 100, now)
	is(dialect.OrderPartRefunded)
	if o.Rest() != 200 {
		t.Errorf("%d is left, want 200", o.Rest())
	}
	d.Refund(o, 200, now)
	is(dialect.OrderRefunded)
	d.Refund(o, -200, now) // the void was reversed
	is(dialect.OrderPartRefunded)
	d.Unpaid(o, now)
	is(dialect.OrderConfirmed)
	if d.Find(number, now+16*60) != o {
		t.Fatal("not found")
	}
	is(dialect.OrderExpired)
	if o.Payable(300) != dialect.OrderIsExpired || d.Cancel(o, now) != dialect.OrderIsExpired {
		t.Error("an expired order may be paid or cancelled")
	}
}

func TestCodesAreGoodOnceAndForAMinute(t *testing.T) {
	var c Codes
	code := func(age int64, n uint32) dialect.OneTimeCode {
		return dialect.OneTimeCode{Payer: 3, Second: uint32((now - age) % 1e6), Number: n}
	}
	for i, step := range []struct {
		code dialect.OneTimeCode
		at   int64
		want dialect.OrderReason
	}{
		{code(0, 1), now, dialect.NoReason},
		{code(0, 1), now, dialect.CodeUsed},
		{code(0, 2), now, dialect.NoReason},
		{code(60, 3), now, dialect.NoReason},
		{code(61, 4), now, dialect.CodeTooOld},
		{code(-60, 5), now, dialect.NoReason}, // a clock that goes before
		{code(-60, 5), now + 119, dialect.CodeUsed},
		{code(-61, 6), now, dialect.CodeTooOld},
		{code(0, 1), now + 61, dialect.CodeTooOld},
	} {
		if got := c.Use(step.code, step.at); got != step.want {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
	for i := range int64(1000) { // and are forgotten when they are too old
		c.Use(code(-10*i, uint32(i)), now+10*i)
	}
	if n := len(c.used[0]) + len(c.used[1]); n > 40 {
		t.Errorf("%d codes are kept", n)
	}
}

func TestStaticCodesHaveALimitOfADay(t *testing.T) {
	c := Codes{Limit: StaticLimit}
	for i, step := range []struct {
		payer  int32
		amount int64
		day    uint32
		want   dialect.OrderReason
	}{{1, 50000, 101, dialect.NoReason}, {1, 1, 101, dialect.OverStaticLimit}, {2, 50001, 101, dialect.OverStaticLimit}, {2, 1, 101, dialect.NoReason}, {1, 1, 102, dialect.NoReason}} {
		if got := c.Spend(step.payer, step.amount, step.day); got != step.want {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
}

// However many orders there are, a bounded number is kept, and making one more in a
// desk that is full allocates nothing.
func TestOrdersDoNotGrowWithoutEnd(t *testing.T) {
	const terminals, each = 300, 3 * leastKept
	s := New(&profile.Profile{Dialect: dialect.CUP(), Menu: *menu(), Terminals: make([]profile.Terminal, 2*Keeps/leastKept)})
	if got := s.Desk(0, fmt.Appendf(nil, "%08d", 10000001+0)).keep; got != leastKept {
		t.Fatalf("a desk of very many keeps %d, want %d", got, leastKept)
	}
	lines := []dialect.OrderLine{{Dish: 1, Count: 2, Price: 150}, {Dish: 2, Count: 1, Price: 333}}
	m, own := menu(), make([]byte, 20)
	next := func(d *Desk, n int) {
		for i := range own {
			own[i] = '0' + byte(n>>(i%16)&7)
		}
		copy(own, fmt.Sprint(n))
		o, why := d.Confirm(m, Wanted{Own: own, Lines: lines, Total: 633}, now)
		if why != dialect.NoReason {
			t.Fatal(why)
		}
		d.Paid(o, Payment{Serial: uint64(n + 1), When: now})
	}
	for i := range terminals {
		s.Desk(i, fmt.Appendf(nil, "%08d", 10000001+i)).tid = "10000001"
		for n := range each {
			next(s.Desk(i, fmt.Appendf(nil, "%08d", 10000001+i)), n)
		}
	}
	if got := s.Kept(); got != terminals*leastKept {
		t.Errorf("%d orders are kept of %d, want %d", got, terminals*each, terminals*leastKept)
	}
	d := s.Desk(0, fmt.Appendf(nil, "%08d", 10000001+0))
	if n := testing.AllocsPerRun(500, func() {
		d.Confirm(m, Wanted{Own: own, Lines: lines, Total: 633}, now)
		own[19]++
	}); n != 0 {
		t.Errorf("an order of a full desk allocates %g times", n)
	}
	runtime.KeepAlive(s)
}

func TestListenersHearOfChangesAndCannotHoldThemUp(t *testing.T) {
	s := orders(t, 2)
	heard, stop := s.Watch(2)
	for i := range 5 {
		s.Desk(1, fmt.Appendf(nil, "%08d", 10000001+1)).Confirm(menu(), wanted(fmt.Sprint(i), dialect.OrderLine{Dish: 1, Count: 1, Price: 150}), now)
	}
	if v := <-heard; v.Terminal != "10000002" || v.State != dialect.OrderConfirmed || v.Total != 150 || len(v.Lines) != 1 {
		t.Errorf("heard of %+v", v)
	}
	stop()
	s.Desk(0, fmt.Appendf(nil, "%08d", 10000001+0)).Confirm(menu(), wanted("x", dialect.OrderLine{Dish: 1, Count: 1, Price: 150}), now+1)
	if all := s.List(3); len(all) != 3 || all[0].Terminal != "10000001" {
		t.Errorf("the list has %+v", all)
	}
	v, ok := s.One(s.List(1)[0].Number, now)
	if !ok || v.Own != "x" {
		t.Errorf("one: %+v, %t", v, ok)
	}
}

// BenchmarkTenMillionOrders makes ten million orders of three lines at 1,000 terminals,
// and pays each: what they have grown the heap by at the end.
func BenchmarkTenMillionOrders(b *testing.B) {
	m := menu()
	lines := []dialect.OrderLine{{Dish: 1, Count: 2, Price: 150}, {Dish: 2, Count: 1, Price: 333}, {Dish: 2, Count: 4, Price: 333}}
	heap := func() float64 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return float64(s.HeapAlloc) / 1e6
	}
	for b.Loop() {
		const all = 10_000_000
		before := heap()
		s := orders(b, 1000)
		own := []byte("10000001112614000000000000")
		for n := range all {
			d := s.Desk(n%1000, []byte("10000001"))
			for i, v := len(own)-1, n; v > 0; i, v = i-1, v/10 {
				own[i] = '0' + byte(v%10)
			}
			o, why := d.Confirm(m, Wanted{Own: own, Lines: lines, Total: dialect.OrderTotal(lines)}, now+int64(n/5000))
			if why != dialect.NoReason {
				b.Fatal(why)
			}
			d.Paid(o, Payment{Serial: uint64(n + 1), When: now, Batch: 1, Trace: 1})
		}
		b.ReportMetric(heap()-before, "MB")
		b.ReportMetric(float64(s.Kept()), "kept")
		runtime.KeepAlive(s)
	}
}

// A desk waits for the password of one phone, while the order is kept and can be paid.
func TestADeskWaitsForOnePhone(t *testing.T) {
	d := orders(t, 1).Desk(0, []byte("10000001"))
	line := dialect.OrderLine{Dish: 2, Count: 3, Price: 333}
	confirmed := func(own string) *Order {
		o, why := d.Confirm(menu(), wanted(own, line), now)
		if why != dialect.NoReason {
			t.Fatal(why)
		}
		return o
	}
	number := func(own string) []byte { return d.AppendNumber(nil, d.byOwn([]byte(own))) }
	first, second := dialect.OneTimeCode{Payer: 1, Second: 2, Number: 3}, dialect.OneTimeCode{Payer: 1, Second: 2, Number: 4}
	d.Ask(confirmed("1"), first, 1, 11, now)
	for i := range 3 * leastKept { // the orders are moved as more of them are kept
		confirmed(fmt.Sprint("more", i))
	}
	o := d.Asked(first, now)
	if o == nil || o.Own() != "1" || o.State != dialect.OrderPaying || d.AskedUnder(1, 11) != o || d.Asked(second, now) != nil || d.AskedUnder(1, 12) != nil {
		t.Fatalf("asked for %+v", o)
	}
	if why := o.Payable(999); why != dialect.PayerTypes {
		t.Errorf("it may be paid otherwise meanwhile: %q", why)
	}
	if why := d.Cancel(o, now); why != dialect.PayerTypes {
		t.Errorf("it may be cancelled meanwhile: %q", why)
	}
	d.Ask(confirmed("2"), second, 1, 12, now)
	if d.Asked(first, now) != nil || d.AskedUnder(1, 11) != nil || d.Find(number("1"), now).State != dialect.OrderConfirmed {
		t.Error("the order before is still waited for")
	}
	if o := d.Asked(second, now+int64(Valid/time.Second)+1); o == nil || o.State != dialect.OrderExpired || o.Payable(999) != dialect.OrderIsExpired {
		t.Errorf("after its time it is %+v", o)
	}
	d.GiveUp(d.byOwn([]byte("2")), now)
	if o := d.Find(number("2"), now); d.Asked(second, now) != nil || o.State != dialect.OrderExpired {
		t.Errorf("given up it is %s", o.State)
	}
	d.Ask(confirmed("3"), first, 1, 13, now)
	for i := range d.keep {
		confirmed(fmt.Sprint("again", i))
	}
	if o := d.Asked(first, now); o != nil {
		t.Errorf("the phone pays another order, %s, in the place of the one that is forgotten", o.Own())
	}
}

// Refund numbers are kept as long as their orders are.
func TestRefundNumbersAreForgottenWithTheirOrder(t *testing.T) {
	d := orders(t, 1).Desk(0, []byte("10000001"))
	line := dialect.OrderLine{Dish: 2, Count: 3, Price: 333}
	for i := range 3 * d.keep {
		o, why := d.Confirm(menu(), wanted(fmt.Sprint(i), line), now)
		if why != dialect.NoReason {
			t.Fatal(why)
		}
		for k := range 2 {
			d.NoteRefund(o, fmt.Appendf(nil, "%d-%d", i, k), Refund{Amount: int64(k)})
		}
		if len(d.Refunds(o)) != 2 {
			t.Fatalf("order %d has %d refunds", i, len(d.Refunds(o)))
		}
	}
	if len(d.refunds) != 2*d.keep || len(d.numbers) != d.keep {
		t.Errorf("%d refund numbers of %d orders are kept, want %d of %d", len(d.refunds), len(d.numbers), 2*d.keep, d.keep)
	}
	if o, _ := d.RefundUnder([]byte("1-1")); o != nil {
		t.Error("the refund of an order that is forgotten is found")
	}
	last := fmt.Sprint(3*d.keep - 1)
	if o, r := d.RefundUnder([]byte(last + "-1")); o == nil || o.Own() != last || r.Amount != 1 {
		t.Errorf("the latest refund is of %+v", o)
	}
}
