package main

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/posfleet/posfleet/scenarios"
)

// A list of known failures is read in whatever Unicode features are, and of another
// encoding the line is named and none of its octets shown.
func TestExpectedFailuresInOtherEncodings(t *testing.T) {
	const list = "# 已知\n@core-echo-1 主机不支持\n"
	var little, big, widest []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + list)) {
		little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
	}
	for _, r := range "\ufeff" + list {
		widest = binary.LittleEndian.AppendUint32(widest, uint32(r))
	}
	fs := []*scenarios.Feature{{Scenarios: []*scenarios.Scenario{{ID: "core-echo-1"}}}}
	fs[0].Scenarios[0].Feature = fs[0]
	name := filepath.Join(t.TempDir(), "known.txt")
	read := func(text string) (map[string]string, error) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return expectedFailures(name, fs, nil, io.Discard)
	}
	for encoding, text := range map[string]string{"UTF-8": list, "with a mark": "\ufeff" + list, "UTF-16LE": string(little), "UTF-16BE": string(big), "UTF-32": string(widest)} {
		if got, err := read(text); err != nil || got["@core-echo-1"] != "主机不支持" {
			t.Errorf("%s: %v, %v", encoding, got, err)
		}
	}
	if _, err := read("@core-echo-1 \xd6\xf7\n"); err == nil || !strings.HasSuffix(err.Error(), "known.txt: line 1 is not UTF-8 (GBK? save as UTF-8)") {
		t.Errorf("GBK: %v", err)
	}
}
