package staff

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// changes are what of a desk has changed, as a host's data keep it: each thing whole. Of
// secrets there are digests, as the desk has them; messages to phones are not kept, for they
// tell codes.
type changes struct {
	Key       []byte         `json:",omitempty"` // of the digests
	Serial    int            // of the latest reset
	Members   []string       `json:",omitempty"`
	Customers []keptCustomer `json:",omitempty"`
	Accounts  []keptAccount  `json:",omitempty"`
	Lines     []Line         `json:",omitempty"`
}

type keptCustomer struct {
	MID, Number, Phone             string
	Password, ID, Licence, Session []byte
	Wrong                          int
	WrongAt, Until                 time.Time
}

type keptAccount struct {
	TID, Customer string
	Lost, SignIn  bool
	Dead          []string    `json:",omitempty"`
	Asked         []time.Time `json:",omitempty"`
	Resets        []keptReset `json:",omitempty"`
	CodeWrong     int
}

type keptReset struct {
	ID, Operator        string
	Channel             Channel
	SMS, Code           []byte
	SMSUntil, CodeUntil time.Time
	SMSTries            int
	Redeemed            bool
}

// touched are what has changed since the last time.
type touched struct {
	members   []string
	customers map[*customer]bool
	accounts  map[*account]bool
	lines     []Line
	key       bool // it is kept already
}

var errKept = errors.New("it does not fit the desk")

// Keep has the desk note what changes, for [Desk.TakeChanges].
func (d *Desk) Keep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.touched = &touched{customers: map[*customer]bool{}, accounts: map[*account]bool{}}
}

// touch notes that one of these, or both, may have changed; each may be nil. mu is held.
func (d *Desk) touch(a *account, c *customer) {
	if d.touched == nil {
		return
	}
	if a != nil {
		d.touched.accounts[a] = true
	}
	if c != nil {
		d.touched.customers[c] = true
	}
}

// TakeChanges gives what has changed since the last time, as octets that [Desk.Redo] takes;
// nil for nothing.
func (d *Desk) TakeChanges() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	of := d.touched
	if of == nil || len(of.members)+len(of.customers)+len(of.accounts)+len(of.lines) == 0 {
		return nil
	}
	c := changes{Serial: d.serial, Members: of.members, Lines: of.lines}
	if !of.key {
		c.Key = d.key[:]
	}
	for k := range of.customers {
		c.Customers = append(c.Customers, keptCustomer{k.mid, k.number, k.phone, k.password[:], k.id[:], k.licence[:], k.session[:], k.wrong, k.wrongAt, k.until})
	}
	for a := range of.accounts {
		k := keptAccount{TID: a.tid, Lost: a.lost, SignIn: a.signIn, Dead: slices.Sorted(maps.Keys(a.dead)), Asked: a.asked, CodeWrong: a.codeWrong}
		if a.customer != nil {
			k.Customer = a.customer.number
		}
		for _, r := range a.byOp {
			k.Resets = append(k.Resets, keptReset{r.id, r.operator, r.channel, r.sms[:], r.code[:], r.smsUntil, r.codeUntil, r.smsTries, r.redeemed})
		}
		c.Accounts = append(c.Accounts, k)
	}
	d.touched = &touched{customers: map[*customer]bool{}, accounts: map[*account]bool{}, key: true}
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // texts, numbers and times have JSON
	}
	return text
}

// Redo takes what TakeChanges gave, after all that was before it. The error says that it is
// not of this desk.
func (d *Desk) Redo(text []byte) error {
	var c changes
	if err := json.Unmarshal(text, &c); err != nil {
		return errors.Join(errKept, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	copy(d.key[:], c.Key)
	d.serial = max(d.serial, c.Serial)
	for _, number := range c.Members {
		d.members[number] = true
	}
	for i := range c.Customers {
		k := &c.Customers[i]
		to := d.customers[k.Number]
		if to == nil {
			to = &customer{}
			d.customers[k.Number] = to
		}
		*to = customer{mid: k.MID, number: k.Number, phone: k.Phone, wrong: k.Wrong, wrongAt: k.WrongAt, until: k.Until}
		copy(to.password[:], k.Password)
		copy(to.id[:], k.ID)
		copy(to.licence[:], k.Licence)
		copy(to.session[:], k.Session)
	}
	for i := range c.Accounts {
		if err := d.redoAccount(&c.Accounts[i]); err != nil {
			return err
		}
	}
	for _, l := range c.Lines {
		d.add(l)
	}
	return nil
}

// redoAccount takes what is known of a terminal; mu is held.
func (d *Desk) redoAccount(k *keptAccount) error {
	a, err := d.account(k.TID)
	if err != nil || k.Customer != "" && d.customers[k.Customer] == nil {
		return fmt.Errorf("terminal %q: %w", k.TID, errKept)
	}
	for _, r := range a.byOp {
		delete(d.resets, r.id)
	}
	*a = account{n: a.n, tid: a.tid, mid: a.mid, customer: d.customers[k.Customer], lost: k.Lost, signIn: k.SignIn, dead: map[string]bool{},
		asked: k.Asked, byOp: map[string]*reset{}, codeWrong: k.CodeWrong}
	for _, operator := range k.Dead {
		a.dead[operator] = true
	}
	for i := range k.Resets {
		kept := &k.Resets[i]
		r := &reset{id: kept.ID, channel: kept.Channel, operator: kept.Operator, of: a, smsUntil: kept.SMSUntil, smsTries: kept.SMSTries,
			codeUntil: kept.CodeUntil, redeemed: kept.Redeemed}
		copy(r.sms[:], kept.SMS)
		copy(r.code[:], kept.Code)
		a.byOp[r.operator], d.resets[r.id] = r, r
	}
	d.watch(a)
	return nil
}
