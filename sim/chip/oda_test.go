package chip

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"testing"
)

// publishedODA is a card whose certificates and signatures were published, whole or in part,
// with the key of the authority behind it (openemv/emv-utils, CSDN 49637177).
type publishedODA struct {
	RID, Index, CA, CAHash                    string
	PAN, Issuer, IssuerUntil                  string
	IssuerCertificate                         string
	Head, LeftModulus                         string // of a certificate whose remainder was not
	Card, CardCertificate, CardRest, CardHash string
	Static, StaticHash                        string
	UN, Signature, Dynamic                    string
}

func TestPublishedCardsAreAuthentic(t *testing.T) {
	data, err := os.ReadFile("testdata/oda.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []publishedODA
	if err := json.Unmarshal(data, &all); err != nil || len(all) != 3 {
		t.Fatalf("%d cards, %v", len(all), err)
	}
	for _, v := range all {
		t.Run(v.RID+" "+v.Index, func(t *testing.T) {
			is := func(what string, got any, want string) {
				t.Helper()
				if got := fmt.Sprintf("%X", got); got != want {
					t.Errorf("%s %s, want %s", what, got, want)
				}
			}
			entry := appendTag(appendTag(nil, tagRID, octets(t, v.RID)), tagIndex, octets(t, v.Index))
			entry = appendTag(appendTag(entry, tagModulus, octets(t, v.CA)), tagExponent, []byte{3})
			entry = appendTag(appendTag(entry, tagHash, octets(t, v.CAHash)), tagExpires, []byte{0x20, 0x49, 0x12, 0x31})
			ca, err := ReadCAKey(entry)
			if err != nil {
				t.Fatal(err)
			}
			three := []byte{3}
			if v.Head != "" {
				body, _ := ca.key.open(octets(t, v.IssuerCertificate), issuerFormat)
				is("the certificate begins with", body[:14], v.Head[2:])
				is("modulus", body[14:], v.LeftModulus)
				return
			}
			r := records{tags: map[uint32][]byte{tagPAN: octets(t, v.PAN), tagIssuerCertificate: octets(t, v.IssuerCertificate), tagIssuerExponent: three}}
			issuer, ok := openIssuer(&ca.key, &r)
			if !ok {
				t.Fatal("the issuer's certificate is refused")
			}
			is("issuer's key", issuer.key.n, v.Issuer)
			if until, _ := monthOf(octets(t, v.IssuerUntil)[1], octets(t, v.IssuerUntil)[0]); issuer.until != until {
				t.Errorf("the certificate ends in month %d, want %d", issuer.until, until)
			}
			if v.Static != "" {
				body, hash := issuer.key.open(octets(t, v.Static), staticFormat)
				is("static data begin with", body[:4], "0301DAC0")
				is("static hash", hash, v.StaticHash)
			}
			// What the certificate is over besides was not published: its hash is.
			card, _, hash, ok := openCertificate(&issuer.key, octets(t, v.CardCertificate), cardFormat, 10, octets(t, v.CardRest), three)
			if !ok || card.of != digitsOf(octets(t, v.PAN)) {
				t.Fatalf("the card's certificate is refused, or for %s", card.of)
			}
			is("card's key", card.key.n, v.Card)
			is("hash of the certificate", hash, v.CardHash)
			signature := octets(t, v.Signature)
			dynamic, ok := openDynamic(&card.key, signature, octets(t, v.UN))
			if !ok {
				t.Fatal("the signature is refused")
			}
			is("dynamic data", dynamic, v.Dynamic)
			signature[len(signature)-1] ^= 1
			if _, ok := openDynamic(&card.key, signature, octets(t, v.UN)); ok {
				t.Error("a changed signature passes")
			}
			signature[len(signature)-1] ^= 1
			if _, ok := openDynamic(&card.key, signature, []byte{1, 2, 3, 4}); ok {
				t.Error("a signature over another number passes")
			}
			r.tags[tagPAN] = []byte{0x62, 0x25}
			if _, ok := openIssuer(&ca.key, &r); ok {
				t.Error("a certificate for other card numbers passes")
			}
		})
	}
}

// authoritiesKeys are the keys of all authorities, as a terminal has read them.
func authoritiesKeys(t testing.TB, names ...string) (all CAKeys) {
	t.Helper()
	for _, name := range names {
		k, err := ReadCAKey(AuthorityNamed(name).Entry())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, k)
	}
	return all
}

