package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// What a recorder is told of an exchange: the generator's lag is what neither a terminal, an
// own reversal nor a connection took.
func TestExchangeIsRecordedAsItWas(t *testing.T) {
	for _, c := range []struct {
		name                           string
		begun, began, sent, done, free time.Duration
		lag, service                   time.Duration
	}{
		{"late by itself", 10, 0, 30, 50, 0, 20, 20},
		{"the terminal was not free", 10, 0, 30, 50, 15, 15, 20},
		{"free only later", 10, 0, 30, 50, 100, 0, 20},
		{"it connected", 10, 28, 30, 50, 15, 13, 20},
		{"sent before it was due", 40, 0, 30, 50, 0, 0, 10},
	} {
		p, term := inHand(t, "cup")
		rec := report.NewRecorder(make([]string, dialect.Transactions), time.Second, 0)
		origin := 5 * time.Millisecond
		p.Shard, p.origin, p.emulates = rec.Shard(), &origin, true
		ms := func(n time.Duration) time.Duration { return origin + n*time.Millisecond }
		p.x.Sent, p.x.Done = ms(c.sent), ms(c.done)
		if c.began > 0 {
			p.x.Began = ms(c.began)
		}
		if p.free = 0; c.free > 0 {
			p.free = ms(c.free)
		}
		r := &Result{Of: dialect.Purchase, Outcome: report.Approved, dialect: term.Profile.Dialect}
		p.record(r, ms(c.begun))
		rec.Tick(time.Second)
		whole := rec.Report()
		l := whole.Labels[0]
		if lag, service := time.Duration(l.Lag.Max())*time.Microsecond, time.Duration(l.Service.Max())*time.Microsecond; lag.Round(time.Millisecond/10) != c.lag*time.Millisecond || service.Round(time.Millisecond/10) != c.service*time.Millisecond {
			t.Errorf("%s: lag %v, service %v, want %d and %d ms", c.name, lag, service, c.lag, c.service)
		}
		if whole.LineDelay.Added == nil || whole.LineDelay.Added.TotalCount() != 1 {
			t.Errorf("%s: what the line added is not recorded", c.name)
		}
	}
	for _, c := range []struct {
		name     string
		r        Result
		emulates bool
		counts   report.Outcome
		delays   bool
		refused  int64
		broken   bool
	}{
		{"unbalanced totals", Result{Outcome: report.Approved, Totals: Unbalanced}, false, report.Declined, false, 0, false},
		{"balanced totals", Result{Outcome: report.Approved, Totals: Balanced}, true, report.Approved, true, 0, false},
		{"unsent for want of descriptors", Result{Outcome: report.Unsent, Why: fmt.Errorf("dial: %w", syscall.EMFILE)}, true, report.Unsent, false, 1, false},
		{"a rule that is broken", Result{Outcome: report.Refused, Why: &rules.Broken{Rule: rules.Once, Err: errors.New("twice")}}, false, report.Refused, false, 0, true},
	} {
		p, term := inHand(t, "cup")
		rec := report.NewRecorder(make([]string, dialect.Transactions), time.Second, 0)
		origin := time.Duration(0)
		p.Shard, p.origin, p.emulates = rec.Shard(), &origin, c.emulates
		r := c.r
		r.dialect = term.Profile.Dialect
		p.record(&r, 0)
		iv := rec.Tick(time.Second)
		whole := rec.Report()
		if whole.Labels[0].Counts[c.counts] != 1 || (whole.LineDelay.Added != nil) != c.delays || iv.Second.Signals.Exhausted != c.refused || (rec.Broken() != [report.Rules]int64{}) != c.broken {
			t.Errorf("%s: %v, %d refused by the machine, broken %v", c.name, whole.Labels[0].Counts, iv.Second.Signals.Exhausted, rec.Broken())
		}
	}
}

