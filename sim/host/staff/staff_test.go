package staff

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const tid, other = "10000001", "10000002"

var zhang = Customer{Number: "80010001", Phone: "13900000001", Password: "app-zhang", Papers: Papers{"110101199001010011", "91310000MA1K000001"}}

// desk is one with a customer, two of the staff, and a clock that stands.
func desk(t *testing.T) *Desk {
	t.Helper()
	noon := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	d := New(2, func(s string) (int, string, bool) {
		return map[string]int{tid: 0, other: 1}[s], "999290054110001", s == tid || s == other
	}, func() time.Time { return noon })
	if err := errors.Join(d.Enrol(tid, zhang), d.Hire("2001"), d.Hire("2002")); err != nil {
		t.Fatal(err)
	}
	return d
}

// atBranch is an ask that is granted.
func atBranch() Ask {
	return Ask{Channel: Branch, TID: tid, Operator: "01", Papers: zhang.Papers, Staff: [2]string{"2001", "2002"}}
}

// byHotline asks and gives the id and the code that came by SMS.
func byHotline(t *testing.T, d *Desk) (id, sms string) {
	t.Helper()
	id, code, err := d.Ask(Ask{Channel: Hotline, TID: tid, Operator: "01", Customer: zhang.Number})
	if err != nil || code != "" {
		t.Fatalf("asking by hotline: code of %d digits, %v", len(code), err)
	}
	return id, d.Message(zhang.Phone)
}

// lastLog is why the last line of the log says that something was refused.
func lastLog(d *Desk) string {
	all := d.Audit("")
	return all[len(all)-1].Why
}

func TestEachChannelGrantsOnItsOwnProof(t *testing.T) {
	for _, by := range []Channel{App, Hotline, Branch} {
		d := desk(t)
		q := atBranch()
		switch q.Channel = by; by {
		case App:
			session, err := d.Login(zhang.Number, zhang.Password)
			if err != nil {
				t.Fatal(err)
			}
			q = Ask{Channel: App, TID: tid, Operator: "01", Session: session}
		case Hotline:
			q = Ask{Channel: Hotline, TID: tid, Operator: "01", Customer: zhang.Number}
		}
		id, code, err := d.Ask(q)
		if err == nil && by != Branch {
			if code != "" {
				t.Errorf("%s: granted before the code by SMS", by)
			}
			code, err = d.Prove(id, by, d.Message(zhang.Phone))
		}
		if err != nil || !regexp.MustCompile(`^\d{8}$`).MatchString(code) {
			t.Fatalf("%s: a code of %d characters, %v", by, len(code), err)
		}
		if s := d.State(0, "01"); s != Dead {
			t.Errorf("%s: the old password is not dead", by)
		}
		if d.State(0, "02") != Trades || d.State(1, "01") != Trades {
			t.Errorf("%s: others are stopped", by)
		}
		if err := d.Redeem(0, tid, "01", code); err != nil || d.State(0, "01") != Trades {
			t.Errorf("%s: redeemed: %v", by, err)
		}
		if m := d.Message(zhang.Phone); !strings.Contains(m, "已重置") || strings.Contains(m, code) {
			t.Errorf("%s: the merchant was not told, or too much", by)
		}
	}
}

func TestWrongProofsAreRefusedAlike(t *testing.T) {
	d := desk(t)
	session, err := d.Login(zhang.Number, zhang.Password)
	if err != nil {
		t.Fatal(err)
	}
	branch := func(change func(*Ask)) Ask {
		q := atBranch()
		change(&q)
		return q
	}
	for name, c := range map[string]struct {
		q   Ask
		why error
	}{
		"no session":             {Ask{Channel: App, TID: tid, Operator: "01"}, errLogin},
		"another session":        {Ask{Channel: App, TID: tid, Operator: "01", Session: session[1:] + "0"}, errLogin},
		"no customer number":     {Ask{Channel: Hotline, TID: tid, Operator: "01"}, errCustomer},
		"another number":         {Ask{Channel: Hotline, TID: tid, Operator: "01", Customer: "80010002"}, errCustomer},
		"a session on the phone": {Ask{Channel: Hotline, TID: tid, Operator: "01", Session: session}, errCustomer},
		"another's terminal":     {Ask{Channel: App, TID: other, Operator: "01", Session: session}, errCustomer},
		"an unknown terminal":    {Ask{Channel: App, TID: "10000009", Operator: "01", Session: session}, ErrUnknown},
		"another identity card":  {branch(func(q *Ask) { q.Papers.ID = "110101199001010012" }), errPapers},
		"another licence":        {branch(func(q *Ask) { q.Papers.Licence = "" }), errPapers},
		"one of the staff twice": {branch(func(q *Ask) { q.Staff[1] = "2001" }), errStaff},
		"two eyes":               {branch(func(q *Ask) { q.Staff[1] = "" }), errStaff},
		"nobody of the staff":    {branch(func(q *Ask) { q.Staff[0] = "2003" }), errStaff},
	} {
		if err := d.Clear(tid); err != nil {
			t.Fatal(err)
		}
		if _, code, err := d.Ask(c.q); !errors.Is(err, ErrProof) || code != "" {
			t.Errorf("%s: %v", name, err)
		}
		if got := lastLog(d); got != c.why.Error() {
			t.Errorf("%s: the log says %q, want %q", name, got, c.why)
		}
		if d.State(0, "01") != Trades {
			t.Errorf("%s: a refused reset kills the password", name)
		}
	}
	for _, unknown := range []Channel{"letter", Wire, ""} {
		if _, code, err := d.Ask(Ask{Channel: unknown, TID: tid, Operator: "01", Session: session}); !errors.Is(err, ErrChannel) || code != "" {
			t.Errorf("by the channel %q: %v", unknown, err)
		}
	}
}

func TestCodesBySMSAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		before func(d *Desk, id string)
		by     Channel
		why    error
	}{
		"of another channel": {func(*Desk, string) {}, App, errChannel},
		"stale":              {func(d *Desk, _ string) { d.Age(tid, 5*time.Minute) }, Hotline, errStale},
		"after three wrong": {func(d *Desk, id string) {
			for range 3 {
				d.Prove(id, Hotline, "x")
			}
		}, Hotline, errTries},
		"used": {func(d *Desk, id string) { d.Prove(id, Hotline, d.Message(zhang.Phone)) }, Hotline, errTries},
		"of one asked for before": {func(d *Desk, _ string) {
			d.Ask(Ask{Channel: Hotline, TID: tid, Operator: "01", Customer: zhang.Number})
		}, Hotline, errNoReset},
		"of a lost terminal": {func(d *Desk, _ string) { d.ReportLoss(zhang.Number, tid) }, Hotline, errNoReset},
	} {
		d := desk(t)
		id, sms := byHotline(t, d)
		c.before(d, id)
		if _, err := d.Prove(id, c.by, sms); !errors.Is(err, ErrProof) || lastLog(d) != c.why.Error() {
			t.Errorf("%s: %v, the log says %q, want %q", name, err, lastLog(d), c.why)
		}
	}
	d := desk(t)
	id, sms := byHotline(t, d)
	d.Prove(id, Hotline, "000000x")
	d.Prove(id, Hotline, "")
	d.Age(tid, 5*time.Minute-time.Second)
	if _, err := d.Prove(id, Hotline, sms); err != nil {
		t.Errorf("the third try, a second before the end: %v", err)
	}
}

func TestOneTimeCodesAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		before func(d *Desk, code string)
		op     string
		why    error
	}{
		"another operator's": {func(*Desk, string) {}, "02", errNoReset},
		"stale":              {func(d *Desk, _ string) { d.Age(tid, 30*time.Minute) }, "01", errStale},
		"after three wrong": {func(d *Desk, _ string) {
			for range 3 {
				d.Redeem(0, tid, "01", "x")
			}
		}, "01", errTries},
		"used":              {func(d *Desk, code string) { d.Redeem(0, tid, "01", code); d.SignedIn(0, "01") }, "01", errNoReset},
		"of a reset before": {func(d *Desk, _ string) { d.Ask(atBranch()) }, "01", errCode},
	} {
		d := desk(t)
		_, code, err := d.Ask(atBranch())
		if err != nil {
			t.Fatal(err)
		}
		c.before(d, code)
		if err := d.Redeem(0, tid, c.op, code); !errors.Is(err, ErrProof) || lastLog(d) != c.why.Error() {
			t.Errorf("%s: %v, the log says %q, want %q", name, err, lastLog(d), c.why)
		}
	}
	d := desk(t)
	_, code, _ := d.Ask(atBranch())
	for range 2 { // the terminal may not have heard the first answer
		if err := d.Redeem(0, tid, "01", code); err != nil {
			t.Error(err)
		}
	}
	if err := d.Redeem(1, other, "01", code); err == nil {
		t.Error("good at another terminal")
	}
}