// certifiedCard is a card under an authority.
func certifiedCard(t testing.TB, m ODA, authority, until, expiry string) *Card {
	t.Helper()
	i, c, _ := issued(t, "pboc-cash")
	i.Certify(AuthorityNamed(authority), until, [5]byte{0x08})
	c.Authenticates(i, m, "6225000010000012", expiry)
	c.Load(1_000_00)
	return c
}

// inserted begins a payment with a card in the reader, and has its data authenticated.
func inserted(t testing.TB, c *Card, keys CAKeys, altered Alteration) *Transaction {
	t.Helper()
	tr := new(Transaction)
	if err := tr.Begin(c); err != nil {
		t.Fatal(err)
	}
	tr.Date, tr.Amount, tr.Currency, tr.Altered = [3]byte{0x26, 0x11, 0x27}, [6]byte{5: 0x12}, [2]byte{1, 0x56}, altered
	tr.AuthenticateData(keys)
	return tr
}

func TestEachMethodFailsForEachReason(t *testing.T) {
	forged, err := ReadCAKey(AuthorityNamed("posfleet").Forged())
	if err != nil {
		t.Fatal(err)
	}
	known := authoritiesKeys(t, "posfleet", "expired")
	revoking := authoritiesKeys(t, "posfleet", "second")
	revoking.Revoke([]Revocation{{0xA0, 0, 0, 3, 0x33, 0x93, 0, 0, 1}, {0xA0, 0, 0, 3, 0x33, 0x91, 0, 0, 1}})
	elsewhere := authoritiesKeys(t, "posfleet", "second")
	elsewhere.Revoke([]Revocation{{0xA0, 0, 0, 3, 0x33, 0x91, 0, 0, 1}})
	elsewhere.Revoke([]Revocation{{0xA0, 0, 0, 3, 0x33, 0x93, 0, 0, 1}, {0xA0, 0, 0, 3, 0x33, 0x91, 0, 0, 2}, {0xA0, 0, 0, 0, 3, 0x91, 0, 0, 1}})
	rows := []struct {
		name      string
		authority string
		until     string
		expiry    string
		keys      CAKeys
		altered   Alteration
		want      [CDA + 1]ODAFailure // by method
	}{
		{"nothing", "posfleet", "4912", "4912", known, Unaltered, [CDA + 1]ODAFailure{}},
		{"no keys", "posfleet", "4912", "4912", nil, Unaltered, [CDA + 1]ODAFailure{SDA: NoCAKey, DDA: NoCAKey, CDA: NoCAKey}},
		{"no key of its authority", "unlisted", "4912", "4912", known, Unaltered, [CDA + 1]ODAFailure{SDA: NoCAKey, DDA: NoCAKey, CDA: NoCAKey}},
		{"expired key", "expired", "4912", "4912", known, Unaltered, [CDA + 1]ODAFailure{SDA: CAKeyExpired, DDA: CAKeyExpired, CDA: CAKeyExpired}},
		{"forged key", "posfleet", "4912", "4912", CAKeys{forged}, Unaltered,
			[CDA + 1]ODAFailure{SDA: IssuerCertificateWrong, DDA: IssuerCertificateWrong, CDA: IssuerCertificateWrong}},
		{"revoked", "posfleet", "4912", "4912", revoking, Unaltered,
			[CDA + 1]ODAFailure{SDA: IssuerCertificateRevoked, DDA: IssuerCertificateRevoked, CDA: IssuerCertificateRevoked}},
		{"other certificates revoked", "posfleet", "4912", "4912", elsewhere, Unaltered, [CDA + 1]ODAFailure{}},
		{"this month", "posfleet", "2611", "2611", known, Unaltered, [CDA + 1]ODAFailure{}},
		{"issuer's last month", "posfleet", "2610", "4912", known, Unaltered,
			[CDA + 1]ODAFailure{SDA: IssuerCertificateExpired, DDA: IssuerCertificateExpired, CDA: IssuerCertificateExpired}},
		{"card's last month", "posfleet", "4912", "2610", known, Unaltered, [CDA + 1]ODAFailure{DDA: CardCertificateExpired, CDA: CardCertificateExpired}},
		{"altered data", "posfleet", "4912", "4912", known, StaticData,
			[CDA + 1]ODAFailure{SDA: StaticDataWrong, DDA: CardCertificateWrong, CDA: CardCertificateWrong}},
		{"altered signature", "posfleet", "4912", "4912", known, DynamicData, [CDA + 1]ODAFailure{DDA: DynamicSignatureWrong, CDA: SignedAnswerWrong}},
		{"altered answer", "posfleet", "4912", "4912", known, SignedCounter, [CDA + 1]ODAFailure{CDA: SignedAnswerWrong}},
	}
	for _, row := range rows {
		for m := SDA; m <= CDA; m++ {
			t.Run(row.name+"/"+m.String(), func(t *testing.T) {
				c := certifiedCard(t, m, row.authority, row.until, row.expiry)
				for _, also := range [...]Alteration{row.altered, Unaltered, row.altered} { // what was found before is no proof of what was altered
					want := row.want[m]
					if also != row.altered {
						want = NoODAFailure
						if row.altered == Unaltered {
							want = row.want[m]
						}
					}
					tr := inserted(t, c, row.keys, also)
					kind, err := tr.Generate(ARQC)
					if err != nil || kind != ARQC || tr.Method != m {
						t.Fatalf("%s by %s: %v", kind, tr.Method, err)
					}
					if tr.Failure != want {
						t.Errorf("altered %d: the terminal finds %q, want %q", also, tr.Failure, want)
					}
					var results byte
					if want != NoODAFailure {
						results = methods[m].failed
					}
					if tr.TVR[0] != results || tr.TSI[0] != 0x80 {
						t.Errorf("TVR %X, TSI %X, want %02X and 80", tr.TVR, tr.TSI, results)
					}
					if tr.Denies([5]byte{results}) != (results != 0) {
						t.Errorf("a terminal's action code %02X declines %X: %v", results, tr.TVR, results == 0)
					}
					if got, want := tr.Denies([5]byte{}), want != NoODAFailure && m == DDA; got != want { // the issuer's action code has that bit alone
						t.Errorf("denied %v, want %v", got, want)
					}
				}
			})
		}
	}
}

