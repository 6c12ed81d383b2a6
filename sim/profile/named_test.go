package profile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A key, a token or a PIN where the path of its file belongs is not repeated, whole or in
// part; the path of a file that is not there is.
func TestWhatStandsForAPathIsNotRepeated(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "tmk.key")
	if err := os.WriteFile(key, []byte("8C5D3B92A17F46E0D4B6835A1F0C729E"), 0o600); err != nil {
		t.Fatal(err)
	}
	const master = "    master: test:000102030405060708090A0B0C0D0E0F\n"
	places := map[string]func(value string) string{
		"file":      func(v string) string { return strings.Replace(good, master, "    file: "+v+"\n", 1) },
		"component": func(v string) string { return strings.Replace(good, master, "    components: ["+v+", "+v+"]\n", 1) },
		"list": func(v string) string {
			return strings.Replace(good, "  - tid: \"A0000001\"    # 12\n"+master, "  - list: "+v+"\n", 1)
		},
		"under": func(v string) string {
			return strings.Replace(good, "  - tid: \"A0000001\"    # 12\n"+master, "  - {list: a.csv, under: "+v+"}\n", 1)
		},
		"transport key": func(v string) string { return good + "transport-key: {file: " + v + "}\n" },
		"tls ca":        func(v string) string { return good + "tls: {ca: " + v + "}\n" },
		"tls cert":      func(v string) string { return good + "tls: {cert: " + v + "}\n" },
		"tls key":       func(v string) string { return good + "tls: {key: " + v + "}\n" },
		"tls pin":       func(v string) string { return good + "tls: {pin: " + v + "}\n" },
		"token file":    func(v string) string { return good + "admin: {url: \"http://127.0.0.1:1\", token-file: " + v + "}\n" },
		"admin url": func(v string) string {
			return good + "admin: {url: \"https://me:" + strings.Trim(v, `"`) + "@host/\"}\n"
		},
		"dialect":   func(v string) string { return strings.Replace(good, "dialect: cup", "dialect: "+v, 1) },
		"spec":      func(v string) string { return good + "spec: " + v + "\n" },
		"fee plans": func(v string) string { return good + "fee-plans: " + v + "\n" },
		"signature": func(v string) string {
			return strings.Replace(good, `password: "0000"`, `password: "0000", signature: `+v, 1)
		},
		"check value": func(v string) string { return strings.Replace(good, master, "    file: tmk.key\n    kcv: "+v+"\n", 1) },
		"PIN of an HSM": func(v string) string {
			return strings.Replace(good, "  - tid: \"A0000001\"    # 12\n"+master, "  - {list: a.csv, under: \"pkcs11:token=t;object=o?module-path=/m.so&pin-source="+strings.Trim(v, `"`)+"\"}\n", 1)
		},
	}
	for name, with := range places {
		for _, secret := range []string{"8C5D3B92A17F46E0D4B6835A1F0C729E", "8C5D3B92A17F46E0", "8C:5D:3B:92:A1:7F:46:E0:D4:B6:83:5A:1F:0C:72:9E", "jF07kqF/RuDUtoNaHwxyng==", "Zq7RwX0m3LtB9sVc5NfJ2yHd", "../8C5D3B92A17F46E0D4B6835A1F0C729E"} {
			_, err := Parse(filepath.Join(dir, "bank.yaml"), []byte(with(`"`+secret+`"`)), 0)
			if err == nil {
				t.Errorf("%s: %s is taken", name, secret)
				continue
			}
			for i := range len(secret) - 6 {
				if strings.Contains(err.Error(), secret[i:i+6]) {
					t.Errorf("%s: %v", name, err)
					break
				}
			}
		}
		if name != "check value" && name != "admin url" && name != "tls pin" {
			_, err := Parse(filepath.Join(dir, "bank.yaml"), []byte(with("keys/anna.txt")), 0)
			if err == nil || !strings.Contains(err.Error(), "keys/anna.txt") {
				t.Errorf("%s: %v, want it to name keys/anna.txt", name, err)
			}
		}
	}
	if _, err := Parse(filepath.Join(dir, "bank.yaml"), []byte(places["PIN of an HSM"]("48215937")), 0); err == nil || strings.Contains(err.Error(), "48215937") {
		t.Errorf("PIN of an HSM: %v", err)
	}
	if _, err := Parse(filepath.Join(dir, "bank.yaml"), []byte(places["check value"](`"82E13665"`)), 0); err == nil || !strings.Contains(err.Error(), "want 82E13665") {
		t.Errorf("a check value that is none of the key: %v", err)
	}
}
