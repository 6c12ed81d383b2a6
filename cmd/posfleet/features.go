package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
)

var lineAtEnd = regexp.MustCompile(`^(.+):(\d+)$`)

// embedded are the features that come with posfleet for a dialect and those that
// it extends. What a check plays when it is told nothing else is certification of a
// host; a merchant's day is there for who asks for it.
func embedded(d *dialect.Dialect, shop bool) ([]*scenarios.Feature, error) {
	paths := []string{"core"}
	if _, err := fs.Stat(features.FS, "shop"); err == nil && shop {
		paths = append(paths, "shop")
	}
	if d.DUKPT != keys.NoDUKPT {
		paths = append(paths, "dukpt")
	}
	for _, name := range append(slices.Clone(d.Bases), d.Name) {
		if _, err := fs.Stat(features.FS, name); err == nil && !slices.Contains(paths, name) {
			paths = append(paths, name)
		}
	}
	return readEmbedded(paths...)
}

// readEmbedded reads features that come with posfleet.
func readEmbedded(paths ...string) ([]*scenarios.Feature, error) {
	fs, err := scenarios.ReadFeatures(features.FS, paths...)
	for _, f := range fs {
		f.Embedded = true
	}
	return fs, err
}

// choose reads the features that the arguments name, files, folders, parts of
// the embedded tree (cup/reversal), file:line or @ids: all of them together. Tags
// and names narrow these down. What is named twice is played once.
func choose(args []string, d *dialect.Dialect, tags string, names []string, files *profile.Files) (_ []*scenarios.Feature, err error) {
	defer func() { err = scenarios.ScrubbedError(d, err) }()
	sel := scenarios.Selection{Tags: tags, Names: names}
	var fs []*scenarios.Feature
	var ids []string
	for _, a := range args {
		if strings.HasPrefix(a, "@") {
			ids = append(ids, a)
			continue
		}
		path, line := a, 0
		if m := lineAtEnd.FindStringSubmatch(a); m != nil {
			path = m[1]
			if line, _ = strconv.Atoi(m[2]); line == 0 {
				return nil, fmt.Errorf("%s: lines are counted from 1 (list the scenarios with posfleet check --list %s)", a, path)
			}
		}
		more, err := read(path, files)
		if err != nil {
			return nil, err
		}
		if line > 0 {
			lines := map[string]int{}
			for _, f := range more {
				lines[f.Path] = line
			}
			if more, err = scenarios.Select(more, scenarios.Selection{Lines: lines}); err != nil {
				return nil, fmt.Errorf("%s: there is no scenario on this line (list them with posfleet check --list %s)", a, path)
			}
		}
		fs = join(fs, more)
	}
	switch {
	case len(ids) > 0:
		if fs, err = withIDs(fs, ids, d); err != nil {
			return nil, err
		}
	case len(args) == 0:
		if fs, err = embedded(d, len(names) > 0); err != nil {
			return nil, err
		}
	}
	if err := scenarios.UniqueIDs(fs); err != nil {
		return nil, err
	}
	for _, name := range sel.Names {
		if err := noID(fs, name); err != nil {
			return nil, err
		}
		if _, err := scenarios.Select(fs, scenarios.Selection{Names: []string{name}}); err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
	}
	fs, err = scenarios.Select(fs, sel)
	for _, f := range fs {
		for _, s := range f.Scenarios {
			if len(s.Steps) == 0 {
				return nil, fmt.Errorf("%s: scenario %q has no sentences", s.At(), s.Name)
			}
		}
	}
	return fs, err
}

// withIDs adds to features the scenarios that come with posfleet and have these ids;
// those among the features are there already.
func withIDs(fs []*scenarios.Feature, ids []string, d *dialect.Dialect) ([]*scenarios.Feature, error) {
	all, err := embedded(d, true)
	if err != nil {
		return nil, err
	}
	named := namesOf(fs)
	for _, id := range ids {
		if named[id] {
			continue
		}
		if err := noID(append(slices.Clone(fs), all...), id); err != nil {
			return nil, err
		}
		more, err := scenarios.Select(all, scenarios.Selection{Names: []string{id}})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		fs = join(fs, more)
	}
	return fs, nil
}

// known are the scenarios that a list may name, by @id and file:line: those of the
// files that arguments name, selected or not, and all that come with posfleet.
func known(args []string) map[string]bool {
	fs, _ := readEmbedded(".") // a test reads them
	for _, a := range args {
		if m := lineAtEnd.FindStringSubmatch(a); m != nil {
			a = m[1]
		}
		if more, bad := read(a, &profile.Files{}); bad == nil {
			fs = append(fs, more...)
		}
	}
	return namesOf(fs)
}

