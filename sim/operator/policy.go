package operator

import (
	"strings"
	"time"
)

// Policy is the rules for passwords and for who gives wrong ones. Its defaults are in
// [Defaults]; docs/profile.md tells each.
type Policy struct {
	Least, Longest int           // digits of a new password
	Complex        bool          // a new one is no run, no repeat, not the terminal's number and not the date
	Unlike         int           // so many of the latest passwords are not taken again
	Days           int           // after which a password must be changed; 0 for never
	Pause          int           // wrong tries in a row after which the terminal waits; 0 for never
	PauseFor       time.Duration // that long
	Lock           int           // wrong tries in a row that lock the operator; 0 for never
	Operators      int           // who sell, at most; 0 for as many as there are numbers
	Tells          bool          // the display tells a number that nobody has from a wrong password
	Cost           int           // of bcrypt, of a password's hash: one more doubles its time
}

// Defaults are the rules of a profile that says nothing else. Real applications fix
// the length by role and have no lock at all; 6 to 8 digits, 90 days, the last 4, and
// locking are this harness's (docs/operators.md).
func Defaults() Policy {
	return Policy{Least: 6, Longest: 8, Complex: true, Unlike: 4, Days: 90, Pause: 3, PauseFor: 30 * time.Second, Lock: 5, Tells: true, Cost: 10}
}

// Bounds of what a profile may say.
const (
	Shortest, Longest = 4, 8   // digits of any password
	LeastCost         = 4      // 1 ms
	MostCost          = 14     // 1 s
	MostUnlike        = 12     // passwords that are kept
	MostDays          = 10_000 // until a password must be changed
	MostTries         = 99     // before a pause or a lock
	MostOperators     = 98     // who sell
)

// Most is how many operators a table holds, supervisor and administrator among them; 0
// for no limit but the numbers.
func (p *Policy) Most() int {
	if p.Operators == 0 {
		return 0
	}
	return p.Operators + 2
}

// Accepts says whether a password may be set at a terminal on a day: a Refusal when
// not. What an operator had before it does not know.
func (p *Policy) Accepts(password, terminal string, on time.Time) error {
	switch {
	case !digits(password), len(password) < p.Least, len(password) > p.Longest:
		return &Length{p.Least, p.Longest}
	case !p.Complex:
		return nil
	case isRun(password, 1), isRun(password, -1):
		return Run
	case isRepeat(password):
		return Repeat
	case isNumber(password, terminal), isDate(password, on):
		return Guessable
	}
	return nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return s != ""
}

// isRun reports whether each digit is step more than the one before, 0 after 9.
func isRun(s string, step int) bool {
	for i := range len(s) - 1 {
		if (int(s[i]-'0')+step+10)%10 != int(s[i+1]-'0') {
			return false
		}
	}
	return true
}

// isRepeat reports whether s is a shorter piece over and over: 888888, 121212, 123123.
func isRepeat(s string) bool {
	for n := 1; n <= len(s)/2; n++ {
		if len(s)%n == 0 && strings.Repeat(s[:n], len(s)/n) == s {
			return true
		}
	}
	return false
}

// isNumber reports whether s is the terminal's number, its first or its last digits.
func isNumber(s, terminal string) bool {
	return strings.HasPrefix(terminal, s) || strings.HasSuffix(terminal, s)
}

// isDate reports whether s is a day as people write it: that one.
func isDate(s string, on time.Time) bool {
	for _, layout := range []string{"20060102", "060102", "02012006", "020106", "01022006", "010206", "01" + "02", "02" + "01", "2006"} {
		if on.Format(layout) == s {
			return true
		}
	}
	return false
}
