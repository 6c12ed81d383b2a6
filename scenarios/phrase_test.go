package scenarios

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// example shows one phrase: a scenario that holds, a scenario that must fail
// because of it, and the Chinese sentence that means the same.
type example struct {
	phrase  string // the English pattern
	holds   string // sentences, one a line; a table's rows start with |
	fails   string
	chinese string
}

const ready = "a terminal that has signed in\n"
const paid = ready + "the cardholder pays 1.00 yuan with a good card\n"
const fresh = "the terminal starts an empty batch\n"
const lost = ready + "the line loses the next answer\nthe cardholder pays 1.00 yuan with a good card\n"
const preauth = fresh + "the operator pre-authorises 100.00 yuan with a good card\n"

var examples = []example{
	{"a terminal that is switched on", "a terminal that is switched on\nthe terminal is not signed in", "a terminal that is switched on\nthe terminal is signed in", "终端已开机"},
	{"a terminal that has signed in", ready + "the terminal is signed in", ready + "the terminal is not signed in", "终端已签到"},
	{"operator {text} logs in with password {text}", "a terminal that is switched on\noperator \"01\" logs in with password \"0000\"\nthe terminal shows \"请签到\"", "a terminal that is switched on\noperator \"01\" logs in with password \"9999\"\nthe terminal shows \"请签到\"", "操作员\"01\"输入密码\"0000\""},
	{"the terminal signs in", ready + "the terminal signs in\nthe host approves", "a terminal that the host does not know\nthe terminal signs in\nthe host approves", "终端签到"},
	{"the terminal signs off", ready + "the terminal signs off\nthe terminal is not signed in", ready + "the terminal signs off\nthe terminal is signed in", "终端签退"},
	{"the terminal tests the line", ready + "the terminal tests the line\nthe host approves", ready + "the line loses the next answer\nthe terminal tests the line\nthe host approves", "终端做回响测试"},
	{"the terminal is switched off and on again", lost + "the terminal is switched off and on again\nthe terminal owes a reversal", lost + "the terminal is switched off and on again\nthe terminal owes no reversal", "终端断电重启"},
	{"the terminal uses the trace number of its last payment again", paid + "the terminal uses the trace number of its last payment again\nthe cardholder pays 1.00 yuan with a good card\nthe host answers \"94\"", paid + "the terminal uses the trace number of its last payment again\nthe cardholder pays 1.00 yuan with a good card\nthe host approves", "终端重复使用上一笔交易的流水号"},
	{"the next trace number is {n}", ready + "the next trace number is 999999\nthe cardholder pays 1.00 yuan with a good card\nthe host approves", "the next trace number is 1000000", "下一个流水号是7"},
	{"the terminal has lost its batch number", ready + "the terminal has lost its batch number\nthe cardholder pays 1.00 yuan with a good card\nthe host answers \"77\"", ready + "the terminal has lost its batch number\nthe cardholder pays 1.00 yuan with a good card\nthe host approves", "终端批次号错误"},
	{"the terminal believes that it has signed in", ready + "the terminal signs off\nthe terminal believes that it has signed in\nthe cardholder pays 1.00 yuan with a good card\nthe host answers \"77\"", ready + "the terminal signs off\nthe terminal believes that it has signed in\nthe cardholder pays 1.00 yuan with a good card\nthe terminal refuses", "终端误以为已签到"},
	{"a terminal that the host does not know", "a terminal that the host does not know\nthe terminal signs in\nthe host answers \"97\"", "a terminal that the host does not know\nthe terminal signs in\nthe working keys are right", "主机未登记的终端"},
	{"the working keys are right", ready + "the terminal signs in\nthe working keys are right", paid + "the working keys are right", "工作密钥校验值正确"},
	{"the terminal is signed in", ready + "the terminal is signed in", "a terminal that is switched on\nthe terminal is signed in", "终端处于签到状态"},
	{"the terminal is not signed in", "a terminal that is switched on\nthe terminal is not signed in", ready + "the terminal is not signed in", "终端处于未签到状态"},
	{"the terminal shows {text}", paid + "the terminal shows \"交易成功\"", paid + "the terminal shows \"交易超时\"", "终端显示\"交易成功\""},
	{"the terminal refuses", "a terminal that is switched on\nthe cardholder pays 1.00 yuan with a good card\nthe terminal refuses", paid + "the terminal refuses", "终端拒绝操作"},
	{"the terminal has signed in again by itself", ready + "the terminal has lost its batch number\nthe cardholder pays 1.00 yuan with a good card\nthe terminal has signed in again by itself", paid + "the terminal has signed in again by itself", "终端已自动重新签到"},

	{"the line {fault}", ready + "the line loses the next request\nthe terminal tests the line\nthe host does not answer", ready + "the line loses the next request\nthe terminal tests the line\nthe host approves", "线路丢失下一个应答"},
	{"the line loses the next {n} answers", ready + "the line loses the next 2 answers\nthe terminal tests the line\nthe terminal tests the line\nthe host does not answer", ready + "the line loses the next 2 answers\nthe terminal tests the line\nthe terminal tests the line\nthe host approves", "线路丢失接下来的2个应答"},

	{"the cardholder pays {amount} yuan with a {role} card", ready + "the cardholder pays 1.00 yuan with an expired card\nthe host answers \"54\"", ready + "the cardholder pays 1.00 yuan with a golden card", "持卡人用正常卡消费1.00元"},
	{"the cardholder pays {amount} yuan with a {role} card {how}", ready + "the cardholder pays 1.00 yuan with a chip card by chip\nthe host approves", ready + "the cardholder pays 1.00 yuan with a stolen card by stripe\nthe host approves", "持卡人用芯片卡消费1.00元, 插卡"},
	{"the cardholder pays {amount} yuan by QR code", ready + "the cardholder pays 1.00 yuan by QR code\nthe host approves", ready + "the cardholder pays 0.00 yuan by QR code\nthe host approves", "持卡人出示付款码支付1.00元"},
	{"the cardholder asks for the balance of a {role} card", ready + "the cardholder asks for the balance of a good card\nthe balance is known", ready + "the cardholder asks for the balance of a stolen card\nthe balance is known", "持卡人用正常卡查询余额"},
	{"the operator voids the last purchase", paid + "the operator voids the last purchase\nthe host approves", fresh + "the operator voids the last purchase\nthe host approves", "操作员撤销上一笔消费"},
	{"the operator voids the last purchase with supervisor password {text}", paid + "the operator voids the last purchase with supervisor password \"123456\"\nthe host approves", paid + "the operator voids the last purchase with supervisor password \"000000\"\nthe host approves", "操作员用主管密码\"123456\"撤销上一笔消费"},
	{"the operator voids the same purchase again", paid + "the operator voids the last purchase\nthe operator voids the same purchase again\nthe host declines", ready + "the operator voids the same purchase again", "操作员再次撤销同一笔消费"},
	{"the operator keeps the slip of the last purchase", paid + "the operator keeps the slip of the last purchase", fresh + "the operator keeps the slip of the last purchase", "操作员留存上一笔消费的签购单"},
	{"the operator voids the purchase on the slip", paid + "the operator keeps the slip of the last purchase\nthe operator voids the purchase on the slip\nthe host approves", paid + "the operator voids the purchase on the slip", "操作员凭签购单撤销消费"},
	{"the operator refunds {amount} yuan of the purchase on the slip", paid + "the operator keeps the slip of the last purchase\nthe operator refunds 1.00 yuan of the purchase on the slip\nthe host approves", paid + "the operator refunds 1.00 yuan of the purchase on the slip", "操作员凭签购单退货1.00元"},
	{"the operator refunds {amount} yuan of the last purchase", paid + "the operator refunds 0.50 yuan of the last purchase\nthe host approves", paid + "the operator refunds 2.00 yuan of the last purchase\nthe host approves", "操作员对上一笔消费退货1.00元"},
	{"the operator pre-authorises {amount} yuan with a {role} card", preauth + "the host approves", ready + "the operator pre-authorises 5.00 yuan with a poor card\nthe cardholder pays 1.00 yuan with a stolen card\nthe host approves", "操作员用正常卡做预授权1.00元"},
	{"the operator voids the pre-authorisation", preauth + "the operator voids the pre-authorisation\nthe host approves", ready + "the line loses the next request\nthe operator pre-authorises 1.00 yuan with a good card\nthe operator voids the pre-authorisation\nthe host declines", "操作员撤销预授权"},
	{"the operator completes the pre-authorisation with {amount} yuan", preauth + "the operator completes the pre-authorisation with 90.00 yuan\nthe host approves", preauth + "the operator completes the pre-authorisation with 116.00 yuan\nthe host approves", "操作员完成预授权1.00元"},
	{"the operator completes the pre-authorisation with {amount} yuan by advice", preauth + "the operator completes the pre-authorisation with 90.00 yuan by advice\nthe host approves", preauth + "the operator completes the pre-authorisation with 116.00 yuan by advice\nthe host approves", "操作员以通知方式完成预授权1.00元"},
	{"the operator voids the completion", preauth + "the operator completes the pre-authorisation with 90.00 yuan\nthe operator voids the completion\nthe host approves", fresh + "the operator voids the completion\nthe host approves", "操作员撤销预授权完成"},
	{"the terminal owes a reversal", lost + "the terminal owes a reversal", paid + "the terminal owes a reversal", "终端有待发冲正"},
	{"the terminal owes no reversal", paid + "the terminal owes no reversal", lost + "the terminal owes no reversal", "终端无待发冲正"},
	{"the terminal sends the reversal that it owes", lost + "the terminal sends the reversal that it owes\nthe terminal owes no reversal", paid + "the terminal sends the reversal that it owes", "终端发送冲正"},

	{"the terminal starts an empty batch", fresh + "the batch is empty", "a terminal that the host does not know\nthe terminal starts an empty batch", "终端开始新的空批次"},
	{"the terminal settles", paid + "the terminal settles\nthe batch is empty", paid + "the line loses the next answer\nthe terminal settles\nthe batch is empty", "终端结算"},
	{"the terminal forgets its last payment", fresh + "the cardholder pays 1.00 yuan with a good card\nthe terminal forgets its last payment\nthe batch is empty", fresh + "the terminal forgets its last payment", "终端漏记上一笔交易"},
	{"the batch holds payments of {amount} yuan in {n} and credits of {amount} yuan in {n}", fresh + "the cardholder pays 1.00 yuan with a good card\nthe operator voids the last purchase\nthe batch holds payments of 1.00 yuan in 1 and credits of 1.00 yuan in 1", fresh + "the cardholder pays 1.00 yuan with a good card\nthe batch holds payments of 2.00 yuan in 1 and credits of 0.00 yuan in 0", "批次内消费1.00元共1笔, 贷记0.00元共0笔"},
	{"the totals balance", fresh + "the cardholder pays 1.00 yuan with a good card\nthe terminal settles\nthe totals balance", fresh + "the cardholder pays 1.00 yuan with a good card\nthe terminal forgets its last payment\nthe terminal settles\nthe totals balance", "对账平"},
	{"the totals do not balance", fresh + "the cardholder pays 1.00 yuan with a good card\nthe terminal forgets its last payment\nthe terminal settles\nthe totals do not balance", fresh + "the cardholder pays 1.00 yuan with a good card\nthe terminal settles\nthe totals do not balance", "对账不平"},
	{"the host's totals are debits of {amount} yuan in {n} and credits of {amount} yuan in {n}", fresh + "the cardholder pays 1.00 yuan with a good card\nthe terminal settles\nthe host's totals are debits of 1.00 yuan in 1 and credits of 0.00 yuan in 0", fresh + "the terminal settles\nthe host's totals are debits of 1.00 yuan in 1 and credits of 0.00 yuan in 0", "主机合计借记1.00元共1笔, 贷记0.00元共0笔"},
	{"the terminal uploads {n} details", fresh + "the cardholder pays 1.00 yuan with a good card\nthe cardholder pays 2.00 yuan with a good card\nthe terminal forgets its last payment\nthe terminal settles\nthe terminal uploads 1 details", fresh + "the cardholder pays 1.00 yuan with a good card\nthe terminal settles\nthe terminal uploads 1 details", "终端上送1笔明细"},
	{"the batch number has gone up by one", fresh + "the terminal settles\na terminal that has signed in\nthe batch number has gone up by one", paid + "the batch number has gone up by one", "批次号加一"},
	{"the batch is empty", fresh + "the batch is empty", paid + "the batch is empty", "批次为空"},

	{"the host approves", paid + "the host approves", ready + "the cardholder pays 1.00 yuan with a stolen card\nthe host approves", "主机批准"},
	{"the host declines", ready + "the cardholder pays 1.00 yuan with a stolen card\nthe host declines", paid + "the host declines", "主机拒绝"},
	{"the host answers {text}", ready + "the cardholder pays 1.00 yuan with a stolen card\nthe host answers \"43\"", paid + "the host answers \"43\"", "主机应答\"00\""},
	{"the host does not answer", lost + "the host does not answer", paid + "the host does not answer", "主机无应答"},
	{"the line breaks", ready + "the line breaks in the middle of the next answer\nthe cardholder pays 1.00 yuan with a good card\nthe line breaks", paid + "the line breaks", "线路中断"},
	{"the terminal rejects the answer", ready + "the line spoils the MAC of the next answer\nthe cardholder pays 1.00 yuan with a good card\nthe terminal rejects the answer", paid + "the terminal rejects the answer", "终端校验应答不通过"},
	{"the balance is known", ready + "the cardholder asks for the balance of a good card\nthe balance is known", paid + "the balance is known", "终端得到余额"},
	{"the balance has gone down by {amount} yuan", ready + "the cardholder asks for the balance of a chip card\nthe balance is known\nthe cardholder pays 1.00 yuan with a chip card\nthe cardholder asks for the balance of a chip card\nthe balance has gone down by 1.00 yuan", ready + "the cardholder asks for the balance of a chip card\nthe balance is known\nthe cardholder asks for the balance of a chip card\nthe balance has gone down by 1.00 yuan", "余额减少1.00元"},
	{"the balance has not changed", ready + "the cardholder asks for the balance of a chip card\nthe balance is known\nthe cardholder asks for the balance of a chip card\nthe balance has not changed", ready + "the cardholder asks for the balance of a chip card\nthe balance is known\nthe cardholder pays 1.00 yuan with a chip card\nthe cardholder asks for the balance of a chip card\nthe balance has not changed", "余额不变"},

	{"the request carries:", paid + "the request carries:\n| field | value |\n| 4 | 000000000100 |\n| 60.1 | 22 |\n| 37 | absent |", paid + "the request carries:\n| field | value |\n| 4 | 000000000200 |", "请求报文包含:"},
	{"the answer carries:", paid + "the answer carries:\n| field | value |\n| 11 | as in the request |\n| 37 | present |\n| MTI | 0210 |", paid + "the answer carries:\n| field | value |\n| 39 | 51 |", "应答报文包含:"},
	{"the reversal carries:", lost + "the terminal sends the reversal that it owes\nthe reversal carries:\n| field | value |\n| 11 | as in the original |\n| 39 | 98 |\n| 52 | absent |", paid + "the reversal carries:\n| field | value |\n| 39 | 98 |", "冲正报文包含:"},
	{"the terminal first sends a reversal of the unanswered payment", lost + "the cardholder pays 2.00 yuan with a good card\nthe terminal first sends a reversal of the unanswered payment", paid + "the cardholder pays 2.00 yuan with a good card\nthe terminal first sends a reversal of the unanswered payment", "终端先发送未应答交易的冲正"},
	{"the host acknowledges the reversal", lost + "the terminal sends the reversal that it owes\nthe host acknowledges the reversal", lost + "the line loses the next answer\nthe terminal sends the reversal that it owes\nthe host acknowledges the reversal", "主机确认冲正"},
	{"{n} reversals have been sent", lost + "the cardholder pays 2.00 yuan with a good card\n1 reversals have been sent", paid + "1 reversals have been sent", "共发送1次冲正"},
	{"{n} messages have been sent", ready + "the terminal tests the line\nthe terminal tests the line\n2 messages have been sent", ready + "the terminal tests the line\n2 messages have been sent", "共发送1个报文"},
}

