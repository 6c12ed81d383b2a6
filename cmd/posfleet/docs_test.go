package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim/profile"
)

// tree is the module's root, seen from this package.
const tree = "../.."

func TestPagesThatAreMadeAreCurrent(t *testing.T) {
	for _, verb := range []string{"steps", "rules"} {
		page, err := os.ReadFile(filepath.Join(tree, "docs", verb+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		var stdout, stderr bytes.Buffer
		if code := run([]string{verb, "--markdown"}, &stdout, &stderr); code != 0 {
			t.Errorf("posfleet %s --markdown: exit %d: %s", verb, code, &stderr)
		}
		if !bytes.Equal(page, stdout.Bytes()) {
			t.Errorf("docs/%s.md is not what posfleet %[1]s --markdown prints: make docs", verb)
		}
	}
}

// changing is what each run draws anew; one bit of a MAC is wrong, which makes @ of A.
var changing = regexp.MustCompile(`\d{4}$|[0-9@-G]{8}$|\d+(\.\d+)?m?s$`)

// The failure that the README shows is what the program prints, but for what each
// run draws anew; … stands for lines that are left out.
func TestReadmeShowsARealFailure(t *testing.T) {
	const command = "$ posfleet check @core-purchase-1 --misbehave wrong-mac\n"
	_, shown, found := strings.Cut(content(t, filepath.Join(tree, "README.md")), command)
	if !found {
		t.Fatalf("the README does not show %s", command)
	}
	shown, _, _ = strings.Cut(shown, "```")
	var stdout, stderr bytes.Buffer
	if code := run([]string{"check", "@core-purchase-1", "--misbehave", "wrong-mac"}, &stdout, &stderr); code != exitFailed {
		t.Errorf("exit %d: %s", code, &stderr)
	}
	printed := strings.Split(stdout.String(), "\n")
	for i := range printed {
		printed[i] = changing.ReplaceAllString(printed[i], "#")
	}
	for line := range strings.Lines(shown) {
		line = changing.ReplaceAllString(strings.TrimRight(line, "\n"), "#")
		if strings.HasSuffix(line, "…") {
			continue
		}
		i := slices.Index(printed, line)
		if i < 0 {
			t.Fatalf("the README shows %q, which is not printed, or not there:\n%s", line, &stdout)
		}
		printed = printed[i+1:]
	}
}

// docs/fees.md begins with what posfleet fees prints.
func TestFeesPageShowsRealOutput(t *testing.T) {
	_, shown, _ := strings.Cut(content(t, filepath.Join(tree, "docs", "fees.md")), "$ posfleet fees\n")
	shown, _, found := strings.Cut(shown, "```")
	var stdout, stderr bytes.Buffer
	if code := run([]string{"fees"}, &stdout, &stderr); code != exitOK {
		t.Errorf("exit %d: %s", code, &stderr)
	}
	if !found || shown != stdout.String() {
		t.Errorf("docs/fees.md shows\n%s\nposfleet fees prints\n%s", shown, &stdout)
	}
}

var exitRow = regexp.MustCompile(`(?m)^\| ([0-9][0-9, ]*) \|`)

// The README explains the exit codes that --help lists, and no others.
func TestReadmeListsTheExitCodes(t *testing.T) {
	codes := func(text string) []string { return regexp.MustCompile(`\b\d+\b`).FindAllString(text, -1) }
	_, table, _ := strings.Cut(content(t, filepath.Join(tree, "README.md")), "| exit code |")
	table, _, _ = strings.Cut(table, "\n\n")
	var listed []string
	for _, m := range exitRow.FindAllStringSubmatch(table, -1) {
		listed = append(listed, codes(m[1])...)
	}
	if help := codes(exitHelp); !slices.Equal(listed, help) {
		t.Errorf("the README lists %v, --help %v", listed, help)
	}
}

var linkForm = regexp.MustCompile(`\]\(([^)\s#]*)(#[^)\s]*)?\)`)

// Every link from one page to a file of the tree, or to a heading of it, leads
// somewhere.
func TestNoLinkIsDead(t *testing.T) {
	for _, page := range pages(t) {
		text := content(t, page)
		for _, m := range linkForm.FindAllStringSubmatch(text, -1) {
			to, heading := m[1], strings.TrimPrefix(m[2], "#")
			if strings.Contains(to, "://") {
				continue
			}
			target := filepath.Join(filepath.Dir(page), to)
			if to == "" {
				target = page
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: link to %s: there is no such file", page, m[1]+m[2])
			} else if heading != "" && !hasHeading(content(t, target), heading) {
				t.Errorf("%s: link to %s: there is no such heading", page, m[1]+m[2])
			}
		}
	}
}

var pageForm = regexp.MustCompile(`\bdocs/[a-z]+\.md\b`)

// Pages that comments of the code name are there.
func TestPagesNamedByCodeExist(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	err := filepath.WalkDir(tree, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 {
			return filepath.SkipDir
		}
		if ext := filepath.Ext(path); d.IsDir() || ext != ".go" && ext != ".yaml" && ext != ".html" {
			return nil
		}
		for _, name := range pageForm.FindAllString(content(t, path), -1) {
			if _, err := os.Stat(filepath.Join(tree, name)); err != nil {
				t.Errorf("%s names %s, which is not there", path, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var fileForm = regexp.MustCompile("`?\\b((?:cmd|docs|features|report|scenarios|sim)/[\\w/.]*\\.[a-z]+)\\b")

// Files and folders of the tree that pages name are there.
func TestFilesNamedByPagesExist(t *testing.T) {
	n := 0
	for _, page := range pages(t) {
		for _, m := range fileForm.FindAllStringSubmatch(content(t, page), -1) {
			n++
			if _, err := os.Stat(filepath.Join(tree, m[1])); err != nil {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
	if n < 40 {
		t.Errorf("%d files are named on all pages", n)
	}
}

var flagForm = regexp.MustCompile("[\\s`\\[]--([a-z][a-z-]+)")

var others = regexp.MustCompile(`\b(go|softhsm2-util|pkcs11-tool) `)

// No page speaks of a flag that no verb has.
func TestNoFlagIsMadeUp(t *testing.T) {
	known := map[string]bool{"help": true, "version": true}
	for _, verb := range command(&signals{}).Commands() {
		for _, m := range flagForm.FindAllStringSubmatch(" "+verb.Flags().FlagUsages(), -1) {
			known[m[1]] = true
		}
	}
	if !known["rate"] || !known["junit"] {
		t.Fatalf("the flags of the verbs cannot be read: %v", known)
	}
	for _, page := range pages(t) {
		for line := range strings.Lines(content(t, page)) {
			if others.MatchString(line) && !strings.Contains(line, "posfleet") {
				continue // another program's
			}
			for _, m := range flagForm.FindAllStringSubmatch(line, -1) {
				if !known[m[1]] {
					t.Errorf("%s: no verb has --%s: %s", page, m[1], strings.TrimSpace(line))
				}
			}
		}
	}
}

func TestNoticeNamesWhatIsLinked(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	named := map[string]bool{module: true}
	for _, word := range strings.Fields(content(t, filepath.Join(tree, "NOTICE"))) {
		named[word] = true
	}
	for _, m := range strings.Fields(string(out)) {
		if !named[m] {
			t.Errorf("NOTICE does not name %s", m)
			named[m] = true
		}
	}
}

func pages(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(tree, "docs/*.md"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no pages in docs: %v", err)
	}
	return append(all, filepath.Join(tree, "README.md"), filepath.Join(tree, "CHANGELOG.md"))
}

// hasHeading reports whether a page has a heading with this anchor, made as
// GitHub makes them.
func hasHeading(text, anchor string) bool {
	for line := range strings.Lines(text) {
		if title := strings.TrimLeft(line, "#"); title != line && anchorOf(title) == anchor {
			return true
		}
	}
	return false
}

var outsideAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

func anchorOf(title string) string {
	return strings.ReplaceAll(outsideAnchors.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), ""), " ", "-")
}

func content(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Whoever pastes a block of Gherkin of the README or of docs into a file has a feature
// that can be played.
func TestFeaturesInTheDocsCanBePasted(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(tree, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, page := range append(pages, filepath.Join(tree, "README.md")) {
		for _, block := range strings.Split(content(t, page), "```gherkin\n")[1:] {
			blocks++
			text, _, _ := strings.Cut(block, "```")
			f, err := scenarios.ParseFeature(filepath.Base(page), []byte(text))
			if err != nil {
				t.Errorf("%s: %v\n%s", page, err, text)
				continue
			}
			for _, s := range f.Scenarios {
				language := scenarios.NewLanguage(p)
				if s.Has("@load") {
					_, err = language.CompileLoad(s, nil)
				} else {
					_, _, err = language.Compile(s)
				}
				if err != nil {
					t.Errorf("%s: %v", page, err)
				}
			}
			if len(f.Scenarios) == 0 {
				t.Errorf("%s: no scenario in\n%s", page, text)
			}
		}
	}
	if blocks < 3 {
		t.Errorf("%d blocks of Gherkin", blocks)
	}
}
