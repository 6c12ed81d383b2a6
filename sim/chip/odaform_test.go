package chip

import (
	"bytes"
	"slices"
	"testing"
)

// What an authority signs is a certificate only in the form of one.
func TestBlockOfAnotherFormIsNoCertificate(t *testing.T) {
	by, key := AuthorityNamed("second").pair(), issuersPair()
	modulus := key.n.Bytes()
	room := by.size - 36
	block := func(change func(b []byte)) []byte {
		b := append([]byte{blockHead, issuerFormat, 0x62, 0x25, 0, 0xFF, 0x12, 0x49, 0, 0, 1, 1, 1, byte(len(modulus)), 1}, modulus[:room]...)
		change(b)
		sum := hashOf(b[1:], modulus[room:], []byte{3})
		b = append(append(b, sum[:]...), blockTail)
		change(b)
		return b
	}
	opens := func(b, signature []byte) bool {
		if signature == nil {
			signature = by.sign(b)
		}
		_, ok := openIssuer(&by.publicKey, &records{tags: map[uint32][]byte{tagPAN: {0x62, 0x25, 0, 1}, tagIssuerCertificate: signature,
			tagIssuerRemainder: modulus[room:], tagIssuerExponent: {3}}})
		return ok
	}
	right := block(func([]byte) {})
	if !opens(right, nil) {
		t.Fatal("a right certificate is refused")
	}
	for name, change := range map[string]func(b []byte){
		"head":               func(b []byte) { b[0] = 0x2A },
		"format":             func(b []byte) { b[1] = cardFormat },
		"issuer of no digit": func(b []byte) { b[2] = 0xFF },
		"issuer of two":      func(b []byte) { b[3] = 0xFF },
		"month 13":           func(b []byte) { b[6] = 0x13 },
		"month 00":           func(b []byte) { b[6] = 0 },
		"year of letters":    func(b []byte) { b[7] = 0x4A },
		"hash":               func(b []byte) { b[11] = 2 },
		"cipher":             func(b []byte) { b[12] = 2 },
		"length of modulus":  func(b []byte) { b[13]-- },
		"long modulus":       func(b []byte) { b[13] = 0xFF },
		"no modulus":         func(b []byte) { b[13] = 0 },
		"length of exponent": func(b []byte) { b[14] = 3 },
		"tail":               func(b []byte) { b[len(b)-1] = 0xCC },
	} {
		// The tail is changed after the hash, all else before it: it is in the hash.
		changed := block(func(b []byte) {
			if (name == "tail") == (len(b) == by.size) {
				change(b)
			}
		})
		if opens(changed, nil) {
			t.Errorf("%s: it is taken", name)
		}
	}
	for _, body := range [][]byte{{dynamicFormat, 2, 3, 2, 0, 1}, {dynamicFormat, 1, 200, 2, 0, 1}, {staticFormat, 1, 3, 2, 0, 1}} {
		if _, ok := openDynamic(&cardsPair().publicKey, cardsPair().seal(body, []byte{7}), []byte{7}); ok {
			t.Errorf("dynamic data %X are taken", body)
		}
	}
	if signature := by.sign(right); opens(nil, append([]byte{0}, signature...)) || opens(nil, signature[1:]) || opens(nil, []byte{}) {
		t.Error("a signature of another length is taken")
	}
	if opens(nil, by.n.Bytes()) {
		t.Error("a signature beyond the modulus is taken")
	}
	for name, modulus := range map[string][]byte{"even": append(bytes.Clone(modulus[:127]), 2), "short": modulus[:63], "of a zero": append([]byte{0}, modulus...), "long": bytes.Repeat(modulus, 2)} {
		if _, ok := newPublicKey(modulus, []byte{3}); ok {
			t.Errorf("a modulus that is %s is taken", name)
		}
	}
	for _, exponent := range [][]byte{nil, {2}, {1}, {0}, bytes.Repeat([]byte{3}, 9)} {
		if _, ok := newPublicKey(modulus, exponent); ok {
			t.Errorf("exponent %X is taken", exponent)
		}
	}
	if _, ok := newPublicKey(modulus, []byte{1, 0, 1}); !ok {
		t.Error("exponent 65537 is refused")
	}
}

