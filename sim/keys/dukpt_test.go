package keys

import (
	"bytes"
	"fmt"
	"testing"
)

// Published values: X9.24-1:2009 annex A.4 and the test data that ASC X9 gives with
// X9.24-3.
const (
	tdesBDK  = "0123456789ABCDEFFEDCBA9876543210"
	aesBDK   = "FEDCBA9876543210F1F1F1F1F1F1F1F1"
	tdesKSN  = "FFFF9876543210E00000"
	aesKSN   = "123456789012345600000000"
	tdesData = "4012345678909D987"
)

func TestDUKPTKeysAreThePublished(t *testing.T) {
	initial, err := DUKPTTDES.Initial(octets(t, tdesBDK), octets(t, tdesKSN))
	if err != nil || fmt.Sprintf("%X", initial) != "6AC292FAA1315B4D858AB3A3D7D5933A" {
		t.Fatalf("initial key %X, %v", initial, err)
	}
	var to Derived
	for _, v := range []struct{ ksn, pin, mac, answer string }{
		{"FFFF9876543210E00001", "1B9C1845EB993A7A", "9CCC78173FC4FB64", "20364223C1FF00FA"},
		{"FFFF9876543210E0000B", "2328981C57B4BDBA", "76D95CB4F6B0D093", "27C9FA5E14F0A044"},
		{"FFFF9876543210F00000", "73EC88AD0AC5830E", "7DFA93155E2D87A0", "1444BEC3726A3EA6"},
	} {
		if err := DUKPTTDES.Derive(&to, initial, octets(t, v.ksn), X919); err != nil {
			t.Fatal(err)
		}
		pin, _ := to.PIN.EncryptPIN(PINFormat0, []byte("1234"), []byte("4012345678909"))
		mac, answer := to.MAC.MAC(X919, []byte(tdesData)), to.Answer.MAC(X919, []byte(tdesData))
		if got := fmt.Sprintf("%X %X %X", pin, mac, answer); got != v.pin+" "+v.mac+" "+v.answer {
			t.Errorf("%s: %s, want %s %s %s", v.ksn, got, v.pin, v.mac, v.answer)
		}
	}
	initial, err = DUKPTAES128.Initial(octets(t, aesBDK), octets(t, aesKSN))
	if err != nil || fmt.Sprintf("%X", initial) != "1273671EA26AC29AFA4D1084127652A1" {
		t.Fatalf("initial key %X, %v", initial, err)
	}
	if err := DUKPTAES128.Derive(&to, initial, octets(t, "123456789012345600000001"), CMAC); err != nil {
		t.Fatal(err)
	}
	pin, err := to.PIN.DecryptPINWide(PINFormat0, [16]byte(octets(t, "A912150391AB65A67E52883D81CE2D15")), []byte("4111111111111111"), nil)
	if err != nil || string(pin) != "1234" {
		t.Errorf("PIN of format 4 %q, %v", pin, err)
	}
	mab := []byte("0200")
	if want := aesKey(t, "A2DC23DE6FDE0824A2BC321E08E4B8B7").MAC(CMAC, mab); to.MAC.MAC(CMAC, mab) != want {
		t.Error("MAC key is not the published one")
	}
}

