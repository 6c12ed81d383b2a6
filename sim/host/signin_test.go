package host

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

func TestEveryKindOfKeyBlockWorks(t *testing.T) {
	for _, mode := range []keys.KeyBlock{keys.Single, keys.Double, keys.Track, keys.SM4, keys.SM4Track} {
		t.Run(string(mode), func(t *testing.T) {
			h, address := listen(t, "cup")
			p := dialPOS(t, h, address, 0)
			p.want("00", dialect.SignIn, sub(wire.ManagementCode, string(mode)))
			var err error
			if p.keys, err = keys.Unwrap(p.p.HSM, p.entry.Master, mode, p.ans.Field(62)); err != nil {
				t.Fatal(err)
			}
			p.want("00", dialect.Purchase, amount(1), shows("good"))
		})
	}
}

// Two terminals never share a working key, and each sign-in brings new ones.
func TestWorkingKeysAreNeverShared(t *testing.T) {
	h, address := listen(t, "cup")
	seen := map[[4]byte]string{}
	for i := range 3 {
		p := dialPOS(t, h, address, i)
		for n := range 5 {
			p.signIn()
			for name, k := range map[string]*keys.Key{"PIN": p.keys.PIN, "MAC": p.keys.MAC, "track": p.keys.Track} {
				by := fmt.Sprintf("%s key of sign-in %d of %s", name, n+1, p.entry.TID)
				if other := seen[k.KCV()]; other != "" {
					t.Errorf("%s is the %s", by, other)
				}
				seen[k.KCV()] = by
			}
		}
	}
}

// Whichever of two answers to one sign-in the terminal hears, it is true.
func TestRepeatedSignInGivesTheSameKeysUntilUsed(t *testing.T) {
	h, address := listen(t, "cup")
	p := dialPOS(t, h, address, 0)
	m := p.request(dialect.SignIn, sub(wire.ManagementCode, "004"))
	p.send(m)
	first := bytes.Clone(p.ans.Field(62))
	p.send(m)
	if !bytes.Equal(first, p.ans.Field(62)) {
		t.Error("the repeat has other keys")
	}
	p.adopt()
	p.want("00", dialect.Purchase, amount(1), shows("good"))
	p.exchange(p.frame(m))
	if bytes.Equal(first, p.ans.Field(62)) {
		t.Error("keys that were used are given again")
	}
	if code := p.do(dialect.Purchase, amount(1), shows("good")); code != "A0" {
		t.Errorf("a payment under the old keys got %s, want A0", code)
	}
}

// The host clears the processing requirement, digit 6 of the header, and
// leaves the rest of it.
func TestHeaderComesBackButForItsRequirement(t *testing.T) {
	h, address := listen(t, "cup")
	p := dialPOS(t, h, address, 0)
	m := p.request(dialect.Echo)
	m.Head[7] = 0x15
	p.send(m)
	if got := p.ans.Head[5:]; !bytes.Equal(got, []byte{0x60, 0x31, 0x10, 0x31, 0x00, 0x00}) {
		t.Errorf("header % X", got)
	}
}

// Which fields each answer has: those of the reference messages of the CUP
// reconstruction, as far as this host gives them.
func TestAnswersHaveTheirFields(t *testing.T) {
	h, address := listen(t, "cup")
	p := dialPOS(t, h, address, 0)
	check := func(name string, want ...int) {
		t.Helper()
		got := slices.Collect(p.ans.Fields)
		if !slices.Equal(got, want) {
			t.Errorf("%s has fields %v, want %v", name, got, want)
		}
	}
	p.want("00", dialect.Echo)
	check("echo", 12, 13, 39, 41, 42, 60)
	p.signIn()
	check("sign-in", 11, 12, 13, 32, 37, 39, 41, 42, 60, 62)
	buy := p.request(dialect.Purchase, amount(100), shows("good"))
	p.send(buy)
	check("purchase", 2, 3, 4, 11, 12, 13, 15, 25, 32, 37, 38, 39, 41, 42, 44, 49, 60, 63, 64)
	of := p.reference()
	p.want("00", dialect.Refund, amount(50), shows("good"), of)
	check("refund", 2, 3, 4, 11, 12, 13, 15, 25, 32, 37, 39, 41, 42, 44, 49, 60, 63, 64)
	p.want("51", dialect.Purchase, amount(101), shows("poor"))
	check("declined purchase", 3, 4, 11, 12, 13, 15, 25, 32, 37, 39, 41, 42, 44, 49, 60, 63)
	p.want("00", dialect.Balance, shows("good"))
	check("balance", 2, 3, 11, 12, 13, 15, 25, 32, 37, 39, 41, 42, 44, 49, 54, 60, 63, 64)
	p.want("00", dialect.QRPurchase, amount(100), set(59, "A30196211111111111111111"))
	check("QR purchase", 3, 4, 11, 12, 13, 15, 25, 32, 37, 39, 41, 42, 44, 49, 59, 60, 63, 64)
	lost := p.request(dialect.Purchase, amount(100), shows("good"))
	p.send(p.reversalOf(lost))
	check("reversal", 2, 3, 4, 11, 12, 13, 15, 25, 32, 37, 39, 41, 42, 44, 49, 60, 64)
	p.settlement(200, 2, 50, 1)
	check("settlement", 11, 12, 13, 15, 32, 37, 41, 42, 48, 49, 60, 63)
	p.want("00", dialect.UploadEnd, set(48, "0000"))
	check("upload end", 11, 12, 13, 32, 37, 39, 41, 42, 48, 60)
	p.want("00", dialect.SignOff)
	check("sign-off", 11, 12, 13, 32, 37, 39, 41, 42, 60)
	p.want("97", dialect.SignIn, set(41, "19999999"))
	check("refused sign-in", 11, 12, 13, 32, 37, 39, 41, 42, 60)
}

