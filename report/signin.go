package report

import "time"

// SignIn is the phase before the first arrival, in which the fleet signs in. None
// of its exchanges is in any other figure.
type SignIn struct {
	Terminals int              // that were to sign in
	Failed    int              // of them, that could not, and took no part
	Why       map[string]int64 // why not: terminals by reason
	First     string           // the first that could not
	Took      time.Duration
	Label     Label // its exchanges; Response and Service are nil when there were none
}

// Unsigned takes down a terminal that could not sign in, and why.
func (s *SignIn) Unsigned(terminal string, why error) {
	if s.Failed++; s.First == "" {
		s.First = terminal
	}
	s.Why = addReason(s.Why, why)
}

// rate is how many terminals signed in a second.
func (s *SignIn) rate() float64 {
	if s.Took <= 0 {
		return 0
	}
	return float64(s.Terminals-s.Failed) / s.Took.Seconds()
}

// plus is the sign-in of two parts of a run, which went on side by side.
func (s SignIn) plus(o SignIn) (SignIn, error) {
	sum := SignIn{Terminals: s.Terminals + o.Terminals, Failed: s.Failed + o.Failed, Why: addCounts(s.Why, o.Why),
		First: s.First, Took: max(s.Took, o.Took), Label: Label{Name: s.Label.Name}}
	if sum.First == "" {
		sum.First = o.First
	}
	if sum.Label.Name == "" {
		sum.Label.Name = o.Label.Name
	}
	for _, l := range []Label{s.Label, o.Label} {
		if err := sum.Label.add(l); err != nil {
			return SignIn{}, err
		}
	}
	return sum, nil
}
