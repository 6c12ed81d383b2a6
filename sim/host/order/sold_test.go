package order

import (
	"fmt"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// A desk knows by which menu each order that it keeps was sold, and keeps no menu longer.
func TestADeskKeepsTheMenusOfItsOrders(t *testing.T) {
	d := orders(t, 1).Desk(0, []byte("10000001"))
	const each = 7 // orders by a menu, in two of its prices
	named := func(i int) string { return fmt.Sprint("dish ", i/each) }
	for i := range 3*d.keep + 5 {
		m := &profile.Menu{Dishes: []profile.Dish{{Number: 1, Name: named(i), Price: uint32(100 + i%2)}}}
		if _, why := d.Confirm(m, wanted(fmt.Sprint(i), dialect.OrderLine{Dish: 1, Count: 1, Price: uint32(100 + i%2)}), now); why != dialect.NoReason {
			t.Fatal(why)
		}
		if most := d.keep/each + 2; len(d.sold) > most {
			t.Fatalf("%d orders are of %d menus, %d kept", len(d.ring), len(d.sold), most)
		}
		if i%1009 > 0 && i < 3*d.keep {
			continue
		}
		for n := max(0, i+1-d.keep); n <= i; n += 1 + n%5 {
			o := d.byOwn([]byte(fmt.Sprint(n)))
			if v := d.view(o); v.Menu.Dish(1).Name != named(n) || v.Lines[0].Price != uint32(100+n%2) {
				t.Fatalf("of %d orders, %d is of %s for %d", i+1, n, v.Menu.Dish(1).Name, v.Lines[0].Price)
			}
		}
	}
}
