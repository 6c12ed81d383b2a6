package keys

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm4"
)

// longestTrack is the longest track a message carries: track 3, field 36.
const longestTrack = 104

var errTrack = errors.New("track does not open: not one sealed with this key")

// EncryptTrack encrypts the part of a track that a track key covers, in place,
// and returns the track: what fields 35 and 36 carry in key blocks Track and
// SM4Track. The track is ASCII digits with D for the separator.
//
// The part is the one block (8 octets, 16 for SM4) that ends before the last
// octet of the track when packed two digits an octet; its hexadecimal digits
// take its place, so the length stays. A track too short for that (under 17
// digits, 33 for SM4) is filled with F on the left first, and grows: only
// then is the result another slice. Source: the CUP reconstruction,
// docs/sources.md.
func (k *Key) EncryptTrack(track []byte) ([]byte, error) {
	if len(track) == 0 || len(track) > longestTrack {
		return nil, fmt.Errorf("track of %d digits, want 1 to %d", len(track), longestTrack)
	}
	if i := firstNotTrack(track); i >= 0 {
		return nil, fmt.Errorf("track: character %d of %d is neither a digit nor the separator D", i+1, len(track))
	}
	if short := k.leastTrack() - len(track); short > 0 {
		filled := make([]byte, 0, k.leastTrack())
		for range short {
			filled = append(filled, 'F')
		}
		track = append(filled, track...)
	}
	var clear [sm4.BlockSize]byte
	part, block := k.trackBlock(track), clear[:k.size]
	if !unhexUpper(block, part) {
		return nil, errTrack // not met: they are digits, D and F
	}
	k.encrypt(block)
	hexUpper(part, block)
	return track, nil
}

// DecryptTrack undoes EncryptTrack, in place; fill on the left is cut off. A result
// that is not a track is an error, after which the octets given are worthless.
func (k *Key) DecryptTrack(track []byte) ([]byte, error) {
	if len(track) < k.leastTrack() || len(track) > longestTrack {
		return nil, fmt.Errorf("sealed track of %d digits, want %d to %d", len(track), k.leastTrack(), longestTrack)
	}
	var clear [sm4.BlockSize]byte
	part, block := k.trackBlock(track), clear[:k.size]
	if !unhexUpper(block, part) {
		return nil, errTrack
	}
	k.decrypt(block)
	hexUpper(part, block)
	if len(track) == k.leastTrack() {
		for len(track) > 0 && track[0] == 'F' {
			track = track[1:]
		}
	}
	if len(track) == 0 || firstNotTrack(track) >= 0 {
		return nil, errTrack
	}
	return track, nil
}

// leastTrack is the digits of the shortest track that holds a whole block and
// half an octet behind it.
func (k *Key) leastTrack() int { return 2*int(k.size) + 1 }

// trackBlock is the part of a track that is encrypted. Packed, an odd track
// has a pad nibble in its last octet, an even one a digit.
func (k *Key) trackBlock(track []byte) []byte {
	end := (len(track) - 1) &^ 1
	return track[end-2*int(k.size) : end]
}

// firstNotTrack is where a track first has neither a digit nor D, -1 for nowhere.
func firstNotTrack(track []byte) int {
	i := 0
	for ; len(track)-i >= 8; i += 8 {
		v := binary.BigEndian.Uint64(track[i:])
		digit := v ^ '0'*each // at most 9 where there is one
		d := v ^ 'D'*each     // 0 where there is one
		if (v|(digit+0x76*each)&(d+0x7F*each))&(0x80*each) != 0 {
			break
		}
	}
	for ; i < len(track); i++ {
		if c := track[i]; (c < '0' || c > '9') && c != 'D' {
			return i
		}
	}
	return -1
}
