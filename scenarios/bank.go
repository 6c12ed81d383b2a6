package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// bank is what the sentences of a scenario know of the merchant at the bank.
type bank struct {
	admin   *Admin // nil until the bank has been asked
	tid     string // the terminal that it is about
	session string // of the app
	id      string // of the reset that was asked for
	sms     string // the code in the message to the phone
	code    string // one-time code for the terminal
	refused error  // why the bank did not do the last thing; nil when it did
}

// clear has the bank forget what is about the terminal, when it was asked at all.
func (b *bank) clear() {
	if b.admin != nil {
		_ = b.admin.Do("POST", "/v1/staff/terminals/"+b.tid+"/clear", nil, nil) // the next scenario says when it cannot be
	}
}

// Whoever the merchant of a terminal is, at the bank it is told by these. The customer
// number and the phone are the terminal's own, so that scenarios do not meet.
const (
	appPassword = "app-password"
	legalID     = "110101199001010011"
	licence     = "91310000MA1K000001"
)

var clerks = [2]string{"2001", "2002"}

// notOfTheStaff is the number of a clerk whom the bank does not have.
const notOfTheStaff = "2999"

func customerOf(tid string) string { return "C" + tid }
func phoneOf(tid string) string    { return "P" + tid }

// paperwork is the papers in a request of the API.
func paperwork(id, licence string) map[string]string {
	return map[string]string{"id": id, "licence": licence}
}

// channel is how the merchant reaches the bank.
var channels = []word[string]{
	{"the app", "APP", "app"},
	{"the hotline", "客服热线", "hotline"},
}

// asking is the Make of a sentence in which the bank is asked for something, which it
// may refuse. It is told what the sentence quotes.
func asking(do func(p *sim.Player, b *bank, a Args) error) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		return func(p *sim.Player) error {
			b := &worldOf(p).bank
			b.admin, b.tid = a.Admin, p.T.TID
			err := p.Away(func() error { return do(p, b, a) })
			if why, is := errors.AsType[*AdminError](err); is {
				b.refused = why
				return nil
			}
			b.refused = nil
			return err
		}, nil
	}
}

// looking is the Make of a sentence about what has come of what the bank was asked for.
func looking(do func(b *bank) error) func(Args) (func(*sim.Player) error, error) {
	return fixed(func(p *sim.Player) error {
		b := &worldOf(p).bank
		if b.admin == nil {
			return errors.New("nothing was asked of the bank")
		}
		return do(b)
	})
}

// ask asks for a reset of the operator's password.
func (b *bank) ask(p *sim.Player, channel string, more map[string]any) error {
	b.code, b.sms = "", ""
	in := map[string]any{"channel": channel, "tid": b.tid, "operator": p.T.Profile.Cashier().Number}
	for k, v := range more {
		in[k] = v
	}
	var out struct{ ID, Code string }
	if err := b.admin.Do("POST", "/v1/resets", in, &out); err != nil {
		return err
	}
	b.id, b.code = out.ID, out.Code
	if b.code != "" {
		return nil
	}
	sms, err := b.message()
	b.sms = sms
	return err
}

// message is the last message on the merchant's phone.
func (b *bank) message() (string, error) {
	var phone struct{ Message string }
	err := b.admin.Do("GET", "/v1/phones/"+url.PathEscape(phoneOf(b.tid)), nil, &phone)
	return phone.Message, err
}

// noted says what is wrong with the note about a reset on the merchant's phone.
func (b *bank) noted(p *sim.Player) error {
	note, err := "", error(nil)
	if away := p.Away(func() error { note, err = b.message(); return nil }); away != nil {
		return away
	}
	switch why, is := errors.AsType[*AdminError](err); {
	case is:
		return fmt.Errorf("the merchant's phone has no note of the reset: %w", why)
	case err != nil:
		return err
	case note == b.sms:
		return errors.New("the merchant's phone has no note of the reset: its last message is the one with the code")
	case b.code != "" && strings.Contains(note, b.code):
		return errors.New("the note on the merchant's phone has the one-time code in it")
	}
	return nil
}

