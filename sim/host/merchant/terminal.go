package merchant

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"

	"github.com/posfleet/posfleet/sim/host/book"
)

// Terminal is a machine in the hands of a merchant, or in stock.
type Terminal struct {
	TID    string    `json:"tid"`
	Serial string    `json:"serial"` // TUSN, which no other machine has
	MID    string    `json:"mid,omitempty"`
	State  string    `json:"state"` // stock, issued (bound, to be activated), active, suspended, returned
	Why    string    `json:"why,omitempty"`
	Since  time.Time `json:"since,omitzero"` // of its state
	Traded time.Time `json:"traded,omitzero"`

	number int // in the ledger
	code   string
	tries  int       // at activation
	place  Place     // where it is to stand
	moved  time.Time // when it was first seen elsewhere; the zero time for never
	quiet  time.Time // from when on not trading counts, when it has not traded since
}

// States of terminals, besides those that merchants have too.
const (
	inStock  = "stock"
	issued   = "issued"
	returned = "returned" // out of a merchant's hands for good: replaced, broken
)

// activationTries is how often an activation code may be wrong.
const activationTries = 5

// terminal finds a terminal by its TID.
func (r *Register) terminal(tid string) (*Terminal, error) {
	if r.tids == nil {
		r.tids = map[string]int{}
		for i := range len(r.profile.Terminals) + len(r.profile.Stock) {
			r.tids[r.books.Entry(i).TID] = i
		}
	}
	n, ok := r.tids[tid]
	if !ok {
		return nil, fault(NotThere, "there is no terminal %s", "无此终端%s", tid)
	}
	return r.at(n), nil
}

// at is the terminal of a number; the profile's are active at their merchants from the
// start.
func (r *Register) at(n int) *Terminal {
	t := r.terminals[n]
	if t == nil {
		e := r.books.Entry(n)
		t = &Terminal{TID: e.TID, MID: e.MID, Serial: e.Serial(), State: active, number: n}
		if e.MID == "" {
			t.State = inStock
		}
		r.terminals[n] = t
	}
	return t
}

// of are the terminals of a merchant, looked at each.
func (r *Register) of(mid string) (all []*Terminal) {
	for n := range len(r.profile.Terminals) + len(r.profile.Stock) {
		if r.bound(n) == mid {
			all = append(all, r.at(n))
		}
	}
	return all
}

// bound is the merchant that the terminal of a number is bound to; empty for none.
func (r *Register) bound(n int) string {
	if t := r.terminals[n]; t != nil {
		return t.MID
	}
	return r.books.Entry(n).MID
}

// Stranger says what a request is answered whose terminal and merchant do not belong
// together: Closed when the merchant is, Elsewhere when the terminal is bound to another
// one, Unbound when nobody knows one of them.
func (r *Register) Stranger(tid, mid string) book.Bar {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.merchants[mid]
	t, err := r.terminal(tid)
	switch {
	case m == nil, err != nil:
		return book.Unbound
	case m.State == closed:
		return book.Closed
	case t.MID != "" && t.MID != mid:
		return book.Elsewhere
	}
	return book.Unbound
}

// bar says at the ledger whether a terminal may trade.
func (r *Register) bar(t *Terminal, b book.Bar) {
	r.books.At(t.number).SetBar(b)
	r.touch(nil, nil, t)
}

// Terminals are those of a merchant; of all, when mid is empty, only those that something
// has happened to.
func (r *Register) Terminals(mid string) []Terminal {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := []Terminal{}
	if mid != "" {
		for _, t := range r.of(mid) {
			all = append(all, r.shown(t))
		}
		return all
	}
	for _, t := range r.terminals {
		all = append(all, r.shown(t))
	}
	slices.SortFunc(all, func(a, b Terminal) int { return compare(a.TID, b.TID) })
	return all
}

// Terminal is the one of a TID.
func (r *Register) Terminal(tid string) (Terminal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.terminal(tid)
	if err != nil {
		return Terminal{}, err
	}
	return r.shown(t), nil
}

// shown is a terminal with when it last traded.
func (r *Register) shown(t *Terminal) Terminal {
	s := *t
	if at := r.traded(t); at > 0 {
		s.Traded = time.Unix(at, 0).UTC()
	}
	return s
}

func (r *Register) traded(t *Terminal) int64 {
	l := r.books.At(t.number)
	l.Lock()
	defer l.Unlock()
	return int64(l.Traded)
}

