package sim

import (
	"bytes"
	"testing"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
)

// What a host says is to be downloaded is taken or refused, never believed in part: a list
// that says that there is more brings something, a page ends with an entry.
func TestDownloadRefusesWhatCannotBeRight(t *testing.T) {
	const key = "\x9F\x06\x05\xA0\x00\x00\x03\x33\x9F\x22\x01\x01"
	keyed, pages := &dialect.Download{Query: "372", Load: "370", End: "371"}, &dialect.Download{Load: "390", End: "391"}
	for name, c := range map[string]struct {
		l      loading
		v      string
		listed bool // the answer to a query
	}{
		"list without a sign":        {loading{of: keyed}, "", true},
		"list of nothing with more":  {loading{of: keyed}, "2", true},
		"list that is no TLV":        {loading{of: keyed}, "1\x9F\x06\x05\xA0", true},
		"entry of another name":      {loading{of: keyed, ids: [][]byte{[]byte("\x9F\x06\x01\xA0")}}, "1\x9F\x06\x01\xA1", false},
		"key with a wrong hash":      {loading{of: keyed, ids: [][]byte{[]byte(key)}}, "1" + key + "\xDF\x05\x04\x20\x49\x12\x31\xDF\x02\x01\x07\xDF\x03\x14" + string(make([]byte, 20)), false},
		"key that never expires":     {loading{of: keyed, ids: [][]byte{[]byte(key)}}, "1" + key + "\xDF\x02\x01\x07", false},
		"page without a sign":        {loading{of: pages}, "9", false},
		"page that ends in an entry": {loading{of: pages}, "104abc", false},
		"page of nothing with more":  {loading{of: pages}, "2", false},
		"certificate of 8 octets":    {loading{of: &dialect.Download{Name: revokedCertificates}}, "108\xA0\x00\x00\x03\x33\x91\x00\x01", false},
		"empty text":                 {loading{of: &dialect.Download{Whole: true}}, "", false},
	} {
		l, err := c.l, error(nil)
		if c.listed {
			err = l.list([]byte(c.v))
		} else {
			err = l.take([]byte(c.v), 20261126)
		}
		if err == nil {
			t.Errorf("%s is taken: %+v", name, l)
		}
	}
}

// What a terminal has downloaded it uses: its action code is that of the application on its
// cards, and a CA key that has expired is known, so that it can be told, and not counted.
func TestTerminalUsesWhatItHasDownloaded(t *testing.T) {
	var k kept
	parameters := &loading{of: &dialect.Download{Name: "ic-parameters"}, entries: [][]byte{
		[]byte("\x9F\x06\x08\xA0\x00\x00\x03\x33\x01\x01\x01\xDF\x13\x05\x01\x02\x03\x04\x05"),
		[]byte("\x9F\x06\x08\xA0\x00\x00\x03\x33\x01\x01\x02\xDF\x13\x05\x40\x10\x00\x00\x00"),
	}}
	if k.have(parameters); k.denial != [5]byte{0x40, 0x10} {
		t.Errorf("action code %X", k.denial)
	}
	keys := &loading{of: &dialect.Download{Name: "ca-keys", Query: "372"}}
	for _, a := range chip.Authorities() {
		keys.ids = append(keys.ids, a.Entry()[:12])
		if err := keys.take(append([]byte("1"), a.Entry()...), 20261126); err != nil {
			t.Fatal(err)
		}
	}
	if k.have(keys); len(k.caKeys) != 5 || len(k.loaded["ca-keys"].entries) != 4 {
		t.Errorf("%d CA keys, %d entries", len(k.caKeys), len(k.loaded["ca-keys"].entries))
	}
}

// What a host takes out of a download its terminals forget, and nothing else with it.
func TestTerminalForgetsWhatIsWithdrawn(t *testing.T) {
	var k kept
	keys := func(name string, of ...*chip.Authority) {
		l := &loading{of: &dialect.Download{Name: name, Query: "372"}}
		for _, a := range of {
			l.ids = append(l.ids, a.Entry()[:12])
			if err := l.take(append([]byte("1"), a.Entry()...), 20261126); err != nil {
				t.Fatal(err)
			}
		}
		k.have(l)
	}
	parameters := func(entries ...string) {
		l := &loading{of: &dialect.Download{Name: "ic-parameters"}}
		for _, e := range entries {
			l.entries = append(l.entries, []byte(e))
		}
		k.have(l)
	}
	const application = "\x9F\x06\x08\xA0\x00\x00\x03\x33\x01\x01\x02"
	const limits = "\xDF\x19\x06\x00\x00\x00\x00\x01\x00\xDF\x20\x06\x00\x00\x00\x00\x02\x00\xDF\x21\x06\x00\x00\x00\x00\x03\x00"
	all := chip.Authorities()
	keys("ca-keys", all[0], all[2])
	keys("others", all[3])
	parameters(application + "\xDF\x13\x05\x40\x10\x00\x00\x00" + limits)
	if len(k.caKeys) != 3 || k.denial != [5]byte{0x40, 0x10} || !k.tapped.given {
		t.Fatalf("%d CA keys, action code %X, limits given %v", len(k.caKeys), k.denial, k.tapped.given)
	}
	if keys("ca-keys", all[2]); len(k.caKeys) != 2 {
		t.Errorf("%d CA keys after one was withdrawn, want 2", len(k.caKeys))
	}
	if keys("ca-keys"); len(k.caKeys) != 1 {
		t.Errorf("%d CA keys after all of a download were withdrawn, want 1", len(k.caKeys))
	}
	if parameters(application + limits); k.denial != [5]byte{} || !k.tapped.given {
		t.Errorf("action code %X after it was withdrawn, limits given %v", k.denial, k.tapped.given)
	}
	if parameters(application + "\xDF\x13\x05\x40\x10\x00\x00\x00"); k.denial != [5]byte{0x40, 0x10} || k.tapped.given {
		t.Errorf("action code %X, limits given %v after they were withdrawn", k.denial, k.tapped.given)
	}
	if parameters(); k.denial != [5]byte{} || len(k.caKeys) != 1 {
		t.Errorf("action code %X after the application was withdrawn, %d CA keys", k.denial, len(k.caKeys))
	}
}

func FuzzDownload(f *testing.F) {
	f.Add([]byte("1\x9F\x06\x05\xA0\x00\x00\x03\x33\x9F\x22\x01\x01"), []byte("203abc"))
	f.Fuzz(func(t *testing.T, list, page []byte) {
		l := loading{of: &dialect.Download{Query: "372"}}
		if l.list(list) == nil && len(l.ids) > 0 {
			for _, id := range l.ids {
				if !bytes.HasPrefix(id, []byte{0x9F, 0x06}) {
					t.Errorf("an entry is named %X", id)
				}
			}
			l.take(page, 20261126)
		}
		pages := loading{of: &dialect.Download{}}
		for i := 0; i < 3 && !pages.whole && pages.take(page, 0) == nil; i++ {
			if len(pages.entries) > mostEntries {
				t.Errorf("%d entries", len(pages.entries))
			}
		}
	})
}
