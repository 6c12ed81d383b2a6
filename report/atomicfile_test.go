package report

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// What goes wrong while a file is written leaves the one before it, and no half.
func TestNobodyFindsHalfAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "run.json")
	holds := func(want string) {
		t.Helper()
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("the file holds %q (%v), want %q", got, err, want)
		}
		if _, err := os.Stat(name + partial); err == nil {
			t.Errorf("%s%s is left", name, partial)
		}
	}
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	if err := WriteFile(name, text("first")); err != nil {
		t.Fatal(err)
	}
	holds("first")
	full := errors.New("no space left")
	err := WriteFile(name, func(w io.Writer) error { return errors.Join(text("half")(w), full) })
	if !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
	holds("first")
	f, err := CreateAtomic(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := text("second")(f); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "first" {
		t.Errorf("before it is committed: %q (%v)", got, err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Discard()
	holds("second")
}
