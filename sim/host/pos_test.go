package host

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// bench is a profile that holds what the tests need, small enough to read.
func bench(network string) *profile.Profile { return fleet(network, 3) }

func fleet(network string, terminals int) *profile.Profile {
	p, err := profile.Parse("bench.yaml", []byte("name: bench\ndialect: "+network+benchYAML), terminals)
	if err != nil {
		panic(err)
	}
	// Besides: a terminal of a merchant that the profile does not know.
	p.Terminals = append(p.Terminals, profile.Terminal{TID: "10000009", MID: "999999999999999", Master: p.Terminals[0].Master})
	return p
}

const benchYAML = `
sign-in: "004"
transport-key: "test:7472616E73706F72746B657931362121"
policy: {timeout: 1s, supervisor: false}
operators: [{number: "01", password: "0000"}]
merchants: [{mid: "123456789012345", name: shop, fee: {basis-points: 60, cap: 80.00}}]
stock: [{first: "90000001", count: 3, derive: "test:62656E636862656E6368"}]
terminals: [{first: "10000001", count: 3, merchants: ["123456789012345"], derive: "test:62656E636862656E6368"}]
cards:
  - {role: good, pan: "6225000000000014", count: 50, expiry: "4912", pin: "123456", balance: 500000.00, points: 1000.00, alliance-points: 1000.00, code: "6211111111111111111"}
  - {role: qr-password, code: "6211111111111222222", balance: 1000.00, asks-password: true}
  - {role: rich, pan: "6225000030000000", count: 20, expiry: "4912", pin: "123456", balance: 9999999999.99}
  - {role: poor, pan: "6225000090000510", expiry: "4912", pin: "123456", balance: 1.00}
  - {role: prepaid, pan: "6225000036000012", expiry: "4912", balance: 300.00, partial-approval: true}
  - {role: expired, pan: "6225000090000544", expiry: "2001", pin: "123456", balance: 1000.00}
  - {role: stolen, pan: "6225000090000437", expiry: "4912", balance: 1000.00, answer: "43"}
  - {role: capped, pan: "6225000090000619", expiry: "4912", balance: 1000000.00, limit: 5000.00}
  - {role: defective, pan: "6225000090009024", expiry: "4912", balance: 1000.00, answer: "A2"}
menu: {version: 3, dishes: [{number: 7, name: rice, price: 2.00}, {number: 8, name: fish, price: 68.00, sold-out: true}]}
`

// patient is how long a test waits for what must come: a busy machine is slow, and one
// that is shared stands still for seconds.
const patient = 30 * time.Second

// listen serves a host of the test profile: see serveHost.
func listen(t testing.TB, network string, options ...Option) (*Host, string) {
	t.Helper()
	h, err := New(bench(network), options...)
	if err != nil {
		t.Fatal(err)
	}
	return h, serveHost(t, h)
}

// serveHost serves a host on a loopback port for the length of a test, and
// proves its books and its goroutines at the end.
func serveHost(t testing.TB, h *Host) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil && !errors.Is(err, ErrFell) {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(patient):
			t.Error("Serve does not end")
		}
		if err := h.Check(); err != nil {
			t.Error(err)
		}
		if c := h.Counts(); c.Panics != 0 || c.Open != 0 {
			t.Errorf("%d panics, %d connections open, want 0 and 0", c.Panics, c.Open)
		}
	})
	return l.Addr().String()
}

// pos is a point of sale, as plain as can be.
type pos struct {
	testing.TB
	entry  *profile.Terminal
	p      *profile.Profile
	conn   net.Conn
	reader *wire.Reader
	ans    *wire.Message
	keys   keys.Set
	batch  uint64
	trace  uint64
	last   []byte // the frame last sent
}

func dialPOS(t testing.TB, h *Host, address string, index int) *pos {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &pos{TB: t, entry: &h.profile.Terminals[index], p: h.profile, conn: c,
		reader: h.dialect.NewReader(c), ans: h.dialect.NewMessage(), batch: 1}
}

// ready is a terminal that has signed in.
func ready(t testing.TB, h *Host, address string, index int) *pos {
	t.Helper()
	p := dialPOS(t, h, address, index)
	p.signIn()
	return p
}

type field func(*pos, *wire.Message)