func TestCountersThatAreNotUsableAreSkipped(t *testing.T) {
	d := DUKPTTDES
	for from, want := range map[uint32]uint32{0: 1, 1: 2, 0xFF802: 0xFF804, 0xFFC00: 0x100000, 0x1FF800: 0, 0x1FFFFF: 0} {
		if got := d.Next(from); got != want {
			t.Errorf("after %X comes %X, want %X", from, got, want)
		}
	}
	for c, want := range map[uint32]bool{0: false, 1: true, 0xFFC00: true, 0xFFC01: false, 1 << 21: false} {
		if d.Usable(c) != want {
			t.Errorf("counter %X usable: %v", c, !want)
		}
	}
	if DUKPTAES128.Next(0xFFFF) != 0x10000 || DUKPTAES128.Next(0xFFFF0000) != 0 || !DUKPTAES128.Usable(0xFFFF) {
		t.Error("AES counters do not skip")
	}
	for _, c := range [][3]uint32{{1, 2, 0}, {5, 5, 0}, {6, 5, 0}, {1, 10, 8}, {0, 1, 0}, {0xFFC00, 0x100000, 0}, {0xFFBFF, 0x100001, 2}, {0, 0x1FF800, 1<<20 - 2}} {
		if got := d.Skipped(c[0], c[1]); got != c[2] {
			t.Errorf("from %X to %X %d are skipped, want %d", c[0], c[1], got, c[2])
		}
	}
	if got := DUKPTAES128.Skipped(0, 0xFFFF0000); got != 2_448_023_842-1 {
		t.Errorf("AES: %d are skipped", got)
	}
	for _, d := range []DUKPT{DUKPTTDES, DUKPTAES128} {
		if last := uint32(d.LastCounter()); !d.Usable(last) || d.Next(last) != 0 {
			t.Errorf("%s: the last counter is not %X", d, last)
		}
	}
	ksn := octets(t, tdesKSN)
	d.SetCounter(ksn, 0x1FFFFF)
	if got := fmt.Sprintf("%X", ksn); got != "FFFF9876543210FFFFFF" || d.Counter(ksn) != 0x1FFFFF || !d.SameDevice(ksn, octets(t, tdesKSN)) {
		t.Errorf("key serial number %s", got)
	}
	if d.SameDevice(ksn, octets(t, "FFFF9876543211E00000")) || d.SameDevice(ksn, ksn[:8]) {
		t.Error("another device is taken for the same")
	}
}

func TestNoDUKPTKeyWithoutWhatItNeeds(t *testing.T) {
	var to Derived
	good, ksn := octets(t, tdesBDK), octets(t, "FFFF9876543210E00001")
	for name, err := range map[string]error{
		"counter 0":     DUKPTTDES.Derive(&to, good, octets(t, tdesKSN), X919),
		"short serial":  DUKPTTDES.Derive(&to, good, ksn[:8], X919),
		"no serial":     DUKPTTDES.Derive(&to, good, nil, X919),
		"short key":     DUKPTTDES.Derive(&to, good[:8], ksn, X919),
		"TDES for AES":  DUKPTAES256.Derive(&to, good, ksn, X919),
		"too many ones": DUKPTTDES.Derive(&to, good, octets(t, "FFFF9876543210EFFC01"), X919),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := DUKPTTDES.Initial(good[:8], ksn); err == nil {
		t.Error("an initial key from a short base key")
	}
}

func TestDUKPTForHMAC(t *testing.T) {
	initial := octets(t, "1273671EA26AC29AFA4D1084127652A1")
	var to Derived
	if err := DUKPTAES128.Derive(&to, initial, octets(t, "123456789012345600000001"), HMAC); err != nil {
		t.Fatal(err)
	}
	mab := []byte("0200")
	if to.MAC.MAC(HMAC, mab) == to.Answer.MAC(HMAC, mab) {
		t.Error("request and answer have one key")
	}
}

func BenchmarkDUKPT(b *testing.B) {
	for _, v := range []struct {
		d        DUKPT
		bdk, ksn string
	}{{DUKPTTDES, tdesBDK, "FFFF9876543210E00015"}, {DUKPTAES128, aesBDK, "123456789012345600000015"}} {
		initial, err := v.d.Initial(octets(b, v.bdk), octets(b, v.ksn))
		if err != nil {
			b.Fatal(err)
		}
		ksn := octets(b, v.ksn)
		b.Run(v.d.String(), func(b *testing.B) {
			b.ReportAllocs()
			var to Derived
			for b.Loop() {
				if err := v.d.Derive(&to, initial, ksn, X919); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestInitialKeyIsNotChanged(t *testing.T) {
	initial := octets(t, "6AC292FAA1315B4D858AB3A3D7D5933A")
	before := bytes.Clone(initial)
	var to Derived
	if err := DUKPTTDES.Derive(&to, initial, octets(t, "FFFF9876543210E00001"), X919); err != nil || !bytes.Equal(initial, before) {
		t.Errorf("initial key %X, %v", initial, err)
	}
}
