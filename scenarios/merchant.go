package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/wire"
)

// merchantPhrases are about becoming a merchant, and about what becomes of its terminals.
func merchantPhrases() []*Phrase {
	all := append(applicationPhrases(), machinePhrases()...)
	for _, p := range all {
		p.Admin, p.CheckOnly = true, true
	}
	return all
}

func applicationPhrases() []*Phrase {
	const group = "Merchants / 商户"
	return []*Phrase{
		{Group: group, English: "a shop that wants to become a merchant", Chinese: "一家企业商户申请入网",
			Doc: "An invented company with a licence and all papers, whose application nothing speaks against.",
			Make: withShop(func(_ *sim.Player, s *shop) error {
				s.form = newForm(false)
				return nil
			})},
		{Group: group, English: "a shop without a licence that wants to become a merchant", Chinese: "一家小微商户申请入网",
			Doc: "The same without a licence: the number of the person in charge stands for the credit code.",
			Make: withShop(func(_ *sim.Player, s *shop) error {
				s.form = newForm(true)
				return nil
			})},
		{Group: group, English: "the application says {text}", Chinese: "进件资料为{text}",
			Doc: "Changes what it says: \"mcc: 7995\", \"licence.until: 2026-12-31\" or \"licence.until: 120 days\", \"account.kind: 58\", \"without: shop-front\" for a paper that is missing (\"营业执照有效期: 120天后\", \"结算账户类型: 58\", \"缺少资料: shop-front\").",
			Make: func(a Args) (func(*sim.Player) error, error) {
				if err := change(newForm(false), a.Quoted(0)); err != nil {
					return nil, err
				}
				return func(p *sim.Player) error { return change(shopOf(p, a).form, a.Quoted(0)) }, nil
			}},
		{Group: group, English: "the shop is on the risk list", Chinese: "商户已列入风险名单",
			Doc: "Its credit code is.",
			Make: withShop(func(_ *sim.Player, s *shop) error {
				code, _ := s.form["person"].(map[string]any)["id"].(string)
				return s.ask("PUT", "/v1/blacklist/"+code, nil, nil)
			})},
		{Group: group, English: "the shop applies", Chinese: "商户提交进件",
			Doc:  "Hands its application in. It may do so twice.",
			Make: withShop(func(_ *sim.Player, s *shop) error { return s.submit() })},
		{Group: group, English: "the shop corrects its application: {text}", Chinese: "商户补件：{text}",
			Doc: "Hands it in changed, under its old number.",
			Make: saysOfShop(func(_ *sim.Player, s *shop, text string) error {
				if err := change(s.form, text); err != nil {
					return err
				}
				var a struct{ Number, State string }
				if err := s.ask("PUT", "/v1/applications/"+s.number, s.form, &a); err != nil || s.refusal != nil {
					return err
				}
				if s.state = a.State; a.Number != s.number {
					return fmt.Errorf("the application had number %s, and has %s once it is corrected", s.number, a.Number)
				}
				return nil
			})},
		{Group: group, English: "the acquirer reviews the application", Chinese: "收单机构审核进件",
			Doc:  "By its rules: papers, licence, account, trade, risk, whether it came before.",
			Make: withShop(func(_ *sim.Player, s *shop) error { return s.review(map[string]any{}) })},
		{Group: group, English: "the acquirer reviews the application and finds {text}", Chinese: "收单机构审核进件时发现{text}",
			Doc: "Besides, the reviewer finds \"a photo unclear\" or \"the phone unanswered\" (\"照片不清晰\", \"电话未接通\").",
			Make: func(a Args) (func(*sim.Player) error, error) {
				found := map[string]map[string]any{
					"a photo unclear": {"unclear": []string{"shop-front"}}, "照片不清晰": {"unclear": []string{"shop-front"}},
					"the phone unanswered": {"unanswered": true}, "电话未接通": {"unanswered": true}}[a.Quoted(0)]
				if found == nil {
					return nil, errors.New("want \"a photo unclear\" or \"the phone unanswered\"")
				}
				return func(p *sim.Player) error { return shopOf(p, a).review(found) }, nil
			}},
		{Group: group, English: "the application is approved", Chinese: "进件审核通过", Asserts: true,
			Doc: "And waits for its contract to be signed.",
			Make: withShop(func(_ *sim.Player, s *shop) error {
				if s.refusal != nil || s.state != "approved" {
					return fmt.Errorf("the application is %s, for %v %v", s.state, s.reasons, s.refusal)
				}
				return nil
			})},
		{Group: group, English: "the application is refused for {text}", Chinese: "进件被驳回，原因为{text}", Asserts: true,
			Doc: "For this reason among others: its id or its words, which GET /v1/refusals lists.",
			Make: saysOfShop(func(_ *sim.Player, s *shop, text string) error {
				for _, r := range s.reasons {
					if s.state == "refused" && (text == r.ID || text == r.English || text == r.Chinese) {
						return nil
					}
				}
				return fmt.Errorf("the application is %s, for %v; want it refused for %q", s.state, s.reasons, text)
			})},
		{Group: group, English: "the shop signs the contract", Chinese: "商户签约",
			Doc:  "The approved application becomes a merchant with a number (MID).",
			Make: withShop(func(_ *sim.Player, s *shop) error { return s.sign() })},
		{Group: group, English: "nobody signs for {n} days", Chinese: "{n}天内未签约",
			Doc: "The host does its daily work as of that day.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				days, err := a.Int(0)
				return func(p *sim.Player) error {
					s := shopOf(p, a)
					return s.ask("POST", "/v1/inspection", map[string]any{"day": s.day(0, days), "application": s.number}, nil)
				}, err
			}},
		{Group: group, English: "the host refuses: {text}", Chinese: "后台拒绝：{text}", Asserts: true,
			Doc: "The last thing asked of the admin API was not done, and its words contain these.",
			Make: saysOfShop(func(_ *sim.Player, s *shop, text string) error {
				if s.refusal == nil {
					return fmt.Errorf("the host did it; want it refused with %q", text)
				}
				if !strings.Contains(s.refusal.Error(), text) {
					return fmt.Errorf("the host refused with %q, want %q in it", s.refusal, text)
				}
				s.refusal = nil
				return nil
			})},
		{Group: group, English: "a merchant on plan {text}", Chinese: "一家费率方案为{text}的商户",
			Doc:  "All at once: applied, reviewed, signed, a terminal issued and activated, which the scenario goes on with. The plan is one of the profile's fee-plans.",
			Make: withMachine(saysOfShop(func(p *sim.Player, s *shop, text string) error { return s.open(p, text) }))},
		{Group: group, English: "the acquirer {deed} the merchant", Chinese: "收单机构{deed}商户",
			Doc:  "Suspends, resumes or closes it.",
			Make: does(func(s *shop) string { return "/v1/merchants/" + s.mid })},
	}
}