func set(f int, v string) field { return func(_ *pos, m *wire.Message) { m.SetFieldString(f, v) } }
func sub(s wire.Element, v string) field {
	return func(_ *pos, m *wire.Message) { m.SetString(s, v) }
}
func without(f int) field { return func(_ *pos, m *wire.Message) { m.UnsetField(f) } }
func amount(n uint64) field {
	return func(_ *pos, m *wire.Message) { m.SetFieldUint(4, n) }
}

// shows presents a card by number and expiry.
func shows(role string) field {
	return func(p *pos, m *wire.Message) {
		for _, c := range p.p.Cards {
			if c.Role == role {
				m.SetFieldString(2, c.PAN)
				m.SetFieldString(14, c.Expiry)
				m.SetFieldString(22, "011")
			}
		}
	}
}

// pin types a PIN for the card shown before.
func pin(digits string) field {
	return func(p *pos, m *wire.Message) {
		block, err := p.keys.PIN.EncryptPIN(p.p.Dialect.PINFormat, []byte(digits), m.Field(2))
		if err != nil {
			p.Fatal(err)
		}
		m.SetFieldString(26, "12")
		m.SetField(52, block[:])
		m.SetFieldString(53, "2600000000000000")
	}
}

// request builds a request with the next trace, without its MAC.
func (p *pos) request(kind dialect.Transaction, fields ...field) *wire.Message {
	p.Helper()
	d := p.p.Dialect
	form := d.Form(kind)
	if form == nil {
		p.Fatalf("%s has no %s", d.Name, kind)
	}
	m := d.NewMessage()
	copy(m.Head, p.p.Head)
	form.Begin(m)
	m.SetFieldString(41, p.entry.TID)
	m.SetFieldString(42, p.entry.MID)
	if kind != dialect.Echo {
		p.trace++
		m.SetFieldUint(11, p.trace)
	}
	m.SetUint(wire.Batch, p.batch)
	if kind.Payment() || kind == dialect.Balance {
		if !m.HasField(22) {
			m.SetFieldString(22, "012")
		}
		if form.Carries(wire.ConditionCode) && !m.HasField(25) { // a void has that of what it undoes
			m.SetFieldString(25, "00")
		}
	}
	for _, f := range fields {
		f(p, m)
	}
	return m
}

// seals reports whether a request of this kind has a MAC.
func (p *pos) seals(m *wire.Message) bool {
	t, known := p.p.Dialect.Classify(m)
	return known && p.p.Dialect.Form(t).MACed || m.MTI()[1] < '5' && m.MTI()[1] != '3'
}

// frame packs and seals.
func (p *pos) frame(m *wire.Message) []byte {
	p.Helper()
	sealed := p.keys.MAC != nil && p.seals(m)
	if sealed {
		m.AddMAC()
	}
	out, err := wire.AppendFrame(nil, m)
	if err != nil {
		p.Fatal(err)
	}
	if covered, mac := m.MACSpan(); sealed && mac != nil {
		sum := p.keys.MAC.MAC(p.p.MAC, covered)
		copy(mac, sum[:])
	}
	if err := m.Format().Amend(out); err != nil {
		p.Fatal(err)
	}
	return out
}

func (p *pos) write(octets []byte) {
	p.Helper()
	p.last = octets
	if _, err := p.conn.Write(octets); err != nil {
		p.Fatal(err)
	}
}

// hear waits for an answer; it reports false when none comes in time.
func (p *pos) hear(within time.Duration) bool {
	p.Helper()
	p.conn.SetReadDeadline(time.Now().Add(within))
	frame, err := p.reader.Next()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	if err != nil {
		p.Fatalf("no answer: %v", err)
	}
	if err := p.ans.Read(frame); err != nil {
		p.Fatalf("answer: %v", err)
	}
	return true
}

// exchange sends octets and gives the answer's code; approvals must be sealed.
func (p *pos) exchange(octets []byte) string {
	p.Helper()
	p.write(octets)
	if !p.hear(patient) {
		p.Fatal("no answer")
	}
	return p.ans.FieldText(39)
}

func (p *pos) send(m *wire.Message) string {
	p.Helper()
	code := p.exchange(p.frame(m))
	if !p.verified() && p.p.Dialect.Class(dialect.CodeOf(code)) != dialect.Declines && p.seals(m) {
		p.Fatalf("%s answered %s without a right MAC", m.MTI(), code)
	}
	return code
}

