package verdicts

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
)

func TestFolderIsReadAsItWasWritten(t *testing.T) {
	r := results()
	r.Features[0].Verdicts[1].Expected = "known since March"
	dir := filepath.Join(t.TempDir(), "a", "found")
	save(t, dir, r.WriteJSON)
	again, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var want, got bytes.Buffer
	if err := errors.Join(r.WriteJSON(&want), again.WriteJSON(&got)); err != nil {
		t.Fatal(err)
	}
	if got.String() != want.String() {
		t.Errorf("got\n%s\nwant\n%s", &got, &want)
	}
	if a, b := told(t, r), told(t, again); a != b {
		t.Errorf("it tells\n%s\nand read again\n%s", a, b)
	}
}

// What can be written of a check is, and what cannot be costs no verdict.
func TestFolderKeepsWhatCanBeWritten(t *testing.T) {
	full := func(io.Writer) error { return errors.New("no space left") }
	for name, c := range map[string]struct {
		forms []Form
		whole bool
		names string // said to be lost
	}{
		"the page":    {[]Form{{Summary, results().WriteJSON}, {"report.html", full}, {"junit.xml", full}}, true, "report.html, junit.xml"},
		"the summary": {[]Form{{Summary, full}, {"report.html", results().WriteJSON}}, false, Summary},
		"all":         {[]Form{{Summary, full}, {"report.html", full}}, false, "report.html, " + Summary},
	} {
		dir := filepath.Join(t.TempDir(), "found")
		f, err := Create(dir)
		if err != nil {
			t.Fatal(err)
		}
		r := results()
		f.Begin(r)
		for v := range r.All() {
			f.Note(v, nil, nil)
		}
		if err := f.Save(c.forms); err == nil || !strings.Contains(err.Error(), "no space left; not written: "+c.names+" (") {
			t.Errorf("%s: it says %v", name, err)
		}
		again, err := Read(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if again.Unended == c.whole || again.Count(Failed) != r.Count(Failed) || again.Count(Passed) != r.Count(Passed) {
			t.Errorf("%s: unended %v, %d failed and %d passed, want %d and %d", name, again.Unended, again.Count(Failed), again.Count(Passed), r.Count(Failed), r.Count(Passed))
		}
		if _, err := os.Stat(filepath.Join(dir, begunName)); errors.Is(err, os.ErrNotExist) != c.whole {
			t.Errorf("%s: %s: %v", name, begunName, err)
		}
	}
}

// A host that hung up on requests is given the benefit of the doubt, and under Strict none.
func TestHangUpsCountUnderStrict(t *testing.T) {
	for strict, more := range map[bool]int{false: 0, true: 2} {
		r := results()
		r.Strict = strict
		before := r.Broken()
		if r.HungUp = 2; r.Broken() != before+more {
			t.Errorf("strict %v: %d count against the host, want %d", strict, r.Broken(), before+more)
		}
	}
}

// save writes the folder of a check.
func save(t *testing.T, dir string, form func(io.Writer) error) {
	t.Helper()
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Save([]Form{{Summary, form}}); err != nil {
		t.Fatal(err)
	}
}

// What a user keeps beside a folder that is written stays, whatever its name.
func TestFolderLeavesWhatStandsBesideIt(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "found.partial")
	if err := os.MkdirAll(own, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, "mine"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(dir, "found"), results().WriteJSON)
	if _, err := os.ReadFile(filepath.Join(own, "mine")); err != nil {
		t.Error(err)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 2 {
		t.Errorf("beside the folder there is %v (%v)", all, err)
	}
}

// Whatever is JSON is not a check for that: it would be told as one that found nothing.
func TestOnlyACheckIsReadAsOne(t *testing.T) {
	for _, text := range []string{"{}", "null", `{"features":[]}`, `{"format":"posfleet check 0","features":[]}`, `{"format":"posfleet run 1"}`, "[]", `{"format":"posfleet check 1"} and more`} {
		dir := filepath.Join(t.TempDir(), "found")
		save(t, dir, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
		if r, err := Read(dir); err == nil {
			t.Errorf("%s is read as a check: %+v", text, r)
		}
	}
}

// A check that was stopped says so wherever it is told, with how many were not played.
func TestStoppedCheckIsToldAsThat(t *testing.T) {
	r := results()
	r.Interrupted = true
	dir := filepath.Join(t.TempDir(), "found")
	save(t, dir, r.WriteJSON)
	again, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := again.WriteMarkdown(&page); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{told(t, again), page.String()} {
		if !strings.Contains(strings.ToUpper(text), "INCOMPLETE: IT WAS STOPPED BY A SIGNAL, 1 SCENARIO BEFORE ITS END") {
			t.Errorf("it says\n%s", text)
		}
	}
}

// Of a check that is killed what has fallen is told, as incomplete, wherever its last line
// was cut; a folder without its summary is never taken for a whole check.
func TestCheckThatWasKilledIsToldAsIncomplete(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "found")
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Read(dir); err != nil || r.Incomplete() == "" {
		t.Errorf("before anything was noted it is read as %+v (%v)", r, err)
	}
	whole, begun := results(), results()
	n := 0
	for v := range begun.All() {
		v.Outcome, v.Reason = NotPlayed, nil
		n++
	}
	f.Begin(begun)
	for v := range whole.All() {
		f.Note(v, whole.Rules, whole.RuleWhy)
	}
	if err := report.WriteFile(filepath.Join(dir, "report.html"), whole.WriteMarkdown); err != nil {
		t.Fatal(err)
	}
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Incomplete() == "" || r.Count(Failed) != whole.Count(Failed) || r.Count(NotPlayed) != whole.Count(NotPlayed) || len(r.Rules) != len(whole.Rules) {
		t.Errorf("all had fallen, and it tells\n%s", told(t, r))
	}
	name := filepath.Join(dir, begunName)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(text); at += 3 {
		if err := os.WriteFile(name, text[:at], 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := Read(dir)
		if err != nil || r.Incomplete() == "" {
			t.Fatalf("cut at %d of %d octets it is read as %+v (%v)", at, len(text), r, err)
		}
		played := 0
		for v := range r.All() {
			if v.Outcome != NotPlayed {
				played++
			}
		}
		if lines := bytes.Count(text[:at], []byte("\n")); played > max(0, lines-1) {
			t.Fatalf("cut at %d of %d octets %d scenarios were played, and %d lines are whole", at, len(text), played, lines)
		}
	}
}