// by asks by a channel, as the merchant does who has what that takes.
func (b *bank) by(p *sim.Player, channel string) error {
	return b.ask(p, channel, map[string]any{"session": b.session, "customer": customerOf(b.tid)})
}

// prove gives a code, and keeps the one-time code that comes for it.
func (b *bank) prove(channel, sms string) error {
	b.code = ""
	var out struct{ Code string }
	err := b.admin.Do("POST", "/v1/resets/"+url.PathEscape(b.id)+"/proof", map[string]string{"channel": channel, "code": sms}, &out)
	b.code = out.Code
	return err
}

// branch asks at a branch.
func (b *bank) branch(p *sim.Player, id, licence string, clerks [2]string) error {
	return b.ask(p, "branch", map[string]any{"papers": paperwork(id, licence), "staff": clerks})
}

// logInToApp is the merchant logging in to the app.
func (b *bank) logInToApp(password string) error {
	var out struct{ Session string }
	err := b.admin.Do("POST", "/v1/app/sessions", map[string]string{"customer": customerOf(b.tid), "password": password}, &out)
	b.session = out.Session
	return err
}

// enrol tells the bank who the merchant is.
func (b *bank) enrol() error {
	b.clear()
	for _, clerk := range clerks {
		if err := b.admin.Do("POST", "/v1/staff/members", map[string]string{"number": clerk}, nil); err != nil {
			return err
		}
	}
	return b.admin.Do("POST", "/v1/staff/customers", map[string]any{"tid": b.tid, "customer": customerOf(b.tid), "phone": phoneOf(b.tid),
		"password": appPassword, "papers": paperwork(legalID, licence)}, nil)
}

// audited is the Make of what the last line of the log must say.
func audited(done bool) func(Args) (func(*sim.Player) error, error) {
	return looking(func(b *bank) error {
		var log []struct {
			What, Why string
			Done      bool
		}
		if err := b.admin.Do("GET", "/v1/audit?tid="+url.QueryEscape(b.tid), nil, &log); err != nil {
			return err
		}
		switch n := len(log); {
		case n == 0:
			return errors.New("the audit log has nothing about the terminal")
		case log[n-1].Done != done, !done && log[n-1].Why == "":
			return fmt.Errorf("the last line of the audit log: %s, done: %v, why not: %q", log[n-1].What, log[n-1].Done, log[n-1].Why)
		}
		return nil
	})
}

// redeem is the Make of an operator setting a new password with a one-time code.
func redeem(code func(b *bank) string) func(Args) (func(*sim.Player) error, error) {
	return choosingPassword(func(a Args) (func(*sim.Player) error, error) {
		cashier, password := a.Profile.Cashier().Number, a.Quoted(0)
		return func(p *sim.Player) error {
			w := worldOf(p)
			err := p.ResetPassword(cashier, code(&w.bank), password, password)
			if err == nil && p.Last.Approved() {
				w.people.password = password
			}
			return keepRefusal(p, err)
		}, nil
	})
}

