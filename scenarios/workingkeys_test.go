package scenarios

import (
	"context"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// Networks whose sign-in brings AES keys, or TR-31 key blocks, as a dialect's file or a
// profile says it: PINs, MACs and tracks are under them from end to end.
func TestWorkingKeysOfEachKindPlay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	inFile := func(text string) *profile.Profile {
		d, err := dialect.Parse("bank.yaml", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := profile.BundledIn(d, 8)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, p := range map[string]*profile.Profile{
		"AES keys, CMAC":                     inFile("extends: iso87\nsign-in: \"007\"\nmac: cmac\npin: {format: \"4\"}\n"),
		"AES keys in TR-31, elsewhere, CMAC": inFile("extends: iso87-binary\nsign-in: \"018\"\nmac: cmac\nfields: {57: {is: b...999, name: key blocks, mask: hidden}}\nelements: {working-keys: 57}\n"),
		"SM4 keys, PIN blocks of 8 octets":   inFile("extends: cup\nsign-in: \"006\"\npin: {octets: 8}\n"),
		"PIN blocks of format 2":             inFile("extends: iso87\npin: {format: 2}\n"),
		"single DES keys":                    changed(t, []string{`sign-in: "004"`, `sign-in: "001"`}),
		"SM4 keys without one for tracks":    changed(t, []string{`sign-in: "004"`, `sign-in: "005"`}),
		"AES keys":                           changed(t, []string{`sign-in: "004"`, `sign-in: "008"`}),
		"AES keys in TR-31, none for tracks": changed(t, []string{`sign-in: "004"`, `sign-in: "017"`}),
		"DES keys in TR-31":                  changed(t, []string{`sign-in: "004"`, `sign-in: "014"`}),
		"AES keys in TR-31, CMAC":            changed(t, []string{`sign-in: "004"`, `sign-in: "018"`, "mac: ecb", "mac: cmac"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fs, err := ReadFeatures(features.FS, "core")
			if err != nil {
				t.Fatal(err)
			}
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
			if n := found.Count(verdicts.Passed); n < 25 || found.Unsettled > 0 {
				t.Errorf("%d passed, %d left a reversal: %v", n, found.Unsettled, found.UnsettledWhy)
			}
		})
	}
}
