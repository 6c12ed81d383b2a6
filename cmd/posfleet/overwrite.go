package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// resultFlags name what a verb writes; all other flags that name a file name one that is read.
// Of those in newFlags only what is not there yet is written.
var (
	resultFlags = []string{"csv", "cucumber", "data", "events", "hgrm", "html", "junit", "out", "pictures", "record", "tls-key-log"}
	newFlags    = []string{"data", "hgrm", "out", "record"}
)

// namedFile is a file by its path, and who named it.
type namedFile struct{ by, path string }

// resultsApart complains when a flag has results written over a file that the same command
// reads, by an argument, a flag or as one of the files read so far, or over the results of
// another flag. Files are compared, not names: links are followed.
func resultsApart(flags *pflag.FlagSet, args, read []string) error {
	var results, inputs []namedFile
	flags.Visit(func(f *pflag.Flag) {
		paths := []string{f.Value.String()}
		if list, is := f.Value.(pflag.SliceValue); is {
			paths = list.GetSlice()
		}
		for _, path := range paths {
			switch {
			case path == "":
			case slices.Contains(resultFlags, f.Name):
				results = append(results, namedFile{"--" + f.Name, path})
			default:
				inputs = append(inputs, namedFile{"--" + f.Name, path})
			}
		}
	})
	if len(results) == 0 {
		return nil
	}
	for _, path := range args {
		if m := lineAtEnd.FindStringSubmatch(path); m != nil {
			inputs = append(inputs, namedFile{"", m[1]})
		}
		inputs = append(inputs, namedFile{"", path})
	}
	for _, path := range read {
		inputs = append(inputs, namedFile{"", path})
	}
	for i, of := range results {
		if err := ofItsOwn(of, inputs); err != nil && !slices.Contains(newFlags, of.by[2:]) {
			return err
		}
		for _, other := range results[:i] {
			if err := twoResults(of, other); err != nil {
				return err
			}
		}
	}
	return nil
}

// ofItsOwn complains when a result would be written over one of the files that are read.
func ofItsOwn(result namedFile, inputs []namedFile) error {
	for _, in := range inputs {
		info, err := os.Stat(in.path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if sameFile(result.path, in.path) {
			what := "a file that this command reads"
			if in.by != "" {
				what = "what " + in.by + " names"
			}
			return fmt.Errorf("%s %s: would write over %s, %s; name another file", result.by, result.path, in.path, what)
		}
	}
	return nil
}

// twoResults complains when of two results one would be written over the other, or into a folder
// that must not be there before it is complete.
func twoResults(a, b namedFile) error {
	if info, err := os.Stat(a.path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil // a device, or a pipe
	}
	x, y := resolved(a.path), resolved(b.path)
	inside := func(file, folder string) bool {
		return strings.HasPrefix(file, folder+string(filepath.Separator))
	}
	switch {
	case sameFile(a.path, b.path):
		return fmt.Errorf("%s and %s both name %s; give each a name of its own", b.by, a.by, a.path)
	case b.by == "--out" && inside(x, y), a.by == "--out" && inside(y, x):
		return fmt.Errorf("%s %s and %s %s: one is in the other, and the folder must not be there before; name a file elsewhere", b.by, b.path, a.by, a.path)
	}
	return nil
}

// sameFile reports whether two names are of one file, which may not be there yet.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	y, other := os.Stat(b)
	if err == nil && other == nil {
		return os.SameFile(x, y)
	}
	return err != nil && other != nil && resolved(a) == resolved(b)
}

// resolved is a path without links in it, of what is not there yet as far as there is
// something.
func resolved(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	for range 40 { // links of links
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			break
		}
		next, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	if dir := filepath.Dir(path); dir != path {
		return filepath.Join(resolved(dir), filepath.Base(path))
	}
	return path
}

// resultsApart complains of results over a file that has been read for this network: its
// profile and dialect, and what these name; features.
func (f *networkFlags) resultsApart() error {
	if f.flags == nil || f.files.From != nil { // another machine's files
		return nil
	}
	return usage(resultsApart(f.flags, nil, f.files.Paths()))
}
