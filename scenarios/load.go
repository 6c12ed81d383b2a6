package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
)

// Load is what a load run plays: a mix, and what an @load scenario says of its
// shape and its promises. Zero values are left to the command line.
type Load struct {
	Scenario  *Scenario // nil when put together from the command line
	Terminals int
	Rate      float64 // arrivals a second
	For       time.Duration
	Warmup    time.Duration
	Plans     []*sim.Plan
	Shares    []float64
	Limits    []string // as report.ParseLimit reads them
	Books     bool     // the books must agree
	Faults    bool     // a plan makes lines fail

	tasks []string // as the scenario's table names them; one for each plan
}

// Compile makes a plan of a scenario. Sentences that look at messages of the
// past cannot be played under load: the error names the first.
func (l *Language) Compile(s *Scenario) (plan *sim.Plan, faults bool, err error) {
	defer l.scrubError(&err)
	plan = &sim.Plan{ID: s.ID, Name: s.Name, At: s.At()}
	asserted := false
	for i := range s.Steps {
		b, err := l.Bind(s, i)
		if err != nil {
			return nil, false, err
		}
		asserted = asserted || b.Phrase.Asserts
		switch {
		case b.Need != nil:
			return nil, false, fmt.Errorf("%s: %q: %w", b.At, b.Text, b.Need)
		case b.Phrase.Load != nil:
			return nil, false, fmt.Errorf("%s: %q belongs to @load scenarios", b.At, b.Text)
		case b.Phrase.CheckOnly:
			return nil, false, fmt.Errorf("%s: %q looks at messages of the past: only posfleet check can play it", b.At, b.Text)
		}
		faults = faults || b.Phrase.Faults
		plan.Cards = plan.Cards || b.Phrase.Card
		plan.Waits = plan.Waits || b.Phrase.Waits
		plan.Asks = b.asks(plan.Asks)
		plan.Steps = append(plan.Steps, sim.Step{Text: b.Text, At: b.At, Do: b.Do})
	}
	if plan.ID == "" {
		plan.ID = s.At()
	}
	if !asserted {
		return nil, false, fmt.Errorf("%s: nothing is asserted: no sentence says what is to come of it, so it would always hold; add one (Then the host approves)", s.At())
	}
	return plan, faults, nil
}

