package chip

import (
	"crypto/subtle"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/posfleet/posfleet/sim/keys"
)

// Card is one card, as it lies in a reader or is held against it. Terminals may have it
// one after another; its counter rises with each payment, whatever becomes of that.
type Card struct {
	mu     sync.Mutex
	scheme *Scheme
	keys   *Keys
	index  byte // of the issuer's keys (DKI)

	fresh   bool // it has not heard of its issuer yet
	atc     uint16
	online  uint16 // counter of the last payment that the issuer answered
	failed  bool   // the issuer's answer was wrong then
	scripts byte   // commands since the last second cryptogram
	broken  bool   // one of them failed
	blocked bool   // the application
	dead    bool   // the card
	pin     []byte // it checks itself; nil for the one at the issuer alone
	tries   byte
	balance [6]byte // of electronic cash, packed digits

	verifies Verification // when it is tapped

	oda   ODA                   // by which its data can be authenticated
	files func() *files         // for that, made once; nil for none
	proof atomic.Pointer[proof] // what terminals have found of them; nil until the first
}

// pinTries is how often in a row a PIN may be typed wrong.
const pinTries = 3

// What a card may be told or tell that ends a payment.
var (
	ErrBlocked = errors.New("the card is blocked")
	ErrUsedUp  = errors.New("the card has used up its counter")
)

// NewCard makes a card of an issuer, as it leaves the factory: its counter begins, and it
// says that it is new until it has heard of its issuer.
func NewCard(i *Issuer, pan, sequence string) (*Card, error) {
	k, err := i.CardKeys(pan, sequence)
	if err != nil {
		return nil, err
	}
	return &Card{scheme: i.Scheme, keys: k, index: 1, tries: pinTries, fresh: true, verifies: ByPIN}, nil
}

// Begin is the card being told of a payment (GET PROCESSING OPTIONS): its counter rises, and
// d has what it says of itself.
func (c *Card) Begin(d *Data) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.dead, c.blocked:
		return ErrBlocked
	case c.atc == 0xFFFF:
		return ErrUsedUp
	}
	c.atc++
	d.ATC = [2]byte{byte(c.atc >> 8), byte(c.atc)}
	d.AIP = [2]byte{baseAIP | c.oda.aip(), 0}
	return nil
}

// baseAIP is what all cards can: cardholder verification, risk management, issuer
// authentication.
const baseAIP = 0x1C

// SetIndex says which version of its issuer's keys the card tells that it has (DKI), 1 at
// first. It comes before the card is used.
func (c *Card) SetIndex(index byte) { c.index = index }

// Counter is the card's counter.
func (c *Card) Counter() uint16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.atc
}

// Blocked reports whether the card, or its application, is blocked.
func (c *Card) Blocked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.blocked || c.dead
}

// PINIs reports whether a PIN is the one that the card checks itself.
func (c *Card) PINIs(pin []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pin != nil && subtle.ConstantTimeCompare(c.pin, pin) == 1
}

// Transaction is one payment with a card, from its terminal's side. One is used again and
// again: [Transaction.Begin] begins the next.
type Transaction struct {
	Data
	Card       *Card
	Cryptogram [8]byte    // of 9F26: the first one of the payment
	Kind       Kind       // of it
	Second     Kind       // of the second one, where there has been one
	CVM        [3]byte    // 9F34: how the cardholder was verified
	TSI        [2]byte    // 9B: transaction status information
	Serial     [8]byte    // 9F1E: of the terminal
	Sequence   [4]byte    // 9F41: of the transaction, packed digits
	Results    []byte     // DF31: what has become of the issuer's commands, 5 octets each; reused
	Had        int64      // electronic cash before the payment, in fen
	Method     ODA        // by which the terminal authenticates the card's data
	Failure    ODAFailure // why it does not find them authentic
	Altered    Alteration // what somebody changes on the way
	TTQ        TTQ        // of the terminal, where the card is tapped
	CTQ        CTQ        // of the card, then
	ARC        [2]byte    // 8A: the code of the answer; zeros where there is none

	proof         *proof            // of a card in the reader; nil for one without [ODA]
	tags          map[uint32][]byte // of its records, as far as they were read
	work          Work
	authenticated bool   // the issuer's answer has been given to the card
	right         bool   // and was right
	asked         int    // cryptograms
	asks          []byte // data that the first was asked for with, where the card has signed it; reused
	one           [1]byte
}

// Begin begins a payment with a card.
func (t *Transaction) Begin(c *Card) error {
	t.Data, t.CVM = Data{}, [3]byte{}
	t.Card, t.TSI, t.Results, t.Had = c, [2]byte{}, t.Results[:0], c.Cash()
	t.authenticated, t.right, t.asked, t.ARC, t.TTQ, t.CTQ = false, false, 0, [2]byte{}, TTQ{}, CTQ{}
	t.Method, t.Failure, t.Altered, t.proof, t.tags = NoODA, NoODAFailure, Unaltered, nil, nil
	r := rand.Uint32()
	t.UN = [4]byte{byte(r >> 24), byte(r >> 16), byte(r >> 8), byte(r)}
	return c.Begin(&t.Data)
}

