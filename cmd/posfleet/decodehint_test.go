package main

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// A message of which its length announces more is cut short, and no hint names the dialect
// that was tried.
func TestHintsOfWhatIsCutShort(t *testing.T) {
	iso87 := "0054" + hex.EncodeToString([]byte("0800822000010080"))
	for _, c := range []struct{ dialect, octets, want string }{
		{"iso87", iso87, "hint: the message is cut short: its length announces 84 octets, of which 16 are there"},
		{"cup", signInDigits[:60], "hint: the message is cut short: its length announces 60 octets, of which 28 are there"},
		{"iso87", iso87[4:], "try --dialect cup"},
		{"cup", signInDigits[4:60], "try --dialect iso87"},
	} {
		var out, errs bytes.Buffer
		code := run([]string{"decode", "--dialect", c.dialect, c.octets}, &out, &errs)
		if said := errs.String(); code != exitUsage || !strings.Contains(said, c.want) || strings.Contains(said, "--dialect "+c.dialect) {
			t.Errorf("%s: exit code %d, want %q\n%s%s", c.dialect, code, c.want, &out, said)
		}
	}
}
