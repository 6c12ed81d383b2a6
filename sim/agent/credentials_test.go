package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Credentials come back from their file, are never written over, never print, and are not
// taken from a file that others may read.
func TestCredentialsAreKeptSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "creds")
	c := NewCredentials()
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := ReadCredentials(path)
	if err != nil || again.id() != c.id() || string(again.secret) != string(c.secret) {
		t.Errorf("%v: other credentials came back", err)
	}
	if err := c.Save(path); err == nil {
		t.Error("a file was written over")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, c); strings.Contains(text, string(c.secret)) || !strings.Contains(text, c.id()) || len(text) > 60 {
			t.Errorf("%s prints %q", verb, text)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "posfleet-run-credentials-1", "posfleet-run-credentials-1 AAAA", "posfleet-run-credentials-2" + strings.TrimPrefix(string(text), kind), "x " + string(text)} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadCredentials(path); err == nil {
			t.Errorf("%q is taken for credentials", bad)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, fine := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o440: true, 0o644: false, 0o660: false, 0o604: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadCredentials(path); (err == nil) != fine {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

// What says which part of which file of which share a message is comes from the wire: it
// never leads out of the share's folder.
func FuzzPartOf(f *testing.F) {
	f.Add("0.1", "latency.hlog", "0")
	f.Add("12.3", "../run.json", "-1")
	f.Add("1", "a/b", "9999999999999999999")
	f.Fuzz(func(t *testing.T, share, file, offset string) {
		s, name, at, err := partOf(share, file, offset)
		if err == nil && (s.Index < 0 || s.Attempt < 1 || at < 0 || filepath.Base(name) != name || strings.ContainsAny(name, `/\\`) || strings.HasPrefix(name, ".")) {
			t.Errorf("share %q, file %q, offset %q: %+v, %q at %d", share, file, offset, s, name, at)
		}
	})
}
