package chip

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/posfleet/posfleet/sim/wire"
)

// CAKey is the public key of a certification authority, as terminals download it. Terminals
// know it by its application provider (RID) and its index.
type CAKey struct {
	RID     [5]byte
	Index   byte
	Expires uint32 // its last day, as the number YYYYMMDD
	RSA     bool   // it is no key of another cipher

	key     publicKey
	revoked [][3]byte // serial numbers of issuers' certificates that are good no longer
}

// String names the key as people ask for it.
func (k *CAKey) String() string { return fmt.Sprintf("CA key %02X of %X", k.Index, k.RID) }

// same reports whether two keys are the same number.
func (k *CAKey) same(other *CAKey) bool {
	return k == other || k.key.size > 0 && other.key.size > 0 && k.key.n.Cmp(other.key.n) == 0 && k.key.e.Cmp(other.key.e) == 0
}

// CAKeys are those that a terminal has.
type CAKeys []*CAKey

// Find is the key of an application provider and an index; nil where there is none.
func (k CAKeys) Find(rid [5]byte, index byte) *CAKey {
	i := slices.IndexFunc(k, func(k *CAKey) bool { return k.RID == rid && k.Index == index })
	if i < 0 {
		return nil
	}
	return k[i]
}

// Revocation names a certificate of an issuer's key that is good no longer, as terminals keep
// it (EMV book 2, 5.1.2): application provider, index of the CA key, serial number.
type Revocation [9]byte

// Revoke has the keys be those under which certificates were revoked, and no others.
func (k CAKeys) Revoke(all []Revocation) {
	for _, key := range k {
		key.revoked = nil
	}
	for _, r := range all {
		if key := k.Find([5]byte(r[:5]), r[5]); key != nil {
			key.revoked = append(key.revoked, [3]byte(r[6:]))
		}
	}
}

// Tags of a CA key (EMV book 3; DF… as UnionPay terminals have them).
const (
	tagRID       = 0x9F06
	tagIndex     = 0x9F22
	tagModulus   = 0xDF02
	tagHash      = 0xDF03
	tagExponent  = 0xDF04
	tagExpires   = 0xDF05
	tagAlgorithm = 0xDF07
)

const algorithmRSA = 1

// TagName names an element of a CA key.
func TagName(tag uint32) string {
	return map[uint32]string{tagRID: "RID", tagIndex: "index", tagModulus: "modulus", tagHash: "SHA-1", tagExponent: "exponent", tagExpires: "last day",
		tagHashAlgorithm: "hash", tagAlgorithm: "cipher"}[tag]
}

// ReadCAKey reads a key as hosts give it to download. Its hash, without which no key for
// RSA is taken, is over application provider, index, modulus and exponent. The last day is in four octets of packed
// digits, or eight characters.
func ReadCAKey(entry []byte) (*CAKey, error) {
	k := new(CAKey)
	var rid, index, modulus, exponent, hash, expires []byte
	algorithm := byte(algorithmRSA)
	for t, err := range wire.Tags(entry) {
		switch {
		case err != nil:
			return nil, fmt.Errorf("CA key: %w", err)
		case t.Depth > 0:
		case t.Tag == tagRID:
			rid = t.Value
		case t.Tag == tagIndex:
			index = t.Value
		case t.Tag == tagModulus:
			modulus = t.Value
		case t.Tag == tagExponent:
			exponent = t.Value
		case t.Tag == tagHash:
			hash = t.Value
		case t.Tag == tagExpires:
			expires = t.Value
		case t.Tag == tagAlgorithm && len(t.Value) == 1:
			algorithm = t.Value[0]
		}
	}
	if len(rid) != len(k.RID) || len(index) != 1 {
		return nil, errors.New("a CA key without RID of five octets (9F06) or index of one (9F22)")
	}
	copy(k.RID[:], rid)
	k.Index = index[0]
	if k.RSA = algorithm == algorithmRSA; k.RSA && !hashIs(hash, rid, index, modulus, exponent) {
		return nil, fmt.Errorf("the SHA-1 of %s (DF03) is missing or wrong", k)
	}
	digits := string(expires)
	if len(expires) == 4 {
		digits = hex.EncodeToString(expires)
	}
	day, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || len(digits) != 8 {
		return nil, fmt.Errorf("%s does not say when it expires (DF05)", k)
	}
	if k.Expires = uint32(day); k.RSA {
		k.key, _ = newPublicKey(modulus, exponent) // of one that cannot be, no certificate is right
	}
	return k, nil
}

// Authority is a certification authority that comes with posfleet: it certifies the keys of
// issuers, so that terminals that have downloaded its key can tell their cards from forged
// ones. Of none elsewhere the private key is public.
type Authority struct {
	Name   string
	Listed bool // hosts have its key to download

	index   byte
	expires string // YYYYMMDD
	pair    func() *keyPair
}

// unionPayRID begins the names of UnionPay's applications.
var unionPayRID = [5]byte(Application)

// Authorities are all of them: one that issuers have, one whose key has expired, two beside
// it, and one that no host tells of.
var Authorities = sync.OnceValue(func() []*Authority {
	of := func(name string, index byte, bits int, expires string, listed bool) *Authority {
		return &Authority{name, listed, index, expires, sync.OnceValue(func() *keyPair { return makePair("authority "+name, bits) })}
	}
	return []*Authority{
		of("posfleet", 0x91, 1152, "20491231", true),
		of("expired", 0x92, 1024, "20201231", true),
		of("second", 0x93, 1024, "20491231", true),
		of("third", 0x94, 1024, "20491231", true),
		of("unlisted", 0x9F, 1024, "20491231", false),
	}
})

// AuthorityNamed is the authority of a name; nil for none.
func AuthorityNamed(name string) *Authority {
	all := Authorities()
	i := slices.IndexFunc(all, func(a *Authority) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// AuthorityNames are their names, for messages.
func AuthorityNames() string {
	var names []string
	for _, a := range Authorities() {
		names = append(names, a.Name)
	}
	return strings.Join(names, ", ")
}

// Entry is the authority's public key as hosts give it to download.
func (a *Authority) Entry() []byte { return a.entry(a.pair()) }

// Forged is another key in its place, under a hash that is right.
func (a *Authority) Forged() []byte { return a.entry(issuersPair()) }

func (a *Authority) entry(k *keyPair) []byte {
	modulus, exponent := k.n.Bytes(), k.e.Bytes()
	hash := hashOf(unionPayRID[:], []byte{a.index}, modulus, exponent)
	day, _ := hex.DecodeString(a.expires)
	e := appendTag(appendTag(nil, tagRID, unionPayRID[:]), tagIndex, []byte{a.index})
	e = appendTag(appendTag(e, tagExpires, day), tagHashAlgorithm, []byte{1})
	e = appendTag(appendTag(e, tagAlgorithm, []byte{algorithmRSA}), tagModulus, modulus)
	return appendTag(appendTag(e, tagExponent, exponent), tagHash, hash[:])
}

const tagHashAlgorithm = 0xDF06

// All issuers under authorities have one key pair, and all their cards have one: pairs take
// long to make. Certificates are each card's own.
var (
	issuersPair = sync.OnceValue(func() *keyPair { return makePair("issuers", 1024) })
	cardsPair   = sync.OnceValue(func() *keyPair { return makePair("cards", 768) })
)
