package host

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Terminals in the field name the original of a void with the date and without.
func TestVoidNamesItsOriginalWithOrWithoutTheDate(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	for _, date := range []string{"", "1126", "0000"} {
		for _, of := range []struct{ payment, void dialect.Transaction }{{dialect.Purchase, dialect.PurchaseVoid}, {dialect.Reservation, dialect.ReservationVoid}} {
			p.want("00", of.payment, amount(100), shows("good"))
			original := p.original()
			dated := func(p *pos, m *wire.Message) {
				original(p, m)
				m.SetFieldString(61, m.FieldText(61)[:12]+date)
			}
			void := p.request(of.void, amount(100), shows("good"), dated)
			if code := p.send(void); code != "00" {
				t.Errorf("%s with 61 %s: %s", of.void, void.FieldText(61), code)
			}
			if code := p.send(p.reversalOf(void)); code != "00" {
				t.Errorf("reversal of a %s with 61 %s: %s", of.void, void.FieldText(61), code)
			}
			p.want("00", of.void, amount(100), shows("good"), dated)
		}
	}
	if b := bookOf(h, "10000001"); b.Net() != 0 {
		t.Errorf("books %+v", b)
	}
}
