package profile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

// withDialect writes the bundled profile, of another dialect, and a dialect file
// into a folder of its own.
func withDialect(t *testing.T, name, file string) (profile string) {
	t.Helper()
	dir := t.TempDir()
	text := strings.Replace(string(BundledYAML()), "dialect: cup", "dialect: "+name, 1)
	for _, key := range []string{"length: binary2", "tpdu:", "header:", "mac: ecb", "sign-in:"} {
		text = strings.Replace(text, "\n"+key, "\n# "+key, 1)
	}
	profile = filepath.Join(dir, "profile.yaml")
	if err := os.WriteFile(profile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bank.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return profile
}

func TestDialectFileStandsBesideTheProfile(t *testing.T) {
	path := withDialect(t, "./bank.yaml", "extends: cup\nframing: {header: ISO006000020, length: digits4}\nmac: x9.19\n")
	p, err := Load(path, 2)
	if err != nil {
		t.Fatal(err)
	}
	if p.Dialect.Name != "bank" || string(p.Head[5:]) != "ISO006000020" || p.MAC.String() != "x9.19" || p.Dialect.Length != wire.Digits4 {
		t.Errorf("%s, head %X, MAC %s", p.Dialect.Name, p.Head, p.MAC)
	}
	if p.Dialect.NewMessage().Head == nil || len(p.Dialect.NewMessage().Head) != 17 {
		t.Error("messages have another header")
	}
}

func TestWrongDialectFileIsToldAsOfTheFile(t *testing.T) {
	_, err := Load(withDialect(t, "./bank.yaml", "extends: cup\nfields: {3: {is: x}}\n"), 2)
	if err == nil || !strings.Contains(err.Error(), "bank.yaml:2: fields.3: is: \"x\"") || !strings.Contains(err.Error(), "profile.yaml:12: dialect") {
		t.Error(err)
	}
	if _, err = Load(withDialect(t, "./other.yaml", ""), 2); err == nil || !strings.Contains(err.Error(), "file ./other.yaml: ") {
		t.Error(err)
	}
	if _, err = Load(withDialect(t, "../bank.yaml", ""), 2); err == nil || !strings.Contains(err.Error(), "outside the profile's folder") {
		t.Error(err)
	}
}
