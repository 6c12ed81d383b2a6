package scenarios

import (
	"errors"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// flaws are the words of the placeholder {flaw}.
var flaws = []word[sim.Flaw]{
	{"carries no MAC", "不带MAC", sim.WithoutMAC},
	{"carries a MAC of zeros", "MAC为全零", sim.ZeroMAC},
	{"has its amount changed after the MAC was made", "在计算MAC之后金额被篡改", sim.ChangedAmount},
	{"has four octets after its last field", "末域之后多四个字节", sim.OctetsAfterEnd},
	{"carries a key serial number that was used before", "重复使用上一笔的密钥序列号", sim.UsedSerial},
	{"names another currency", "的货币代码不是本网络的", sim.OtherCurrency},
	{"carries a PIN that was enciphered for another card", "的PIN按另一张卡加密", sim.PINOfAnotherCard},
}

// misfits are the words of the placeholder {misfit}.
var misfits = []word[sim.Misfit]{
	{"for one fen more", "金额多一分", sim.MisfitAmount},
	{"of another card", "卡号不符", sim.MisfitCard},
	{"under another trace number", "流水号不符", sim.MisfitTrace},
}

func flawPhrases() []*Phrase {
	const group = "Requests that are wrong / 错误的请求"
	return []*Phrase{
		{Group: group, English: "the next request {flaw}", Chinese: "下一笔请求报文{flaw}",
			Doc: "The terminal makes the next request that a sentence asks for wrong; a host must refuse it, and book nothing.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				flaw, d := meaning(flaws, a.Words["flaw"][0]), a.Profile.Dialect
				switch flaw {
				case sim.WithoutMAC, sim.ZeroMAC, sim.ChangedAmount, sim.OctetsAfterEnd:
					if !d.MAC {
						return nil, lack("dialect %s has no MAC", d.Name)
					}
				case sim.UsedSerial:
					if d.DUKPT == keys.NoDUKPT {
						return nil, lack("dialect %s derives no keys (DUKPT)", d.Name)
					}
				case sim.OtherCurrency:
					if d.Currency == "" || d.Place(wire.Currency).Field == 0 {
						return nil, lack("messages of dialect %s name no currency", d.Name)
					}
				case sim.PINOfAnotherCard:
					if !a.Profile.HasPIN() {
						return nil, lack("terminals of dialect %s send no PIN", d.Name)
					}
					if hs, err := holders(a.Profile, "good"); err == nil && len(hs[0].Typed) == 0 {
						return nil, lack("the card of role good has no PIN in the profile")
					}
					if !d.PINFormat.Bound() {
						return nil, lack("a PIN block of dialect %s is bound to no card number", d.Name)
					}
				}
				return func(p *sim.Player) error { p.Flaw(flaw); return nil }, nil
			}},
		{Group: group, English: "the terminal reverses the last purchase {misfit}", Chinese: "终端对上一笔消费上送冲正，{misfit}",
			Doc: "The purchase has just been approved. What is sent is its reversal but for what the sentence says, so it is not.",
			Of:  dialect.Reversal,
			Make: func(a Args) (func(*sim.Player) error, error) {
				misfit := meaning(misfits, a.Words["misfit"][0])
				return func(p *sim.Player) error {
					err := p.ReverseWrongly(misfit)
					if errors.Is(err, sim.ErrNoCard) {
						return errors.Join(sim.ErrUntested, err)
					}
					return keepRefusal(p, err)
				}, nil
			}},
		{Group: group, English: "the host does not approve", Chinese: "主机未批准交易", Asserts: true,
			Doc: "It has declined, kept silent or hung up: whatever the network does with such a request. A host that answers no payment of the scenario at all is not tested by it.",
			Make: fixed(func(p *sim.Player) error {
				switch p.Last.Outcome {
				case report.Declined:
					return nil
				case report.TimedOut, report.Broken:
					worldOf(p).silent = true
					return nil
				case report.Refused: // whoever cannot read a request cannot make a MAC for its terminal
					if p.T.Profile.Dialect.Class(p.Last.Code) == dialect.Declines && p.Last.Code != (dialect.Code{}) {
						return nil
					}
				}
				return unexpected(p, "no approval")
			})},
	}
}