// Issue gives a merchant a machine out of stock: any, or the one of a TID. The activation
// code is told here and never again.
func (r *Register) Issue(mid, tid string) (Terminal, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, err := r.trades(mid)
	if err != nil {
		return Terminal{}, "", err
	}
	t, err := r.fromStock(tid)
	if err != nil {
		return Terminal{}, "", err
	}
	return r.bind(t, m)
}

// fromStock finds a machine that is of no merchant: the one of a TID, or the one that has
// been in stock for the longest. One that came back a moment ago is somebody's whose
// requests may still be on their way.
func (r *Register) fromStock(tid string) (*Terminal, error) {
	if tid != "" {
		t, err := r.terminal(tid)
		if err == nil && t.MID != "" && !r.SecondBinding.Load() {
			err = fault(Refused, "one terminal, one merchant: terminal %s is bound to merchant %s", "一机一户：终端%s已绑定商户%s", tid, t.MID)
			r.note(Event{What: "second-binding", Alert: true, MID: t.MID, TID: tid, English: "a second binding was refused", Chinese: "二次绑定被拒绝"})
		}
		if err == nil && t.MID == "" && t.State != inStock {
			err = t.not("issued", "发放")
		}
		return t, err
	}
	var longest *Terminal
	for n := len(r.profile.Terminals); n < len(r.profile.Terminals)+len(r.profile.Stock); n++ {
		t := r.at(n)
		if t.State != inStock {
			continue
		}
		if t.Since.IsZero() { // since ever
			return t, nil
		}
		if longest == nil || t.Since.Before(longest.Since) {
			longest = t
		}
	}
	if longest == nil {
		return nil, fault(WrongState, "no terminal is left in stock", "终端库存不足")
	}
	return longest, nil
}

// bind binds a machine to a merchant, to be activated at its first sign-in.
func (r *Register) bind(t *Terminal, m *Merchant) (Terminal, string, error) {
	if err := r.books.Bind(t.number, m.MID, book.Inactive); err != nil {
		return Terminal{}, "", fault(NotThere, "%v", "%v", err)
	}
	t.MID, t.place, t.moved = m.MID, m.place, time.Time{}
	r.into(t, issued, "")
	r.note(Event{What: "terminal-issued", MID: m.MID, TID: t.TID, English: "terminal issued and bound, serial " + t.Serial, Chinese: "终端发放并绑定，序列号" + t.Serial})
	return *t, r.newCode(t), nil
}

// into brings a terminal into a state.
func (r *Register) into(t *Terminal, state, why string) {
	t.State, t.Why, t.Since, t.quiet = state, why, r.now(), r.now()
	r.touch(nil, nil, t)
}

// newCode makes an activation code: 8 digits.
func (r *Register) newCode(t *Terminal) string {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	t.code, t.tries = fmt.Sprintf("%08d", n), 0
	r.touch(nil, nil, t)
	return t.code
}

// NewCode makes a new activation code for a terminal that is not active yet.
func (r *Register) NewCode(tid string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.terminal(tid)
	if err != nil {
		return "", err
	}
	if t.State != issued {
		return "", t.not("activated", "激活")
	}
	r.note(Event{What: "activation-code", MID: t.MID, TID: tid, English: "new activation code", Chinese: "激活码重置"})
	return r.newCode(t), nil
}

// Activate is a terminal's first sign-in, with its serial number and activation code. The
// ledger's terminal must not be locked.
func (r *Register) Activate(number int, serial, code []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.at(number)
	if t.State != issued || t.tries >= activationTries {
		return false
	}
	if string(serial) != t.Serial || subtle.ConstantTimeCompare(code, []byte(t.code)) != 1 {
		t.tries++
		r.touch(nil, nil, t)
		r.note(Event{What: "activation-refused", Alert: t.tries == activationTries, MID: t.MID, TID: t.TID, English: "wrong activation code or serial number", Chinese: "激活码或序列号错误"})
		return false
	}
	t.code = ""
	r.into(t, active, "")
	if m := r.merchants[t.MID]; m == nil || m.State != active {
		r.bar(t, book.Suspended)
	} else {
		r.bar(t, book.MayTrade)
	}
	r.note(Event{What: "terminal-activated", MID: t.MID, TID: t.TID, English: "terminal activated", Chinese: "终端激活"})
	return true
}

// SuspendTerminal stops one terminal until ResumeTerminal.
func (r *Register) SuspendTerminal(tid, why string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.terminal(tid)
	if err != nil {
		return err
	}
	if t.State != active && t.State != suspended {
		return t.not("suspended", "暂停")
	}
	r.stop(t, why)
	return nil
}

