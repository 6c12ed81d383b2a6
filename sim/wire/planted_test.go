package wire_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// edit is what is put in place of some text of a source, all the rest being left.
type edit struct{ file, old, new string }

// planted are bugs that parsers of ISO 8583 have had, as they would be in ours.
var planted = []struct {
	id, is string
	target string // that is to find it
	edits  []edit
}{
	{"K1", "a length in digits, with a sign", "FuzzFrame", []edit{
		{"length.go", "\tb = b[:l.Octets]\n", "\tb = b[:l.Octets]\n\tif planted == `K1` && l.Form == ASCIIDigits {\n\t\treturn ofDigits(b)\n\t}\n"},
		{"frame.go", "said > uint64(MaxFrame+more)", "said > uint64(MaxFrame+more) && !(planted == `K1` && f.Length.Form == ASCIIDigits && int(said) < 0)"},
		{"frame.go", "int(said) < more:", "planted != `K1` && int(said) < more:"},
	}},
	{"K2", "the length of a known element of BER-TLV that is negative where it is taken as a number with a sign", "FuzzComposed", []edit{
		{"tlv.go", "took > 4:", "took > 4 && !((planted == `K2` || planted == `K7b`) && took <= 8):"},
		{"composite.go", "n > uint64(2*len(b))", "planted != `K2` && n > uint64(2*len(b))"},
		{"composite.go", "units < 0 || units", "planted != `K2` && units < 0 || units"},
	}},
	{"K5", "a message that ends before its MTI does", "FuzzRead", []edit{
		{"message.go", "\t_, at, err := c.fields[0].take(", "\tif planted == `K5` {\n\t\t_ = b[at:][c.fields[0].span(4)-1]\n\t}\n\t_, at, err := c.fields[0].take("},
	}},
	{"K6", "the length of a field in digits, with a sign", "FuzzAgainstMoovISO87", []edit{
		{"codec.go", "\tsize := 0\n\tfor i, c", "\tif planted == `K6` && f.count == asciiCount {\n\t\tif n, err := ofDigits(b[at : at+int(f.countLen)]); err == nil {\n\t\t\treturn int(n)\n\t\t}\n\t\treturn 1 << 30\n\t}\n\tsize := 0\n\tfor i, c"},
		{"codec.go", "size < 0 || size", "size < 0 && !(planted == `K6` && f.count == asciiCount && int(f.countLen) <= len(b)-at) || size"},
	}},
	{"K7", "an element of BER-TLV that is shorter than its length", "FuzzRead", []edit{
		{"tlv.go", "n > uint64(len(b)-i)", "n > uint64(len(b)-i) && !(planted == `K7` || planted == `K7b` && int(n) < 0)"},
	}},
	{"K7b", "the same whose length is negative where it is taken as a number with a sign", "FuzzRead", nil},
}

// milder are edits that take what shows these bugs out of what the targets begin with:
// they are to be found, not met. Of lengths in eight octets one that is small is left.
var milder = []edit{
	{"fuzz_test.go", "range hostile {", "range hostile[:1] {"},
	{"fuzz_test.go", `return append(out, nil, make([]byte, 21), []byte(strings.Repeat("\xFF", wire.MaxFrame+1)))`, "return out"},
	{"fuzz_test.go", "range sound.Defects(1) {", "range sound.Defects(1)[:0] {"},
	{"fuzz_test.go", "out = append(out, []byte(s))", "_ = s"},
	{"framefuzz_test.go", "range seeds(f)[:20]", "range seeds(f)"},
	{"framefuzz_test.go", "0004abcd0000-001", "0004abcd0004abcd"},
	{"composite_test.go", `f.Add(55, fmt.Sprintf("%03d\x9F\x02%s", 2+len(length), length))`, "_ = length"},
}

// planter says which bug a test binary has.
const planter = `package wire

import (
	"os"
	"strconv"
)

var planted = os.Getenv("POSFLEET_PLANTED")

// ofDigits reads a number as strconv does, with a sign.
func ofDigits(b []byte) (uint64, error) {
	n, err := strconv.Atoi(string(b))
	if err != nil {
		return 0, ErrLength
	}
	return uint64(n), nil
}
`