// What terminals have found of a card under one key says nothing under another.
func TestEachCAKeyIsHeldToByItself(t *testing.T) {
	c := certifiedCard(t, DDA, "posfleet", "4912", "4912")
	forged, err := ReadCAKey(AuthorityNamed("posfleet").Forged())
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := *forged
	elsewhere.RID[4] ^= 1
	right := authoritiesKeys(t, "posfleet")
	for i, row := range []struct {
		keys CAKeys
		want ODAFailure
	}{{right, NoODAFailure}, {CAKeys{forged}, IssuerCertificateWrong}, {right, NoODAFailure}, {authoritiesKeys(t, "posfleet"), NoODAFailure},
		{CAKeys{&elsewhere, right[0]}, NoODAFailure}, {CAKeys{&elsewhere}, NoCAKey}} {
		if tr := inserted(t, c, row.keys, Unaltered); tr.Failure != row.want {
			t.Errorf("%d: %s, want %s", i, tr.Failure, row.want)
		}
	}
}

// An answer that the card signs is held to the signature, element by element.
func TestAnswerIsHeldToItsSignature(t *testing.T) {
	c := certifiedCard(t, CDA, "posfleet", "4912", "4912")
	tr := inserted(t, c, authoritiesKeys(t, "posfleet"), Unaltered)
	if _, err := tr.Generate(ARQC); err != nil || tr.Failure != NoODAFailure {
		t.Fatal(err, tr.Failure)
	}
	asked := []byte("what the card was asked for with")
	cryptogram := tr.Cryptogram
	others := appendTag(appendTag(nil, tagInformation, []byte{byte(ARQC)}), tagATC, tr.ATC[:])
	answer := func(kind Kind, hashed []byte, more ...byte) []byte {
		hash := hashOf(asked, hashed)
		signed := append(append([]byte{byte(kind)}, cryptogram[:]...), hash[:]...)
		return appendTag(nil, tagAnswer, appendTag(bytes.Clone(others), tagSignedDynamic, c.sign(tr.ATC, append(signed, more...), tr.UN[:])))
	}
	right := answer(ARQC, others)
	for name, row := range map[string]struct {
		asked, answer []byte
		ok            bool
	}{
		"right":              {asked, right, true},
		"other kind":         {asked, answer(TC, others), false},
		"other elements":     {asked, answer(ARQC, others[1:]), false},
		"other question":     {asked[1:], right, false},
		"an octet more":      {asked, answer(ARQC, others, 0), false},
		"no template":        {asked, right[3:], false},
		"no signature":       {asked, appendTag(nil, tagAnswer, others), false},
		"no kind":            {asked, appendTag(nil, tagAnswer, c.sign(tr.ATC, nil, tr.UN[:])), false},
		"a template, broken": {asked, right[:40], false},
		"nothing":            {asked, nil, false},
	} {
		if got, ok := tr.authenticateAnswer(row.asked, row.answer); ok != row.ok || ok != (got == cryptogram) {
			t.Errorf("%s: %v, cryptogram %X", name, ok, got)
		}
	}
}

func TestCardThatLacksWhatItSaysItHas(t *testing.T) {
	known := authoritiesKeys(t, "posfleet")
	for name, bend := range map[string]func(f *files){
		"no index":                func(f *files) { cut(f, keysFile, 1, tagCAIndex) },
		"no certificate":          func(f *files) { cut(f, keysFile, 1, tagIssuerCertificate) },
		"no certificate of it":    func(f *files) { cut(f, keysFile, 3, tagCardCertificate) },
		"no record":               func(f *files) { delete(f.records, [2]byte{keysFile, 3}) },
		"no locator":              func(f *files) { f.afl = nil },
		"list of more than 82":    func(f *files) { put(f, signedFile, 1, tagStaticTags, []byte{tagAIP, tagAIP}) },
		"list of another":         func(f *files) { put(f, signedFile, 1, tagStaticTags, []byte{0x5A}) },
		"question of no number":   func(f *files) { put(f, keysFile, 3, tagDDOL, []byte{0x9F, 0x02, 6}) },
		"question that is broken": func(f *files) { put(f, keysFile, 3, tagDDOL, []byte{0x9F, 0x37, 4, 0x9F}) },
	} {
		c := certifiedCard(t, DDA, "posfleet", "4912", "4912")
		bent := *c.files()
		bent.records = map[[2]byte][]byte{}
		for at, r := range c.files().records {
			bent.records[at] = r
		}
		bend(&bent)
		c.files = func() *files { return &bent }
		if tr := inserted(t, c, known, Unaltered); tr.Failure != ODADataMissing || tr.TVR[0] != 0x28 {
			t.Errorf("%s: %s, TVR %X", name, tr.Failure, tr.TVR)
		}
	}
	c := certifiedCard(t, DDA, "posfleet", "4912", "4912")
	bent := *c.files()
	cut(&bent, keysFile, 3, tagDDOL)
	c.files = func() *files { return &bent }
	if tr := inserted(t, c, known, Unaltered); tr.Failure != NoODAFailure {
		t.Error("without a list of its own a card is not asked by the usual one:", tr.Failure)
	}
}

