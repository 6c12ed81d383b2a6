package profile

import (
	"os"
	"strings"
	"testing"
)

// The example of docs/profile.md must be one that loads.
func TestDocumentedProfileLoads(t *testing.T) {
	doc, err := os.ReadFile("../../docs/profile.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(doc), "```yaml\n")
	example, _, found := strings.Cut(after, "```")
	if !found {
		t.Fatal("no example in docs/profile.md")
	}
	dir := t.TempDir()
	for _, name := range []string{"bank-ca.pem", "lab.pem", "lab.key"} {
		write(t, dir, name, "x", 0o600)
	}
	if err := os.Mkdir(dir+"/keys", 0o700); err != nil {
		t.Fatal(err)
	}
	const key = "000102030405060708090A0B0C0D0E0F"
	write(t, dir, "keys/31000001.key", key, 0o600)
	write(t, dir, "fleet.csv", "31000002,898310054110001,counter,"+key, 0o600)
	p, err := Load(write(t, dir, "bank.yaml", example, 0o644), 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Terminals) != 2 || len(p.Cards) != 2 || p.TLS == nil || p.Policy.ReversalReason.String() != "06" {
		t.Errorf("%d terminals, %d cards", len(p.Terminals), len(p.Cards))
	}
}

// Every key that the reader knows stands in docs/profile.md.
func TestEachKeyIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/profile.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, spoilt := range []string{
		"zz: 1\n" + good,
		strings.Replace(good, "timeout:", "zz:", 1),
		strings.Replace(good, "fee: {", "fee: {zz: 1, ", 1),
		strings.Replace(good, "{mid:", "{zz: 1, mid:", 1),
		strings.Replace(good, "{number:", "{zz: 1, number:", 1),
		strings.Replace(good, "  - tid:", "  - zz: 1\n    tid:", 1),
		strings.Replace(good, "  - role:", "  - zz: 1\n    role:", 1),
		good + "tls: {zz: 1}\n",
		good + "test-ranges: [{zz: 1}]\n",
		good + "kinds: {x: {zz: 1}}\n",
		good + "screens: {zz: 1}\n",
	} {
		_, err := Parse("bank.yaml", []byte(spoilt), 0)
		_, known, found := strings.Cut(err.Error(), "known here: ")
		if !found {
			t.Fatal(err)
		}
		known, _, _ = strings.Cut(known, "\n")
		for key := range strings.SplitSeq(known, ", ") {
			if !strings.Contains(string(doc), "`"+key+"`") && !strings.Contains(string(doc), "."+key+"`") &&
				!strings.Contains(string(doc), "`"+key+":") && !strings.Contains(string(doc), "\n"+key+":") {
				t.Errorf("docs/profile.md does not explain %s", key)
			}
		}
	}
}
