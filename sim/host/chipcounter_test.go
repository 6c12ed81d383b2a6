package host

import (
	"bytes"
	"testing"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

func TestCounterMayOvertakeButNotComeAgain(t *testing.T) {
	var c issuedChip
	made := uint64(1)
	for _, step := range []struct {
		counter uint16
		ok      bool
	}{{5, true}, {5, false}, {7, true}, {6, true}, {6, false}, {7, false}, {4, true}, {100, true}, {36, false}, {37, true}, {37, false}, {200, true}, {100, false}, {0xFFFF, true}, {0xFFFF, false}} {
		made++
		if got := c.next(1, step.counter, made, false); got != step.ok {
			t.Errorf("counter %d: %v", step.counter, got)
		}
	}
}

// One card is known by each index of its issuer's keys, until another says that it is new.
func TestNewCardBeginsAnewAndNoOtherDoes(t *testing.T) {
	var c issuedChip
	made := uint64(0)
	pays := func(index byte, counter uint16, fresh bool) bool { made++; return c.next(index, counter, made, fresh) }
	withheld := []uint16{3, 20} // that the first card made when it was new, and nobody heard
	if !pays(1, 2, true) || !pays(1, 1, true) || !pays(1, 4, true) {
		t.Error("a new card's payments may not overtake each other")
	}
	for n := uint16(5); n < 200; n++ {
		if n != withheld[1] && !pays(1, n, false) {
			t.Errorf("counter %d is refused", n)
		}
	}
	late := func(when string) {
		for _, n := range withheld {
			for _, index := range []byte{1, 77} {
				if pays(index, n, true) {
					t.Errorf("%s, what the first card made with counter %d and was not heard pays under index %d", when, n, index)
				}
			}
		}
	}
	late("when it is new no longer")
	if !pays(1, 1, true) || !pays(1, 2, false) || pays(1, 2, false) || c.next(1, 1, made-2, true) {
		t.Error("a new card does not begin anew, or what it sent comes again")
	}
	if !pays(2, 1, true) || !pays(1, 3, false) || !pays(2, 2, false) || pays(2, 2, false) || c.next(3, 2, made-1, false) {
		t.Error("two cards of one number are taken for one, or what was sent comes again under another index")
	}
	for n := uint16(4); n < 30; n++ {
		pays(1, n, false)
	}
	late("when another has its number")
}

// What a card sent when it was new may be overtaken by what it sends after its first answer.
// Where it was another card after all, that pays on with the counters of its own.
func TestLateNewsOfANewCardIsNoFraud(t *testing.T) {
	var c issuedChip
	made := uint64(0)
	pays := func(counter uint16, fresh bool) bool { made++; return c.next(1, counter, made, fresh) }
	if !pays(1, true) || !pays(3, false) || !pays(2, true) {
		t.Error("a new card's payment that was overtaken is refused")
	}
	if c.next(1, 2, made, true) || c.next(1, 3, made-1, false) {
		t.Error("what it sent comes again")
	}
	c = issuedChip{}
	for n := uint16(2); n < 10; n++ { // the first was lost
		pays(n, n < 3)
	}
	for n := uint16(1); n < 10; n++ {
		if !pays(n, n == 1) {
			t.Errorf("the next card's payment %d is refused", n)
		}
	}
	for n := uint16(2); n < 10; n++ {
		if pays(n, false) {
			t.Errorf("payment %d of a third card, which is not new, is taken", n)
		}
	}
}

// replays sends chip data that were sent before.
func replays(sent []byte) field {
	return func(p *pos, m *wire.Message) {
		h := holderOf(p, p.p, "chip")
		m.SetString(wire.PAN, h.PAN)
		m.SetString(wire.Expiry, h.Expiry)
		m.Set(wire.ChipData, sent)
	}
}

// The first payment of a chip says that the chip is new. That begins no counter anew for
// who sends it again, nor does another index of the issuer's keys, which no cryptogram of
// the scheme is over.
func TestOldChipDataNeverPayAgain(t *testing.T) {
	_, p := chipPOS(t)
	var x chip.Transaction
	var sent [20][]byte
	for i := range sent {
		keep := func(_ *pos, m *wire.Message) { sent[i] = bytes.Clone(m.Get(wire.ChipData)) }
		if got := p.code(amount(5), inserts(&x, "chip"), keep); got != "00" {
			t.Fatalf("payment %d: %s", i, got)
		}
		x.Authenticate(chip.Value(p.ans.Get(wire.ChipData), chip.TagIssuerAuthentication))
	}
	again := func(when string) {
		for i := range sent {
			if got := p.code(amount(5), replays(sent[i])); got != "59" {
				t.Errorf("%s, payment %d once more: %s, want 59", when, i, got)
			}
			other := bytes.Clone(sent[i])
			chip.Value(other, 0x9F10)[1] = 77
			if got := p.code(amount(5), replays(other)); got != "59" {
				t.Errorf("%s, payment %d once more, from another card: %s, want 59", when, i, got)
			}
		}
	}
	again("the same run")
	holderOf(t, p.p, "chip").Reissue()
	if got := p.code(amount(5), inserts(&x, "chip")); got != "00" {
		t.Fatalf("a new card: %s", got)
	}
	again("the next run")
}

// servedIn is the bundled network with the PBOC cards in another scheme, and a terminal
// that is ready at its host.
func servedIn(t *testing.T, s *chip.Scheme) (*profile.Profile, *pos) {
	t.Helper()
	p, err := profile.Parse("schemes.yaml", bytes.ReplaceAll(profile.BundledYAML(), []byte("{scheme: pboc,"), []byte("{scheme: "+s.Name+",")), 4)
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	return p, ready(t, h, serveHost(t, h), 0)
}

// A fleet's cards are new with each run, whatever scheme they have.
func TestNewCardsOfEachSchemePayAtTheSameHost(t *testing.T) {
	for _, s := range chip.Schemes() {
		_, terminal := servedIn(t, s)
		var x chip.Transaction
		for run := range 3 {
			for n := range 2 {
				if got := terminal.code(amount(5), inserts(&x, "chip")); got != "00" {
					t.Errorf("%s: payment %d of run %d: %s", s.Name, n, run, got)
				}
				x.Answered()
			}
			holderOf(t, terminal.p, "chip").Reissue()
		}
	}
}
