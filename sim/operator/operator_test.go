package operator

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

var morning = time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)

const tid = "10000001"

// quick are the default rules with the cheapest hash.
func quick() *Policy {
	p := Defaults()
	p.Cost = LeastCost
	return &p
}

func delivered(p *Policy) Table {
	return New(p, []First{{"01", "0000"}, {"02", "0000"}, {Supervisor, "123456"}, {Administrator, "12345678"}}, morning)
}

func wants(t *testing.T, what string, got, want error) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestRightPasswordAlonePasses(t *testing.T) {
	of := delivered(quick())
	wants(t, "first password", of.Check("01", "0000", morning), nil)
	wants(t, "another's number", of.Check("03", "0000", morning), Unknown)
	wants(t, "wrong", of.Check("01", "0001", morning), Wrong)
	wants(t, "empty", of.Check("01", "", morning), Wrong)
	wants(t, "longer", of.Check("02", "00000", morning), Wrong)
}

func TestNumberAndPasswordAreNotToldApartWhereThatIsSo(t *testing.T) {
	p := quick()
	p.Tells = false
	of := delivered(p)
	unknown, wrong := of.Check("03", "0000", morning), of.Check("01", "9", morning)
	if unknown != wrong || unknown != Denied {
		t.Errorf("an unknown number gets %v, a wrong password %v", unknown, wrong)
	}
}

func TestWrongTriesPauseThenLock(t *testing.T) {
	of := delivered(quick())
	now := morning
	for i, want := range []error{Wrong, Wrong, Paused} {
		wants(t, fmt.Sprintf("try %d", i+1), of.Check("01", "9999", now), want)
	}
	wants(t, "right, too soon", of.Check("01", "0000", now.Add(29*time.Second)), Paused)
	wants(t, "another operator meanwhile", of.Check("02", "0000", now), nil)
	now = now.Add(30 * time.Second)
	wants(t, "fourth", of.Check("01", "9999", now), Paused)
	now = now.Add(30 * time.Second)
	wants(t, "fifth", of.Check("01", "9999", now), Locked)
	now = now.Add(24 * time.Hour)
	wants(t, "right, a day later", of.Check("01", "0000", now), Locked)
	wants(t, "unlock with a wrong password", of.Unlock("654321", "01", now), SupervisorWrong)
	wants(t, "still", of.Check("01", "0000", now), Locked)
	wants(t, "unlock", of.Unlock("123456", "01", now), nil)
	wants(t, "right", of.Check("01", "0000", now), nil)
}

func TestPauseEndsByAging(t *testing.T) {
	of := delivered(quick())
	for range 3 {
		of.Check("01", "9999", morning)
	}
	of.Age(29 * time.Second)
	wants(t, "a second too early", of.Check("01", "0000", morning), Paused)
	of.Age(time.Second)
	wants(t, "after the pause", of.Check("01", "0000", morning), nil)
}

func TestRightPasswordBeginsTheCountAnew(t *testing.T) {
	of := delivered(quick())
	for range 4 {
		wants(t, "wrong", of.Check("01", "9999", morning), Wrong)
		wants(t, "wrong", of.Check("01", "9999", morning), Wrong)
		wants(t, "right", of.Check("01", "0000", morning), nil)
	}
}

func TestLockedSupervisorUnlocksNobody(t *testing.T) {
	of := delivered(quick())
	var err error
	for range 5 {
		err = of.Unlock("000000", "01", morning)
		of.Age(time.Minute)
	}
	wants(t, "the fifth wrong one", err, SupervisorLocked)
	wants(t, "the right one", of.Unlock("123456", "01", morning), SupervisorLocked)
	wants(t, "void", of.Supervise("123456", morning), SupervisorLocked)
	wants(t, "reset", of.Reset(Supervisor, "481516", "481516", tid, morning), nil)
	wants(t, "after the reset", of.Supervise("481516", morning), nil)
}

func TestNewPasswords(t *testing.T) {
	for _, c := range []struct {
		password string
		want     error
	}{
		{"48151", &Length{6, 8}}, {"481516234", &Length{6, 8}}, {"48151a", &Length{6, 8}}, {"", &Length{6, 8}}, {"４８１５１６", &Length{6, 8}},
		{"123456", Run}, {"654321", Run}, {"78901234", Run}, {"210987", Run},
		{"111111", Repeat}, {"121212", Repeat}, {"123123", Repeat}, {"48154815", Repeat},
		{"10000001", Guessable}, {"000001", Guessable}, {"100000", Guessable}, {"20261126", Guessable}, {"261126", Guessable}, {"26112026", Guessable},
		{"481516", nil}, {"48151623", nil}, {"123457", nil}, {"1111112", nil}, {"271126", nil},
	} {
		of := delivered(quick())
		wants(t, c.password, of.Change("01", "0000", c.password, c.password, tid, morning), c.want)
		now := "0000"
		if c.want == nil {
			now = c.password
		}
		wants(t, "after "+c.password, of.Check("01", now, morning), nil)
	}
}

