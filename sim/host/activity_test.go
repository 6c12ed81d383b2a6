package host

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// A slip has what the terminal was told of its payment, and no card number.
func TestSlipsAreWhatTerminalsWereTold(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	if len(h.Activities(10)) != 1 {
		t.Fatalf("heard of one terminal: %+v", h.Activities(10))
	}
	p.want("00", dialect.SignIn, sub(wire.ManagementCode, string(p.p.SignIn)), sub(wire.Operator, "01 "))
	p.adopt()
	p.want("00", dialect.Purchase, amount(12850), shows("good"), pin("123456"))
	rrn, auth := string(p.ans.Get(wire.RRN)), string(p.ans.Get(wire.AuthCode))
	sale := p.original()
	p.want("00", dialect.PurchaseVoid, amount(12850), shows("good"), pin("123456"), sale)
	p.want("51", dialect.Purchase, amount(200), shows("poor"))
	a, slips, ok := h.Activity(p.entry.TID, 10)
	if !ok || len(slips) != 3 {
		t.Fatalf("%v, %d slips, want 3", ok, len(slips))
	}
	bought := slips[2]
	if bought.RRN != rrn || bought.AuthCode != auth || bought.State != "voided" || bought.Amount != 12850 || bought.Kind != "purchase" {
		t.Errorf("%+v, want reference %s and code %s", bought, rrn, auth)
	}
	if void := slips[1]; void.Voids != bought.Trace || void.Kind != "purchase-void" || void.State != "approved" {
		t.Errorf("%+v does not name %d, which it voids", void, bought.Trace)
	}
	if declined := slips[0]; declined.State != "declined" || declined.AuthCode != "" {
		t.Errorf("%+v of a payment that was declined", declined)
	}
	if !a.SignedIn || a.Operator != "01" || a.Code != "51" || a.Asked != "purchase" || a.Display != h.dialect.Display(dialect.CodeOf("51")) || a.Merchant != "shop" {
		t.Errorf("%+v", a)
	}
	all := fmt.Sprintf("%+v %+v %+v", a, slips, h.Activities(10))
	for _, c := range h.profile.Cards {
		for _, holder := range h.profile.Holders(c.Role) {
			if holder.PAN != "" && strings.Contains(all, holder.PAN) {
				t.Errorf("the number of a %s card is shown", c.Role)
			}
		}
	}
	if !strings.HasPrefix(bought.Card, "622500******") {
		t.Errorf("card %s", bought.Card)
	}
	if _, some, _ := h.Activity(p.entry.TID, 2); len(some) != 2 || some[0] != slips[0] {
		t.Errorf("%d slips of the latest 2", len(some))
	}
	if _, _, ok := h.Activity("nobody", 1); ok {
		t.Error("it knows a terminal that is not there")
	}
}

// Who was answered last comes first, and a list has no more than was asked for.
func TestActivitiesAreBounded(t *testing.T) {
	h, address := listen(t, "cup")
	for n := range 3 {
		ready(t, h, address, n)
	}
	all := h.Activities(2)
	if len(all) != 2 || !slices.IsSortedFunc(all, func(a, b Activity) int { return b.At.Compare(a.At) }) {
		t.Errorf("%+v", all)
	}
}

// Where no card number at all may be written, none is, masked or not.
func TestSlipsOfLiveCardsHaveNoNumber(t *testing.T) {
	p := bench("cup")
	p.LivePAN = true
	h, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	pos := ready(t, h, serveHost(t, h), 0)
	pos.want("00", dialect.Purchase, amount(100), shows("good"), pin("123456"))
	if _, slips, _ := h.Activity(pos.entry.TID, 1); len(slips) != 1 || slips[0].Card != "" {
		t.Errorf("%+v", slips)
	}
}

// A slip is the same after its batch is closed, also when the terminal's traces have begun
// anew in between, and says what was refunded since.
func TestSlipsOutliveTheirBatch(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	p.trace = dialect.MaxNumber - 2
	for fen := range uint64(4) {
		p.want("00", dialect.Purchase, amount(100+fen), shows("good"), pin("123456"))
	}
	refunds := p.reference()
	p.want("51", dialect.Purchase, amount(200), shows("poor")) // which is not kept
	_, before, _ := h.Activity(p.entry.TID, 10)
	if p.settlement(406, 4, 0, 0) != '1' {
		t.Fatal("the batch does not balance")
	}
	p.want("00", dialect.UploadEnd, set(48, "0000"))
	_, after, _ := h.Activity(p.entry.TID, 10)
	if len(after) != 4 {
		t.Fatalf("%d slips, want 4: %+v", len(after), after)
	}
	for i, s := range after {
		if want := 103 - int64(i); s.Amount != want || !s.Settled {
			t.Errorf("slip %d is of %d fen, settled %v, want %d, the youngest first", i, s.Amount, s.Settled, want)
		}
		s.Settled = false
		if !slices.Contains(before, s) {
			t.Errorf("%+v was none of %+v", s, before)
		}
	}
	p.batch++
	p.want("00", dialect.Refund, amount(50), shows("good"), refunds, set(63, "000"))
	if _, some, _ := h.Activity(p.entry.TID, 2); len(some) != 2 || some[0].Kind != "refund" || some[1].Refunded != 50 {
		t.Errorf("the latest two: %+v", some)
	}
}
