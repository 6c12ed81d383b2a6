package merchant

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/profile"
)

// register is that of the bundled profile; its clock is the test's.
func register(t *testing.T) (r *Register, l *book.Ledger, now *time.Time) {
	t.Helper()
	p, err := profile.Bundled("cup", 20)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = book.Open(p); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, fee.China)
	now = &at
	return New(p, l, func() time.Time { return *now }), l, now
}

// company is a form that nothing speaks against.
func company() Form {
	return Form{Kind: "company", Name: "Noodles Ltd.", ShortName: "Noodles", MCC: "5812", City: "2900", Region: "310101", Address: "1 Main St.",
		Place: Place{31.23, 121.47}, Phone: "02155550100",
		Licence: &Licence{Code: "91310101MA12345678", Name: "Noodles Ltd.", Owner: "Wang", Region: "310101", MCC: "5812", Until: "2030-01-31"},
		Person:  Person{Name: "Wang", ID: "11010519491231002X", Until: "2030-01-31"},
		Account: Account{Kind: "57", Holder: "Noodles Ltd.", Number: "3100123456789", Bank: "102290000001"},
		Plan:    "Lantern Counter", Papers: papers["company"]}
}

func micro() Form {
	f := company()
	f.Kind, f.Licence, f.Name, f.ShortName, f.Papers = "micro", nil, "商户_Wang", "Wang's", papers["micro"]
	f.Account = Account{Kind: "58", Holder: "Wang", Number: "6225123456789", Bank: "102290000001", Class: "I"}
	return f
}

// Each rule is broken by one thing, and nothing else is then wrong.
func TestEachReasonIsGivenForWhatItIs(t *testing.T) {
	spoil := map[string]func(f *Form, found *Findings, r *Register){
		"papers-missing":  func(f *Form, _ *Findings, _ *Register) { f.Papers = f.Papers[1:] },
		"papers-unclear":  func(_ *Form, found *Findings, _ *Register) { found.Unclear = []string{"inside"} },
		"licence-missing": func(f *Form, _ *Findings, _ *Register) { f.Licence = nil },
		"licence-name":    func(f *Form, _ *Findings, _ *Register) { f.Licence.Name = "Soup Ltd." },
		"licence-owner":   func(f *Form, _ *Findings, _ *Register) { f.Licence.Owner = "Li" },
		"licence-trade":   func(f *Form, _ *Findings, _ *Register) { f.Licence.MCC = "5411" },
		"licence-expires": func(f *Form, _ *Findings, _ *Register) { f.Licence.Until = "2027-02-01" },
		"id-expires":      func(f *Form, _ *Findings, _ *Register) { f.Person.Until = "2027-02-01" },
		"account-kind": func(f *Form, _ *Findings, _ *Register) {
			f.Account.Kind, f.Account.Holder, f.Account.Class = "58", "Wang", "I"
		},
		"account-holder": func(f *Form, _ *Findings, _ *Register) { f.Account.Holder = "Li" },
		"account-class": func(f *Form, _ *Findings, _ *Register) {
			*f = micro()
			f.Account.Class = "II"
		},
		"phone-unanswered": func(_ *Form, found *Findings, _ *Register) { found.Unanswered = true },
		"trade-forbidden":  func(f *Form, _ *Findings, _ *Register) { f.MCC, f.Licence.MCC = "7995", "7995" },
		"name-sensitive":   func(f *Form, _ *Findings, _ *Register) { f.ShortName = "银联小店" },
		"micro-name": func(f *Form, _ *Findings, _ *Register) {
			*f = micro()
			f.Name = "Palace"
		},
		"provider-unlicensed": func(f *Form, _ *Findings, _ *Register) { f.Provider = "ISO-9999" },
		"region-differs":      func(f *Form, _ *Findings, _ *Register) { f.Region = "440101" },
		"blacklisted":         func(f *Form, _ *Findings, r *Register) { r.Blacklist(f.Licence.Code) },
		"duplicate": func(f *Form, _ *Findings, r *Register) {
			if _, err := r.Submit(*f); err != nil {
				panic(err)
			}
		},
	}
	for _, reason := range Reasons() {
		if reason.English == "" || reason.Chinese == "" {
			t.Errorf("%s has no words", reason.ID)
		}
		r, _, _ := register(t)
		f, found := company(), Findings{}
		if spoil[reason.ID] == nil {
			t.Errorf("%s: nothing is tried", reason.ID)
			continue
		}
		spoil[reason.ID](&f, &found, r)
		a, err := r.Submit(f)
		if err != nil {
			t.Fatalf("%s: %v", reason.ID, err)
		}
		if a, err = r.Review(a.Number, found); err != nil || a.State != refused || ids(a.Reasons) != reason.ID {
			t.Errorf("%s: %s for %q, %v", reason.ID, a.State, ids(a.Reasons), err)
		}
	}
	for _, f := range []Form{company(), micro()} {
		r, _, _ := register(t)
		a, _ := r.Submit(f)
		if a, err := r.Review(a.Number, Findings{}); err != nil || a.State != approved {
			t.Errorf("%s: %s for %q, %v", f.Kind, a.State, ids(a.Reasons), err)
		}
	}
}

