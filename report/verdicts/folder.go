package verdicts

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/posfleet/posfleet/report"
)

// begunName is the name of the file that holds what has been found in the folder of a check
// that has not ended: first the results without verdicts, then a line for each verdict.
const begunName = "begun.ndjson"

// Form is one file of a check's folder.
type Form struct {
	Name  string
	Write func(io.Writer) error
}

// Folder is where a check is kept. Until it has ended, or where it is killed, that is the
// verdicts that have fallen.
type Folder struct {
	name  string
	begun *os.File
	err   error // why not each verdict could be noted
}

// Create makes a folder, which must not exist. It is to be saved, or discarded.
func Create(dir string) (*Folder, error) {
	f := &Folder{name: filepath.Clean(dir)}
	if _, err := os.Lstat(f.name); err == nil {
		return nil, fmt.Errorf("%s exists: name another folder, or move it away", dir)
	}
	if err := os.MkdirAll(filepath.Dir(f.name), 0o755); err != nil {
		return nil, err
	}
	if err := os.Mkdir(f.name, 0o755); err != nil {
		return nil, err
	}
	var err error
	if f.begun, err = os.Create(filepath.Join(f.name, begunName)); err != nil {
		os.Remove(f.name)
	}
	return f, err
}

// Begin notes what is known of a check before it is played.
func (f *Folder) Begin(r *Results) { f.note(r) }

// fallen is what a verdict's line says.
type fallen struct {
	*Verdict `json:"verdict"`
	Rules    []report.RuleCount `json:"rules,omitempty"` // so far
	RuleWhy  map[string]string  `json:"rule_why,omitempty"`
}

// Note notes a verdict that has fallen, and what rules answers have broken so far.
func (f *Folder) Note(v *Verdict, rules []report.RuleCount, why map[string]string) {
	f.note(fallen{v, rules, why})
}

// note appends a line in one piece. What could not be noted costs the check nothing: it
// is written whole at its end.
func (f *Folder) note(v any) {
	var text []byte
	if f.err == nil {
		text, f.err = json.Marshal(v)
	}
	if f.err == nil {
		_, f.err = f.begun.Write(append(text, '\n'))
	}
}

// readBegun reads what a check that has not ended has found. A line that was cut says nothing.
func readBegun(dir string) (*Results, error) {
	name := filepath.Join(dir, begunName)
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines = lines[:len(lines)-1] // nothing, or cut
	r := &Results{}
	if len(lines) > 0 {
		if err := json.Unmarshal(lines[0], r); err != nil {
			return nil, fmt.Errorf("%s:1: %w", name, err)
		}
		lines = lines[1:]
	}
	r.Unended = true
	for i, line := range lines {
		v := fallen{Verdict: &Verdict{}}
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+2, err)
		}
		r.fall(v.Verdict)
		r.Rules, r.RuleWhy = v.Rules, v.RuleWhy
	}
	return r, nil
}

// fall takes a verdict into the place of the one that had not fallen.
func (r *Results) fall(v *Verdict) {
	r.Took += v.Took
	r.Sent, r.Answered = r.Sent || !v.Alone && v.Outcome != Skipped, r.Answered || v.Outcome == Passed && !v.Alone
	for old := range r.All() {
		if old.File == v.File && old.Line == v.Line && old.Selector == v.Selector && old.Name == v.Name {
			*old = *v
			return
		}
	}
	n := len(r.Features)
	if n == 0 || r.Features[n-1].Path != v.File {
		r.Features = append(r.Features, Feature{Path: v.File})
		n++
	}
	r.Features[n-1].Verdicts = append(r.Features[n-1].Verdicts, v)
}

// Discard takes the folder away.
func (f *Folder) Discard() {
	if f.begun == nil {
		return
	}
	f.begun.Close()
	os.RemoveAll(f.name)
}

// Save writes the folder of a check that has ended, each form whole or not at all. Its
// summary is last: where that is not, the verdicts that have fallen stay, as those of a
// check that has not ended. The error names what could not be written.
func (f *Folder) Save(forms []Form) (err error) {
	var lost []string
	save := func(form Form) (saved bool) {
		why := report.WriteFile(filepath.Join(f.name, form.Name), form.Write)
		if why != nil {
			lost, err = append(lost, form.Name), cmp.Or(err, why)
		}
		return why == nil
	}
	ended := false
	for _, form := range forms {
		if form.Name != Summary {
			save(form)
		}
	}
	for _, form := range forms {
		ended = ended || form.Name == Summary && save(form)
	}
	begun := f.begun
	f.begun = nil
	closed := begun.Close()
	switch {
	case ended && err == nil:
		return errors.Join(closed, os.Remove(begun.Name()))
	case ended:
		os.Remove(begun.Name())
	}
	return fmt.Errorf("%s: %w; not written: %s (posfleet report %s tells what is there)", f.name, err, strings.Join(lost, ", "), f.name)
}
