package host

import (
	"encoding/binary"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/dialect"
)

// FuzzRestore does any entry of a data file again: it is done, or it is of no host like
// this. Nothing panics, and what is taken for it is bounded by it.
func FuzzRestore(f *testing.F) {
	profile := bench("cup")
	made, err := New(profile)
	if err != nil {
		f.Fatal(err)
	}
	signedIn(f, made, 0)
	numbers := func(values ...uint64) (v []byte) {
		for _, n := range values {
			v = binary.AppendUvarint(v, n)
		}
		return v
	}
	changed := func(changes ...uint64) []byte { return appendNumbered(nil, bookChanged, 0, numbers(changes...)) }
	f.Add(appendNumbered(nil, sessionChanged, 0, appendSession(nil, made.sessions[0])))
	f.Add(changed(1, 77, 100, 5, 1_700_000_000, 1, 0, uint64(dialect.Purchase), 0, 1, 0, 0, 0))
	f.Add(changed(1, 77, 100, 5, 1_700_000_000, 1, 0, uint64(dialect.Purchase), 0, 1, 0, 0, 0, 2, 0, 1_700_000_001))
	f.Add(changed(4, 6, 1, 9, 7, 3, 8, 8, 1, 8))
	f.Add([]byte{byte(sessionChanged), 17, 0, 1, '0', '1', 5, 3, '0', '0', '4', 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Add(appendNumbered(nil, counterUsed, 0, numbers(7)))
	f.Add(appendRecord(nil, chipUsed, numbers(0, 1, 2, 3, 1)))
	f.Add(appendRecord(nil, chipObeyed, numbers(0, 1)))
	f.Add(appendRecord(nil, codeUsed, numbers(111111, 5, 6, 7)))
	f.Add(appendRecord(appendRecord(nil, codeSpent, numbers(1, 500, 1126)), codeSpent, numbers(1, 1<<64-500, 1126)))
	for k, text := range map[kind]string{
		orderChanged: `{"Terminal":0,"TID":"10000001","N":0,"Total":400,"Lines":[{"Dish":7,"Count":2,"Price":200}],"State":3,"Made":1,"Own":"QQ==",` +
			`"Payment":{"Serial":3,"When":2,"Batch":1,"Trace":1},"Refunds":[{"Number":"UjE=","Amount":5}],"Asks":{"Payer":1}}`,
		signatureTaken: `{"Terminal":1,"Batch":1,"Trace":2,"Image":"AAAA"}`,
		statusTold:     `{"TID":"10000001","Told":1,"Broken":1,"Ticket":"x"}`,
		required:       `{"Terminal":1,"Digits":"NQ==","Withdrawn":true}`,
		registerChanged: `{"Applications":[{"number":"A261126000001","state":"approved","Ahead":5}],"Merchants":[{"mid":"123456789012345","state":"suspended","Ahead":9}],` +
			`"Terminals":[{"tid":"90000001","mid":"123456789012345","state":"issued","Number":4,"Bar":1}],"Black":["91310101MA12345678"],"Events":[{"what":"x"}]}`,
		deskChanged: `{"Key":"AAAA","Serial":3,"Members":["1"],"Customers":[{"Number":"c"}],"Accounts":[{"TID":"10000001","Customer":"c","Dead":["01"],"Resets":[{"ID":"1","Operator":"01"}]}]}`,
		accountsChanged: `{"Accrued":[{"Terminal":0,"Records":[0]}],"Paid":[{"MID":"123456789012345","Sealed":20261126,"Payouts":[{"Amount":100,"Fee":1,"Net":99,` +
			`"Of":[{"Day":20261126,"Amount":100,"Fee":1}]}]}]}`,
		masterAsked:   `{"Terminal":1,"Key":"00","Has":true}`,
		menuChanged:   `{"Version":4,"Dishes":[{"Number":1}]}`,
		menuSold:      `{"Version":4,"Dishes":[{"Number":1,"Name":"x"}]}`,
		signerChanged: `{"MID":"123456789012345","Operator":"01","Genuine":[[[{"X":1}]]]}`,
	} {
		f.Add(appendRecord(nil, k, []byte(text)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := New(profile)
		if err != nil {
			t.Fatal(err)
		}
		var again error
		if n := allocs.Above(256*uint64(len(b))+1<<20, func() { _, again = h.restore(b) }); n > 0 {
			t.Fatalf("an entry of %d octets allocates %d, %v", len(b), n, again)
		}
	})
}
