package capture

import (
	"bytes"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Messages in a network's own framing are read without a word, and in another's
// with what is wrong.
func TestMessagesAreCutInEveryFraming(t *testing.T) {
	message := octets(t, body)
	framings := map[string]wire.Framing{
		"serial":        {Before: "\x02", Length: wire.Length{Octets: 2, Form: wire.PackedDigits}, Trailer: "\x03", LRC: true},
		"HTTP":          {Length: wire.Binary2, HTTP: wire.HTTP{Path: "/pos", Host: "host.example"}},
		"HTTP, bare":    {HTTP: wire.HTTP{Path: "/pos"}},
		"LL ZZ":         {Length: wire.Length{Octets: 2, Itself: true, Reserved: true}, After: "\x00\x00"},
		"a line each":   {Trailer: "\r\n"},
		"little-endian": {Length: wire.Length{Octets: 4, Form: wire.LittleEndian}},
	}
	for _, class := range wire.ChannelNames() {
		f, err := wire.Channel(class)
		if err != nil {
			t.Fatal(err)
		}
		if class != "BASE24Channel" && !f.Header.BaseI { // octet 03 stands in this message, and its header is another
			framings[class] = f
		}
	}
	for name, f := range framings {
		d := dialect.CUP()
		f.Header = d.Header
		d.Framing = f
		if err := d.Compile(); err != nil {
			t.Fatal(err)
		}
		frame, err := f.Frame(nil, message, false)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(frame, message)
		for stream, want := range map[string][]int{
			string(frame):                 {at},
			string(frame) + string(frame): {at, len(frame) + at},
			string(frame) + string(frame) + string(frame[:5]): {at, len(frame) + at},
			string(frame) + string(frame[:len(frame)-20]):     {at},
		} {
			frames := Cut(&d.Format, []byte(stream))
			if len(frames) < len(want) {
				t.Errorf("%s: %d frames of %d octets, want %d", name, len(frames), len(stream), len(want))
				continue
			}
			for i, at := range want {
				if fr := frames[i]; fr.Err != nil || fr.Note != "" || fr.At != at || !bytes.Equal(fr.Octets, message) || len(fr.Prefix) != len(frame)-len(message)-tail(&f) {
					t.Errorf("%s, frame %d at %d: %v, %s, %d octets after %d", name, i, fr.At, fr.Err, fr.Note, len(fr.Octets), len(fr.Prefix))
				}
			}
		}
	}
}

// tail is how many octets stand after a message.
func tail(f *wire.Framing) int {
	if f.LRC {
		return len(f.Trailer) + 1
	}
	return len(f.Trailer)
}

func TestFramesOfAnotherFramingAreTold(t *testing.T) {
	itself := wire.Framing{Length: wire.Length{Octets: 2, Itself: true}}
	packed := wire.Framing{Length: wire.Length{Octets: 2, Form: wire.PackedDigits}}
	etx := wire.Framing{Length: wire.Length{Octets: 2, Trailer: true}, Trailer: "\x03"}
	line := wire.Framing{Trailer: "\r\n"}
	for _, c := range []struct {
		f        wire.Framing
		in, want string
	}{
		{itself, signIn, "the length prefix says 60, and counts the message alone: 60 follow"},
		{packed, signIn, "the length prefix 003C is 2 octets, big-endian: 60 octets follow (in a profile length: binary2); this network's is BCD, two digits to an octet"},
		{packed, "F0F0F6F0" + body, "4 decimal digits in EBCDIC: 60 octets follow"},
		{etx, signIn, "the length prefix says 60, and counts the message alone: 60 follow"},
		{line, signIn, "is 2 octets, big-endian: 60 octets follow (in a profile length: binary2); this network's is none, a message ends with 0D0A"},
		{wire.Framing{Length: wire.Binary2}, "D04A003C0000" + body, "D04A and 2 octets, big-endian, with 2 more after it"},
	} {
		d := dialect.CUP()
		c.f.Header = d.Header
		d.Framing = c.f
		frames := Cut(&d.Format, octets(t, c.in))
		if fr := frames[0]; !bytes.HasPrefix(octets(t, body), fr.Octets[:60]) || !strings.Contains(fr.Note, c.want) {
			t.Errorf("%+v, %s\n got %s, %v\nwant %s", c.f, c.in, fr.Note, fr.Err, c.want)
		}
	}
}
