package order

import (
	"slices"

	"github.com/posfleet/posfleet/sim/profile"
)

// sold is the menu by which a desk sold, from an order on: who asks later what an order was
// of is told the names of then. Prices stand in the order's lines.
type sold struct {
	from int // how many orders the desk had before it
	menu *profile.Menu
}

// sell notes by which menu the order is sold that is being made, and forgets the menus by
// which only orders were sold that are forgotten.
func (d *Desk) sell(menu *profile.Menu) {
	if last := len(d.sold) - 1; last >= 0 && sameNames(d.sold[last].menu, menu) {
		d.sold[last].menu = menu
		return
	}
	d.sold = append(d.sold, sold{d.made, menu})
	oldest, gone := d.made+1-len(d.ring), 0
	for gone+1 < len(d.sold) && d.sold[gone+1].from <= oldest {
		gone++
	}
	d.sold = slices.Delete(d.sold, 0, gone)
}

// soldBy is the menu by which an order was sold.
func (d *Desk) soldBy(o *Order) *profile.Menu {
	n, i := d.before(o), len(d.sold)-1
	for i > 0 && d.sold[i].from > n {
		i--
	}
	return d.sold[i].menu
}

// before is how many orders the desk had before one.
func (d *Desk) before(o *Order) int {
	n := d.made - 1
	return n - (n-int(d.placeOf(o)))%d.keep
}

// sameNames reports whether two menus have the same dishes by number and name.
func sameNames(a, b *profile.Menu) bool {
	return a == b || slices.EqualFunc(a.Dishes, b.Dishes, func(x, y profile.Dish) bool { return x.Number == y.Number && x.Name == y.Name })
}

// RedoBy has the orders that [Orders.Redo] takes from now on be sold by a menu; before it is
// called they are by the menu now.
func (s *Orders) RedoBy(m *profile.Menu) { s.redoBy = m }

// Renamed reports whether the menu now has other dishes than that of RedoBy: orders made from
// now on are of those.
func (s *Orders) Renamed() bool {
	if s.redoBy == nil {
		return len(s.Menu().Dishes) > 0
	}
	return !sameNames(s.redoBy, s.Menu())
}
