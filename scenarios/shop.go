package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/wire"
)

// shop is what the sentences of a scenario keep of a shop that becomes a merchant, and of
// its terminals. All of it lives at the host, under its admin API; leave gives back what
// the scenario took.
type shop struct {
	admin   *Admin
	form    map[string]any
	number  string // of its application
	state   string // of it, when it was seen last
	reasons []struct{ ID, English, Chinese string }
	mid     string
	tid     string
	code    string        // activation code, with the serial number before it
	refusal error         // why the host did not do the last thing asked of it
	mids    []string      // merchants to be closed
	broken  []string      // machines to be put back into stock
	first   *sim.Terminal // that the merchant, or the clone, took the place of
	clone   *sim.Terminal
	payouts []payoutOf
	ahead   time.Duration // of its clock at the host, as it was seen last
}

// leave closes the merchants of the scenario, so that their machines are in stock again.
func (s *shop) leave() {
	for _, mid := range s.mids {
		s.admin.Do("POST", "/v1/merchants/"+mid+"/close", nil, nil) // what is closed already is
	}
	for _, tid := range s.broken {
		s.admin.Do("POST", "/v1/terminals/"+tid+"/repaired", nil, nil)
	}
	if s.clone != nil {
		s.clone.Link.Close()
	}
	*s = shop{}
}

// ask asks the admin API. A refusal is kept for the sentence that says so; any sentence
// but that one ends the scenario then.
func (s *shop) ask(method, path string, in, out any) error {
	if s.refusal != nil {
		return fmt.Errorf("the host had refused: %w", s.refusal)
	}
	err := s.admin.Do(method, path, in, out)
	if why, is := errors.AsType[*AdminError](err); is && why.Status != 400 {
		s.refusal = why
		return nil
	}
	return err
}

// get asks for what must be there.
func (s *shop) get(path string, out any) error {
	if s.refusal != nil {
		return fmt.Errorf("the host had refused: %w", s.refusal)
	}
	return s.admin.Do("GET", path, nil, out)
}

// shopOf gives the scenario's shop, that of the player's terminal when it has none of its
// own.
func shopOf(p *sim.Player, a Args) *shop {
	s := &worldOf(p).shop
	s.admin = a.Admin
	return s
}

// merchantOf is the merchant that sentences are about: the shop, or whoever the terminal is
// of.
func (s *shop) merchantOf(p *sim.Player) string {
	if s.mid != "" {
		return s.mid
	}
	return p.T.MID
}

// withShop makes a Make for sentences that are about a shop and say nothing beyond
// themselves.
func withShop(do func(p *sim.Player, s *shop) error) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		return func(p *sim.Player) error { return do(p, shopOf(p, a)) }, nil
	}
}

// saysOfShop is withShop for sentences with a text.
func saysOfShop(do func(p *sim.Player, s *shop, text string) error) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		return func(p *sim.Player) error { return do(p, shopOf(p, a), a.Quoted(0)) }, nil
	}
}

// withMachine is a Make for sentences in which a machine out of stock is issued or
// activated.
func withMachine(make func(Args) (func(*sim.Player) error, error)) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		switch {
		case len(a.Profile.Stock) == 0:
			return nil, lack("the profile has no terminals in stock (key stock)")
		case !a.Profile.Dialect.Has(wire.TerminalData):
			return nil, lack("a sign-in of dialect %s has no place for an activation code", a.Profile.Dialect.Name)
		}
		return make(a)
	}
}

// newForm is the application of an invented shop: a company, or a merchant without a
// licence (小微). Names are invented, numbers are drawn, so that no two are the same.
func newForm(micro bool) map[string]any {
	n := rand.Uint64N(1e9)
	id := fmt.Sprintf("310101%04d%02d%02d%03d", 1960+n%40, 1+n/40%12, 1+n/480%28, rand.IntN(1000))
	sum := 0
	for _, c := range id {
		sum = (sum + int(c-'0')) * 2 % 11
	}
	id += string("10X98765432"[sum])
	person := map[string]any{"name": "王小明", "id": id, "until": "2049-12-31"}
	f := map[string]any{
		"kind": "company", "name": "云吞面馆有限公司", "short_name": "云吞面馆", "mcc": "5812", "city": "2900", "region": "310101",
		"address": "人民路1号", "place": map[string]any{"latitude": 31.23, "longitude": 121.47}, "phone": "02155550100",
		"licence": map[string]any{"code": fmt.Sprintf("91310101MA%08d", n%1e8), "name": "云吞面馆有限公司", "owner": "王小明", "region": "310101", "mcc": "5812", "until": "2049-12-31"},
		"person":  person,
		"account": map[string]any{"kind": "57", "holder": "云吞面馆有限公司", "number": fmt.Sprintf("3100%012d", n), "bank": "102290000001"},
		"plan":    "Lantern Counter",
		"papers":  []string{"id-front", "id-back", "licence", "account-licence", "shop-front", "inside", "contract"},
	}
	if micro {
		delete(f, "licence")
		f["kind"], f["name"], f["short_name"] = "micro", "商户_王小明", "王小明的小店"
		f["account"] = map[string]any{"kind": "58", "holder": "王小明", "number": fmt.Sprintf("6225%012d", n), "bank": "102290000001", "class": "I"}
		f["papers"] = []string{"id-front", "id-back", "person-with-id", "settlement-card", "shop-front", "inside", "contract"}
	}
	return f
}