// put replaces an element of a record; cut takes it out.
func put(f *files, file, number byte, tag uint32, value []byte) {
	var r records
	r.tags = map[uint32][]byte{}
	r.take(f.records[[2]byte{file, number}])
	r.tags[tag] = value
	var tags []uint32
	for tag := range r.tags {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	var b []byte
	for _, tag := range tags {
		if r.tags[tag] != nil {
			b = appendTag(b, tag, r.tags[tag])
		}
	}
	f.records[[2]byte{file, number}] = appendTag(nil, tagTemplate, b)
}

func cut(f *files, file, number byte, tag uint32) { put(f, file, number, tag, nil) }

func TestRecordsAreReadAsTheLocatorSays(t *testing.T) {
	read := func(file, number byte) []byte {
		if file == 31 {
			return nil
		}
		return []byte{0x70, 4, 0x9F, 0x60 | file, 1, number}
	}
	for name, row := range map[string]struct {
		afl    []byte
		static string // "-" for none that can be read
	}{
		"nothing":             {nil, ""},
		"one of two":          {[]byte{5 << 3, 1, 1, 1, 6 << 3, 2, 2, 0}, "9F650101"},
		"beyond file 10":      {[]byte{11 << 3, 1, 1, 1}, "70049F6B0101"},
		"part of a row":       {[]byte{5 << 3, 1, 1}, "-"},
		"bits after the file": {[]byte{5<<3 | 1, 1, 1, 1}, "-"},
		"file 0":              {[]byte{0, 1, 1, 1}, "-"},
		"file 31":             {[]byte{31 << 3, 1, 1, 1}, "-"},
		"record 0":            {[]byte{5 << 3, 0, 0, 0}, "-"},
		"last before first":   {[]byte{5 << 3, 2, 1, 0}, "-"},
		"more than there are": {[]byte{5 << 3, 1, 1, 2}, "-"},
		"an element twice":    {[]byte{5 << 3, 1, 2, 1}, "-"},
	} {
		r, ok := readRecords(row.afl, read)
		if ok != (row.static != "-") || ok && !bytes.Equal(r.static, octets(t, row.static)) {
			t.Errorf("%s: %v, %X", name, ok, r.static)
		}
	}
	for name, record := range map[string]string{"no template": "9F650101", "two templates": "70049F65010170049F660101", "other template": "71049F650101", "broken": "70059F6501", "empty": ""} {
		if _, ok := readRecords([]byte{8, 1, 1, 0}, func(byte, byte) []byte { return octets(t, record) }); ok {
			t.Errorf("%s: it is read", name)
		}
	}
	n := uint32(0)
	if _, ok := readRecords([]byte{8, 1, 40, 40}, func(byte, byte) []byte {
		n++
		return appendTag(nil, tagTemplate, appendTag(nil, 0xDF00+n, make([]byte, 80)))
	}); ok {
		t.Error("more is authenticated than a terminal takes")
	}
}

func TestListsAskForValuesOfALength(t *testing.T) {
	value := func(tag uint32) []byte {
		if tag == tagUN {
			return []byte{1, 2, 3, 4}
		}
		return nil
	}
	for dol, want := range map[string]string{"9F3704": "01020304", "9F3702": "0102", "9F3706": "010203040000", "9A02": "0000", "": "", "9F37049F3701": "0102030401",
		"9F": "-", "9F37": "-", "9F8181811F04": "-", "DF810C01": "00"} {
		got, ok := appendDOL(nil, octets(t, dol), value)
		if ok != (want != "-") || ok && !bytes.Equal(got, octets(t, want)) {
			t.Errorf("%s: %X, %v, want %s", dol, got, ok, want)
		}
	}
}