func TestTapIsSignedOverItsAmount(t *testing.T) {
	known := authoritiesKeys(t, "posfleet")
	for _, row := range []struct {
		m       ODA
		keys    CAKeys
		altered Alteration
		want    ODAFailure
	}{
		{DDA, known, Unaltered, NoODAFailure}, {CDA, known, Unaltered, NoODAFailure}, {SDA, known, Unaltered, ODADataMissing},
		{DDA, known, DynamicData, DynamicSignatureWrong}, {DDA, known, StaticData, CardCertificateWrong}, {DDA, nil, Unaltered, NoCAKey},
	} {
		var tr Transaction
		if err := tr.Begin(certifiedCard(t, row.m, "posfleet", "4912", "4912")); err != nil {
			t.Fatal(err)
		}
		tr.Date, tr.Amount, tr.Altered = [3]byte{0x26, 0x11, 0x27}, [6]byte{5: 0x12}, row.altered
		if kind, err := tr.Generate(TC); kind != TC || err != nil {
			t.Fatal(kind, err)
		}
		if tr.AuthenticateTap(row.keys); tr.Failure != row.want || tr.TVR != [5]byte{} {
			t.Errorf("%s altered %d: the terminal finds %q, want %q; TVR %X", row.m, row.altered, tr.Failure, row.want, tr.TVR)
		}
	}
}

func TestCardOfNoMethodIsNotAuthenticated(t *testing.T) {
	_, c, _ := issued(t, "pboc")
	if tr := inserted(t, c, authoritiesKeys(t, "posfleet"), Unaltered); tr.Method != NoODA || tr.Failure != NoODAFailure || tr.TVR[0] != 0x80 || tr.TSI[0] != 0 {
		t.Errorf("method %s, failure %s, TVR %X, TSI %X", tr.Method, tr.Failure, tr.TVR, tr.TSI)
	}
}

