package verdicts

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestFolderIsReadAsItWasWritten(t *testing.T) {
	r := results()
	r.Features[0].Verdicts[1].Expected = "known since March"
	dir := filepath.Join(t.TempDir(), "a", "found")
	if err := Save(dir, []Form{{Summary, r.WriteJSON}}); err != nil {
		t.Fatal(err)
	}
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

// A form that cannot be written leaves no folder, and one that is there stays.
func TestFolderIsWholeOrNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "found")
	full := func(io.Writer) error { return errors.New("no space left") }
	if err := Save(dir, []Form{{Summary, results().WriteJSON}, {"report.html", full}}); err == nil {
		t.Error("nothing is said of a form that was not written")
	}
	for _, name := range []string{dir, dir + ".partial"} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is there", name)
		}
	}
}
