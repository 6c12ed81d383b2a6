package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/page"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim/strict"
)

// resultFiles are the files of results that were asked for; nil for one that was
// not.
type resultFiles struct {
	junit, cucumber *report.Output
	folder          *verdicts.Folder
	made            bytes.Buffer // the Cucumber JSON, when it is asked for
}

// files sees before anything is played that the files of results can be written.
func (f *checkFlags) files() (files *resultFiles, err error) {
	files = &resultFiles{}
	defer func() {
		if err != nil {
			files.discard()
		}
	}()
	if f.out != "" {
		if files.folder, err = verdicts.Create(f.out); err != nil {
			files.folder = nil
			return files, fmt.Errorf("--out: %w", err)
		}
	}
	if f.junit != "" {
		if files.junit, err = createResults(f.junit); err != nil {
			return files, fmt.Errorf("--junit: %w", err)
		}
	}
	if f.cucumber != "" {
		if files.cucumber, err = createResults(f.cucumber); err != nil {
			return files, fmt.Errorf("--cucumber: %w", err)
		}
	}
	return files, nil
}

func (files *resultFiles) discard() {
	if files.folder != nil {
		files.folder.Discard()
	}
	for _, f := range []*report.Output{files.junit, files.cucumber} {
		if f != nil {
			f.Discard()
		}
	}
}

// write writes the files, each of them whatever comes of the others.
func (files *resultFiles) write(found *verdicts.Results) error {
	cucumber := func(w io.Writer) error {
		_, err := w.Write(files.made.Bytes())
		return err
	}
	var lost []error
	note := func(what string, err error) {
		if err != nil {
			lost = append(lost, fmt.Errorf("%s: %w", what, err))
		}
	}
	if f := files.junit; f != nil {
		note("--junit", f.Whole(found.WriteJUnit))
	}
	if f := files.cucumber; f != nil {
		note("--cucumber", f.Whole(cucumber))
	}
	if files.folder != nil {
		forms := []verdicts.Form{{Name: verdicts.Summary, Write: found.WriteJSON}, {Name: "junit.xml", Write: found.WriteJUnit},
			{Name: "report.html", Write: func(w io.Writer) error { return page.WriteCheck(w, found) }}}
		if files.made.Len() > 0 {
			forms = append(forms, verdicts.Form{Name: "cucumber.json", Write: cucumber})
		}
		if c := found.Coverage; c != nil {
			forms = append(forms, verdicts.Form{Name: verdicts.CoverageFile, Write: c.WriteJSON},
				verdicts.Form{Name: "coverage.html", Write: func(w io.Writer) error { return page.WriteCoverage(w, c) }})
		}
		note("--out", files.folder.Save(forms))
	}
	note("GITHUB_STEP_SUMMARY", stepSummary(found.WriteMarkdown))
	return errors.Join(lost...)
}

// createResults sees before anything is played that a file of results can be
// written.
func createResults(name string) (*report.Output, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	return report.CreateOutput(name)
}

// stepSummary appends what a job of GitHub's Actions came to, where it asks for
// that.
func stepSummary(write func(io.Writer) error) error {
	name := os.Getenv("GITHUB_STEP_SUMMARY")
	if name == "" {
		return nil
	}
	return report.AppendFile(name, write)
}

// digestOf is the SHA-256 of a file in hexadecimal; empty when there is none.
func digestOf(name string) string {
	if i, err := os.Stat(name); err != nil || !i.Mode().IsRegular() {
		return "" // a pipe has been read once already
	}
	text, err := os.ReadFile(name)
	if name == "" || err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// expectedFailures reads which scenarios are known to fail, and why: a line each,
// @id or file:line first. Empty lines and those that begin with # say nothing.
// Of those that are not played the notes say so; one that there is not is an error.
func expectedFailures(name string, fs []*scenarios.Feature, args []string, notes io.Writer) (map[string]string, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("--expected-failures: %w", err)
	}
	if text, err = strict.Lines(text); err != nil {
		return nil, fmt.Errorf("--expected-failures: %s: %w", name, err)
	}
	played, all := namesOf(fs), sync.OnceValue(func() map[string]bool { return known(args) })
	expected := map[string]string{}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		words := strings.Fields(line)
		which, why := "", ""
		if len(words) > 0 {
			which, why = words[0], strings.Join(words[1:], " ")
		}
		switch {
		case which == "" || strings.HasPrefix(which, "#"):
			continue
		case !strings.HasPrefix(which, "@") && !lineAtEnd.MatchString(which):
			return nil, fmt.Errorf("%s:%d: %q: want @id or file:line, then why it fails", name, n, which)
		case why == "":
			return nil, fmt.Errorf("%s:%d: say why %s fails, after its name", name, n, which)
		case expected[which] != "":
			return nil, fmt.Errorf("%s:%d: %s stands twice; leave one away", name, n, which)
		case !played[which] && !all()[which]:
			return nil, fmt.Errorf("%s:%d: there is no scenario %s; write it as posfleet check --list has it, or take the line away", name, n, which)
		}
		if expected[which] = why; !played[which] {
			fmt.Fprintf(notes, "posfleet: %s:%d: %s is none of the scenarios that are played\n", name, n, which)
		}
	}
	return expected, nil
}
