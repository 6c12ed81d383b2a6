package host

import (
	"testing"

	"github.com/posfleet/posfleet/sim/profile"
)

// An order is of what it sold then, whatever the menu has become: by the bank's people, by
// another menu in the profile, and over kills.
func TestAnOrderKeepsWhatItSold(t *testing.T) {
	h := keeps(t, bench("cup"), t.TempDir())
	p := ready(t, h, serveHost(t, h), 0)
	renamed := func(h *Host, name string) {
		t.Helper()
		if err := h.Change(func() {
			h.Orders().ChangeMenu(func(m profile.Menu) profile.Menu {
				m.Version++
				if m.Dishes = []profile.Dish{{Number: 7, Name: name, Price: 200}}; name == "" {
					m.Dishes = nil
				}
				return m
			})
		}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{p.order(1): h.profile.Menu.Dish(7).Name}
	holds := func(h *Host) {
		t.Helper()
		for number, name := range want {
			v, found := h.Orders().One(number, h.Now().Unix())
			if !found || len(v.Lines) != 1 || v.Lines[0].Price != 200 || v.Menu.Dish(7) == nil || v.Menu.Dish(7).Name != name {
				t.Errorf("order %s is of %+v, want %s", number, v, name)
			}
		}
	}
	other := bench("cup") // whose profile is changed before anybody has changed the menu
	other.Menu = profile.Menu{Version: 9, Dishes: []profile.Dish{{Number: 7, Name: "noodles", Price: 200}}}
	before := h.profile
	h.profile = other
	h = afterKill(t, h)
	holds(h)
	p.moves(h)
	want[p.order(1)] = "noodles"
	h.profile = before // and back
	h = afterKill(t, h)
	p.moves(h)
	want[p.order(1)] = before.Menu.Dish(7).Name
	holds(h)
	renamed(h, "soup")
	want[p.order(2)] = "soup"
	renamed(h, "")
	holds(h)
	h.profile = other // which does not come back once people have changed it
	h = afterKill(t, h)
	holds(h)
	if m := h.Orders().Menu(); len(m.Dishes) != 0 {
		t.Errorf("the menu is %+v", m)
	}
}
