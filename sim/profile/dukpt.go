package profile

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
)

// DUKPT is what is behind the keys that terminals derive for each transaction.
type DUKPT struct {
	Base    Secret // base derivation key, from which each terminal's initial key comes
	KeySet  []byte // begins each key serial number: 5 octets, 4 with AES
	Start   uint32 // the counter that terminals have used last, before their first transaction; 0 for none
	MaxSkip uint32 // how many transactions in a row the host may not have heard of

	published bool // the key is one that anybody may have
}

// publishedBase is the base derivation key of X9.24's examples, and publishedSet the
// key set of their serial numbers.
const (
	publishedBase = "\x01\x23\x45\x67\x89\xAB\xCD\xEF\xFE\xDC\xBA\x98\x76\x54\x32\x10"
	publishedSet  = "\xFF\xFF\x98\x76\x54"
)

// dukpt reads the keys behind keys that are derived; without them it is those of the
// standard's examples.
func (r reader) dukpt(p *Profile, v strict.Value) {
	d := p.Dialect.DUKPT
	if d == keys.NoDUKPT {
		if v.Given() {
			r.Fail(v, "the dialect derives no keys; leave it away, or add keys: {dukpt: tdes} to the dialect")
		}
		return
	}
	to, set := &p.DUKPT, 5
	if d > keys.DUKPTTDES {
		set = 4
	}
	to.Base = bytes.Repeat([]byte(publishedBase), 2)[:d.KeyLen()]
	to.KeySet, to.MaxSkip = []byte(publishedSet)[:set], 1000
	if v.Given() {
		var name string
		skip, start := int(to.MaxSkip), 0
		found := r.Map(v, strict.Table{
			"base":     func(v strict.Value) { to.Base = r.testKey(v, d.KeyLen(), d.KeyLen()) },
			"key-set":  r.Match(&name, regexp.MustCompile(`^([0-9A-Fa-f]{2})+$`), "hexadecimal digits"),
			"start":    strict.Int(r.Reader, &start, 0, d.LastCounter()),
			"max-skip": strict.Int(r.Reader, &skip, 0, 1<<20),
		})
		to.MaxSkip, to.Start = uint32(skip), uint32(start)
		if found["key-set"] > 0 && r.OK() {
			if to.KeySet, _ = hex.DecodeString(name); len(to.KeySet) != set {
				r.Fail(v, "key-set: %d octets, want %d", len(to.KeySet), set)
			}
		}
	}
	to.published = bytes.HasPrefix(bytes.Repeat([]byte(publishedBase), 2), to.Base)
}

// Serial writes the key serial number of a terminal before its first transaction: key
// set, the number in its TID (modulo what there is room for) as its device, counter 0.
func (p *Profile) Serial(tid string) []byte {
	d := p.Dialect.DUKPT
	ksn := make([]byte, d.KSNLen())
	n := copy(ksn, p.DUKPT.KeySet)
	device := uint64(0)
	for _, c := range []byte(strings.TrimSpace(tid)) {
		if digit := uint64(c - '0'); digit < 10 {
			device = 10*device + digit
		} else {
			device = 36*device + uint64(c)
		}
	}
	if d == keys.DUKPTTDES {
		device = device << 21 // 19 bits of device, 21 of counter
	} else {
		device = device << 32
	}
	for i := len(ksn) - 1; i >= n; i-- {
		ksn[i] = byte(device)
		device >>= 8
	}
	return ksn
}

// Initial makes the initial key of a terminal.
func (p *Profile) Initial(ksn []byte) ([]byte, error) {
	return p.Dialect.DUKPT.Initial(p.DUKPT.Base, ksn)
}
