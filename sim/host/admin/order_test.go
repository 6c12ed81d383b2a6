package admin

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/order"
)

// got asks for JSON and reads it.
func got(t *testing.T, url string, v any) {
	t.Helper()
	r, _ := http.NewRequest("GET", url, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(v); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, answer.Status, err)
	}
}

// rice orders rice at a terminal.
func rice(t *testing.T, s *Server, terminal int, own string, price uint32) dialect.OrderReason {
	t.Helper()
	orders := s.host.Orders()
	d := orders.Desk(terminal, fmt.Appendf(nil, "%08d", 10000001+terminal))
	d.Lock()
	defer d.Unlock()
	_, why := d.Confirm(orders.Menu(), order.Wanted{Own: []byte(own), Lines: []dialect.OrderLine{{Dish: 201, Count: 2, Price: price}}, Total: 2 * int64(price)}, time.Now().Unix())
	return why
}

func TestChangedPriceHoldsForTheNextOrder(t *testing.T) {
	s, url := api(t, nil)
	if why := rice(t, s, 0, "1", 200); why != dialect.NoReason {
		t.Fatal(why)
	}
	for body, want := range map[string]int{`{"price": 100000000}`: 422, `{"cost": 1}`: 400, `{"price": -1}`: 400, `{"price": 250}`: 200} {
		if status, why := ask(t, "PATCH", url+"/v1/dishes/201", body, nil); status != want {
			t.Errorf("%s: %d %q, want %d", body, status, why, want)
		}
	}
	if status, _ := ask(t, "PATCH", url+"/v1/dishes/999", `{"price": 1}`, nil); status != 404 {
		t.Errorf("a dish that is not there: %d", status)
	}
	if why := rice(t, s, 0, "2", 200); why != dialect.PriceChanged {
		t.Errorf("the old price: %q", why)
	}
	if why := rice(t, s, 0, "3", 250); why != dialect.NoReason {
		t.Errorf("the new price: %q", why)
	}
	ask(t, "PATCH", url+"/v1/dishes/201", `{"sold_out": true}`, nil)
	if why := rice(t, s, 0, "4", 250); why != dialect.DishSoldOut {
		t.Errorf("sold out: %q", why)
	}
	var m menu
	if got(t, url+"/v1/menu", &m); m.Version != 3 || len(m.Dishes) < 5 {
		t.Errorf("menu of version %d with %d dishes", m.Version, len(m.Dishes))
	}
	if s.host.Profile().Menu.Dish(201).Price != 200 {
		t.Error("the profile's own menu has changed")
	}
}

// An order is of what it sold, also when the menu has it no longer.
func TestAnOrderKeepsItsNamesWithoutTheMenu(t *testing.T) {
	s, url := api(t, nil)
	if why := rice(t, s, 0, "1", 200); why != dialect.NoReason {
		t.Fatal(why)
	}
	name := s.host.Profile().Menu.Dish(201).Name
	for _, body := range []string{`{"dishes": []}`, `{"dishes": [{"number": 201, "name": "noodles", "price": 900}]}`} {
		if status, why := ask(t, "PUT", url+"/v1/menu", body, nil); status != 200 {
			t.Fatal(status, why)
		}
		var all []orderJSON
		got(t, url+"/v1/orders", &all)
		if want := (lineJSON{Dish: 201, Name: name, Count: 2, Price: 200}); len(all) != 1 || len(all[0].Lines) != 1 || all[0].Lines[0] != want {
			t.Errorf("after %s: %+v, want %+v", body, all, want)
		}
	}
}

