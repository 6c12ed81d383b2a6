package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/posfleet/posfleet/sim/profile"
)

// Every verb as its user meets it: testdata/*.txtar say what is typed, what
// comes back, and with which exit code.
func TestScripts(t *testing.T) {
	t.Parallel()
	bin := filepath.Dir(program(t))
	dir, files := "testdata", []string(nil)
	if testing.Short() { // under the race detector: those with most goroutines, of several kinds
		dir = ""
		for _, name := range []string{"agents", "watched"} {
			files = append(files, filepath.Join("testdata", name+".txtar"))
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Values[proxyKey{}] = map[string]*middleman{}
			e.Setenv("PATH", bin+string(filepath.ListSeparator)+e.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"plays":     plays,
			"serve":     serve,
			"proxy":     standBetween,
			"junit":     isJUnit,
			"json":      isJSON,
			"nosecrets": noSecrets,
			"ledger":    ledger,
		},
	})
}

// exits CODES posfleet-arguments… runs posfleet; CODES is one exit code or
// several with | between them.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: exits CODE[|CODE] [argument…]")
	}
	if code := exitCode(ts, args[1:]); !slices.Contains(strings.Split(args[0], "|"), strconv.Itoa(code)) {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func exitCode(ts *testscript.TestScript, args []string) int {
	var exit *exec.ExitError
	switch err := ts.Exec("posfleet", args...); {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	return 0
}

// unplayed is what load says of arrivals for which no terminal was free in time.
var unplayed = regexp.MustCompile(`planned = .* \+ [1-9][0-9,]* not played`)

// plays CODES load … --out FOLDER is exits, and again where arrivals were not played: a
// machine that stands still for a second leaves some out, seldom five times in a row.
func plays(ts *testscript.TestScript, neg bool, args []string) {
	at := slices.Index(args, "--out") + 1
	if neg || at == 0 || at == len(args) {
		ts.Fatalf("usage: plays CODE[|CODE] load … --out FOLDER")
	}
	code := exitCode(ts, args[1:])
	for tries := 4; tries > 0 && unplayed.MatchString(ts.ReadFile("stdout")); tries-- {
		ts.Check(os.RemoveAll(ts.MkAbs(args[at])))
		code = exitCode(ts, args[1:])
	}
	if !slices.Contains(strings.Split(args[0], "|"), strconv.Itoa(code)) {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// serve NAME host-arguments… starts posfleet host in the background until the
// end of the script. $NAME is its address.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve NAME [argument…]")
	}
	self, err := exec.LookPath(filepath.Join(strings.Split(ts.Getenv("PATH"), string(filepath.ListSeparator))[0], "posfleet"))
	ts.Check(err)
	cmd := exec.Command(self, append([]string{"host", "--listen", "127.0.0.1:0"}, args[1:]...)...)
	cmd.Dir = ts.MkAbs(".")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cmd.Process.Signal(os.Interrupt)
		late := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		defer late.Stop()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	address, _, ok := strings.Cut(strings.TrimPrefix(line, "listening on "), ": ")
	if !ok {
		ts.Fatalf("the host says %q", line)
	}
	ts.Setenv(args[0], address)
}

// junit FILE TESTS FAILURES SKIPPED holds a results file to what CI systems
// read: cases with name, classname and time, and sums that are theirs.
func isJUnit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: junit FILE TESTS FAILURES SKIPPED")
	}
	var all struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string    `xml:"name,attr"`
				Class   string    `xml:"classname,attr"`
				Time    *float64  `xml:"time,attr"`
				Failure *string   `xml:"failure"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	ts.Check(xml.Unmarshal([]byte(ts.ReadFile(args[0])), &all))
	tests, failures, skipped := 0, 0, 0
	for _, s := range all.Suites {
		for _, c := range s.Cases {
			if tests++; c.Failure != nil {
				failures++
			}
			if c.Skipped != nil {
				skipped++
			}
			if s.Name == "" || c.Name == "" || c.Class == "" || c.Time == nil {
				ts.Fatalf("%s: case %q of suite %q: classname %q, time %v", args[0], c.Name, s.Name, c.Class, c.Time)
			}
		}
	}
	got := fmt.Sprint(tests, failures, skipped)
	if want := strings.Join(args[1:], " "); got != want || fmt.Sprint(all.Tests, all.Failures, all.Skipped) != want {
		ts.Fatalf("%s: %s tests, failures and skipped, its head says %d, %d, %d; want %s", args[0], got, all.Tests, all.Failures, all.Skipped, want)
	}
	if left, _ := filepath.Glob(ts.MkAbs(args[0]) + ".partial*"); len(left) > 0 {
		ts.Fatalf("%v is left", left)
	}
}

// json FILE… says that files, or stdout, are JSON; of *.ndjson each line.
func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		texts := []string{ts.ReadFile(name)}
		if filepath.Ext(name) == ".ndjson" {
			texts = strings.Split(strings.TrimSpace(texts[0]), "\n")
		}
		for n, text := range texts {
			if json.Valid([]byte(text)) == neg && (text != "" || len(texts) > 1) {
				ts.Fatalf("%s, text %d: JSON: %v, want %v", name, n+1, !neg, neg)
			}
		}
	}
}

// secrets finds what must never be shown of the bundled network: whole card
// numbers, tracks, payment codes, master keys.
var secrets = sync.OnceValue(func() *regexp.Regexp { // not in each process that tests start
	p, err := profile.Bundled("cup", 0)
	if err != nil {
		panic(err)
	}
	shapes := []string{`6225\d{12}`, `9999\d{12}`, `4111\d{12}`, `\d{15,19}[D=]\d{7}`}
	for _, t := range p.Terminals[:20] {
		shapes = append(shapes, hex.EncodeToString(t.Master))
	}
	for _, role := range []string{"good", "qr", "poor", "stolen"} {
		for _, h := range p.Holders(role)[:1] {
			if h.Code != "" {
				shapes = append(shapes, h.Code)
			}
		}
	}
	return regexp.MustCompile("(?i)" + strings.Join(shapes, "|"))
})

// nosecrets [FILE…] looks for secrets in what posfleet last said and in files.
func noSecrets(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: nosecrets [FILE…]")
	}
	for _, name := range append([]string{"stdout", "stderr"}, args...) {
		text := ts.ReadFile(name)
		if at := secrets().FindStringIndex(text); at != nil {
			from := strings.LastIndexByte(text[:at[0]], '\n') + 1
			ts.Fatalf("%s shows what it must not, in line %d after %q", name, strings.Count(text[:at[0]], "\n")+1, text[from:at[0]])
		}
	}
}
