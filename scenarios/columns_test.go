package scenarios

import (
	"strings"
	"testing"
)

// A <name> that no column has would stay text, and a column that nothing names changes
// nothing: both are mistakes.
func TestOutlineAndExamplesFitEachOther(t *testing.T) {
	const steps = "    Given a terminal that has signed in\n    When the cardholder pays <amount> yuan with a <card> card\n"
	for name, c := range map[string]struct{ outline, want string }{
		"all named":               {"Scenario Outline: a\n" + steps + "    Examples:\n      | amount | card |\n      | 1.00 | good |\n", ""},
		"named in the name":       {"Scenario Outline: a <why>\n" + steps + "    Examples:\n      | amount | card | why |\n      | 1.00 | good | so |\n", ""},
		"a name no column has":    {"Scenario Outline: a\n" + steps + "    Examples:\n      | amont | card |\n      | 1.00 | good |\n", "x.feature:4: <amount> is no column of the examples in line 5, which have amont, card; did you mean <amont>?"},
		"in the name":             {"Scenario Outline: a <crad>\n" + steps + "    Examples:\n      | amount | card |\n      | 1.00 | good |\n", "x.feature:2: <crad> is no column"},
		"in a table":              {"Scenario Outline: a\n" + steps + "    Then the answer has\n      | field | value |\n      | 39 | <code> |\n    Examples:\n      | amount | card |\n      | 1.00 | good |\n", "x.feature:7: <code> is no column"},
		"in the second examples":  {"Scenario Outline: a\n" + steps + "    Examples:\n      | amount | card |\n      | 1.00 | good |\n    Examples:\n      | amount |\n      | 1.00 |\n", "x.feature:4: <card> is no column of the examples in line 8, which have amount"},
		"a column nothing names":  {"Scenario Outline: a\n" + steps + "    Examples:\n      | amount | card | tip |\n      | 1.00 | good | 2 |\n", "x.feature:6: nothing in the outline names the column tip"},
		"a column twice":          {"Scenario Outline: a\n" + steps + "    Examples:\n      | amount | card | amount |\n      | 1.00 | good | 2.00 |\n", "x.feature:6: the column amount stands twice"},
		"no examples":             {"Scenario Outline: a\n" + steps, "x.feature:2: an outline without examples: give rows below "},
		"examples without a row":  {"Scenario Outline: a\n" + steps + "    Examples:\n      | amount | card |\n", "x.feature:5: examples without a row"},
		"examples without a head": {"Scenario Outline: a\n" + steps + "    Examples:\n", "x.feature:5: examples without a row"},
	} {
		_, err := ParseFeature("x.feature", []byte("Feature: f\n  "+c.outline))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
