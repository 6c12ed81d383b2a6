package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// No result is written over what the same command reads, whatever it is called there, nor
// over another result. It is told before anything is played, and nothing is touched.
func TestResultsAreWrittenOverNothingThatIsRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links are for administrators")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	master := "02020202020202020202020202020202"
	files := map[string]string{
		"p.yaml": "name: bank\ndialect: ./d.yaml\noperators: [{number: \"01\", password: \"0000\"}, {number: \"00\", password: \"123456\"}]\n" +
			"merchants: [{mid: \"123456789012345\"}]\nterminals: [{tid: \"A0000001\", file: keys/tmk.key}, {list: fleet.csv}]\n" +
			"cards: [{role: good, pan: \"6225000000000014\", expiry: \"4912\", pin: \"0012\"}]\n",
		"d.yaml":            "name: d\nextends: cup\n",
		"keys/tmk.key":      master,
		"fleet.csv":         "A0000002,123456789012345,desktop," + master + "\n",
		"buy.feature":       "Feature: x\n  Scenario: y\n    Given a terminal that has signed in\n    When the cardholder pays 1.00 yuan with a good card\n    Then the host approves\n",
		"more/buy2.feature": "Feature: x\n  Scenario: z\n    Given a terminal that has signed in\n    When the cardholder pays 1.00 yuan with a good card\n    Then the host approves\n",
		"known.txt":         "# none\n",
		"plans/fees.json":   "plans: []\n",
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"lnk.xml": "p.yaml", "to.xml": "x.xml", "here": "."} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link("buy.feature", "hard.xml"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"check --profile p.yaml buy.feature --junit p.yaml", "--junit p.yaml: would write over p.yaml, what --profile names; name another file"},
		{"check --profile p.yaml buy.feature --cucumber ./here/p.yaml", "over p.yaml"},
		{"check --profile p.yaml buy.feature --junit lnk.xml", "over p.yaml"},
		{"check buy.feature --junit buy.feature", "over buy.feature"},
		{"check buy --junit buy.feature", "a file that this command reads"},
		{"check buy.feature:2 --junit hard.xml", "over buy.feature"},
		{"check more --junit more/buy2.feature", "a file that this command reads"},
		{"check --profile p.yaml buy.feature --junit d.yaml", "a file that this command reads"},
		{"check --profile p.yaml buy.feature --junit fleet.csv", "a file that this command reads"},
		{"check --profile p.yaml buy.feature --tls-key-log keys/tmk.key", "a file that this command reads"},
		{"check --dialect d.yaml buy.feature --junit d.yaml", "over d.yaml"},
		{"check buy.feature --expected-failures known.txt --junit known.txt", "over known.txt"},
		{"check --negative --profile p.yaml --junit p.yaml", "over p.yaml"},
		{"check buy.feature --junit x.xml --cucumber x.xml", "--cucumber and --junit both name"},
		{"check buy.feature --junit x.xml --cucumber here/x.xml", "both name"},
		{"check buy.feature --junit x.xml --cucumber to.xml", "both name"},
		{"check buy.feature --out d/y --junit d/y/junit.xml", "one is in the other"},
		{"load --storm 1 --profile p.yaml buy.feature --events fleet.csv", "a file that this command reads"},
		{"load --profile p.yaml --arrivals known.txt --events known.txt", "over known.txt"},
		{"proxy --profile p.yaml --to 127.0.0.1:1 --storm --events p.yaml", "over p.yaml"},
		{"proxy --to 127.0.0.1:1 --record r --events r --storm", "both name r"},
		{"host --profile p.yaml --tls-key-log p.yaml --listen 0.0.0.0:1", "over p.yaml"},
		{"report runs --html x.html --csv here/x.html", "both name"},
		{"fees --plans plans/fees.json --out plans", "over plans/fees.json"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(strings.Fields(c.args), &stdout, &stderr)
		if said := stderr.String(); code != exitUsage || !strings.Contains(said, c.want) || stdout.Len() > 0 {
			t.Errorf("posfleet %s\nexit code %d, %s%swant %s", c.args, code, stdout.String(), said, c.want)
		}
	}
	for name, text := range files {
		if is, err := os.ReadFile(name); err != nil || string(is) != text {
			t.Errorf("%s is %.60q now, %v", name, is, err)
		}
	}
	for _, name := range []string{"x.xml", "d", "r"} {
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("%s has been written", name)
		}
	}
	var stdout, stderr bytes.Buffer
	if code := run(strings.Fields("check --profile p.yaml more buy.feature --list --junit more/x.xml --cucumber y.json --out out"), &stdout, &stderr); code != exitOK {
		t.Errorf("results of their own: exit code %d, %s", code, stderr.String())
	}
}