// asks adds what a sentence asks of the host to what others do. A sentence about a batch
// that uses a card fills it with purchases.
func (b *Bound) asks(all []dialect.Transaction) []dialect.Transaction {
	p, asked := b.Phrase, b.Args.Of
	of := []dialect.Transaction{asked}
	if asked.Booking() == dialect.None && !asked.Inquires() && (p.Card || p.Role != "") {
		of = append(of, dialect.Purchase)
	}
	for _, t := range of {
		if t != dialect.SignIn && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

// task is something that cardholders come to do, for the tables of @load
// scenarios: sentences of the language.
type task struct {
	english, chinese string
	sentences        []string
}

var tasks = []task{
	{"pay with a good card and PIN", "刷卡凭密消费", []string{"the cardholder pays 12.34 yuan with a good card", "the host approves"}},
	{"pay with a good card by chip", "插卡消费", []string{"the cardholder pays 56.78 yuan with a chip card by chip", "the host approves"}},
	{"pay with a good card by tap", "挥卡消费", []string{"the cardholder pays 9.90 yuan with a chip card by tap", "the host approves"}},
	{"pay with a good card and sign", "刷卡凭密消费并签名", []string{"the cardholder pays 45.67 yuan with a good card", "the host approves", "the cardholder signs if the terminal has a pad"}},
	{"pay by QR code", "扫码支付", []string{"the cardholder pays 23.45 yuan by QR code", "the host approves"}},
	{"load electronic cash", "指定账户圈存", []string{"the cardholder does an account-load of 1.00 yuan with a cash card by chip", "the host approves"}},
	{"load electronic cash for money and have it voided", "现金充值后撤销", []string{"the cardholder does a cash-load of 20.00 yuan with a cash card by chip", "the host approves", "the operator does a cash-load-void to the last payment", "the host approves"}},
	{"ask for their balance", "余额查询", []string{"the cardholder asks for the balance of a good card", "the host approves"}},
	{"pay and have it voided", "消费后撤销", []string{"the cardholder pays 34.56 yuan with a good card", "the host approves", "the operator voids the last purchase", "the host approves"}},
	{"order and pay with a good card and PIN", "点餐并刷卡支付", append(ordered, "the customer pays the order with a good card", "the host approves")},
	{"order and pay with a good card by tap", "点餐并挥卡支付", append(ordered, "the customer pays the order with a chip card by tap", "the host approves")},
	{"order and have a part refunded", "点餐支付后部分退款", append(ordered, "the customer pays the order with a good card", "the host approves", "the operator refunds 3.50 yuan of the order", "the host approves")},
	{"order and pay by payment code", "点餐并出示付款码支付", append(ordered, "the customer pays the order by payment code", "the host approves")},
	{"order and pay by payment code and password", "点餐并出示付款码凭密支付", append(ordered, "the customer pays the order by payment code, to be confirmed by password", "the order is \"paying\"", "the customer enters the password", "the host approves", "the operator queries the order", "the order is \"paid\"")},
	{"order and pay by the merchant's code", "点餐并扫收款码支付", append(ordered, "the terminal shows a code for the order", "the host approves", "the customer scans the code", "the host approves", "the operator queries the order", "the order is \"paid\"")},
	{"order and cancel", "点餐后取消", append(ordered, "the operator cancels the order", "the host approves")},
	{"ask for their points", "积分查询", []string{"the cardholder asks for the points of a good card", "the host approves"}},
	{"try to pay with a poor card", "余额不足卡消费", []string{"the cardholder pays 1000.00 yuan with a poor card", "the host answers \"insufficient funds\""}},
}

// ordered are the sentences with which an order begins; of a length that others are
// appended to a copy.
var ordered = slices.Clip([]string{"the customer chooses 1 of \"beef noodles\"", "the customer chooses 2 of \"rice\"", "the operator confirms the order", "the host approves"})

// compileTask compiles the words of a table's row: one of the tasks, or the id
// of a scenario.
func (l *Language) compileTask(words, at string, byID map[string]*Scenario) (*sim.Plan, bool, error) {
	if s := byID[strings.TrimPrefix(words, "@")]; s != nil {
		return l.Compile(s)
	}
	for _, t := range tasks {
		if words != t.english && current(words) != t.chinese {
			continue
		}
		f := &Feature{Path: at, Name: words}
		s := &Scenario{Feature: f, ID: strings.ReplaceAll(t.english, " ", "-"), Name: t.english}
		for _, text := range append([]string{"a terminal that has signed in"}, t.sentences...) {
			s.Steps = append(s.Steps, Sentence{Text: text})
		}
		return l.Compile(s)
	}
	var known []string
	for _, t := range tasks {
		known = append(known, fmt.Sprintf("%q", t.english))
	}
	return nil, false, fmt.Errorf("%s: nobody comes to %q: want one of %s, or the @id of a scenario", at, words, strings.Join(known, ", "))
}

// CompileLoad reads an @load scenario. all are the scenarios whose ids its
// table may name.
func (l *Language) CompileLoad(s *Scenario, all []*Feature) (_ *Load, err error) {
	defer l.scrubError(&err)
	byID := map[string]*Scenario{}
	for _, f := range all {
		for _, o := range f.Scenarios {
			byID[o.ID] = o
		}
	}
	delete(byID, "")
	load := &Load{Scenario: s}
	for i := range s.Steps {
		b, err := l.Bind(s, i)
		if err != nil {
			return nil, err
		}
		if b.Phrase.Load == nil {
			return nil, fmt.Errorf("%s: %q does not belong in an @load scenario", b.At, b.Text)
		}
		if err := b.Phrase.Load(load, b.Args); err != nil {
			return nil, fmt.Errorf("%s: %w", b.At, err)
		}
		for _, words := range load.tasks[len(load.Plans):] {
			plan, faults, err := l.compileTask(words, b.At, byID)
			if err != nil {
				return nil, err
			}
			load.Plans = append(load.Plans, plan)
			load.Faults = load.Faults || faults
		}
	}
	if load.Rate == 0 || len(load.Plans) == 0 {
		return nil, fmt.Errorf("%s: an @load scenario says how many cardholders arrive and what they do", s.At())
	}
	return load, nil
}

// arrive reads how many cardholders come, and the table of what they do.
func (load *Load) arrive(a Args) (err error) {
	if load.For, err = a.Seconds(0); err != nil {
		return err
	}
	load.Rate, _ = strconv.ParseFloat(a.Words["n"][1], 64)
	var shares Shares
	for _, row := range a.Table[1:] {
		if len(row) != 2 {
			return fmt.Errorf("a row of %d columns: want what they do and its share", len(row))
		}
		share, err := shares.Add(row[1])
		if err != nil {
			return err
		}
		load.tasks, load.Shares = append(load.tasks, row[0]), append(load.Shares, share)
	}
	return shares.Check()
}

// promise adds a limit.
func (load *Load) promise(format string, words ...any) error {
	load.Limits = append(load.Limits, fmt.Sprintf(format, words...))
	return nil
}

func loadPhrases() []*Phrase {
	const group = "Load (@load scenarios) / 压测"
	return []*Phrase{
		{Group: group, English: "{n} terminals have signed in", Chinese: "{n}台终端已签到",
			Doc: "How many terminals take part.",
			Load: func(load *Load, a Args) (err error) {
				load.Terminals, err = a.Int(0)
				return err
			}},
		{Group: group, English: "the first {n} seconds are warm-up", Chinese: "前{n}秒为预热",
			Doc: "What falls due in them is reported apart.",
			Load: func(load *Load, a Args) (err error) {
				load.Warmup, err = a.Seconds(0)
				return err
			}},
		{Group: group, English: "for {n} seconds {n} cardholders a second arrive, who", Chinese: "持续{n}秒，每秒发起{n}笔交易，交易占比：", Was: "{n}秒内每秒到达{n}位持卡人, 他们",
			Table: "columns do and share (交易, 占比): what they do, or @id of a scenario, and how many of a hundred (70 %; they add up to 100) or a weight (7)",
			Doc:   "An open model: so many arrive each second, however slow the host is.",
			Load:  (*Load).arrive},
		{Group: group, English: "the {percent}th percentile of {transaction} is below {n} ms", Chinese: "{transaction}交易{percent}分位响应时间低于{n}毫秒", Was: "第{percent}百分位的{transaction}低于{n}毫秒",
			Doc: "A promise about the response time of a transaction, counted from when it fell due.",
			Load: func(load *Load, a Args) error {
				return load.promise("p%s of %s < %sms", a.Words["percent"][0], inEnglish(transactionsChinese, a.Words["transaction"][0]), a.Words["n"][0])
			}},
		{Group: group, English: "fewer than {percent} % of the payments go unanswered", Chinese: "交易超时率低于{percent}%", Was: "无应答的交易少于百分之{percent}",
			Doc:  "A promise: timed out, broken, still open and never sent together, as a share of what was due.",
			Load: func(load *Load, a Args) error { return load.promise("unanswered < %s%%", a.Words["percent"][0]) }},
		{Group: group, English: "every arrival is played", Chinese: "所有交易均已发起", Was: "所有到达均已处理",
			Doc:  "A promise: a terminal was free for everyone.",
			Load: func(load *Load, a Args) error { return load.promise("notplayed = 0") }},
		{Group: group, English: "the books of terminals and host agree", Chinese: "终端与主机账目一致",
			Doc: "What the terminals took is what the host booked, to the fen. A host outside this process tells it by settling.",
			Load: func(load *Load, a Args) error {
				load.Books = true
				return nil
			}},
	}
}
