package book

import (
	"slices"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

func TestLatestPaymentsAndWhatTheyVoid(t *testing.T) {
	l := open(t)
	terminal := &l.terminals[0]
	if terminal.Latest(9) != nil || terminal.Open() != (dialect.Totals{}) {
		t.Error("a terminal that has done nothing has payments")
	}
	buy(t, l, terminal, Record{Amount: 1_00, Serial: 1})
	buy(t, l, terminal, Record{Amount: 2_00, Serial: 2})
	l.CloseBatch(terminal)
	buy(t, l, terminal, Record{Amount: 3_00, Serial: 3})
	paid := buy(t, l, terminal, Record{Amount: 4_00, Serial: 4})
	hold := preauth(t, l, terminal, 5_00, 5)
	capture := Record{Kind: dialect.Completion, Amount: 5_00, Serial: 6, Original: hold.Original}
	if !l.Capture(terminal, &capture) {
		t.Fatal("too little")
	}
	approve(terminal, &capture)
	captured, _ := terminal.LastEntered()
	for serial, r := range map[uint64]Record{
		7: {Kind: dialect.PurchaseVoid, Amount: 4_00, Serial: 7, Original: paid},
		8: {Kind: dialect.CompletionVoid, Amount: 5_00, Serial: 8, Original: captured},
	} {
		if serial == 7 {
			l.Uncharge(terminal, &r)
		} else {
			l.Uncapture(terminal, &r)
		}
		approve(terminal, &r)
	}
	terminal.Enter(KeyOf(2, 9, "0200"), &Record{Kind: dialect.PurchaseVoid, Amount: 3_00, Serial: 9}) // declined
	type line struct {
		batch, trace, voids uint32
		settled             bool
	}
	want := []line{{2, 9, 0, false}, {2, 8, 6, false}, {2, 7, 4, false}, {2, 6, 0, false}, {2, 5, 0, false}, {2, 4, 0, false}, {2, 3, 0, false}, {1, 2, 0, true}, {1, 1, 0, true}}
	for _, most := range []int{0, 1, 7, 8, 9, 10} {
		var got []line
		for _, p := range terminal.Latest(most) {
			if got = append(got, line{p.Batch, p.Trace, p.Voids, p.Settled}); p.Settled && p.Original != -1 {
				t.Errorf("a settled payment is of record %d", p.Original)
			}
		}
		if !slices.Equal(got, want[:min(most, len(want))]) {
			t.Errorf("the latest %d are %+v", most, got)
		}
	}
	if got := terminal.Open(); got.DebitN != 3 || got.CreditN != 2 {
		t.Errorf("the open batch comes to %+v", got)
	}
}

func TestHolderIsFoundByTheAccount(t *testing.T) {
	p, err := profile.Parse("cards.yaml", []byte(`
name: cards
dialect: cup
sign-in: "004"
policy: {timeout: 1s, supervisor: false}
operators: [{number: "01", password: "0000"}]
merchants: [{mid: "123456789012345", name: shop, fee: {basis-points: 60, cap: 80.00}}]
terminals: [{first: "10000001", count: 1, merchants: ["123456789012345"], derive: "test:62656E636862656E6368"}]
cards:
  - {role: good, pan: "6225000000000014", count: 2, expiry: "4912", balance: 1000.00}
  - {role: poor, pan: "6225000000001004", count: 2, expiry: "4912", balance: 0.00}
`), 0)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	var want []*profile.Holder
	for _, role := range []string{"good", "poor"} {
		for i := range p.Holders(role) {
			want = append(want, &p.Holders(role)[i])
		}
	}
	want = append(want, nil) // of cards that nobody knows
	for c, holder := range want {
		if got := l.Holder(Card(c)); got != holder {
			t.Errorf("card %d is %p's, want %p", c, got, holder)
		}
		if holder != nil && (!l.IsOf([]byte(holder.PAN), Card(c)) || l.IsOf([]byte(holder.PAN), Card(c)+1)) {
			t.Errorf("card %d is not its holder's alone", c)
		}
	}
	if len(want) != 5 || l.Holder(NoCard) != nil || !l.IsOf([]byte("6225999999999999"), l.UnknownCards()) || l.IsOf([]byte("6225999999999999"), 0) {
		t.Error("a card that nobody knows is somebody's")
	}
	if l.Profile(l.UnknownCards()).Role != "unknown" || l.UnknownCards() != Card(len(want)-1) {
		t.Errorf("cards that nobody knows have account %d", l.UnknownCards())
	}
}
