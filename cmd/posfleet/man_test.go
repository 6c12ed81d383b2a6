package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

var manDir = flag.String("man", "", "folder to write the manual's pages into, for make man")

// Every verb has a page in the manual, with each of its flags. They are made by
// make man, dated by SOURCE_DATE_EPOCH.
func TestManPages(t *testing.T) {
	dir := *manDir
	if dir == "" {
		dir = t.TempDir()
		t.Setenv("SOURCE_DATE_EPOCH", "1795651200")
	}
	root := command(&signals{})
	root.InitDefaultCompletionCmd()
	root.InitDefaultVersionFlag()
	root.DisableAutoGenTag = true
	everyVerb(root, func(c *cobra.Command) { c.Long = preformatted(c.Long) })
	header := &doc.GenManHeader{Section: "1", Source: "posfleet", Manual: "posfleet manual"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		t.Fatal(err)
	}
	everyVerb(root, func(c *cobra.Command) {
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			return
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if want := "--" + f.Name + `\fP`; !f.Hidden && !bytes.Contains(page, []byte(want)) {
				t.Errorf("%s has no %s", name, want)
			}
		})
	})
}

// everyVerb calls do for a command and all that are shown below it.
func everyVerb(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, below := range c.Commands() {
		if below.IsAvailableCommand() {
			everyVerb(below, do)
		}
	}
}

var tableLine = regexp.MustCompile(`(?m)^( {2}|\t)`)

// preformatted has the lines of a table in a help text stay lines in Markdown, which the
// pages are made from.
func preformatted(text string) string {
	var out strings.Builder
	table := false
	for line := range strings.Lines(text) {
		if is := tableLine.MatchString(line); is != table {
			table = is
			out.WriteString("\n")
		}
		if table {
			out.WriteString("    ")
		}
		out.WriteString(line)
	}
	return out.String()
}

// A completion is a script that its shell reads; each names the verbs by asking posfleet.
func TestShellsAreGivenCompletions(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		var stdout, stderr bytes.Buffer
		if code := run([]string{"completion", shell}, &stdout, &stderr); code != exitOK || !strings.Contains(stdout.String(), "posfleet") {
			t.Errorf("%s: exit code %d, %d octets, %s", shell, code, stdout.Len(), stderr.String())
		}
	}
	var stdout, stderr bytes.Buffer
	if run([]string{"__complete", "load", "--term"}, &stdout, &stderr); !strings.Contains(stdout.String(), "--terminals") {
		t.Errorf("load --term is completed as %q", stdout.String())
	}
}
