package host

import (
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

func TestBothDialectsPayAndReverse(t *testing.T) {
	for _, dialect := range []string{"cup", "iso87"} {
		t.Run(dialect, func(t *testing.T) {
			h, address := listen(t, dialect)
			p := ready(t, h, address, 0)
			p.want("00", wire.Echo)
			start := balanceOf(t, h, "good")
			buy := p.request(wire.Purchase, amount(12345), shows("good"), pin("123456"))
			if code := p.send(buy); code != "00" {
				t.Fatalf("purchase answered %s", code)
			}
			if len(p.ans.Get(38)) != 6 || len(p.ans.Get(37)) != 12 || p.ans.Text(2) != "6225000000000014" {
				t.Errorf("fields 2, 37, 38 are %q, %q, %q", p.ans.Text(2), p.ans.Text(37), p.ans.Text(38))
			}
			if got := balanceOf(t, h, "good"); got != start-12345 {
				t.Errorf("balance %d, want %d", got, start-12345)
			}
			if b := book(h, "10000001"); b.Debit != 12345 || b.DebitN != 1 || b.Net() != 12345 {
				t.Errorf("book %+v", b)
			}
			for range 3 {
				if code := p.send(p.reversalOf(buy)); code != "00" {
					t.Fatalf("reversal answered %s", code)
				}
			}
			if got := balanceOf(t, h, "good"); got != start {
				t.Errorf("balance %d after the reversal, want %d", got, start)
			}
			if b := book(h, "10000001"); b.Totals != (Totals{}) {
				t.Errorf("book %+v after the reversal", b)
			}
			p.want("00", wire.Balance, shows("good"), pin("123456"))
			if got, want := p.ans.Text(54), "1002156C000050000000"; got != want {
				t.Errorf("balance inquiry says %q, want %q", got, want)
			}
			p.want("00", wire.SignOff)
			p.want("77", wire.Purchase, amount(100), shows("good"))
		})
	}
}
