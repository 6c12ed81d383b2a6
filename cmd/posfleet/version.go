package main

import (
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
)

// version is the module's version, with the commit when it was built from one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return cmp.Or(info.Main.Version, "(devel)")
}

// versionLine is what --version tells: version, commit, Go and system, as they were when
// the program was built.
func versionLine() string {
	commit := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		commit = commitOf(info.Settings, info.Main.Version)
	}
	return fmt.Sprintf("posfleet %s, commit %s, %s %s/%s", version(), commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// pseudo is the version of a commit without a tag, which ends with the beginning of it.
var pseudo = regexp.MustCompile(`[-.]\d{14}-([0-9a-f]{12})$`)

// commitOf is the commit in a build's settings, and whether the tree had been changed; what
// the version tells of it when go install had no tree; "unknown" without one.
func commitOf(settings []debug.BuildSetting, version string) string {
	commit, changed := "unknown", ""
	if m := pseudo.FindStringSubmatch(version); m != nil {
		commit = m[1]
	}
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	return commit + changed
}