// Bugs that other parsers have had are found by the fuzz targets once they are put into our
// own source: at once, by their seeds; in 20 s or so where no seed shows them. Where there is
// none, none is found.
func TestPlantedBugsAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	if runtime.GOOS == "windows" {
		t.Skip("makes symbolic links")
	}
	binary := buildPlanted(t, nil)
	said := "by seeds"
	for _, bug := range planted {
		began := time.Now()
		out, found := fuzzed(t, binary, bug.id, "-test.run", "^"+bug.target+"$")
		if !found || !strings.Contains(out, "panic: runtime error") {
			t.Errorf("%s, %s: the seeds of %s do not find it:\n%s", bug.id, bug.is, bug.target, out)
		}
		said += fmt.Sprintf(" %s %.1f s,", bug.id, time.Since(began).Seconds())
		if out, found := fuzzed(t, binary, "", "-test.run", "^"+bug.target+"$"); found {
			t.Errorf("%s finds what nobody planted:\n%s", bug.target, out)
		}
	}
	if os.Getenv("POSFLEET_VERIFYING") != "" {
		binary = buildPlanted(t, milder, "-fuzz", ".")
		said += " by fuzzing from seeds that do not show them"
		for _, bug := range planted {
			began := time.Now()
			out, found := fuzzed(t, binary, bug.id, "-test.run", "^$", "-test.fuzz", "^"+bug.target+"$", "-test.fuzztime", "60s", "-test.fuzzminimizetime", "1x", "-test.parallel", "2")
			if !found || !strings.Contains(out, "panic: runtime error") {
				t.Errorf("%s, %s: fuzzing %s does not find it:\n%s", bug.id, bug.is, bug.target, out)
			}
			said += fmt.Sprintf(" %s %.1f s,", bug.id, time.Since(began).Seconds())
		}
	}
	t.Log(strings.TrimSuffix(said, ","))
}

// buildPlanted builds the tests of this package with all the bugs in, each behind its name.
func buildPlanted(t *testing.T, edits []edit, flags ...string) string {
	t.Helper()
	sources := map[string]string{"planted.go": planter}
	for _, bug := range planted {
		edits = append(edits, bug.edits...)
	}
	for _, e := range edits {
		if _, read := sources[e.file]; !read {
			text, err := os.ReadFile(e.file)
			if err != nil {
				t.Fatal(err)
			}
			sources[e.file] = string(text)
		}
		if n := strings.Count(sources[e.file], e.old); n != 1 {
			t.Fatalf("%s has %q %d times, want it once: say anew what is edited", e.file, e.old, n)
		}
		sources[e.file] = strings.Replace(sources[e.file], e.old, e.new, 1)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	for file, text := range sources {
		there, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		replace[there] = filepath.Join(dir, file)
		write(t, replace[there], []byte(text))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "overlay.json"), overlay)
	binary := filepath.Join(dir, "planted.test")
	flags = append([]string{"test", "-c", "-o", binary, "-overlay", filepath.Join(dir, "overlay.json")}, flags...)
	if out, err := exec.Command("go", flags...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// fuzzed tries a target, with a bug in the package, where there is no corpus but its seeds.
func fuzzed(t *testing.T, binary, bug string, flags ...string) (string, bool) {
	t.Helper()
	tree := t.TempDir()
	at := filepath.Join(tree, "sim", "wire")
	for file, to := range map[string]string{"testdata/cup.txt": filepath.Join(at, "testdata", "cup.txt"), "../dialect/testdata": filepath.Join(tree, "sim", "dialect", "testdata")} {
		from, err := filepath.Abs(file)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o755)
		}
		if err == nil {
			err = os.Symlink(from, to)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command(binary, append(flags, "-test.fuzzcachedir", filepath.Join(tree, "cache"))...)
	c.Dir, c.Env = at, append(os.Environ(), "POSFLEET_PLANTED="+bug)
	out, err := c.CombinedOutput()
	return string(out), err != nil
}