// source writes sentences as a feature.
func source(sentences string) string {
	var b strings.Builder
	b.WriteString("Feature: f\n  Scenario: s\n")
	for _, line := range strings.Split(sentences, "\n") {
		if strings.HasPrefix(line, "|") {
			b.WriteString("      " + line + "\n")
		} else {
			b.WriteString("    * " + line + "\n")
		}
	}
	return b.String()
}

// bundledHost serves the bundled network for a test.
func bundledHost(t testing.TB, network string, options ...host.Option) (*profile.Profile, *line.Dialer) {
	t.Helper()
	p, err := profile.Bundled(network, 1000)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(p, options...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.Serve(ctx, l) })
	t.Cleanup(func() {
		stop()
		wg.Wait()
	})
	return p, &line.Dialer{Address: l.Addr().String(), Timeout: 5 * time.Second}
}

// play checks one scenario and gives its verdict; a sentence that does not bind
// is a verdict too.
func play(t *testing.T, p *profile.Profile, d *line.Dialer, sentences string) *verdicts.Verdict {
	t.Helper()
	f, err := ParseFeature("test.feature", []byte(source(sentences)))
	if err != nil {
		t.Fatal(err)
	}
	c := &Check{Language: NewLanguage(p), Dialer: d, Features: []*Feature{f}, Terminals: 1}
	if err := c.Bind(); err != nil {
		return &verdicts.Verdict{Reason: err}
	}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return found.Features[0].Verdicts[0]
}

