// Package chip is a chip card and its issuer: how the keys of a card come from its
// issuer's, how a payment's cryptogram is made and checked, and what card and issuer tell
// each other over a terminal's and a host's heads.
//
// A [Scheme] is the rules that a card and its issuer share, as data: they come in
// schemes.yaml. [Issuer] has the issuer's master keys, and makes the [Keys] of one card of
// them. A [Card] is what lies in the terminal's reader; a [Transaction] is one payment
// with it, and holds the [Data] that its cryptogram is made over. The issuer reads the
// same Data out of a message and checks the cryptogram with [Issued].
//
// An [Authority] certifies keys of issuers. With its [CAKey] a terminal finds by a method of
// offline data authentication ([ODA]) whether a card is authentic, or an [ODAFailure].
//
// The standards of PBOC (JR/T 0025) and EMVCo are not in public: what is here was taken
// from published examples, which the tests carry, and from public code; docs/sources.md
// says from which. Nothing is allocated for a payment under triple DES.
package chip

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
)

// Scheme is how a card and its issuer make and check what they tell each other.
type Scheme struct {
	Name    string
	Version byte // cryptogram version number (CVN), in issuer application data

	cipher     keys.Cipher
	optionB    bool // card keys of long numbers by option B
	session    session
	input      input
	mac        keys.Algorithm // of the cryptogram
	second     bool           // ARPC by method 2
	underCard  bool           // the ARPC is under the card's key, not the session's
	iad        iad
	script     session // keys of script commands
	scriptMAC  int     // octets
	bare       bool    // it is over the command alone, not also over counter and cryptogram
	sealing    sealing // of what commands carry
	pin        pinForm // that they carry
	balance    bool    // issuer application data tells the balance of electronic cash
	binaryCode bool    // the answer's code in the ARPC is two octets 0010 or so, not its characters
}

// session is how a session key comes from a card's.
type session uint8

const (
	noSession   session = iota
	common              // EMV common session key (book 2, A1.3.1)
	mastercard          // the same over counter and unpredictable number (SKD)
	pboc                // PBOC: the counter enciphered, and its complement
	visaScript          // Visa: the counter XORed into the key, and its complement
	tree4               // EMV2000: a tree of 8 levels of 4 branches
	tree2               // of 16 levels of 2
	commonAgain         // EMV common session key over the cryptogram, for scripts
)

var sessions = [...]string{noSession: "none", common: "common", mastercard: "mastercard", pboc: "pboc", visaScript: "visa", tree4: "emv2000-4", tree2: "emv2000-2", commonAgain: "common-arqc"}

// input is what a cryptogram is made over besides the ten elements that all have.
type input uint8

const (
	withCVR      input = iota // card verification results
	withIAD                   // issuer application data, whole
	withCounters              // card verification results and the counters behind
	short                     // of the ten only amount, unpredictable number and counter, and an octet of the results
)

var inputs = [...]string{withCVR: "cvr", withIAD: "iad", withCounters: "cvr-counters", short: "short"}

// iad is the form of issuer application data.
type iad uint8

const (
	pbocIAD  iad = iota // 07, key index, version, 03 and results, cipher
	visaIAD             // 06, key index, version, 03 and results
	mchipIAD            // key index, version, results of 6 octets, and more
)

var iads = [...]string{pbocIAD: "pboc", visaIAD: "visa", mchipIAD: "mchip"}

// sealing is how what a command carries is padded and enciphered.
type sealing uint8

const (
	withLength    sealing = iota // its length before it, 80 and zeros behind; ECB
	chained                      // 80 and zeros behind where the last block is not full; CBC
	chainedPadded                // 80 and zeros behind; CBC
)

var sealings = [...]string{withLength: "ecb", chained: "cbc", chainedPadded: "cbc-padded"}

// pinForm is the block of a new PIN.
type pinForm uint8

const (
	underCryptograms pinForm = iota // four octets of the card's key for cryptograms in it
	underSecrets                    // of that for secrets
	isoPIN                          // format 2 of ISO 9564
)

var pinForms = [...]string{underCryptograms: "cryptograms", underSecrets: "secrets", isoPIN: "iso-2"}

//go:embed schemes.yaml
var bundled []byte

