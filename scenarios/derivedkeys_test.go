package scenarios

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
)

// derivedKeys are dialects whose keys are derived for each transaction, and one whose
// MACs are of another kind.
var derivedKeys = []struct{ name, text string }{
	{"TDES, the serial number in 53", `
extends: iso87
sign-in: none
keys: {dukpt: tdes}
fields: {53: {is: b 10, name: key serial number}}
elements: {security-control: none, key-serial: 53}
`},
	{"TDES, as digits in 53", `
extends: iso87
sign-in: none
keys: {dukpt: tdes}
mac: x9.19 padding-2 4
fields: {53: {is: an 20, name: key serial number}}
elements: {security-control: none, key-serial: 53}
`},
	{"AES, PIN blocks of format 4", `
extends: iso87
sign-in: none
keys: {dukpt: aes128}
mac: cmac
fields: {53: {is: b 12, name: key serial number}}
elements: {security-control: none, key-serial: 53}
`},
	{"AES of 256 bits, HMAC", `
extends: iso87
sign-in: none
keys: {dukpt: aes256}
mac: hmac-sha256 4
fields: {53: {is: b 12, name: key serial number}}
elements: {security-control: none, key-serial: 53}
`},
	{"working keys, CMAC", "extends: iso87\nmac: cmac hex\n"},
}

// derivedDialect has the forms that want it carry field 53.
func derivedDialect(t testing.TB, text string) *dialect.Dialect {
	t.Helper()
	if strings.Contains(text, "key-serial") {
		text += `
transactions:
  reversal: {carries: [2, 3, 4, 7, 11, 14, 22, 23, 25, 38, 39, 41, 42, 49, 53, 60]}
`
	}
	d, err := dialect.Parse("derived.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDerivedKeysPlay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for _, c := range derivedKeys {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := profile.BundledIn(derivedDialect(t, c.text), 8)
			if err != nil {
				t.Fatal(err)
			}
			check := &Check{Language: language(p, nil), Dialer: serve(t, p, host.WithLog(host.Log{Notice: func(text string) { t.Log(text) }})), Features: embeddedFor(t, "iso87"), Terminals: 4}
			found, err := check.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for v := range found.All() {
				if v.Outcome == verdicts.Failed || v.Outcome == verdicts.NotPlayed {
					t.Errorf("%s %s %s: %s: %v", v.ID, v.Outcome, v.At, v.Step, v.Reason)
				}
			}
			if found.Count(verdicts.Passed) < 40 || found.Unsettled > 0 {
				t.Errorf("%d passed, %d left a reversal: %v", found.Count(verdicts.Passed), found.Unsettled, found.UnsettledWhy)
			}
		})
	}
}

// At a host that has heard of the terminals before, the next run goes on after the last
// counter; where it does not, what is told names what is to be changed.
func TestDerivedKeysGoOnInTheNextRun(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for _, c := range derivedKeys {
		d := derivedDialect(t, c.text)
		if d.DUKPT == keys.NoDUKPT {
			continue
		}
		hosts, err := profile.BundledIn(d, 8)
		if err != nil {
			t.Fatal(err)
		}
		dial := serve(t, hosts)
		var purchases []*Feature
		for _, f := range embeddedFor(t, "iso87") {
			if strings.Contains(f.Path, "core/purchase") {
				purchases = append(purchases, f)
			}
		}
		for i, start := range []uint32{0, 0, 500} {
			p, err := profile.BundledIn(d, 8)
			if err != nil {
				t.Fatal(err)
			}
			p.DUKPT.Start = start
			check := &Check{Language: language(p, nil), Dialer: dial, Features: purchases, Terminals: 2}
			found, err := check.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			told := ""
			for v := range found.All() {
				if v.Outcome == verdicts.Failed {
					told += fmt.Sprintln(v.Reason)
				}
			}
			if i == 1 && (!strings.Contains(told, "dukpt (start, base, key-set)") || strings.Contains(told, "master keys")) {
				t.Errorf("%s: a run that begins at the first counter again is told: %s", c.name, told)
			}
			if i != 1 && (told != "" || found.Count(verdicts.Passed) == 0) {
				t.Errorf("%s: run %d from %d: %d passed, %s", c.name, i, start, found.Count(verdicts.Passed), told)
			}
		}
	}
}

func TestHostThatTakesASerialTwiceIsCaught(t *testing.T) {
	for _, c := range derivedKeys {
		d := derivedDialect(t, c.text)
		if d.DUKPT == keys.NoDUKPT {
			continue
		}
		p, err := profile.BundledIn(d, 8)
		if err != nil {
			t.Fatal(err)
		}
		of, err := ReadFeatures(features.FS, "dukpt")
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range []bool{false, true} {
			var options []host.Option
			want := verdicts.Passed
			if wrong {
				options, want = append(options, host.WithMisbehaviour("serial-replayed")), verdicts.Failed
			}
			check := &Check{Language: language(quick(p), nil), Dialer: serve(t, p, options...), Features: of, Terminals: 2}
			found, err := check.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if n := found.Count(want); n != 2 {
				t.Errorf("%s: of two scenarios %d have %s, where the host takes a number twice: %v", c.name, n, want, wrong)
			}
		}
	}
}
