//go:build pkcs11 && cgo

package keys

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// soft is a token of SoftHSM with three LMKs, "lmk", "another" and "cut"; a process has one.
var soft struct {
	sync.Once
	dir string
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(soft.dir)
	os.Exit(code)
}

const softModule = "/usr/lib/softhsm/libsofthsm2.so"

func softHSM(t testing.TB) Token {
	t.Helper()
	if _, err := exec.LookPath("softhsm2-util"); err != nil {
		t.Skip("SKIPPED: NO HSM WAS TRIED, SoftHSM is not installed (apt-get install softhsm2)")
	}
	soft.Do(func() { soft.dir, soft.err = newSoftHSM() })
	if soft.err != nil {
		t.Fatal(soft.err)
	}
	return Token{Module: softModule, Label: "acquirer", LMK: "lmk", PIN: "pin.txt"}
}

func newSoftHSM() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "softhsm"); err != nil {
		return dir, err
	}
	config := filepath.Join(dir, "softhsm2.conf")
	os.Setenv("SOFTHSM2_CONF", config)
	if err := os.WriteFile(config, []byte("directories.tokendir = "+dir+"\n"), 0o600); err != nil {
		return dir, err
	}
	calls := [][]string{{"--init-token", "--free", "--label", "acquirer", "--so-pin", "97319731"}}
	for i, v := range []struct{ label, key string }{
		{"lmk", "one for the tests, all letters ."},
		{"another", "another one, of letters as well."},
		{"cut", "cut"},
	} {
		file := filepath.Join(dir, v.label)
		if err := os.WriteFile(file, []byte(v.key), 0o600); err != nil {
			return dir, err
		}
		calls = append(calls, []string{"--import", file, "--aes", "--token", "acquirer", "--label", v.label, "--id", fmt.Sprintf("0%d", i+1)})
	}
	for _, args := range calls {
		if out, err := exec.Command("softhsm2-util", append(args, "--pin", "9731")...).CombinedOutput(); err != nil {
			return dir, fmt.Errorf("softhsm2-util %s: %w\n%s", args, err, out)
		}
	}
	return dir, nil
}