func TestFiveResetsADay(t *testing.T) {
	d := desk(t)
	for i := range 5 {
		if _, _, err := d.Ask(atBranch()); err != nil {
			t.Fatalf("reset %d: %v", i+1, err)
		}
	}
	if _, _, err := d.Ask(atBranch()); !errors.Is(err, ErrTooMany) {
		t.Errorf("the sixth: %v", err)
	}
	d.Age(tid, 24*time.Hour-time.Second)
	if _, _, err := d.Ask(atBranch()); !errors.Is(err, ErrTooMany) {
		t.Errorf("just before a day has passed: %v", err)
	}
	d.Age(tid, time.Second)
	if _, _, err := d.Ask(atBranch()); err != nil {
		t.Errorf("a day later: %v", err)
	}
}

func TestAppLocksAndSessionsEnd(t *testing.T) {
	d := desk(t)
	session, _ := d.Login(zhang.Number, zhang.Password)
	d.Age(tid, 15*time.Minute)
	if _, _, err := d.Ask(Ask{Channel: App, TID: tid, Operator: "01", Session: session}); !errors.Is(err, ErrProof) {
		t.Errorf("a session that has ended: %v", err)
	}
	for range 5 {
		if _, err := d.Login(zhang.Number, "wrong"); !errors.Is(err, ErrProof) {
			t.Error(err)
		}
	}
	if _, err := d.Login(zhang.Number, zhang.Password); !errors.Is(err, ErrProof) || lastLog(d) != errLogins.Error() {
		t.Errorf("after five wrong ones: %v", err)
	}
	d.Age(tid, 24*time.Hour)
	if _, err := d.Login(zhang.Number, zhang.Password); err != nil {
		t.Errorf("a day later: %v", err)
	}
	if _, err := d.Login("80019999", ""); !errors.Is(err, ErrProof) {
		t.Errorf("nobody: %v", err)
	}
}

func TestLossStopsAtOnceUntilABranchReissues(t *testing.T) {
	d := desk(t)
	_, before, _ := d.Ask(atBranch())
	if err := d.ReportLoss("80010002", tid); !errors.Is(err, ErrProof) || d.State(0, "02") != Trades {
		t.Errorf("reported by another customer: %v", err)
	}
	if err := d.ReportLoss(zhang.Number, tid); err != nil || d.State(0, "02") != Lost {
		t.Fatalf("reported: %v", err)
	}
	if d.Redeem(0, tid, "01", before) == nil {
		t.Error("a code of before the loss is good")
	}
	if _, _, err := d.Ask(Ask{Channel: Hotline, TID: tid, Operator: "01", Customer: zhang.Number}); !errors.Is(err, ErrProof) || lastLog(d) != errLost.Error() {
		t.Errorf("by hotline: %v", err)
	}
	_, code, err := d.Ask(atBranch())
	if err != nil || d.State(0, "01") != Lost {
		t.Fatalf("reissued: %v; it must be stopped until the terminal brings the code", err)
	}
	if err := d.Redeem(0, tid, "01", code); err != nil || d.State(0, "01") != Trades {
		t.Errorf("brought back: %v", err)
	}
}

func TestWantedSignInEndsWithIt(t *testing.T) {
	d := desk(t)
	if err := d.WantSignIn(tid); err != nil || d.State(0, "01") != SignsIn || d.State(1, "01") != Trades {
		t.Fatal(err)
	}
	if d.SignedIn(0, "01"); d.State(0, "01") != Trades {
		t.Error("wanted still")
	}
	if err := d.WantSignIn("10000009"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a terminal that is not there: %v", err)
	}
}

// The log has a line for each thing that was asked, and no secret in any.
func TestAuditTellsAllAndNoSecret(t *testing.T) {
	d := desk(t)
	session, _ := d.Login(zhang.Number, zhang.Password)
	id, sms := byHotline(t, d)
	d.Prove(id, Hotline, "123123")
	code, _ := d.Prove(id, Hotline, sms)
	d.Redeem(0, tid, "01", "87654321")
	d.Redeem(0, tid, "01", code)
	d.ReportLoss(zhang.Number, tid)
	var what []string
	for _, l := range d.Audit("") {
		what = append(what, fmt.Sprintf("%s %v", l.What, l.Done))
	}
	if got, want := strings.Join(what, ", "), "enrolled true, login true, asked true, granted false, granted true, redeemed false, redeemed true, loss true"; got != want {
		t.Errorf("log:\n%s\nwant:\n%s", got, want)
	}
	text, err := json.Marshal(d.Audit(""))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{session, sms, code, "123123", "87654321", zhang.Password, zhang.Papers.ID, zhang.Papers.Licence, zhang.Phone} {
		if strings.Contains(string(text), secret) {
			t.Errorf("a secret of %d characters in the log", len(secret))
		}
	}
	if n := len(d.Audit(other)); n != 0 {
		t.Errorf("%d lines of another terminal", n)
	}
}

