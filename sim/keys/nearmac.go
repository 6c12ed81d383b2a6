package keys

import (
	"bytes"
	"encoding/hex"
	"slices"
)

// NearMAC says in words how a MAC that CheckMAC finds wrong is almost right: "its
// case", "the order of its octets" … It is "" for one that is wrong altogether.
// It is for people who look for the mistake, not for a hot path.
func (k *Key) NearMAC(a Algorithm, mab, mac []byte) string {
	right := func(key *Key, a Algorithm) bool { return key.CheckMAC(a, mab, mac) }
	backwards := slices.Clone(mac)
	slices.Reverse(backwards)
	want := k.MAC(a, mab)
	other := k.other(a, mab)
	switch {
	case bytes.EqualFold(want[:], mac):
		return "its case: hexadecimal in capitals is wanted"
	case bytes.Equal(want[:], backwards), len(mac) == 8 && bytes.Equal(want[:], append(slices.Clone(mac[4:]), mac[:4]...)):
		return "the order of its octets"
	case len(mac) == 8 && bytes.Equal(other[:], mac):
		if a == ECB {
			return "its form: 8 hexadecimal characters are wanted, these are 8 octets"
		}
		return "its form: 8 octets are wanted, these are 8 hexadecimal characters"
	case len(mac) == 8 && bytes.EqualFold(other[:], mac):
		return "its form and its case"
	}
	for of := range algorithms {
		if of := Algorithm(of); of != a && right(k, of) {
			return "its algorithm: it is made by " + of.String() + ", " + a.String() + " is wanted"
		}
	}
	if k.second != nil {
		swapped := &Key{first: k.second, second: k.first, third: k.second, size: k.size}
		single := &Key{first: k.first, size: k.size}
		rest := &Key{first: k.second, size: k.size}
		switch {
		case right(swapped, a):
			return "its key: the halves are changed over"
		case right(single, a):
			return "its key: only the first half is used"
		case right(rest, a):
			return "its key: only the second half is used"
		}
	}
	return ""
}

// other is the MAC in the form that the algorithm does not give it: octets
// instead of characters, or characters of its first four octets.
func (k *Key) other(a Algorithm, mab []byte) (mac [8]byte) {
	if a != ECB {
		sum := k.MAC(a, mab)
		hexUpper(mac[:], sum[:4])
		return mac
	}
	var block [16]byte
	copy(block[:], k.foldTwice(mab))
	copy(mac[:], block[:8])
	return mac
}

// foldTwice is the last block of ECB, of which its MAC writes the first half.
func (k *Key) foldTwice(mab []byte) []byte {
	sum := make([]byte, k.size)
	fold(sum, mab)
	text := bytes.ToUpper([]byte(hex.EncodeToString(sum)))
	head := text[:k.size]
	k.encrypt(head)
	xor(head, text[k.size:])
	k.encrypt(head)
	return head
}
