package main

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// version is the module's version, with the commit when it was built from one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return cmp.Or(info.Main.Version, "(devel)")
}

// build is version as machines compare it: where that tells neither a commit nor a release,
// or the tree had been changed, with a checksum of the executable, as build metadata of
// Semantic Versioning is written. It tells builds apart that differ by mistake; whom to
// trust is for a run's credentials.
var build = sync.OnceValue(func() string { return buildOf(version(), os.Executable) })

func buildOf(version string, executable func() (string, error)) string {
	changed := strings.HasSuffix(version, "+dirty")
	if !changed && version != "(devel)" && version != "unknown" {
		return version
	}
	path, err := executable()
	if err != nil {
		return version
	}
	f, err := os.Open(path)
	if err != nil {
		return version
	}
	defer f.Close()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli)) // in hardware, where SHA-256 takes a fifth of a second
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{f}, make([]byte, 1<<20)); err != nil {
		return version
	}
	if changed {
		return fmt.Sprintf("%s.%08x", version, sum.Sum32())
	}
	return fmt.Sprintf("%s+%08x", version, sum.Sum32())
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
