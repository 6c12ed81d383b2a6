package dialect

import "testing"

func TestAvailableBalanceIsMeantWhereverItStands(t *testing.T) {
	const ledger, available, owed = "1001156C000000010000", "1002156C000000007500", "1002156D000000000001"
	for v, want := range map[string]int64{
		"": 0, ledger[:19]: 0, ledger: 10000, available: 7500, owed: -1,
		ledger + available: 7500, available + ledger: 7500, ledger + ledger: 10000, ledger + owed: -1,
	} {
		if got, ok := Balance54([]byte(v)); got != want || ok != (len(v) >= 20) {
			t.Errorf("%q: balance %d, want %d", v, got, want)
		}
	}
	for _, balance := range []int64{0, 1, -1, 123456789012} {
		v := CUP().Field54(balance)
		if got, ok := Balance54(v[:]); got != balance || !ok {
			t.Errorf("%d is written as %s, which reads %d", balance, v, got)
		}
	}
}