// fields are the Chinese names of what an application says.
var formFields = map[string]string{
	"商户名称": "name", "商户简称": "short_name", "MCC": "mcc", "地区代码": "region", "外包服务机构": "provider", "费率方案": "plan",
	"营业执照名称": "licence.name", "营业执照法人": "licence.owner", "营业执照地区": "licence.region", "营业执照行业": "licence.mcc", "营业执照有效期": "licence.until",
	"身份证有效期": "person.until", "结算账户类型": "account.kind", "结算账户户名": "account.holder", "结算账户类别": "account.class",
	"缺少资料": "without", "补充资料": "with", "商户类型": "kind",
}

// change changes what a form says: "mcc: 7995"; "without: shop-front" takes a paper away,
// "with: shop-front" adds it; "licence.until: 120 days" is so many days from now.
func change(form map[string]any, said string) error {
	key, value, ok := strings.Cut(strings.NewReplacer("：", ": ").Replace(said), ":")
	key, value = inEnglish(formFields, strings.TrimSpace(key)), strings.TrimSpace(value)
	papers, _ := form["papers"].([]string)
	switch part, rest, nested := strings.Cut(key, "."); {
	case !ok:
		return fmt.Errorf("%q: want what the application says and its value, such as \"mcc: 7995\"", said)
	case key == "without" && value == "licence":
		delete(form, "licence")
	case key == "without":
		form["papers"] = slices.DeleteFunc(slices.Clone(papers), func(p string) bool { return p == value })
	case key == "with":
		form["papers"] = append(slices.Clone(papers), value)
	case nested:
		of, is := form[part].(map[string]any)
		if !is {
			return fmt.Errorf("%q: the application has no %s", said, part)
		}
		of = maps.Clone(of)
		of[rest] = value
		if days, is := strings.CutSuffix(strings.TrimSuffix(value, "后"), "天"); is || strings.HasSuffix(value, " days") {
			n, err := strconv.Atoi(strings.TrimSuffix(days, " days"))
			if err != nil {
				return fmt.Errorf("%q: want a number of days", said)
			}
			of[rest] = new(shop).day(0, n)
		}
		form[part] = of
	default:
		form[key] = value
	}
	return nil
}

// submit hands the application in.
func (s *shop) submit() error {
	var a struct{ Number, State string }
	if err := s.ask("POST", "/v1/applications", s.form, &a); err != nil || s.refusal != nil {
		return err
	}
	s.number, s.state, s.reasons = a.Number, a.State, nil
	return nil
}

// review has the application reviewed.
func (s *shop) review(findings map[string]any) error {
	var a struct {
		State   string
		Reasons []struct{ ID, English, Chinese string }
	}
	if err := s.ask("POST", "/v1/applications/"+s.number+"/review", findings, &a); err != nil || s.refusal != nil {
		return err
	}
	s.state, s.reasons = a.State, a.Reasons
	return nil
}

// sign signs the contract.
func (s *shop) sign() error {
	var m struct{ MID string }
	if err := s.ask("POST", "/v1/applications/"+s.number+"/sign", nil, &m); err != nil || s.refusal != nil {
		return err
	}
	s.mid, s.state = m.MID, "signed"
	s.mids = append(s.mids, m.MID)
	return nil
}

// machineOf is a terminal as the API issues it.
type machineOf struct {
	TID, Serial, MID, State string
	Code                    string `json:"activation_code"`
}

// take has the player play on a machine that the host has issued, switched on, an operator
// logged in.
func (s *shop) take(p *sim.Player, m machineOf) error {
	for i := range p.T.Profile.Stock {
		if e := p.T.Profile.Stock[i]; e.TID == m.TID {
			e.MID = m.MID
			t := sim.NewTerminal(p.T.Profile, &e)
			t.Link, t.Faults = p.T.Link, p.T.Faults
			t.PowerOn()
			s.first, s.tid, s.code = p.T, m.TID, m.Serial+m.Code
			p.T = t
			return logIn(t)
		}
	}
	return fmt.Errorf("%w: the host issues terminal %s, which is not under stock in the profile", sim.ErrUntested, m.TID)
}

// issue has a terminal issued to the merchant.
func (s *shop) issue(p *sim.Player) error {
	var m machineOf
	if err := s.ask("POST", "/v1/merchants/"+s.mid+"/terminals", map[string]any{}, &m); err != nil || s.refusal != nil {
		return err
	}
	return s.take(p, m)
}

// open goes all the way: a merchant with a plan, its terminal activated and signed in.
func (s *shop) open(p *sim.Player, plan string) error {
	s.form = newForm(false)
	s.form["plan"] = plan
	for _, do := range []func() error{s.submit, func() error { return s.review(map[string]any{}) }, s.sign, func() error { return s.issue(p) }} {
		if err := do(); err != nil {
			return err
		}
		if s.refusal != nil {
			return s.refusal
		}
	}
	p.T.Activation = s.code
	return signedIn(p)
}

// events are the lines of the host's audit log about the shop.
func (s *shop) events(alerts bool) ([]struct{ What, English, Chinese string }, error) {
	q := url.Values{}
	switch {
	case s.mid != "":
		q.Set("mid", s.mid)
	default:
		q.Set("subject", s.number)
	}
	if alerts {
		q.Set("alerts", "1")
	}
	var log struct {
		Events []struct{ What, English, Chinese string }
	}
	err := s.get("/v1/events?"+q.Encode(), &log)
	return log.Events, err
}
