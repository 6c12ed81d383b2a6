package main

import (
	"bytes"
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