func TestFourDigitsWhereTheProfileSays(t *testing.T) {
	p := quick()
	p.Least, p.Longest, p.Complex = 4, 4, false
	of := delivered(p)
	wants(t, "six", of.Change("01", "0000", "481516", "481516", tid, morning), &Length{4, 4})
	wants(t, "four", of.Change("01", "0000", "1111", "1111", tid, morning), nil)
	wants(t, "log in", of.Check("01", "1111", morning), nil)
}

func TestChangeWantsOldAndTwiceTheSame(t *testing.T) {
	of := delivered(quick())
	wants(t, "old", of.Change("01", "0001", "481516", "481516", tid, morning), OldWrong)
	wants(t, "again", of.Change("01", "0000", "481516", "481517", tid, morning), Differ)
	wants(t, "nobody", of.Change("33", "0000", "481516", "481516", tid, morning), Unknown)
	wants(t, "unchanged", of.Check("01", "0000", morning), nil)
	wants(t, "change", of.Change("01", "0000", "481516", "481516", tid, morning), nil)
	wants(t, "old one", of.Check("01", "0000", morning), Wrong)
	wants(t, "new one", of.Check("01", "481516", morning), nil)
}

func TestLatestPasswordsDoNotComeBack(t *testing.T) {
	of := delivered(quick())
	all := []string{"481516", "481517", "481518", "481519", "481520"}
	old := "0000"
	for _, next := range all {
		wants(t, next, of.Change("01", old, next, next, tid, morning), nil)
		old = next
	}
	for _, used := range all[1:] {
		wants(t, used+" again", of.Change("01", old, used, used, tid, morning), Used)
	}
	wants(t, "the fifth last", of.Change("01", old, all[0], all[0], tid, morning), nil)
}

func TestPasswordsGrowOld(t *testing.T) {
	of := delivered(quick())
	soon := morning.Add(90*24*time.Hour - time.Second)
	wants(t, "in time", of.Check("01", "0000", soon), nil)
	wants(t, "too old", of.Check("01", "0000", soon.Add(time.Second)), Due)
	wants(t, "wrong all the same", of.Check("01", "0001", soon.Add(time.Second)), Wrong)
	wants(t, "the supervisor's still voids", of.Supervise("123456", soon.Add(time.Second)), nil)
	wants(t, "change", of.Change("01", "0000", "481516", "481516", tid, soon.Add(time.Second)), nil)
	wants(t, "changed", of.Check("01", "481516", soon.Add(time.Minute)), nil)
	wants(t, "again", of.Check("01", "481516", soon.Add(91*24*time.Hour)), Due)
}

func TestSupervisorLooksAfterOperators(t *testing.T) {
	p := quick()
	p.Operators = 3
	of := delivered(p)
	wants(t, "no supervisor", of.Add("000000", "03", "590327", tid, morning), SupervisorWrong)
	wants(t, "twice", of.Add("123456", "01", "590327", tid, morning), Exists)
	for _, number := range []string{"00", "99", "100", "1", "", "x1"} {
		wants(t, "number "+number, of.Add("123456", number, "590327", tid, morning), Reserved)
		wants(t, "delete "+number, of.Delete("123456", number, "01", morning), Reserved)
	}
	wants(t, "weak", of.Add("123456", "03", "123456", tid, morning), Run)
	wants(t, "add", of.Add("123456", "03", "590327", tid, morning), nil)
	wants(t, "full", of.Add("123456", "04", "590327", tid, morning), Full)
	wants(t, "who is in", of.Delete("123456", "03", "03", morning), LoggedIn)
	wants(t, "nobody", of.Delete("123456", "44", "03", morning), Unknown)
	wants(t, "delete", of.Delete("123456", "02", "03", morning), nil)
	wants(t, "deleted", of.Check("02", "0000", morning), Unknown)
	wants(t, "room again", of.Add("123456", "04", "590327", tid, morning), nil)
	if got, want := strings.Join(of.Numbers(), " "), "01 00 99 03 04"; got != want {
		t.Errorf("operators %s, want %s", got, want)
	}
}

