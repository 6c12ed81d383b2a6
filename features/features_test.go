package features_test

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim/profile"
)

// dialects are the folders that make up the conformance check of each dialect.
var dialects = map[string][]string{"cup": {"core", "shop", "cup"}, "iso87": {"core", "shop", "iso87"}, "iso93": {"core", "shop", "iso93"}}

func language(t *testing.T, dialect string) *scenarios.Language {
	t.Helper()
	p, err := profile.Bundled(dialect, 4)
	if err != nil {
		t.Fatal(err)
	}
	return scenarios.NewLanguage(p)
}

func read(t *testing.T, folders ...string) []*scenarios.Feature {
	t.Helper()
	fs, err := scenarios.ReadFeatures(features.FS, folders...)
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

// folders are those of all features.
func folders(t *testing.T) (names []string) {
	t.Helper()
	all, err := features.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

func TestEverySentenceIsKnown(t *testing.T) {
	for dialect, folders := range dialects {
		l := language(t, dialect)
		for _, f := range read(t, folders...) {
			for _, s := range f.Scenarios {
				for i := range s.Steps {
					if _, err := l.Bind(s, i); err != nil {
						t.Errorf("%s: %v", dialect, err)
					}
				}
			}
		}
	}
}

// ReadFeatures refuses an id that stands for two scenarios, so reading all
// folders together is half of this test.
func TestEveryScenarioHasAnIDAndATopic(t *testing.T) {
	for _, f := range read(t, folders(t)...) {
		for _, s := range f.Scenarios {
			folder, _, _ := strings.Cut(f.Path, "/")
			if folder == "load" {
				folder = "" // named after the dialect that they need
			}
			if !strings.HasPrefix(s.ID, folder) || s.ID == "" || s.Tags[len(s.Tags)-1] != "@"+s.ID {
				t.Errorf("%s: id %q, tags %v: want the id last and beginning with %q", s.At(), s.ID, s.Tags, folder)
			}
			if len(s.Tags) < 2 {
				t.Errorf("%s: tags %v: want a topic too", s.At(), s.Tags)
			}
		}
	}
}

func TestBothLanguagesAreWellServed(t *testing.T) {
	ids := map[string]map[string]bool{}
	rows := 0
	for _, f := range read(t, dialects["cup"]...) {
		if ids[f.Language] == nil {
			ids[f.Language] = map[string]bool{}
		}
		for _, s := range f.Scenarios {
			ids[f.Language][s.ID] = true
			rows++
		}
	}
	english, chinese := len(ids["en"]), len(ids["zh-CN"])
	t.Logf("cup: %d scenarios, %d of them Chinese; %d with the rows of outlines", english+chinese, chinese, rows)
	if all := english + chinese; all < 75 || chinese*5 < all*2 {
		t.Errorf("%d scenarios, %d of them Chinese: want 75 at least, two in five Chinese", all, chinese)
	}
}

func TestEverydayScenariosCompileForLoad(t *testing.T) {
	for dialect, folders := range dialects {
		l := language(t, dialect)
		n := 0
		for _, f := range read(t, folders...) {
			for _, s := range f.Scenarios {
				if !s.Has("@everyday") {
					continue
				}
				n++
				if _, faults, err := l.Compile(s); err != nil || faults {
					t.Errorf("%s: %s: faults %t, error %v", dialect, s.ID, faults, err)
				}
			}
		}
		if n < 5 {
			t.Errorf("%s: %d @everyday scenarios make no mix", dialect, n)
		}
	}
}

func TestLoadScenariosCompile(t *testing.T) {
	n := 0
	for _, f := range read(t, "load") {
		for _, s := range f.Scenarios {
			n++
			for dialect, folders := range dialects {
				if id, _, _ := strings.Cut(s.ID, "-"); id != "core" && id != dialect {
					continue
				}
				load, err := language(t, dialect).CompileLoad(s, read(t, folders...))
				if err != nil {
					t.Errorf("%s: %v", dialect, err)
					continue
				}
				if load.Terminals == 0 || load.For == 0 || len(load.Limits) == 0 || !load.Books {
					t.Errorf("%s: terminals %d, for %s, limits %v, books %t: want all of them said", s.At(), load.Terminals, load.For, load.Limits, load.Books)
				}
			}
		}
	}
	if n == 0 {
		t.Error("there is no @load scenario")
	}
}
