package scenarios

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim"
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
}

// Compile makes a plan of a scenario. Sentences that look at messages of the
// past cannot be played under load: the error names the first.
func (l *Language) Compile(s *Scenario) (plan *sim.Plan, faults bool, err error) {
	plan = &sim.Plan{ID: s.ID, Name: s.Name, At: s.At()}
	for i := range s.Steps {
		b, err := l.Bind(s, i)
		if err != nil {
			return nil, false, err
		}
		switch {
		case b.Phrase.Load:
			return nil, false, fmt.Errorf("%s: %q belongs to @load scenarios", b.At, b.Text)
		case b.Phrase.Octets:
			return nil, false, fmt.Errorf("%s: %q looks at messages of the past: only posfleet check can play it", b.At, b.Text)
		}
		faults = faults || b.Phrase.Faults
		plan.Cards = plan.Cards || b.Phrase.Card
		plan.Steps = append(plan.Steps, sim.Step{Text: b.Text, At: b.At, Do: b.Do})
	}
	if plan.ID == "" {
		plan.ID = s.At()
	}
	return plan, faults, nil
}

// Playable reports whether every sentence of a scenario can be played under load.
func (l *Language) Playable(s *Scenario) bool {
	_, _, err := l.Compile(s)
	return err == nil
}

// doing is something that cardholders come to do, for the tables of @load
// scenarios: sentences of the language.
type doing struct {
	english, chinese string
	sentences        []string
}

var doings = []doing{
	{"pay with a good card and PIN", "刷卡输密消费", []string{"the cardholder pays 12.34 yuan with a good card", "the host approves"}},
	{"pay with a good card by chip", "插卡消费", []string{"the cardholder pays 56.78 yuan with a chip card by chip", "the host approves"}},
	{"pay with a good card by tap", "挥卡消费", []string{"the cardholder pays 9.90 yuan with a chip card by tap", "the host approves"}},
	{"pay by QR code", "扫码支付", []string{"the cardholder pays 23.45 yuan by QR code", "the host approves"}},
	{"ask for their balance", "查询余额", []string{"the cardholder asks for the balance of a good card", "the host approves"}},
	{"pay and have it voided", "消费后撤销", []string{"the cardholder pays 34.56 yuan with a good card", "the host approves", "the operator voids the last purchase", "the host approves"}},
	{"try to pay with a poor card", "余额不足消费", []string{"the cardholder pays 1000.00 yuan with a poor card", "the host answers \"51\""}},
}

// doingPlan compiles the words of a table's row: one of the doings, or the id
// of a scenario.
func (l *Language) doingPlan(words, at string, byID map[string]*Scenario) (*sim.Plan, bool, error) {
	if s := byID[strings.TrimPrefix(words, "@")]; s != nil {
		return l.Compile(s)
	}
	for _, d := range doings {
		if words != d.english && words != d.chinese {
			continue
		}
		f := &Feature{Path: at, Name: words}
		s := &Scenario{Feature: f, ID: strings.ReplaceAll(d.english, " ", "-"), Name: d.english}
		for _, text := range append([]string{"a terminal that has signed in"}, d.sentences...) {
			s.Steps = append(s.Steps, Sentence{Text: text})
		}
		return l.Compile(s)
	}
	var known []string
	for _, d := range doings {
		known = append(known, fmt.Sprintf("%q", d.english))
	}
	return nil, false, fmt.Errorf("%s: nobody comes to %q: want one of %s, or the @id of a scenario", at, words, strings.Join(known, ", "))
}

// CompileLoad reads an @load scenario. all are the scenarios whose ids its
// table may name.
func (l *Language) CompileLoad(s *Scenario, all []*Feature) (*Load, error) {
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
		if !b.Phrase.Load {
			return nil, fmt.Errorf("%s: %q does not belong in an @load scenario", b.At, b.Text)
		}
		if err := l.shape(load, b, byID); err != nil {
			return nil, err
		}
	}
	if load.Rate == 0 || len(load.Plans) == 0 {
		return nil, fmt.Errorf("%s: an @load scenario says how many cardholders arrive and what they do", s.At())
	}
	return load, nil
}

