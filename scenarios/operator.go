package scenarios

import (
	"errors"
	"fmt"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/operator"
	"github.com/posfleet/posfleet/sim/profile"
)

// people are the operators whom the sentences of a scenario are about.
type people struct {
	password string // that the operator has chosen; empty for that of the profile
	newcomer string // whom the supervisor has added
}

// cashierPassword is the present one of the operator.
func cashierPassword(p *sim.Player) string {
	if chosen := worldOf(p).people.password; chosen != "" {
		return chosen
	}
	return string(p.T.Profile.Cashier().Password)
}

// doing is the Make of a sentence in which somebody does something at the terminal,
// which it may refuse. texts are what is quoted.
func doing(do func(p *sim.Player, cashier string, texts []string) error) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		cashier, texts := a.Profile.Cashier().Number, a.Words["text"]
		return func(p *sim.Player) error {
			return keepRefusal(p, p.Away(func() error { return do(p, cashier, texts) }))
		}, nil
	}
}

// supervising is doing, for what the supervisor does.
func supervising(do func(p *sim.Player, supervisor string, texts []string) error) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		o := a.Profile.Operator(profile.Supervisor)
		if o == nil {
			return nil, lack("the profile has no supervisor (operator 00)")
		}
		texts := a.Words["text"]
		return func(p *sim.Player) error {
			return keepRefusal(p, p.Away(func() error { return do(p, string(o.Password), texts) }))
		}, nil
	}
}

// choosingPassword is the Make of a sentence in which somebody chooses one. Features
// choose ones of six digits and more.
func choosingPassword(make func(Args) (func(*sim.Player) error, error)) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		if rules := &a.Profile.Policy.Passwords; rules.Longest < 6 {
			return nil, lack("passwords have %d to %d digits in the profile", rules.Least, rules.Longest)
		}
		return make(a)
	}
}

// changePassword has the operator change the password.
func changePassword(p *sim.Player, cashier, old, password, again string) error {
	err := p.T.ChangePassword(cashier, old, password, again)
	if err == nil {
		worldOf(p).people.password = password
	}
	return err
}

// wrongTries is the Make of wrong passwords in a row, up to one that the policy answers
// with more than a refusal.
func wrongTries(what string, up func(*operator.Policy) int, number string) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		rules := &a.Profile.Policy.Passwords
		tries := up(rules)
		if tries == 0 {
			return nil, lack("passwords.%s is 0 in the profile", what)
		}
		who := a.Profile.Cashier()
		if number != "" {
			if who = a.Profile.Operator(number); who == nil {
				return nil, lack("the profile has no operator %s", number)
			}
		}
		return func(p *sim.Player) error {
			password := string(who.Password)
			if number == "" {
				password = cashierPassword(p)
			}
			for range tries {
				p.T.Operators.Age(rules.PauseFor)
				keepRefusal(p, p.Away(func() error { return p.T.Login(who.Number, wrong(password)) }))
			}
			return nil
		}, nil
	}
}

// aging is the Make of time that passes at the terminal, as its policy has it.
func aging(key string, by func(*operator.Policy) time.Duration) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		d := by(&a.Profile.Policy.Passwords)
		if d == 0 {
			return nil, lack("passwords.%s is 0 in the profile", key)
		}
		return func(p *sim.Player) error {
			p.T.Operators.Age(d)
			return nil
		}, nil
	}
}

