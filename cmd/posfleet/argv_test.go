package main

import (
	"bytes"
	"os"
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

// A password in a URL would go wherever the command line is kept: no flag takes one, and
// nothing is written where one is given.
func TestNoPasswordInAURL(t *testing.T) {
	url := regexp.MustCompile(`\bURL\b|://`)
	everyVerb(command(&signals{}), func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if _, known := urlFlags[f.Name]; url.MatchString(f.Usage) != known && f.Name != "host" {
				t.Errorf("%s --%s: %s: a URL, and not in urlFlags, or the other way", c.CommandPath(), f.Name, f.Usage)
			}
		})
	})
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"load", "--nats", "tls://u:s3cretPW@127.0.0.1:1", "--creds", "none"}, {"load", "--nats", "u:s3cretPW@127.0.0.1:1", "--agents", "2"},
		{"load", "--nats", "nats://127.0.0.1:1,nats://s3cretPW@127.0.0.1:2"}, {"load", "--otlp", "http://u:s3cretPW@127.0.0.1:1"},
		{"load", "--otlp", "http://127.0.0.1:1/?key=s3cretPW"}, {"load", "--host", "tcp://u:s3cretPW@127.0.0.1:1"},
		{"agent", "--join", "nats://u:s3cretPW@127.0.0.1:1"}, {"agent", "--nats", "nats://u:s3/cretPW@127.0.0.1:1"},
		{"capacity", "--nats", "nats://u:s3cretPW@127.0.0.1:1"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(args, &stdout, &stderr)
		said := stdout.String() + stderr.String()
		if code != exitUsage || strings.Contains(said, "cretPW") || !strings.Contains(said, args[1]) || !strings.Contains(said, "never an argument") {
			t.Errorf("%q: exit code %d, %s", args, code, said)
		}
	}
	if left, _ := filepath.Glob("*"); len(left) > 0 {
		t.Errorf("written all the same: %q", left)
	}
	t.Setenv("POSFLEET_NATS", "nats://u:s3cretPW@127.0.0.1:1")
	var stdout, stderr bytes.Buffer
	if code := run([]string{"load", "--agents", "1"}, &stdout, &stderr); code != exitUsage || strings.Contains(stderr.String(), "s3cretPW") {
		t.Errorf("from the environment: exit code %d, %s", code, stderr.String())
	}
}

// What keeps the command line keeps no password of it, wherever it stands.
func TestCommandLineIsKeptWithoutPasswords(t *testing.T) {
	args := os.Args
	defer func() { os.Args = args }()
	os.Args = []string{"posfleet", "load", "--x=tls://u:s3cret@h:1,nats://s3cret@h:2", "http://h/a@b", "http://u:s3c@ret@h", "6225000000000014"}
	want := []string{"posfleet", "load", "--x=tls://…@h:1,nats://…@h:2", "http://h/a@b", "http://…@h", "622500******0014"}
	if got := commandLine(); !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
}
