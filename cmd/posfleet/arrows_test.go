package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/posfleet/posfleet"

// arrows is which of our packages may import which, relative to the module. A
// package that is not here has no place in the tree yet: give it one on purpose.
var arrows = map[string][]string{
	"cmd/posfleet":         {"cmd/posfleet/interrupt", "features", "report", "report/capacity", "report/compare", "report/metrics", "report/page", "report/plot", "report/verdicts", "scenarios", "sim", "sim/agent", "sim/audit", "sim/capture", "sim/chip", "sim/device", "sim/dialect", "sim/fee", "sim/host", "sim/host/admin", "sim/host/store", "sim/keys", "sim/line", "sim/negative", "sim/profile", "sim/proxy", "sim/recording", "sim/rules", "sim/selftest", "sim/strict", "sim/wire"},
	"scenarios":            {"report", "report/verdicts", "sim", "sim/chip", "sim/device", "sim/dialect", "sim/fee", "sim/keys", "sim/line", "sim/operator", "sim/profile", "sim/rules", "sim/signature", "sim/signature/jbig", "sim/strict", "sim/wire"},
	"sim":                  {"report", "sim/chip", "sim/device", "sim/dialect", "sim/keys", "sim/line", "sim/operator", "sim/profile", "sim/rules", "sim/signature", "sim/signature/jbig", "sim/strict", "sim/timer", "sim/wire"},
	"sim/line":             {"sim/strict", "sim/wire"},
	"sim/negative":         {"report/verdicts", "sim", "sim/audit", "sim/dialect", "sim/line", "sim/profile", "sim/wire"},
	"sim/proxy":            {"sim/line", "sim/wire"},
	"sim/recording":        {"sim/capture", "sim/dialect", "sim/wire"},
	"sim/agent":            {},
	"sim/audit":            {"report", "sim", "sim/dialect", "sim/strict"},
	"sim/selftest":         {"report", "sim", "sim/audit", "sim/dialect", "sim/host", "sim/line", "sim/profile", "sim/wire"},
	"sim/rules":            {"report", "sim/chip", "sim/dialect", "sim/keys", "sim/wire"},
	"sim/host":             {"sim/chip", "sim/device", "sim/dialect", "sim/fee", "sim/host/book", "sim/host/merchant", "sim/host/order", "sim/host/payout", "sim/host/serve", "sim/host/staff", "sim/host/store", "sim/keys", "sim/profile", "sim/signature", "sim/signature/jbig", "sim/wire"},
	"sim/host/admin":       {"sim/fee", "sim/host", "sim/host/merchant", "sim/host/order", "sim/host/payout", "sim/host/staff", "sim/profile", "sim/signature"},
	"sim/host/book":        {"sim/dialect", "sim/fee", "sim/host/payout", "sim/profile"},
	"sim/host/merchant":    {"sim/fee", "sim/host/book", "sim/host/payout", "sim/profile"},
	"sim/host/payout":      {"sim/fee"},
	"sim/host/order":       {"sim/dialect", "sim/profile", "sim/wire"},
	"sim/host/serve":       {"sim/timer", "sim/wire"},
	"sim/host/staff":       {},
	"sim/profile":          {"sim/chip", "sim/device", "sim/dialect", "sim/fee", "sim/keys", "sim/line", "sim/operator", "sim/signature", "sim/strict", "sim/wire"},
	"sim/host/store":       {},
	"sim/operator":         {},
	"sim/capture":          {"sim/dialect", "sim/wire"},
	"sim/dialect":          {"sim/device", "sim/dialect/packager", "sim/keys", "sim/strict", "sim/wire"},
	"sim/device":           {"sim/strict"},
	"sim/dialect/packager": {"sim/strict"},
	"sim/chip":             {"sim/keys", "sim/strict", "sim/wire"},
	"sim/keys":             {"sim/keys/des"},
	"sim/keys/des":         {},
	"sim/fee":              {"sim/strict"},
	"sim/signature":        {"sim/signature/jbig"},
	"sim/signature/jbig":   {},
	"sim/allocs":           {},
	"sim/strict":           {},
	"sim/timer":            {},
	"sim/wire":             {},
	"report/capacity":      {"report"},
	"report/compare":       {"report"},
	"report/metrics":       {"report"},
	"report/page":          {"report", "report/verdicts"},
	"report/page/browser":  {}, // tests
	"report/plot":          {"report"},
	"report/verdicts":      {"report"},
	"report":               {},
	"features":             {},

	"cmd/posfleet/interrupt": {},

	"interop":            {}, // tests; these and what follows may not import ours, nor ours them
	"interop/moovserver": {},
	"interop/standalone": {},
}

