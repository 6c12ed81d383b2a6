package chip

import (
	"encoding/hex"
	"strings"
)

// Formats of signed blocks (EMV book 2, 5 and 6).
const (
	issuerFormat  = 2
	staticFormat  = 3
	cardFormat    = 4
	dynamicFormat = 5
)

// sha1AndRSA is the only hash and the only cipher that certificates have.
const sha1AndRSA = 1

// certificate is a public key that somebody has certified, for whom, and until which month
// (as [monthOf] counts).
type certificate struct {
	key   publicKey
	of    string // digits of the card numbers that it is for
	until int

	serial [3]byte
}

// openCertificate recovers the key in a certificate of a format, which has so many octets
// for whom it is: the modulus is in it as far as there is room, the rest beside it. hash is
// what is to be that of the body, the rest, the exponent and, of a card, its static data.
func openCertificate(by *publicKey, signature []byte, format byte, of int, rest, exponent []byte) (c certificate, body, hash []byte, ok bool) {
	body, hash = by.open(signature, format)
	head := 1 + of + 9 // last month, serial number of three octets, hash, cipher, lengths of modulus and exponent
	if len(body) < head {
		return c, nil, nil, false
	}
	about := body[1+of : head]
	modulus, size := body[head:], int(about[7])
	if size > len(modulus) {
		modulus = append(modulus[:len(modulus):len(modulus)], rest...)
	} else if len(rest) == 0 {
		modulus = modulus[:size]
	}
	if about[5] != sha1AndRSA || about[6] != sha1AndRSA || int(about[8]) != len(exponent) || len(modulus) != size {
		return c, nil, nil, false
	}
	c.of, c.serial = digitsOf(body[1:1+of]), [3]byte(about[2:5])
	until, isMonth := monthOf(about[1], about[0])
	key, isKey := newPublicKey(modulus, exponent)
	c.until, c.key = until, key
	return c, body, hash, isMonth && isKey
}

// openIssuer recovers the issuer's key of a card from its certificate.
func openIssuer(ca *publicKey, r *records) (certificate, bool) {
	rest, exponent := r.tags[tagIssuerRemainder], r.tags[tagIssuerExponent]
	c, body, hash, ok := openCertificate(ca, r.tags[tagIssuerCertificate], issuerFormat, 4, rest, exponent)
	return c, ok && hashIs(hash, body, rest, exponent) && len(c.of) >= 3 && strings.HasPrefix(digitsOf(r.tags[tagPAN]), c.of)
}

// openCard recovers the key of a card from its certificate, which holds for its static data.
func openCard(issuer *publicKey, r *records) (certificate, bool) {
	rest, exponent := r.tags[tagCardRemainder], r.tags[tagCardExponent]
	c, body, hash, ok := openCertificate(issuer, r.tags[tagCardCertificate], cardFormat, 10, rest, exponent)
	return c, ok && hashIs(hash, body, rest, exponent, r.static) && c.of == digitsOf(r.tags[tagPAN])
}

// openStatic reports whether static data are those that the issuer has signed.
func openStatic(issuer *publicKey, r *records) bool {
	body, hash := issuer.open(r.tags[tagSignedStatic], staticFormat)
	return len(body) >= 4 && body[1] == sha1AndRSA && hashIs(hash, body, r.static)
}

// openDynamic gives the dynamic data of a card's signature over data of a terminal.
func openDynamic(card *publicKey, signature, data []byte) (dynamic []byte, ok bool) {
	body, hash := card.open(signature, dynamicFormat)
	if len(body) < 3 || body[1] != sha1AndRSA || 3+int(body[2]) > len(body) || !hashIs(hash, body, data) {
		return nil, false
	}
	return body[3 : 3+int(body[2])], true
}

// digitsOf are packed digits up to the F that fills them.
func digitsOf(packed []byte) string {
	s, _, _ := strings.Cut(hex.EncodeToString(packed), "f")
	return s
}

// monthOf counts a month of packed digits, so that a later one is more: years from 50 on are
// of the last century (EMV book 4, 6.7.3).
func monthOf(year, month byte) (int, bool) {
	y, m := int(year>>4)*10+int(year&15), int(month>>4)*10+int(month&15)
	if year>>4 > 9 || year&15 > 9 || month&15 > 9 || m < 1 || m > 12 {
		return 0, false
	}
	if y >= 50 {
		y -= 100
	}
	return 12*y + m, true
}