func bankPhrases() []*Phrase {
	const group = "The merchant at the bank / 商户与银行"
	all := []*Phrase{
		{Group: group, English: "a merchant whom the bank knows", Chinese: "商户已在银行登记",
			Doc:  "The bank knows of the terminal's merchant the customer number, the phone, the password of the app and the papers, and whom it has at the branch. Nothing is lost, no reset is under way, and none has been asked for today.",
			Make: asking(func(p *sim.Player, b *bank, _ Args) error { return b.enrol() })},
		{Group: group, English: "the merchant logs in to the app", Chinese: "商户登录APP",
			Doc:  "With the right password.",
			Make: asking(func(p *sim.Player, b *bank, _ Args) error { return b.logInToApp(appPassword) })},
		{Group: group, English: "somebody logs in to the app with a wrong password", Chinese: "用错误密码登录APP",
			Doc:  "",
			Make: asking(func(p *sim.Player, b *bank, _ Args) error { return b.logInToApp("x" + appPassword) })},
		{Group: group, English: "the merchant asks by {channel} for a new password", Chinese: "商户通过{channel}申请重置操作员密码",
			Doc:  "Of the terminal's first operator who sells. A code goes to the merchant's phone by SMS.",
			Make: asking(func(p *sim.Player, b *bank, a Args) error { return b.by(p, meaning(channels, a.Words["channel"][0])) })},
		{Group: group, English: "the merchant asks {n} times by {channel} for a new password", Chinese: "商户通过{channel}连续{n}次申请重置操作员密码",
			Doc: "The last time counts.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				if err != nil {
					return nil, err
				}
				return asking(func(p *sim.Player, b *bank, a Args) (err error) {
					for range n {
						err = b.by(p, meaning(channels, a.Words["channel"][0]))
					}
					return err
				})(a)
			}},
		{Group: group, English: "somebody with another customer number asks by the hotline for a new password", Chinese: "他人用不符的客户号通过客服热线申请重置操作员密码",
			Doc: "",
			Make: asking(func(p *sim.Player, b *bank, _ Args) error {
				return b.ask(p, "hotline", map[string]any{"customer": customerOf("00000000")})
			})},
		{Group: group, English: "the merchant gives the code of the message by {channel}", Chinese: "商户通过{channel}提交短信验证码",
			Doc: "The last one that came to the phone.",
			Make: asking(func(p *sim.Player, b *bank, a Args) error {
				return b.prove(meaning(channels, a.Words["channel"][0]), b.sms)
			})},
		{Group: group, English: "somebody gives a wrong code by {channel}", Chinese: "他人通过{channel}提交错误的短信验证码",
			Doc: "",
			Make: asking(func(p *sim.Player, b *bank, a Args) error {
				return b.prove(meaning(channels, a.Words["channel"][0]), wrong(b.sms))
			})},
		{Group: group, English: "somebody gives {n} wrong codes by {channel}", Chinese: "他人通过{channel}连续提交{n}个错误的短信验证码",
			Doc: "The last one counts.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				if err != nil {
					return nil, err
				}
				return asking(func(p *sim.Player, b *bank, a Args) (err error) {
					for range n {
						err = b.prove(meaning(channels, a.Words["channel"][0]), wrong(b.sms))
					}
					return err
				})(a)
			}},
		{Group: group, English: "{n} minutes pass at the bank", Chinese: "银行侧经过{n}分钟",
			Doc: "Nobody waits: what the bank has about this terminal becomes so much older.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				if err != nil {
					return nil, err
				}
				return asking(func(p *sim.Player, b *bank, _ Args) error {
					return b.admin.Do("POST", "/v1/staff/terminals/"+b.tid+"/age", map[string]int{"seconds": 60 * n}, nil)
				})(a)
			}},
		{Group: group, English: "the merchant shows the papers at a branch and asks for a new password", Chinese: "商户持证件到网点申请重置操作员密码",
			Doc:  "The identity card of the legal person and the business licence, before two of the staff.",
			Make: asking(func(p *sim.Player, b *bank, _ Args) error { return b.branch(p, legalID, licence, clerks) })},
		{Group: group, English: "somebody shows other papers at a branch and asks for a new password", Chinese: "他人持不符的证件到网点申请重置操作员密码",
			Doc: "The identity card of another person first, then another's licence: neither may be enough.",
			Make: asking(func(p *sim.Player, b *bank, _ Args) error {
				if err := b.branch(p, wrong(legalID), licence, clerks); err == nil {
					return nil
				}
				return b.branch(p, legalID, wrong(licence), clerks)
			})},
		{Group: group, English: "one clerk alone asks for a new password", Chinese: "网点柜员一人经办重置操作员密码",
			Doc: "With the right papers, but without a second clerk: with the same one twice, then with somebody whom the bank has not at the branch, as the second and as the first. None may be enough.",
			Make: asking(func(p *sim.Player, b *bank, _ Args) (err error) {
				for _, two := range [][2]string{{clerks[0], clerks[0]}, {clerks[0], notOfTheStaff}, {notOfTheStaff, clerks[1]}} {
					if err = b.branch(p, legalID, licence, two); err == nil {
						return nil
					}
				}
				return err
			})},
		{Group: group, English: "the bank gives a one-time code", Chinese: "银行发放一次性重置码", Asserts: true,
			Doc: "For the terminal. The old password is dead from then on.",
			Make: looking(func(b *bank) error {
				if b.code == "" {
					return errors.Join(errors.New("there is no one-time code"), b.refused)
				}
				return nil
			})},
		{Group: group, English: "the merchant's phone has a note that the password was reset", Chinese: "商户手机收到密码已重置的通知", Asserts: true,
			Doc: "Its last message is another than the one with the code, if one came, and does not give the one-time code away.",
			Make: fixed(func(p *sim.Player) error {
				b := &worldOf(p).bank
				if b.admin == nil {
					return errors.New("nothing was asked of the bank")
				}
				return b.noted(p)
			})},
		{Group: group, English: "the bank refuses", Chinese: "银行拒绝受理", Asserts: true,
			Doc: "What it was last asked for. It does not say what was wrong.",
			Make: looking(func(b *bank) error {
				if b.refused == nil {
					return errors.New("the bank did not refuse")
				}
				return nil
			})},
		{Group: group, English: "the audit log has that it was done", Chinese: "审计日志记录已办理", Asserts: true,
			Doc:  "The last line about the terminal.",
			Make: audited(true)},
		{Group: group, English: "the audit log has that it was refused, and why", Chinese: "审计日志记录已拒绝及原因", Asserts: true,
			Doc:  "The last line about the terminal.",
			Make: audited(false)},
		{Group: group, English: "the operator sets password {text} with the one-time code", Chinese: "操作员凭一次性重置码设置新密码{text}", Of: dialect.PasswordReset,
			Doc:  "The last one that the bank gave. The terminal brings it to the host, which says whether it is good.",
			Make: redeem(func(b *bank) string { return b.code })},
		{Group: group, English: "the operator sets password {text} with a wrong one-time code", Chinese: "操作员用错误的一次性重置码设置新密码{text}", Of: dialect.PasswordReset,
			Doc:  "",
			Make: redeem(func(b *bank) string { return wrong(cmp.Or(b.code, "00000000")) })},
		{Group: group, English: "the merchant reports the loss of the terminal", Chinese: "商户挂失终端",
			Doc: "Or that its password is known to others. The bank stops it at once.",
			Make: asking(func(p *sim.Player, b *bank, _ Args) error {
				return b.admin.Do("POST", "/v1/losses", map[string]string{"customer": customerOf(b.tid), "tid": b.tid}, nil)
			})},
		{Group: group, English: "somebody with another customer number reports the loss of the terminal", Chinese: "他人用不符的客户号挂失终端",
			Doc: "",
			Make: asking(func(p *sim.Player, b *bank, _ Args) error {
				return b.admin.Do("POST", "/v1/losses", map[string]string{"customer": customerOf("00000000"), "tid": b.tid}, nil)
			})},
		{Group: group, English: "the host wants the terminal to sign in", Chinese: "主机要求终端重新签到", Logon: true,
			Doc: "It says so in the header of its next answers. The header of other networks has no room for that.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				if d := a.Profile.Dialect; !requires(a.Profile) {
					return nil, lack("the header of dialect %s cannot require anything", d.Name)
				}
				return asking(func(p *sim.Player, b *bank, _ Args) error {
					return b.admin.Do("POST", "/v1/staff/terminals/"+b.tid+"/sign-in", nil, nil)
				})(a)
			}},
	}
	for _, p := range all {
		p.Admin = true
	}
	return all
}

// requires reports whether the routing header of a profile has room for what the host
// requires of a terminal.
func requires(p *profile.Profile) bool {
	m := p.Dialect.NewMessage()
	copy(m.Head, p.Head)
	m.SetRequirement(1)
	return m.Requirement() == 1
}
