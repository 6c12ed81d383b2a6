package wire

import "github.com/moov-io/iso8583/encoding"

// charset is text, an octet each: Latin-1 in a value, another character set on
// the line. It has all 256 characters.
type charset struct{ to, from [256]byte }

// newCharset makes a charset of what each octet on the line is in Latin-1.
func newCharset(latin1 string) *charset {
	c := &charset{}
	for i := range 256 {
		c.from[i] = latin1[i]
		c.to[latin1[i]] = byte(i)
	}
	return c
}

var (
	latin1 = newCharset(func() string { // as it is: the codec takes it for octets
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		return string(all)
	}())
	ebcdic = newCharset(ibm1047)
)

// ibm1047 is EBCDIC for open systems. The new line is 15 and the line feed 25, as
// Java has them; Unicode's table changes the two over.
const ibm1047 = "" +
	"\x00\x01\x02\x03\x9C\x09\x86\x7F\x97\x8D\x8E\x0B\x0C\x0D\x0E\x0F" +
	"\x10\x11\x12\x13\x9D\x0A\x08\x87\x18\x19\x92\x8F\x1C\x1D\x1E\x1F" +
	"\x80\x81\x82\x83\x84\x85\x17\x1B\x88\x89\x8A\x8B\x8C\x05\x06\x07" +
	"\x90\x91\x16\x93\x94\x95\x96\x04\x98\x99\x9A\x9B\x14\x15\x9E\x1A" +
	"\x20\xA0\xE2\xE4\xE0\xE1\xE3\xE5\xE7\xF1\xA2\x2E\x3C\x28\x2B\x7C" +
	"\x26\xE9\xEA\xEB\xE8\xED\xEE\xEF\xEC\xDF\x21\x24\x2A\x29\x3B\x5E" +
	"\x2D\x2F\xC2\xC4\xC0\xC1\xC3\xC5\xC7\xD1\xA6\x2C\x25\x5F\x3E\x3F" +
	"\xF8\xC9\xCA\xCB\xC8\xCD\xCE\xCF\xCC\x60\x3A\x23\x40\x27\x3D\x22" +
	"\xD8\x61\x62\x63\x64\x65\x66\x67\x68\x69\xAB\xBB\xF0\xFD\xFE\xB1" +
	"\xB0\x6A\x6B\x6C\x6D\x6E\x6F\x70\x71\x72\xAA\xBA\xE6\xB8\xC6\xA4" +
	"\xB5\x7E\x73\x74\x75\x76\x77\x78\x79\x7A\xA1\xBF\xD0\x5B\xDE\xAE" +
	"\xAC\xA3\xA5\xB7\xA9\xA7\xB6\xBC\xBD\xBE\xDD\xA8\xAF\x5D\xB4\xD7" +
	"\x7B\x41\x42\x43\x44\x45\x46\x47\x48\x49\xAD\xF4\xF6\xF2\xF3\xF5" +
	"\x7D\x4A\x4B\x4C\x4D\x4E\x4F\x50\x51\x52\xB9\xFB\xFC\xF9\xFA\xFF" +
	"\x5C\xF7\x53\x54\x55\x56\x57\x58\x59\x5A\xB2\xD4\xD6\xD2\xD3\xD5" +
	"\x30\x31\x32\x33\x34\x35\x36\x37\x38\x39\xB3\xDB\xDC\xD9\xDA\x9F"

// moovCharset is the charset of one of moov's own EBCDIC encoders: found by
// asking it, of IBM-1047 for ASCII only, since it takes values for UTF-8.
func moovCharset(e encoding.Encoder) *charset {
	c := *ebcdic
	for i := range 256 {
		on, err := e.Encode([]byte{byte(i)})
		if e == encoding.Encoder(encoding.EBCDIC1047) && i > 127 || err != nil || len(on) != 1 {
			continue
		}
		c.to[i], c.from[on[0]] = on[0], byte(i)
	}
	if e == encoding.Encoder(encoding.EBCDIC1047) {
		c.to['\n'], c.from[0x25], c.to[0x85], c.from[0x15] = 0x25, '\n', 0x15, 0x85
	}
	return &c
}

func (c *charset) span(n int) int { return n }

func (c *charset) pack(dst, v []byte) string {
	dst = dst[:len(v)]
	for i, o := range v {
		dst[i] = c.to[o]
	}
	return ""
}

func (c *charset) unpack(dst, src []byte, n int) (int, string) {
	dst = dst[:len(src)]
	for i, o := range src {
		dst[i] = c.from[o]
	}
	return n, ""
}

// Encode is that of moov's encoding.Encoder.
func (c *charset) Encode(src []byte) ([]byte, error) { return encode(c, src) }

// Decode is that of moov's encoding.Encoder.
func (c *charset) Decode(src []byte, length int) ([]byte, int, error) { return decode(c, src, length) }