// Generate has the card make its first cryptogram (GENERATE AC): at most of the kind that
// the terminal wants. A card whose data are authenticated by [CDA] signs it.
func (t *Transaction) Generate(want Kind) (Kind, error) {
	c := t.Card
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.asked++; t.asked > 1 {
		return AAC, errors.New("card: first cryptogram asked for twice")
	}
	kind := want
	switch {
	case c.blocked || c.dead:
		kind = AAC
	case kind == TC && !c.spend(t.Amount):
		kind = ARQC
	}
	c.results(&t.Data, 0x80|byte(kind)>>2, t)
	if c.scheme.balance {
		if err := c.addBalance(t); err != nil {
			return AAC, err
		}
	}
	if err := t.work.open(c.scheme, c.keys, &t.Data); err != nil {
		return AAC, err
	}
	t.Cryptogram, t.Kind, t.Second = t.work.cryptogram(c.scheme, &t.Data), kind, kind
	if kind != AAC && t.combined() {
		t.asks, _ = appendDOL(t.asks[:0], t.tags[tagCDOL1], t.value)
		answer := c.signAnswer(t, kind, t.Cryptogram, t.asks, t.Altered == SignedCounter)
		if cryptogram, ok := t.authenticateAnswer(t.asks, answer); ok {
			t.Cryptogram = cryptogram
		} else {
			t.fail(SignedAnswerWrong)
		}
	}
	return kind, nil
}

// Authenticate gives the issuer's answer (tag 91) to the card (EXTERNAL AUTHENTICATE), and
// reports whether the card finds it right. A card takes one.
func (t *Transaction) Authenticate(value []byte) bool {
	c := t.Card
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.authenticated {
		return false
	}
	t.authenticated = true
	t.TSI[0] |= 0x10
	t.right, _ = t.work.authentic(c.scheme, c.keys, t.Cryptogram[:], value)
	if !t.right {
		t.TVR[4] |= 0x40
	}
	c.failed = !t.right
	c.fresh = c.fresh && !t.right
	return t.right
}

// Answered is the host having approved a payment with a card that has gone: by it the card
// is no longer new. A real one learns that from its next payment in a reader.
func (t *Transaction) Answered() {
	t.Card.mu.Lock()
	t.Card.fresh = false
	t.Card.mu.Unlock()
}

// Answers reports whether the value of tag 91 is the issuer's answer to the first
// cryptogram; the card is not told.
func (t *Transaction) Answers(value []byte) bool {
	right, _ := t.work.authentic(t.Card.scheme, t.Card.keys, t.Cryptogram[:], value)
	return right
}

// Finish has the card make its second cryptogram: the kind that the terminal wants, or
// [AAC] when the issuer's answer was wrong. A card that has signed its first one signs a
// [TC], too; where it has signed another, that is in Failure.
func (t *Transaction) Finish(want Kind) (Kind, error) {
	c := t.Card
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.asked++; t.asked > 2 {
		return AAC, errors.New("card: second cryptogram asked for twice")
	}
	kind := want
	if t.authenticated && !t.right || c.blocked || c.dead {
		kind = AAC
	}
	if t.right {
		c.online = t.Counter()
	}
	c.results(&t.Data, byte(kind)|byte(t.Kind)>>2, t)
	if kind == TC {
		c.scripts, c.broken = 0, false
	}
	t.Second = kind
	if kind == TC && t.combined() {
		asks, _ := appendDOL(t.asks, t.tags[tagCDOL2], t.value)
		answer := c.signAnswer(t, kind, t.work.cryptogram(c.scheme, &t.Data), asks, t.Altered == SecondSignedCounter)
		if _, ok := t.authenticateAnswer(asks, answer); !ok {
			t.fail(SignedAnswerWrong)
		}
	}
	return kind, nil
}

// Take gives the card one of the issuer's commands, and notes what has become of it. before
// says that it comes before the second cryptogram; id is the script's, or zeros.
func (t *Transaction) Take(apdu []byte, before bool, id [4]byte) bool {
	c := t.Card
	c.mu.Lock()
	defer c.mu.Unlock()
	t.TSI[0] |= 0x04
	c.scripts = min(c.scripts+1, 15)
	ok := c.take(&t.work, &t.Data, t.Cryptogram, apdu) == done
	result := byte(0x20)
	if !ok {
		result, c.broken = 0x11, true
		if before {
			t.TVR[4] |= 0x20
		} else {
			t.TVR[4] |= 0x10
		}
	}
	t.Results = append(append(t.Results, result), id[:]...)
	return ok
}

// newCard is set in the third octet of the card verification results of a card that has not
// heard of its issuer yet.
const newCard = 0x10

// New reports whether the card says of itself that it is new: under its cryptogram, but for
// schemes that make that over little.
func (s *Scheme) New(d *Data) bool {
	at := 5
	if s.iad == mchipIAD {
		at = 6
	}
	return len(d.IAD()) > at && d.IAD()[at]&newCard != 0
}

// Index is the version of the issuer's keys that the card tells.
func (s *Scheme) Index(d *Data) byte {
	at := 1
	if s.iad == mchipIAD {
		at = 0
	}
	if len(d.IAD()) <= at {
		return 0
	}
	return d.IAD()[at]
}

// results writes the issuer application data with the card's verification results, of
// which the first octet is given.
func (c *Card) results(d *Data, first byte, t *Transaction) {
	if t.authenticated && !t.right {
		first |= 0x08
	}
	second, third := byte(0), c.scripts<<4
	if c.fresh {
		second |= newCard
	}
	if c.failed {
		second |= 0x08
	}
	if c.broken {
		third |= 0x08
	}
	b := d.iad[:0]
	switch c.scheme.iad {
	case pbocIAD:
		cipher := byte(1)
		if c.scheme.cipher == keys.CipherSM4 {
			cipher = 4
		}
		b = append(b, 7, c.index, c.scheme.Version, 3, first, second, third, cipher)
	case visaIAD:
		b = append(b, 6, c.index, c.scheme.Version, 3, first, second, third)
	case mchipIAD:
		b = append(b, c.index, c.scheme.Version, first, 0, 0, 0, second, third)
		b = append(b, make([]byte, 10)...)
	}
	d.iadLen = uint8(len(b))
}
