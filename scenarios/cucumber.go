package scenarios

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/posfleet/posfleet/report/verdicts"
)

// writeCucumber writes what godog's formatter made of the check, with what it
// leaves out: ids that no two features or scenarios share, and why a scenario was
// skipped or not tested; and without what must not be shown of features' own text.
func (c *Check) writeCucumber(made []byte) error {
	var features []map[string]any
	if err := json.Unmarshal(made, &features); err != nil {
		return fmt.Errorf("results for Cucumber: %w", err)
	}
	for _, f := range features {
		for name, of := range f {
			if name != "uri" {
				f[name] = scrubAll(c.Language.Profile.Dialect, of)
			}
		}
	}
	taken := map[string]bool{}
	unique := func(id, place string) string {
		if taken[id] {
			id += ";" + place
		}
		taken[id] = true
		return id
	}
	for _, f := range features {
		uri, _ := f["uri"].(string)
		old, _ := f["id"].(string)
		id := unique(old, uri)
		f["id"] = id
		elements, _ := f["elements"].([]any)
		for _, e := range elements {
			e, _ := e.(map[string]any)
			line := fmt.Sprint(e["line"])
			own, _ := e["id"].(string)
			e["id"] = unique(id+own[min(len(old), len(own)):], line)
			if p := c.at[uri+":"+line]; p != nil && (p.Outcome == verdicts.Skipped || p.Outcome == verdicts.Untested) {
				explain(e, p.Verdict, c.Strict && p.Expected == "")
			}
		}
	}
	e := json.NewEncoder(c.Cucumber)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(features)
}

// explain puts the reason of a verdict at the sentence that it is about, which is skipped
// as in the other files of results, and failed where that is no better.
func explain(element map[string]any, v *verdicts.Verdict, failed bool) {
	steps, _ := element["steps"].([]any)
	at := slices.IndexFunc(steps, func(of any) bool {
		s, is := of.(map[string]any)
		return is && s["name"] == v.Step
	})
	if at < 0 {
		at = len(steps) - 1 // it is about the scenario as a whole
	}
	if at < 0 {
		return
	}
	s, _ := steps[at].(map[string]any)
	if result, is := s["result"].(map[string]any); is {
		result["status"] = map[bool]string{true: "failed", false: "skipped"}[failed]
		result["error_message"] = v.Outcome.String() + ": " + v.Why()
	}
}
