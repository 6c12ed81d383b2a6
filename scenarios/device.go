package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
)

// partWords are the words of the placeholder {part}.
var partWords = func() (all []word[device.Parts]) {
	chinese := device.Names(true)
	for i, name := range device.Names(false) {
		p, _ := device.Named(name)
		all = append(all, word[device.Parts]{strings.ReplaceAll(name, "-", " "), chinese[i], p})
	}
	slices.SortStableFunc(all, func(a, b word[device.Parts]) int { return len(b.chinese) - len(a.chinese) }) // a name may end with another
	return all
}()

// part is the {part} of a sentence.
func (a Args) part() device.Parts { return meaning(partWords, a.Words["part"][0]) }

// wear changes what is wrong with the terminal's machine.
func wear(change func(*device.Condition)) func(*sim.Player) error {
	return func(p *sim.Player) error {
		p.T.Wear(change)
		return nil
	}
}

// uploads is for networks whose terminals upload their status.
func uploads(a Args) error {
	if d := a.Profile.Dialect; d.Form(dialect.StatusUpload) == nil {
		return lack("dialect %s has no %s", d.Name, dialect.StatusUpload)
	}
	return nil
}

// onKind has the scenario go on on a machine of a kind.
func onKind(p *sim.Player, k *device.Kind) {
	t, was := p.T, p.T.Terminal
	of := *was
	of.Kind = k
	t.Terminal = &of
	worldOf(p).undo(func() { t.Terminal = was })
}

