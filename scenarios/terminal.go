package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// fixed makes a Make for phrases that say nothing beyond themselves.
func fixed(do func(*sim.Player) error) func(Args) (func(*sim.Player) error, error) {
	return func(Args) (func(*sim.Player) error, error) { return do, nil }
}

// withKeys is fixed, for a network whose sign-in brings keys.
func withKeys(do func(*sim.Player) error) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		if a.Profile.SignIn == "" {
			return nil, lack("a sign-in of dialect %s brings no keys", a.Profile.Dialect.Name)
		}
		return do, nil
	}
}

// keepRefusal takes a terminal's own refusal for an outcome that a later
// sentence may expect; any other error ends the scenario.
func keepRefusal(p *sim.Player, err error) error {
	worldOf(p).refusal = err
	if errors.Is(err, sim.ErrRefusedLocally) {
		p.Last = sim.Result{}
		return nil
	}
	return err
}

// signedIn switches the terminal on, logs its first operator in and signs in,
// as far as that has not been done.
func signedIn(p *sim.Player) error {
	t := p.T
	if t.SignedIn && t.Operator != "" {
		return nil
	}
	if !t.On {
		t.PowerOn()
	}
	if t.Operator == "" {
		if err := logIn(t); err != nil {
			return err
		}
	}
	if t.SignedIn {
		return nil
	}
	if err := p.SignIn(); err != nil {
		return err
	}
	if !t.SignedIn {
		return fmt.Errorf("the terminal could not sign in: %w", whyNot(p))
	}
	return nil
}

// logIn logs the first operator who sells in, who signs where the terminal asks for that.
func logIn(t *sim.Terminal) error {
	o := t.Profile.Cashier()
	return t.LoginWhole(o.Number, string(o.Password))
}

// signsInFor is the Make of a sign-in that asks for another block of working keys.
func signsInFor(a Args) (func(*sim.Player) error, error) {
	block, d := keys.KeyBlock(a.Quoted(0)), a.Profile.Dialect
	f := d.Form(dialect.SignIn)
	switch {
	case f == nil || a.Profile.SignIn == "" || len(f.ManagementCodes) < 2:
		return nil, lack("dialect %s has no choice of working keys at sign-in", d.Name)
	case !slices.Contains(f.ManagementCodes, string(block)) && block.Known():
		return nil, lack("dialect %s has no sign-in for keys of block %s", d.Name, block)
	case !slices.Contains(f.ManagementCodes, string(block)):
		return nil, fmt.Errorf("dialect %s has no sign-in %q, want one of %s", d.Name, block, strings.Join(f.ManagementCodes, ", "))
	}
	if err := a.Profile.HSM.Supports(block.Cipher()); err != nil {
		return nil, lack("%v", err)
	}
	return func(p *sim.Player) error {
		worldOf(p).undo(p.T.AskFor(block))
		return keepRefusal(p, p.SignIn())
	}, nil
}

