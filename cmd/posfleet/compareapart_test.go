package main

import (
	"testing"

	"github.com/posfleet/posfleet/report/compare"
	"github.com/posfleet/posfleet/sim/dialect"
)

// What is left out of the approvals that are compared is named as runs name it, and books
// nothing: a payment left out would be one that a host may lose unseen.
func TestNoPaymentIsApartFromApprovals(t *testing.T) {
	apart := map[string]bool{}
	for _, name := range compare.Apart {
		apart[name] = true
		if x, is := dialect.TransactionNamed(name); !is || x.Booking() != dialect.None {
			t.Errorf("%s is no transaction, or one that books", name)
		}
	}
	for _, x := range []dialect.Transaction{dialect.Reversal, dialect.SignIn, dialect.Settlement, dialect.Echo, dialect.QRQuery} {
		if !apart[x.String()] {
			t.Errorf("%s counts as an approval that was asked for", x)
		}
	}
}