func devicePhrases() []*Phrase {
	const group = "Switched on / 开机"
	condition := func(p *sim.Player) device.Condition {
		if p.T.Condition == nil {
			return device.Condition{}
		}
		return *p.T.Condition
	}
	return []*Phrase{
		{Group: group, English: "a terminal of kind {text}", Chinese: "终端机型为{text}", CheckOnly: true,
			Doc: "The scenario is played on a machine of that kind: desktop (台式), mobile (移动), smart (智能), e-signature (电签), qr (扫码盒), or one of the profile's (docs/profile.md).",
			Make: func(a Args) (func(*sim.Player) error, error) {
				k := device.Find(a.Profile.Kinds, a.Quoted(0))
				if k == nil {
					return nil, fmt.Errorf("no kind of terminal is called %q: want one of %s", a.Quoted(0), device.NamesOf(a.Profile.Kinds))
				}
				return func(p *sim.Player) error {
					onKind(p, k)
					return nil
				}, nil
			}},
		{Group: group, English: "the {part} of the terminal is broken", Chinese: "终端的{part}故障",
			Doc: "It fails in the self-test and in use. Parts: " + strings.Join(namesOf(partWords, false), ", ") + ".",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return wear(func(c *device.Condition) { c.Broken |= a.part() }), nil
			}},
		{Group: group, English: "the terminal has been repaired", Chinese: "终端已修复",
			Doc: "All its parts work again.",
			Make: fixed(func(p *sim.Player) error {
				p.T.Mend()
				return nil
			})},
		{Group: group, English: "the terminal has no power", Chinese: "终端未接通电源",
			Doc: "Neither mains nor battery: it cannot be switched on.",
			Make: fixed(func(p *sim.Player) error {
				p.T.Wear(func(c *device.Condition) { c.NoPower = true })
				p.T.SwitchOn()
				return nil
			})},
		{Group: group, English: "the battery is low", Chinese: "终端电池电量低",
			Doc:  "There is power for some payments more. Terminals without a battery do not care.",
			Make: fixed(wear(func(c *device.Condition) { c.Low = true }))},
		{Group: group, English: "the stripe reader is dirty", Chinese: "磁条读卡器脏污",
			Doc:  "The next swipe is misread, the one after it is not.",
			Make: fixed(wear(func(c *device.Condition) { c.Dirty = 1 }))},
		{Group: group, English: "water gets into the terminal", Chinese: "终端进水",
			Doc: "Like one that is opened it wipes its keys, the master key too, and signs in no more until one is loaded.",
			Make: withKeys(func(p *sim.Player) error {
				p.T.Tamper()
				return nil
			})},
		{Group: group, English: "the master key is loaded again", Chinese: "重新下载主密钥",
			Doc: "Service brings one, or it is downloaded; the terminal has to sign in then.",
			Make: withKeys(func(p *sim.Player) error {
				p.T.LoadMaster()
				return nil
			})},
		{Group: group, English: "the power key is pressed", Chinese: "按下电源键",
			Doc: "The terminal shows its brand and tests its parts one after the other; until that has ended no key does anything.",
			Make: fixed(func(p *sim.Player) error {
				p.T.SignedIn = false
				p.T.SwitchOn()
				return nil
			})},
		{Group: group, English: "the self-test ends", Chinese: "自检结束",
			Doc: "What it found is shown, and the terminal stands by.",
			Make: fixed(func(p *sim.Player) error {
				p.T.SelfTest()
				return nil
			})},
		{Group: group, English: "the terminal reports its status", Chinese: "终端上送状态", Of: dialect.StatusUpload,
			Doc:  "Which parts work and which do not (status upload). A terminal does so by itself when it has signed in and a part is broken.",
			Make: fixed(func(p *sim.Player) error { return keepRefusal(p, p.UploadStatus()) })},
		{Group: group, English: "the terminal shows its brand", Chinese: "终端显示品牌画面", Asserts: true,
			Doc: "The screen of the self-test (screens: brand of the profile).",
			Make: fixed(func(p *sim.Player) error {
				return shows(p, p.T.Profile.Screens.Brand)
			})},
		{Group: group, English: "the terminal stands by", Chinese: "终端进入待机画面", Asserts: true,
			Doc: "The screen that waits for whoever is to log in (screens: standby of the profile).",
			Make: fixed(func(p *sim.Player) error {
				return shows(p, p.T.Profile.Screens.Standby)
			})},
		{Group: group, English: "the self-test finds nothing wrong", Chinese: "自检全部正常", Asserts: true,
			Doc: "It has ended, and told nothing.",
			Make: fixed(func(p *sim.Player) error {
				switch c := condition(p); {
				case !p.T.On || c.Testing:
					return errors.New("the self-test has not ended")
				case len(c.Told) > 0:
					return fmt.Errorf("the self-test tells %q", strings.Join(c.Told, ", "))
				}
				return nil
			})},
		{Group: group, English: "the self-test tells {text}", Chinese: "自检提示{text}", Asserts: true,
			Doc: "One of the things that the last self-test told, whole.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					if told := condition(p).Told; !slices.Contains(told, a.Quoted(0)) {
						return fmt.Errorf("the self-test tells %q, want %q among it", strings.Join(told, ", "), a.Quoted(0))
					}
					return nil
				}, nil
			}},
		{Group: group, English: "the terminal has no keys", Chinese: "终端密钥已清除", Asserts: true,
			Doc: "Neither working keys nor a sign-in.",
			Make: withKeys(func(p *sim.Player) error {
				if p.T.HasKeys() || p.T.SignedIn {
					return errors.New("the terminal has keys, want none")
				}
				return nil
			})},
		{Group: group, English: "the host has been told that the {part} is broken", Chinese: "{part}故障已上报主机", Asserts: true,
			Doc: "The host has approved a status upload that says so.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					if told := condition(p).Reported; told&a.part() == 0 {
						return fmt.Errorf("the host has been told of: %s", told)
					}
					return nil
				}, uploads(a)
			}},
		{Group: group, English: "the fault has a ticket number", Chinese: "故障已生成工单号", Asserts: true,
			Doc: "The host's answer to the status upload brought the number of a service ticket.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					switch c := condition(p); {
					case c.Reported == device.None:
						return errors.New("the host has been told of no fault")
					case c.Ticket == "":
						return fmt.Errorf("%w: the host's answer brings no number of a ticket", sim.ErrUntested)
					}
					return nil
				}, uploads(a)
			}},
		{Group: group, English: "service sees that the {part} is broken", Chinese: "客服看到{part}故障", Asserts: true, Admin: true,
			Doc: "The host's admin API says so of the terminal, with the terminal's ticket number.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					var seen struct {
						Broken []string `json:"broken"`
						Ticket string   `json:"ticket"`
					}
					if err := a.Admin.Do("GET", "/v1/terminals/"+p.T.TID+"/status", nil, &seen); err != nil {
						return err
					}
					var broken device.Parts
					for _, name := range seen.Broken {
						one, _ := device.Named(name)
						broken |= one
					}
					switch c := condition(p); {
					case broken&a.part() == 0:
						return fmt.Errorf("service sees that these parts are broken: %s", broken)
					case seen.Ticket != c.Ticket:
						return fmt.Errorf("service has ticket %q, the terminal %q", seen.Ticket, c.Ticket)
					}
					return nil
				}, uploads(a)
			}},
		{Group: group, English: "the receipt is printed", Chinese: "打印纸质签购单", Asserts: true,
			Doc:  "The last payment was approved, and the customer gets the slip on paper.",
			Make: fixed(receipt(sim.Printed))},
		{Group: group, English: "the receipt is electronic", Chinese: "出具电子签购单", Asserts: true,
			Doc:  "The last payment was approved, and the customer gets the slip by code or message: there is no printer, or it does not work.",
			Make: fixed(receipt(sim.Electronic))},
	}
}

// receipt finds that the customer of an approved payment gets the slip so.
func receipt(want sim.Receipt) func(*sim.Player) error {
	return func(p *sim.Player) error {
		if !p.Last.Of.Payment() || !p.Last.Approved() {
			return unexpected(p, "an approved payment")
		}
		if got := p.T.Receipt(); got != want {
			return fmt.Errorf("the receipt is %s, want %s", got, want)
		}
		return nil
	}
}

// shows finds what the terminal shows.
func shows(p *sim.Player, want string) error {
	if p.T.Display != want {
		return fmt.Errorf("the terminal shows %q, want %q", p.T.Display, want)
	}
	return nil
}
