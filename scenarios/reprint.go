package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim"
)

// reprint makes a Make for sentences in which the operator has something printed again. What
// the host was asked for that is remembered: it has no part in it.
func reprint(do func(*sim.Player) error) func(Args) (func(*sim.Player) error, error) {
	return fixed(func(p *sim.Player) error {
		w := worldOf(p)
		before := len(w.exchanges)
		err := do(p)
		w.asked = len(w.exchanges) - before
		return keepRefusal(p, err)
	})
}

// reprinted makes a Make for sentences about what was printed again.
func reprinted(holds func(a Args, lines []string) error) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		return func(p *sim.Player) error {
			w := worldOf(p)
			switch lines := p.Printed(); {
			case lines == nil && w.refusal != nil:
				return fmt.Errorf("nothing has been printed again: %w", w.refusal)
			case lines == nil:
				return errors.New("nothing has been printed again")
			case w.asked > 0:
				return fmt.Errorf("the terminal has sent %d messages for it, and a reprint is no business of the host", w.asked)
			default:
				return holds(a, lines)
			}
		}, nil
	}
}

func reprintPhrases() []*Phrase {
	const group = "Reprints / 重印凭证"
	return []*Phrase{
		{Group: group, English: "the operator reprints the last slip", Chinese: "操作员重印上一笔签购单",
			Doc:  "Of the latest payment of this batch, of one that a chip has approved off line, or of the pre-authorisation of this scenario.",
			Make: reprint(func(p *sim.Player) error { return p.ReprintLast() })},
		{Group: group, English: "the operator reprints the slip of payment {n} of the batch by its voucher number", Chinese: "操作员按凭证号重印批次内第{n}笔签购单",
			Doc: "The voucher number of a payment is its trace.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				if err == nil && n < 1 {
					err = errors.New("payments are counted from 1 on")
				}
				if err != nil {
					return nil, err
				}
				do, _ := reprint(func(p *sim.Player) error {
					if has := len(p.T.Journal.Records); n > has {
						return fmt.Errorf("the batch holds %d payments", has)
					}
					return p.Reprint(p.T.Journal.Records[n-1].Trace)
				})(a)
				return do, nil
			}},
		{Group: group, English: "the operator reprints the slip of a voucher number that no payment has", Chinese: "操作员按不存在的凭证号重印签购单",
			Doc:  "That of the terminal's next message.",
			Make: reprint(func(p *sim.Player) error { return p.Reprint(p.T.Trace) })},
		{Group: group, English: "the operator reprints the last settlement", Chinese: "操作员重印上一次结算单",
			Doc:  "The totals of the latest batch that this terminal has settled.",
			Make: reprint(func(p *sim.Player) error { return p.ReprintSettlement() })},
		{Group: group, English: "the reprint is marked as one", Chinese: "重印的凭证有重印标记", Asserts: true,
			Doc: "It says 重印凭证/DUPLICATE, and the host was not asked for it.",
			Make: reprinted(func(_ Args, lines []string) error {
				if mark := lines[len(lines)-1]; !strings.Contains(mark, "重印") || !strings.Contains(mark, "DUPLICATE") {
					return fmt.Errorf("it ends with %q", mark)
				}
				return nil
			})},
		{Group: group, English: "the reprint says {text}", Chinese: "重印的凭证印有{text}", Asserts: true,
			Doc: "In one of its lines, after what stands before the colon. Amounts with two decimals stand for those of the network's currency.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, err := a.Priced(0)
				if err != nil {
					return nil, err
				}
				return reprinted(func(_ Args, lines []string) error {
					if slices.ContainsFunc(lines, func(line string) bool {
						_, said, named := strings.Cut(line, ": ")
						return line == want || named && said == want
					}) {
						return nil
					}
					return fmt.Errorf("it says %s", strings.Join(lines, " | "))
				})(a)
			}},
	}
}
