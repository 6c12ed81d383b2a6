package sim_test

import (
	"strings"
	"testing"
)

// A slip has no more of a card than 6 and 4 digits, and nothing is sent for one that is printed
// again.
func TestReprintsTellNoCardAndAskNobody(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	x.refuses(t, x.p.ReprintSettlement(), "无结算记录")
	x.refuses(t, x.p.ReprintLast(), "无交易记录")
	x.pay(t, 1234)
	trace := x.Journal.Records[0].Trace
	x.sent = nil
	for name, do := range map[string]func() error{"the last": x.p.ReprintLast, "by its voucher number": func() error { return x.p.Reprint(trace) }} {
		if err := do(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		paper := strings.Join(x.p.Printed(), "\n")
		pan := x.Profile.Holders("good")[0].PAN
		if strings.Contains(paper, pan) || !strings.Contains(paper, pan[:6]+"******"+pan[len(pan)-4:]) {
			t.Errorf("%s: the slip does not mask its card:\n%s", name, paper)
		}
		if !strings.HasSuffix(paper, "重印凭证/DUPLICATE") || !strings.Contains(paper, "交易金额: 12.34") {
			t.Errorf("%s: the slip says\n%s", name, paper)
		}
	}
	x.refuses(t, x.p.Reprint(trace+1), "无此凭证号")
	if x.p.Printed() != nil {
		t.Error("what was refused is printed")
	}
	x.PowerOn()
	x.refuses(t, x.p.ReprintLast(), "请输入操作员号")
	x.went(t)
}