func TestBundledProfilesAreServed(t *testing.T) {
	for _, network := range []string{"cup", "iso87"} {
		prof, err := profile.Bundled(network, 20)
		if err != nil {
			t.Fatal(err)
		}
		h, err := New(prof)
		if err != nil {
			t.Fatal(err)
		}
		p := ready(t, h, serveHost(t, h), 7)
		for role, want := range map[string]string{"good": "00", "poor": "51", "expired": "54", "stolen": "43", "over-limit": "61", "defective": "A2"} {
			sum := uint64(10_000)
			if role == "over-limit" {
				sum = 50_001
			}
			p.want(want, dialect.Purchase, amount(sum), shows(role))
		}
		card := prof.Holders("wrong-pin")[0]
		p.want("55", dialect.Purchase, amount(1), shows("wrong-pin"), pin(string(card.Typed)))
	}
}

// Terminals that pay, repeat, reverse and refund with
// the same cards all at once leave books that add up.
func TestManyTerminalsOnTheSameCards(t *testing.T) {
	h, address := listen(t, "cup")
	var wg sync.WaitGroup
	var want [3]int64
	for i := range 3 {
		p := ready(t, h, address, i)
		wg.Go(func() {
			for n := range 60 {
				buy := p.request(dialect.Purchase, amount(uint64(10+n)), shows("good"))
				switch p.send(buy); n % 4 {
				case 0:
					p.exchange(p.last) // 94
					want[i] += int64(10 + n)
				case 1:
					p.send(p.reversalOf(buy))
				case 2:
					p.want("00", dialect.Refund, amount(5), shows("good"), p.reference())
					want[i] += int64(5 + n)
				case 3:
					p.want("00", dialect.PurchaseVoid, amount(uint64(10+n)), p.original())
				}
			}
		})
	}
	wg.Wait()
	for i := range 3 {
		if b := h.Books()[i]; b.Net() != want[i] {
			t.Errorf("net of %s is %d, want %d", b.TID, b.Net(), want[i])
		}
	}
}

func TestClockCrossesMidnight(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	now := time.Date(2026, 12, 31, 23, 59, 59, 0, time.Local).Unix()
	for _, want := range []string{"1231235959", "0101000000"} {
		s := h.clock.stamp(now)
		if got := string(s.text[2:]); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		now++
	}
	p.want("00", dialect.Echo)
}

// goneHSM is an HSM whose token has been pulled out.
type goneHSM struct{ keys.Software }

func (goneHSM) Encrypt(keys.Cipher, []byte, []byte) error {
	return &keys.HSMError{Token: "acquirer", Doing: "encrypt", Why: errors.New("it is gone")}
}

func TestHostWhoseHSMIsGoneDeclinesSignInsAndSaysWhy(t *testing.T) {
	p := *bench("cup")
	p.HSM = goneHSM{}
	h, err := New(&p)
	if err != nil {
		t.Fatal(err)
	}
	dialPOS(t, h, serveHost(t, h), 0).want("96", dialect.SignIn, sub(wire.ManagementCode, "004"))
	if n := h.Noticed(); len(n) != 1 || n[0].What != "HSM acquirer: encrypt: it is gone" {
		t.Errorf("noticed %v", n)
	}
}
