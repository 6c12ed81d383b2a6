//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// within runs posfleet in a folder where no file may be longer than so many kilobytes.
func within(t *testing.T, dir, kilobytes string, args ...string) (code int, said string) {
	t.Helper()
	cmd := exec.Command("bash", append([]string{"-c", "ulimit -f " + kilobytes + "; exec \"$0\" \"$@\"", program(t)}, args...)...)
	cmd.Dir = dir
	out, _ := cmd.CombinedOutput()
	return cmd.ProcessState.ExitCode(), string(out)
}

// What a check found is not hidden by a file that could not be written: the host is wrong
// whether or not the disk is full. Each such file is told once.
func TestFullDiskHidesNoFailure(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		args string
		code int
		told []string
	}{
		{"@core-purchase-1 --misbehave wrong-mac --junit /dev/full", exitFailed, []string{"--junit"}},
		{"@core-purchase-1 --misbehave wrong-mac --junit /dev/full --cucumber /dev/full", exitFailed, []string{"--junit", "--cucumber"}},
		{"@core-purchase-1 --junit /dev/full", exitIncomplete, []string{"--junit"}},
		{"--negative --misbehave malformed-approved --stop-on-failure --junit /dev/full", exitFailed, []string{"--junit"}},
	} {
		cmd := exec.Command(program(t), append([]string{"check", "-q"}, strings.Fields(c.args)...)...)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != c.code {
			t.Errorf("check %s: exit %d, want %d:\n%s", c.args, code, c.code, out)
		}
		for _, flag := range c.told {
			if n := strings.Count(string(out), flag+": write /dev/full: no space left on device"); n != 1 {
				t.Errorf("check %s: %s is told %d times:\n%s", c.args, flag, n, out)
			}
		}
	}
	cmd := exec.Command(program(t), "check", "-q", "@core-purchase-1", "--misbehave", "wrong-mac")
	cmd.Env = append(os.Environ(), "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "none", "summary.md"))
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitFailed || !strings.Contains(string(out), "GITHUB_STEP_SUMMARY: ") {
		t.Errorf("no summary: exit %d\n%s", cmd.ProcessState.ExitCode(), out)
	}
}

// Half a file is not put in the place of the whole one that was there, and the others are
// written all the same.
func TestFullDiskKeepsTheOldResults(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	old := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"j.xml", "c.json"} {
		if err := os.WriteFile(old(name), []byte("whole"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, said := within(t, dir, "1", "check", "-q", "core/purchase", "--junit", "j.xml", "--cucumber", "c.json", "--out", "found")
	if code != exitIncomplete || strings.Count(said, "file too large") != 3 {
		t.Errorf("exit %d:\n%s", code, said)
	}
	for _, name := range []string{"j.xml", "c.json"} {
		if text := readText(t, old(name)); text != "whole" {
			t.Errorf("%s holds %q", name, text)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 3 {
		t.Errorf("it leaves %v", left)
	}
	if code, said := within(t, dir, "1", "report", "found"); code != exitIncomplete {
		t.Errorf("what is left of it is told with exit %d:\n%s", code, said)
	}
	code, said = within(t, dir, "16", "check", "-q", "core/purchase", "--misbehave", "wrong-mac", "--out", "part")
	if code != exitFailed || !strings.Contains(said, "not written: ") {
		t.Errorf("exit %d:\n%s", code, said)
	}
	if code, told := within(t, dir, "16", "report", "part"); code != exitIncomplete || !strings.Contains(told, "FAIL") {
		t.Errorf("what is left of it is told with exit %d:\n%s", code, told)
	}
	out, err := exec.Command(program(t), "check", "-q", "@core-echo-1", "--junit", "/dev/full", "--out", old("else")).CombinedOutput()
	if _, missing := os.Stat(old("else/check.json")); missing != nil {
		t.Errorf("one file that cannot be written takes the others along: %v\n%s", err, out)
	}
}

// Where no folder can be made nothing is played, and a user's own folder beside it stays.
func TestCheckFolderIsMadeBeforeTheCheck(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "found.partial", "mine"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for out, code := range map[string]int{"found": exitOK, "file/found": exitUsage, "/proc/found": exitUsage} {
		cmd := exec.Command(program(t), "check", "@core-echo-1", "--out", out)
		cmd.Dir = dir
		said, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != code || code == exitUsage && strings.Contains(string(said), "ok ") {
			t.Errorf("--out %s: exit %d, want %d:\n%s", out, got, code, said)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "found.partial", "mine")); err != nil {
		t.Error(err)
	}
}

// Keys that did not all fit on the disk are a result that could not be written, and no usage;
// no half of them is left.
func TestFullDiskKeepsNoHalfOfTheKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, said := within(t, dir, "1", "keys", "--terminals", "200", "--out", "keys.csv")
	if code != exitIncomplete || !strings.Contains(said, "--out: write keys.csv: file too large") || strings.Contains(said, "hint") {
		t.Errorf("exit %d:\n%s", code, said)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// Of the forms of a report each is written whatever comes of the others.
func TestFullDiskTakesNoOtherFormAlong(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	do := func(args ...string) (int, string) {
		cmd := exec.Command(program(t), args...)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	}
	do("load", "--rate", "50/s", "--for", "1s", "--warmup", "0s", "--terminals", "10", "--out", "run")
	code, said := do("report", "--csv", "/dev/full", "--hgrm", "hgrm", "run")
	if code != exitIncomplete || strings.Count(said, "--csv: write /dev/full: no space left on device") != 1 || !strings.Contains(said, "arrivals") {
		t.Errorf("exit %d:\n%s", code, said)
	}
	if all, _ := os.ReadDir(filepath.Join(dir, "hgrm")); len(all) == 0 {
		t.Error("no percentiles are written")
	}
}

// Of a run whose journal and events did not fit on the disk no reader is told that it is
// whole, and the host is not held to half of a journal.
func TestFullDiskCutsNoJournalUnsaid(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"map.yaml": "columns: {terminal: t, trace: n, amount: a, batch: b}\namounts: decimal\n", "books.csv": "t,n,a,b\n10000001,1,1.00,1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, said := within(t, dir, "34", "load", "--rate", "600/s", "--for", "1s", "--warmup", "0s", "--terminals", "20", "--out", "run", "@core-purchase-1")
	if code != exitIncomplete || strings.Count(said, "journal.csv: write run/journal.csv: file too large") != 2 { // in the report, and why it ended so
		t.Errorf("exit %d:\n%s", code, said)
	}
	for args, want := range map[string]string{
		"report run": "not all of this run was kept: journal.csv: write run/journal.csv: file too large; events.ndjson: ",
		"books run --ledger books.csv --map map.yaml": "nothing was compared: the journal of this run is not whole: journal.csv: write run/journal.csv: file too large",
	} {
		cmd := exec.Command(program(t), strings.Fields(args)...)
		cmd.Dir = dir
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitIncomplete || !strings.Contains(string(out), want) {
			t.Errorf("%s: exit %d:\n%s", args, cmd.ProcessState.ExitCode(), out)
		}
	}
}