func (p *pos) verified() bool {
	covered, mac := p.ans.MACSpan()
	return mac != nil && p.keys.MAC.CheckMAC(p.p.MAC, covered, mac)
}

func (p *pos) do(kind dialect.Transaction, fields ...field) string {
	p.Helper()
	return p.send(p.request(kind, fields...))
}

func (p *pos) want(code string, kind dialect.Transaction, fields ...field) {
	p.Helper()
	if got := p.do(kind, fields...); got != code {
		p.Fatalf("%s answered %q, want %q", kind, got, code)
	}
}

func (p *pos) signIn() {
	p.Helper()
	p.keys = keys.Set{}
	p.want("00", dialect.SignIn, func(p *pos, m *wire.Message) {
		if len(p.p.Dialect.Form(dialect.SignIn).ManagementCodes) > 1 {
			m.SetString(wire.ManagementCode, string(p.p.SignIn))
		}
	})
	p.adopt()
}

// adopt takes keys and batch from a sign-in answer.
func (p *pos) adopt() {
	p.Helper()
	var err error
	if p.keys, err = keys.Unwrap(p.p.HSM, p.entry.Master, p.p.SignIn, p.ans.Field(62)); err != nil {
		p.Fatal(err)
	}
	p.batch = wire.Uint(p.ans.Get(wire.Batch))
}

// original names the answer just heard as the original of a void.
func (p *pos) original() field {
	batch, trace, rrn := p.batch, p.ans.FieldUint(11), p.ans.FieldText(37)
	return func(_ *pos, m *wire.Message) {
		m.SetUint(wire.OriginalBatch, batch)
		m.SetUint(wire.OriginalTrace, trace)
		m.SetFieldString(37, rrn)
	}
}

// reference names the answer just heard as the original of a refund.
func (p *pos) reference() field {
	rrn, date := p.ans.FieldText(37), p.ans.FieldText(13)
	return func(_ *pos, m *wire.Message) {
		m.SetFieldString(37, rrn)
		m.SetString(wire.OriginalDate, date)
		if p.p.Dialect.HasField(63) {
			m.SetFieldString(63, "000")
		}
	}
}

// held names the answer just heard as a pre-authorisation.
func (p *pos) held() field {
	auth, date := p.ans.FieldText(38), p.ans.FieldText(13)
	return func(_ *pos, m *wire.Message) {
		m.SetFieldString(38, auth)
		m.SetString(wire.OriginalDate, date)
	}
}

// reversalOf makes the reversal of a request.
func (p *pos) reversalOf(req *wire.Message) *wire.Message {
	d := p.p.Dialect
	form := d.Form(dialect.Reversal)
	m := d.NewMessage()
	copy(m.Head, p.p.Head)
	form.Begin(m)
	req.Fields(func(f int) bool {
		if form.CarriesField(f) && f != 90 {
			m.SetField(f, req.Field(f))
		}
		return true
	})
	m.SetFieldString(39, "98")
	m.SetString(wire.OriginalMTI, req.MTI())
	if d.Place(wire.OriginalMTI).Field != 0 {
		m.SetString(wire.OriginalTrace, req.FieldText(11))
		p.trace++
		m.SetFieldUint(11, p.trace)
	}
	return m
}

func balanceOf(t testing.TB, h *Host, role string) int64 {
	t.Helper()
	for _, c := range h.profile.Cards {
		if c.Role == role {
			b, ok := h.Balance(c.PAN)
			if !ok {
				t.Fatalf("card %q is not known", role)
			}
			return b
		}
	}
	t.Fatalf("no card %q", role)
	return 0
}

// terminalOf is a terminal's book to write in.
func terminalOf(h *Host, index int) *book.Terminal {
	e := &h.profile.Terminals[index]
	t, _, _ := h.books.Terminal([]byte(e.TID), []byte(e.MID))
	return t
}

func bookOf(h *Host, tid string) book.Book {
	for _, b := range h.Books() {
		if b.TID == tid {
			return b
		}
	}
	return book.Book{}
}

func tally(debit, credit int64, debitN, creditN int) dialect.Totals {
	return dialect.Totals{Debit: debit, Credit: credit, DebitN: debitN, CreditN: creditN}
}
