package keys

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Working keys as TR-31 key blocks lie one behind the other: PIN, MAC, track. Each says
// its own length, and what its key may be used for.

// tr31Uses are what the header of each key must say: how its use begins, and which modes
// of use let a terminal work with it (N is any).
var tr31Uses = [len(slotNames)]struct {
	usage, modes string
}{
	{"P0", "EBN"},
	macSlot: {"M", "CN"},
	{"D0", "EBN"},
}

// version is that of the key blocks.
func (s slots) version() byte {
	if s.cipher == CipherAES {
		return 'D'
	}
	return 'B'
}

// header is that of a key which a host issues.
func (s slots) header(slot, octets int) KeyHeader {
	h := KeyHeader{Version: s.version(), Usage: tr31Uses[slot].usage, Algorithm: 'T', Mode: tr31Uses[slot].modes[0], Number: "00", Exportable: 'N'}
	if octets == 8 {
		h.Algorithm = 'D'
	}
	if slot == macSlot {
		h.Usage = "M3" // ISO 9797-1 algorithm 3
	}
	if s.cipher == CipherAES {
		if h.Algorithm = 'A'; slot == macSlot {
			h.Usage = "M6" // CMAC
		}
	}
	return h
}

// sealTR31 makes the key blocks of keys that lie one behind the other.
func (s slots) sealTR31(h HSM, master, octets []byte) (blocks []byte, err error) {
	encrypt, authenticate, err := versions[s.version()].keysIn(h, s.cipher, master)
	if err != nil {
		return nil, err
	}
	for i, size := range s.sizes() {
		if size == 0 {
			continue
		}
		header := s.header(i, size)
		block, err := header.wrap(encrypt, authenticate, octets[:size])
		if err != nil {
			return nil, err
		}
		blocks, octets = append(blocks, block...), octets[size:]
	}
	return blocks, nil
}

// openTR31 undoes sealTR31. It holds each header to what its key is for: a PIN key is
// taken for nothing else.
func (s slots) openTR31(h HSM, master, blocks []byte) (Set, error) {
	encrypt, authenticate, err := versions[s.version()].keysIn(h, s.cipher, master)
	if err != nil {
		return Set{}, err
	}
	var octets []byte
	defer func() { clear(octets) }()
	sizes := [...]*int{&s.pin, &s.mac, &s.track}
	for i, size := range s.sizes() {
		if size == 0 {
			continue
		}
		block, rest, err := s.cutTR31(blocks)
		if err != nil {
			return Set{}, fmt.Errorf("%s key: %w", slotNames[i], err)
		}
		header, key, err := unwrap(encrypt, authenticate, block)
		if err == nil {
			err = s.suits(i, &header, len(key))
		}
		if err != nil {
			return Set{}, fmt.Errorf("%s key: %w", slotNames[i], err)
		}
		octets, *sizes[i], blocks = append(octets, key...), len(key), rest
	}
	if len(blocks) > 0 {
		return Set{}, fmt.Errorf("%d octets after the last key block, want none", len(blocks))
	}
	return s.set(octets)
}

// cutTR31 takes the first key block off, as long as it says itself.
func (s slots) cutTR31(blocks []byte) (block string, rest []byte, err error) {
	if len(blocks) < headerLen {
		return "", nil, fmt.Errorf("%d octets left, want a TR-31 key block of %d at least", len(blocks), headerLen)
	}
	n, err := strconv.ParseUint(string(blocks[1:5]), 10, 16)
	if err != nil || n < headerLen || n > uint64(len(blocks)) {
		return "", nil, errors.New("TR-31 key block whose length is not that of what is there")
	}
	return string(blocks[:n]), blocks[n:], nil
}

// suits says why a key is not one for its slot.
func (s slots) suits(slot int, h *KeyHeader, octets int) error {
	use, algorithms := tr31Uses[slot], "TD"
	fits := octets == 16 || octets == 24 || octets == 8 && slot == macSlot
	if s.cipher == CipherAES {
		algorithms, fits = "A", octets == 16 || octets == 24 || octets == 32
	}
	switch {
	case h.Version != s.version():
		return fmt.Errorf("TR-31 key block of version %c, want %c", h.Version, s.version())
	case !strings.HasPrefix(h.Usage, use.usage):
		return fmt.Errorf("the key block says that its key is for another use (%s), want %s", h.Usage, use.usage)
	case !strings.ContainsRune(use.modes, rune(h.Mode)):
		return fmt.Errorf("the key block says mode of use %c, want one of %s", h.Mode, use.modes)
	case !strings.ContainsRune(algorithms, rune(h.Algorithm)):
		return fmt.Errorf("the key block says algorithm %c, want one of %s", h.Algorithm, algorithms)
	case !fits:
		return fmt.Errorf("key of %d octets in its key block", octets)
	}
	return nil
}
