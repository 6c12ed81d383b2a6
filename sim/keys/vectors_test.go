package keys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/bits"
	"os"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm3"
)

// TestVectorsOfAFile holds the package to a collection of published values, when
// POSFLEET_KEY_VECTORS names one. The other tests carry enough of them without.
func TestVectorsOfAFile(t *testing.T) {
	path := os.Getenv("POSFLEET_KEY_VECTORS")
	if path == "" {
		t.Skip("POSFLEET_KEY_VECTORS names no file")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	held := 0
	is := func(what string, got any, want string) {
		t.Helper()
		text, isText := got.(string)
		if !isText {
			text = fmt.Sprintf("%X", got)
		}
		if held++; want == "" || text != want {
			t.Errorf("%s: %s, want %s", what, text, want)
		}
	}
	v.macs(t, is)
	v.dukpt(t, is)
	v.blocks(t, is)
	v.cards(t, is)
	t.Logf("%d values hold", held)
	if held < 318 {
		t.Errorf("%d values were held to, want all of the 318 that are no inputs", held)
	}
}

type holds func(what string, got any, want string)

type vectors struct {
	ISO9797 struct {
		Key     string
		Results map[string]map[string]string
	}
	TDES struct {
		BDK, IKSN, IPEK, PIN, PAN string
		Clear                     string `json:"clear_pin_block"`
		Data                      string `json:"mac_data"`
		Rows                      []map[string]string
	} `json:"dukpt_tdes"`
	AES128    aesDUKPT `json:"dukpt_aes128"`
	AES256    aesDUKPT `json:"dukpt_aes256"`
	PINBlocks map[string]string
	TR31      []struct{ KBPK, Block, Key string }
	EMV       struct {
		IMK, PAN, PSN, R, SK, Data string
		MK                         string `json:"icc_mk"`
		MKKCV                      string `json:"icc_mk_kcv"`
		SKKCV                      string `json:"sk_kcv"`
		ARQC                       string `json:"arqc_pad80"`
		ARPC                       string `json:"arpc_m1_rc0000_iccmk"`
		Odd                        string `json:"arqc_pad00_17bytes"`
		CVN10                      map[string]string
	}
	KCV map[string]map[string]string
	SM4 struct {
		Key, PT, CT string
		Million     string            `json:"ct_1e6"`
		CBC         map[string]string `json:"cbcmac"`
		Key2        string            `json:"retail_key2"`
		Retail      []string          `json:"retail_pad2"`
		SM3         string            `json:"sm3_abc"`
	}
}

type aesDUKPT struct {
	BDK, IKID, IK string
	Rows          []map[string]string
}

// full is the whole last block of a MAC.
func (k *Key) full(a Algorithm, mab []byte) []byte {
	sum := make([]byte, k.size)
	k.chain(a.padding(), sum, mab)
	if a.method() == X919 {
		k.encrypt(sum)
	} else {
		k.stage(sum)
	}
	return sum
}

var paddings = []Algorithm{0, Padding2, Padding3}

func (v *vectors) macs(t *testing.T, is holds) {
	for text, want := range v.ISO9797.Results {
		for i, p := range paddings {
			k := desKey(t, v.ISO9797.Key)
			is("algorithm 1, "+text, k.MAC(X99|p, []byte(text)), want[fmt.Sprintf("alg1_pad%d", i+1)])
			is("algorithm 3, "+text, k.MAC(X919|p, []byte(text)), want[fmt.Sprintf("alg3_pad%d", i+1)])
		}
	}
	k := sm4Key(t, v.SM4.Key)
	long, short := []byte("This is the test message for mac"), []byte("This is the test message ")
	for i, p := range paddings {
		is("SM4 CBC", k.full(X99|p, long), v.SM4.CBC[fmt.Sprintf("A_pad%d", i+1)])
		is("SM4 CBC", k.full(X99|p, short), v.SM4.CBC[fmt.Sprintf("B_pad%d", i+1)])
	}
	for i, text := range [][]byte{long, short} { // two keys of SM4: D(second), E(first) over the last block
		sum := k.full(X99|Padding2, text)
		sm4Key(t, v.SM4.Key2).Decrypt(sum, sum)
		k.Encrypt(sum, sum)
		is("SM4 retail", sum, v.SM4.Retail[i])
	}
	block := octets(t, v.SM4.PT)
	k.Encrypt(block, block)
	is("SM4", block, v.SM4.CT)
	for range 999_999 {
		k.Encrypt(block, block)
	}
	is("SM4 a million times", block, v.SM4.Million)
	sum := sm3.Sum([]byte("abc"))
	is("SM3", sum[:], v.SM4.SM3)
	for what, want := range v.KCV {
		name, key, _ := strings.Cut(what, " ")
		k := desKey(t, key)
		zeros := make([]byte, 16)
		if name == "aes128" {
			k = aesKey(t, key)
		} else {
			zeros = zeros[:8]
		}
		is("check value by CMAC, "+name, k.cmacOf(zeros)[:5], want["cmac"])
		k.Encrypt(zeros, zeros)
		is("check value, "+name, zeros[:3], want["legacy_zero_enc"])
	}
}

func (v *vectors) dukpt(t *testing.T, is holds) {
	d := &v.TDES
	initial, err := DUKPTTDES.Initial(octets(t, d.BDK), octets(t, d.IKSN))
	if err != nil {
		t.Fatal(err)
	}
	is("initial key", initial, d.IPEK)
	var clear [8]byte
	if err := PINFormat0.PINBlock(&clear, []byte(d.PIN), []byte(d.PAN)); err != nil {
		t.Fatal(err)
	}
	is("PIN block", clear, d.Clear)
	var to Derived
	for _, r := range d.Rows {
		ksn := octets(t, r["ksn"])
		key := bytes.Clone(initial)
		DUKPTTDES.walkTDES(key, ksn, DUKPTTDES.Counter(ksn))
		is("key of "+r["ksn"], key, r["key"])
		if err := DUKPTTDES.Derive(&to, initial, ksn, X919); err != nil {
			t.Fatal(err)
		}
		sealed, err := to.PIN.EncryptPIN(PINFormat0, []byte(d.PIN), []byte(d.PAN))
		if err != nil {
			t.Fatal(err)
		}
		is("PIN of "+r["ksn"], sealed, r["pin"])
		is("MAC of "+r["ksn"], to.MAC.MAC(X919, []byte(d.Data)), r["mac_req"])
		is("MAC of the answer of "+r["ksn"], to.Answer.MAC(X919, []byte(d.Data)), r["mac_rsp"])
	}
	v.AES128.hold(t, DUKPTAES128, is)
	v.AES256.hold(t, DUKPTAES256, is)
}

func (v *aesDUKPT) hold(t *testing.T, d DUKPT, is holds) {
	initial, err := d.Initial(octets(t, v.BDK), octets(t, v.IKID+"00000000"))
	if err != nil {
		t.Fatal(err)
	}
	is("initial key", initial, v.IK)
	for _, r := range v.Rows {
		ksn := octets(t, r["ksn"])
		key := bytes.Clone(initial)
		d.walkAES(key, ksn, d.Counter(ksn))
		is("key of "+r["ksn"], key, r["derivation"])
		x := derivation{}
		copy(x.id[:], ksn[4:])
		made := func(usage uint16, of DUKPT) []byte {
			x.usage, x.key = usage, of
			to := make([]byte, of.KeyLen())
			x.expand(to, key)
			return to
		}
		for name, use := range map[string]uint16{"pin_key": usePIN, "cmac": useMAC, "data": useData} {
			for _, of := range []DUKPT{DUKPTAES128, DUKPTAES256} {
				field := name + "_" + of.String() + "_key"
				if name == "pin_key" {
					field = "pin_key_" + of.String()
				}
				if want, given := r[field]; given {
					is(field, made(use, of), want)
				}
			}
		}
		if want, given := r["pinblock4"]; given {
			k, err := NewAES(made(usePIN, DUKPTAES128))
			if err != nil {
				t.Fatal(err)
			}
			pin, err := k.DecryptPINWide(PINFormat0, [16]byte(octets(t, want)), []byte("4111111111111111"), nil)
			if err != nil {
				t.Fatal(err)
			}
			is("PIN of format 4", string(pin), "1234")
		}
	}
}

func (v *vectors) blocks(t *testing.T, is holds) {
	for name, want := range v.PINBlocks {
		parts := strings.Split(name, "/")
		block := make([]byte, 8)
		switch parts[0] {
		case "4pan":
			block = make([]byte, 16)
			xorWholePAN(block, []byte(parts[1]))
		case "0":
			if err := PINFormat0.block(block, []byte(parts[1]), []byte(parts[2])); err != nil {
				t.Fatal(err)
			}
		case "3": // its fill is given
			copy(block, octets(t, "3"+fmt.Sprint(len(parts[1]))+parts[1]+strings.TrimPrefix(parts[3], "fill=")))
			if err := PINFormat3.xorPAN(block, []byte(parts[2])); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s: no such format here", name)
		}
		is("PIN block "+name, block, want)
	}
	for _, b := range v.TR31 {
		h, key, err := UnwrapKey(octets(t, b.KBPK), b.Block)
		if err != nil {
			t.Errorf("%s: %v", b.Block, err)
			continue
		}
		is("key of a block", key, b.Key)
		is("block made again", again(t, octets(t, b.KBPK), b.Block, &h), b.Block)
	}
}

// again makes a key block anew with what filled its key field.
func again(t *testing.T, kbpk []byte, block string, h *KeyHeader) string {
	t.Helper()
	_, v, n, err := parseKeyHeader(block)
	if err != nil {
		t.Fatal(err)
	}
	rest := octets(t, block[n:])
	sealed, mac := rest[:len(rest)-v.mac], rest[len(rest)-v.mac:]
	encrypt, authenticate, err := v.keys(kbpk)
	if err != nil {
		t.Fatal(err)
	}
	iv := mac
	if !v.derived {
		iv = []byte(block[:v.size])
	}
	field := make([]byte, len(sealed))
	encrypt.cbc(iv, field, sealed, false)
	made, err := h.seal(encrypt, authenticate, field)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// cards are values of chip cards that need no more than a cipher: those of package
// chip are held there.
func (v *vectors) cards(t *testing.T, is holds) {
	e := &v.EMV
	odd := func(under string, blocks ...[]byte) string {
		key := bytes.Join(blocks, nil)
		desKey(t, under).Encrypt(key, key)
		for i, b := range key {
			if bits.OnesCount8(b)%2 == 0 {
				key[i] ^= 1
			}
		}
		return fmt.Sprintf("%X", key)
	}
	not := func(b []byte) []byte {
		b = bytes.Clone(b)
		for i := range b {
			b[i] = ^b[i]
		}
		return b
	}
	y := octets(t, (e.PAN + e.PSN)[len(e.PAN)-14:])
	is("card key", odd(e.IMK, y, not(y)), e.MK)
	f0, of := octets(t, e.R), octets(t, e.R)
	f0[2], of[2] = 0xF0, 0x0F
	is("session key", odd(e.MK, f0, of), e.SK)
	y = octets(t, (e.CVN10["pan"] + e.CVN10["psn"])[2:])
	is("card key", odd(e.IMK, y, not(y)), e.CVN10["icc_mk"])
	mk, sk := desKey(t, e.MK), desKey(t, e.SK)
	mkcv, skcv := mk.KCV(), sk.KCV()
	is("check value", mkcv[:3], e.MKKCV)
	is("check value", skcv[:3], e.SKKCV)
	is("cryptogram", sk.MAC(X919|Padding2, octets(t, e.Data)), e.ARQC)
	is("cryptogram, 17 octets", sk.MAC(X919, octets(t, e.Data+"01")), e.Odd)
	arpc := octets(t, e.ARQC)
	mk.Encrypt(arpc, arpc)
	is("answer's cryptogram", arpc, e.ARPC)
	card := desKey(t, e.CVN10["icc_mk"])
	is("cryptogram", card.MAC(X919, octets(t, e.CVN10["data"])), e.CVN10["arqc"])
	arpc = octets(t, e.CVN10["arqc"])
	xor(arpc, octets(t, e.CVN10["arc"]))
	card.Encrypt(arpc, arpc)
	is("answer's cryptogram", arpc, e.CVN10["arpc"])
}

func aesKey(t testing.TB, s string) *Key {
	t.Helper()
	k, err := NewAES(octets(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return k
}
