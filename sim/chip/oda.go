package chip

import (
	"slices"

	"github.com/posfleet/posfleet/sim/wire"
)

// ODA is a method of offline data authentication: how a terminal finds, without asking
// anybody, that a card is its issuer's (EMV book 2, 5 and 6).
type ODA uint8

// The methods, each better than the one before.
const (
	NoODA ODA = iota
	SDA       // what the issuer has signed on the card is unchanged
	DDA       // the card signs a number of the terminal with a key of its own
	CDA       // the card signs its cryptogram, too
)

var methods = [...]struct {
	name, yaml string
	supports   byte // in the first octet of the application interchange profile
	failed     byte // in the first octet of terminal verification results
}{
	NoODA: {"none", "none", 0, 0x80}, // not performed
	SDA:   {"SDA", "sda", 0x40, 0x40},
	DDA:   {"DDA", "dda", 0x20, 0x08},
	CDA:   {"CDA", "cda", 0x01, 0x04},
}

// String is the method's name.
func (m ODA) String() string { return methods[m].name }

// ODANamed is the method of a name as profiles have it: sda, dda or cda.
func ODANamed(name string) (ODA, bool) {
	for m := SDA; m <= CDA; m++ {
		if methods[m].yaml == name {
			return m, true
		}
	}
	return NoODA, false
}

// aip are the bits of the methods that a card of a method has: the lesser ones too.
func (m ODA) aip() (bits byte) {
	for ; m > NoODA; m-- {
		bits |= methods[m].supports
	}
	return bits
}

// methodOf is the best method that a card has, of those that terminals have, which is all.
func methodOf(aip [2]byte) ODA {
	for m := CDA; m > NoODA; m-- {
		if aip[0]&methods[m].supports != 0 {
			return m
		}
	}
	return NoODA
}

// ODAFailure is why a terminal does not find a card's data authentic.
type ODAFailure uint8

// The failures.
const (
	NoODAFailure ODAFailure = iota
	NoCAKey
	CAKeyExpired
	ODADataMissing
	IssuerCertificateWrong
	IssuerCertificateExpired
	IssuerCertificateRevoked
	CardCertificateWrong
	CardCertificateExpired
	StaticDataWrong
	DynamicSignatureWrong
	SignedAnswerWrong
)

var failures = [...]struct{ english, chinese string }{
	NoODAFailure:             {"nothing", "无"},
	NoCAKey:                  {"the terminal lacks its CA key", "终端无此CA公钥"},
	CAKeyExpired:             {"its CA key has expired", "CA公钥已过期"},
	ODADataMissing:           {"data to authenticate it are missing", "卡片认证数据缺失"},
	IssuerCertificateWrong:   {"its issuer's certificate is wrong", "发卡行证书错"},
	IssuerCertificateExpired: {"its issuer's certificate has expired", "发卡行证书已过期"},
	IssuerCertificateRevoked: {"its issuer's certificate was revoked", "发卡行证书已回收"},
	CardCertificateWrong:     {"its own certificate is wrong", "IC卡证书错"},
	CardCertificateExpired:   {"its own certificate has expired", "IC卡证书已过期"},
	StaticDataWrong:          {"its static data are not those signed", "静态数据签名错"},
	DynamicSignatureWrong:    {"its dynamic signature is wrong", "动态数据签名错"},
	SignedAnswerWrong:        {"the cryptogram it signed is another", "应用密文签名错"},
}

// ODAFailures are all of them.
func ODAFailures() (all []ODAFailure) {
	for f := range failures[1:] {
		all = append(all, ODAFailure(f+1))
	}
	return all
}

// String says in English what is wrong with the card.
func (f ODAFailure) String() string { return failures[f].english }

// Chinese says it as terminals show it.
func (f ODAFailure) Chinese() string { return failures[f].chinese }

// Alteration is what somebody between card and terminal changes.
type Alteration uint8

// The alterations.
const (
	Unaltered           Alteration = iota
	StaticData                     // an octet of a record
	DynamicData                    // an octet of the card's signature
	SignedCounter                  // the counter in an answer that the card has signed
	SecondSignedCounter            // the same, in that with its second cryptogram
)

