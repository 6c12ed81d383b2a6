package scenarios

import (
	"errors"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/line"
)

// faults are the words of the placeholder {fault}.
var faults = []word[line.Fault]{
	{"loses the next request", "请求报文丢失", line.LoseRequest},
	{"loses the next answer", "应答报文丢失", line.LoseAnswer},
	{"brings the next answer too late", "应答在超时后到达", line.LateAnswer},
	{"doubles the next request", "请求报文重复送达", line.DoubleRequest},
	{"doubles the next answer", "应答报文重复返回", line.DoubleAnswer},
	{"spoils the MAC of the next request", "请求报文MAC错", line.SpoilRequest},
	{"spoils the MAC of the next answer", "应答报文MAC错", line.SpoilAnswer},
	{"breaks in the middle of the next request", "请求报文发送到一半时通讯中断", line.CutRequest},
	{"sends the next answer back to the host", "应答报文被送回主机", line.EchoAnswer},
	{"breaks in the middle of the next answer", "应答报文接收到一半时通讯中断", line.CutAnswer},
}

func addFault(p *sim.Player, f line.Fault, n int) error {
	if p.T.Faults == nil {
		return errors.New("this line cannot fail on demand: it is shared")
	}
	p.T.Faults.Add(f, n)
	return nil
}

func linePhrases() []*Phrase {
	const group = "The line / 线路"
	return []*Phrase{
		{Group: group, English: "the line {fault}", Chinese: "下一笔交易的{fault}", Was: "线路{fault}", Faults: true,
			Doc: "What the line does wrong to the next exchange, whoever the host is. A lost answer has been sent by the host; a late one comes after the terminal has given up.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				f := meaning(faults, a.Words["fault"][0])
				if d := a.Profile.Dialect; (f == line.SpoilRequest || f == line.SpoilAnswer) && !d.MAC {
					return nil, lack("dialect %s has no MAC", d.Name)
				}
				return func(p *sim.Player) error { return addFault(p, f, 1) }, nil
			}},
		{Group: group, English: "the line loses the next {n} answers", Chinese: "接下来{n}笔交易的应答报文丢失", Was: "线路丢失接下来的{n}个应答", Faults: true,
			Doc: "The next so many exchanges get no answer.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				return func(p *sim.Player) error { return addFault(p, line.LoseAnswer, n) }, err
			}},
		{Group: group, English: "the line loses answers until a reversal is given up", Chinese: "应答报文一直丢失，直到冲正次数用完", Was: "线路丢失应答, 直到冲正次数用完", Faults: true,
			Doc: "The next exchange, and as many reversals as the terminal may send (policy reversal-tries of the profile), get no answer.",
			Make: fixed(func(p *sim.Player) error {
				return addFault(p, line.LoseAnswer, 1+p.T.Profile.Policy.ReversalTries)
			})},
	}
}
