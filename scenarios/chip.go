package scenarios

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
)

// chipFaults are the words of the placeholder {chipfault}.
var chipFaults = []word[sim.ChipFault]{
	{"a wrong cryptogram", "应用密文错", sim.WrongCryptogram},
	{"the data of its last payment", "数据与上一笔相同", sim.SameChipData},
	{"another amount than the terminal", "金额与终端不一致", sim.OtherAmount},
}

// chipped is for profiles that know a chip's issuer.
func chipped(a Args) error {
	for i := range a.Profile.Cards {
		if a.Profile.Cards[i].Issuer() != nil {
			return nil
		}
	}
	return lack("no card of the profile has a chip whose issuer is known (key issuer)")
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
			Doc: "What the chip of the next payment sends to its issuer is spoilt, as at a terminal that was tampered with.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				fault := meaning(chipFaults, a.Words["chipfault"][0])
				return func(p *sim.Player) error { p.SpoilChip(fault); return nil }, chipped(a)
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
		{Group: group, English: "the chip is blocked", Chinese: "芯片卡应用已锁定", Asserts: true,
			Doc:  "It begins no more payments.",
			Make: ofChip(func(x *chip.Transaction) bool { return x.Card.Blocked() }, "a chip that is blocked")},
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
