package scenarios

import (
	"errors"
	"fmt"
	"slices"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

func settlementPhrases() []*Phrase {
	const group = "Settlement / 结算"
	return []*Phrase{
		{Group: group, English: "the terminal starts an empty batch", Chinese: "终端批结算后进入新批次", Was: "终端开始新的空批次",
			Doc: "Settles whatever the batch holds and signs in again. The first time a terminal does so in a check it pays 0.01 yuan before and leaves that out of its totals, to see that the host keeps books and that a settlement ends a batch there.",
			Of:  dialect.Settlement, Role: "good", Make: emptyBatch},
		{Group: group, English: "the terminal settles", Chinese: "终端批结算", Was: "终端结算",
			Doc: "Totals to the host, details when the host's totals differ, end of upload; the batch is cleared, and the terminal signs off when its policy says so.",
			Of:  dialect.Settlement,
			Make: fixed(func(p *sim.Player) error {
				worldOf(p).batch = p.T.Batch
				return keepRefusal(p, p.Settle())
			})},
		{Group: group, English: "the power fails after {n} details of a settlement", Chinese: "终端批结算上送{n}笔明细后断电",
			Doc: "The terminal settles, and is switched off and on when at least so many details have been acknowledged. The next settlement goes on there.", Of: dialect.Settlement,
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				if err != nil {
					return nil, err
				}
				return func(p *sim.Player) error {
					err := p.SettleSome(n)
					operator := p.T.Operator
					p.T.Link.Close()
					p.T.PowerOn()
					p.T.Operator = operator
					return keepRefusal(p, err)
				}, nil
			}},
		{Group: group, English: "the terminal forgets its last payment", Chinese: "终端少记一笔流水", Was: "终端漏记上一笔交易",
			Doc:  "The last payment goes missing from the journal, so that totals cannot agree.",
			Make: fixed(func(p *sim.Player) error { return p.T.Journal.Forget() })},
		{Group: group, English: "the batch holds payments of {amount} yuan in {n} and credits of {amount} yuan in {n}", Chinese: "批次内借记{amount}元共{n}笔，贷记{amount}元共{n}笔", Was: "批次内消费{amount}元共{n}笔, 贷记{amount}元共{n}笔", Asserts: true,
			Doc: "The terminal's totals of the batch: debits and credits.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, err := a.Totals()
				return func(p *sim.Player) error {
					if got := p.T.Journal.Batch; got != want {
						return fmt.Errorf("the batch holds %s, want %s", describeTotals(p.T.Profile.Dialect, got), describeTotals(p.T.Profile.Dialect, want))
					}
					return nil
				}, err
			}},
		{Group: group, English: "the totals balance", Chinese: "对账平", Asserts: true,
			Doc: "The host's settlement flag is 1, and the totals it gives back are the terminal's. Untested where they differ by payments that the terminal is in doubt of and by nothing else: a host may answer an advice that comes again with 94.",
			Make: fixed(func(p *sim.Player) error {
				if p.Last.Of == dialect.Settlement && p.Last.Totals == sim.Explained {
					return fmt.Errorf("%w: the totals differ by payments that the terminal is in doubt of: it has %s, the host %s", sim.ErrUntested,
						describeTotals(p.T.Profile.Dialect, p.Last.Own), describeTotals(p.T.Profile.Dialect, p.Last.Host))
				}
				if err := checkFlag(p, dialect.Balanced); err != nil {
					return err
				}
				return keepsBooks(p)
			})},
		{Group: group, English: "the totals do not balance", Chinese: "对账不平", Asserts: true,
			Doc:  "The host's settlement flag is 2, and the totals it gives are its own.",
			Make: fixed(func(p *sim.Player) error { return checkFlag(p, dialect.Unbalanced) })},
		{Group: group, English: "the totals are in error", Chinese: "对账出错", Asserts: true,
			Doc:  "The host's settlement flag is 3: they need more digits than there are, say. Totals that are cut to their last digits are not told so.",
			Make: fixed(func(p *sim.Player) error { return checkFlag(p, dialect.InError) })},
		{Group: group, English: "the host's totals are debits of {amount} yuan in {n} and credits of {amount} yuan in {n}", Chinese: "主机合计借记{amount}元共{n}笔，贷记{amount}元共{n}笔", Asserts: true,
			Doc: "The totals of the settlement answer.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, err := a.Totals()
				return func(p *sim.Player) error {
					if p.Last.Of != dialect.Settlement || p.Last.Host != want {
						return fmt.Errorf("the host's totals are %s, want %s", describeTotals(p.T.Profile.Dialect, p.Last.Host), describeTotals(p.T.Profile.Dialect, want))
					}
					return keepsBooks(p)
				}, err
			}},
		{Group: group, English: "the host's totals of foreign cards are debits of {amount} yuan in {n} and credits of {amount} yuan in {n}", Chinese: "主机外卡合计借记{amount}元共{n}笔，贷记{amount}元共{n}笔", Asserts: true, CheckOnly: true,
			Doc: "The second half of the totals of the settlement answer: of cards whose scheme (63) is not the network's own.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, err := a.Totals()
				if len(a.Profile.Dialect.Schemes) == 0 {
					err = errors.Join(err, lack("dialect %s tells no schemes of cards", a.Profile.Dialect.Name))
				}
				return func(p *sim.Player) error {
					d := p.T.Profile.Dialect
					for _, s := range slices.Backward(worldOf(p).exchanges) {
						if s.result.Of != dialect.Settlement {
							continue
						}
						if s.answer == nil {
							return errors.New("the settlement was not answered")
						}
						if v, told := d.ReadReconciliation(s.answer); !told || v.Foreign != want {
							return fmt.Errorf("the host's totals of foreign cards are %s, want %s", describeTotals(d, v.Foreign), describeTotals(d, want))
						}
						return nil
					}
					return errors.New("no batch has been settled in this scenario")
				}, err
			}},
		{Group: group, English: "the terminal uploads {n} details", Chinese: "终端上送{n}笔明细", Asserts: true, CheckOnly: true,
			Doc: "The number of details in all uploads of this settlement, of every kind, and in the end message.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, err := a.Int(0)
				return func(p *sim.Player) error {
					n, told := uploadedDetails(p)
					all := 0
					for _, n := range n {
						all += n
					}
					if all != want || told != want {
						return fmt.Errorf("%d details were uploaded and the end message said %d, want %d", all, told, want)
					}
					return nil
				}, err
			}},
		{Group: group, English: "the terminal uploads {n} chip payments", Chinese: "终端上送{n}笔IC卡明细", Asserts: true, CheckOnly: true,
			Doc:  "Of the details of this settlement: those that the host has taken one by one, with their chip's data.",
			Make: uploadsOf(dialect.ChipUpload, chipped)},
		{Group: group, English: "the terminal uploads {n} loads of electronic cash", Chinese: "终端上送{n}笔圈存明细", Asserts: true, CheckOnly: true,
			Doc:  "Of the details of this settlement: loads that the host has taken one by one, with their chip's data.",
			Make: uploadsOf(dialect.LoadUpload, chipped)},
		{Group: group, English: "the terminal uploads {n} notices of chip payments", Chinese: "终端上送{n}笔IC卡通知", Asserts: true, CheckOnly: true,
			Doc:  "Of the details of this settlement: chip payments that the host approved and that came to nothing.",
			Make: uploadsOf(dialect.ChipNotice, chipped)},
		{Group: group, English: "the terminal uploads {n} advices", Chinese: "终端上送{n}笔通知类交易", Asserts: true, CheckOnly: true,
			Doc:  "Of the details of this settlement: refunds and advices that the host has taken as they were sent.",
			Make: uploadsOf(dialect.AdviceUpload, nil)},
		{Group: group, English: "the batch number has gone up by one", Chinese: "批次号加一", Asserts: true,
			Doc: "Compared with the batch that was settled.",
			Make: fixed(func(p *sim.Player) error {
				if worldOf(p).batch == 0 {
					return errors.New("no batch has been settled in this scenario")
				}
				want := dialect.Next(worldOf(p).batch)
				if p.T.Batch != want {
					return fmt.Errorf("the batch number is %06d, want %06d", p.T.Batch, want)
				}
				return nil
			})},
		{Group: group, English: "the batch is empty", Chinese: "终端无交易流水", Was: "批次为空", Asserts: true,
			Doc: "The terminal's journal holds nothing.",
			Make: fixed(func(p *sim.Player) error {
				if n := len(p.T.Journal.Records); n > 0 {
					return fmt.Errorf("the batch holds %d transactions, want none", n)
				}
				return nil
			})},
	}
}