func TestMenuIsReplacedWholeOrNotAtAll(t *testing.T) {
	_, url := api(t, nil)
	for body, want := range map[string]int{
		`{"dishes": [{"number": 1, "name": "a", "price": 5}, {"number": 1, "name": "b", "price": 5}]}`: 422,
		`{"dishes": [{"number": 0, "name": "a", "price": 5}]}`:                                         422,
		`{"dishes": [{"number": 1, "price": 5}]}`:                                                      422,
		`{}`:               422,
		`null`:             422,
		`{"dishes": null}`: 422,
		`{"dishes": [{"number": 1, "name": "a\u0000", "price": 5}]}`:                              422,
		`{"dishes": [{"number": 1, "name": "a\u202eb", "price": 5}]}`:                             422,
		`{"dishes": [{"number": 1, "name": "` + strings.Repeat("面", 41) + `", "price": 5}]}`:      422,
		`{"dishes": [{"number": 1, "name": "` + strings.Repeat("面", 40) + `", "price": 5}]}`:      200,
		`{"dishes": [{"number": 1, "name": "a", "picture": "` + strings.Repeat("x", 201) + `"}]}`: 422,
		`{"dishes": []}`: 200,
		`{"dishes": [{"number": 1, "name": "<b>", "price": 5}]}`: 200,
	} {
		if status, why := ask(t, "PUT", url+"/v1/menu", body, nil); status != want {
			t.Errorf("%s: %d %q, want %d", body, status, why, want)
		}
	}
	var m menu
	ask(t, "PUT", url+"/v1/menu", `{"dishes": [{"number": 1, "name": "<b>", "price": 5}]}`, nil)
	ask(t, "PUT", url+"/v1/menu", `{}`, nil)
	if status, _ := ask(t, "PATCH", url+"/v1/dishes/1", `{}`, nil); status != 422 {
		t.Errorf("a change of nothing: %d", status)
	}
	if got(t, url+"/v1/menu", &m); len(m.Dishes) != 1 || m.Dishes[0].Name != "<b>" {
		t.Errorf("menu %+v", m)
	}
}

func TestOrdersAreListedAndFound(t *testing.T) {
	s, url := api(t, nil)
	for i, own := range []string{"a", "b", "c"} {
		rice(t, s, i%2, own, 200)
	}
	var all []orderJSON
	if got(t, url+"/v1/orders", &all); len(all) != 3 || all[0].Total != 400 || all[0].State != "confirmed" || all[0].Lines[0].Name == "" {
		t.Fatalf("orders %+v", all)
	}
	var one orderJSON
	if got(t, url+"/v1/orders/"+all[2].Number, &one); one.Number != all[2].Number || one.Own != "a" {
		t.Errorf("one: %+v", one)
	}
	for path, want := range map[string]int{"/v1/orders/" + strings.Repeat("1", 25): 404, "/v1/orders?most=0": 400, "/v1/orders?most=9999": 400} {
		if status, _ := ask(t, "GET", url+path, "", nil); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}

func TestOrdersArriveLive(t *testing.T) {
	s, url := api(t, nil)
	var open []*http.Response
	for range mostStreams {
		r, _ := http.NewRequest("GET", url+"/v1/order-events", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatal(answer, err)
		}
		defer answer.Body.Close()
		open = append(open, answer)
	}
	if status, _ := ask(t, "GET", url+"/v1/order-events", "", nil); status != http.StatusServiceUnavailable {
		t.Errorf("one stream more than there may be: %d", status)
	}
	in := bufio.NewScanner(open[0].Body)
	if in.Scan(); !strings.HasPrefix(in.Text(), ":") { // somebody listens by now
		t.Fatalf("the stream begins with %q", in.Text())
	}
	rice(t, s, 1, "live", 200)
	for in.Scan() {
		if text, is := strings.CutPrefix(in.Text(), "data: "); is {
			var o orderJSON
			if err := json.Unmarshal([]byte(text), &o); err != nil || o.Own != "live" || o.TID != "10000002" {
				t.Errorf("%s: %v", text, err)
			}
			return
		}
	}
	t.Error("the stream ends without the order")
}

// A position without numbers is none: 0 and 0 are a place, and far from any shop.
func TestAPositionHasBothNumbers(t *testing.T) {
	s, url := api(t, nil)
	tid := s.host.Profile().Terminals[0].TID
	for body, want := range map[string]int{`{}`: 400, `{"latitude": 31}`: 400, `{"latitude": 91, "longitude": 0}`: 400, `{"latitude": 31, "longitude": 121}`: 200} {
		if status, why := ask(t, "POST", url+"/v1/terminals/"+tid+"/position", body, nil); status != want {
			t.Errorf("%s: %d %q, want %d", body, status, why, want)
		}
	}
}
