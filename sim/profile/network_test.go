package profile

import (
	"os"
	"path/filepath"
	"runtime"
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
		{"fields: {41: {is: ans 6, name: terminal}}", `terminals[1].first: "10000001" has 8 characters, want 6 in field 41 (terminal) of dialect bank; write 6 characters, or give the field another length in the dialect`},
		{"fields: {41: {is: ans 10, name: terminal}}", `terminals[1].first: "10000001" has 8 characters, want 10 in field 41 (terminal) of dialect bank; write 10 characters, or have the dialect fill the field up: pad: right space`},
		{"fields: {42: {is: ans..10, name: merchant}}", `merchants[1].mid: "…0001" has 15 characters, at most 10 fit in field 42 (merchant) of dialect bank; write at most 10 characters, or make the field longer in the dialect`},
		{`elements: {terminal: "41:1-6"}`, `terminals[1].first: "10000001" has 8 characters, and 41 of field 41 (terminal id) of dialect bank has 6; write as many, or give the dialect other room`},
		{"fields: {41: {is: ans 16, pad: right space, name: terminal}}", ""},
		{"fields: {41: {is: n 12, pad: left 0, name: terminal}, 42: {is: ans..35, name: merchant}}", ""},
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

func TestSM4NeedsPINBlocksThatItHas(t *testing.T) {
	path := withDialect(t, "./bank.yaml", "extends: iso87\npin: {format: 3}\n")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(path, append(text, "\nsign-in: \"005\"\n"...), 2)
	if want := "sign-in: under SM4 a PIN block is of format 0, and dialect bank says 3; take pin out of it, or say another sign-in"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v\nwant in it %s", err, want)
	}
}

func TestWhereTheAdminAPIIs(t *testing.T) {
	dir := t.TempDir()
	for name, token := range map[string]string{"good": "0123456789abcdef\n", "short": "0123", "empty": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "open"), []byte("0123456789abcdef"), 0o644); err != nil {
		t.Fatal(err)
	}
	for text, wrong := range map[string]string{
		`{url: "https://bank.example", token-file: good}`:         "",
		`{url: "http://127.0.0.1:8584/", token-file: good}`:       "",
		`{url: "http://bank.example", token-file: good}`:          "in clear to another machine",
		`{url: "https://bank.example/api", token-file: good}`:     "want http://HOST:PORT or https://HOST",
		`{url: "https://me:word@bank.example", token-file: good}`: "want http://HOST:PORT",
		`{url: "ftp://bank.example", token-file: good}`:           "want http://HOST:PORT",
		`{url: "https://bank.example"}`:                           "key token-file is missing",
		`{token-file: good}`:                                      "key url is missing",
		`{url: "https://bank.example", token-file: short}`:        "at least 16 characters",
		`{url: "https://bank.example", token-file: empty}`:        "at least 16 characters",
		`{url: "https://bank.example", token-file: none}`:         "no such file",
		`{url: "https://bank.example", token-file: ../good}`:      "outside the profile's folder",
		`{url: "https://bank.example", token-file: good, key: 1}`: "unknown key",
	} {
		p, err := Parse(filepath.Join(dir, "bank.yaml"), []byte(string(BundledYAML())+"\nadmin: "+text+"\n"), 0)
		switch {
		case wrong == "" && (err != nil || p.Admin == nil || string(p.Admin.Token) != "0123456789abcdef"):
			t.Errorf("%s: %v, %v", text, err, p)
		case wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)):
			t.Errorf("%s: %v, want it to say %q", text, err, wrong)
		}
	}
	if runtime.GOOS != "windows" {
		if _, err := ReadToken(filepath.Join(dir, "open")); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("a token that others can read: %v", err)
		}
	}
}

