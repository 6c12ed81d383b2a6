package verdicts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Summary is the name of the file that holds the results in the folder of a check.
const Summary = "check.json"

// MarshalText is the outcome's word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the outcome's word.
func (o *Outcome) UnmarshalText(text []byte) error {
	i := slices.Index(outcomes[:], string(text))
	if i < 0 {
		return fmt.Errorf("outcome %q: want one of %q", text, outcomes)
	}
	*o = Outcome(i)
	return nil
}

// verdict is a Verdict without its methods.
type verdict Verdict

// withReason is a verdict as JSON has it.
type withReason struct {
	*verdict
	Why string `json:"reason,omitempty"`
}

// MarshalJSON writes the verdict with its reason as text.
func (v *Verdict) MarshalJSON() ([]byte, error) {
	return json.Marshal(withReason{(*verdict)(v), v.Why()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Verdict) UnmarshalJSON(text []byte) error {
	w := withReason{verdict: (*verdict)(v)}
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	if w.Why != "" {
		v.Reason = errors.New(w.Why)
	}
	return nil
}

// WriteJSON writes the results as check.json has them.
func (r *Results) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Format string `json:"format"`
		*Results
	}{format, r})
}

// format is what check.json says it is. It changes when a reader of the old one would
// misread the new one.
const format = "posfleet check 1"

// Read reads the results in the folder of a check.
func Read(dir string) (*Results, error) {
	name := filepath.Join(dir, Summary)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return readBegun(dir)
	}
	if err != nil {
		return nil, err
	}
	r := &Results{}
	found := struct {
		Format string `json:"format"`
		*Results
	}{"", r}
	switch err := json.Unmarshal(text, &found); {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case found.Format != format:
		return nil, fmt.Errorf("%s: format %q, want %q: read it with the posfleet that wrote it", name, found.Format, format)
	}
	name = filepath.Join(dir, CoverageFile)
	text, err = os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist): // a check that played nothing
		return r, nil
	case err != nil:
		return nil, err
	}
	if err := json.Unmarshal(text, &r.Coverage); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}
