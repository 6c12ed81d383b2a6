package wire

// hexText is octets, each as two hexadecimal digits on the line. It writes
// capitals and reads small letters too.
type hexText struct {
	digits string
	value  [256]byte // of a digit; 0xFF of what is none
}

func newHexText(digits, small string) *hexText {
	h := &hexText{digits: digits}
	for i := range h.value {
		h.value[i] = 0xFF
	}
	for i := range digits {
		h.value[digits[i]], h.value[small[i]] = byte(i), byte(i)
	}
	return h
}

var (
	asciiHex  = newHexText("0123456789ABCDEF", "0123456789abcdef")
	ebcdicHex = newHexText("\xF0\xF1\xF2\xF3\xF4\xF5\xF6\xF7\xF8\xF9\xC1\xC2\xC3\xC4\xC5\xC6",
		"\xF0\xF1\xF2\xF3\xF4\xF5\xF6\xF7\xF8\xF9\x81\x82\x83\x84\x85\x86")
)

func (h *hexText) span(n int) int { return 2 * n }

func (h *hexText) pack(dst, v []byte) string {
	for i, o := range v {
		dst[2*i], dst[2*i+1] = h.digits[o>>4], h.digits[o&15]
	}
	return ""
}

func (h *hexText) unpack(dst, src []byte, n int) (int, string) {
	for i := range n {
		high, low := h.value[src[2*i]], h.value[src[2*i+1]]
		if high|low > 15 {
			return 0, noHex
		}
		dst[i] = high<<4 | low
	}
	return n, ""
}

// Encode is that of moov's encoding.Encoder.
func (h *hexText) Encode(src []byte) ([]byte, error) { return encode(h, src) }

// Decode is that of moov's encoding.Encoder.
func (h *hexText) Decode(src []byte, length int) ([]byte, int, error) { return decode(h, src, length) }

// signed is an amount: a sign, C or D, in ASCII, and digits packed.
type signed struct{ digits *Nibbles }

func (s *signed) span(n int) int { return min(n, 1+n/2) }

func (s *signed) pack(dst, v []byte) string {
	if len(v) == 0 {
		return "has no sign"
	}
	if v[0] > 127 {
		return above127
	}
	dst[0] = v[0]
	return s.digits.pack(dst[1:], v[1:])
}

func (s *signed) unpack(dst, src []byte, n int) (int, string) {
	if n == 0 {
		return 0, "has no sign"
	}
	if src[0] > 127 {
		return 0, above127
	}
	dst[0] = src[0]
	size, reason := s.digits.unpack(dst[1:], src[1:], n-1)
	return 1 + size, reason
}

// Encode is that of moov's encoding.Encoder.
func (s *signed) Encode(src []byte) ([]byte, error) { return encode(s, src) }

// Decode is that of moov's encoding.Encoder.
func (s *signed) Decode(src []byte, length int) ([]byte, int, error) { return decode(s, src, length) }
