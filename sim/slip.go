package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
)

// duplicate marks what was printed before (CUP reconstruction, docs/sources.md).
const duplicate = "重印凭证/DUPLICATE"

// Printed is what the terminal has printed again for the latest step that asked for that, a
// line each, on paper or as [Terminal.Receipt] says; nil when it refused.
func (p *Player) Printed() []string { return p.left.printed }

// ReprintLast prints the slip of the terminal's latest payment again. The host has no part in
// it.
func (p *Player) ReprintLast() error {
	all := p.vouchers()
	return p.reprint(func(t *Terminal) []string {
		if len(all) == 0 {
			return nil
		}
		last := &all[0]
		for i := range all {
			if ahead := (all[i].Trace + dialect.MaxNumber - last.Trace) % dialect.MaxNumber; ahead < dialect.MaxNumber/2 {
				last = &all[i]
			}
		}
		return t.slip(last)
	}, "无交易记录", "it knows no payment to print again")
}

// Reprint prints the slip of the payment again that has a voucher number, which is its trace.
func (p *Player) Reprint(voucher uint32) error {
	all := p.vouchers()
	return p.reprint(func(t *Terminal) []string {
		for i := range all {
			if all[i].Trace == voucher {
				return t.slip(&all[i])
			}
		}
		return nil
	}, "无此凭证号", fmt.Sprintf("it knows no payment with voucher number %06d", voucher))
}

// vouchers are the payments of which the terminal can print slips: those of the open batch,
// those that chips have approved and the host has not heard of, and the pre-authorisation of
// this scenario.
func (p *Player) vouchers() []Record {
	t := p.T
	all := slices.Clone(t.Journal.Records)
	for i := range t.OfflineSales() {
		if s := &t.kept.offline[i]; s.order == nil {
			all = append(all, Record{Of: dialect.OfflinePurchase, Entry: Tap, Trace: s.trace, Batch: t.Batch, Amount: s.amount, holder: s.holder.Number()})
		}
	}
	if r := p.PreAuthorised(); r != nil && r.Batch == t.Batch {
		all = append(all, *r)
	}
	return all
}

// ReprintSettlement prints the totals of the latest batch that was settled again.
func (p *Player) ReprintSettlement() error {
	return p.reprint(func(t *Terminal) []string {
		if t.settled == nil || t.settled.last == nil {
			return nil
		}
		return t.totalsSlip(t.settled.last)
	}, "无结算记录", "it has settled no batch")
}

// reprint prints what there is to print again; without that the terminal shows missing, and
// why it refuses.
func (p *Player) reprint(lines func(t *Terminal) []string, missing, why string) error {
	t := p.T
	if p.left.printed != nil {
		p.left.printed = nil
	}
	if err := t.dead(); err != nil {
		return p.refused(err)
	}
	if t.Operator == "" {
		t.Display = "请输入操作员号"
		return p.refused(fmt.Errorf("%w: no operator is logged in", ErrRefusedLocally))
	}
	paper := lines(t)
	if paper == nil {
		t.Display = missing
		return p.refused(fmt.Errorf("%w: %s", ErrRefusedLocally, why))
	}
	p.leave().printed, t.Display = append(paper, duplicate), "打印完成"
	return nil
}

// heading is what all slips begin with.
func (t *Terminal) heading(title string) []string {
	lines := []string{title}
	if m := t.Profile.Merchant(t.MID); m != nil && m.Name != "" {
		lines = append(lines, "商户名称: "+m.Name)
	}
	return append(lines, "商户编号: "+t.MID, "终端编号: "+t.TID, "操作员号: "+t.Operator)
}

// slip is the slip of a payment. Of a card there is no more on it than on any other paper that
// is thrown away.
func (t *Terminal) slip(r *Record) []string {
	d := t.Profile.Dialect
	lines := append(t.heading("签购单"), "交易类别: "+r.Of.Chinese())
	if h := r.Holder(t.Profile); h != nil && r.Entry != Code {
		lines = append(lines, "卡号: "+dialect.MaskPAN(h.PAN))
	}
	lines = append(lines, fmt.Sprintf("批次号: %06d", r.Batch), fmt.Sprintf("凭证号: %06d", r.Trace))
	for _, of := range []struct {
		words string
		value []byte
	}{{"授权码", r.Auth[:]}, {"参考号", r.RRN[:]}, {"日期", r.Date[:]}} {
		if !blank(of.value) {
			lines = append(lines, of.words+": "+strings.TrimSpace(string(d.ScrubbedValue(of.value))))
		}
	}
	lines = append(lines, "交易金额: "+report.FormatAmount(r.Amount, d.Exponent))
	if asked := t.Asked(r); asked > r.Amount {
		lines = append(lines, "部分批准", "应付金额: "+report.FormatAmount(asked, d.Exponent), "还需支付: "+report.FormatAmount(asked-r.Amount, d.Exponent))
	}
	if r.Voided {
		lines = append(lines, "已撤销")
	}
	return lines
}

// settledBatch is the latest batch that was settled, as its slip has it.
type settledBatch struct {
	batch    uint32
	totals   dialect.Totals
	balanced bool
}

func (t *Terminal) totalsSlip(b *settledBatch) []string {
	d := t.Profile.Dialect
	verdict := "对账不平"
	if b.balanced {
		verdict = "对账平"
	}
	return append(t.heading("结算总计单"), fmt.Sprintf("批次号: %06d", b.batch),
		fmt.Sprintf("借记: %d笔 %s", b.totals.DebitN, report.FormatAmount(b.totals.Debit, d.Exponent)),
		fmt.Sprintf("贷记: %d笔 %s", b.totals.CreditN, report.FormatAmount(b.totals.Credit, d.Exponent)), verdict)
}
