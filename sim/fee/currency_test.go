package fee

import (
	"testing"
	"time"
)

const inYuan = `
plans:
  - name: A
    device: {price: 299.00, rent: 39.00}
    deposit: {amount: 199.00, back-after: 10000.00, within: 3}
    maintenance: 10.00
    data: 48.00
    payout: {cycle: T+1, surcharge: 2.00}
    rounding: half-up
    refund: remaining
    rates:
      - {channels: [wallet-qr], up-to: 1000.00, rate: 0.38%, floor: 1.00}
      - {kinds: [debit], rate: 0.5%, cap: 20.00}
      - {rate: 0.6%, fixed: 3.00}
`

// A plan's amounts are those of the network's currency, whatever its minor unit is, and its
// fees are whole ones.
func TestPlansInOtherCurrencies(t *testing.T) {
	plans, err := Parse("plans.yaml", []byte(inYuan))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		unit int64 // minor ones of the currency's
		of   func(int64) int64
	}{{1, func(n int64) int64 { return n / 100 }}, {100, func(n int64) int64 { return n }}, {1000, func(n int64) int64 { return n * 10 }}} {
		p := plans[0].In(c.of)
		for what, got := range map[string][2]int64{"price": {p.Price, 299}, "rent": {p.Rent, 39}, "deposit": {p.Deposit.Amount, 199}, "back after": {p.Deposit.BackAfter, 10_000},
			"maintenance": {p.Maintenance, 10}, "data": {p.Data, 48}, "surcharge": {p.Payout.Surcharge, 2}} {
			if got[0] != got[1]*c.unit {
				t.Errorf("%s is %d, want %d of %d", what, got[0], got[1], c.unit)
			}
		}
		for _, s := range []struct {
			kind         Kind
			channel      Channel
			amount, want int64 // in the currency's unit and a thousandth of it
		}{{Debit, Card, 50_000, 20_000}, {Debit, Card, 1_000, 5_000}, {Credit, Card, 10_000, 63_000}, {Credit, WalletQR, 10, 1_000}, {Credit, WalletQR, 1_000, 3_800}, {Credit, WalletQR, 1_001, 9_006}} {
			want := (s.want*c.unit + 500) / 1000 // half up, to the minor unit
			if got := p.Fee(Sale{Kind: s.kind, Channel: s.channel, Amount: s.amount * c.unit}); got != want {
				t.Errorf("%d of %v by %v, of %d minor units: fee %d, want %d", s.amount, s.kind, s.channel, c.unit, got, want)
			}
		}
		of := BundledSplits().In(c.of).Of(Standard, Sale{Kind: Debit, Channel: Card, Amount: 100_000 * c.unit, Time: time.Date(2020, 1, 2, 0, 0, 0, 0, China)}, 20*c.unit)
		if want := (Split{Issuer: 13 * c.unit, Network: (3_250*c.unit + 500) / 1000, Acquirer: 20*c.unit - 13*c.unit - (3_250*c.unit+500)/1000}); c.unit > 1 && of != want {
			t.Errorf("the split in %d minor units is %+v, want %+v", c.unit, of, want)
		}
		if of.Issuer+of.Network+of.Acquirer != 20*c.unit {
			t.Errorf("the split does not add up: %+v", of)
		}
	}
	if plans[0].Price != 299_00 || plans[0].Fee(Sale{Kind: Debit, Amount: 50_000_00}) != 20_00 {
		t.Error("the plan itself has changed")
	}
}