func TestWhatIsNoFormIsNamed(t *testing.T) {
	r, _, _ := register(t)
	for want, spoil := range map[string]func(*Form){
		"kind": func(f *Form) { f.Kind = "club" }, "mcc": func(f *Form) { f.MCC = "58" }, "person.id": func(f *Form) { f.Person.ID = "110105194912310021" },
		"plan": func(f *Form) { f.Plan = "Moonlight" }, "name": func(f *Form) { f.Name = "a\x1bb" }, "account.number": func(f *Form) { f.Account.Number = "1" },
		"licence.code": func(f *Form) { f.Licence.Code = "1" }, "person.until": func(f *Form) { f.Person.Until = "2030-13-41" },
		"licence.until": func(f *Form) { f.Licence.Until = "2030-02-30" }, "licence.name": func(f *Form) { f.Licence.Name = strings.Repeat("x", 61) },
		"short_name": func(f *Form) { f.ShortName = "a\u202eb" }, "provider": func(f *Form) { f.Provider = "a\x7fb" }, "papers[8]": func(f *Form) { f.Papers = append(slices.Clone(f.Papers), "") },
		"place": func(f *Form) { f.Place.Latitude = 91 }, "papers": func(f *Form) { f.Papers = make([]string, 21) },
	} {
		f := company()
		spoil(&f)
		_, err := r.Submit(f)
		why, is := errors.AsType[*Error](err)
		if !is || why.Kind != Malformed || !strings.HasPrefix(why.English, want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// Numbers of persons and accounts, and activation codes, are shown to nobody.
func TestNumbersAreMasked(t *testing.T) {
	r, _, _ := register(t)
	a, err := r.Submit(company())
	if err != nil {
		t.Fatal(err)
	}
	r.Review(a.Number, Findings{})
	m, err := r.Sign(a.Number)
	if err != nil {
		t.Fatal(err)
	}
	machine, code, err := r.Issue(m.MID, "")
	if err != nil {
		t.Fatal(err)
	}
	log, _ := r.Events("", "", "", false)
	text, err := json.Marshal([]any{r.Applications(), r.Merchants(), r.Terminals(""), machine, log})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"11010519491231002X", "3100123456789", `"` + code + `"`} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s is shown", secret)
		}
	}
}

// Three months without a trade, to the day; machines in stock are exempt.
func TestDormancyToTheDay(t *testing.T) {
	r, _, now := register(t)
	a, _ := r.Submit(company())
	r.Review(a.Number, Findings{})
	m, _ := r.Sign(a.Number)
	machine, code, err := r.Issue(m.MID, "")
	if err != nil {
		t.Fatal(err)
	}
	n, _ := r.terminal(machine.TID)
	if !r.Activate(n.number, []byte(machine.Serial), []byte(code)) {
		t.Fatal("not activated")
	}
	for _, c := range []struct {
		after func(time.Time) time.Time
		state string
	}{
		{func(t time.Time) time.Time { return t.AddDate(0, 3, 0).Add(-time.Second) }, active},
		{func(t time.Time) time.Time { return t.AddDate(0, 3, 0) }, suspended},
		{func(t time.Time) time.Time { return t.AddDate(0, 12, 0).Add(-time.Second) }, suspended},
		{func(t time.Time) time.Time { return t.AddDate(0, 12, 0) }, inStock},
	} {
		if _, err := r.Inspect(c.after(*now), "", ""); err != nil {
			t.Fatal(err)
		}
		if got, _ := r.Terminal(machine.TID); got.State != c.state {
			t.Errorf("%s: %s, want %s", c.after(*now), got.State, c.state)
		}
	}
}

