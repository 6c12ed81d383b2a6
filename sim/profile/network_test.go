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

func TestNumbersThatTheDialectHasNoRoomForAreTold(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"fields: {41: {is: ans 6, name: terminal}}", "terminals: terminal 10000001 does not fit field 41 (terminal) of dialect bank, which has 8 characters, want 6; give the field room for 8"},
		{"fields: {42: {is: ans..10, name: merchant}}", "terminals: merchant 999290054110001 does not fit field 42 (merchant) of dialect bank, which has 15 characters, at most 10 fit"},
		{`elements: {terminal: "41:1-6"}`, "terminals: terminal 10000001 does not fit 41 in field 41 of dialect bank: it has 8 characters, room is for 6"},
		{"fields: {41: {is: ans 16, pad: right space, name: terminal}}", ""},
	} {
		_, err := Load(withDialect(t, "./bank.yaml", "extends: iso87\n"+c.file+"\n"), 2)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.file, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error is %v\nwant in it %s", c.file, err, c.want)
		}
	}
}

func TestLengthTooShortForTheDialectIsTold(t *testing.T) {
	path := withDialect(t, "iso87", "")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(path, append(text, "\nlength: digits1\n"...), 2)
	if want := "length: the shortest sign-in does not go on a line: a length of 45, and digits1 says at most 9"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v\nwant in it %s", err, want)
	}
}
