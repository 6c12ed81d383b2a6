package strict

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
)

// A key or a token is known in whatever form it is written, but for one in thousands whose
// letters happen to read like names. They are the same each time.
func TestSecretsAreKnownByTheirForm(t *testing.T) {
	draw := rand.New(rand.NewPCG(7, 11))
	missed := 0
	for n := range 2000 {
		key := make([]byte, []int{16, 24, 32}[n%3])
		for i := range key {
			key[i] = byte(draw.Uint32())
		}
		digits := hex.EncodeToString(key)
		for _, text := range []string{digits, strings.ToUpper(digits), digits[:16], digits[:8] + " " + digits[8:16], digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:32],
			strings.Join([]string{digits[:2], digits[2:4], digits[4:6], digits[6:8], digits[8:10], digits[10:12], digits[12:14], digits[14:16]}, ":"),
			"0x" + digits, "TMK" + digits, "keys/" + digits + ".key", "/etc/" + digits, base64.StdEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key), base32.StdEncoding.EncodeToString(key)} {
			if !MayBeSecret(text) {
				missed++
				t.Logf("%s is taken for a path", text)
			}
		}
	}
	if missed > 12 {
		t.Errorf("%d of 24000 are taken for paths", missed)
	}
	for _, text := range []string{"1234", "file:123456", "../4821", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "test:000102030405060708090A0B0C0D0E0F", "0x8C, 0x5D, 0x3B, 0x92, 0xA1, 0x7F, 0x46, 0xE0"} {
		if !MayBeSecret(text) {
			t.Errorf("%s is taken for a path", text)
		}
	}
}

func TestPlainPathsAreNoSecrets(t *testing.T) {
	for _, path := range []string{"tmk.key", "keys/terminal-master-keys", "/tmp/TestErrorsNameFiles3412345678/001/fleet.csv", "fleet-2026-11-27.csv", "../other/bank.yaml", `C:\Users\Anna\Keys\tmk.hex`,
		"/Users/anna/Bank/Keys/Terminal01.key", "iso8583v1987.yaml", "/opt/pf2/x86_64/p11/lib2.so", "密钥/终端一.txt", "certificateauthorities.pem", "/etc/ssl/certs/ca-certificates.crt",
		"components/first-of-3.txt", "run-20261127-101530/report.html", "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/key.txt", "", "key", "KEY_OF_THE_LABORATORY", "WARSZAWACENTRALNA1"} {
		if MayBeSecret(path) {
			t.Errorf("%s is taken for a secret", path)
		}
	}
}
