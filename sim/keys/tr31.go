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
	encrypt, authenticate, err := v.keys(kbpk)
	if err != nil {
		return "", err
	}
	return h.wrap(encrypt, authenticate, key)
}

// wrap makes the key block of a key under the keys that a KBPK stands for.
func (h *KeyHeader) wrap(encrypt, authenticate *Key, key []byte) (string, error) {
	v := versions[h.Version]
	field := make([]byte, (2+len(key)+v.size-1)/v.size*v.size)
	defer clear(field)
	field[0], field[1] = byte(len(key)*8>>8), byte(len(key)*8)
	copy(field[2:], key)
	if _, err := rand.Read(field[2+len(key):]); err != nil {
		return "", fmt.Errorf("TR-31 key block: %w", err)
	}
	return h.seal(encrypt, authenticate, field)
}

// seal makes the key block of a key field in clear.
func (h *KeyHeader) seal(encrypt, authenticate *Key, field []byte) (string, error) {
	v := versions[h.Version]
	head, err := h.text(v, 2*(len(field)+v.mac))
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
	_, v, _, err := parseKeyHeader(block)
	if err != nil {
		return KeyHeader{}, nil, err
	}
	encrypt, authenticate, err := v.keys(kbpk)
	if err != nil {
		return KeyHeader{}, nil, err
	}
	return unwrap(encrypt, authenticate, block)
}

// unwrap opens a key block by the keys that a KBPK stands for.
func unwrap(encrypt, authenticate *Key, block string) (KeyHeader, []byte, error) {
	h, v, n, err := parseKeyHeader(block)
	if err != nil {
		return KeyHeader{}, nil, err
	}
	if v.size != encrypt.BlockSize() {
		return KeyHeader{}, nil, fmt.Errorf("TR-31 key block of version %c under a key of another cipher", h.Version)
	}
	rest, err := hex.DecodeString(block[n:])
	if err != nil || len(rest) < v.mac+v.size || (len(rest)-v.mac)%v.size != 0 {
		return KeyHeader{}, nil, fmt.Errorf("TR-31 key block: %d characters after its header, want hexadecimal digits of whole blocks and a MAC of %d octets", len(block)-n, v.mac)
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
	if _, err := v.cipher().Key(kbpk); err != nil || len(kbpk) < 16 {
		return nil, nil, fmt.Errorf("TR-31 key block protection key of %d octets, want 16 or 24, or for version D 16, 24 or 32", len(kbpk))
	}
	if v.derived {
		return v.derive(Software{}, v.cipher(), kbpk, len(kbpk))
	}
	var both [2][24]byte
	defer clear(both[:])
	for i := range both {
		copy(both[i][:], kbpk)
		for j := range both[i] {
			both[i][j] ^= [...]byte{'E', 'M'}[i]
		}
	}
	if encrypt, err = New(both[0][:len(kbpk)]); err == nil {
		authenticate, err = New(both[1][:len(kbpk)])
	}
	return encrypt, authenticate, err
}

// keysIn are those under a master key that is in an HSM, of a version that derives them.
func (v tr31) keysIn(h HSM, c Cipher, master []byte) (encrypt, authenticate *Key, err error) {
	encrypt, authenticate, err = v.derive(h, c, master, masterLen)
	if err != nil {
		err = fmt.Errorf("master key: %w", err)
	}
	return encrypt, authenticate, err
}

func (v tr31) cipher() Cipher {
	if v.aes {
		return CipherAES
	}
	return CipherDES
}

// derive makes the two keys, as long as the KBPK, by its CMAC over a counter, the use (0
// encipher, 1 authenticate), the cipher and the length in bits. The KBPK need not leave
// its HSM, which is asked twice.
func (v tr31) derive(h HSM, c Cipher, kbpk []byte, n int) (encrypt, authenticate *Key, err error) {
	sub := make([]byte, v.size)
	if err := h.Encrypt(c, kbpk, sub); err != nil {
		return nil, nil, err
	}
	double(sub)
	kind := byte(n/8 - 2) // 0 two-key triple DES, 1 three-key
	if v.aes {
		double(sub) // data shorter than a block
		kind += 2   // 2 to 4 for AES of 128 to 256
	}
	each := (n + v.size - 1) / v.size
	both := make([]byte, 2*each*v.size)
	defer clear(both)
	for i := range 2 * each {
		block := both[i*v.size:][:v.size]
		copy(block, []byte{byte(i%each + 1), 0, byte(i / each), 0, 0, kind, byte(8 * n >> 8), byte(8 * n)})
		if v.aes {
			block[8] = 0x80
		}
		xor(block, sub)
	}
	if err := h.Encrypt(c, kbpk, both); err != nil {
		return nil, nil, err
	}
	if encrypt, err = c.Key(both[:n]); err == nil {
		authenticate, err = c.Key(both[each*v.size:][:n])
	}
	return encrypt, authenticate, err
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