func operatorPhrases() []*Phrase {
	const group = "Operators / 操作员"
	return []*Phrase{
		{Group: group, English: "the operators have their passwords of delivery", Chinese: "操作员密码均为初始密码",
			Doc: "Those of the profile, nobody locked, nobody added. A check delivers the terminal anew for each scenario; under load this sentence does.",
			Make: fixed(func(p *sim.Player) error {
				p.T.Operators, p.T.Locked = p.T.Profile.Delivered(), false
				return nil
			})},
		{Group: group, English: "the operator logs in with password {text}", Chinese: "操作员用密码{text}签到",
			Doc:  "The first operator of the profile who may sell, with a signature where the terminal asks for one.",
			Make: doing(func(p *sim.Player, cashier string, texts []string) error { return p.T.LoginWhole(cashier, texts[0]) })},
		{Group: group, English: "the operator changes the password to {text}", Chinese: "操作员将密码改为{text}",
			Doc: "The old one is given, then the new one, then the new one again.",
			Make: choosingPassword(doing(func(p *sim.Player, cashier string, texts []string) error {
				return changePassword(p, cashier, cashierPassword(p), texts[0], texts[0])
			}))},
		{Group: group, English: "the operator changes the password to {text}, but repeats {text}", Chinese: "操作员将密码改为{text}，再次输入{text}",
			Doc: "The repetition is another one.",
			Make: choosingPassword(doing(func(p *sim.Player, cashier string, texts []string) error {
				return changePassword(p, cashier, cashierPassword(p), texts[0], texts[1])
			}))},
		{Group: group, English: "the operator gives a wrong old password and changes it to {text}", Chinese: "操作员输错原密码，将密码改为{text}",
			Doc: "",
			Make: choosingPassword(doing(func(p *sim.Player, cashier string, texts []string) error {
				return changePassword(p, cashier, wrong(cashierPassword(p)), texts[0], texts[0])
			}))},
		{Group: group, English: "the operator changes the password to the terminal's number", Chinese: "操作员将密码改为终端号",
			Doc: "Which anybody can read on the machine.",
			Make: choosingPassword(doing(func(p *sim.Player, cashier string, _ []string) error {
				return changePassword(p, cashier, cashierPassword(p), p.T.TID, p.T.TID)
			}))},
		{Group: group, English: "the operator changes the password to today's date", Chinese: "操作员将密码改为当天日期",
			Doc: "As year, month and day.",
			Make: choosingPassword(doing(func(p *sim.Player, cashier string, _ []string) error {
				date := time.Now().Format("20060102")
				return changePassword(p, cashier, cashierPassword(p), date, date)
			}))},
		{Group: group, English: "wrong passwords are given until the terminal waits", Chinese: "连续输错操作员密码直至终端暂停受理",
			Doc:  "As many as the policy allows (passwords.pause).",
			Make: wrongTries("pause", func(p *operator.Policy) int { return p.Pause }, "")},
		{Group: group, English: "the terminal's pause is over", Chinese: "终端暂停时间已过",
			Doc:  "As long as the policy says (passwords.pause-for) has passed.",
			Make: aging("pause-for", func(p *operator.Policy) time.Duration { return p.PauseFor })},
		{Group: group, English: "wrong passwords are given until the operator is locked", Chinese: "连续输错操作员密码直至操作员锁定",
			Doc:  "As many as the policy allows (passwords.lock), with pauses between.",
			Make: wrongTries("lock", func(p *operator.Policy) int { return p.Lock }, "")},
		{Group: group, English: "wrong passwords are given until the supervisor is locked", Chinese: "连续输错主管密码直至主管锁定",
			Doc:  "Likewise, for operator 00.",
			Make: wrongTries("lock", func(p *operator.Policy) int { return p.Lock }, profile.Supervisor)},
		{Group: group, English: "the supervisor unlocks the operator", Chinese: "主管解锁操作员",
			Doc: "With the supervisor's password of the profile.",
			Make: supervising(func(p *sim.Player, supervisor string, _ []string) error {
				return p.T.UnlockOperator(supervisor, p.T.Profile.Cashier().Number)
			})},
		{Group: group, English: "somebody unlocks the operator with a wrong supervisor password", Chinese: "用错误的主管密码解锁操作员",
			Doc: "",
			Make: supervising(func(p *sim.Player, supervisor string, _ []string) error {
				return p.T.UnlockOperator(wrong(supervisor), p.T.Profile.Cashier().Number)
			})},
		{Group: group, English: "the operator's password has grown too old", Chinese: "操作员密码已超过有效期",
			Doc:  "As many days as the policy says (passwords.days) have passed.",
			Make: aging("days", func(p *operator.Policy) time.Duration { return time.Duration(p.Days) * 24 * time.Hour })},
		{Group: group, English: "the supervisor adds a new operator with password {text}", Chinese: "主管增加新操作员，密码{text}",
			Doc: "Of a number that nobody has. After that it is the new operator's: said again, it is one of a number that exists.",
			Make: choosingPassword(supervising(func(p *sim.Player, supervisor string, texts []string) error {
				w := worldOf(p)
				if w.people.newcomer == "" {
					w.people.newcomer = stranger(p.T.Profile).Number
				}
				return p.T.AddOperator(supervisor, w.people.newcomer, texts[0])
			}))},
		{Group: group, English: "the supervisor adds operator {text} with password {text}", Chinese: "主管增加操作员{text}，密码{text}",
			Doc: "",
			Make: choosingPassword(supervising(func(p *sim.Player, supervisor string, texts []string) error {
				return p.T.AddOperator(supervisor, texts[0], texts[1])
			}))},
		{Group: group, English: "somebody adds a new operator with a wrong supervisor password", Chinese: "用错误的主管密码增加新操作员",
			Doc: "",
			Make: supervising(func(p *sim.Player, supervisor string, _ []string) error {
				return p.T.AddOperator(wrong(supervisor), stranger(p.T.Profile).Number, "590327")
			})},
		{Group: group, English: "the new operator logs in with password {text}", Chinese: "新操作员用密码{text}签到",
			Doc: "Whom the supervisor has added.",
			Make: doing(func(p *sim.Player, _ string, texts []string) error {
				return p.T.Login(worldOf(p).people.newcomer, texts[0])
			})},
		{Group: group, English: "the supervisor deletes the new operator", Chinese: "主管删除新操作员",
			Doc: "",
			Make: supervising(func(p *sim.Player, supervisor string, _ []string) error {
				return p.T.DeleteOperator(supervisor, worldOf(p).people.newcomer)
			})},
		{Group: group, English: "the supervisor deletes the operator who is logged in", Chinese: "主管删除已签到的操作员",
			Doc: "",
			Make: supervising(func(p *sim.Player, supervisor string, _ []string) error {
				return p.T.DeleteOperator(supervisor, p.T.Operator)
			})},
		{Group: group, English: "the supervisor adds operators until the table is full", Chinese: "主管增加操作员直至操作员已满",
			Doc: "As many as the policy allows (passwords.operators), and one more.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				if a.Profile.Policy.Passwords.Operators == 0 {
					return nil, lack("passwords.operators is 0 in the profile: as many as there are numbers")
				}
				return choosingPassword(supervising(func(p *sim.Player, supervisor string, _ []string) (err error) {
					for n := 98; n > 0 && !errors.Is(err, operator.Full); n-- {
						err = p.T.AddOperator(supervisor, fmt.Sprintf("%02d", n), "590327")
					}
					return err
				}))(a)
			}},
		{Group: group, English: "the operator locks the terminal", Chinese: "操作员锁定终端",
			Doc:  "The operator leaves: until the password is given the terminal does nothing.",
			Make: doing(func(p *sim.Player, _ string, _ []string) error { return p.T.LockScreen() })},
		{Group: group, English: "the operator unlocks the terminal", Chinese: "操作员解除终端锁定",
			Doc: "With the right password.",
			Make: doing(func(p *sim.Player, cashier string, _ []string) error {
				return p.T.UnlockScreen(cashier, cashierPassword(p))
			})},
		{Group: group, English: "the operator gives a wrong password to unlock the terminal", Chinese: "操作员用错误密码解除终端锁定",
			Doc: "",
			Make: doing(func(p *sim.Player, cashier string, _ []string) error {
				return p.T.UnlockScreen(cashier, wrong(cashierPassword(p)))
			})},
		{Group: group, English: "another operator unlocks the terminal", Chinese: "另一操作员解除终端锁定",
			Doc: "The second operator of the profile who may sell, with the right password: whose terminal it is not.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				o := colleague(a.Profile)
				if o == nil {
					return nil, lack("the profile has no second operator who sells")
				}
				return doing(func(p *sim.Player, _ string, _ []string) error { return p.T.UnlockScreen(o.Number, string(o.Password)) })(a)
			}},
		{Group: group, English: "the supervisor unlocks the terminal", Chinese: "主管解除终端锁定",
			Doc: "",
			Make: supervising(func(p *sim.Player, supervisor string, _ []string) error {
				return p.T.UnlockScreen(profile.Supervisor, supervisor)
			})},
		{Group: group, English: "a new day begins at the terminal", Chinese: "终端进入新的一天",
			Doc: "What the terminal did today it did yesterday.",
			Make: fixed(func(p *sim.Player) error {
				p.T.Yesterday()
				return nil
			})},
		{Group: group, English: "the terminal loses its working keys", Chinese: "终端工作密钥丢失", Logon: true,
			Doc: "As after a fault of the PIN pad.",
			Make: fixed(func(p *sim.Player) error {
				p.T.LoseKeys()
				return nil
			})},
		{Group: group, English: "the power fails and comes back", Chinese: "终端停电后恢复供电",
			Doc: "Keys, batch, journal and a reversal owed outlive it. Nobody is logged in.",
			Make: fixed(func(p *sim.Player) error {
				p.T.Link.Close()
				p.T.PowerOn()
				return nil
			})},
		{Group: group, English: "the customer's screen shows {text}", Chinese: "顾客屏显示{text}", Asserts: true,
			Doc: "What the cardholder reads of the latest payment, whatever the operator's screen shows meanwhile.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want := a.Quoted(0)
				return func(p *sim.Player) error {
					if got := p.T.CustomerDisplay(); got != want {
						return fmt.Errorf("the customer's screen shows %q, want %q: the payment is %s", got, want, p.T.Standing)
					}
					return nil
				}, nil
			}},
		{Group: group, English: "the terminal signed in before that", Chinese: "终端在该笔交易前已自动签到", Logon: true, Asserts: true, CheckOnly: true,
			Doc: "By itself: the exchange before the last one is an approved sign-in.",
			Make: fixed(func(p *sim.Player) error {
				past := worldOf(p).exchanges
				if n := len(past); n < 2 || past[n-1].result.Of == dialect.SignIn || past[n-2].result.Of != dialect.SignIn || past[n-2].result.Outcome != report.Approved {
					return errors.New("the exchange before the last one is not an approved sign-in")
				}
				return nil
			})},
	}
}
