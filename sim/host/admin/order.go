package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/host/order"
	"github.com/posfleet/posfleet/sim/profile"
)

// ofOrders are the routes about the menu and orders.
func (s *Server) ofOrders() map[string]answers {
	return map[string]answers{
		"GET /v1/menu":              s.getMenu,
		"PUT /v1/menu":              s.putMenu,
		"PATCH /v1/dishes/{number}": s.patchDish,
		"GET /v1/orders":            s.getOrders,
		"GET /v1/orders/{number}":   s.getOrder,
		"GET /v1/order-events":      s.getOrderEvents,
	}
}

// dish is one of a menu, in fen.
type dish struct {
	Number      int    `json:"number"`
	Name        string `json:"name"`
	English     string `json:"english,omitempty"`
	Picture     string `json:"picture,omitempty"`
	Description string `json:"description,omitempty"`
	Price       uint32 `json:"price"`
	SoldOut     bool   `json:"sold_out"`
}

type menu struct {
	Version int    `json:"version"`
	Dishes  []dish `json:"dishes"`
}

// mostDishes bounds a menu.
const mostDishes = 500

func (s *Server) getMenu(*http.Request) (any, error) {
	m := s.host.Orders().Menu()
	out := menu{m.Version, []dish{}}
	for _, d := range m.Dishes {
		out.Dishes = append(out.Dishes, dish(d))
	}
	return out, nil
}

// putMenu puts a menu in the place of the one before, under the next version.
func (s *Server) putMenu(r *http.Request) (any, error) {
	var in struct {
		Dishes *[]dish `json:"dishes"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Dishes == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "want dishes; an empty list takes all away")
	}
	var m profile.Menu
	for i, d := range *in.Dishes {
		switch {
		case d.Number < 1 || d.Number > 9999 || d.Name == "" || d.Price > 99_999_999:
			return nil, refuse(http.StatusUnprocessableEntity, "dish %d: want a number of 1 to 9999, a name, and a price of at most 99999999 fen", i+1)
		case !shown(d.Name, 40), !shown(d.English, 40), !shown(d.Picture, 200), !shown(d.Description, 200):
			return nil, refuse(http.StatusUnprocessableEntity, "dish %d: want names of at most 40 characters, picture and description of at most 200, none of them control characters", i+1)
		case i == mostDishes:
			return nil, refuse(http.StatusUnprocessableEntity, "more than %d dishes", mostDishes)
		case m.Dish(d.Number) != nil:
			return nil, refuse(http.StatusUnprocessableEntity, "dish %d stands twice", d.Number)
		}
		m.Dishes = append(m.Dishes, profile.Dish(d))
	}
	s.host.Orders().ChangeMenu(func(was profile.Menu) profile.Menu {
		m.Version = was.Version + 1
		return m
	})
	return s.getMenu(r)
}

// shown reports whether a text can be shown in a line: it is of so many characters at most, and
// none of them moves what stands beside it.
func shown(text string, most int) bool {
	return utf8.RuneCountInString(text) <= most && !strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) })
}

// patchDish changes price or sold_out of a dish.
func (s *Server) patchDish(r *http.Request) (any, error) {
	var in struct {
		Price   *uint32 `json:"price"`
		SoldOut *bool   `json:"sold_out"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	number, _ := strconv.Atoi(r.PathValue("number"))
	found := false
	if in.Price == nil && in.SoldOut == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "want price, sold_out or both")
	}
	if in.Price != nil && *in.Price > 99_999_999 {
		return nil, refuse(http.StatusUnprocessableEntity, "price: at most 99999999 fen")
	}
	s.host.Orders().ChangeMenu(func(m profile.Menu) profile.Menu {
		d := m.Dish(number)
		if found = d != nil; !found {
			return m
		}
		if in.Price != nil {
			d.Price = *in.Price
		}
		if in.SoldOut != nil {
			d.SoldOut = *in.SoldOut
		}
		m.Version++
		return m
	})
	if !found {
		return nil, refuse(http.StatusNotFound, "the menu has no dish %q", r.PathValue("number"))
	}
	return s.getMenu(r)
}