func TestEachPhraseHoldsAndFails(t *testing.T) {
	p, d := bundledHost(t, "cup")
	shown := map[string]bool{}
	for i, e := range examples {
		shown[e.phrase] = true
		t.Run(e.phrase, func(t *testing.T) {
			p, q := *p, *p // a terminal of its own for each scenario
			p.Terminals, q.Terminals = p.Terminals[4*i:], q.Terminals[4*i+2:]
			if v := play(t, &p, d, e.holds); v.Reason != nil {
				t.Errorf("must hold:\n%s\n%s: %v\n%s", e.holds, v.Step, v.Reason, v.Exchange)
			}
			if v := play(t, &q, d, e.fails); v.Reason == nil {
				t.Errorf("must fail:\n%s", e.fails)
			}
		})
	}
	for _, ph := range Phrases() {
		if !ph.Load && !shown[ph.English] {
			t.Errorf("no example shows %q", ph.English)
		}
	}
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	for _, e := range examples {
		var fits []string
		for _, ph := range Phrases() {
			if ph.patterns[1].MatchString(e.chinese) || ph.patterns[0].MatchString(e.chinese) {
				fits = append(fits, ph.English)
			}
		}
		if len(fits) != 1 || fits[0] != e.phrase {
			t.Errorf("%q means %q, want only %q", e.chinese, fits, e.phrase)
		}
	}
}

func TestNoSentenceIsAmbiguous(t *testing.T) {
	for _, e := range examples {
		for _, line := range strings.Split(e.holds+"\n"+e.fails, "\n") {
			n := 0
			for _, ph := range Phrases() {
				for _, re := range ph.patterns {
					if re.MatchString(line) {
						n++
					}
				}
			}
			if n > 1 {
				t.Errorf("%q fits %d patterns", line, n)
			}
		}
	}
}

func TestUnknownSentenceNamesFileLineAndTheNearestPhrase(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFeature("cup/x.feature", []byte("Feature: f\n  Scenario: s\n    Given a terminal that has signed in\n    Then the host aproves\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewLanguage(p).Bind(f.Scenarios[0], 1)
	if err == nil || !strings.Contains(err.Error(), `cup/x.feature:4: no phrase matches "the host aproves"; the nearest is "the host approves"`) {
		t.Errorf("error: %v", err)
	}
}
