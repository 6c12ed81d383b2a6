package wire_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// channelRun is what a channel of jPOS wrote and read.
type channelRun struct {
	Channel   string
	Sample    string `json:"sample_hex"`
	Binary    string `json:"sample_binary_hex"`
	KeepAlive string `json:"keepalive_hex"`
	Zero      *struct {
		Reads  bool
		Answer string `json:"answer_hex"`
	} `json:"zero_length_then_message"`
	Zero2 *struct {
		Reads  bool
		Answer string `json:"answer_hex"`
	} `json:"true_zero_length_then_message"`
	Variants []struct {
		Config     string
		Packager   string
		Properties map[string]string
		Hex        string
		Receives   struct {
			Reads  bool
			Header string `json:"header_hex"`
			Answer string `json:"answer_hex"`
		} `json:"same_channel_receives"`
	}
}

// TestChannelsOfJPOS holds each framing against octets that jPOS wrote, from
// channels.json of the folder that POSFLEET_JPOS_VECTORS names.
func TestChannelsOfJPOS(t *testing.T) {
	folder := os.Getenv("POSFLEET_JPOS_VECTORS")
	if folder == "" {
		t.Skip("NOT COMPARED with jPOS: POSFLEET_JPOS_VECTORS names no folder with what its channels wrote")
	}
	text, err := os.ReadFile(filepath.Join(folder, "channels.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Channels []channelRun }
	if err := json.Unmarshal(text, &file); err != nil || len(file.Channels) == 0 {
		t.Fatal(len(file.Channels), err)
	}
	const nac = "NACChannel"
	var ascii, binary []byte
	for _, c := range file.Channels {
		if c.Channel == nac {
			ascii, binary = fromHex(t, c.Sample)[2:], fromHex(t, c.Binary)[2:]
		}
	}
	frames, channels := 0, 0
	for _, c := range file.Channels {
		f, err := wire.Channel(c.Channel)
		if err != nil {
			t.Logf("refused: %v", err)
			continue
		}
		channels++
		head := string(fromHex(t, c.Sample))
		head = head[f.Lead() : f.Lead()+f.Header.Len()]
		both := func(name, digits string, f wire.Framing, message []byte) {
			frames++
			octets := fromHex(t, digits)
			at, err := sampleFormat(t, f, octets).Find(octets)
			if err != nil || at.End != len(octets) || string(at.Message) != string(message) {
				t.Errorf("%s %s: reads %X up to %d of %d, %v, want %X", c.Channel, name, at.Message, at.End, len(octets), err, message)
			}
			if got, err := f.Frame(nil, message, false); string(got) != string(octets) || err != nil {
				t.Errorf("%s %s: writes\n%X, %v, jPOS\n%X", c.Channel, name, got, err, octets)
			}
		}
		both("text", c.Sample, f, append([]byte(head), ascii...))
		if c.Channel != "BASE24Channel" { // a binary message has 03 inside
			whole := append([]byte(head), binary...)
			if f.Header.BaseI {
				whole[4] = byte(len(whole))
			}
			both("binary", c.Binary, f, whole)
		}
		for _, v := range c.Variants {
			f, message := f, ascii
			if v.Packager == "iso87binary" {
				message = binary
			}
			for key, value := range v.Properties {
				switch key {
				case "length-digits":
					f.Length.Octets = int(value[0] - '0')
				case "include-header-length":
					f.Length.Itself = value == "true"
				}
			}
			if c.Channel == "CSChannel" || c.Channel == "GICCChannel" {
				if strings.Contains(v.Config, "message header") {
					t.Logf("%s %s: jPOS counts a header that it does not send", c.Channel, v.Config)
					continue
				}
			}
			octets := fromHex(t, v.Hex)
			if f.ByFields {
				f.Header.App = len(octets) - len(message)
			}
			n := len(octets) - len(f.Trailer) - f.Lead() - len(message)
			if n < 0 {
				t.Fatalf("%s %s: %d octets", c.Channel, v.Config, len(octets))
			}
			both(v.Config, v.Hex, f, octets[f.Lead():][:n+len(message)])
			if string(octets[f.Lead()+n:][:len(message)]) != string(message) {
				t.Errorf("%s %s: no whole message after %d octets of header", c.Channel, v.Config, n)
			}
		}
		for i, zero := range []bool{c.Zero != nil && c.Zero.Reads, c.Zero2 != nil && c.Zero2.Reads} {
			if !zero || strings.Contains(c.Channel, "ASCII") {
				continue // ASCIIChannel passes zero lengths over, as ours does
			}
			answer := c.Zero
			if i == 1 {
				answer = c.Zero2
			}
			keep := fromHex(t, answer.Answer)
			keep = keep[:len(keep)-len(fromHex(t, c.Sample))]
			var sent []byte
			r := (&wire.Format{Framing: f}).NewReader(strings.NewReader(string(keep) + string(fromHex(t, c.Sample))))
			r.Alive = func(b []byte) error { sent = append(sent, b...); return nil }
			if _, err := r.Next(); err != nil || !slices.Equal(sent, keep) || len(keep) == 0 {
				t.Errorf("%s: keep-alive %X is answered %X, %v", c.Channel, keep, sent, err)
			}
			frames++
		}
	}
	t.Logf("%d frames of %d channels agree in both directions", frames, channels)
}

// sampleFormat is how the message of the file stands on a line that carries these
// octets: text or packed.
func sampleFormat(t testing.TB, f wire.Framing, octets []byte) *wire.Format {
	enc, bitmap := "ASCII", "HexToASCII"
	if !strings.HasSuffix(string(octets), "301") {
		enc, bitmap = "BCD", "Binary"
	}
	field := func(n int, kind string, length int, enc string) string {
		return fmt.Sprintf(`"%d": {"type": "%s", "length": %d, "enc": "%s", "prefix": "%s.Fixed"}`, n, kind, length, enc, strings.Replace(strings.Replace(enc, "HexToASCII", "Hex", 1), "LBCD", "BCD", 1))
	}
	spec, err := dialect.LoadSpec(strings.NewReader(`{"name": "sample", "fields": {` + strings.Join([]string{
		field(0, "String", 4, enc), field(1, "Bitmap", 8, bitmap), field(7, "String", 10, enc), field(11, "String", 6, enc),
		field(41, "String", 8, "ASCII"), field(70, "String", 3, enc)}, ", ") + "}}"))
	if err != nil {
		t.Fatal(err)
	}
	format := &wire.Format{Framing: f, Spec: spec}
	if err := format.Compile(); err != nil {
		t.Fatal(err)
	}
	return format
}

func fromHex(t testing.TB, digits string) []byte {
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
