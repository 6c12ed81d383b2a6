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
		if left, _ := filepath.Glob(name + partial + "*"); len(left) > 0 {
			t.Errorf("%v is left", left)
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
	f, err := CreateOutput(name)
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

// A file that a user keeps beside one that is written stays, whatever its name.
func TestOutputLeavesWhatStandsBesideIt(t *testing.T) {
	name := filepath.Join(t.TempDir(), "check.xml")
	if err := os.WriteFile(name+partial, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(name, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name + partial); err != nil || string(got) != "mine" {
		t.Errorf("it holds %q (%v)", got, err)
	}
}

// A name may be a link, or of what is no regular file: what it stands for is written,
// and stays what it is.
func TestOutputLeavesLinksAndDevicesWhatTheyAre(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	holds := func(name, want string) {
		t.Helper()
		if got, err := os.ReadFile(in(name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q (%v), want %q", name, got, err, want)
		}
	}
	is := func(name string, kind os.FileMode) {
		t.Helper()
		if info, err := os.Lstat(name); err != nil || info.Mode().Type() != kind {
			t.Errorf("%s is %v (%v), want %v", name, info.Mode(), err, kind)
		}
	}
	for name, to := range map[string]string{"link": "file", "dangling": "new", "again": "link", "circle": "circle"} {
		if err := os.Symlink(to, in(name)); err != nil {
			t.Skip(err)
		}
	}
	if err := os.WriteFile(in("file"), []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"link": "file", "dangling": "new", "again": "file"} {
		if err := WriteFile(in(name), text("by "+name)); err != nil {
			t.Fatal(err)
		}
		is(in(name), os.ModeSymlink)
		holds(file, "by "+name)
		if err := AppendFile(in(name), text(", and more")); err != nil {
			t.Fatal(err)
		}
		is(in(name), os.ModeSymlink)
		holds(file, "by "+name+", and more")
	}
	if info, err := os.Stat(in("file")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file that was there has mode %v (%v)", info.Mode(), err)
	}
	for _, write := range []func(string, func(io.Writer) error) error{WriteFile, AppendFile} {
		if err := write(in("circle"), text("")); err == nil {
			t.Error("a link to itself is written")
		}
		if err := write(dir, text("")); err == nil {
			t.Error("a folder is written")
		}
		if err := write("/dev/null", text("gone")); err != nil {
			t.Error(err)
		}
		is("/dev/null", os.ModeDevice|os.ModeCharDevice)
		if _, err := os.Lstat("/dev/null.partial"); err == nil {
			t.Error("/dev/null.partial is left")
		}
	}
}
