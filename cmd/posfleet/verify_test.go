package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var verifies = flag.Bool("verify", false, "run what docs/reliability.md names, for make verify")

// verifying is set where tests are run for make verify: some are too long for each change.
const verifying = "POSFLEET_VERIFYING"

// claim is a row of docs/reliability.md.
type claim struct {
	id, class, holds string
	tests            map[string][]string // by package
	command          []string
}

var (
	claimRow  = regexp.MustCompile(`(?m)^\| (R\d+) \| ([QN]) \| (.*?) \| (.*?) ?\| .*\|$`)
	claimPart = regexp.MustCompile("^`([^`]+)` ?(.*)$")
)

// claims reads the table.
func claims(t *testing.T) (all []claim) {
	t.Helper()
	for _, m := range claimRow.FindAllStringSubmatch(content(t, filepath.Join(tree, "docs/reliability.md")), -1) {
		c := claim{id: m[1], class: m[2], holds: m[3], tests: map[string][]string{}}
		for part := range strings.SplitSeq(m[4], "; ") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			p := claimPart.FindStringSubmatch(part)
			switch {
			case p == nil:
				t.Fatalf("%s: %q, want a package or command in back quotes", c.id, part)
			case strings.HasPrefix(p[1], "make ") || strings.HasPrefix(p[1], ".ci/"):
				c.command = strings.Fields(p[1])
			default:
				c.tests[p[1]] = strings.Split(p[2], ", ")
			}
		}
		all = append(all, c)
	}
	return all
}

// The table has each of the properties, and the tests that it names are there.
func TestWhatIsClaimedHasItsTests(t *testing.T) {
	all := claims(t)
	for n := 1; n <= 54; n++ {
		if i := slices.IndexFunc(all, func(c claim) bool { return c.id == fmt.Sprintf("R%d", n) }); i < 0 {
			t.Errorf("docs/reliability.md has no R%d", n)
		} else if c := all[i]; c.class == "Q" && len(c.tests) == 0 && c.command == nil {
			t.Errorf("%s: class Q, and nothing is run", c.id)
		}
	}
	sources := map[string]string{}
	for _, c := range all {
		for pkg, tests := range c.tests {
			if sources[pkg] == "" {
				files, err := filepath.Glob(filepath.Join(tree, pkg, "*_test.go"))
				if err != nil || len(files) == 0 {
					t.Errorf("%s: package %s has no tests", c.id, pkg)
				}
				for _, file := range files {
					sources[pkg] += content(t, file)
				}
			}
			for _, test := range tests {
				name, _, _ := strings.Cut(test, "/")
				if !strings.Contains(sources[pkg], "\nfunc "+name+"(t ") {
					t.Errorf("%s: %s has no %s", c.id, pkg, name)
				}
			}
		}
	}
}

// ended is what became of a test.
type ended struct {
	result  string // pass, fail, skip
	figure  string // the last that it logged
	seconds float64
}

// TestVerify runs every quick row and tells what was found, as rows of a table. What was
// skipped is untested, not passed.
func TestVerify(t *testing.T) {
	if !*verifies {
		t.Skip("make verify runs it")
	}
	wanted := map[string][]string{}
	quick := slices.DeleteFunc(claims(t), func(c claim) bool { return c.class != "Q" })
	for _, c := range quick {
		for pkg, tests := range c.tests {
			wanted[pkg] = append(wanted[pkg], tests...)
		}
	}
	found := map[string]ended{} // by package, blank and test
	began := time.Now()
	for pkg, tests := range wanted {
		for test, e := range played(t, pkg, tests) {
			found[pkg+" "+test] = e
		}
	}
	fmt.Printf("\n| id | result | s | figure |\n|---|---|---|---|\n")
	failed := 0
	for _, c := range quick {
		whole := ended{result: "pass"}
		var figures []string
		for pkg, tests := range c.tests {
			for _, test := range tests {
				e := found[pkg+" "+test]
				whole.seconds += e.seconds
				if e.figure != "" {
					figures = append(figures, e.figure)
				}
				if e.result = cmp.Or(e.result, "not run"); e.result != "pass" {
					whole.result = e.result
					figures = append(figures, pkg+" "+test)
				}
			}
		}
		if c.command != nil {
			since := time.Now()
			run := exec.Command(c.command[0], c.command[1:]...)
			run.Dir = tree
			if said, err := run.CombinedOutput(); err != nil {
				whole.result = "fail"
				figures = append(figures, strings.Join(strings.Fields(string(said)), " "))
			}
			whole.seconds += time.Since(since).Seconds()
		}
		if whole.result != "pass" {
			failed++
		}
		slices.Sort(figures)
		fmt.Printf("| %s | %s | %.1f | %s |\n", c.id, whole.result, whole.seconds, strings.Join(slices.Compact(figures), "; "))
	}
	fmt.Printf("\n%d of %d hold, in %v\n", len(quick)-failed, len(quick), time.Since(began).Round(time.Second))
	if failed > 0 {
		t.Errorf("%d do not hold, or were not looked at", failed)
	}
}

// played runs tests of a package and gives what became of each.
func played(t *testing.T, pkg string, tests []string) map[string]ended {
	t.Helper()
	var tops, below []string
	for _, test := range tests {
		top, sub, _ := strings.Cut(test, "/")
		if tops = append(tops, top); sub != "" {
			below = append(below, sub)
		}
	}
	pattern := "^(" + strings.Join(tops, "|") + ")$"
	if len(below) > 0 { // of tests with parts those alone that are named; others have none
		pattern += "/^(" + strings.Join(below, "|") + ")$"
	}
	c := exec.Command("go", "test", "-json", "-count", "1", "-run", pattern, "./"+pkg)
	c.Dir, c.Env = tree, append(os.Environ(), verifying+"=1")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if _, is := errors.AsType[*exec.ExitError](err); err != nil && !is {
		t.Fatal(err)
	}
	all := map[string]ended{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var line struct {
			Action, Test, Output string
			Elapsed              float64
		}
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		e := all[line.Test]
		switch line.Action {
		case "pass", "fail", "skip":
			e.result, e.seconds = line.Action, line.Elapsed
			if line.Action == "fail" && line.Test != "" {
				fmt.Printf("%s: %s failed: go test ./%s -run '^%s$'\n", pkg, line.Test, pkg, line.Test)
			}
		case "output":
			if m := logged.FindStringSubmatch(line.Output); m != nil {
				e.figure = m[1]
			}
		}
		all[line.Test] = e
	}
	return all
}

// logged is a line of t.Logf.
var logged = regexp.MustCompile(`^    \w+_test\.go:\d+: (.*)\n$`)
