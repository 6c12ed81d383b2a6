package verdicts

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// matrix is one in which a purchase failed, an echo passed, and a void was not played.
func matrix() *Coverage {
	c := &Coverage{Dialect: "CUP"}
	for _, id := range []string{"purchase", "echo", "void"} {
		c.Messages = append(c.Messages, &Message{Cell: Cell{ID: id}})
	}
	c.MessageNamed("purchase").Came("@b", "", Broke)
	c.MessageNamed("purchase").Came("@a", "", Held)
	c.MessageNamed("echo").Came("@c", "", Exercised)
	c.MessageNamed("echo").Came("@c", "", Held)
	CellOf(&c.MessageNamed("purchase").Request, "4", "amount").Came("@b", "51", Broke)
	CellOf(&c.MessageNamed("purchase").Request, "11", "trace").Came("@b", "00", Broke)
	CellOf(&c.MessageNamed("purchase").Request, "4", "amount").Came("@a", "00", Held)
	for _, code := range []string{"00", "51", "55"} {
		CellOf(&c.Codes, code, "")
	}
	CellOf(&c.Codes, "00", "").Came("@a", "", Held)
	CellOf(&c.Codes, "51", "").Came("@b", "", Broke)
	c.Sort()
	return c
}

func TestCoverageKeepsTheWorstAndNamesEachScenarioOnce(t *testing.T) {
	c := matrix()
	purchase, echo := c.MessageNamed("purchase"), c.MessageNamed("echo")
	if purchase.State != Broke || echo.State != Held || c.MessageNamed("void").State != NotExercised {
		t.Errorf("purchase %s, echo %s, void %s", purchase.State, echo.State, c.MessageNamed("void").State)
	}
	if !reflect.DeepEqual(purchase.Scenarios, []string{"@a", "@b"}) || !reflect.DeepEqual(echo.Scenarios, []string{"@c"}) {
		t.Errorf("purchase by %q, echo by %q", purchase.Scenarios, echo.Scenarios)
	}
	if got := purchase.Request; len(got) != 2 || got[0].ID != "4" || !reflect.DeepEqual(got[0].Codes, []string{"00", "51"}) {
		t.Errorf("fields %+v, want 4 before 11, with the codes 00 and 51", got[0])
	}
}

func TestCoverageTellsWhatIsUntested(t *testing.T) {
	var b strings.Builder
	if err := matrix().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	want := `exercised: 2 of 3 messages (1 failed), 0 of 0 fields, 2 of 3 codes (1 failed), 0 of 0 rules
      untested messages: void
      untested codes: 55
`
	if b.String() != want {
		t.Errorf("told:\n%swant:\n%s", b.String(), want)
	}
}

func TestCoverageComesBackFromJSON(t *testing.T) {
	var b bytes.Buffer
	c, again := matrix(), &Coverage{}
	if err := c.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b.Bytes(), again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c.Messages, again.Messages) || !reflect.DeepEqual(c.Codes, again.Codes) {
		t.Errorf("read back:\n%+v", again)
	}
	if err := json.Unmarshal([]byte(`{"codes": [{"id": "00", "state": "fine"}]}`), again); err == nil {
		t.Error("a state that there is not is taken")
	}
}
