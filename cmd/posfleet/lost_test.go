package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fullDisk takes so many octets and no more.
type fullDisk struct{ room int }

var errNoSpace = errors.New("no space left on device")

func (w *fullDisk) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, errNoSpace
	}
	return len(p), nil
}

// Whatever verb loses its output ends in the same code, says so, and not in 0.
func TestLostOutputIsIncompleteInEachVerb(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	out := filepath.Join(t.TempDir(), "run")
	if code := run([]string{"check", "@core-purchase-1", "--out", out}, io.Discard, io.Discard); code != exitOK {
		t.Fatalf("check exits %d", code)
	}
	for _, args := range [][]string{
		{"check", "@core-purchase-1"}, {"check", "--list"}, {"rules"}, {"rules", "--markdown"}, {"steps"}, {"steps", "--markdown"},
		{"keys"}, {"dialect", "list"}, {"dialect", "show", "cup"}, {"dialect", "check", "cup"}, {"dialect", "export", "cup"}, {"report", out}, {"report", "--json", out},
		{"--help"}, {"help", "load"}, {"--version"},
	} {
		for _, room := range []int{0, 40} {
			var stderr bytes.Buffer
			var whole bytes.Buffer
			if run(args, &whole, io.Discard); whole.Len() <= room {
				continue
			}
			if code := run(args, &fullDisk{room}, &stderr); code != exitIncomplete || strings.Count(stderr.String(), errNoSpace.Error()) != 1 {
				t.Errorf("%v, after %d octets: exits %d, says %q", args, room, code, &stderr)
			}
		}
	}
	if code := run([]string{"check", "@core-purchase-1", "--misbehave", "wrong-mac"}, &fullDisk{}, io.Discard); code != exitFailed {
		t.Errorf("a check that fails exits %d", code)
	}
}

// Files of results that are links or devices stay what they are, whoever writes them.
func TestResultsGoThroughLinks(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(in("real"), []byte("before"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", in("link")); err != nil {
		t.Skip(err)
	}
	if code := run([]string{"check", "@core-purchase-1", "--junit", in("link"), "--cucumber", os.DevNull, "--out", in("check")}, io.Discard, io.Discard); code != exitOK {
		t.Errorf("check exits %d", code)
	}
	if text, err := os.ReadFile(in("real")); err != nil || !bytes.Contains(text, []byte("<testsuites")) {
		t.Errorf("what the link points to holds %.40q (%v)", text, err)
	}
	for _, html := range []string{in("link"), os.DevNull} {
		var stderr bytes.Buffer
		if code := run([]string{"report", in("check"), "--html", html}, io.Discard, &stderr); code != exitOK {
			t.Errorf("report --html %s exits %d: %s", html, code, &stderr)
		}
	}
	if text, err := os.ReadFile(in("real")); err != nil || !bytes.Contains(text, []byte("<html")) {
		t.Errorf("what the link points to holds %.40q (%v)", text, err)
	}
	if info, err := os.Lstat(in("link")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v (%v)", info, err)
	}
}
