package chip

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
	"sync"
)

// files are what a card has in its records for its data to be authenticated.
type files struct {
	afl     []byte
	records map[[2]byte][]byte // by file and number
}

// Files of a card: one whose records are authenticated, one with keys and signatures.
const (
	signedFile = 1
	keysFile   = 2
)

// certifier is who has certified an issuer's keys, and until when.
type certifier struct {
	authority    *Authority
	until        string // YYMM
	denial       [5]byte
	serial       [3]byte  // of the certificate
	revoked      bool     // which is good no longer
	certificates sync.Map // of the issuer, by the first digits of its cards' numbers
}

// firstSerial is the serial number of a certificate of which nothing else is said.
var firstSerial = [3]byte{0, 0, 1}

// Certify says who certifies the issuer's keys, and until which month (YYMM), and of which
// terminal verification results its cards want to be declined off line (issuer action
// code). It comes before the first card is made.
func (i *Issuer) Certify(a *Authority, until string, denial [5]byte) {
	i.certifier = &certifier{authority: a, until: until, denial: denial, serial: firstSerial}
}

// Number gives the certificate of the issuer's key a serial number, and says whether that was
// revoked. It comes behind [Issuer.Certify].
func (i *Issuer) Number(serial [3]byte, revoked bool) {
	i.certifier.serial, i.certifier.revoked = serial, revoked
}

// Revoked names the certificate of the issuer's key, if that was revoked.
func (i *Issuer) Revoked() (r Revocation, revoked bool) {
	c := i.certifier
	if c == nil || !c.revoked {
		return r, false
	}
	copy(r[copy(r[:], unionPayRID[:]):], append([]byte{c.authority.index}, c.serial[:]...))
	return r, true
}

// SameCertificate reports whether certificates of two issuers' keys have one name.
func (i *Issuer) SameCertificate(other *Issuer) bool {
	a, b := i.certifier, other.certifier
	return a != nil && b != nil && a.authority == b.authority && a.serial == b.serial
}

// Certified reports whether somebody certifies the issuer's keys.
func (i *Issuer) Certified() bool { return i.certifier != nil }

// Authenticates gives the card what a method of offline data authentication takes, and those
// below it; its expiry (YYMM) is that of its certificate, too. Its issuer is certified.
// Nothing is made before a terminal reads it.
func (c *Card) Authenticates(i *Issuer, m ODA, pan, expiry string) {
	c.oda = m
	c.files = sync.OnceValue(func() *files { return i.certifier.issue(m, pan, expiry) })
}

// issue makes the records of a card.
func (i *certifier) issue(m ODA, pan, expiry string) *files {
	f := &files{afl: []byte{signedFile << 3, 1, 1, 1, keysFile << 3, 1, byte(1 + min(m, DDA)), 0}, records: map[[2]byte][]byte{}}
	number := packedNumber(pan)
	inside := appendTag(appendTag(nil, tagPAN, number), tagCDOL1, cdol1)
	inside = appendTag(inside, tagCDOL2, cdol2)
	inside = appendTag(appendTag(inside, tagDenial, i.denial[:]), tagStaticTags, []byte{tagAIP})
	inside = appendTag(appendTag(inside, tagUsage, []byte{0xFF, 0}), tagExpiry, append(packedDigits(expiry), 0x28))
	f.records[[2]byte{signedFile, 1}] = appendTag(nil, tagTemplate, inside)
	static := append(append([]byte(nil), inside...), baseAIP|m.aip(), 0)

	issuers, cards := issuersPair(), cardsPair()
	certificate := i.of(pan)
	b := appendTag(appendTag(nil, tagCAIndex, []byte{i.authority.index}), tagIssuerCertificate, certificate.signed)
	b = appendTag(appendTag(b, tagIssuerRemainder, certificate.rest), tagIssuerExponent, issuers.e.Bytes())
	f.records[[2]byte{keysFile, 1}] = appendTag(nil, tagTemplate, b)
	b = appendTag(nil, tagSignedStatic, issuers.seal([]byte{staticFormat, sha1AndRSA, 0xDA, 0xC0}, static))
	f.records[[2]byte{keysFile, 2}] = appendTag(nil, tagTemplate, b)
	if m > SDA {
		own := certify(issuers, cards, cardFormat, padded(number, 10), expiry, firstSerial, static)
		b = appendTag(appendTag(nil, tagCardCertificate, own.signed), tagCardExponent, cards.e.Bytes())
		b = appendTag(appendTag(b, tagCardRemainder, own.rest), tagDDOL, defaultDDOL)
		f.records[[2]byte{keysFile, 3}] = appendTag(nil, tagTemplate, b)
	}
	return f
}

