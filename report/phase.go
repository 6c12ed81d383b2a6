package report

import "time"

// Phase is what the fleet does before the first arrival: it signs in, and settles what
// its batches hold from before where the run wants that. None of its exchanges is in
// any other figure.
type Phase struct {
	Terminals int              // that were to take part
	Failed    int              // of them, that could not, and took no part in the run
	Why       map[string]int64 // why not: terminals by reason
	First     string           // the lowest number of one that could not: they go on side by side
	Took      time.Duration
	Late      int64 // answers that came after their request had been given up
	Cut       int64 // answers to requests whose line had broken
	Label     Label // its exchanges; Response and Service are nil when there were none
}

// OrNone is the phase, empty for none.
func (s *Phase) OrNone() Phase {
	if s == nil {
		return Phase{}
	}
	return *s
}

// Unable takes down a terminal that could not do its part, and why.
func (s *Phase) Unable(terminal string, why error) {
	if s.Failed++; s.First == "" || terminal < s.First {
		s.First = terminal
	}
	s.Why = addReason(s.Why, why)
}

// plus is the phase of two parts of a run, which went on side by side.
func (s Phase) plus(o Phase) (Phase, error) {
	sum := Phase{Terminals: s.Terminals + o.Terminals, Failed: s.Failed + o.Failed, Why: addCounts(s.Why, o.Why),
		First: s.First, Took: max(s.Took, o.Took), Late: s.Late + o.Late, Cut: s.Cut + o.Cut, Label: Label{Name: s.Label.Name}}
	if sum.First == "" || o.First != "" && o.First < sum.First {
		sum.First = o.First
	}
	if sum.Label.Name == "" {
		sum.Label.Name = o.Label.Name
	}
	for _, l := range []Label{s.Label, o.Label} {
		if err := sum.Label.add(l); err != nil {
			return Phase{}, err
		}
	}
	return sum, nil
}

// TakesOver leaves the phases of a part out whose agent has taken over the share of another,
// before: its terminals have signed in before, as the other's, and did so now while the run
// went on. Those that could not are told still.
func (r *Report) TakesOver(before *Report) {
	for _, p := range []struct{ now, before *Phase }{{&r.SignIn, &before.SignIn}, {&r.Opening, &before.Opening}} {
		if p.before.Terminals == 0 {
			continue // it is not known, or had not begun
		}
		again := Phase{Failed: min(p.now.Failed, max(0, p.before.Terminals-p.before.Failed)), First: p.now.First}
		for why, n := range p.now.Why {
			if again.Failed > 0 {
				addCount(&again.Why, "in place of another agent: "+why, n)
			}
		}
		*p.now = again
	}
}

// phaseJSON is a phase before the first arrival.
type phaseJSON struct {
	Terminals int              `json:"terminals"`
	Failed    int              `json:"failed"`
	Why       map[string]int64 `json:"why,omitempty"`
	First     string           `json:"first_failed,omitempty"`
	Took      time.Duration    `json:"took_ns"`
	Late      int64            `json:"late,omitempty"`
	Cut       int64            `json:"after_break,omitempty"`
	Exchanges labelJSON        `json:"exchanges"`
}

func (p *Phase) json() *phaseJSON {
	if p.Terminals == 0 {
		return nil
	}
	return &phaseJSON{p.Terminals, p.Failed, p.Why, p.First, p.Took, p.Late, p.Cut, p.Label.json()}
}

// phase is the phase without its histograms.
func (p *phaseJSON) phase() (Phase, error) {
	if p == nil {
		return Phase{}, nil
	}
	label, err := p.Exchanges.label()
	return Phase{Terminals: p.Terminals, Failed: p.Failed, Why: p.Why, First: p.First, Took: p.Took, Late: p.Late, Cut: p.Cut, Label: label}, err
}
