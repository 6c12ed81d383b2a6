package profile

import (
	"bytes"
	"encoding/hex"
	"runtime"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/keys"
)

func mustBundle(t testing.TB, dialect string, terminals int) *Profile {
	t.Helper()
	p, err := Bundled(dialect, terminals)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestBundledSpeaksEachDialect(t *testing.T) {
	for _, c := range []struct{ dialect, head, mac string }{
		{"cup", "6000030000603100310000", "ecb"},
		{"iso87", "", "x9.19"},
	} {
		t.Run(c.dialect, func(t *testing.T) {
			p := mustBundle(t, c.dialect, 0)
			if got := hex.EncodeToString(p.Head); got != c.head {
				t.Errorf("head %s, want %s", got, c.head)
			}
			if p.Dialect.Header.Len() != len(p.Head) {
				t.Errorf("dialect wants a header of %d octets, profile has %d", p.Dialect.Header.Len(), len(p.Head))
			}
			if p.Dialect.Name != c.dialect || p.MAC.String() != c.mac || p.SignIn != keys.Track {
				t.Errorf("%s, MAC %s, sign-in %s", p.Dialect.Name, p.MAC, p.SignIn)
			}
		})
	}
	if _, err := Bundled("morse", 0); err == nil || !strings.Contains(err.Error(), "want cup, ebcdic, iso87") {
		t.Errorf("unknown dialect: %v", err)
	}
}

// Every card must be what its role says by number, track and PIN.
func TestBundledCardsAreWhatTheySay(t *testing.T) {
	p := mustBundle(t, "cup", 0)
	if p.LivePAN {
		t.Error("bundled cards are taken for live ones")
	}
	if p.Numbered(0) != nil || p.Numbered(-1) != nil || p.Numbered(1<<31-1) != nil || (*Holder)(nil).Number() != 0 {
		t.Error("there are holders of numbers that nobody has")
	}
	seen := map[int32]bool{}
	for _, role := range []string{"good", "chip", "qr", "foreign", "rich", "poor", "over-limit", "wrong-pin", "expired", "stolen",
		"lost", "pick-up", "suspect", "restricted", "frozen", "not-permitted", "terminal-not-permitted", "sleeping",
		"unknown-issuer", "invalid", "too-often", "tries-exceeded", "issuer-contact", "issuer-down", "system-error", "defective"} {
		c := p.Card(role)
		if c == nil {
			t.Errorf("no card of role %s", role)
			continue
		}
		all := p.Holders(role)
		if len(all) != c.Count {
			t.Errorf("%s: %d holders, want %d", role, len(all), c.Count)
		}
		for i := range all {
			h := &all[i]
			if p.Numbered(h.Number()) != h || seen[h.Number()] {
				t.Fatalf("%v, number %d of its role, is not the one of its number %d", h, i, h.Number())
			}
			seen[h.Number()] = true
			if h.Card != c || Luhn(h.PAN) == (role == "invalid") || len(h.PAN) != len(c.PAN) {
				t.Fatalf("%v, number %d: bad card number", h, i)
			}
			want := h.PAN + "D" + c.Expiry + c.Service
			if !bytes.HasPrefix(h.Track2, []byte(want)) || len(h.Track2) != 37 {
				t.Fatalf("%v, number %d: bad track 2", h, i)
			}
			if (string(h.Typed) == string(c.PIN)) == (role == "wrong-pin") {
				t.Fatalf("%v: PIN typed", h)
			}
		}
	}
	if c := p.Card("no such role"); c != nil || p.Holders("no such role") != nil {
		t.Error("a role that is not there has a card")
	}
}

func TestHoldersFollowByAccountNumber(t *testing.T) {
	good := mustBundle(t, "cup", 0).Holders("good")
	for i, want := range map[int]string{0: "6225000000000014", 1: "6225000000000022", 9: "6225000000000105", 999: "6225000000010005"} {
		if good[i].PAN != want {
			t.Errorf("holder %d has %s, want %s", i, good[i].PAN, want)
		}
	}
	qr := mustBundle(t, "cup", 0).Holders("qr")
	if got, want := qr[41].Code, "6225000000000000042"; got != want {
		t.Errorf("code of payer 41 is %s, want %s", got, want)
	}
}

func TestHoldersAreReadWithoutAllocation(t *testing.T) {
	p := mustBundle(t, "cup", 1)
	n := 0
	if got := testing.AllocsPerRun(100, func() {
		all := p.Holders("good")
		h := &all[n%len(all)]
		n += len(h.PAN) + len(h.Track2)
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func TestBundledTerminals(t *testing.T) {
	p := mustBundle(t, "cup", 0)
	if len(p.Terminals) != 1000 {
		t.Errorf("%d terminals, want 1000", len(p.Terminals))
	}
	kinds, mids := map[string]int{}, map[string]int{}
	for i := range p.Terminals {
		kinds[p.Terminals[i].Kind.Name]++
		mids[p.Terminals[i].MID]++
	}
	if kinds["desktop"] != 500 || kinds["mobile"] != 200 || kinds["smart"] != 150 || kinds["e-signature"] != 100 || kinds["qr"] != 50 {
		t.Errorf("kinds %v", kinds)
	}
	if len(mids) != 8 || mids[p.Merchants[7].MID] != 125 {
		t.Errorf("merchants %v", mids)
	}
	a, b := p.Terminals[0], p.Terminals[1]
	if a.TID != "10000001" || b.TID != "10000002" || bytes.Equal(a.Master, b.Master) {
		t.Errorf("terminals %s and %s, or their keys are the same", a.TID, b.TID)
	}
	if want := keys.Derive([]byte(publishedSeed), "10000001"); !bytes.Equal(a.Master, want[:]) {
		t.Error("key is not derived from the published seed: the guard against test keys would not know it")
	}
	for _, n := range []int{1, 20, 1001} {
		if got := len(mustBundle(t, "cup", n).Terminals); got != n {
			t.Errorf("%d terminals, want %d", got, n)
		}
	}
}

func TestHundredThousandTerminalsAreSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p := mustBundle(t, "cup", 100_000)
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d terminals, %d octets held", len(p.Terminals), held)
	if held > 16<<20 {
		t.Errorf("%d octets held, want at most 16 MB", held)
	}
	if last := p.Terminals[99_999].TID; last != "10100000" {
		t.Errorf("last terminal is %s", last)
	}
	runtime.KeepAlive(p)
}

func BenchmarkBundled100k(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		mustBundle(b, "cup", 100_000)
	}
}