// Without one of the elements that its method takes, a card is not authentic; nor with one
// that is longer, shorter or another.
func TestCardThatLacksOrBendsAnElementIsNotAuthentic(t *testing.T) {
	known := authoritiesKeys(t, "posfleet")
	c := certifiedCard(t, CDA, "posfleet", "4912", "4912")
	read := func(m ODA, bend func(r *records)) (*proof, ODAFailure) {
		var tr Transaction
		tr.Card, tr.AIP = c, [2]byte{baseAIP | CDA.aip()}
		r, ok := tr.readCard()
		if !ok {
			t.Fatal("not read")
		}
		bend(&r)
		p := newProof(m, known[0], r)
		return p, p.failure
	}
	for m, tags := range map[ODA][]uint32{
		SDA: {tagIssuerCertificate, tagIssuerRemainder, tagIssuerExponent, tagSignedStatic},
		DDA: {tagPAN, tagIssuerCertificate, tagIssuerRemainder, tagIssuerExponent, tagCardCertificate, tagCardRemainder, tagCardExponent},
	} {
		if _, failure := read(m, func(*records) {}); failure != NoODAFailure {
			t.Fatalf("%s: %s", m, failure)
		}
		for _, tag := range tags {
			for name, bend := range map[string]func(v []byte) []byte{
				"without": func([]byte) []byte { return nil },
				"shorter": func(v []byte) []byte { return v[:len(v)-1] },
				"longer":  func(v []byte) []byte { return append(append([]byte(nil), v...), 0) },
				"changed": func(v []byte) []byte { v = append([]byte(nil), v...); v[len(v)/2] ^= 0x10; return v },
			} {
				if _, failure := read(m, func(r *records) { r.tags[tag] = bend(r.tags[tag]) }); failure == NoODAFailure {
					t.Errorf("%s with tag %X %s passes", m, tag, name)
				}
			}
		}
		if _, failure := read(m, func(r *records) { r.static = append(r.static, 0) }); failure == NoODAFailure {
			t.Errorf("%s over other static data passes", m)
		}
	}
}

func TestCAKeysAreReadInBothForms(t *testing.T) {
	e := AuthorityNamed("posfleet").Entry()
	k, err := ReadCAKey(e)
	if err != nil || k.Expires != 20491231 || k.String() != "CA key 91 of A000000333" || k.key.size != 144 {
		t.Fatal(k, err)
	}
	head := appendTag(appendTag(nil, tagRID, unionPayRID[:]), tagIndex, []byte{7})
	sum := hashOf(unionPayRID[:], []byte{7}, nil, nil)
	if k, err = ReadCAKey(appendTag(appendTag(head, tagExpires, []byte("20301231")), tagHash, sum[:])); err != nil || k.Expires != 20301231 {
		t.Error(k, err)
	}
	if k, err = ReadCAKey(appendTag(appendTag(head, tagExpires, []byte("20301231")), tagAlgorithm, []byte{4})); err != nil || k.RSA {
		t.Error("a key of another cipher is taken for RSA:", k, err)
	}
	e[len(e)-1] ^= 1
	whole := AuthorityNamed("posfleet").Entry()
	bare := whole[:len(whole)-3-len(sum)]
	for _, bad := range [][]byte{nil, e, head, appendTag(head, tagExpires, []byte("203")), e[:40],
		bare, appendTag(bare, tagHash, nil), appendTag(bare, tagHash, whole[len(whole)-len(sum):len(whole)-1]), appendTag(bare, tagHash, make([]byte, len(sum)))} {
		if k, err := ReadCAKey(bad); err == nil {
			t.Errorf("%X is taken for %s", bad, k)
		}
	}
}

// identity is a key whose signatures are what they sign, so that fuzzing reaches behind it.
func identity(size int) publicKey {
	n := new(big.Int).Lsh(big.NewInt(1), uint(8*size))
	return publicKey{n, big.NewInt(1), size}
}

func FuzzCertificate(f *testing.F) {
	c := certifiedCard(f, CDA, "posfleet", "4912", "4912")
	var all []byte
	for _, r := range c.files().records {
		all = append(all, r...)
	}
	issuer := append([]byte{blockHead, issuerFormat, 0x62, 0x25, 0, 0xFF, 0x12, 0x49, 0, 0, 1, 1, 1, 0xF8, 1}, make([]byte, 64)...)
	issuer = append(issuer, blockTail)
	f.Add(all, c.files().afl, issuer)
	f.Add([]byte{0x70, 0x84, 0xFF, 0xFF, 0xFF, 0xFF}, []byte{8, 1, 255, 255}, []byte{blockHead, dynamicFormat, 1, 0xFF})
	f.Add([]byte{0x70, 3, 0x9F, 0x4A, 0}, []byte{0xF8, 0, 0, 0}, []byte{})
	f.Fuzz(func(t *testing.T, record, afl, block []byte) {
		r, ok := readRecords(afl[:min(len(afl), 16)], func(byte, byte) []byte { return record })
		if len(r.static) > mostStatic+len(record) {
			t.Errorf("%d octets of static data", len(r.static))
		}
		if ok {
			r.addStaticTags([2]byte{})
		}
		if dol, ok := appendDOL(nil, record, func(uint32) []byte { return block }); ok && len(dol) > 255*len(record) {
			t.Errorf("a list of %d octets asks for %d", len(record), len(dol))
		}
		k := identity(len(block))
		if r.tags == nil {
			r.tags = map[uint32][]byte{}
		}
		r.tags[tagIssuerCertificate], r.tags[tagCardCertificate], r.tags[tagSignedStatic] = block, block, block
		for _, of := range [...]int{4, 10} {
			format := byte(of)
			if len(block) > 1 {
				format = block[1]
			}
			if c, _, _, ok := openCertificate(&k, block, format, of, record, []byte{3}); ok && (c.key.size < leastModulus || c.key.size > mostModulus) {
				t.Errorf("a key of %d octets", c.key.size)
			}
		}
		openIssuer(&k, &r)
		openCard(&k, &r)
		openStatic(&k, &r)
		if v, ok := openDynamic(&k, block, record); ok && len(v) > len(block) {
			t.Error("more dynamic data than there are")
		}
		tr := &Transaction{Method: CDA, proof: &proof{card: certificate{key: k}}}
		if _, ok := tr.authenticateAnswer(block, record); ok && len(record) < signedCryptogram {
			t.Error("an answer without a signature passes")
		}
		_, _ = ReadCAKey(record)
	})
}

