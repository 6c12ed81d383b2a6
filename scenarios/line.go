package scenarios

import (
	"errors"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/line"
)

// faults are the words of the placeholder {fault}.
var faults = []word[line.Fault]{
	{"loses the next request", "丢失下一个请求", line.LoseRequest},
	{"loses the next answer", "丢失下一个应答", line.LoseAnswer},
	{"brings the next answer too late", "让下一个应答迟到", line.LateAnswer},
	{"doubles the next request", "重复下一个请求", line.DoubleRequest},
	{"doubles the next answer", "重复下一个应答", line.DoubleAnswer},
	{"spoils the MAC of the next request", "破坏下一个请求的MAC", line.SpoilRequest},
	{"spoils the MAC of the next answer", "破坏下一个应答的MAC", line.SpoilAnswer},
	{"breaks in the middle of the next request", "在下一个请求中途断开", line.CutRequest},
	{"breaks in the middle of the next answer", "在下一个应答中途断开", line.CutAnswer},
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
		{Group: group, English: "the line {fault}", Chinese: "线路{fault}", Faults: true,
			Doc: "What the line does wrong to the next exchange, whoever the host is. A lost answer has been sent by the host; a late one comes after the terminal has given up.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				f := meaning(faults, a.Words["fault"][0])
				if d := a.Profile.Dialect; (f == line.SpoilRequest || f == line.SpoilAnswer) && !d.MAC {
					return nil, lack("dialect %s has no MAC", d.Name)
				}
				return func(p *sim.Player) error { return addFault(p, f, 1) }, nil
			}},
		{Group: group, English: "the line loses the next {n} answers", Chinese: "线路丢失接下来的{n}个应答", Faults: true,
			Doc: "The next so many exchanges get no answer.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				return func(p *sim.Player) error { return addFault(p, line.LoseAnswer, n) }, err
			}},
		{Group: group, English: "the line loses answers until a reversal is given up", Chinese: "线路丢失应答, 直到冲正次数用完", Faults: true,
			Doc: "The next exchange, and as many reversals as the terminal may send (policy reversal-tries of the profile), get no answer.",
			Make: fixed(func(p *sim.Player) error {
				return addFault(p, line.LoseAnswer, 1+p.T.Profile.Policy.ReversalTries)
			})},
	}
}
