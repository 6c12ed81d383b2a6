package keys

import "fmt"

// SealMaster puts a master key of 16 octets under a transport key, as a host sends it: the
// key enciphered block by block, and 4 octets of its check value. The layout is posfleet's
// own; each maker of terminals has another.
func SealMaster(c Cipher, transport, master []byte) ([]byte, error) {
	block := append([]byte(nil), master...)
	if err := (Software{}).Encrypt(c, transport, block); err != nil {
		return nil, fmt.Errorf("transport key: %w", err)
	}
	kcv, err := CheckValue(Software{}, c, master)
	return append(block, kcv[:]...), err
}

// OpenMaster undoes SealMaster. The error is a [*KCVError] when the key is not the one of
// the check value.
func OpenMaster(c Cipher, transport, block []byte) ([]byte, error) {
	if len(block) != masterLen+kcvLen {
		return nil, fmt.Errorf("master key under a transport key: %d octets, want %d", len(block), masterLen+kcvLen)
	}
	master := append([]byte(nil), block[:masterLen]...)
	if err := (Software{}).Decrypt(c, transport, master); err != nil {
		return nil, fmt.Errorf("transport key: %w", err)
	}
	return checked(c, master, block[masterLen:])
}
