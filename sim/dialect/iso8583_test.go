package dialect

import (
	"slices"
	"testing"
)

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

// Function codes of 1993 mean what the standard has them mean. 306, with which uploads ended,
// replaces a file there.
func TestFunctionCodesMeanWhatTheStandardSays(t *testing.T) {
	d, _ := Named("iso93")
	for _, f := range d.Forms {
		want, ok := map[Transaction][]string{
			SignIn: {"801"}, SignOff: {"802"}, KeyChange: {"811"}, CutOver: {"821"}, Echo: {"831"},
			Balance: {"108"}, PreAuth: {"101"}, PreAuthVoid: {"101"},
			Purchase: {"200"}, PurchaseVoid: {"200"}, Refund: {"200"},
			Completion: {"202", "201"}, CompletionAdvice: {"202", "201"}, CompletionVoid: {"202"},
			Reversal: {"400"}, Settlement: {"500"}, BatchUpload: {"301"}, UploadEnd: {"380", "381"},
		}[f.Transaction]
		if n := f.Constant(24); !ok || n != want[0] || len(f.ManagementCodes) > 0 && !slices.Equal(f.ManagementCodes, want) {
			t.Errorf("%s has function codes %s, %q, want %q", f.Transaction, n, f.ManagementCodes, want)
		}
	}
}
