package recording_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/recording"
)

var cup = func() *dialect.Dialect {
	d, _ := dialect.Named("cup")
	return d
}()

const (
	pan   = "6225881234567890"
	track = pan + "D49121010000099999999"
)

// purchase is a purchase with all the secrets that there are.
func purchase(t testing.TB, trace, amount int) []byte {
	t.Helper()
	m := cup.NewMessage()
	cup.Form(dialect.Purchase).Begin(m)
	copy(m.Head, "\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x00")
	m.SetFieldString(2, pan)
	m.SetFieldUint(4, uint64(amount))
	m.SetFieldUint(11, uint64(trace))
	m.SetFieldString(14, "4912")
	m.SetFieldString(22, cup.EntryMode(dialect.Insert, true))
	m.SetFieldString(35, track)
	m.SetFieldString(41, "10000001")
	m.SetFieldString(42, "999290054110001")
	m.SetFieldString(52, "\xDE\xAD\xBE\xEF\x01\x02\x03\x04")
	m.SetFieldString(55, "\x5A\x08\x62\x25\x88\x12\x34\x56\x78\x90")
	m.SetFieldString(63, "note "+pan)
	m.SetFieldString(64, "89ABCDEF")
	out, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func answer(t testing.TB, request []byte) []byte {
	m, a := cup.NewMessage(), cup.NewMessage()
	if err := m.Read(request); err != nil {
		t.Fatal(err)
	}
	a.AnswerTo(m)
	a.SetFieldString(39, "00")
	out, err := a.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var began = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// record writes a recording and gives the file.
func record(t testing.TB, name string, key *recording.Key, messages ...[]byte) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	w, err := recording.Create(path, cup, key, began)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range messages {
		if err := w.Add(began.Add(time.Duration(i)*250*time.Millisecond), int64(1+i%2), m[12]&0x10 != 0, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWholeRecordingComesBackAndIsEncrypted(t *testing.T) {
	keyFile := filepath.Join(t.TempDir(), "key")
	if _, err := recording.NewKey(keyFile); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	key, err := recording.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := recording.NewKey(keyFile); err == nil {
		t.Error("a key file is written over")
	}
	one := purchase(t, 1, 8800)
	data := record(t, "whole", key, one, answer(t, one))
	if bytes.Contains(data, []byte("10000001")) || !recording.IsSealed(data) {
		t.Error("the file is not encrypted")
	}
	h, all, err := recording.Read(data, cup, key)
	if err != nil || h.Masked || len(all) != 2 || !bytes.Equal(all[0].Octets, one) || !all[1].Answer || all[1].At != 250*time.Millisecond {
		t.Errorf("%+v, %d entries, %v", h, len(all), err)
	}
	other, err := recording.NewKey(filepath.Join(t.TempDir(), "other"))
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]*recording.Key{"none": nil, "another": other} {
		if _, all, err := recording.Read(data, cup, key); err == nil || len(all) > 0 {
			t.Errorf("with %s key: %d entries", name, len(all))
		}
	}
	if _, all, err := recording.Read(data[:len(data)-40], cup, key); err == nil {
		t.Errorf("a torn file gives %d entries and no error", len(all))
	}
}

// Whatever is known to be secret is in no form in what is kept.
func TestMaskedRecordingHoldsNoSecret(t *testing.T) {
	one := purchase(t, 1, 8800)
	for _, name := range []string{"masked", "masked.pcapng"} {
		data := record(t, name, nil, one, answer(t, one))
		_, all, err := recording.Read(data, cup, nil)
		if err != nil || len(all) != 2 {
			t.Fatalf("%s: %d entries, %v", name, len(all), err)
		}
		octets := all[0].Octets
		upper := strings.ToUpper(string(data))
		for what, secret := range map[string]string{"PAN packed": "\x62\x25\x88\x12\x34\x56\x78\x90", "PAN": pan, "hidden digits": "\x12\x34\x56",
			"discretionary data": "\x99\x99\x99\x99", "PIN block": "\xDE\xAD\xBE\xEF", "MAC": "89ABCDEF"} {
			hexed := strings.ToUpper(hexOf(secret))
			if bytes.Contains(octets, []byte(secret)) || strings.Contains(upper, hexed) || bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s: holds the %s", name, what)
			}
		}
		m := cup.NewMessage()
		if err := m.Read(octets); err != nil {
			t.Fatal(err)
		}
		if got := m.FieldText(2); got != "6225889999997890" {
			t.Errorf("%s: the card number is %s, want its first six and last four digits", name, got)
		}
		if m.FieldUint(4) != 8800 || m.FieldUint(11) != 1 || m.FieldText(41) != "10000001" {
			t.Errorf("%s: what is no secret has changed", name)
		}
	}
}

func hexOf(s string) (out string) {
	const digits = "0123456789abcdef"
	for i := range len(s) {
		out += string(digits[s[i]>>4]) + string(digits[s[i]&15])
	}
	return out
}

func TestArrivalsAreWhatCardholdersCameFor(t *testing.T) {
	one, two := purchase(t, 1, 8800), purchase(t, 2, 500)
	signIn := cup.NewMessage()
	cup.Form(dialect.SignIn).Begin(signIn)
	signIn.SetFieldString(41, "10000001")
	signing, err := signIn.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	data := record(t, "day", nil, signing, one, answer(t, one), one, two) // one of them twice
	_, all, err := recording.Read(data, cup, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, skipped := recording.Arrivals(cup, all)
	want := []recording.Arrival{
		{At: 0, Terminal: "10000001", Of: dialect.Purchase, Entry: dialect.Insert, PIN: true, Amount: 8800},
		{At: 750 * time.Millisecond, Terminal: "10000001", Of: dialect.Purchase, Entry: dialect.Insert, PIN: true, Amount: 500},
	}
	if !reflect.DeepEqual(got, want) || skipped != 0 {
		t.Errorf("%+v, %d skipped\nwant %+v", got, skipped, want)
	}
}

func TestTornAndForeignFilesAreRefused(t *testing.T) {
	one := purchase(t, 1, 8800)
	data := record(t, "day", nil, one, one, one)
	_, all, err := recording.Read(data[:len(data)-10], cup, nil)
	if !errors.Is(err, recording.ErrTorn) || len(all) != 2 {
		t.Errorf("torn: %d entries, %v", len(all), err)
	}
	iso87, _ := dialect.Named("iso87")
	for what, c := range map[string]struct {
		data []byte
		d    *dialect.Dialect
		want string
	}{
		"empty":           {nil, cup, "is no recording"},
		"text":            {[]byte("hello\n"), cup, "is no recording"},
		"another dialect": {data, iso87, "of dialect cup, not iso87"},
		"a later version": {bytes.Replace(data, []byte(`recording":1`), []byte(`recording":2`), 1), cup, "has version 2"},
		"a line between":  {bytes.Replace(data, []byte("\n"), []byte("\nx\n"), 1), cup, "line 2 is not that of a message"},
	} {
		if _, _, err := recording.Read(c.data, c.d, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(record(f, "day", nil, purchase(f, 1, 8800)))
	f.Add(record(f, "day.pcapng", nil, purchase(f, 1, 8800)))
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if n := allocs.Above(4*uint64(len(data))+4<<20, func() { recording.Read(data, cup, nil) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(data), n)
		}
		_, all, _ := recording.Read(data, cup, nil)
		recording.Arrivals(cup, all)
		m := cup.NewMessage()
		for _, e := range all {
			if kept := recording.Masked(cup, m, e.Octets); kept != nil && m.Read(kept) == nil && cup.Leaks(m) != 0 {
				t.Errorf("field %d of %X leaks", cup.Leaks(m), kept)
			}
		}
	})
}
