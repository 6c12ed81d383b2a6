package host

import (
	"errors"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/host/store"
	"github.com/posfleet/posfleet/sim/profile"
)

const identityYAML = `name: past
dialect: cup
sign-in: "004"
policy: {supervisor: false}
operators: [{number: "01", password: "0000"}]
merchants: [{mid: "123456789012345", name: shop, fee: {basis-points: 60, cap: 80.00}}]
terminals: [{first: "10000001", count: 3, merchants: ["123456789012345"], derive: "test:62656E636862656E6368"}]
issuers: {bank: {scheme: pboc, cryptograms: "test:0123456789ABCDEFFEDCBA9876543210"}}
cards:
  - {role: good, pan: "6225000000000014", count: 5, expiry: "4912", pin: "123456", balance: 500000.00, code: "6211111111111111111"}
  - {role: chip, pan: "6225000030000000", sequence: "001", expiry: "4912", balance: 9.99, issuer: bank, cash: 5.00}
menu: {version: 3, dishes: [{number: 7, name: rice, price: 2.00}]}
`

// Data of a profile are refused by another by which what is past would come to something else,
// and taken by one that only has other rules from now on.
func TestDataRefuseAProfileThatChangesThePast(t *testing.T) {
	made := func(old, by string) *profile.Profile {
		t.Helper()
		if !strings.Contains(identityYAML, old) {
			t.Fatalf("there is no %s", old)
		}
		p, err := profile.Parse("past.yaml", []byte(strings.Replace(identityYAML, old, by, 1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	folder := t.TempDir()
	h, err := New(made("", ""), WithData(folder))
	if err != nil {
		t.Fatal(err)
	}
	h.CloseData()
	for _, c := range []struct{ old, by, part string }{
		{"basis-points: 60", "basis-points: 65", "fees"},
		{"cap: 80.00", "cap: 81.00", "fees"},
		{"name: shop, ", "name: shop, class: favoured, ", "fees"},
		{"merchants: [{mid", "fee-plans: [{name: mine, rounding: half-up, refund: none, payout: {cycle: T+1}, rates: [{rate: 0.5%}]}]\nmerchants: [{mid", "fees"},
		{"scheme: pboc", "scheme: visa-10", "chips"},
		{"cryptograms: \"test:01", "cryptograms: \"test:02", "chips"},
		{", issuer: bank", "", "chips"},
		{"pan: \"6225000000000014\"", "pan: \"6225000000000022\"", "cards"},
		{"sequence: \"001\"", "sequence: \"002\"", "cards"},
		{"balance: 9.99", "balance: 9.98", "cards"},
		{"cash: 5.00", "cash: 6.00", "cards"},
		{"code: \"6211111111111111111\"", "code: \"6211111111111111112\"", "cards"},
		{"role: good", "role: good, kind: credit", "cards"},
		{"test:62656E636862656E6368", "test:62656E636862656E6369", "terminals"},
		{"mid: \"123456789012345\", name", "mid: \"123456789012345\", name", ""},
		{"name: past", "name: present", ""},
		{"name: shop", "name: store", ""},
		{"pin: \"123456\"", "pin: \"654321\", limit: 50.00", ""},
		{"expiry: \"4912\"", "expiry: \"4911\"", ""},
		{"password: \"0000\"", "password: \"1111\"", ""},
		{"price: 2.00", "price: 3.00", ""},
	} {
		again, err := New(made(c.old, c.by), WithData(folder))
		if c.part == "" && err == nil {
			again.CloseData()
			continue
		}
		if !errors.Is(err, store.ErrForeign) || c.part == "" || !strings.Contains(err.Error(), "of other "+c.part) {
			t.Errorf("%s in the place of %s: %v, want it refused for %q", c.by, c.old, err, c.part)
		}
		if err == nil {
			again.CloseData()
		}
	}
}