// signedKey is a certificate, and what of its modulus it had no room for.
type signedKey struct{ signed, rest []byte }

// of is the issuer's certificate for cards whose numbers begin like one.
func (i *certifier) of(pan string) signedKey {
	head := pan[:6]
	if known, there := i.certificates.Load(head); there {
		return known.(signedKey)
	}
	made := certify(i.authority.pair(), issuersPair(), issuerFormat, padded(packedDigits(head), 4), i.until, i.serial, nil)
	i.certificates.Store(head, made)
	return made
}

// certify makes a certificate of a key, which hashes something more.
func certify(by, key *keyPair, format byte, of []byte, until string, serial [3]byte, hashed []byte) signedKey {
	modulus, exponent := key.n.Bytes(), key.e.Bytes()
	body := append([]byte{format}, of...)
	body = append(body, packedDigits(until[2:]+until[:2])...)
	body = append(append(body, serial[:]...), sha1AndRSA, sha1AndRSA, byte(len(modulus)), byte(len(exponent)))
	room := min(by.size-2-sha1.Size-len(body), len(modulus))
	return signedKey{by.seal(append(body, modulus[:room]...), modulus[room:], exponent, hashed), modulus[room:]}
}

// cdol1 is what the card asks for with its first cryptogram.
var cdol1 = []byte{0x9F, 0x02, 6, 0x9F, 0x03, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1, 0x9F, 0x37, 4}

// cdol2 is what it asks for with its second one: the code of the answer, and the same again.
var cdol2 = append([]byte{tagARC, 2}, cdol1...)

// sign is the card signing dynamic data: its counter as its number, and more, beside data of
// the terminal.
func (c *Card) sign(atc [2]byte, more, data []byte) []byte {
	body := append([]byte{dynamicFormat, sha1AndRSA, byte(3 + len(more)), 2, atc[0], atc[1]}, more...)
	return cardsPair().seal(body, data)
}

// Octets that a signed cryptogram has behind the card's number: kind, cryptogram, hash.
const signedCryptogram = 1 + 8 + sha1.Size

const tagAnswer = 0x77

// signAnswer is the answer with a cryptogram of a payment that the card was asked for with
// some data, those of a first one included: the cryptogram is in a signature, over which the
// rest is hashed. Where somebody changes the answer, it comes changed.
func (c *Card) signAnswer(t *Transaction, kind Kind, cryptogram [8]byte, asked []byte, changed bool) []byte {
	inside := appendTag(appendTag(nil, tagInformation, []byte{byte(kind)}), tagIAD, t.IAD())
	inside = appendTag(inside, tagATC, t.ATC[:])
	hash := hashOf(asked, inside)
	more := append(append([]byte{byte(kind)}, cryptogram[:]...), hash[:]...)
	signature := c.sign(t.ATC, more, t.UN[:])
	if changed {
		inside[len(inside)-1] ^= 1
	}
	return appendTag(nil, tagAnswer, appendTag(inside, tagSignedDynamic, signature))
}

// authenticationData is what the card tells of itself in a tap (9F69): version, a number of
// its own, and its qualifiers.
func authenticationData(un [4]byte, q CTQ) [7]byte {
	return [7]byte{1, ^un[0], ^un[1], ^un[2], ^un[3], q[0], q[1]}
}

// packedNumber are digits of a card number, with an F where they are odd.
func packedNumber(digits string) []byte {
	return packedDigits(digits + strings.Repeat("F", len(digits)%2))
}

func packedDigits(digits string) []byte {
	v, _ := hex.DecodeString(digits)
	return v
}

// padded fills packed digits with F.
func padded(v []byte, octets int) []byte {
	v = append([]byte(nil), v...)
	for len(v) < octets {
		v = append(v, 0xFF)
	}
	return v
}
