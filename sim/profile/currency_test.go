package profile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/posfleet/posfleet/sim/fee"
)

// All amounts of a profile are those of its dialect's currency: a cap of 20.00 is 20 yen, and
// one of 20 dinars.
func TestAmountsAreInTheCurrencysMinorUnit(t *testing.T) {
	for _, c := range []struct {
		currency string
		unit     int64
	}{{"156", 100}, {"392", 1}, {"414", 1000}} {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"there.yaml": "extends: cup\ncurrency: \"" + c.currency + "\"\n",
			"bank.yaml": `name: bank
dialect: there.yaml
sign-in: "004"
policy: {supervisor: false, refund-limit: 70.00, tap-pin-above: 60.00, offline-limit: 50.00}
fee-plans:
  - {name: A, rounding: half-up, refund: none, payout: {cycle: T+1, surcharge: 2.00}, rates: [{rate: 0.5%, cap: 20.00}]}
merchants:
  - {mid: "123456789012345", name: one, fee-plan: A}
  - {mid: "123456789012346", name: two, fee-plan: A}
  - {mid: "123456789012347", name: three, fee: {basis-points: 60, cap: 80.00}}
operators: [{number: "01", password: "0000"}]
terminals: [{first: "10000001", count: 3, merchants: ["123456789012345"], derive: "test:62656E636862656E6368"}]
cards: [{role: good, pan: "6225000000000014", expiry: "4912", pin: "123456", balance: 500.00, limit: 300.00}]
menu: {version: 3, dishes: [{number: 7, name: rice, price: 2.00}]}
`} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p, err := Load(filepath.Join(dir, "bank.yaml"), 3)
		if err != nil {
			t.Fatal(err)
		}
		large := fee.Sale{Amount: 1_000_000 * c.unit}
		for what, got := range map[string][2]int64{
			"balance": {p.Cards[0].Balance, 500}, "limit": {p.Cards[0].Limit, 300}, "price": {int64(p.Menu.Dish(7).Price), 2},
			"refund limit": {p.Policy.RefundLimit, 70}, "limit of a tap without PIN": {p.Policy.TapPINAbove, 60}, "limit of what a chip approves": {p.Policy.OfflineLimit, 50},
			"cap": {p.Merchants[0].Plan.Fee(large), 20}, "flat cap": {p.Merchants[2].Plan.Fee(large), 80}, "surcharge": {p.Plans[0].Payout.Surcharge, 2},
		} {
			if got[0] != got[1]*c.unit {
				t.Errorf("currency %s: the %s is %d, want %d of %d", c.currency, what, got[0], got[1], c.unit)
			}
		}
		if p.Merchants[0].Plan != p.Plans[0] || p.Merchants[1].Plan != p.Plans[0] {
			t.Error("merchants no longer share the plan")
		}
	}
}