func TestResetKillsTheOldPasswordEvenWhenTheNewOneIsRefused(t *testing.T) {
	of := delivered(quick())
	wants(t, "weak", of.Reset("01", "111111", "111111", tid, morning), Repeat)
	wants(t, "old", of.Check("01", "0000", morning), Reset)
	wants(t, "empty", of.Check("01", "", morning), Reset)
	wants(t, "the old one as the new one", of.Reset("01", "0000", "0000", tid, morning), &Length{6, 8})
	wants(t, "new", of.Reset("01", "481516", "481516", tid, morning), nil)
	wants(t, "new", of.Check("01", "481516", morning), nil)
	wants(t, "again", of.Reset("01", "481516", "481516", tid, morning), Used)
}

func TestTerminalsShareUntilOneChanges(t *testing.T) {
	first := delivered(quick())
	a, b := first, first
	wants(t, "right", a.Check("01", "0000", morning), nil)
	if !a.Shared() {
		t.Error("a right password took entries of its own")
	}
	wants(t, "change", a.Change("01", "0000", "481516", "481516", tid, morning), nil)
	for range 5 {
		b.Check("02", "9999", morning)
		b.Age(time.Minute)
	}
	wants(t, "the other's password", b.Check("01", "0000", morning), nil)
	wants(t, "the other's lock", a.Check("02", "0000", morning), nil)
	if a.Shared() || b.Shared() || !first.Shared() {
		t.Errorf("shared: %v, %v and %v, want the last alone", a.Shared(), b.Shared(), first.Shared())
	}
}

func TestNothingPrintsAPassword(t *testing.T) {
	of := delivered(quick())
	of.Change("01", "0000", "481516", "481516", tid, morning)
	for _, e := range of.list.entries {
		e.hash.is("7777")
		if s := fmt.Sprintf("%v %s %s", e, e.hash.first, e.hash.sum); strings.Contains(s, "481516") || strings.Contains(s, "12345678") {
			t.Errorf("a password in %s", s)
		}
		if !strings.HasPrefix(string(e.hash.sum), "$2a$04$") {
			t.Errorf("operator %s: not a bcrypt hash of cost 4", e.number)
		}
	}
}

func TestEqualPasswordsHaveDifferentHashes(t *testing.T) {
	of := delivered(quick())
	of.Check("01", "1", morning)
	of.Check("02", "1", morning)
	if a, b := of.find("01").hash, of.find("02").hash; string(a.sum) == string(b.sum) || *a.known == *b.known {
		t.Error("two operators with one password have one hash")
	}
}

func TestManyTerminalsLogInAtOnce(t *testing.T) {
	shared := delivered(quick())
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			of := shared
			if err := of.Check("01", "0000", morning); err != nil {
				t.Error(err)
			}
			if err := of.Check("01", "9", morning); !errors.Is(err, Wrong) {
				t.Error(i, err)
			}
		})
	}
	wg.Wait()
}

func TestEveryRefusalHasWordsAndAText(t *testing.T) {
	for r := Unknown; r < refusals; r++ {
		if r.Error() == "" || r.Display() == "" {
			t.Errorf("refusal %d has no words", r)
		}
	}
}

// FuzzAccepts holds the rules to what they say: no accepted password is of another
// length, is made of anything but digits, or of one digit alone.
func FuzzAccepts(f *testing.F) {
	f.Add("481516", tid, 6, 8)
	f.Add("", "", 4, 4)
	f.Fuzz(func(t *testing.T, password, terminal string, least, longest int) {
		p := Policy{Least: least, Longest: longest, Complex: true}
		if p.Accepts(password, terminal, morning) != nil {
			return
		}
		if len(password) < least || len(password) > longest || strings.Trim(password, "0123456789") != "" || strings.Trim(password, password[:1]) == "" || password == terminal {
			t.Errorf("%q is accepted at %q, %d to %d digits", password, terminal, least, longest)
		}
	})
}

// BenchmarkLogIn is what an operator's sign-in costs the terminal: with a password of
// delivery, as a whole fleet has, and with one that the operator chose.
func BenchmarkLogIn(b *testing.B) {
	for _, cost := range []int{LeastCost, Defaults().Cost} {
		p := quick()
		p.Cost = cost
		of := delivered(p)
		if err := of.Change("02", "0000", "481516", "481516", tid, morning); err != nil {
			b.Fatal(err)
		}
		for _, c := range []struct{ name, number, password string }{{"first", "01", "0000"}, {"chosen", "02", "481516"}} {
			b.Run(fmt.Sprintf("cost=%d/%s", cost, c.name), func(b *testing.B) {
				if err := of.Check(c.number, c.password, morning); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					_ = of.Check(c.number, c.password, morning)
				}
			})
		}
	}
}