// uploadedDetails are how many details of each transaction the host has taken in the latest settlement,
// and how many its end message said; -1 for none.
func uploadedDetails(p *sim.Player) (n map[dialect.Transaction]int, told int) {
	told = -1
	for _, s := range worldOf(p).exchanges {
		v := s.request.Get(wire.Totals)
		switch of := s.result.Of; {
		case of == dialect.Settlement:
			n, told = map[dialect.Transaction]int{}, -1
		case of == dialect.UploadEnd:
			told = int(wire.Uint(v))
		case n == nil || s.result.Outcome != report.Approved:
		case of == dialect.BatchUpload && len(v) >= 2:
			n[of] += int(wire.Uint(v[:2]))
		case of == dialect.ChipUpload, of == dialect.LoadUpload, of == dialect.ChipNotice, of == dialect.AdviceUpload:
			n[of]++
		}
	}
	return n, told
}

// uploadsOf is a step that holds how many details of one transaction the host has taken;
// where says what it takes besides that transaction, nil for nothing.
func uploadsOf(of dialect.Transaction, where func(Args) error) func(a Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		want, err := a.Int(0)
		if d := a.Profile.Dialect; d.Form(of) == nil {
			err = errors.Join(err, lack("dialect %s has no %s", d.Name, of))
		} else if where != nil {
			err = errors.Join(err, where(a))
		}
		return func(p *sim.Player) error {
			if n, _ := uploadedDetails(p); n[of] != want {
				return fmt.Errorf("the host has taken %d by %s, want %d", n[of], of, want)
			}
			return nil
		}, err
	}
}

