package keys

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A TR-31 key block carries one key under a key block protection key (KBPK), as text:
// a header in clear, the key enciphered, and a MAC over both. Of version A and C the
// KBPK is varied by XOR, of B and D derived by CMAC; D is under AES. Sources: ASC X9
// TR 31-2018, ISO 20038.

// KeyHeader is what a key block says of its key.
type KeyHeader struct {
	Version    byte   // A, B, C or D
	Usage      string // two characters: P0 a PIN key, M3 a MAC key, B1 an initial key of DUKPT …
	Algorithm  byte   // of the key: T triple DES, A AES, D DES, H HMAC
	Mode       byte   // what it may do: E, D, B, G, C, V, N …
	Number     string // its version, two characters
	Exportable byte   // E, N or S
	Optional   []KeyOption
}

// KeyOption is an optional block of a header.
type KeyOption struct {
	ID   string // two characters
	Data string
}

var (
	errKeyBlock = errors.New("TR-31 key block does not open: made under another key, or changed since")
	errBlockMAC = errors.New("TR-31 key block whose MAC is wrong: made under another key, or changed since")
)

const (
	headerLen   = 16
	maxKeyBlock = 9999
)

// tr31 is what versions differ in.
type tr31 struct {
	size, mac int  // octets of the cipher's block, of the MAC
	derived   bool // keys derived by CMAC, MAC over the key in clear
	aes       bool
}

var versions = map[byte]tr31{
	'A': {8, 4, false, false}, 'B': {8, 8, true, false}, 'C': {8, 4, false, false}, 'D': {16, 16, true, true},
}

// String writes the header with the length of the block that it begins.
func (h *KeyHeader) text(v tr31, rest int) (string, error) {
	var opt strings.Builder
	for _, o := range h.Optional {
		if len(o.ID) != 2 || len(o.Data)+4 > 0xFF || !printable(o.Data) {
			return "", fmt.Errorf("TR-31 optional block %q of %d characters, want an id of 2 and at most 251 printable characters", o.ID, len(o.Data))
		}
		fmt.Fprintf(&opt, "%s%02X%s", o.ID, len(o.Data)+4, o.Data)
	}
	n := len(h.Optional)
	if odd := opt.Len() % v.size; odd != 0 {
		fill := v.size - odd
		if fill < 4 {
			fill += v.size
		}
		fmt.Fprintf(&opt, "PB%02X%s", fill, strings.Repeat("0", fill-4))
		n++
	}
	if len(h.Usage) != 2 || len(h.Number) != 2 || n > 99 || !printable(h.Usage+h.Number+string([]byte{h.Algorithm, h.Mode, h.Exportable})) {
		return "", errors.New("TR-31 header: usage and version number have two printable characters, algorithm, mode and exportability one")
	}
	whole := headerLen + opt.Len() + rest
	if whole > maxKeyBlock {
		return "", fmt.Errorf("TR-31 key block of %d characters, want at most %d", whole, maxKeyBlock)
	}
	return fmt.Sprintf("%c%04d%s%c%c%s%c%02d00%s", h.Version, whole, h.Usage, h.Algorithm, h.Mode, h.Number, h.Exportable, n, opt.String()), nil
}

// printable reports whether a text is of ASCII characters that can be seen, or blanks.
func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// WrapKey makes the key block of a key under a KBPK, which has 16 or 24 octets, or
// for version D 16, 24 or 32. What fills the key's field is drawn at random.
func WrapKey(kbpk []byte, h KeyHeader, key []byte) (string, error) {
	v, known := versions[h.Version]
	if !known {
		return "", fmt.Errorf("TR-31 version %q, want A, B, C or D", h.Version)
	}
	field := make([]byte, (2+len(key)+v.size-1)/v.size*v.size)
	defer clear(field)
	field[0], field[1] = byte(len(key)*8>>8), byte(len(key)*8)
	copy(field[2:], key)
	if _, err := rand.Read(field[2+len(key):]); err != nil {
		return "", fmt.Errorf("TR-31 key block: %w", err)
	}
	return h.seal(v, kbpk, field)
}

// seal makes the key block of a key field in clear.
func (h *KeyHeader) seal(v tr31, kbpk, field []byte) (string, error) {
	head, err := h.text(v, 2*(len(field)+v.mac))
	if err != nil {
		return "", err
	}
	encrypt, authenticate, err := v.keys(kbpk)
	if err != nil {
		return "", err
	}
	sealed := make([]byte, len(field))
	if v.derived {
		mac := authenticate.cmacOf(append([]byte(head), field...))
		encrypt.cbc(mac, sealed, field, true)
		return head + upperHex(sealed) + upperHex(mac), nil
	}
	encrypt.cbc([]byte(head[:v.size]), sealed, field, true)
	return head + upperHex(sealed) + upperHex(authenticate.fullCBC(append([]byte(head), sealed...))[:v.mac]), nil
}