// deeds are the words of the placeholder {deed}, as the admin API's paths have them.
var deeds = []word[string]{
	{"suspends", "暂停", "suspend"}, {"resumes", "恢复", "resume"}, {"closes", "注销", "close"}, {"unbinds", "解绑", "unbind"},
	{"resets the code of", "重置激活码并重新下发至", "activation-code"},
}

// does is the Make of sentences that do one of several things to a merchant or terminal.
func does(to func(*shop) string) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		verb := meaning(deeds, a.Words["deed"][0])
		return func(p *sim.Player) error {
			s := shopOf(p, a)
			var in any
			if verb == "suspend" {
				in = map[string]any{"why": "a scenario asked for it"}
			}
			var m machineOf
			if err := s.ask("POST", to(s)+"/"+verb, in, &m); err != nil || s.refusal != nil {
				return err
			}
			if m.Code != "" {
				s.code = s.code[:20] + m.Code
			}
			return nil
		}, nil
	}
}

func machinePhrases() []*Phrase {
	const group = "Merchants' terminals / 商户终端"
	return []*Phrase{
		{Group: group, English: "the acquirer issues a terminal to the merchant", Chinese: "收单机构向商户发放终端",
			Doc:  "Out of stock (key stock of the profile), bound by its serial number. The scenario goes on with it: switched on, an operator logged in, not activated.",
			Make: withMachine(withShop(func(p *sim.Player, s *shop) error { return s.issue(p) }))},
		{Group: group, English: "the terminal signs in with its activation code", Chinese: "终端使用激活码首次签到", Logon: true,
			Doc: "The first sign-in, which shows serial number and activation code.",
			Make: withShop(func(p *sim.Player, s *shop) error {
				p.T.Activation = s.code
				return keepRefusal(p, p.SignIn())
			})},
		{Group: group, English: "the terminal signs in with a wrong activation code", Chinese: "终端使用错误的激活码首次签到", Logon: true,
			Doc: "The last digit is another one.",
			Make: withShop(func(p *sim.Player, s *shop) error {
				n := len(s.code) - 1
				p.T.Activation = s.code[:n] + string('0'+(s.code[n]-'0'+1)%10)
				return keepRefusal(p, p.SignIn())
			})},
		{Group: group, English: "the terminal signs in with the code of another machine", Chinese: "终端使用其他机具的激活码首次签到", Logon: true,
			Doc: "The code is right, the serial number is not.",
			Make: withShop(func(p *sim.Player, s *shop) error {
				p.T.Activation = "00009999000100000000" + s.code[20:]
				return keepRefusal(p, p.SignIn())
			})},
		{Group: group, English: "the terminal is {text}", Chinese: "后台终端状态为{text}", Asserts: true,
			Doc: "As the host has it: \"issued\", \"active\", \"suspended\", \"returned\", or in \"stock\" (\"待激活\", \"在用\", \"暂停\", \"已退回\", \"库存\").",
			Make: saysOfShop(func(_ *sim.Player, s *shop, text string) error {
				want := inEnglish(map[string]string{"待激活": "issued", "在用": "active", "暂停": "suspended", "已退回": "returned", "库存": "stock"}, text)
				var t machineOf
				if err := s.get("/v1/terminals/"+s.tid, &t); err != nil {
					return err
				}
				if t.State != want {
					return fmt.Errorf("the terminal is %s, want %s", t.State, want)
				}
				return nil
			})},
		{Group: group, English: "the acquirer {deed} the terminal", Chinese: "收单机构{deed}终端",
			Doc:  "Suspends, resumes or unbinds it, or makes a new activation code for it.",
			Make: does(func(s *shop) string { return "/v1/terminals/" + s.tid })},
		{Group: group, English: "the acquirer binds the terminal to another merchant", Chinese: "收单机构将该终端绑定给另一商户",
			Doc: "Another shop applies, is approved and signs; then this terminal is to be issued to it.",
			Make: withShop(func(_ *sim.Player, s *shop) error {
				other := shop{admin: s.admin, form: newForm(false)}
				for _, do := range []func() error{other.submit, func() error { return other.review(map[string]any{}) }, other.sign} {
					if err := do(); err != nil || other.refusal != nil {
						return errors.Join(err, other.refusal)
					}
				}
				s.mids = append(s.mids, other.mid)
				return s.ask("POST", "/v1/merchants/"+other.mid+"/terminals", map[string]any{"tid": s.tid}, nil)
			})},
		{Group: group, English: "the acquirer replaces the terminal", Chinese: "收单机构为商户换机",
			Doc: "Another machine out of stock takes its place; the scenario goes on with it, not activated.",
			Make: withShop(func(p *sim.Player, s *shop) error {
				var m machineOf
				if err := s.ask("POST", "/v1/terminals/"+s.tid+"/replace", nil, &m); err != nil || s.refusal != nil {
					return err
				}
				s.broken = append(s.broken, s.tid)
				return s.take(p, m)
			})},
		{Group: group, English: "the first terminal is used", Chinese: "换用原终端",
			Doc: "The one before the clone, or before the replacement.",
			Make: withShop(func(p *sim.Player, s *shop) error {
				if s.first == nil {
					return errors.New("there was no other terminal before")
				}
				p.T = s.first
				return nil
			})},
		{Group: group, English: "a clone of the terminal is used", Chinese: "换用克隆终端",
			Doc: "Another machine with the same number and master key, on a line of its own, with a trace number of its own. Switched on, an operator logged in.",
			Make: withShop(func(p *sim.Player, s *shop) error {
				if s.clone == nil {
					t := sim.NewTerminal(p.T.Profile, p.T.Terminal)
					worldOf(p).connect(t)
					t.PowerOn()
					if err := logIn(t); err != nil {
						return err
					}
					s.first, s.clone = p.T, t
				}
				p.T = s.clone
				return nil
			})},
		{Group: group, English: "the terminal gives another merchant's number", Chinese: "终端使用其他商户的商户号",
			Doc: "The terminal number is its own, the merchant number is the first one of the profile that is not its own.",
			Make: withShop(func(p *sim.Player, s *shop) error {
				e := *p.T.Terminal
				for _, m := range p.T.Profile.Merchants {
					if m.MID != p.T.MID {
						e.MID = m.MID
					}
				}
				p.T.Terminal = &e
				return nil
			})},
		{Group: group, English: "the terminal says that it is {n} km from its shop", Chinese: "终端上报位置距门店{n}公里",
			Doc: "Its position, as the acquirer gets it.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				km, err := a.Int(0)
				return func(p *sim.Player) error {
					s := shopOf(p, a)
					return s.ask("POST", "/v1/terminals/"+s.tid+"/position", map[string]any{"latitude": 31.23 + float64(km)/111.2, "longitude": 121.47}, nil)
				}, err
			}},
		{Group: group, English: "the terminal has not traded for {n} months", Chinese: "终端连续{n}个月无交易",
			Doc: "The host does its daily work as of a day so many months from now.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				months, err := a.Int(0)
				return func(p *sim.Player) error {
					s := shopOf(p, a)
					return s.ask("POST", "/v1/inspection", map[string]any{"day": s.day(months, 1), "mid": s.mid}, nil)
				}, err
			}},
		{Group: group, English: "the acquirer inspects the merchant", Chinese: "收单机构巡检商户",
			Doc: "The host does its daily work now.",
			Make: withShop(func(_ *sim.Player, s *shop) error {
				return s.ask("POST", "/v1/inspection", map[string]any{"day": s.now().Format(time.RFC3339), "mid": s.mid}, nil)
			})},
		{Group: group, English: "there is an alert: {text}", Chinese: "产生告警：{text}", Asserts: true,
			Doc:  "Of the merchant, by its id or words, as GET /v1/events has them: \"terminal-cloned\", \"terminal-moved\", \"same-card\", \"second-binding\" …",
			Make: saysOfShop(func(_ *sim.Player, s *shop, text string) error { return s.logged(text, true) })},
		{Group: group, English: "there is no alert", Chinese: "无告警", Asserts: true,
			Doc: "Of the merchant.",
			Make: withShop(func(_ *sim.Player, s *shop) error {
				all, err := s.events(true)
				if err == nil && len(all) > 0 {
					err = fmt.Errorf("there is an alert: %s", all[0].English)
				}
				return err
			})},
		{Group: group, English: "the audit log says {text}", Chinese: "审计日志记有{text}", Asserts: true,
			Doc:  "Of the merchant or its application, by the line's id or words.",
			Make: saysOfShop(func(_ *sim.Player, s *shop, text string) error { return s.logged(text, false) })},
		{Group: group, English: "the host's remark is {text}", Chinese: "主机附言为{text}", Asserts: true,
			Doc: "The text of the last answer for whoever stands at the terminal contains this.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				if !a.Profile.Dialect.Has(wire.Remark) {
					return nil, lack("answers of dialect %s have no remark", a.Profile.Dialect.Name)
				}
				return func(p *sim.Player) error {
					all := worldOf(p).exchanges
					if len(all) == 0 || all[len(all)-1].answer == nil {
						return errors.New("no answer has come")
					}
					if got := all[len(all)-1].answer.Text(wire.Remark); !strings.Contains(got, a.Quoted(0)) {
						return fmt.Errorf("the remark is %q, want %q in it", strings.TrimSpace(got), a.Quoted(0))
					}
					return nil
				}, nil
			}},
	}
}

// logged looks for a line of the audit log.
func (s *shop) logged(text string, alerts bool) error {
	all, err := s.events(alerts)
	if err != nil {
		return err
	}
	var had []string
	for _, e := range all {
		if e.What == text || strings.Contains(e.English, text) || strings.Contains(e.Chinese, text) {
			return nil
		}
		had = append(had, e.What)
	}
	return fmt.Errorf("the log has no line %q, it has: %s", text, strings.Join(had, ", "))
}