// Totals are what fills the four placeholders of a sentence about two settlement sides.
func (a Args) Totals() (dialect.Totals, error) {
	debit, err1 := a.Amount(0)
	dn, err2 := a.Int(0)
	credit, err3 := a.Amount(1)
	cn, err4 := a.Int(1)
	return dialect.Totals{Debit: debit, DebitN: dn, Credit: credit, CreditN: cn}, errors.Join(err1, err2, err3, err4)
}

func describeTotals(d *dialect.Dialect, t dialect.Totals) string {
	return fmt.Sprintf("debits of %s %s in %d and credits of %s %s in %d", report.FormatAmount(t.Debit, d.Exponent), d.Unit(), t.DebitN, report.FormatAmount(t.Credit, d.Exponent), d.Unit(), t.CreditN)
}

// checkFlag checks a settlement's flag and the totals that go with it.
func checkFlag(p *sim.Player, want dialect.Flag) error {
	if p.Last.Of != dialect.Settlement || !p.Last.Approved() {
		return unexpected(p, "an answered settlement")
	}
	if got := p.Last.Flag; got != want {
		return fmt.Errorf("the settlement flag is %c, want %c; the terminal has %s, the host %s", got, want,
			describeTotals(p.T.Profile.Dialect, p.Last.Own), describeTotals(p.T.Profile.Dialect, p.Last.Host))
	}
	if want == dialect.Unbalanced && p.Last.Host == p.Last.Own {
		return errors.New("the host says that totals differ, but gives the terminal's own")
	}
	return nil
}
