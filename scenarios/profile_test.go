package scenarios

import (
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// changes are of the bundled profile: what stands there, and what instead. Each
// key that docs/profile.md has for what terminals do is among them, with each of
// its values.
var changes = []struct {
	name string
	edit []string // pairs
}{
	{"timeout", []string{"timeout: 5s", "timeout: 2s"}},
	{"reversal-tries 1", []string{"reversal-tries: 3", "reversal-tries: 1"}},
	{"reversal-tries 2", []string{"reversal-tries: 3", "reversal-tries: 2"}},
	{"reversal-tries 5", []string{"reversal-tries: 3", "reversal-tries: 5"}},
	{"reversal-tries 99", []string{"reversal-tries: 3", "reversal-tries: 99"}},
	{"reversal-reason", []string{`# reversal-reason: "98"`, `reversal-reason: "06"`}},
	{"reversal-accepts 00", []string{`# reversal-accepts: ["00", "12", "25"]`, `reversal-accepts: ["00"]`}},
	{"reversal-accepts many", []string{`# reversal-accepts: ["00", "12", "25"]`, `reversal-accepts: ["00", "12", "25", "94", "A0"]`}},
	{"reversal-original", []string{"reversal-original: false", "reversal-original: true"}},
	{"mac-on-decline required", []string{"mac-on-decline: if-present", "mac-on-decline: required"}},
	{"mac-on-decline ignored", []string{"mac-on-decline: if-present", "mac-on-decline: ignored"}},
	{"keep-on-mismatch", []string{"keep-on-mismatch: true", "keep-on-mismatch: false"}},
	{"abort-on-reversal", []string{"abort-on-reversal: true", "abort-on-reversal: false"}},
	{"abort-on-reversal, one try", []string{"abort-on-reversal: true", "abort-on-reversal: false", "reversal-tries: 3", "reversal-tries: 1"}},
	{"defective-is-good", []string{"defective-is-good: true", "defective-is-good: false"}},
	{"signatures at sign-in", []string{"    sign-in: true  ", "    sign-in: false  "}},
	{"signatures: one try", []string{"    tries: 3  ", "    tries: 1  ", "upload-tries: 3", "upload-tries: 1"}},
	{"signatures in parts", []string{"    part: 0  ", "    part: 40  "}},
	{"signatures nobody enrolled", []string{", signature: 12}", "}"}},
	{"supervisor", []string{"supervisor: true", "supervisor: false"}},
	{"no supervisor", []string{"supervisor: true", "supervisor: false", "    sign-in: true  ", "    sign-in: false  ", `  - {number: "00", password: "123456"}    # supervisor` + "\n", ""}},
	{"auto-sign-off", []string{"auto-sign-off: false", "auto-sign-off: true"}},
	{"auto-sign-off, small batches", []string{"auto-sign-off: false", "auto-sign-off: true", "journal-limit: 500", "journal-limit: 3"}},
	{"journal-limit 0", []string{"journal-limit: 500", "journal-limit: 0"}},
	{"journal-limit 1", []string{"journal-limit: 500", "journal-limit: 1"}},
	{"journal-limit 10", []string{"journal-limit: 500", "journal-limit: 10"}},
	{"refund-limit 0", []string{"refund-limit: 10000.00", "refund-limit: 0"}},
	{"refund-limit 1", []string{"refund-limit: 10000.00", "refund-limit: 1.00"}},
	{"refund-limit 25", []string{"refund-limit: 10000.00", "refund-limit: 25.00"}},
	{"order-paid", []string{"# order-paid: 签到成功", "order-paid: 签到成功"}},
	{"keep-old-keys", []string{"keep-old-keys: true", "keep-old-keys: false"}},
	{"encrypt-tracks", []string{"encrypt-tracks: true", "encrypt-tracks: false"}},
	{"partial-approval", []string{"partial-approval: false", "partial-approval: true "}},
	{"daily-sign-in", []string{"daily-sign-in: true", "daily-sign-in: false"}},
	{"passwords not told apart", []string{"tells: true", "tells: false"}},
	{"master keys under RSA", []string{"transport-key: test:13579BDF02468ACE9BDF13578ACE0246", "master-key-way: rsa"}},
	{"sign-in 001", []string{`sign-in: "004"`, `sign-in: "001"`}},
	{"sign-in 003", []string{`sign-in: "004"`, `sign-in: "003"`}},
	{"sign-in 005", []string{`sign-in: "004"`, `sign-in: "005"`}},
	{"sign-in 006", []string{`sign-in: "004"`, `sign-in: "006"`}},
	{"mac x9.9", []string{"mac: ecb", "mac: x9.9"}},
	{"mac x9.19", []string{"mac: ecb", "mac: x9.19"}},
	{"length binary4", []string{"length: binary2", "length: binary4"}},
	{"length digits4", []string{"length: binary2", "length: digits4"}},
	{"tpdu none", []string{`tpdu: "6000030000"`, "tpdu: none"}},
	{"header none", []string{`header: "603100310000"`, "header: none"}},
	{"iso87", []string{"dialect: cup", "dialect: iso87", `tpdu: "6000030000"`, "tpdu: none", `header: "603100310000"`, "header: none", "mac: ecb", "mac: x9.19"}},
	{"iso87, one try, single DES", []string{"dialect: cup", "dialect: iso87", "reversal-tries: 3", "reversal-tries: 1", `sign-in: "004"`, `sign-in: "001"`,
		`# reversal-reason: "98"`, `reversal-reason: "06"`}},
	{"password", []string{`{number: "01", password: "0000"`, `{number: "01", password: "87654321"`}},
	{"supervisor's password", []string{`password: "123456"}    # supervisor`, `password: "0000"}`}},
	{"other numbers", []string{`number: "01"`, `number: "77"`, `number: "02"`, `number: "98"`}},
	{"no second operator", []string{`  - {number: "02", password: "0000", signature: 3}` + "\n", ""}},
	{"no administrator", []string{`  - {number: "99", password: "12345678"}  # administrator` + "\n", ""}},
	{"one terminal", []string{"count: 1000\n    kinds: {desktop: 10, mobile: 4, smart: 3, e-signature: 2, qr: 1}", "count: 1"}},
	{"mobile terminals", []string{"kinds: {desktop: 10, mobile: 4, smart: 3, e-signature: 2, qr: 1}", "kind: mobile"}},
	{"QR boxes only", []string{"kinds: {desktop: 10, mobile: 4, smart: 3, e-signature: 2, qr: 1}", "kind: qr"}},
	{"one card a role", []string{"    count: 1000\n    expiry", "    expiry"}},
	{"cards without PIN", []string{"  - role: new-pin  # its issuer tells its chip the PIN below with the next answer\n    pan: \"6225000097000000\"\n    count: 1000\n    expiry: \"4912\"\n    service: \"201\"\n" +
		"    sequence: \"001\"\n    issuer: bank\n    command: change-pin\n    pin: \"123456\"\n    balance: 9000000000.00\n", "", "    pin: \"123456\"\n", ""}},
	{"cards without chip", []string{"    sequence: \"001\"\n", "", "    issuer: bank\n", "", "    issuer: sm\n", "", "    issuer: abroad\n", "", "    command: block-application\n", "", "    verification: phone\n", "", "    verification: signature\n", "", "    command: unblock-pin\n", "", "    command: change-pin\n", "", "    issuer: purse\n", "", "    cash: 500.00\n", "",
		"    issuer: certified\n", "", "    issuer: strict\n", "", "    issuer: lapsed\n", "", "    issuer: withdrawn\n", "", "    issuer: outdated\n", "", "    issuer: unlisted\n", "",
		"    authentication: sda\n", "", "    authentication: dda\n", "", "    authentication: cda\n", ""}},
	{"chips of no issuer that is known", []string{"    issuer: bank\n", "", "    issuer: sm\n", "", "    issuer: abroad\n", "", "    command: block-application\n", "", "    verification: phone\n", "", "    verification: signature\n", "", "    command: unblock-pin\n", "", "    command: change-pin\n", "", "    issuer: purse\n", "", "    cash: 500.00\n", "",
		"    issuer: certified\n", "", "    issuer: strict\n", "", "    issuer: lapsed\n", "", "    issuer: withdrawn\n", "", "    issuer: outdated\n", "", "    issuer: unlisted\n", "",
		"    authentication: sda\n", "", "    authentication: dda\n", "", "    authentication: cda\n", ""}},
	{"discretionary digits", []string{"    pin: \"123456\"\n", "    pin: \"123456\"\n    discretionary: \"4460000000000\"\n"}},
	{"another limit", []string{"limit: 500.00", "limit: 1.00"}},
	{"no limit", []string{"    limit: 500.00\n", ""}},
	{"no payment code", []string{"    code: \"6225000000000000001\"\n", ""}},
	{"another answer", []string{"issuer: bank\n    pin: \"123456\"\n    balance: 10000.00\n    answers: usual", "issuer: bank\n    pin: \"123456\"\n    balance: 10000.00\n    answers: \"07\"",
		"pan: \"6225000090000411\"\n    expiry: \"4912\"\n    pin: \"123456\"\n    balance: 10000.00\n    answers: usual", "pan: \"6225000090000411\"\n    expiry: \"4912\"\n    pin: \"123456\"\n    balance: 10000.00\n    answer: \"05\""}},
	{"chips approve nothing by themselves", []string{"  offline-limit: 100.00", "  offline-limit: 0     "}},
	{"chips approve little by themselves", []string{"  offline-limit: 100.00", "  offline-limit: 1.00  "}},
	{"chips approve much by themselves", []string{"  offline-limit: 100.00", "  offline-limit: 2000.00"}},
	{"little electronic cash", []string{"cash: 500.00", "cash: 5.00"}},
	{"a PIN with every tap", []string{"tap-pin-above: 1000.00", "tap-pin-above: 1.00"}},
	{"a PIN with no tap", []string{"tap-pin-above: 1000.00", "tap-pin-above: 0      "}},
	{"a PIN above what may be tapped", []string{"tap-pin-above: 1000.00", "tap-pin-above: 60000.00"}},
	{"a PIN above another limit", []string{"tap-pin-above: 1000.00", "tap-pin-above: 1000.05"}},
	{"a pause after one wrong password", []string{"    pause: 3 ", "    pause: 1 "}},
	{"locked after one wrong password", []string{"    lock: 5 ", "    lock: 1 "}},
	{"a poor card that has some", []string{"balance: 0.50", "balance: 50.00"}},
	{"an answer by decree", []string{"balance: 0.50", `answers: "61"`}},
	{"no fees", []string{", fee: {basis-points: 38, cap: 20.00}", ""}},
}

// changed is the bundled profile with changes.
func changed(t *testing.T, edit []string) *profile.Profile {
	t.Helper()
	b, err := os.ReadFile("../sim/profile/bundled.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for i := 0; i < len(edit); i += 2 {
		if !strings.Contains(text, edit[i]) {
			t.Fatalf("the bundled profile does not say %q", edit[i])
		}
		text = strings.ReplaceAll(text, edit[i], edit[i+1])
	}
	name := filepath.Join(t.TempDir(), "bank.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Load(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	p.Policy.Timeout = min(p.Policy.Timeout, 3*time.Second)
	return p
}

// serve serves a profile's bundled host for a test.
func serve(t testing.TB, p *profile.Profile, options ...host.Option) *line.Dialer {
	t.Helper()
	h, err := host.New(p, options...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.Serve(ctx, l) })
	t.Cleanup(func() {
		stop()
		wg.Wait()
	})
	serveAdmin(t, h, l.Addr().String())
	return &line.Dialer{Address: l.Addr().String(), Timeout: 5 * time.Second}
}

// embeddedFor are the features that come with posfleet for a dialect.
func embeddedFor(t testing.TB, network string) []*Feature {
	t.Helper()
	paths := []string{"core"}
	d, _ := dialect.Named(network)
	for _, name := range append(slices.Clone(d.Bases), network) {
		if _, err := fs.Stat(features.FS, name); err == nil {
			paths = append(paths, name)
		}
	}
	fs, err := ReadFeatures(features.FS, paths...)
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

// A scenario takes from the profile what networks and terminals differ in, or is
// skipped: a right host never fails.
func TestRightHostPassesUnderEveryProfile(t *testing.T) {
	for i, c := range changes {
		if testing.Short() && i%32 > 0 {
			continue // under the race detector some will do
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := changed(t, c.edit)
			fs := slices.DeleteFunc(embeddedFor(t, p.Dialect.Name), func(f *Feature) bool { // in one language, in turns
				return strings.HasSuffix(f.Path, ".zh.feature") != (i%2 == 1)
			})
			check := &Check{Language: language(p, nil), Dialer: serve(t, p), Features: fs, Terminals: 4}
			found, err := check.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for v := range found.All() {
				if v.Outcome == verdicts.Failed || v.Outcome == verdicts.NotPlayed {
					t.Errorf("%s %s %s: %s: %v", v.ID, v.Outcome, v.At, v.Step, v.Reason)
				}
			}
			if found.Count(verdicts.Passed) < 10 || found.Unsettled > 0 {
				t.Errorf("%d passed, %d left a reversal: %v", found.Count(verdicts.Passed), found.Unsettled, found.UnsettledWhy)
			}
			var b strings.Builder
			found.WriteSummary(&b)
			t.Log(b.String())
		})
	}
}