// Schemes are those that come with posfleet.
var Schemes = sync.OnceValue(func() []*Scheme {
	r := &strict.Reader{File: "schemes.yaml"}
	root, ok := r.Document(bundled)
	if ok {
		all := ReadSchemes(r, root)
		if r.OK() {
			return all
		}
	}
	panic(fmt.Sprintf("chip: %v", r.Err()))
})

// Find finds a scheme by its name; nil where there is none.
func Find(all []*Scheme, name string) *Scheme {
	i := slices.IndexFunc(all, func(s *Scheme) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// NamesOf lists the names of schemes, for messages.
func NamesOf(all []*Scheme) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}

// ReadSchemes reads schemes, each under its name.
func ReadSchemes(r *strict.Reader, v strict.Value) (all []*Scheme) {
	r.Each(v, func(name string, v strict.Value) {
		s := &Scheme{Name: name, mac: keys.X919 | keys.Padding2, scriptMAC: 4}
		said := says{at: map[string]strict.Value{}, words: map[string]string{}}
		word := func(key string, set func(string) bool, want string) func(strict.Value) {
			return func(v strict.Value) {
				w, ok := r.Scalar(v)
				if ok && !set(w) {
					r.Fail(v, "%s, want %s", strict.Quote(w), want)
					ok = false
				}
				said.at[key], said.words[key], said.spoilt = v, w, said.spoilt || !ok
			}
		}
		found := r.Map(v, strict.Table{
			"version": word("version", func(w string) bool {
				n, err := strconv.ParseUint(w, 16, 8)
				s.Version = byte(n)
				return err == nil && len(w) == 2
			}, "two hexadecimal digits, as the card writes them"),
			"cipher": word("cipher", func(w string) bool {
				if w == "sm4" {
					s.cipher, s.mac = keys.CipherSM4, keys.X99|s.mac&keys.Padding2
				}
				return w == "sm4" || w == "3des"
			}, "3des or sm4"),
			"card-key": word("card-key", func(w string) bool { s.optionB = w == "b"; return w == "a" || w == "b" }, "a or b"),
			"session":  word("session", among(&s.session, sessions[:commonAgain]), "one of "+strings.Join(sessions[:commonAgain], ", ")),
			"over":     word("over", among(&s.input, inputs[:]), "one of "+strings.Join(inputs[:], ", ")),
			"padding": word("padding", func(w string) bool {
				if w == "1" {
					s.mac &^= keys.Padding2
				}
				return w == "1" || w == "2"
			}, "1 or 2, of ISO/IEC 9797-1"),
			"arpc":       word("arpc", func(w string) bool { s.second = w == "2"; return w == "1" || w == "2" }, "1 or 2, the method"),
			"arpc-key":   word("arpc-key", func(w string) bool { s.underCard = w == "card"; return w == "card" || w == "session" }, "card or session"),
			"iad":        word("iad", among(&s.iad, iads[:]), "one of "+strings.Join(iads[:], ", ")),
			"script-key": word("script-key", among(&s.script, sessions[:]), "one of "+strings.Join(sessions[:], ", ")),
			"script-mac": word("script-mac", func(w string) bool {
				n, err := strconv.Atoi(w)
				s.scriptMAC = n
				return err == nil && n >= 4 && n <= 8
			}, "4 to 8 octets"),
			"script-over":   word("script-over", func(w string) bool { s.bare = w == "command"; return w == "command" || w == "cryptogram" }, "cryptogram or command"),
			"script-cipher": word("script-cipher", among(&s.sealing, sealings[:]), "one of "+strings.Join(sealings[:], ", ")),
			"script-pin":    word("script-pin", among(&s.pin, pinForms[:]), "one of "+strings.Join(pinForms[:], ", ")),
			"balance":       word("balance", func(w string) bool { s.balance = w == "true"; return w == "true" || w == "false" }, "true or false"),
			"code":          word("code", func(w string) bool { s.binaryCode = w == "octets"; return w == "octets" || w == "characters" }, "octets or characters"),
		})
		if r.Need(v, found, "version", "session", "iad"); !said.spoilt && found["session"] > 0 && found["iad"] > 0 {
			said.goTogether(r, v)
		}
		all = append(all, s)
	})
	return all
}

// among reads a word as its place among those that are known.
func among[T ~uint8](to *T, words []string) func(string) bool {
	return func(w string) bool {
		i := slices.Index(words, w)
		*to = T(max(0, i))
		return i >= 0
	}
}