// Where a sign-in brings no keys terminals need none: in the profile, as a range, in a
// list with its column or without. Keys that are given are read and held to their form.
func TestTerminalsWithoutKeysWhereNoneAreUsed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "three.csv", "30000001,123456789012345,qr\n30000002,123456789012345,counter,\n", 0o600)
	write(t, dir, "headed.csv", "kind,tid,mid\nqr,30000001,123456789012345\n", 0o600)
	for _, c := range []struct{ terminals, network, want string }{
		{"{tid: \"30000001\"}", "mac: none\nsign-in: none", ""},
		{"{first: \"30000001\", count: 3}", "mac: none\nsign-in: none", ""},
		{"{list: three.csv}", "mac: none\nsign-in: none", ""},
		{"{list: headed.csv}", "mac: none\nsign-in: none", ""},
		{"{first: \"30000001\", count: 3}", "sign-in: \"004\"", "has 0 sources of the master key"},
		{"{list: three.csv}", "sign-in: \"004\"", "three.csv:1: 3 values, want 4"},
		{"{list: headed.csv}", "sign-in: \"004\"", "the heading has no column master"},
		{"{tid: \"30000001\", master: test:00}", "mac: none\nsign-in: none", "1 octets, want 16"},
		{"{tid: \"30000001\", master: test:000102030405060708090A0B0C0D0E0F, derive: test:0001020304050607}", "mac: none\nsign-in: none", "has 2 sources"},
	} {
		text := strings.Replace(good, "  - tid: \"A0000001\"    # 12\n    master: test:000102030405060708090A0B0C0D0E0F", "  - "+c.terminals, 1) + c.network + "\n"
		write(t, dir, "bank.yaml", text, 0o600)
		p, err := Load(filepath.Join(dir, "bank.yaml"), 0)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v, want %q", c.terminals, c.network, err, c.want)
		}
		if err == nil && p.Terminals[0].Master != nil {
			t.Errorf("%s: a terminal has a key from nowhere", c.terminals)
		}
	}
}

// A network may have terminals and merchants of other lengths than most: what the profile
// says of them stands in messages, filled up where the field is.
func TestNumbersAreAsLongAsTheDialectHasThem(t *testing.T) {
	for _, c := range []struct{ fields, mid, terminals, wantTID, last, wantMID string }{
		{"{41: {is: ans 16, pad: right space, name: t}, 42: {is: ans..35, name: m}}", "LAGOS01", "{tid: POS7}", "POS7            ", "", "LAGOS01"},
		{"{41: {is: n 12, pad: left 0, name: t}, 42: {is: n 10, name: m}}", "4000000001", "{first: \"998\", count: 2}", "000000000998", "000000000999", "4000000001"},
		{"{41: {is: ans..16, name: t}, 42: {is: ans 15, pad: right space, name: m}}", "SKLEP", "{first: \"0001\", count: 3}", "0001", "0003", "SKLEP          "},
	} {
		file := withDialect(t, "./bank.yaml", "extends: iso87\nmac: none\nsign-in: none\nfields: "+c.fields+"\n")
		profile := "dialect: ./bank.yaml\noperators: [{number: \"01\", password: \"0000\"}, {number: \"00\", password: \"123456\"}]\nmerchants: [{mid: \"" + c.mid + "\", name: shop}]\n" +
			"terminals: [" + c.terminals + "]\ncards: [{role: good, pan: \"4111111111111111\", expiry: \"4912\"}]\n"
		if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := Load(file, 0)
		if err != nil {
			t.Error(err)
			continue
		}
		first, last := p.Terminals[0], p.Terminals[len(p.Terminals)-1]
		if first.TID != c.wantTID || first.MID != c.wantMID || p.Merchants[0].MID != c.wantMID || c.last != "" && last.TID != c.last {
			t.Errorf("%s: %q … %q of %q, want %q … %q of %q", c.fields, first.TID, last.TID, first.MID, c.wantTID, c.last, c.wantMID)
		}
		list := filepath.Join(filepath.Dir(file), "list.csv")
		if err := os.WriteFile(list, []byte("tid,mid,kind\n"+strings.TrimSpace(first.TID)+","+c.mid+",desktop\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(profile, c.terminals, "{list: list.csv}", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err = Load(file, 0); err != nil || p.Terminals[0].TID != first.TID || p.Terminals[0].MID != first.MID {
			t.Errorf("%s of a list: %v", c.fields, err)
		}
		if err := os.WriteFile(list, []byte("T12345678901234567,"+c.mid+",desktop\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err = Load(file, 0); err == nil || !strings.Contains(err.Error(), `list.csv:1: tid "T…4567" has 18 characters`) || !strings.Contains(err.Error(), "field 41 (t) of dialect bank; write") {
			t.Errorf("%s of a list: %v", c.fields, err)
		}
	}
}