func BenchmarkODA(b *testing.B) {
	known := authoritiesKeys(b, "posfleet")
	for m := NoODA; m <= CDA; m++ {
		b.Run(m.String(), func(b *testing.B) {
			c := certifiedCard(b, m, "posfleet", "4912", "4912")
			for b.Loop() {
				c.atc = 0
				if _, err := inserted(b, c, known, Unaltered).Generate(ARQC); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkKeyPair(b *testing.B) {
	for b.Loop() {
		makePair("authority posfleet", 1152)
	}
}

// The card signs its second cryptogram, too, over what it was asked for with both times.
func TestSecondCryptogramIsHeldToItsSignature(t *testing.T) {
	known := authoritiesKeys(t, "posfleet")
	for name, row := range map[string]struct {
		m       ODA
		altered Alteration
		want    Kind
		change  func(tr *Transaction) // between the two
		failure ODAFailure
	}{
		"right":                     {CDA, Unaltered, TC, nil, NoODAFailure},
		"changed":                   {CDA, SecondSignedCounter, TC, nil, SignedAnswerWrong},
		"a card that declines":      {CDA, SecondSignedCounter, AAC, nil, NoODAFailure},
		"a card that does not sign": {DDA, SecondSignedCounter, TC, nil, NoODAFailure},
		"no keys":                   {CDA, SecondSignedCounter, TC, func(tr *Transaction) { tr.Failure = NoCAKey }, NoCAKey},
	} {
		tr := inserted(t, certifiedCard(t, row.m, "posfleet", "4912", "4912"), known, row.altered)
		if _, err := tr.Generate(ARQC); err != nil || tr.Failure != NoODAFailure {
			t.Fatal(name, err, tr.Failure)
		}
		first := tr.Cryptogram
		if row.change != nil {
			row.change(tr)
		}
		tr.ARC = [2]byte{'0', '0'}
		kind, err := tr.Finish(row.want)
		if err != nil || kind != row.want || tr.Failure != row.failure || (tr.TVR[0]&methods[CDA].failed != 0) != (row.failure == SignedAnswerWrong) || tr.Cryptogram != first {
			t.Errorf("%s: %s, %v, %s, TVR %X", name, kind, err, tr.Failure, tr.TVR)
		}
	}
	// A terminal that asked with something else, the first or the second time, finds another hash.
	for name, change := range map[string]func(tr *Transaction){
		"first time":  func(tr *Transaction) { tr.asks = append(tr.asks[:0:0], tr.asks[1:]...) },
		"second time": func(tr *Transaction) { tr.ARC[1]++ },
	} {
		tr := inserted(t, certifiedCard(t, CDA, "posfleet", "4912", "4912"), known, Unaltered)
		if _, err := tr.Generate(ARQC); err != nil {
			t.Fatal(err)
		}
		both, _ := appendDOL(bytes.Clone(tr.asks), tr.tags[tagCDOL2], tr.value)
		answer := tr.Card.signAnswer(tr, TC, [8]byte{1, 2, 3}, both, false)
		if _, ok := tr.authenticateAnswer(both, answer); !ok {
			t.Fatalf("%s: refused when nothing differs", name)
		}
		change(tr)
		other, _ := appendDOL(bytes.Clone(tr.asks), tr.tags[tagCDOL2], tr.value)
		if _, ok := tr.authenticateAnswer(other, answer); ok {
			t.Errorf("what was asked for the %s is not under the signature", name)
		}
	}
}
