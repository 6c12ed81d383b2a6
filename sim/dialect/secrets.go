package dialect

import (
	"slices"
	"sync"
)

// Secrets are what is known to be secret: the card numbers, PINs and discretionary
// track data of a profile's own cards. What is shown of messages is searched for
// them in every field, whatever stands between their digits and however these are
// written (see scrubber), where a number that nobody knows is found by its shape
// alone. Of a card hidden are
//
//   - the whole number, its first six and last four digits apart;
//   - 12 digits of its beginning that stand together;
//   - 12 digits of anywhere in it, if they are telling: half zeros may as well be
//     an amount;
//
// of its track 10 telling digits of the discretionary data, and of its PINs those of
// six and more digits, where they stand alone in text that may hold anything. All of
// these backwards too. A nil *Secrets knows none.
type Secrets struct {
	each func(add func(pan, pin, discretionary string))
	once sync.Once

	lengths []int // of card numbers
	cards   numbers
	heads   numbers // the first 12 digits of each card number
	parts   numbers // any 12 of them that are telling
	data    numbers // 10 digits of discretionary data
	pins    map[string]bool
}

// NewSecrets knows what each gives, which is asked when it is first needed: cards
// without a number, a PIN or discretionary data give "".
func NewSecrets(each func(add func(pan, pin, discretionary string))) *Secrets {
	return &Secrets{each: each}
}

// How many digits are looked for: of a card number, of discretionary data and, at
// least, of a PIN.
const (
	cardDigits = 12
	dataDigits = 10
	pinDigits  = 6
)

// gather asks for the secrets.
func (k *Secrets) gather() {
	k.pins = map[string]bool{}
	seen := map[string]bool{} // discretionary data, which many cards have in common
	k.each(func(pan, pin, discretionary string) {
		if len(pin) >= pinDigits {
			k.pins[pin] = true
		}
		if len(pan) > cardDigits {
			if !slices.Contains(k.lengths, len(pan)) {
				k.lengths = append(k.lengths, len(pan))
			}
			k.cards.add(pan)
			k.heads.add(pan[:cardDigits])
			for i := range len(pan) - cardDigits + 1 {
				k.parts.addTelling(pan[i : i+cardDigits])
			}
		}
		for i := 0; !seen[discretionary] && i+dataDigits <= len(discretionary); i++ {
			k.data.addTelling(discretionary[i : i+dataDigits])
		}
		seen[discretionary] = true
	})
	for _, n := range []*numbers{&k.cards, &k.heads, &k.parts, &k.data} {
		n.ready()
	}
}

// known readies the secrets; nil when there are none.
func (k *Secrets) known() *Secrets {
	if k != nil {
		k.once.Do(k.gather)
	}
	return k
}

// isPIN reports whether digits are a PIN, forwards or backwards.
func (k *Secrets) isPIN(digits []byte) bool {
	if k.pins[string(digits)] {
		return true
	}
	back := slices.Clone(digits)
	slices.Reverse(back)
	return k.pins[string(back)]
}

// numbers is a set of numbers of up to 19 digits.
type numbers struct {
	sorted []uint64
	bits   []uint64 // of hashes: most numbers are not in the set
}

func (n *numbers) add(digits string) {
	v := uint64(0)
	for i := range len(digits) {
		v = v*10 + uint64(digits[i]-'0')
	}
	n.sorted = append(n.sorted, v)
}

// addTelling adds digits unless half of them are zeros or they are of few kinds, such as
// amounts and counters have.
func (n *numbers) addTelling(digits string) {
	var kinds uint16
	zeros, distinct := 0, 0
	for i := range len(digits) {
		kinds |= 1 << (digits[i] - '0')
		if digits[i] == '0' {
			zeros++
		}
	}
	for ; kinds != 0; kinds &= kinds - 1 {
		distinct++
	}
	if 2*zeros < len(digits) && distinct >= 4 {
		n.add(digits)
	}
}

func (n *numbers) ready() {
	slices.Sort(n.sorted)
	n.sorted = slices.Compact(n.sorted)
	size := 1
	for size < len(n.sorted)/4 {
		size *= 2
	}
	n.bits = make([]uint64, size) // some 16 bits a number
	for _, v := range n.sorted {
		h := n.hash(v)
		n.bits[h>>6] |= 1 << (h & 63)
	}
}

func (n *numbers) hash(v uint64) uint64 {
	return v * 0x9E3779B97F4A7C15 >> 20 & uint64(len(n.bits)*64-1)
}

func (n *numbers) has(v uint64) bool {
	h := n.hash(v)
	if n.bits[h>>6]>>(h&63)&1 == 0 {
		return false
	}
	_, found := slices.BinarySearch(n.sorted, v)
	return found
}