// proof is what a terminal has found of a card under a CA key, whatever the day: all but
// the card's signature of each payment. It is kept since each terminal would find the same.
type proof struct {
	under        *CAKey
	records      records
	issuer, card certificate
	failure      ODAFailure
}

func newProof(m ODA, ca *CAKey, r records) (p *proof) {
	p = &proof{under: ca, records: r}
	signed, wrong := uint32(tagCardCertificate), CardCertificateWrong
	if m == SDA {
		signed, wrong = tagSignedStatic, StaticDataWrong
	}
	var ok bool
	switch p.issuer, ok = openIssuer(&ca.key, &r); {
	case r.tags[tagIssuerCertificate] == nil || r.tags[tagIssuerExponent] == nil || r.tags[signed] == nil || r.tags[tagPAN] == nil:
		p.failure = ODADataMissing
	case !ok:
		p.failure = IssuerCertificateWrong
	default:
		if m == SDA {
			ok = openStatic(&p.issuer.key, &r)
		} else {
			p.card, ok = openCard(&p.issuer.key, &r)
		}
		if !ok {
			p.failure = wrong
		}
	}
	return p
}

// prove finds what there is to find of the card under the terminal's keys.
func (t *Transaction) prove(m ODA, keys CAKeys) (*proof, ODAFailure) {
	p := t.Card.proof.Load()
	if p == nil || t.Altered == StaticData {
		r, ok := t.readCard()
		if p = (&proof{records: r}); !ok {
			return p, ODADataMissing
		}
	}
	t.tags = p.records.tags
	index := t.tags[tagCAIndex]
	if len(index) != 1 {
		return p, ODADataMissing
	}
	ca := keys.Find(unionPayRID, index[0])
	if ca == nil {
		return p, NoCAKey
	}
	month, _ := monthOf(t.Date[0], t.Date[1])
	var day [6]byte
	copy(day[len(day)-len(t.Date):], t.Date[:])
	switch {
	case int64(ca.Expires) < 20_000_000+unpack(day): // of this century
		return p, CAKeyExpired
	case p.under == nil || !p.under.same(ca):
		if p = newProof(m, ca, p.records); t.Altered != StaticData {
			t.Card.proof.Store(p)
		}
	}
	switch {
	case p.failure != NoODAFailure:
		return p, p.failure
	case slices.Contains(ca.revoked, p.issuer.serial):
		return p, IssuerCertificateRevoked
	case p.issuer.until < month:
		return p, IssuerCertificateExpired
	case m != SDA && p.card.until < month:
		return p, CardCertificateExpired
	}
	return p, NoODAFailure
}

// readCard reads the card's records, and what of them is authenticated.
func (t *Transaction) readCard() (r records, ok bool) {
	files := t.Card.files()
	r, ok = readRecords(files.afl, func(file, number byte) []byte {
		record := files.records[[2]byte{file, number}]
		if t.Altered == StaticData && file == signedFile {
			record = append([]byte(nil), record...)
			record[len(record)-1] ^= 1
		}
		return record
	})
	return r, ok && r.addStaticTags(t.AIP)
}

// AuthenticateData has the terminal authenticate the data of a card in its reader, by the
// best method that the card has, with the CA keys that it has. It comes before the first
// cryptogram; of [CDA] the rest comes with that. What fails is noted in the terminal
// verification results.
func (t *Transaction) AuthenticateData(keys CAKeys) {
	if t.Method = methodOf(t.AIP); t.Method == NoODA {
		t.TVR[0] |= methods[NoODA].failed
		return
	}
	t.TSI[0] |= 0x80
	p, failure := t.prove(t.Method, keys)
	if t.proof = p; failure == NoODAFailure && t.Method == DDA {
		failure = t.authenticateDynamic(p)
	}
	t.fail(failure)
}

func (t *Transaction) fail(f ODAFailure) {
	if t.Failure = f; f != NoODAFailure {
		t.TVR[0] |= methods[t.Method].failed
	}
	if f == ODADataMissing {
		t.TVR[0] |= 0x20
	}
}