// shape puts one sentence of an @load scenario into load.
func (l *Language) shape(load *Load, b *Bound, byID map[string]*Scenario) error {
	var a Args
	for i := range b.Phrase.patterns {
		if words, ok := b.Phrase.patterns[i].words(b.Text); ok {
			a = Args{Words: words, Table: b.Table}
			break
		}
	}
	switch b.Phrase.English {
	case phraseTerminals:
		load.Terminals, _ = a.Int(0)
	case phraseWarmup:
		load.Warmup, _ = a.Seconds(0)
	case phraseArrive:
		load.For, _ = a.Seconds(0)
		load.Rate, _ = strconv.ParseFloat(a.Words["n"][1], 64)
		for i, row := range a.Table {
			if i == 0 {
				continue
			}
			at := b.At
			share, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(row[1]), "%")), 64)
			if err != nil || share <= 0 {
				return fmt.Errorf("%s: share %q: want a number above 0, such as 70 %%", at, row[1])
			}
			plan, faults, err := l.doingPlan(row[0], at, byID)
			if err != nil {
				return err
			}
			load.Plans, load.Shares = append(load.Plans, plan), append(load.Shares, share)
			load.Faults = load.Faults || faults
		}
	case phrasePercentile:
		load.Limits = append(load.Limits, fmt.Sprintf("p%s of %s < %sms", a.Words["percent"][0], a.Quoted(0), a.Words["n"][0]))
	case phraseUnanswered:
		load.Limits = append(load.Limits, "unanswered < "+a.Words["percent"][0]+"%")
	case phraseAllPlayed:
		load.Limits = append(load.Limits, "notplayed = 0")
	case phraseBooks:
		load.Books = true
	}
	return nil
}

const (
	phraseTerminals  = "{n} terminals have signed in"
	phraseWarmup     = "the first {n} seconds are warm-up"
	phraseArrive     = "for {n} seconds {n} cardholders a second arrive, who"
	phrasePercentile = "the {percent}th percentile of {text} is below {n} ms"
	phraseUnanswered = "fewer than {percent} % of the payments go unanswered"
	phraseAllPlayed  = "every arrival is played"
	phraseBooks      = "the books of terminals and host agree"
)

func loadPhrases() []*Phrase {
	const group = "Load (@load scenarios) / 压测"
	nothing := func(a Args) (func(*sim.Player) error, error) {
		return func(*sim.Player) error { return errors.New("belongs to @load scenarios: posfleet load plays them") }, nil
	}
	return []*Phrase{
		{Group: group, English: phraseTerminals, Chinese: "{n}台终端已签到", Load: true, Make: nothing,
			Doc: "How many terminals take part."},
		{Group: group, English: phraseWarmup, Chinese: "前{n}秒为预热", Load: true, Make: nothing,
			Doc: "What falls due in them is reported apart."},
		{Group: group, English: phraseArrive, Chinese: "{n}秒内每秒到达{n}位持卡人, 他们", Load: true, Make: nothing,
			Table: "columns do and share (事项, 占比): what they do, or @id of a scenario, and how many of a hundred",
			Doc:   "An open model: so many arrive each second, however slow the host is."},
		{Group: group, English: phrasePercentile, Chinese: "第{percent}百分位的{text}低于{n}毫秒", Load: true, Make: nothing,
			Doc: "A promise about the response time of a transaction, counted from when it fell due."},
		{Group: group, English: phraseUnanswered, Chinese: "无应答的交易少于百分之{percent}", Load: true, Make: nothing,
			Doc: "A promise: timed out, broken and still open together."},
		{Group: group, English: phraseAllPlayed, Chinese: "所有到达均已处理", Load: true, Make: nothing,
			Doc: "A promise: a terminal was free for everyone."},
		{Group: group, English: phraseBooks, Chinese: "终端与主机账目一致", Load: true, Make: nothing,
			Doc: "What the terminals took is what the host booked, to the fen."},
	}
}
