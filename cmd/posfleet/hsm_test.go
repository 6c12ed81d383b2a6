//go:build pkcs11 && cgo

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Master keys in an HSM, SoftHSM, as its user meets it.
func TestHSM(t *testing.T) {
	const library = "/usr/lib/softhsm/libsofthsm2.so"
	if _, err := exec.LookPath("softhsm2-util"); err != nil {
		t.Skip("SKIPPED: NO HSM WAS TRIED, SoftHSM is not installed (apt-get install softhsm2)")
	}
	bin, dir := filepath.Dir(program(t)), t.TempDir()
	config, without := filepath.Join(dir, "softhsm2.conf"), filepath.Join(dir, "without.conf")
	for file, mechanisms := range map[string]string{config: "ALL", without: "CKM_AES_KEY_WRAP"} {
		if err := os.WriteFile(file, []byte("directories.tokendir = "+dir+"\nslots.mechanisms = "+mechanisms+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SOFTHSM2_CONF", config) // for hosts that serve starts
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "hsm"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(filepath.ListSeparator)+e.Getenv("PATH"))
			e.Setenv("SOFTHSM2_CONF", config)
			e.Setenv("WITHOUT_DES3", without)
			e.Setenv("URI", "pkcs11:token=acquirer;object=lmk?module-path="+library+"&pin-source=file:pin.txt")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "serve": serve},
	})
}