// defaultDDOL asks for a signature over the unpredictable number alone.
var defaultDDOL = []byte{0x9F, 0x37, 4}

// authenticateDynamic has the card sign a number of the terminal (INTERNAL AUTHENTICATE).
func (t *Transaction) authenticateDynamic(p *proof) ODAFailure {
	ddol, there := p.records.tags[tagDDOL]
	if !there {
		ddol = defaultDDOL
	}
	number := false
	data, ok := appendDOL(nil, ddol, func(tag uint32) []byte {
		number = number || tag == tagUN
		return t.value(tag)
	})
	if !ok || !number {
		return ODADataMissing
	}
	if _, ok = openDynamic(&p.card.key, t.signature(t.Card.sign(t.ATC, nil, data)), data); !ok {
		return DynamicSignatureWrong
	}
	return NoODAFailure
}

// signature is a card's as it comes to the terminal.
func (t *Transaction) signature(v []byte) []byte {
	if t.Altered == DynamicData {
		v[len(v)-1] ^= 1
	}
	return v
}

// AuthenticateTap has the terminal authenticate a tapped card that has approved a payment
// itself: the card has signed number, amount, currency and what it tells of itself (fDDA,
// version 01). A card without [DDA] cannot.
func (t *Transaction) AuthenticateTap(keys CAKeys) {
	if t.Method = DDA; !t.Signs() {
		t.Failure = ODADataMissing
		return
	}
	p, failure := t.prove(DDA, keys)
	if t.Failure = failure; failure != NoODAFailure {
		return
	}
	signs, _ := t.Card.Qualify(t.TTQ)
	if _, ok := openDynamic(&p.card.key, t.signature(t.Card.sign(t.ATC, nil, t.tapData(signs))), t.tapData(t.CTQ)); !ok {
		t.Failure = DynamicSignatureWrong
	}
}

// tapData is what a tapped card signs, with qualifiers of its own.
func (t *Transaction) tapData(q CTQ) []byte {
	own := authenticationData(t.UN, q)
	return append(append(append(append([]byte(nil), t.UN[:]...), t.Amount[:]...), t.Currency[:]...), own[:]...)
}

// Signs reports whether the card has a key of its own to sign with.
func (t *Transaction) Signs() bool { return t.AIP[0]&methods[DDA].supports != 0 }

// combined reports whether the card is to sign its cryptogram.
func (t *Transaction) combined() bool { return t.Method == CDA && t.Failure == NoODAFailure }

// authenticateAnswer holds an answer with a cryptogram of the card (a template 77) to the
// signature in it, and takes the cryptogram out of that.
func (t *Transaction) authenticateAnswer(asked, answer []byte) (cryptogram [8]byte, ok bool) {
	var signature, kind, others []byte
	for e, err := range wire.Tags(answer) {
		switch {
		case err != nil, e.Depth == 0 && e.Tag != tagAnswer:
			return cryptogram, false
		case e.Depth != 1:
		case e.Tag == tagSignedDynamic:
			signature = e.Value
		default:
			if e.Tag == tagInformation {
				kind = e.Value
			}
			others = appendTag(others, e.Tag, e.Value)
		}
	}
	signed, ok := openDynamic(&t.proof.card.key, t.signature(signature), t.UN[:])
	if !ok || len(signed) == 0 || len(signed) != 1+int(signed[0])+signedCryptogram || len(kind) != 1 {
		return cryptogram, false
	}
	signed = signed[1+signed[0]:]
	if signed[0] != kind[0] || !hashIs(signed[9:], asked, others) {
		return cryptogram, false
	}
	return [8]byte(signed[1:9]), true
}

// Denies reports whether the terminal declines off line, by its own action code or the
// issuer's: one of the results that it names is there.
func (t *Transaction) Denies(terminal [5]byte) bool {
	var issuer [5]byte
	copy(issuer[:], t.tags[tagDenial])
	for i, results := range t.TVR {
		if results&(terminal[i]|issuer[i]) != 0 {
			return true
		}
	}
	return false
}
