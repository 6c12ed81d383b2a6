package strict

import (
	"strings"
	"testing"
)

// What keyboards and word processors put into a file is named, with its line.
func TestMistypedLineNamesTheMend(t *testing.T) {
	for text, want := range map[string]string{
		"name: bank\npolicy:\n\ttimeout: 1s\n":           "x.yaml:3: begins with a tab; indent with blanks",
		"name: bank\npolicy：\n  timeout: 1s\n":           "x.yaml:2: full-width colon ： after policy; write policy: and a blank",
		"name: bank\ndialect：cup\n":                      "x.yaml:2: full-width colon",
		"name: bank\npolicy:\n\u00a0\u00a0timeout: 1s\n": "x.yaml:3: begins with a blank that is none",
		"name: bank\npolicy:\n\u3000timeout: 1s\n":       "x.yaml:3: begins with a blank that is none",
		"name: bank\n\u3000\n":                           "x.yaml:2: begins with a blank that is none",
		"name: “bank”\n":                                 "x.yaml:1: curly quotes around a value; write \" \"",
		"operators: [{number: “01”}]\n":                  "x.yaml:1: curly quotes",
		"name: \"“bank”\"\n# ： and “ ” in a comment\n":   "",
		"name: 老王“便利”店\n":                                "",
	} {
		r := &Reader{File: "x.yaml"}
		r.Document([]byte(text))
		switch err := r.Err(); {
		case want == "" && err != nil:
			t.Errorf("%q: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