// stop suspends a terminal.
func (r *Register) stop(t *Terminal, why string) {
	r.into(t, suspended, why)
	r.bar(t, book.Suspended)
	r.note(Event{What: "terminal-suspended", MID: t.MID, TID: t.TID, English: "terminal suspended: " + why, Chinese: "终端暂停：" + why})
}

// ResumeTerminal lets a terminal trade again, unless its merchant is suspended.
func (r *Register) ResumeTerminal(tid string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.terminal(tid)
	if err != nil {
		return err
	}
	if t.State != suspended {
		return t.not("resumed", "恢复")
	}
	r.into(t, active, "")
	t.moved = time.Time{}
	if m := r.merchants[t.MID]; m != nil && m.State == active {
		r.bar(t, book.MayTrade)
	}
	r.note(Event{What: "terminal-resumed", MID: t.MID, TID: t.TID, English: "terminal resumed", Chinese: "终端恢复"})
	return nil
}

// TakeBack unbinds a terminal (解绑): it goes back into stock.
func (r *Register) TakeBack(tid string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.terminal(tid)
	if err != nil {
		return err
	}
	if t.MID == "" {
		return t.not("unbound", "解绑")
	}
	r.takeBack(t)
	return nil
}

func (r *Register) takeBack(t *Terminal) {
	r.books.Unbind(t.number, book.Unbound)
	r.note(Event{What: "terminal-unbound", MID: t.MID, TID: t.TID, English: "terminal unbound, back in stock", Chinese: "终端解绑入库"})
	t.MID, t.code = "", ""
	r.into(t, inStock, "")
}

// Replace gives a merchant another machine for a broken one (换机), which is out of use
// from then on.
func (r *Register) Replace(tid string) (Terminal, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, err := r.terminal(tid)
	if err != nil {
		return Terminal{}, "", err
	}
	if old.MID == "" {
		return Terminal{}, "", old.not("replaced", "换机")
	}
	m, err := r.trades(old.MID)
	if err != nil {
		return Terminal{}, "", err
	}
	t, err := r.fromStock("")
	if err != nil {
		return Terminal{}, "", err
	}
	r.takeBack(old)
	r.into(old, returned, "replaced by "+t.TID)
	return r.bind(t, m)
}

// Repaired puts a machine that was replaced back into stock.
func (r *Register) Repaired(tid string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.terminal(tid)
	if err != nil {
		return err
	}
	if t.State != returned {
		return t.not("put back into stock", "入库")
	}
	r.into(t, inStock, "")
	return nil
}

func (t *Terminal) not(done, chinese string) error {
	return fault(WrongState, "terminal %s is %s, it cannot be "+done, "终端%s状态为%s，不能"+chinese, t.TID, t.State)
}

// farAway is from how many kilometres on a terminal counts as moved (移机).
const farAway = 5.0

// Position is where a terminal says it is. Far from its shop the first time is an alert,
// the second time suspends it.
func (r *Register) Position(tid string, at Place) (Terminal, error) {
	if !at.onEarth() {
		return Terminal{}, fault(Malformed, "want a latitude of -90 to 90 and a longitude of -180 to 180 degrees", "纬度应为-90至90，经度应为-180至180")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.terminal(tid)
	if err != nil {
		return Terminal{}, err
	}
	if t.MID == "" {
		return Terminal{}, t.not("placed", "定位")
	}
	r.touch(nil, nil, t)
	switch km := distance(t.place, at); {
	case t.place == Place{}:
		t.place = at // the first that is known
	case km <= farAway:
		t.moved = time.Time{}
	case t.moved.IsZero():
		t.moved = r.now()
		r.note(Event{What: "terminal-moved", Alert: true, MID: t.MID, TID: tid, English: "terminal is far from its shop", Chinese: "终端移机告警"})
	case t.State == active:
		r.stop(t, "moved")
	}
	return r.shown(t), nil
}

// distance is in kilometres, on a sphere.
func distance(a, b Place) float64 {
	rad := func(deg float64) float64 { return deg * math.Pi / 180 }
	sin := func(x float64) float64 { return math.Sin(x/2) * math.Sin(x/2) }
	h := sin(rad(b.Latitude-a.Latitude)) + math.Cos(rad(a.Latitude))*math.Cos(rad(b.Latitude))*sin(rad(b.Longitude-a.Longitude))
	return 2 * 6371 * math.Asin(math.Sqrt(min(h, 1)))
}