func TestOneTerminalOneMerchant(t *testing.T) {
	r, l, _ := register(t)
	all := r.Merchants()
	tid := r.Terminals(all[0].MID)[0].TID
	_, _, err := r.Issue(all[1].MID, tid)
	if why, is := errors.AsType[*Error](err); !is || why.Kind != Refused || !strings.Contains(err.Error(), "一机一户") {
		t.Errorf("a second binding: %v", err)
	}
	m, _ := r.terminal(tid)
	if b := l.At(m.number).Bar(); b != book.MayTrade {
		t.Errorf("and it may not trade any more: %d", b)
	}
}

func TestStockRunsOut(t *testing.T) {
	r, _, _ := register(t)
	mid := r.Merchants()[0].MID
	for range r.profile.Stock {
		if _, _, err := r.Issue(mid, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := r.Issue(mid, ""); err == nil || !strings.Contains(err.Error(), "no terminal is left in stock") {
		t.Errorf("%v", err)
	}
}

func TestDistance(t *testing.T) {
	shanghai, beijing := Place{31.2304, 121.4737}, Place{39.9042, 116.4074}
	if km := distance(shanghai, beijing); math.Abs(km-1067) > 2 {
		t.Errorf("%.1f km from Shanghai to Beijing, want 1067", km)
	}
}

// The log is bounded, and says what it has lost.
func TestLogIsBounded(t *testing.T) {
	r, _, _ := register(t)
	for range keepsEvents + 5 {
		r.note(Event{What: "test"})
	}
	all, dropped := r.Events("", "", "", false)
	if len(all)+dropped != keepsEvents+5 || dropped == 0 || len(all) > keepsEvents {
		t.Errorf("%d lines, %d dropped", len(all), dropped)
	}
}

// One credit code is one merchant, in whatever order its applications are corrected,
// approved and signed, and nobody signs who is on the risk list by then.
func TestOneCreditCodeIsOneMerchant(t *testing.T) {
	r, _, _ := register(t)
	apply := func(f Form) string {
		a, err := r.Submit(f)
		if err != nil {
			t.Fatal(err)
		}
		return a.Number
	}
	review := func(number, state, reasons string) {
		t.Helper()
		if a, err := r.Review(number, Findings{}); err != nil || a.State != state || ids(a.Reasons) != reasons {
			t.Errorf("%s: %s for %q, %v, want %s for %q", number, a.State, ids(a.Reasons), err, state, reasons)
		}
	}
	f := company()
	f.Papers = f.Papers[1:]
	first := apply(f)
	review(first, refused, "papers-missing")
	second := apply(company())
	review(second, approved, "")
	if _, err := r.Correct(first, company()); err != nil {
		t.Fatal(err)
	}
	review(first, refused, "duplicate") // the second is approved, and may be signed
	if _, err := r.Sign(second); err != nil {
		t.Error(err)
	}

	f = company()
	f.Licence.Code = "91310101MA87654321"
	third := apply(f)
	review(third, approved, "")
	if err := r.Blacklist(f.Licence.Code); err != nil {
		t.Fatal(err)
	}
	_, err := r.Sign(third)
	if why, is := errors.AsType[*Error](err); !is || why.Kind != Refused || !strings.Contains(why.English, "blacklisted") {
		t.Errorf("on the risk list since the review: %v", err)
	}
	if a, _ := r.Application(third); a.State != refused || ids(a.Reasons) != "blacklisted" {
		t.Errorf("then it is %s for %q", a.State, ids(a.Reasons))
	}
	for _, day := range []string{"tomorrow", "0001-01-01", "9999-12-31", "2026-02-30"} {
		if _, err := r.Review(third, Findings{Day: day}); err == nil || err.(*Error).Kind != Malformed {
			t.Errorf("reviewed as of %q: %v", day, err)
		}
	}
}

func TestAPlaceIsOnEarth(t *testing.T) {
	r, _, _ := register(t)
	tid := r.profile.Terminals[0].TID
	for _, at := range []Place{{91, 0}, {-91, 0}, {0, 181}, {1e308, 0}, {math.NaN(), 0}} {
		if _, err := r.Position(tid, at); err == nil {
			t.Errorf("%v is a place", at)
		}
	}
	if _, err := r.Position(tid, Place{-90, 180}); err != nil {
		t.Error(err)
	}
}

// An application's clock is its own, becomes its merchant's, and is never put back.
func TestClocksArePutOn(t *testing.T) {
	r, l, _ := register(t)
	a, _ := r.Submit(company())
	other, _ := r.Submit(micro())
	began := r.now()
	is := func(mid, application string, want time.Time) {
		t.Helper()
		if got, err := r.Now(mid, application); err != nil || got.Sub(want).Abs() > time.Hour {
			t.Errorf("clock of %s%s: %v, %v; want about %v", mid, application, got, err, want)
		}
	}
	is("", "", began)
	is("", a.Number, began)
	later := began.AddDate(0, 0, 29)
	if _, err := r.PutClock("", a.Number, later); err != nil {
		t.Fatal(err)
	}
	is("", a.Number, later)
	is("", other.Number, began)
	for _, c := range []struct {
		mid, application string
		now              time.Time
		want             Kind
	}{
		{"", a.Number, later.AddDate(0, 0, -1), WrongState},
		{"", other.Number, began.Add(-time.Hour), WrongState},
		{"", a.Number, began.AddDate(11, 0, 0), Malformed},
		{"", a.Number, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Malformed},
		{"", "", later, Malformed},
		{r.profile.Merchants[0].MID, a.Number, later, Malformed},
		{"", "A0", later, NotThere},
		{"1", "", later, NotThere},
	} {
		_, err := r.PutClock(c.mid, c.application, c.now)
		if why, is := errors.AsType[*Error](err); !is || why.Kind != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
	// To the second, and not into the next one: it may be the cut-off.
	at := later.Truncate(time.Hour).Add(time.Hour)
	if got, err := r.PutClock("", a.Number, at.Add(-time.Nanosecond)); err != nil || !got.Before(at) || at.Sub(got) > time.Second {
		t.Errorf("put to a moment before %v it says %v, %v", at, got, err)
	}
	if a, err := r.Review(a.Number, Findings{}); err != nil || a.State != approved {
		t.Fatal(a.State, ids(a.Reasons), err)
	}
	m, err := r.Sign(a.Number)
	if err != nil {
		t.Fatal(err)
	}
	is(m.MID, "", later)
	if got := l.Account(m.MID).Now(began); got.Sub(later).Abs() > time.Hour {
		t.Errorf("its account is at %v, want %v", got, later)
	}
	if _, err := r.PutClock(m.MID, "", later.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if got := l.Account(m.MID).Now(began); got.Sub(later.AddDate(0, 0, 1)).Abs() > time.Hour {
		t.Errorf("its account is at %v once its clock is put on", got)
	}
}

// A machine that has just come back is the last to be issued again.
func TestMachinesAreIssuedByTheirTimeInStock(t *testing.T) {
	r, _, now := register(t)
	mid := r.profile.Merchants[0].MID
	issue := func() string {
		t.Helper()
		*now = now.Add(time.Second)
		m, _, err := r.Issue(mid, "")
		if err != nil {
			t.Fatal(err)
		}
		return m.TID
	}
	back := func(tid string) {
		t.Helper()
		*now = now.Add(time.Second)
		if err := r.TakeBack(tid); err != nil {
			t.Fatal(err)
		}
	}
	first := issue()
	back(first)
	others := 0
	for tid := issue(); tid != first; tid = issue() {
		others++
	}
	if want := len(r.profile.Stock) - 1; others != want {
		t.Errorf("it is issued again after %d others, want %d", others, want)
	}
	back(r.profile.Stock[5].TID)
	back(r.profile.Stock[3].TID)
	if got := issue(); got != r.profile.Stock[5].TID {
		t.Errorf("%s is issued, want the one that came back first", got)
	}
}

// A terminal that trades is not dormant because its merchant's clock is ahead, and one card
// that goes round is seen whatever that says.
func TestInspectionOfAMerchantWhoseClockIsAhead(t *testing.T) {
	r, _, now := register(t)
	mid := r.profile.Merchants[0].MID
	if _, _, err := r.Issue(mid, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Inspect(*now, mid, ""); err != nil { // from here on it is known
		t.Fatal(err)
	}
	if _, err := r.PutClock(mid, "", now.AddDate(0, 5, 0)); err != nil {
		t.Fatal(err)
	}
	if done, err := r.Inspect(now.AddDate(0, 5, 0), mid, ""); err != nil || done != (Inspected{}) {
		t.Errorf("%+v, %v", done, err)
	}
	if done, err := r.Inspect(now.AddDate(0, 5+4, 0), mid, ""); err != nil || done.Suspended == 0 {
		t.Errorf("four months later: %+v, %v", done, err)
	}
}