// What comes around an answer breaks rules, but not where the line was made to double.
func TestWhatComesAroundAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name    string
		met     func(p *Player)
		outcome report.Outcome
		breaks  []*rules.Rule
		stray   bool
	}{
		{"nothing", func(p *Player) {}, report.Approved, nil, false},
		{"a stray", func(p *Player) { p.x.Kept = []line.Stray{{Why: "nobody's"}} }, report.Approved, nil, true},
		{"an empty message", func(p *Player) { p.x.Empty = 1 }, report.Refused, []*rules.Rule{rules.NoEmpty}, false},
		{"an empty message and no answer", func(p *Player) { p.x.Empty = 1 }, report.TimedOut, nil, false},
		{"octets that are left", func(p *Player) { p.x.Left = true }, report.Approved, []*rules.Rule{rules.NoRest}, false},
		{"a second answer", func(p *Player) { p.x.Duplicate = 1 }, report.Approved, []*rules.Rule{rules.Once}, false},
		{"a second answer of a line without doubles", func(p *Player) { p.x.Duplicate = 1; p.T.Faults = &line.Faults{} }, report.Approved, []*rules.Rule{rules.Once}, false},
		{"an answer that the line doubled", func(p *Player) {
			p.x.Duplicate = 1
			p.T.Faults = &line.Faults{}
			p.T.Faults.Injected[line.DoubleAnswer] = 1
		}, report.Approved, nil, false},
		{"a request that the line doubled", func(p *Player) {
			p.x.Duplicate = 1
			p.T.Faults = &line.Faults{}
			p.T.Faults.Injected[line.DoubleRequest] = 1
		}, report.Approved, nil, false},
	} {
		p, term := inHand(t, "cup")
		c.met(p)
		r := &Result{Of: dialect.Purchase, Outcome: c.outcome, Why: line.ErrTimeout}
		p.around(term.Profile.Dialect.Form(dialect.Purchase), r)
		var want rules.Set
		for _, b := range c.breaks {
			want.Add(b)
		}
		if r.Should != want || (r.Stray != nil) != c.stray {
			t.Errorf("%s: breaks %b, want %b; stray %+v", c.name, r.Should, want, r.Stray)
		}
		if told := strings.Contains(r.Why.Error(), "empty messages came"); told != (c.outcome == report.TimedOut) {
			t.Errorf("%s: %v", c.name, r.Why)
		}
	}
}

// Which taps a terminal leaves to the chip to approve by itself.
func TestChipApprovesAloneWhatItMay(t *testing.T) {
	good := Order{Of: dialect.Purchase, Entry: Tap, Amount: 500}
	for _, c := range []struct {
		name    string
		network string
		change  func(o *Order, t *Terminal)
		want    bool
	}{
		{"a tap of the limit", "cup", func(*Order, *Terminal) {}, true},
		{"a tap above the limit", "cup", func(o *Order, t *Terminal) { o.Amount = 501 }, false},
		{"a chip that is inserted", "cup", func(o *Order, t *Terminal) { o.Entry = Insert }, false},
		{"a refund", "cup", func(o *Order, t *Terminal) { o.Of = dialect.Refund }, false},
		{"of an order", "cup", func(o *Order, t *Terminal) { o.Bill = &Bill{} }, false},
		{"nine wait", "cup", func(o *Order, t *Terminal) { t.kept.offline = make([]offlineSale, mostOffline-1) }, true},
		{"ten wait", "cup", func(o *Order, t *Terminal) { t.kept.offline = make([]offlineSale, mostOffline) }, false},
		{"without CA keys", "cup", func(o *Order, t *Terminal) { t.kept.caKeys = nil }, false},
		{"without a way to tell of it", "iso87", func(*Order, *Terminal) {}, false},
	} {
		p, term := inHand(t, c.network)
		term.Profile.Policy.OfflineLimit = 500
		term.keep().caKeys = make(chip.CAKeys, 1)
		o := good
		c.change(&o, term)
		if got := p.mayStayOffline(&o); got != c.want {
			t.Errorf("%s: it may approve by itself: %v", c.name, got)
		}
	}
}

