package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// runFiles are the files that posfleet keeps in the folder of a run or a check; what it
// was told from is not written over.
var runFiles = []string{"run.json", "latency.hlog", "events.ndjson", "journal.csv", "check.json"}

// spare refuses to write over what a run is kept in, this one's or another's.
func (f *reportFlags) spare(dirs []string) error {
	for flag, name := range map[string]string{"--html": f.html, "--csv": f.csv} {
		if name == "" {
			continue
		}
		if slices.Contains(runFiles, filepath.Base(name)) {
			if _, err := os.Stat(name); err == nil {
				return fmt.Errorf("%s %s: that file holds a run, and is not written over: name another", flag, name)
			}
		}
		for _, dir := range dirs {
			for _, kept := range runFiles {
				if same(name, filepath.Join(dir, kept)) {
					return fmt.Errorf("%s %s: that is %s of %s, and is not written over: name another", flag, name, kept, dir)
				}
			}
		}
	}
	for flag, dir := range map[string]string{"--html": besides(f.html), "--csv": besides(f.csv), "--pictures": f.pictures} {
		if dir == "" || len(dirs) == 1 && same(dir, dirs[0]) {
			continue
		}
		for _, kept := range runFiles {
			if _, err := os.Stat(filepath.Join(dir, kept)); err == nil {
				return fmt.Errorf("%s: %s is the folder of another run, or of a part of this: name another", flag, dir)
			}
		}
	}
	return nil
}

// same reports whether two names are of one file that there is.
func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// besides is the folder of a file that is there; empty for none.
func besides(name string) string {
	if _, err := os.Stat(name); name == "" || err != nil {
		return ""
	}
	return filepath.Dir(name)
}
