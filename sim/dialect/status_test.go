package dialect

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/device"
)

// The example of the reconstruction, and what other kinds of terminal say of
// themselves.
func TestStatusIsWrittenAndRead(t *testing.T) {
	d := CUP()
	qr := device.Find(device.Kinds(), "qr")
	for _, c := range []struct {
		has, broken device.Parts
		text        string
	}{
		{device.All, device.None, "011021031041051"},
		{device.All, device.PINPad, "011020031041051"},
		{device.All, device.StripeReader, "011021030041051"}, // one of three readers
		{device.All, device.Printer | device.Keyboard, "010021031040051"},
		{qr.All(), device.None, "011051"},
		{qr.All(), device.Printer, "011051"}, // it has none that could be broken
	} {
		if got := string(d.AppendStatus(nil, c.has, c.broken)); got != c.text {
			t.Errorf("with %s broken: %s, want %s", c.broken, got, c.text)
		}
		told, broken, err := d.ReadStatus([]byte(c.text))
		if err != nil || told&c.has == 0 || (broken&c.has != 0) != (c.broken&c.has&told != 0) {
			t.Errorf("%s: tells of %s, broken %s: %v", c.text, told, broken, err)
		}
	}
}

// Parameters that follow are passed over; what tells of no part is an error.
func TestStatusOfOthers(t *testing.T) {
	d := CUP()
	if told, broken, err := d.ReadStatus([]byte("0110311160132")); err != nil || !told.Has(device.Keyboard|device.CardReader) || broken != device.None {
		t.Errorf("%s, %s, %v", told, broken, err)
	}
	for text, want := range map[string]string{"": "no code of a part", "01": "no code", "991": "no code", "012": "want 1 or 0"} {
		if _, _, err := d.ReadStatus([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// What is wrong with the key is told with its line.
func TestWrongStatusKeys(t *testing.T) {
	for text, want := range map[string]string{
		`status: {"01": [engine]}`:  "is no part of a terminal",
		`status: {"1": [keyboard]}`: "want a code of two digits",
		`status: {"01": keyboard}`:  "want a list",
	} {
		_, err := Parse("bank.yaml", []byte("extends: cup\n"+text), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// FuzzReadStatus holds that a status never panics, and that what it tells comes back
// when it is written again.
func FuzzReadStatus(f *testing.F) {
	f.Add([]byte("011021031041051"))
	f.Add([]byte("01002103"))
	d := CUP()
	f.Fuzz(func(t *testing.T, text []byte) {
		if n := allocs.Above(4*uint64(len(text))+4096, func() { d.ReadStatus(text) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(text), n)
		}
		told, broken, err := d.ReadStatus(text)
		if err != nil {
			return
		}
		if broken&^told != 0 {
			t.Fatalf("%q: broken %s, of which it does not tell", text, broken)
		}
		again, still, err := d.ReadStatus(d.AppendStatus(nil, told, broken))
		if err != nil || again != told || still != broken {
			t.Fatalf("%q: %s and %s, written again %s and %s: %v", text, told, broken, again, still, err)
		}
	})
}