// keepers are the works of others that only these of our packages may import, so
// that the rest does not depend on them; of those with none only tests may.
var keepers = map[string][]string{
	"gonum.org/v1/plot":                       {"report/plot"},
	"gonum.org/v1/gonum":                      {"report/compare"},
	"github.com/HdrHistogram/hdrhistogram-go": {"report"},
	"github.com/cucumber":                     {"scenarios"},
	"github.com/spf13":                        {"cmd/posfleet"},
	"go.yaml.in/yaml":                         {"sim/strict"},
	"github.com/moov-io/iso8583":              {"sim/dialect", "sim/wire", "interop/moovserver"},
	"github.com/emmansun/gmsm":                {"sim/keys"},
	"github.com/miekg/pkcs11":                 {"sim/keys"},
	"github.com/gopacket/gopacket":            {"sim/capture"},
	"go.etcd.io/bbolt":                        {"sim/host/store"},
	"filippo.io/age":                          {"sim/recording"},
	"github.com/nats-io":                      {"sim/agent"},
	"github.com/prometheus":                   {"report/metrics"},
	"golang.org/x/crypto":                     {"sim/operator"},
	"golang.org/x/net":                        {"cmd/posfleet", "sim/host/admin"},
	"github.com/chromedp":                     {"report/page/browser"}, // which tests alone import
	"github.com/rogpeppe/go-internal":         {},
	"testing":                                 {"report/page/browser"},
}

// vague names say nothing of what is in a package.
var vague = []string{"util", "utils", "common", "helper", "helpers", "lib", "pkg", "types", "misc", "base"}

type goPackage struct {
	ImportPath, Name, Doc string
	Imports               []string
}

// ours lists the packages of this module, without their tests.
func ours(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags", "pkcs11", "-json=ImportPath,Name,Doc,Imports", module+"/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // to list, there need be no C compiler
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	var all []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < len(arrows) {
		t.Fatalf("go list finds %d packages, the table has %d", len(all), len(arrows))
	}
	return all
}

func TestNoArrowPointsBack(t *testing.T) {
	for _, p := range ours(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		may, known := arrows[from]
		if !known {
			t.Errorf("package %s is not in the table of arrows", from)
		}
		for _, i := range p.Imports {
			if to, inside := strings.CutPrefix(i, module+"/"); inside && !slices.Contains(may, to) {
				t.Errorf("%s imports %s: there is no such arrow", from, to)
			}
		}
	}
}

func TestWorksOfOthersHaveFewKeepers(t *testing.T) {
	used := map[string]bool{} // work and keeper
	for _, p := range ours(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, i := range p.Imports {
			for work, keepers := range keepers {
				if i != work && !strings.HasPrefix(i, work+"/") {
					continue
				}
				used[work+" "+from] = true
				if !slices.Contains(keepers, from) {
					t.Errorf("%s imports %s, which is for %s alone", from, i, cmp.Or(strings.Join(keepers, ", "), "tests"))
				}
			}
		}
	}
	for work, keepers := range keepers {
		for _, keeper := range keepers {
			if !used[work+" "+keeper] {
				t.Errorf("the table has %s for %s, which does not import it", work, keeper)
			}
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	for _, p := range ours(t) {
		begin := "Package " + p.Name + " "
		if p.Name == "main" {
			begin = "Command " + path.Base(p.ImportPath) + " "
		}
		if !strings.HasPrefix(p.Doc, begin) {
			t.Errorf("%s: its comment does not begin with %q", p.ImportPath, begin)
		}
		for part := range strings.SplitSeq(strings.TrimPrefix(p.ImportPath, module+"/"), "/") {
			if slices.Contains(vague, part) {
				t.Errorf("%s: %q says nothing of what is in it", p.ImportPath, part)
			}
		}
		if p.Name != "main" && p.Name != path.Base(p.ImportPath) {
			t.Errorf("%s is package %s: two names for one thing", p.ImportPath, p.Name)
		}
	}
}