func TestHSMKeepsMasterKeys(t *testing.T) {
	acquirer := softHSM(t)

	for _, v := range []struct {
		what string
		but  func(*Token)
		pin  string
		want string
	}{
		{"no library", func(t *Token) { t.Module = "/nowhere.so" }, "9731", "module-path /nowhere.so cannot be loaded"},
		{"no token", func(t *Token) { t.Label = "issuer" }, "9731", `no such token; module-path ` + acquirer.Module + ` shows "acquirer" of serial number `},
		{"wrong PIN", func(*Token) {}, "1379", "the PIN in pin.txt is not its user's"},
		{"cut key", func(t *Token) { t.LMK = "cut" }, "9731", `key "cut" has 3 octets, want 16, 24 or 32`},
		{"no key", func(t *Token) { t.LMK = "zmk" }, "9731", `no AES key has the label "zmk" (object of the URI); make one there: pkcs11-tool`},
	} {
		of := acquirer
		v.but(&of)
		_, err := of.Open([]byte(v.pin))
		if _, is := errors.AsType[*HSMError](err); !is || !strings.Contains(err.Error(), v.want) || strings.Contains(err.Error(), v.pin) {
			t.Errorf("%s: %v, want %q", v.what, err, v.want)
		}
	}
	h, err := acquirer.Open([]byte("9731"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := acquirer.Open(nil); again != h || err != nil {
		t.Errorf("the second time: %v, %v", again, err)
	}

	t.Run("key blocks of others open", func(t *testing.T) {
		for _, v := range blocks {
			if v.mode.Cipher() != CipherDES || len(v.master) != 32 {
				continue
			}
			master, err := h.Import(octets(t, v.master))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(master, octets(t, v.master)[:8]) {
				t.Errorf("%s: the key comes out in clear", v.origin)
			}
			set, err := Unwrap(h, master, v.mode, octets(t, v.block))
			if err != nil || set.PIN.KCV() != desKey(t, v.pik).KCV() {
				t.Errorf("%s, %s: %v", v.mode, v.origin, err)
			}
			made, err := Wrap(h, master, v.mode, octets(t, v.pik), octets(t, v.mak), octets(t, v.tdk))
			if err != nil || !bytes.Equal(made, octets(t, v.block)) {
				t.Errorf("%s, %s: wrapped to %X, %v", v.mode, v.origin, made, err)
			}
		}
	})
	t.Run("TR-31 key blocks open under a master key in the token", func(t *testing.T) {
		clear := octets(t, "0123456789ABCDEFFEDCBA9876543210")
		master, err := h.Import(clear)
		if err != nil {
			t.Fatal(err)
		}
		set, block, err := Issue(h, master, TR31Track)
		if err != nil {
			t.Fatal(err)
		}
		for what, open := range map[string]func() (Set, error){
			"in it":    func() (Set, error) { return Unwrap(h, master, TR31Track, block) },
			"in clear": func() (Set, error) { return Unwrap(Software{}, clear, TR31Track, block) },
		} {
			if got, err := open(); err != nil || got.PIN.KCV() != set.PIN.KCV() || got.Track.KCV() != set.Track.KCV() {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	t.Run("many terminals at once", func(t *testing.T) {
		var wg sync.WaitGroup
		for range 2 * mostSessions {
			wg.Go(func() {
				master, err := h.Generate(CipherDES)
				if err != nil {
					t.Error(err)
					return
				}
				for range 3 {
					set, block, err := Issue(h, master, Track)
					if err != nil {
						t.Error(err)
						return
					}
					if got, err := Unwrap(h, master, Track, block); err != nil || got.MAC.KCV() != set.MAC.KCV() {
						t.Errorf("a key block came back as another: %v", err)
					}
				}
			})
		}
		wg.Wait()
	})
	t.Run("keys that are not its", func(t *testing.T) {
		master, err := h.Generate(CipherDES)
		if err != nil {
			t.Fatal(err)
		}
		other := acquirer
		other.LMK = "another"
		stranger, err := other.Open([]byte("9731"))
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Clone(master)
		changed[9] ^= 1
		_, long := h.Import(make([]byte, 32))
		for _, v := range []struct {
			what string
			err  error
			want string
		}{
			{"another LMK", stranger.Encrypt(CipherDES, master, make([]byte, 8)), "does not open under LMK"},
			{"changed", h.Decrypt(CipherDES, changed, make([]byte, 8)), "does not open under LMK"},
			{"short", h.Decrypt(CipherDES, master[:16], make([]byte, 8)), "16 octets are no master key"},
			{"none", h.Encrypt(CipherDES, nil, make([]byte, 8)), "0 octets are no master key"},
			{"long in clear", long, "32 octets are no master key"},
			{"part of a block", h.Encrypt(CipherDES, master, make([]byte, 15)), errBlocks.Error()},
			{"no block", h.Decrypt(CipherDES, master, nil), errBlocks.Error()},
			{"SM4", h.Encrypt(CipherSM4, master, make([]byte, 16)), "PKCS#11 has no SM4"},
		} {
			if _, is := errors.AsType[*HSMError](v.err); !is || !strings.Contains(v.err.Error(), v.want) {
				t.Errorf("%s: %v, want %q", v.what, v.err, v.want)
			}
		}
		if err := h.Encrypt(CipherDES, master, make([]byte, 8)); err != nil {
			t.Errorf("after all that: %v", err)
		}
	})
	t.Run("a token that goes away", func(t *testing.T) {
		defer clear(opening.tokens) // for -count
		master, err := h.Generate(CipherDES)
		if err != nil {
			t.Fatal(err)
		}
		open := h.(*token)
		slot, err := open.slot()
		if err != nil {
			t.Fatal(err)
		}
		if err := open.lib.CloseAllSessions(slot); err != nil {
			t.Fatal(err)
		}
		if err := h.Encrypt(CipherDES, master, make([]byte, 8)); err == nil || !strings.Contains(err.Error(), "it is gone") || strings.Contains(err.Error(), "LMK") {
			t.Errorf("%v", err)
		}
	})
}

// BenchmarkUnwrapInHSM is what BenchmarkUnwrap is, with the master key in SoftHSM.
func BenchmarkUnwrapInHSM(b *testing.B) {
	h, err := softHSM(b).Open([]byte("9731"))
	if err != nil {
		b.Fatal(err)
	}
	v := blocks[0]
	master, err := h.Import(octets(b, v.master))
	if err != nil {
		b.Fatal(err)
	}
	block := octets(b, v.block)
	for b.Loop() {
		if _, err := Unwrap(h, master, v.mode, block); err != nil {
			b.Fatal(err)
		}
	}
}
