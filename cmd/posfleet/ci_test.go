package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var blockForm = regexp.MustCompile("(?s)```([a-z]+)\n(.*?)```")

// The pipelines of docs/ci.md are files that their services read, and the commands
// in them are ours.
func TestPipelinesCanBeRead(t *testing.T) {
	want := map[string][]string{ // what one of each language has
		"yaml":   {"jobs:\n  check:\n    runs-on:", "stages: [check, load]"},
		"groovy": {"pipeline {"},
	}
	commands := 0
	for _, m := range blockForm.FindAllStringSubmatch(content(t, filepath.Join(tree, "docs/ci.md")), -1) {
		language, text := m[1], m[2]
		switch language {
		case "yaml":
			var file map[string]any
			if err := yaml.Unmarshal([]byte(text), &file); err != nil || len(file) < 3 {
				t.Errorf("this is no YAML mapping: %v\n%s", err, text)
			}
		case "groovy":
			if why := unbalanced(text); why != "" {
				t.Errorf("%s in\n%s", why, text)
			}
		}
		if all := want[language]; len(all) > 0 {
			if !strings.Contains(text, all[0]) {
				t.Errorf("%q is not in\n%s", all[0], text)
			}
			want[language] = all[1:]
		}
		for _, line := range commandForm.FindAllString(text, -1) {
			commands++
			words := strings.Fields(strings.ReplaceAll(line, `"p99 of purchase < 500ms"`, "p99<1s"))
			verb, _, err := command(&signals{}).Find(words[1:2])
			if err != nil {
				t.Fatal(err)
			}
			if err := verb.ParseFlags(words[2:]); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	for language, left := range want {
		if len(left) > 0 {
			t.Errorf("no %s with %q", language, left)
		}
	}
	if commands != 6 {
		t.Errorf("%d commands of ours, want 6", commands)
	}
}

var commandForm = regexp.MustCompile(`posfleet (check|load) [^'\n]*`)

// unbalanced says which bracket or quote of a Groovy text has no partner; empty when
// all have.
func unbalanced(text string) string {
	var open []rune
	partner := map[rune]rune{')': '(', ']': '[', '}': '{'}
	quote := rune(0)
	for _, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			} else if r == '\n' {
				return "a quote that is not closed"
			}
		case r == '\'' || r == '"':
			quote = r
		case r == '(' || r == '[' || r == '{':
			open = append(open, r)
		case partner[r] != 0:
			if len(open) == 0 || open[len(open)-1] != partner[r] {
				return "a closing " + string(r) + " too many"
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return "an opening " + string(open) + " too many"
	}
	return ""
}
