package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A dialect that leaves rules out has a host pass that breaks them; whoever reads the
// verdict is told, on the screen, in the files and on the page, of a check and a load.
func TestRulesThatADialectLeavesOutAreTold(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "bank.yaml")
	if err := os.WriteFile(path, []byte("extends: iso87\nrules: {without: [ANS-64-RIGHT, ANS-64-MAC]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for verb, args := range map[string][]string{
		"check": {"check", "@core-purchase-1", "--misbehave", "wrong-mac", "--dialect", path, "--out", filepath.Join(dir, "check")},
		"load":  {"load", "--dialect", path, "--terminals", "2", "--rate", "20/s", "--for", "1s", "--warmup", "0s", "--out", filepath.Join(dir, "load")},
	} {
		var out, errs bytes.Buffer
		run(args, &out, &errs)
		const want = "answers were not held to ANS-64-RIGHT, ANS-64-MAC: the dialect leaves them out"
		if text := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q:\n%s%s", verb, want, &out, &errs)
		}
		files, err := filepath.Glob(filepath.Join(dir, verb, "*"))
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		for _, name := range files {
			if data, err := os.ReadFile(name); err == nil && (filepath.Ext(name) == ".html" || filepath.Ext(name) == ".json") && bytes.Contains(data, []byte("ANS-64-MAC")) {
				told++
			}
		}
		if told < 2 {
			t.Errorf("%s: of %v only %d tell it, want page and JSON", verb, files, told)
		}
	}
}
