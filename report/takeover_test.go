package report

import (
	"strings"
	"testing"
	"time"
)

// phased is a part of so many terminals that signed in, of which some could not, and whose
// arrivals waited, for which so many would have done; 0 for none that waited.
func phased(t *testing.T, name string, terminals, failed, enough int) *Report {
	t.Helper()
	r := half(t, 0)
	r.Part = name
	r.SignIn = Phase{Terminals: terminals, Failed: failed, Took: time.Second, Label: Label{Name: "sign-in"}}
	if failed > 0 {
		r.SignIn.Why, r.SignIn.First = map[string]int64{"declined": int64(failed)}, "00000001"
	}
	if r.Waited = (Waited{Terminals: terminals}); enough > 0 {
		r.Waited.Arrivals, r.Waited.Enough, r.Waited.Longest = 5, enough, time.Second
	}
	return r
}

// Who takes over plays on the terminals of whoever was lost: they are there once, however
// often they have signed in, and no advice is told of a share that was not played whole.
func TestTerminalsOfAShareAreCountedOnce(t *testing.T) {
	first, other, spare := phased(t, "a", 30, 0, 40), phased(t, "b", 30, 0, 40), phased(t, "c", 30, 2, 40)
	spare.TakesOver(first)
	for _, o := range []*Report{other, spare} {
		if err := first.Join(o); err != nil {
			t.Fatal(err)
		}
	}
	if s := first.SignIn; s.Terminals != 60 || s.Failed != 2 || s.Why["in place of another agent: declined"] != 2 || s.First != "00000001" {
		t.Errorf("%+v", s)
	}
	first.Plan.Terminals = 60
	first.Agents = []Agent{{Number: 1, State: StateLost, Lost: "not heard of"}, {Number: 1, State: "ended"}, {Number: 2, State: "ended"}}
	first.AdviseAgents()
	if w := first.Waited.String(); !strings.HasPrefix(w, "all 58 terminals were at work") || strings.Contains(w, "would do") && !strings.Contains(w, "how many would do cannot be told") {
		t.Error(w)
	}
	late := phased(t, "d", 30, 0, 0)
	late.TakesOver(&Report{}) // the sign-in of who was lost is not known
	if late.SignIn.Terminals != 30 {
		t.Errorf("%+v", late.SignIn)
	}
}

// An agent tells its connections at its end: of one that was lost they are not in the sum.
func TestConnectionsOfALostAgentAreNotKnown(t *testing.T) {
	r := &Report{Lines: Lines{Connected: 20}}
	for _, state := range []string{StateLost, "ended"} {
		r.Agents = []Agent{{Number: 1, State: state}, {Number: 2, State: "ended"}}
		var text strings.Builder
		if err := r.WriteText(&text, false); err != nil {
			t.Fatal(err)
		}
		if said := strings.Contains(text.String(), "20 connections made; those of an agent that was lost are not known"); said != (state == StateLost) {
			t.Errorf("an agent is %s:\n%s", state, &text)
		}
	}
}

// A share in which no arrival waited has had terminals enough: what the others lack comes
// on top of them.
func TestShareWithoutWaitersNeedsItsTerminals(t *testing.T) {
	a := phased(t, "a", 30, 0, 40)
	if err := a.Join(phased(t, "b", 30, 0, 0)); err != nil {
		t.Fatal(err)
	}
	a.Plan.Terminals, a.Agents = 60, []Agent{{Number: 1, State: "ended"}, {Number: 2, State: Deaf, Lost: "heard of a key too late"}}
	a.AdviseAgents()
	if w := a.Waited; w.Enough != 70 || w.Terminals != 60 || w.Why != "" {
		t.Errorf("%+v", w)
	}
}
