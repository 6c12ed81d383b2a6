package keys

import "testing"

func BenchmarkMAC(b *testing.B) {
	mab := make([]byte, 100)
	for _, v := range []struct {
		name string
		k    *Key
	}{
		{"single", desKey(b, times("33", 8))},
		{"double", desKey(b, "0123456789ABCDEFFEDCBA9876543210")},
		{"SM4", sm4Key(b, "0123456789ABCDEFFEDCBA9876543210")},
	} {
		for _, a := range []Algorithm{ECB, X99, X919} {
			b.Run(v.name+"/"+a.String(), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					v.k.MAC(a, mab)
				}
			})
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for _, n := range []int{8, 16, 24} {
		octets := octets(b, "0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123")[:n]
		b.Run([]string{8: "single", 16: "double", 24: "triple"}[n], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := New(octets); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("SM4", func(b *testing.B) {
		octets := make([]byte, 16)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := NewSM4(octets); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkKCV(b *testing.B) {
	k := desKey(b, "0123456789ABCDEFFEDCBA9876543210")
	for b.Loop() {
		k.KCV()
	}
}

func BenchmarkPINBlock(b *testing.B) {
	k := desKey(b, times("22", 8)+times("33", 8))
	pin, pan := []byte("123456"), []byte("6225000000000014")
	b.Run("clear", func(b *testing.B) {
		var block [8]byte
		for b.Loop() {
			_ = PINFormat0.PINBlock(&block, pin, pan)
		}
	})
	b.Run("sealed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = k.EncryptPIN(PINFormat0, pin, pan)
		}
	})
	b.Run("opened", func(b *testing.B) {
		b.ReportAllocs()
		room := make([]byte, 12)
		sealed, _ := k.EncryptPIN(PINFormat0, pin, pan)
		for b.Loop() {
			_, _ = k.DecryptPIN(PINFormat0, sealed, pan, room)
		}
	})
}

func BenchmarkTrack(b *testing.B) {
	k, track := desKey(b, times("22", 8)+times("44", 8)), []byte(oddTrack)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = k.EncryptTrack(track)
		_, _ = k.DecryptTrack(track)
	}
}

func BenchmarkIssue(b *testing.B) {
	master := octets(b, times("11", 16))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Issue(Software{}, master, Track); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnwrap(b *testing.B) {
	v := blocks[0]
	master, block := octets(b, v.master), octets(b, v.block)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Unwrap(Software{}, master, v.mode, block); err != nil {
			b.Fatal(err)
		}
	}
}