// orderJSON is an order; amounts are in fen, times RFC 3339.
type orderJSON struct {
	Number   string     `json:"number"`
	TID      string     `json:"tid"`
	Own      string     `json:"own_number,omitempty"`
	State    string     `json:"state"`
	Chinese  string     `json:"state_zh"`
	Lines    []lineJSON `json:"lines"`
	Total    int64      `json:"total"`
	Refunded int64      `json:"refunded"`
	Made     time.Time  `json:"made"`
	Changed  time.Time  `json:"changed"`
	Expires  time.Time  `json:"expires"`
}

type lineJSON struct {
	Dish  int    `json:"dish"`
	Name  string `json:"name,omitempty"`
	Count int    `json:"count"`
	Price uint32 `json:"price"`
}

func orderOf(v order.View) orderJSON {
	at := func(unix uint32) time.Time { return time.Unix(int64(unix), 0).UTC() }
	out := orderJSON{Number: v.Number, TID: v.Terminal, Own: v.Own, State: v.State.String(), Chinese: v.State.Chinese(), Lines: []lineJSON{},
		Total: v.Total, Refunded: v.Refunded, Made: at(v.Made), Changed: at(v.Changed), Expires: at(v.Expires)}
	for _, l := range v.Lines {
		line := lineJSON{Dish: int(l.Dish), Count: int(l.Count), Price: l.Price}
		if d := v.Menu.Dish(line.Dish); d != nil {
			line.Name = d.Name
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// mostOrders bounds a list.
const mostOrders = 1000

// getOrders lists the youngest orders of each terminal: most of them, 100 unless the
// query says how many.
func (s *Server) getOrders(r *http.Request) (any, error) {
	most := 100
	if text := r.URL.Query().Get("most"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostOrders {
			return nil, refuse(http.StatusBadRequest, "most: want 1 to %d", mostOrders)
		}
		most = n
	}
	all := []orderJSON{}
	for _, v := range s.host.Orders().List(most) {
		all = append(all, orderOf(v))
	}
	return all, nil
}

func (s *Server) getOrder(r *http.Request) (any, error) {
	v, ok := s.host.Orders().One(r.PathValue("number"), s.host.Now().Unix())
	if !ok {
		return nil, refuse(http.StatusNotFound, "no order has this number, or it has been forgotten")
	}
	return orderOf(v), nil
}

// Streams of events are so many at once at most, and so long; who reads too slowly
// misses events.
const (
	mostStreams  = 16
	longestWatch = time.Hour
	behind       = 256
	quiet        = 15 * time.Second // and then a comment, to see whether somebody still reads
)

// getOrderEvents streams orders as they change, as server-sent events.
func (s *Server) getOrderEvents(*http.Request) (any, error) {
	if s.streams.Add(1) > mostStreams {
		s.streams.Add(-1)
		return nil, refuse(http.StatusServiceUnavailable, "%d streams of events are open already; close one", mostStreams)
	}
	return stream(func(w http.ResponseWriter, r *http.Request) {
		defer s.streams.Add(-1)
		changed, stop := s.host.Orders().Watch(behind)
		defer stop()
		out := http.NewResponseController(w)
		_ = out.SetReadDeadline(time.Time{})
		w.Header().Set("Content-Type", "text/event-stream")
		send := func(text string) bool {
			_ = out.SetWriteDeadline(time.Now().Add(10 * time.Second))
			_, err := fmt.Fprint(w, text)
			return err == nil && out.Flush() == nil
		}
		end, tick := time.After(longestWatch), time.NewTicker(quiet)
		defer tick.Stop()
		for ok := send(": orders as they change\n\n"); ok; {
			select {
			case <-r.Context().Done():
				return
			case <-end:
				return
			case <-tick.C:
				ok = send(":\n\n")
			case v := <-changed:
				text, err := json.Marshal(orderOf(v))
				ok = err == nil && send("event: order\ndata: "+string(text)+"\n\n")
			}
		}
	}), nil
}
