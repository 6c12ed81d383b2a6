//go:build !race

package keys

import "testing"

// The race detector makes sync.Pool drop what it is given, so this runs without.
func TestNothingIsAllocatedForEachMessage(t *testing.T) {
	var (
		single  = desKey(t, times("33", 8))
		double  = desKey(t, "0123456789ABCDEFFEDCBA9876543210")
		sm4     = sm4Key(t, "0123456789ABCDEFFEDCBA9876543210")
		mab     = make([]byte, 100)
		pin     = []byte("123456")
		pan     = []byte("6225000000000014")
		room    = make([]byte, 12)
		track   = []byte(oddTrack)
		clear8  [8]byte
		clear16 [16]byte
		block   = make([]byte, 16)
	)
	for name, f := range map[string]func(){
		"PINBlock":       func() { _ = PINFormat0.PINBlock(&clear8, pin, pan) },
		"PINBlockWide":   func() { _ = PINBlockWide(&clear16, pin, pan) },
		"EncryptPINWide": func() { _, _ = sm4.EncryptPINWide(PINFormat0, pin, pan) },
		"PIN round trip": func() {
			sealed, _ := double.EncryptPIN(PINFormat0, pin, pan)
			if _, err := double.DecryptPIN(PINFormat0, sealed, pan, room); err != nil {
				t.Fatal(err)
			}
		},
		"wide PIN round trip": func() {
			sealed, _ := sm4.EncryptPINWide(PINFormat0, pin, pan)
			if _, err := sm4.DecryptPINWide(PINFormat0, sealed, pan, room); err != nil {
				t.Fatal(err)
			}
		},
		"KCV": func() { _ = double.KCV() },
	} {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	for name, k := range map[string]*Key{"single": single, "double": double, "SM4": sm4} {
		for what, f := range map[string]func(){
			"Encrypt": func() { k.Encrypt(block, block) },
			"Decrypt": func() { k.Decrypt(block, block) },
			"track round trip": func() {
				if _, err := k.EncryptTrack(track); err != nil {
					t.Fatal(err)
				}
				if _, err := k.DecryptTrack(track); err != nil {
					t.Fatal(err)
				}
			},
		} {
			if n := testing.AllocsPerRun(1000, f); n != 0 {
				t.Errorf("%s %s: %v allocations", name, what, n)
			}
		}
		for _, a := range []Algorithm{ECB, X99, X919, CMAC, X919 | Padding2 | Hex} {
			if n := testing.AllocsPerRun(1000, func() {
				mac := k.MAC(a, mab)
				if !k.CheckMAC(a, mab, mac[:]) {
					t.Fatal("refused")
				}
			}); n != 0 {
				t.Errorf("%s MAC %s: %v allocations", name, a, n)
			}
		}
	}

	hmac, err := NewHMAC([]byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	var (
		derived Derived
		initial = octets(t, "6AC292FAA1315B4D858AB3A3D7D5933A")
		ksn     = octets(t, "FFFF9876543210EFF800")
	)
	for name, f := range map[string]func(){
		"HMAC": func() { hmac.MAC(HMAC, mab) },
		"DUKPT": func() {
			if err := DUKPTTDES.Derive(&derived, initial, ksn, X919); err != nil {
				t.Fatal(err)
			}
		},
	} {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
