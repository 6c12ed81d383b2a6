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
	return e.Encode(r)
}

// Read reads the results in the folder of a check.
func Read(dir string) (*Results, error) {
	name := filepath.Join(dir, Summary)
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r := &Results{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
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

// Form is one file of a check's folder.
type Form struct {
	Name  string
	Write func(io.Writer) error
}

// Save writes the folder of a check: whole or not at all. It must not exist.
func Save(dir string, forms []Form) error {
	dir = filepath.Clean(dir)
	beside := dir + ".partial"
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(beside); err != nil {
		return err
	}
	if err := os.Mkdir(beside, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(beside)
	for _, form := range forms {
		if err := form.save(beside); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(dir, form.Name), err)
		}
	}
	return os.Rename(beside, dir)
}

func (form Form) save(dir string) error {
	f, err := os.Create(filepath.Join(dir, form.Name))
	if err != nil {
		return err
	}
	return errors.Join(form.Write(f), f.Sync(), f.Close())
}
