package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
)

// The Cucumber file says of a scenario what the other files of results do: one that could
// not be tested is skipped, with its reason, and failed under --strict.
func TestCucumberSkipsWhatIsUntested(t *testing.T) {
	for _, strict := range []bool{false, true} {
		p, address := mutantHost(t, "cup", 8)
		f, err := ParseFeature("untested.feature", []byte("Feature: x\n  Scenario: y\n    Given a terminal that has signed in\n    When the cardholder pays 1.00 yuan with a poor card\n"))
		if err != nil {
			t.Fatal(err)
		}
		var made bytes.Buffer
		c := &Check{Language: NewLanguage(p), Dialer: newMiddle(t, p, address).dialer(), Features: []*Feature{f}, Terminals: 1, Strict: strict, Cucumber: &made}
		found, err := c.Run(context.Background())
		if err != nil || found.Count(verdicts.Untested) != 1 {
			t.Fatalf("%d are untested, %v", found.Count(verdicts.Untested), err)
		}
		var features []struct {
			Elements []struct {
				Steps []struct {
					Result struct {
						Status string
						Error  string `json:"error_message"`
					}
				}
			}
		}
		if err := json.Unmarshal(made.Bytes(), &features); err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, s := range features[0].Elements[0].Steps {
			if got[s.Result.Status]++; s.Result.Error != "" {
				got["reasons"]++
			}
		}
		want := map[bool]string{true: "failed", false: "skipped"}[strict]
		if got[want] != 1 || got["pending"] > 0 || got["reasons"] != 1 {
			t.Errorf("strict %v: %v", strict, got)
		}
	}
}

// godog calls a sentence pending whose evidence a host does not give.
func TestCucumberHasNothingPending(t *testing.T) {
	result := map[string]any{"status": "pending"}
	steps := []any{map[string]any{"name": "a", "result": result}, map[string]any{"name": "b", "result": map[string]any{"status": "skipped"}}}
	explain(map[string]any{"steps": steps}, &verdicts.Verdict{Outcome: verdicts.Untested, Step: "a", Reason: errors.New("it tells no balance")}, false)
	if result["status"] != "skipped" || result["error_message"] != "untested: it tells no balance" {
		t.Errorf("%v", result)
	}
}
