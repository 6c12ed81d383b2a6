package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A secret among the arguments can be seen by everybody on the machine: none is taken, and
// one that is given all the same is not repeated.
func TestNoSecretIsAnArgument(t *testing.T) {
	about := regexp.MustCompile(`(?i)\b(keys?|tokens?|passwords?|credentials|PINs?|secrets?)\b`)
	seen := map[string]bool{}
	everyVerb(command(&signals{}), func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() != "string" || !about.MatchString(f.Usage) || slices.Contains([]string{"profile", "listen", "record", "data", "out", "tls-key-log"}, f.Name) {
				return
			}
			if seen[f.Name] = true; !slices.Contains(secretFlags, f.Name) || !strings.Contains(strings.ToLower(f.Usage), "file") {
				t.Errorf("%s --%s: %s: what it wants may be a secret; want a file in secretFlags", c.CommandPath(), f.Name, f.Usage)
			}
		})
	})
	for _, name := range secretFlags {
		if !seen[name] {
			t.Errorf("secretFlags names --%s, and no verb has it", name)
		}
	}

	missing := filepath.Join(t.TempDir(), "token.txt")
	for value, hidden := range map[string]bool{
		"8F2A61D3C49B7E5016D870AB2CE5F394": true, "8F2A 61D3 C49B 7E50": true, "AGE-SECRET-KEY-1QQPQYQSZQGPQYQSZQGPQYQSZQGP": true,
		"Zq7RwX0m3LtB9sVc5NfJ2yHd": true, missing: false, "key": false, "kbpk.key": false, "a-key-file-of-the-laboratory": false,
	} {
		for _, args := range [][]string{{"host", "--admin", "127.0.0.1:0", "--admin-token-file", value}, {"decode", "--keys", value, "00"}, {"keys", "--out", filepath.Join(t.TempDir(), "k"), "--under", value}} {
			var stdout, stderr bytes.Buffer
			code := run(args, &stdout, &stderr)
			if said := stdout.String() + stderr.String(); code != exitUsage || strings.Contains(said, value) == hidden {
				t.Errorf("%s with %q: exit code %d, %s", args[0], value, code, said)
			}
		}
	}
}