func TestLogIsBounded(t *testing.T) {
	d := desk(t)
	for i := range mostLines + 10 {
		d.Redeem(i%2, tid, fmt.Sprintf("%02d", i%100), "x")
	}
	all := d.Audit("")
	if len(all) != mostLines || all[0].What != "redeemed" || all[len(all)-1].Operator != fmt.Sprintf("%02d", (mostLines+9)%100) {
		t.Errorf("%d lines, the first %q, the last of operator %s", len(all), all[0].What, all[len(all)-1].Operator)
	}
}

func TestLaxDeskTakesAnyProof(t *testing.T) {
	d := desk(t)
	d.Lax.Store(true)
	if _, code, err := d.Ask(Ask{Channel: Branch, TID: tid, Operator: "01"}); err != nil || code == "" {
		t.Errorf("%v", err)
	}
}

func TestManyAskAtOnce(t *testing.T) {
	d := desk(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				d.State(0, "01")
				d.Ask(atBranch())
				d.Redeem(0, tid, "01", "1")
				d.Audit(tid)
				d.SignedIn(0, "01")
				d.Clear(tid)
			}
		})
	}
	wg.Wait()
}

// BenchmarkState is what a host pays for each request to see whether its terminal is
// stopped, while nothing is about any and while something is about another one.
func BenchmarkState(b *testing.B) {
	for _, lost := range []bool{false, true} {
		b.Run(fmt.Sprintf("lost=%v", lost), func(b *testing.B) {
			d := New(1_000_000, func(string) (int, string, bool) { return 999_999, "", true }, time.Now)
			if lost {
				d.Lax.Store(true)
				d.ReportLoss("", tid)
			}
			for b.Loop() {
				d.State(1, "01")
			}
		})
	}
}

// Nobody is no clerk, and what has no shape is not asked, granted or written down.
func TestWhatHasNoShapeIsNotTaken(t *testing.T) {
	d := desk(t)
	long := strings.Repeat("9", longest+1)
	before := len(d.Audit(""))
	for name, do := range map[string]func() error{
		"a clerk without a number": func() error { return d.Hire("") },
		"a long clerk":             func() error { return d.Hire(long) },
		"a long phone":             func() error { c := zhang; c.Phone = long; return d.Enrol(tid, c) },
		"a long terminal":          func() error { return d.ReportLoss(zhang.Number, long) },
		"a long login":             func() error { _, err := d.Login(long, ""); return err },
		"a long code":              func() error { _, err := d.Prove("1", App, long); return err },
		"no operator":              func() error { q := atBranch(); q.Operator = ""; _, _, err := d.Ask(q); return err },
		"an operator of letters":   func() error { q := atBranch(); q.Operator = "zz"; _, _, err := d.Ask(q); return err },
		"an operator of three":     func() error { q := atBranch(); q.Operator = "001"; _, _, err := d.Ask(q); return err },
		"a long channel":           func() error { q := atBranch(); q.Channel = Channel(long); _, _, err := d.Ask(q); return err },
	} {
		if err := do(); !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(d.Audit("")); n != before {
		t.Errorf("%d lines in the log, want %d", n, before)
	}
	q := atBranch()
	q.Staff = [2]string{"", "2001"}
	if _, _, err := d.Ask(q); !errors.Is(err, ErrProof) {
		t.Errorf("before one clerk: %v", err)
	}
}

// The lock of the app ends by the clock, not only when a test makes it older.
func TestTheAppIsLockedForADay(t *testing.T) {
	d := desk(t)
	noon := d.now()
	for range logins {
		if _, err := d.Login(zhang.Number, "wrong"); err == nil {
			t.Fatal("a wrong password is taken")
		}
	}
	for _, c := range []struct {
		after time.Duration
		in    bool
	}{{0, false}, {lockedFor - time.Second, false}, {lockedFor, true}} {
		d.now = func() time.Time { return noon.Add(c.after) }
		if _, err := d.Login(zhang.Number, zhang.Password); (err == nil) != c.in {
			t.Errorf("%v after the fifth: %v", c.after, err)
		}
	}
	for range logins {
		d.Login(zhang.Number, "wrong")
	}
	d.Age(tid, lockedFor-time.Second)
	if _, err := d.Login(zhang.Number, zhang.Password); err == nil {
		t.Error("made older by less than a day, it is open")
	}
	d.Age(tid, time.Second)
	if _, err := d.Login(zhang.Number, zhang.Password); err != nil {
		t.Errorf("made a day older: %v", err)
	}
}