func terminalPhrases() []*Phrase {
	const group = "The terminal / 终端"
	return []*Phrase{
		{Group: group, English: "a terminal that is switched on", Chinese: "终端已开机",
			Doc: "The terminal has just been switched on: nobody is logged in, and it has not signed in.",
			Make: fixed(func(p *sim.Player) error {
				p.T.SignedIn = false
				p.T.PowerOn()
				return nil
			})},
		{Group: group, English: "a terminal that has signed in", Chinese: "终端已签到",
			Doc:  "Switched on, an operator logged in, working keys fetched and checked. Nothing is done when that is so already.",
			Make: fixed(signedIn)},
		{Group: group, English: "operator {text} logs in with password {text}", Chinese: "操作员{text}用密码{text}签到", Was: "操作员{text}输入密码{text}",
			Doc: "An operator logs in at the prompt. What the terminal refuses is told by what it shows.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					return keepRefusal(p, p.Away(func() error { return p.T.LoginWhole(a.Quoted(0), a.Quoted(1)) }))
				}, nil
			}},
		{Group: group, English: "the operator logs in", Chinese: "操作员签到", Was: "操作员登录",
			Doc:  "The first operator of the profile who may sell, with the right password, and a signature where the terminal asks for one.",
			Make: operators((*profile.Profile).Cashier, "operator who sells", true)},
		{Group: group, English: "the operator logs in with a wrong password", Chinese: "操作员用错误密码签到", Was: "操作员输入错误密码",
			Doc:  "The same operator, with a password that is not the profile's.",
			Make: operators((*profile.Profile).Cashier, "operator who sells", false)},
		{Group: group, English: "another operator logs in", Chinese: "另一操作员签到", Was: "另一操作员登录",
			Doc:  "The second operator of the profile who may sell, with the right password.",
			Make: operators(colleague, "second operator who sells", true)},
		{Group: group, English: "an operator who does not exist logs in", Chinese: "用不存在的操作员号签到", Was: "不存在的操作员登录",
			Doc:  "With a number that the profile gives nobody.",
			Make: operators(stranger, "operator number left", true)},
		{Group: group, English: "the supervisor logs in", Chinese: "主管登录",
			Doc:  "Operator 00 of the profile, with the right password.",
			Make: operators(byNumber(profile.Supervisor), "supervisor (operator 00)", true)},
		{Group: group, English: "the administrator logs in", Chinese: "管理员登录",
			Doc:  "Operator 99 of the profile, with the right password.",
			Make: operators(byNumber(profile.Administrator), "administrator (operator 99)", true)},
		{Group: group, English: "the policy says {text}", Chinese: "终端参数为{text}",
			Doc:  "The scenario is for terminals that the profile sets up so, and skipped for others: \"supervisor: true\", \"sign-in: 004 or 006\", \"reversal-tries: at least 2\", \"tap-pin-above: 0.00 or at least 100.00\", \"reversal-accepts: not A0\" (\"验证主管密码: 是\", \"签到方式: 004或006\", \"冲正次数: 至少2\", \"冲正认可的应答码: 不含A0\").",
			Make: policySays},
		{Group: group, English: "the terminal signs in", Chinese: "终端做联机签到", Was: "终端签到", Logon: true,
			Doc:  "Asks the host for working keys, checks their check values, takes the batch number.",
			Make: fixed(func(p *sim.Player) error { return keepRefusal(p, p.SignIn()) })},
		{Group: group, English: "the terminal signs in for keys of block {text}", Chinese: "终端按{text}方式做联机签到", Logon: true,
			Doc:  "As above, for another block of working keys than the profile's: a network management code of the dialect's sign-in, such as \"001\" or \"006\" of CUP. It is asked for until the end of the scenario.",
			Make: signsInFor},
		{Group: group, English: "the terminal signs off", Chinese: "终端签退",
			Doc: "Signs off at the host.", Of: dialect.SignOff,
			Make: fixed(func(p *sim.Player) error { return keepRefusal(p, p.SignOff()) })},
		{Group: group, English: "the terminal tests the line", Chinese: "终端做回响测试",
			Doc: "Sends an echo test.", Of: dialect.Echo,
			Make: fixed(func(p *sim.Player) error { return keepRefusal(p, p.Echo()) })},
		{Group: group, English: "the terminal signs in again if it has signed off", Chinese: "终端按需重新签到", Was: "终端如已签退则重新签到",
			Doc:  "Nothing is done when it is signed in: terminals whose policy is auto-sign-off are not after a settlement.",
			Make: fixed(signedIn)},
		{Group: group, English: "the terminal is switched off and on again", Chinese: "终端断电重启",
			Doc: "A power cut: keys, batch, journal and a reversal owed outlive it; the operator logs in again.",
			Make: fixed(func(p *sim.Player) error {
				operator := p.T.Operator
				p.T.Link.Close()
				p.T.PowerOn()
				p.T.Operator = operator
				return nil
			})},
		{Group: group, English: "the terminal uses the trace number of its last payment again", Chinese: "终端重复使用上一笔交易的流水号",
			Doc: "The next message carries the trace number of the last one once more.",
			Make: fixed(func(p *sim.Player) error {
				if w := worldOf(p); w.hearOut != nil { // a second answer would be taken for the next one's
					w.hearOut()
				}
				p.T.Trace = p.Last.Trace
				return nil
			})},
		{Group: group, English: "the next trace number is {n}", Chinese: "终端下一个流水号为{n}", Was: "下一个流水号是{n}",
			Doc: "Sets the terminal's trace number, to see it wrap from 999999 to 000001.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				if err != nil || n < 1 || n > dialect.MaxNumber {
					return nil, errors.New("trace numbers go from 1 to 999999")
				}
				return func(p *sim.Player) error {
					if w := worldOf(p); !w.traceSet {
						w.trace, w.traceSet = p.T.Trace, true
					}
					p.T.Trace = uint32(n)
					return nil
				}, nil
			}},
		{Group: group, English: "the terminal has lost its batch number", Chinese: "终端批次号与主机不一致", Was: "终端批次号错误",
			Doc: "The terminal's batch number is not the host's.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				if d := a.Profile.Dialect; d.Place(wire.Batch).Field == 0 {
					return nil, lack("dialect %s has no batch", d.Name)
				}
				return func(p *sim.Player) error {
					p.T.Batch = dialect.Next(p.T.Batch)
					return nil
				}, nil
			}},
		{Group: group, English: "the terminal believes that it has signed in", Chinese: "终端未签到即发起交易", Was: "终端误以为已签到", Logon: true,
			Doc: "The terminal has not signed in, or has signed off, but sends as if it had.",
			Make: fixed(func(p *sim.Player) error {
				p.T.SignedIn = true
				return nil
			})},
		{Group: group, English: "a terminal that the host does not know", Chinese: "终端未在主机登记", Was: "主机未登记的终端",
			Doc: "A terminal number that no host has: all zeros.",
			Make: fixed(func(p *sim.Player) error {
				unknown := *p.T.Terminal
				unknown.TID = strings.Repeat("0", len(unknown.TID))
				t := sim.NewTerminal(p.T.Profile, &unknown)
				t.Link, t.Faults = p.T.Link, p.T.Faults
				t.PowerOn()
				p.T = t
				return logIn(t)
			})},
		{Group: group, English: "the working keys are right", Chinese: "工作密钥校验值正确", Logon: true, Asserts: true,
			Doc: "The last sign-in, or change of keys, was approved and every key's check value was right.",
			Make: withKeys(func(p *sim.Player) error {
				var wrong *keys.KCVError
				if errors.As(p.Last.Why, &wrong) {
					return wrong
				}
				if p.Last.Of != dialect.SignIn && p.Last.Of != dialect.KeyChange || !p.Last.Approved() || !p.T.SignedIn {
					return unexpected(p, "a sign-in with right keys")
				}
				return nil
			})},
		{Group: group, English: "the next working keys come with a wrong check value", Chinese: "下一次下发的工作密钥校验值错", Logon: true,
			Doc:  "One bit of what the host sends is another when it has come, whatever the host.",
			Make: withKeys(func(p *sim.Player) error { p.SpoilKeys(); return nil })},
		{Group: group, English: "the terminal has its old keys as the policy says", Chinese: "终端按参数保留或删除旧密钥", Logon: true, Asserts: true,
			Doc: "The working keys of before are in the terminal where the policy has keep-old-keys, and there are none where it has not.",
			Make: withKeys(func(p *sim.Player) error {
				if keep := p.T.Profile.Policy.KeepOldKeys; p.T.HasKeys() != keep {
					return fmt.Errorf("it has working keys: %t, and the policy says keep-old-keys: %t", p.T.HasKeys(), keep)
				}
				return nil
			})},
		{Group: group, English: "the terminal is signed in", Chinese: "终端处于签到状态", Logon: true, Asserts: true,
			Doc:  "",
			Make: fixed(func(p *sim.Player) error { return checkState(p, p.T.SignedIn, "signed in", "not signed in") })},
		{Group: group, English: "the terminal is not signed in", Chinese: "终端处于未签到状态", Logon: true, Asserts: true,
			Doc:  "",
			Make: fixed(func(p *sim.Player) error { return checkState(p, !p.T.SignedIn, "not signed in", "signed in") })},
		{Group: group, English: "the terminal shows {text}", Chinese: "终端显示{text}", Asserts: true,
			Doc: "The text on the terminal's display, whole.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want := a.Quoted(0)
				return func(p *sim.Player) error { return shows(p, want) }, nil
			}},
		{Group: group, English: "the terminal shows the text of the answer", Chinese: "终端显示应答码对应的提示", Was: "终端显示应答码的含义", Asserts: true,
			Doc: "The text that terminals show for the response code of the last answer.",
			Make: fixed(func(p *sim.Player) error {
				if p.Last.Code == (dialect.Code{}) {
					return unexpected(p, "an answer with a response code")
				}
				return shows(p, p.T.Profile.Dialect.Display(p.Last.Code))
			})},
		{Group: group, English: "the terminal refuses", Chinese: "终端提示错误且不上送报文", Was: "终端拒绝操作", Asserts: true, Refuses: true,
			Doc: "The terminal did not send anything: nobody is logged in, it is not signed in, a password is wrong, a limit of its own is passed.",
			Make: fixed(func(p *sim.Player) error {
				if worldOf(p).refusal == nil {
					return errors.New("the terminal did not refuse")
				}
				return nil
			})},
		{Group: group, English: "the terminal has signed in again by itself", Chinese: "终端已自动重新签到", Logon: true, Asserts: true,
			Doc: "The last answer made the terminal sign in again, and that worked.", CheckOnly: true,
			Make: fixed(func(p *sim.Player) error {
				past := worldOf(p).exchanges
				if n := len(past); n == 0 || past[n-1].result.Of != dialect.SignIn || past[n-1].result.Outcome != report.Approved {
					return errors.New("the last exchange is not an approved sign-in")
				}
				return checkState(p, p.T.SignedIn, "signed in", "not signed in")
			})},
	}
}

