package profile

import (
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/strict"
)

// Menu is what merchants sell by orders. A terminal tells the host the version that
// it has.
type Menu struct {
	Version int
	Dishes  []Dish
}

// Dish is one thing on a menu.
type Dish struct {
	Number      int // 1 to 9999
	Name        string
	English     string
	Picture     string // where the picture is; it is not fetched
	Description string
	Price       uint32 // fen
	SoldOut     bool
}

// highestPrice of a dish, in minor units: messages have eight digits for it.
const highestPrice = 99_999_999

// Named is the dish of a name in either language, nil for none.
func (m *Menu) Named(name string) *Dish {
	for i := range m.Dishes {
		if d := &m.Dishes[i]; name == d.Name || name == d.English {
			return d
		}
	}
	return nil
}

// Dish is the dish of a number, nil for none.
func (m *Menu) Dish(number int) *Dish {
	for i := range m.Dishes {
		if d := &m.Dishes[i]; d.Number == number {
			return d
		}
	}
	return nil
}

// Merchant is the merchant of a number, nil when the profile has none.
func (p *Profile) Merchant(mid string) *Merchant {
	for i := range p.Merchants {
		if p.Merchants[i].MID == mid {
			return &p.Merchants[i]
		}
	}
	return nil
}

// menu reads the menu, if there is one.
func (r reader) menu(p *Profile, v strict.Value) {
	if !v.Given() {
		return
	}
	var dishes strict.Value
	found := r.Map(v, strict.Table{"version": strict.Int(r.Reader, &p.Menu.Version, 1, dialect.MaxNumber), "dishes": strict.Keep(&dishes)})
	r.Need(v, found, "version", "dishes")
	if dishes.Given() {
		r.List(dishes, func(v strict.Value) { r.dish(&p.Menu, v) })
	}
}

// dish reads one dish.
func (r reader) dish(m *Menu, v strict.Value) {
	var d Dish
	var price int64
	found := r.Map(v, strict.Table{
		"number": strict.Int(r.Reader, &d.Number, 1, 9999), "name": r.Text(&d.Name), "english": r.Text(&d.English),
		"picture": r.Text(&d.Picture), "description": r.Text(&d.Description), "price": r.Yuan(&price, highestPrice), "sold-out": r.Bool(&d.SoldOut),
	})
	r.Need(v, found, "number", "name", "price")
	switch d.Price = uint32(price); {
	case utf8.RuneCountInString(d.Name) > 40:
		r.Fail(v, "name of %d characters, want at most 40", utf8.RuneCountInString(d.Name))
	case m.Dish(d.Number) != nil:
		r.Fail(v, "dish %d stands twice; leave one away", d.Number)
	case d.Name != "" && m.Named(d.Name) != nil || d.English != "" && m.Named(d.English) != nil:
		r.Fail(v, "two dishes are called %s or %s; name them apart", strict.Quote(d.Name), strict.Quote(d.English))
	}
	m.Dishes = append(m.Dishes, d)
}
