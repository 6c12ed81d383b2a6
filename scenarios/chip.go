package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// chipFaults are the words of the placeholder {chipfault}.
var chipFaults = []word[sim.ChipFault]{
	{"a wrong cryptogram", "应用密文错", sim.WrongCryptogram},
	{"no cryptogram", "不带应用密文", sim.NoCryptogram},
	{"nothing", "不带芯片数据", sim.NoChipData},
	{"the data of its last payment", "数据与上一笔相同", sim.SameChipData},
	{"the data that were copied", "数据为被复制的数据", sim.CopiedData},
	{"another amount than the terminal", "金额与终端不一致", sim.OtherAmount},
	{"static data that were changed", "静态数据被篡改", sim.StaticData},
	{"a dynamic signature that was changed", "动态签名被篡改", sim.DynamicData},
	{"an answer that was changed after it had signed it", "签名后的应答被篡改", sim.SignedAnswer},
	{"a second answer that was changed after it had signed it", "签名后的第二次应答被篡改", sim.SignedSecond},
}

// odaMethods are the words of the placeholder {oda}.
var odaMethods = []word[chip.ODA]{{"SDA", "SDA", chip.SDA}, {"DDA", "DDA", chip.DDA}, {"CDA", "CDA", chip.CDA}}

// odaFailures are the words of the placeholder {odafailure}.
var odaFailures = func() (all []word[chip.ODAFailure]) {
	for _, f := range chip.ODAFailures() {
		all = append(all, word[chip.ODAFailure]{f.String(), f.Chinese(), f})
	}
	return all
}()

// tapWays are the words of the placeholder {verified}: how the cardholder of a tapped card
// is verified; 0 for not at all.
var tapWays = []word[chip.Verification]{{"nothing", "免验证", 0}, {"signature", "签名", chip.BySignature}, {"PIN", "联机密码", chip.ByPIN}, {"the card itself", "卡片验证", chip.ByDevice}}

// tapWay is how a tapped card has its cardholder verified.
func tapWay(q chip.CTQ) chip.Verification {
	switch {
	case q.PIN():
		return chip.ByPIN
	case q.Signature():
		return chip.BySignature
	case q.ByDevice():
		return chip.ByDevice
	}
	return 0
}

// chipped is for profiles that know the issuer of each chip.
func chipped(a Args) error {
	for i := range a.Profile.Cards {
		if c := &a.Profile.Cards[i]; c.Sequence != "" && c.Issuer() == nil {
			return lack("the issuer of the chip of role %s is not in the profile (key issuer)", c.Role)
		}
	}
	return nil
}

// authenticated makes a Make for sentences about offline data authentication.
func authenticated(holds func(a Args, x *chip.Transaction) bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		if !slices.ContainsFunc(a.Profile.Cards, func(c profile.Card) bool { return c.ODA() != chip.NoODA }) {
			return nil, lack("no chip of the profile can be authenticated off line (key authentication)")
		}
		return func(p *sim.Player) error {
			x := p.Chip()
			switch {
			case x == nil:
				return errors.New("no chip has been read whose issuer is known")
			case holds(a, x):
				return nil
			case x.Method == chip.NoODA:
				return errors.New("the terminal has not tried to authenticate the chip off line")
			case x.Failure == chip.NoODAFailure:
				return fmt.Errorf("by %s the terminal finds the chip authentic", x.Method)
			}
			return fmt.Errorf("by %s the terminal does not find the chip authentic: %s", x.Method, x.Failure)
		}, chipped(a)
	}
}

// stayingOffline is for networks and profiles where chips may approve by themselves.
func stayingOffline(a Args) error {
	if d := a.Profile.Dialect; d.Form(dialect.OfflinePurchase) == nil {
		return lack("dialect %s has no %s", d.Name, dialect.OfflinePurchase)
	}
	if a.Profile.Policy.OfflineLimit == 0 {
		return lack("the policy lets no chip approve by itself (offline-limit)")
	}
	return chipped(a)
}

