package keys

import (
	"bytes"
	"errors"
	"testing"
)

func TestMasterKeyUnderATransportKey(t *testing.T) {
	master, transport := []byte("0123456789ABCDEF"), []byte("FEDCBA9876543210")
	for _, c := range []Cipher{CipherDES, CipherSM4} {
		block, err := SealMaster(c, transport, master)
		if err != nil {
			t.Fatal(err)
		}
		got, err := OpenMaster(c, transport, block)
		if err != nil || !bytes.Equal(got, master) {
			t.Errorf("%s: %v, another key: %t", c, err, !bytes.Equal(got, master))
		}
		for i := range block {
			bent := bytes.Clone(block)
			bent[i] ^= 0x10 // no parity bit
			if _, err := OpenMaster(c, transport, bent); err == nil {
				t.Errorf("%s: octet %d is wrong, and the key is taken", c, i)
			}
		}
		var wrong *KCVError
		if _, err := OpenMaster(c, master, block); !errors.As(err, &wrong) || wrong.Key != "master" {
			t.Errorf("%s: under another transport key: %v, want a wrong check value", c, err)
		}
		for n := range len(block) {
			if _, err := OpenMaster(c, transport, block[:n]); err == nil {
				t.Errorf("%s: %d octets are a master key", c, n)
			}
		}
	}
}
