package host

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// derives is a network whose keys are derived for each transaction.
const derives = `
extends: cup
sign-in: none
keys: {dukpt: tdes}
mac: x9.19
fields: {53: {is: b 10, name: key serial number}}
elements: {security-control: none, key-serial: 53}
transactions: {qr-purchase: none, purchase-void: none, refund: none, pre-auth: none, add-pre-auth: none, pre-auth-void: none, completion: none,
  completion-advice: none, completion-void: none, signature-upload: none, signature-part: none, order: none, order-query: none, order-cancel: none,
  merchant-code: none, order-result: none, code-scan: none, script-result: none, offline-purchase: none,
  reversal: {carries: [2, 3, 4, 11, 14, 22, 23, 25, 38, 39, 41, 42, 49, 53, 55, 60, 61]}}
`

// derivedPOS is a terminal of such a network, before its first transaction.
func derivedPOS(t testing.TB, options ...Option) (*Host, *pos) {
	t.Helper()
	d, err := dialect.Parse("derived.yaml", []byte(derives), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.BundledIn(d, 4)
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(p, options...)
	if err != nil {
		t.Fatal(err)
	}
	pos := dialPOS(t, h, serveHost(t, h), 0)
	pos.want("00", dialect.SignIn, sub(wire.ManagementCode, "004"))
	pos.batch = wire.Uint(pos.ans.Get(wire.Batch))
	return h, pos
}

// under puts the keys of a counter to use, of the terminal with a number.
func under(tid string, counter uint32) field {
	return func(p *pos, m *wire.Message) {
		p.Helper()
		ksn := p.p.Serial(tid)
		initial, err := p.p.Initial(ksn)
		if err != nil {
			p.Fatal(err)
		}
		keys.DUKPTTDES.SetCounter(ksn, counter)
		var to keys.Derived
		if err := keys.DUKPTTDES.Derive(&to, initial, ksn, p.p.MAC); err != nil && keys.DUKPTTDES.Usable(counter) {
			p.Fatal(err)
		}
		if p.keys = to.Set; p.keys.MAC == nil {
			p.keys.MAC, _ = keys.New(initial)
		}
		m.Set(wire.KeySerial, ksn)
	}
}

// A key serial number that was used, or that is far from the last, or another
// terminal's, is refused; the next one is taken after that.
func TestReplayedAndSkippedSerialsAreRefused(t *testing.T) {
	_, p := derivedPOS(t)
	tid, other := p.entry.TID, p.p.Terminals[1].TID
	for _, step := range []struct {
		name    string
		tid     string
		counter uint32
		code    string
	}{
		{"the first", tid, 5, "00"},
		{"the next", tid, 6, "00"},
		{"again", tid, 6, "A0"},
		{"back", tid, 5, "A0"},
		{"some lost on the way", tid, 900, "00"},
		{"too many skipped", tid, 900 + 1002, "A0"},
		{"no counter", tid, 0, "A0"},
		{"a counter of too many ones", tid, 0x7FF, "A0"},
		{"another terminal's", other, 901, "A0"},
		{"the next", tid, 901, "00"},
	} {
		if got := p.exchange(p.frame(p.request(dialect.Purchase, amount(5), shows("good"), under(step.tid, step.counter)))); got != step.code {
			t.Errorf("%s (%d): %s, want %s", step.name, step.counter, got, step.code)
		} else if covered, mac := p.ans.MACSpan(); got == "00" && (p.keys.MAC.CheckMAC(p.p.MAC, covered, mac) || mac == nil) {
			t.Errorf("%s: the answer's MAC is none, or under the request's key", step.name)
		}
	}
}

// Numbers that no terminal comes to are not skipped.
func TestUnusableSerialsAreNotCounted(t *testing.T) {
	for _, step := range [][2]uint32{{0x0FFC00, 0x100000}, {0x1FE000, 0x1FE400}, {0x7FE, 0x7FE + 1}} {
		_, p := derivedPOS(t)
		for i, counter := range step {
			if !keys.DUKPTTDES.Usable(counter) {
				counter = keys.DUKPTTDES.Next(counter)
			}
			if got := p.exchange(p.frame(p.request(dialect.Purchase, amount(5), shows("good"), under(p.entry.TID, counter)))); got != "00" {
				t.Errorf("counter %X, number %d: %s, want 00", counter, i, got)
			}
		}
	}
}

// What is not under right keys does not use up a number.
func TestWrongMACLeavesTheCounter(t *testing.T) {
	_, p := derivedPOS(t)
	m := p.request(dialect.Purchase, amount(5), shows("good"), under(p.entry.TID, 9))
	octets := p.frame(m)
	octets[len(octets)-1] ^= 1
	if got := p.exchange(octets); got != "A0" {
		t.Fatalf("answered %s, want A0", got)
	}
	if got := p.exchange(p.frame(p.request(dialect.Purchase, amount(5), shows("good"), under(p.entry.TID, 3)))); got != "00" {
		t.Errorf("a lower number got %s, want 00", got)
	}
}

func TestReplayedSerialIsSeen(t *testing.T) {
	replayed := func(p *pos) bool {
		for range 2 {
			p.write(p.frame(p.request(dialect.Purchase, amount(5), shows("good"), under(p.entry.TID, 3))))
			if !p.hear(patient) {
				t.Fatal("no answer")
			}
		}
		return p.ans.Text(wire.ResponseCode) == "00"
	}
	if _, p := derivedPOS(t); replayed(p) {
		t.Error("a right host takes a serial number twice")
	}
	if _, p := derivedPOS(t, WithMisbehaviour("serial-replayed")); !replayed(p) {
		t.Error("serial-replayed is not seen")
	}
}

func TestPINUnderADerivedKey(t *testing.T) {
	_, p := derivedPOS(t)
	typed := func(digits string) field {
		return func(p *pos, m *wire.Message) {
			block, err := p.keys.PIN.EncryptPIN(p.p.Dialect.PINFormat, []byte(digits), m.Get(wire.PAN))
			if err != nil {
				t.Fatal(err)
			}
			m.Set(wire.PINBlock, block[:])
		}
	}
	for counter, digits := range []string{"123456", "654321"} {
		got := p.exchange(p.frame(p.request(dialect.Purchase, amount(5), shows("good"), under(p.entry.TID, uint32(counter+1)), typed(digits))))
		if want := [...]string{"00", "55"}[counter]; got != want {
			t.Errorf("PIN %d of two: %s, want %s", counter+1, got, want)
		}
	}
}