// UnwrapKey opens a key block: its header and the key. An error tells nothing of the
// key.
func UnwrapKey(kbpk []byte, block string) (KeyHeader, []byte, error) {
	h, v, n, err := parseKeyHeader(block)
	if err != nil {
		return KeyHeader{}, nil, err
	}
	rest, err := hex.DecodeString(block[n:])
	if err != nil || len(rest) < v.mac+v.size || (len(rest)-v.mac)%v.size != 0 {
		return KeyHeader{}, nil, fmt.Errorf("TR-31 key block: %d characters after its header, want hexadecimal digits of whole blocks and a MAC of %d octets", len(block)-n, v.mac)
	}
	encrypt, authenticate, err := v.keys(kbpk)
	if err != nil {
		return KeyHeader{}, nil, err
	}
	sealed, mac := rest[:len(rest)-v.mac], rest[len(rest)-v.mac:]
	field := make([]byte, len(sealed))
	defer clear(field)
	var right []byte
	if v.derived {
		encrypt.cbc(mac, field, sealed, false)
		right = authenticate.cmacOf(append([]byte(block[:n]), field...))
	} else {
		encrypt.cbc([]byte(block[:v.size]), field, sealed, false)
		right = authenticate.fullCBC(append([]byte(block[:n]), sealed...))[:v.mac]
	}
	if subtle.ConstantTimeCompare(right, mac) != 1 {
		return KeyHeader{}, nil, errBlockMAC
	}
	bits := int(field[0])<<8 | int(field[1])
	if bits == 0 || bits%8 != 0 || bits/8 > len(field)-2 {
		return KeyHeader{}, nil, errKeyBlock
	}
	return h, append([]byte(nil), field[2:2+bits/8]...), nil
}

// parseKeyHeader reads the header of a key block, and says where it ends.
func parseKeyHeader(block string) (h KeyHeader, v tr31, n int, err error) {
	if len(block) < headerLen || !printable(block) {
		return h, v, 0, fmt.Errorf("TR-31 key block of %d characters, want a header of 16 printable ones at least", len(block))
	}
	v, known := versions[block[0]]
	length, err := strconv.Atoi(block[1:5])
	options, wrong := strconv.ParseUint(block[12:14], 10, 8)
	switch {
	case !known:
		return h, v, 0, fmt.Errorf("TR-31 version %q, want A, B, C or D", block[0])
	case err != nil || length != len(block):
		return h, v, 0, fmt.Errorf("TR-31 key block of %d characters says its length is %q", len(block), block[1:5])
	case wrong != nil:
		return h, v, 0, fmt.Errorf("TR-31 header: number of optional blocks %q, want two digits", block[12:14])
	}
	h = KeyHeader{Version: block[0], Usage: block[5:7], Algorithm: block[7], Mode: block[8], Number: block[9:11], Exportable: block[11]}
	n = headerLen
	for range options {
		if len(block) < n+4 {
			return h, v, 0, errors.New("TR-31 key block ends within its optional blocks")
		}
		size, err := strconv.ParseUint(block[n+2:n+4], 16, 8)
		if err != nil || size < 4 || n+int(size) > len(block) {
			return h, v, 0, fmt.Errorf("TR-31 optional block %q has length %q, want two hexadecimal digits, 04 to what is left", block[n:n+2], block[n+2:n+4])
		}
		if id := block[n : n+2]; id != "PB" {
			h.Optional = append(h.Optional, KeyOption{id, block[n+4 : n+int(size)]})
		}
		n += int(size)
	}
	return h, v, n, nil
}

// keys are those that encipher and authenticate under a KBPK.
func (v tr31) keys(kbpk []byte) (encrypt, authenticate *Key, err error) {
	fresh := New
	if v.aes {
		fresh = NewAES
	}
	under, err := fresh(kbpk)
	if err != nil || len(kbpk) < 16 {
		return nil, nil, fmt.Errorf("TR-31 key block protection key of %d octets, want 16 or 24, or for version D 16, 24 or 32", len(kbpk))
	}
	var room [2][32]byte
	defer clear(room[:])
	for i := range room {
		k := room[i][:copy(room[i][:], kbpk)]
		if v.derived {
			v.derive(under, k, byte(i))
			continue
		}
		for j := range k {
			k[j] ^= [...]byte{'E', 'M'}[i]
		}
	}
	if encrypt, err = fresh(room[0][:len(kbpk)]); err == nil {
		authenticate, err = fresh(room[1][:len(kbpk)])
	}
	return encrypt, authenticate, err
}

// derive makes the key for a use (0 encipher, 1 authenticate) by CMAC over a counter,
// the use, the cipher and the length in bits.
func (v tr31) derive(under *Key, dst []byte, use byte) {
	cipher := byte(len(dst)/8 - 2) // 0 two-key triple DES, 1 three-key
	if v.aes {
		cipher += 2 // 2 to 4 for AES of 128 to 256
	}
	bits := 8 * len(dst)
	data := []byte{0, 0, use, 0, 0, cipher, byte(bits >> 8), byte(bits)}
	for len(dst) > 0 {
		data[0]++
		dst = dst[copy(dst, under.cmacOf(data)):]
	}
}

// cmacOf is the whole CMAC of mab; it allocates.
func (k *Key) cmacOf(mab []byte) []byte {
	sum := make([]byte, k.size)
	k.cmac(sum, mab)
	return sum
}

// fullCBC is the last block of CBC under the whole key.
func (k *Key) fullCBC(mab []byte) []byte {
	out := make([]byte, len(mab))
	k.cbc(make([]byte, k.size), out, mab, true)
	return out[len(out)-int(k.size):]
}

// cbc enciphers or deciphers whole blocks in cipher block chaining.
func (k *Key) cbc(iv, dst, src []byte, encrypt bool) {
	if encrypt {
		cipher.NewCBCEncrypter(block{k}, iv).CryptBlocks(dst, src)
		return
	}
	cipher.NewCBCDecrypter(block{k}, iv).CryptBlocks(dst, src)
}

// block is a key as crypto/cipher wants one.
type block struct{ *Key }

func (b block) BlockSize() int          { return int(b.size) }
func (b block) Encrypt(dst, src []byte) { b.Key.Encrypt(dst[:b.size], src[:b.size]) }
func (b block) Decrypt(dst, src []byte) { b.Key.Decrypt(dst[:b.size], src[:b.size]) }

var _ cipher.Block = block{}

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
