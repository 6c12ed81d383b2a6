package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionTellsCommitAndGo(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run([]string{"--version"}, &stdout, &stderr)
	want := regexp.MustCompile(`^posfleet \S+, commit ([0-9a-f]{12,40}( with changes)?|unknown), ` + regexp.QuoteMeta(runtime.Version()) + ` \w+/\w+\n$`)
	if code != exitOK || !want.MatchString(stdout.String()) || stderr.Len() > 0 {
		t.Errorf("exit code %d, %q, %q", code, stdout.String(), stderr.String())
	}
	commit := strings.Repeat("5494f50a", 5)
	for want, settings := range map[string][]debug.BuildSetting{
		"unknown":                {{Key: "GOOS", Value: "linux"}},
		commit:                   {{Key: "vcs.revision", Value: commit}, {Key: "vcs.modified", Value: "false"}},
		commit + " with changes": {{Key: "vcs.revision", Value: commit}, {Key: "vcs.modified", Value: "true"}},
	} {
		if got := commitOf(settings, "v1.2.3"); got != want {
			t.Errorf("%v: %q, want %q", settings, got, want)
		}
	}
	if got := commitOf(nil, "v0.0.0-20261126211830-0d1b8e3645fe"); got != "0d1b8e3645fe" {
		t.Errorf("installed without a tree: %q", got)
	}
}

// Two builds of which nothing says what they were built from are not the same because
// neither says so: an agent of the other might play the same plan differently.
func TestBuildsWithoutACommitAreToldApart(t *testing.T) {
	file := func(octets string) func() (string, error) {
		name := filepath.Join(t.TempDir(), "posfleet")
		if err := os.WriteFile(name, []byte(octets), 0o755); err != nil {
			t.Fatal(err)
		}
		return func() (string, error) { return name, nil }
	}
	one, same, other := file("one build"), file("one build"), file("another")
	for version, apart := range map[string]bool{"(devel)": true, "unknown": true, "v0.0.0-20261126211830-0d1b8e3645fe+dirty": true, "v1.2.3": false, "v0.0.0-20261126211830-0d1b8e3645fe": false} {
		a, b, c := buildOf(version, one), buildOf(version, same), buildOf(version, other)
		if a != b || (a != c) != apart || !strings.HasPrefix(a, version) || strings.Count(a, "+") > 1 || !apart && a != version {
			t.Errorf("%s: %s, the same %s, another %s", version, a, b, c)
		}
	}
	if build() == version() && version() == "(devel)" {
		t.Errorf("this build is %s alone", build())
	}
}
