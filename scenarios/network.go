package scenarios

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/line"
)

// troubles are the words of the placeholder {trouble}.
var troubles = []word[sim.Trouble]{
	{"no trouble", "网络正常", sim.NoTrouble},
	{"no power", "断电", sim.NoPower},
	{"a broken part", "硬件故障", sim.BrokenPart},
	{"no signal", "无信号", sim.NoSignal},
	{"a host that refuses", "主机拒绝", sim.HostRefuses},
	{"a host that is silent", "主机无应答", sim.HostSilent},
	{"a terminal that is not registered", "终端未登记", sim.NotRegistered},
}

// outage keeps the terminal's line from being used, or ends that.
func outage(of line.Cause) func(*sim.Player) error {
	return func(p *sim.Player) error {
		if p.T.Faults == nil {
			return errors.New("this line cannot fail on demand: it is shared")
		}
		p.T.Faults.Outage = of
		return nil
	}
}

func networkPhrases() []*Phrase {
	const group = "The way to the host / 通讯"
	return []*Phrase{
		{Group: group, English: "the line has no signal", Chinese: "线路无信号", Faults: true,
			Doc:  "The cable is out, there is no dial tone or no radio, until the line is back: nothing can be sent.",
			Make: fixed(outage(line.NoSignal))},
		{Group: group, English: "the host takes no connections", Chinese: "主机拒绝连接", Faults: true,
			Doc:  "The line is up, and the terminal's connections are refused, until the line is back.",
			Make: fixed(outage(line.HostRefuses))},
		{Group: group, English: "the host has gone silent", Chinese: "主机不再应答", Faults: true,
			Doc:  "Connections are made, and whatever is sent gets no answer, until the line is back.",
			Make: fixed(outage(line.HostSilent))},
		{Group: group, English: "the line is back", Chinese: "线路恢复", Faults: true,
			Doc:  "A router has been restarted, the cable plugged in: nothing is done at the terminal.",
			Make: fixed(outage(line.Unclear))},
		{Group: group, English: "the line is like {text}", Chinese: "线路类型为{text}", CheckOnly: true,
			Doc: "The terminal's line is as slow, jittery and likely to break as the line profile of that name: broadband, wifi, 4g, 3g, gprs, nb-iot, dial-v22, dial-v34, or one of the profile's (docs/lines.md).",
			Make: func(a Args) (func(*sim.Player) error, error) {
				like := line.FindProfile(a.Profile.Lines, a.Quoted(0))
				if like == nil {
					return nil, fmt.Errorf("no line profile is called %q: want one of %s", a.Quoted(0), line.ProfileNames(a.Profile.Lines))
				}
				return func(p *sim.Player) error {
					own, is := p.T.Link.(*line.Own)
					if !is {
						return errors.New("a line that terminals share is like no other")
					}
					was, each := own.Emulation, own.Each
					own.Like(like, 1, p.T.TID)
					worldOf(p).undo(func() { own.Emulation, own.Each = was, each })
					return nil
				}, nil
			}},
		{Group: group, English: "the terminal checks the network", Chinese: "终端做网络检查",
			Doc: "From the plug to the host's books: power, the part that makes the line, the line, the host. It sends an echo test, and a sign-in when an operator is logged in.",
			Make: fixed(func(p *sim.Player) error {
				worldOf(p).diagnosis = p.CheckNetwork()
				return nil
			})},
		{Group: group, English: "the check finds {trouble}", Chinese: "检查结果为{trouble}", Asserts: true,
			Doc: "What the last check of the network found.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want := meaning(troubles, a.Words["trouble"][0])
				return func(p *sim.Player) error {
					if got := worldOf(p).diagnosis; got.Trouble != want {
						return fmt.Errorf("the check finds %v, want %v", got, want)
					}
					return nil
				}, nil
			}},
	}
}
