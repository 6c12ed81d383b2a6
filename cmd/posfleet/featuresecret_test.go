package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever is said of a feature may quote it, and people put cards, PINs and keys into
// features: none is repeated, in an error or in a list.
func TestErrorsOfFeaturesRepeatNoSecret(t *testing.T) {
	const secret = "card 6212261234567898 and PIN 123456, password is 876543, TMK=8C5D3B92A17F46E0D4B6835A1F0C729E"
	path := filepath.Join(t.TempDir(), "x.feature")
	const signedIn = "    Given a terminal that has signed in\n"
	for what, c := range map[string]struct {
		feature string
		args    []string
	}{
		"no phrase":          {"Feature: x\n  Scenario: y\n" + signedIn + "    When the cardholder pays with " + secret + "\n", []string{"check", path}},
		"no phrase, load":    {"Feature: x\n  Scenario: y\n" + signedIn + "    When the cardholder pays with " + secret + "\n", []string{"load", path}},
		"not of a load":      {"Feature: x\n  @load\n  Scenario: y\n    When the cardholder pays with " + secret + "\n", []string{"load", path}},
		"no Gherkin":         {"Feature: x\n  Scenario: y\n" + signedIn + "    " + secret + "\n", []string{"check", path}},
		"no sentences":       {"Feature: x\n  Scenario: y " + secret + "\n", []string{"check", path}},
		"a list":             {"Feature: x " + secret + "\n  Scenario: y " + secret + "\n" + signedIn + "    When the cardholder pays 1.00 yuan with a good card\n    Then the host approves\n", []string{"check", "--list", path}},
		"an outline's value": {"Feature: x\n  Scenario Outline: y\n" + signedIn + "    When the cardholder pays with <z>\n    Examples:\n      | z |\n      | " + secret + " |\n", []string{"check", path}},
	} {
		if err := os.WriteFile(path, []byte(c.feature), 0o600); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		code := run(c.args, &stdout, &stderr)
		said := stdout.String() + stderr.String()
		if (code == exitUsage) == (what == "a list") || !strings.Contains(said, "621226******7898") {
			t.Errorf("%s: exit code %d, %s", what, code, said)
		}
		for _, bad := range []string{"261234567", "123456", "876543", "8C5D3B92", "1F0C729E"} {
			if strings.Contains(said, bad) {
				t.Errorf("%s: %s", what, said)
				break
			}
		}
	}
}
