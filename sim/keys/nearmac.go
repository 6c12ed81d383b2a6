package keys

import (
	"bytes"
	"encoding/hex"
	"slices"
)

// NearMAC says in words how a MAC that CheckMAC finds wrong is almost right: "its
// case", "the order of its octets", what it covers … It is "" for one that is wrong
// altogether. head is the routing header that stands before mab on the line, of
// which the first five octets may be a TPDU; none may be given. It is for people who
// look for the mistake, not for a hot path.
func (k *Key) NearMAC(a Algorithm, mab, mac []byte, head ...byte) string {
	right := func(key *Key, a Algorithm) bool { return key.CheckMAC(a, mab, mac) }
	backwards := slices.Clone(mac)
	slices.Reverse(backwards)
	want := k.MAC(a, mab)
	other := k.other(a, mab)
	switch {
	case sameHex(want[:], mac):
		return "its case: hexadecimal in capitals is wanted"
	case bytes.Equal(want[:], backwards), len(mac) == 8 && bytes.Equal(want[:], append(slices.Clone(mac[4:]), mac[:4]...)):
		return "the order of its octets"
	case len(mac) == 8 && bytes.Equal(other[:], mac):
		return "its form: " + form(a) + " are wanted, these are " + otherForm(a)
	case sameHex(other[:], mac):
		return "its form and its case"
	}
	for of := range k.algorithms {
		if of == a {
			continue
		}
		written := k.other(of, mab)
		switch {
		case right(k, of):
			return "its algorithm: it is made by " + of.String() + ", " + a.String() + " is wanted"
		case bytes.Equal(written[:], mac), sameHex(written[:], mac):
			return "its algorithm and form: it is made by " + of.String() + ", as " + otherForm(of) + "; " + a.String() + " is wanted"
		}
	}
	if k.pads != nil {
		return ""
	}
	if said := k.nearForm(a, mab, mac); said != "" {
		return said
	}
	if said := k.nearCoverage(a, mab, mac, head); said != "" {
		return said
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

// sameHex reports whether two MACs are the same hexadecimal digits, in capitals or not. Octets
// that are none differ by more than letters.
func sameHex(a, b []byte) bool {
	var octets [4]byte
	for _, mac := range [...][]byte{a, b} {
		if len(mac) != hex.EncodedLen(len(octets)) {
			return false
		}
		if _, err := hex.Decode(octets[:], mac); err != nil {
			return false
		}
	}
	return bytes.EqualFold(a, b)
}

// algorithms yields the usual ones that the key can make: those of its cipher, with
// zeros as padding and with an octet of 80.
func (k *Key) algorithms(yield func(Algorithm) bool) {
	all := []Algorithm{ECB, X99, X919, CMAC, X99 | Padding2, X919 | Padding2, X99 | Padding3, X919 | Padding3}
	if k.pads != nil {
		all = []Algorithm{HMAC}
	}
	for _, a := range all {
		if !yield(a) {
			return
		}
	}
}

// form is what an algorithm's MAC is written as, in words.
func form(a Algorithm) string {
	switch {
	case a == ECB || a.form() == Hex:
		return "8 hexadecimal characters"
	case a.form() == Octets4:
		return "4 octets and zeros"
	}
	return "8 octets"
}

// otherForm is what [Key.other] makes of it.
func otherForm(a Algorithm) string {
	if a == ECB || a.form() == Hex {
		return "8 octets"
	}
	return "8 hexadecimal characters"
}

// nearForm is of a MAC that is cut or filled up, or made with a step of ECB in small
// letters.
func (k *Key) nearForm(a Algorithm, mab, mac []byte) string {
	sum := k.MAC(a, mab)
	full := sum[:]
	once := make([]byte, k.size)
	if a == ECB {
		full = k.foldTwice(mab, bytes.ToUpper)
		fold(once, mab)
		k.encrypt(once)
	}
	if len(mac) != 8 || len(full) < 8 {
		return ""
	}
	switch {
	case a.form() != 0:
		return ""
	case bytes.Equal(full[:4], mac[:4]) && bytes.Equal(mac[4:], make([]byte, 4)):
		return "its form: 4 octets, then zeros"
	case bytes.Equal(full[:4], mac[:4]) && string(mac[4:]) == "    ":
		return "its form: 4 octets, then blanks"
	case sameHex([]byte(hex.EncodeToString(full[4:8])), mac):
		return "its half: these are the second four octets of the result, the first are wanted"
	case a == ECB && sameHex([]byte(hex.EncodeToString(once[:4])), mac):
		return "a step within it: the blocks put together are to be written in hexadecimal, then enciphered, these are enciphered as they are"
	case a == ECB && sameHex([]byte(hex.EncodeToString(k.foldTwice(mab, bytes.ToLower)[:4])), mac):
		return "a step within it: the blocks put together are to be written in hexadecimal in capitals, these are in small letters"
	}
	return ""
}

// nearCoverage is of a MAC over a little more or less than it should cover, or
// padded otherwise.
func (k *Key) nearCoverage(a Algorithm, mab, mac, head []byte) string {
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	blanks := bytes.Repeat([]byte{' '}, -len(mab)&int(k.size-1))
	total := len(head) + len(mab) + 8
	tries := []coverage{
		{"its padding: blanks, zeros are wanted", join(mab, blanks)},
		{"what it covers: the MAC field as zeros too", join(mab, make([]byte, 8))},
		{"what it covers: the MAC field as characters 0 too", join(mab, []byte("00000000"))},
		{"what it covers: the routing header too", join(head, mab)},
		{"what it covers: length prefix and routing header too", join([]byte{byte(total >> 8), byte(total)}, head, mab)},
	}
	if len(head) > 5 {
		tries = append(tries, coverage{"what it covers: the header after the TPDU too", join(head[5:], mab)},
			coverage{"what it covers: the TPDU too", join(head[:5], mab)})
	}
	for _, mti := range []int{2, 4} { // octets of the message type, packed and as text
		if len(mab) > mti+8 {
			without := bytes.Clone(mab)
			without[mti+7] &^= 1
			tries = append(tries, coverage{"what it covers: all but the message type", mab[mti:]},
				coverage{"what it covers: the bitmap without the bit of the MAC", without})
		}
	}
	if a.padding() == 0 {
		tries = append(tries, coverage{"its padding: 80 and zeros, zeros alone are wanted", join(mab, []byte{0x80})})
	}
	for _, t := range tries {
		want := k.MAC(a, t.mab)
		if bytes.Equal(want[:], mac) || sameHex(want[:], mac) {
			return t.words
		}
	}
	return ""
}

// coverage is what a MAC may have been made over by mistake.
type coverage struct {
	words string
	mab   []byte
}

// other is the MAC in the form that the algorithm does not give it: octets
// instead of characters, or characters of its first four octets.
func (k *Key) other(a Algorithm, mab []byte) (mac [8]byte) {
	if a != ECB {
		if a.form() == Hex {
			return k.MAC(a&^Hex, mab)
		}
		return k.MAC(a&^Octets4|Hex, mab)
	}
	var block [16]byte
	copy(block[:], k.foldTwice(mab, bytes.ToUpper))
	copy(mac[:], block[:8])
	return mac
}

// foldTwice is the last block of ECB, of which its MAC writes the first half; letters
// makes the hexadecimal digits between its steps, which are to be capitals.
func (k *Key) foldTwice(mab []byte, letters func([]byte) []byte) []byte {
	sum := make([]byte, k.size)
	fold(sum, mab)
	text := letters([]byte(hex.EncodeToString(sum)))
	head := text[:k.size]
	k.encrypt(head)
	xor(head, text[k.size:])
	k.encrypt(head)
	return head
}
