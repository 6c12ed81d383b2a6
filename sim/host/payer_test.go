package host

import (
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// asked has a phone of a role show a code for an order of rice, whose host asks for a
// password; enter is the customer who enters it, with what else the phone says.
func (p *pos) asked(h *Host, role string, count int) (request *wire.Message, number string, enter func(more ...string) string) {
	p.Helper()
	number = p.order(count)
	payer := h.profile.Holders(role)[0].Code
	code := dialect.AppendOneTimeCode(nil, dialect.OneTimeCode{Payer: uint32(wire.Uint([]byte(payer[13:]))), Second: uint32(time.Now().Unix() % 1e6), Number: uint32(p.trace)})
	request = p.request(dialect.QRPurchase, amount(uint64(200*count)), func(_ *pos, m *wire.Message) {
		m.SetFieldString(22, "032")
		m.Set(wire.PaymentCode, dialect.AppendPaymentCode(nil, string(code)))
	}, pays(number))
	p.send(request)
	return request, number, func(more ...string) string {
		p.Helper()
		said := append([]string{dialect.TagCode, string(code), dialect.TagPayer, payer}, more...)
		return p.do(dialect.CodeScan, amount(uint64(200*count)), data(said...))
	}
}

// state is what the host says of an order.
func (p *pos) state(number string) dialect.OrderState {
	p.Helper()
	p.want("00", dialect.OrderQuery, data(dialect.TagOrder, number))
	return dialect.OrderState(dialect.TaggedUint(p.ans.Get(wire.OrderData), dialect.TagState))
}

// Nothing is booked before the password, and once afterwards: under the trace of the
// terminal's request, whose reversal undoes it.
func TestPasswordDecides(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	m, number, enter := p.asked(h, "qr-password", 2)
	if got := p.ans.FieldText(39); got != "09" {
		t.Fatalf("the host answers %s, want 09", got)
	}
	p.refused(dialect.PayerTypes)
	book := func(want int) {
		t.Helper()
		if got := bookOf(h, "10000001").DebitN; got != want {
			t.Errorf("%d payments are booked, want %d", got, want)
		}
	}
	is := func(want dialect.OrderState) {
		t.Helper()
		if got := p.state(number); got != want {
			t.Errorf("the order is %s, want %s", got, want)
		}
	}
	book(0)
	is(dialect.OrderPaying)
	p.want("09", dialect.OrderCancel, data(dialect.TagOrder, number))
	p.want("09", dialect.Purchase, amount(400), shows("good"), pays(number))
	book(0)
	if got := enter(); got != "00" {
		t.Fatalf("the password is answered %s", got)
	}
	is(dialect.OrderPaid)
	if got := wire.Uint([]byte(p.told(dialect.TagPayment)[6:12])); got != m.Uint(wire.Trace) {
		t.Errorf("booked under trace %d, want that of the terminal's request, %d", got, m.Uint(wire.Trace))
	}
	book(1)
	if got := enter(); got != "22" {
		t.Errorf("the password once more is answered %s", got)
	}
	book(1)
	if got := p.send(p.reversalOf(m)); got != "00" {
		t.Errorf("the reversal is answered %s", got)
	}
	book(0)
	is(dialect.OrderConfirmed)
}

func TestPasswordThatComesTooLate(t *testing.T) {
	for name, late := range map[string]struct {
		first func(p *pos, m *wire.Message, number string)
		more  []string
		code  string
		state dialect.OrderState
	}{
		"after the reversal": {first: func(p *pos, m *wire.Message, _ string) { p.send(p.reversalOf(m)) }, code: "22", state: dialect.OrderConfirmed},
		"after the batch": {first: func(p *pos, _ *wire.Message, _ string) {
			p.want("00", dialect.Purchase, amount(100), shows("good"))
			if flag := p.settlement(100, 1, 0, 0); flag != '1' {
				p.Fatalf("settlement flag %c", flag)
			}
			p.want("00", dialect.UploadEnd, set(48, "0000"))
			p.signIn()
		}, code: "22", state: dialect.OrderConfirmed},
		"not at all": {more: []string{dialect.TagDeclines, "1"}, code: "00", state: dialect.OrderConfirmed},
	} {
		t.Run(name, func(t *testing.T) {
			h, address := listen(t, "cup")
			p := ready(t, h, address, 0)
			m, number, enter := p.asked(h, "qr-password", 1)
			if late.first != nil {
				late.first(p, m, number)
			}
			if got := enter(late.more...); got != late.code {
				t.Errorf("answered %s, want %s", got, late.code)
			}
			if got := p.state(number); got != late.state {
				t.Errorf("the order is %s, want %s", got, late.state)
			}
			if got := bookOf(h, "10000001").Debit; got > 100 {
				t.Errorf("%d fen are booked", got)
			}
		})
	}
}

// A password does not make money: what the account lacks is refused then, and the order
// can be paid otherwise.
func TestPasswordOfAPoorPayer(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	_, number, enter := p.asked(h, "qr-password", 900)
	if got := enter(); got != "51" {
		t.Errorf("answered %s, want 51", got)
	}
	if got := p.state(number); got != dialect.OrderConfirmed {
		t.Errorf("the order is %s", got)
	}
	p.want("00", dialect.Purchase, amount(180000), shows("good"), pays(number))
}

// Another's phone does not answer for the one that was asked.
func TestPasswordOfAnotherPhone(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	_, number, enter := p.asked(h, "qr-password", 1)
	other := *p
	if got := other.do(dialect.CodeScan, amount(200), data(dialect.TagCode, "6200000000000000000", dialect.TagPayer, h.profile.Holders("good")[0].Code)); got != "22" {
		t.Errorf("a code that nobody showed is answered %s", got)
	}
	p.trace = other.trace
	if got := p.state(number); got != dialect.OrderPaying {
		t.Errorf("the order is %s", got)
	}
	if got := enter(); got != "00" {
		t.Errorf("the right phone is answered %s", got)
	}
}