// namesOf are scenarios by @id and file:line.
func namesOf(fs []*scenarios.Feature) map[string]bool {
	names := map[string]bool{}
	for _, f := range fs {
		for _, s := range f.Scenarios {
			names["@"+s.ID], names[s.At()] = true, true
		}
	}
	delete(names, "@")
	return names
}

// noID says of an @name that is a tag and no id what it is; nil of any other.
func noID(fs []*scenarios.Feature, name string) error {
	tagged := 0
	for _, f := range fs {
		for _, s := range f.Scenarios {
			if "@"+s.ID == name {
				return nil
			}
			if strings.HasPrefix(name, "@") && s.Has(name) {
				tagged++
			}
		}
	}
	if tagged == 0 {
		return nil
	}
	return fmt.Errorf("%s is a tag of %d scenarios and no id, which is the last tag of a scenario that ends in - and a number (@shop-1); select by --tags %s", name, tagged, name)
}

// samePath reports whether two ways to a file lead to the same one.
func samePath(a, b string) bool {
	if a == b {
		return true
	}
	whole, err := filepath.Abs(a)
	other, wrong := filepath.Abs(b)
	return err == nil && wrong == nil && whole == other
}

// join adds features to others, each scenario once, in the order of its file.
func join(fs, more []*scenarios.Feature) []*scenarios.Feature {
	for _, m := range more {
		i := slices.IndexFunc(fs, func(f *scenarios.Feature) bool { return f.Embedded == m.Embedded && samePath(f.Path, m.Path) })
		if i < 0 {
			fs = append(fs, m)
			continue
		}
		f := fs[i]
		for _, s := range m.Scenarios {
			if !slices.ContainsFunc(f.Scenarios, func(o *scenarios.Scenario) bool { return o.Line == s.Line }) {
				f.Scenarios = append(f.Scenarios, s)
			}
		}
		slices.SortFunc(f.Scenarios, func(a, b *scenarios.Scenario) int { return a.Line - b.Line })
	}
	return fs
}

// endings are what may be left out of a feature file's name: both languages'
// files are meant then.
var endings = []string{".feature", ".zh.feature"}

// read reads one path: of the disk when it exists there, else of the embedded
// features.
func read(path string, files *profile.Files) ([]*scenarios.Feature, error) {
	info, err := files.Stat(path)
	if err != nil {
		var all []*scenarios.Feature
		for _, ending := range endings {
			if _, err := files.Stat(path + ending); err != nil {
				continue
			}
			more, err := read(path+ending, files)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		if all != nil {
			return all, nil
		}
		inside := strings.TrimPrefix(filepath.ToSlash(path), "features/")
		var names []string
		for _, ending := range append([]string{""}, endings...) {
			if _, err := fs.Stat(features.FS, inside+ending); err == nil {
				names = append(names, inside+ending)
			}
		}
		if names != nil {
			return readEmbedded(names...)
		}
		return nil, fmt.Errorf("feature %s: there is no such file or folder, nor one embedded (posfleet check --list lists those)", path)
	}
	root, name := filepath.Dir(path), filepath.Base(path)
	if info.IsDir() {
		root, name = path, "."
	}
	below, err := files.Under(root)
	if err != nil {
		return nil, err
	}
	fs, err := scenarios.ReadFeatures(below, name)
	if err != nil {
		return nil, fmt.Errorf("%s%w", prefix(root), err)
	}
	for _, f := range fs {
		f.Path = filepath.Join(root, f.Path)
		files.Note(f.Path)
	}
	return fs, nil
}

func prefix(root string) string {
	if root == "." {
		return ""
	}
	return root + string(filepath.Separator)
}

// selectors name scenarios as check and load are told to play them: @id or file:line.
func selectors(fs []*scenarios.Feature, of func(*scenarios.Scenario) bool) (names []string) {
	for _, f := range fs {
		for _, s := range f.Scenarios {
			if of(s) {
				names = append(names, cmp.Or(strings.TrimSuffix("@"+s.ID, "@"), s.At()))
			}
		}
	}
	return names
}

// without leaves out the scenarios that carry a tag.
func without(fs []*scenarios.Feature, tag string) (rest, taken []*scenarios.Feature) {
	for _, f := range fs {
		keep, gone := *f, *f
		keep.Scenarios, gone.Scenarios = nil, nil
		for _, s := range f.Scenarios {
			if s.Has(tag) {
				gone.Scenarios = append(gone.Scenarios, s)
			} else {
				keep.Scenarios = append(keep.Scenarios, s)
			}
		}
		if len(keep.Scenarios) > 0 {
			rest = append(rest, &keep)
		}
		if len(gone.Scenarios) > 0 {
			taken = append(taken, &gone)
		}
	}
	return rest, taken
}