// Nothing counts as held to a rule where no answer came that could be read.
func TestRulesAreAskedOfAnswersOnly(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(p *Player, r *Result)
		want   bool
	}{
		{"approved", func(p *Player, r *Result) {}, true},
		{"refused", func(p *Player, r *Result) { r.Outcome = report.Refused }, true},
		{"timed out", func(p *Player, r *Result) { r.Outcome = report.TimedOut }, false},
		{"unreadable", func(p *Player, r *Result) { p.x.Unreadable = errors.New("cut") }, false},
		{"not judged", func(p *Player, r *Result) { p.judged = nil }, false},
	} {
		p, term := inHand(t, "cup")
		f := term.Profile.Dialect.Form(dialect.Echo)
		p.begin(term, f)
		p.ans.AnswerTo(p.req)
		p.ans.SetString(wire.ResponseCode, "00")
		p.judged = p.asked(f, p.ans)
		p.Judge = rules.NewJudge(term.Profile.Dialect)
		r := &Result{Of: dialect.Echo}
		c.change(p, r)
		if got := p.Asked(r); (got != 0) != c.want {
			t.Errorf("%s: held to %b", c.name, got)
		}
		if c.name == "refused" {
			all := p.Asked(r)
			pairs := rules.Table()[slices.IndexFunc(rules.Table(), func(r *rules.Rule) bool { return r.ID == "ANS-PAIR" })]
			r.Why = &rules.Broken{Rule: pairs, Err: errors.New("broken")}
			if some := p.Asked(r); some == all {
				t.Error("rules after the one that is broken were asked")
			}
			if got := p.Broken(r); len(got) != 1 || got[0].Rule != pairs {
				t.Errorf("broken: %+v", got)
			}
		}
	}
}

// Only a payment by code that the customer has yet to confirm may be booked though declined.
func TestOnlyACodePaymentWaitsForThePayer(t *testing.T) {
	_, term := inHand(t, "cup")
	d := term.Profile.Dialect
	waits := d.Code(dialect.InProgress)
	for _, c := range []struct {
		r    Result
		want bool
	}{
		{Result{Of: dialect.QRPurchase, Outcome: report.Declined, Code: waits}, true},
		{Result{Of: dialect.QRPurchase, Outcome: report.Declined, Code: d.Code(dialect.InvalidCard)}, false},
		{Result{Of: dialect.Purchase, Outcome: report.Declined, Code: waits}, false},
		{Result{Of: dialect.QRPurchase, Outcome: report.Refused, Code: waits}, false},
	} {
		if got := term.asksPayer(&c.r); got != c.want {
			t.Errorf("%s, %v, %s: the payer is asked: %v", c.r.Of, c.r.Outcome, c.r.Code, got)
		}
	}
}

// How a settlement tells each kind of payment.
func TestDetailsGoUpByTheirKind(t *testing.T) {
	_, term := inHand(t, "cup")
	whole := detail(2)
	for _, c := range []struct {
		r    Record
		want uploadKind
	}{
		{Record{Of: dialect.Purchase}, ofPayments},
		{Record{Of: dialect.Purchase, detail: whole}, ofChips},
		{Record{Of: dialect.Refund, detail: whole}, ofRefunds},
		{Record{Of: dialect.CompletionAdvice, detail: whole}, ofCompletions},
		{Record{Of: dialect.OfflinePurchase, detail: whole}, ofOffline},
		{Record{Of: dialect.OfflineSettle, detail: whole}, ofAdvices},
	} {
		if got := term.uploaded(&c.r); got != c.want {
			t.Errorf("%s with its detail at %d goes up as kind %d, want %d", c.r.Of, c.r.detail, got, c.want)
		}
	}
}

// An exchange that meets several further answers counts each for the rule, as the run's
// duplicates do.
func TestEachFurtherAnswerCountsForTheRule(t *testing.T) {
	for _, met := range []int{1, 3} {
		p, term := inHand(t, "cup")
		rec := report.NewRecorder(make([]string, dialect.Transactions), time.Second, 0)
		origin := time.Duration(0)
		p.Shard, p.origin = rec.Shard(), &origin
		p.x.Met, p.x.Duplicate = true, met
		r := Result{Of: dialect.Purchase, Outcome: report.Approved, dialect: term.Profile.Dialect}
		p.around(term.Profile.Dialect.Form(dialect.Purchase), &r)
		p.record(&r, 0)
		rec.Tick(time.Second)
		sum := int64(0)
		for _, n := range rec.Broken() {
			sum += n
		}
		if sum != int64(met) {
			t.Errorf("%d further answers, %d breaches", met, sum)
		}
	}
}