// checkState says how the terminal is when that is not what was wanted.
func checkState(p *sim.Player, ok bool, want, seen string) error {
	if !ok {
		return fmt.Errorf("the terminal is %s, want %s", seen, want)
	}
	return nil
}

// whyNot says why the last exchange was not approved, and what came instead of
// its answer; nil when it was.
func whyNot(p *sim.Player) error { return whyNotApproved(&p.Last) }

func whyNotApproved(r *sim.Result) error {
	err := r.Reason()
	if err != nil && r.Stray != nil && r.Outcome > report.Refused && !strings.Contains(err.Error(), r.Stray.Why) {
		return fmt.Errorf("%w; something else came: %s", err, r.Stray.Why)
	}
	return err
}

// unexpected says that the last exchange is not what was wanted.
func unexpected(p *sim.Player, want string) error {
	err, refusal := whyNot(p), worldOf(p).refusal
	switch {
	case errors.Is(err, sim.ErrNothingSent) && refusal != nil:
		return fmt.Errorf("want %s: %w: %w", want, err, refusal)
	case err != nil:
		return fmt.Errorf("want %s: %w", want, err)
	}
	return fmt.Errorf("want %s, the last exchange is an approved %s", want, p.Last.Of)
}

// unknownTerminal reports whether a terminal number is the one that no host has.
func unknownTerminal(tid string) bool { return tid != "" && strings.Trim(tid, "0") == "" }