// ofChip makes a Make for sentences that ask something of the chip read last.
func ofChip(holds func(x *chip.Transaction) bool, want string) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		return func(p *sim.Player) error {
			x := p.Chip()
			switch {
			case x == nil:
				return errors.New("no chip has been read whose issuer is known")
			case !holds(x):
				return fmt.Errorf("want %s; the chip's counter is %d, its last cryptogram %s, commands of its issuer %d", want, x.Counter(), x.Second, len(x.Results)/5)
			}
			return nil
		}, chipped(a)
	}
}

func chipPhrases() []*Phrase {
	const group = "Chips / 芯片卡"
	return []*Phrase{
		{Group: group, English: "the next chip sends {chipfault}", Chinese: "下一笔芯片卡交易{chipfault}",
			Doc: "What the chip of the next payment sends to its issuer, or tells its terminal, is spoilt, as at a terminal that was tampered with.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				fault := meaning(chipFaults, a.Words["chipfault"][0])
				return func(p *sim.Player) error { p.SpoilChip(fault); return nil }, chipped(a)
			}},
		{Group: group, English: "somebody copies what the chip has sent", Chinese: "芯片卡上送的数据被他人复制",
			Doc: "What the chip of the last payment sent to its issuer, which a later chip may send again.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					if !p.CopyChip() {
						return errors.New("no chip has been read whose issuer is known")
					}
					return nil
				}, chipped(a)
			}},
		{Group: group, English: "the next chip finds its issuer's answer wrong", Chinese: "下一笔芯片卡交易发卡行认证失败",
			Doc: "The card declines, though the host has approved.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error { p.SpoilChip(sim.DoubtsIssuer); return nil }, chipped(a)
			}},
		{Group: group, English: "the next chip is taken away too soon", Chinese: "下一笔芯片卡交易卡片提前离开",
			Doc: "It is gone from the reader before its issuer's answer comes. What the host has approved is undone.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error { p.SpoilChip(sim.Leaves); return nil }, chipped(a)
			}},
		{Group: group, English: "the cardholder of the tapped card is verified by {verified}", Chinese: "挥卡的持卡人验证方式为{verified}", Asserts: true,
			Doc: "What the card's qualifiers (CTQ, 9F6C) answered to the terminal's (TTQ, 9F66), which asks from its limit on: policy tap-pin-above, and what it has downloaded.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want := meaning(tapWays, a.Words["verified"][0])
				return func(p *sim.Player) error {
					x := p.Chip()
					if x == nil || x.TTQ == (chip.TTQ{}) {
						return errors.New("no card has been tapped whose issuer is known")
					}
					if got := tapWay(x.CTQ); got != want {
						return fmt.Errorf("qualifiers of the terminal %X, of the card %X: want %s", x.TTQ, x.CTQ, a.Words["verified"][0])
					}
					return nil
				}, chipped(a)
			}},
		{Group: group, English: "the chip approves", Chinese: "芯片卡批准交易", Asserts: true,
			Doc:  "The second cryptogram of the chip in the reader is a TC: it has found the issuer's answer right.",
			Make: ofChip(func(x *chip.Transaction) bool { return x.Second == chip.TC }, "a chip that approves")},
		{Group: group, English: "the chip declines", Chinese: "芯片卡拒绝交易", Asserts: true,
			Doc:  "The second cryptogram is an AAC.",
			Make: ofChip(func(x *chip.Transaction) bool { return x.Second == chip.AAC }, "a chip that declines")},
		{Group: group, English: "the chip has obeyed a command of its issuer", Chinese: "芯片卡执行发卡行脚本成功", Asserts: true,
			Doc:  "The answer brought a command (tag 71 or 72) under a right MAC, and the chip has done it.",
			Make: ofChip(func(x *chip.Transaction) bool { return len(x.Results) > 0 && x.Results[0]>>4 == 2 }, "a command that was obeyed")},
		{Group: group, English: "the answer brings no command for the chip", Chinese: "应答未下发发卡行脚本", Asserts: true,
			Doc:  "",
			Make: ofChip(func(x *chip.Transaction) bool { return len(x.Results) == 0 }, "no command")},
		{Group: group, English: "the chip approves the payment off line", Chinese: "芯片卡脱机批准交易", Asserts: true,
			Doc: "Nothing is sent; the host is told before the next payment or settlement.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					return checkState(p, p.Last.Of == dialect.OfflinePurchase, "a payment that the chip approved by itself", "none")
				}, stayingOffline(a)
			}},
		{Group: group, English: "the terminal has {n} offline payments to upload", Chinese: "终端有{n}笔脱机交易待上送", Asserts: true,
			Doc: "Payments that chips have approved by themselves, and of which the host has not heard.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := strconv.Atoi(a.Words["n"][0])
				if err != nil {
					return nil, err
				}
				return func(p *sim.Player) error {
					return checkState(p, p.T.OfflineSales() == n, fmt.Sprintf("%d offline payments to upload", n), strconv.Itoa(p.T.OfflineSales()))
				}, stayingOffline(a)
			}},
		{Group: group, English: "the terminal finds the chip authentic by {oda}", Chinese: "终端{oda}脱机数据认证成功", Asserts: true,
			Doc: "It has authenticated the chip's data off line, with a CA key that it has downloaded: SDA, DDA or CDA, the best that the card has.",
			Make: authenticated(func(a Args, x *chip.Transaction) bool {
				return x.Method == meaning(odaMethods, a.Words["oda"][0]) && x.Failure == chip.NoODAFailure
			})},
		{Group: group, English: "the terminal does not find the chip authentic, since {odafailure}", Chinese: "终端脱机数据认证失败，{odafailure}", Asserts: true,
			Doc: "It tells the host so in its verification results (tag 95), and shows it; or it declines.",
			Make: authenticated(func(a Args, x *chip.Transaction) bool {
				return x.Method != chip.NoODA && x.Failure == meaning(odaFailures, a.Words["odafailure"][0])
			})},
		{Group: group, English: "the chip is blocked", Chinese: "芯片卡应用已锁定", Asserts: true,
			Doc:  "It begins no more payments.",
			Make: ofChip(func(x *chip.Transaction) bool { return x.Card.Blocked() }, "a chip that is blocked")},
		{Group: group, English: "the chip has its account's PIN", Chinese: "芯片卡密码与账户密码一致", Asserts: true,
			Doc: "The PIN that the chip checks itself, since its issuer has told it (command change-pin), is that of the profile's card.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					x, card := p.Chip(), worldOf(p).card
					switch {
					case x == nil || card == nil:
						return errors.New("no chip has been read whose issuer is known")
					case !x.Card.PINIs(card.PIN):
						return errors.New("the chip has another PIN, or none of its own")
					}
					return nil
				}, chipped(a)
			}},
		{Group: group, English: "the terminal owes a notice of what the chip did", Chinese: "终端有脚本处理结果待上送", Asserts: true,
			Doc: "It goes before the next payment (0620).",
			Make: func(a Args) (func(*sim.Player) error, error) {
				if d := a.Profile.Dialect; d.Form(dialect.ScriptResult) == nil {
					return nil, lack("dialect %s has no %s", d.Name, dialect.ScriptResult)
				}
				return func(p *sim.Player) error {
					return checkState(p, p.T.TellsScript(), "owing a notice", "owing none")
				}, chipped(a)
			}},
		{Group: group, English: "the terminal owes no notice of what the chip did", Chinese: "终端无脚本处理结果待上送", Asserts: true,
			Doc: "The host has approved it.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					return checkState(p, !p.T.TellsScript(), "owing no notice", "owing one")
				}, chipped(a)
			}},
	}
}
