package wire

// Element names a data element that terminals and hosts read and write, so that
// they need not know in which field a network carries it. Numbers in comments
// are where ISO 8583:1987 or CUP have it.
type Element uint8

const (
	PAN               Element = iota // primary account number (2)
	ProcessingCode                   // (3)
	Amount                           // in the currency's smallest unit (4)
	TransmissionTime                 // MMDDhhmmss (7)
	Trace                            // system trace audit number (11)
	LocalDateTime                    // YYMMDDhhmmss (1993: 12)
	LocalTime                        // hhmmss (12)
	LocalDate                        // MMDD (13)
	Expiry                           // YYMM (14)
	SettlementDate                   // MMDD (15)
	EntryMode                        // how the card was read, and whether there is a PIN (22)
	CardSequence                     // PAN sequence number (23)
	ConditionCode                    // point of service condition code (25)
	PINCapture                       // longest PIN that the terminal takes (26)
	Acquirer                         // acquiring institution (32)
	Track2                           // (35)
	Track3                           // (36)
	RRN                              // retrieval reference number (37)
	AuthCode                         // authorisation code (38)
	ResponseCode                     // of an answer (39)
	Reason                           // of a reversal (39)
	TerminalID                       // (41)
	MerchantID                       // (42)
	ResponseData                     // issuer and acquirer of an answer (44)
	Track1                           // (45)
	Totals                           // settlement totals, batch upload details (48)
	Currency                         // (49)
	PINBlock                         // (52)
	SecurityControl                  // PIN format, keys, tracks enciphered (53)
	AdditionalAmounts                // balance (54)
	ChipData                         // EMV tags (55)
	PaymentCode                      // of a QR payment: the code, in an answer the voucher (59)
	TransactionType                  // CUP 60.1
	Batch                            // batch number (60.2)
	ManagementCode                   // network management code (60.3; field 70)
	ReadCapability                   // what the terminal reads (60.4)
	ChipCondition                    // 2: the stripe was read for want of the chip (60.5)
	PartialApproval                  // 1: the terminal takes an approval of a part of the amount (60.6)
	Original                         // the original transaction, whole (61)
	OriginalBatch                    // its batch (61.1)
	OriginalTrace                    // its trace (61.2; 90)
	OriginalDate                     // its date MMDD (61.3)
	OriginalMTI                      // its MTI (90)
	OriginalTime                     // its transmission time MMDDhhmmss (90)
	OriginalDateTime                 // its local date and time YYMMDDhhmmss (1993: 56)
	TerminalStatus                   // of its parts, as text; of an answer, the number of a service ticket (62)
	WorkingKeys                      // key block of a sign-in answer (62)
	SignatureImage                   // a cardholder's signature, or a part of its image (62)
	LastPart                         // 1 where the image ends with this part, else 0 (60.4)
	OrderData                        // of an order, in tags (62)
	TerminalData                     // serial number and activation code at the first sign-in (62)
	Operator                         // operator of a request; card scheme in an answer (63)
	OneTimeCode                      // that lets an operator set a new password (62)
	Remark                           // text of an answer for whoever stands at the terminal: all of 63, so that it is set whole
	CreditsNumber                    // of a settlement, how many (74)
	DebitsNumber                     // (76)
	CreditsAmount                    // of a settlement, in the currency's smallest unit (86)
	DebitsAmount                     // (88)
	NetAmount                        // of a settlement, C or D first (97)
	CreditReversals                  // credits of a settlement that were undone, how many (75)
	DebitReversals                   // (77)
	CreditsReversed                  // what these come to, in the currency's smallest unit (87)
	DebitsReversed                   // (89)
	KeySerial                        // key serial number of DUKPT: which keys the request is under (1993: 53)
	AccountType                      // points, where it is not money (60.7)
	Instalments                      // in how many parts a purchase is paid (62)
	Download                         // which entry of a list a terminal downloads, and in the answer what that is (62)
	MasterKey                        // of the answer that brings one: the key under a transport key or the terminal's public key, and its check value (62)
	PublicKey                        // with which a terminal asks for its master key: the modulus (62)
	CheckValue                       // of the master key that a terminal has taken (62)
	ChipDetail                       // of the upload of a chip payment: class of card, amount and currency (62)
	LoadedCard                       // number of the card that is loaded out of another's account (62)
	LoadedEntry                      // how that was read: its entry mode, and a nought (48)
	elements
)

// elementNames are as dialect files and features spell them.
var elementNames = [elements]string{
	PAN: "pan", ProcessingCode: "processing-code", Amount: "amount", TransmissionTime: "transmission-time", Trace: "trace",
	LocalDateTime: "local-date-time", LocalTime: "local-time", LocalDate: "local-date", Expiry: "expiry", SettlementDate: "settlement-date", EntryMode: "entry-mode",
	CardSequence: "card-sequence", ConditionCode: "condition-code", PINCapture: "pin-capture", Acquirer: "acquirer", Track2: "track-2",
	Track3: "track-3", RRN: "reference", AuthCode: "authorisation-code", ResponseCode: "response-code", Reason: "reversal-reason", TerminalID: "terminal",
	MerchantID: "merchant", ResponseData: "response-data", Track1: "track-1", Totals: "totals", Currency: "currency",
	PINBlock: "pin-block", SecurityControl: "security-control", AdditionalAmounts: "additional-amounts", ChipData: "chip-data",
	PaymentCode: "payment-code", TransactionType: "transaction-type", Batch: "batch", ManagementCode: "management-code",
	ReadCapability: "read-capability", ChipCondition: "chip-condition", PartialApproval: "partial-approval", Original: "original", OriginalBatch: "original-batch", OriginalTrace: "original-trace",
	OriginalDate: "original-date", OriginalMTI: "original-mti", OriginalTime: "original-time", OriginalDateTime: "original-date-time", WorkingKeys: "working-keys",
	OrderData:      "order-data",
	TerminalStatus: "terminal-status",
	SignatureImage: "signature-image", LastPart: "last-part",
	TerminalData: "terminal-data", Operator: "operator", Remark: "remark", OneTimeCode: "one-time-code", CreditsNumber: "credits-number", DebitsNumber: "debits-number", CreditsAmount: "credits-amount",
	DebitsAmount: "debits-amount", NetAmount: "net-amount", KeySerial: "key-serial",
	AccountType: "account-type", Instalments: "instalments", Download: "download", ChipDetail: "chip-detail", LoadedCard: "loaded-card", LoadedEntry: "loaded-entry", MasterKey: "master-key", PublicKey: "public-key", CheckValue: "check-value",
	CreditReversals: "credits-reversal-number", DebitReversals: "debits-reversal-number",
	CreditsReversed: "credits-reversal-amount", DebitsReversed: "debits-reversal-amount",
}

// String is the element's name, as dialect files spell it: "processing-code".
func (e Element) String() string {
	if e >= elements {
		return "?"
	}
	return elementNames[e]
}

// ElementNamed is the element of a name that String gives.
func ElementNamed(name string) (Element, bool) {
	for e, n := range elementNames {
		if n == name {
			return Element(e), true
		}
	}
	return 0, false
}

// IsMAC reports whether field n is one in which ISO 8583 has the MAC: the last of
// each bitmap.
func IsMAC(n int) bool { return n == 64 || n == 128 }

// MACField is the field in which the message has its MAC: the last of its last
// bitmap.
func (m *Message) MACField() int { return m.macField() }

// Elements is how many there are.
const Elements = int(elements)

// Place is where an element is: the whole field, or characters From up to, not
// including, To of it.
type Place struct {
	Field, From, To int    // To is 0 for the whole field; Field is 0 for nowhere
	Name            string // of a part, as documents number it: "60.2"
}

// Whole is the place of an element that is field n.
func Whole(n int) Place { return Place{Field: n} }

// Part is the place of an element that is a part of field n.
func Part(n, from, to int, name string) Place { return Place{n, from, to, name} }

// Get is the value of element e, nil when the network or the message lacks it.
// It is a view that holds until the message changes.
func (m *Message) Get(e Element) []byte {
	p := &m.f.spots[e]
	if m.set[p.word&1]&p.bit == 0 {
		return nil
	}
	s := m.at[p.field]
	v := m.buf[s.from:s.to:s.to]
	if p.to == 0 {
		return v
	}
	if len(v) < int(p.to) {
		return nil
	}
	return v[p.from:p.to]
}

// Has reports whether the message has element e.
func (m *Message) Has(e Element) bool {
	p := &m.f.spots[e]
	return m.set[p.word&1]&p.bit != 0 && (p.to == 0 || m.at[p.field].len() >= p.to)
}

// spot is a place as it is looked up: the field's bit, in which word of a set it is, and
// the part of the field. Nowhere has no bit.
type spot struct {
	bit         uint64
	word, field uint8
	from, to    uint16
}

func (p Place) spot() spot {
	if p.Field == 0 {
		return spot{}
	}
	n := p.Field - 1
	return spot{1 << (63 - n&63), uint8(n >> 6), uint8(p.Field), uint16(p.From), uint16(p.To)}
}

// Text is the value of element e as a string; it allocates.
func (m *Message) Text(e Element) string { return string(m.Get(e)) }

// Uint is the value of element e as a number, 0 when it is absent or no number.
func (m *Message) Uint(e Element) uint64 { return Uint(m.Get(e)) }

// Set sets element e, and does nothing where the network lacks it. A part is
// overwritten, up to its length, when its field is there.
func (m *Message) Set(e Element, v []byte) { copy(m.space(e, len(v)), v) }

// SetString sets element e as Set does.
func (m *Message) SetString(e Element, v string) { copy(m.space(e, len(v)), v) }

// SetUint sets element e as Set does, to n in decimal filled with zeros to its
// length, which should be a fixed one.
func (m *Message) SetUint(e Element, n uint64) {
	if p := &m.f.places[e]; p.To == 0 {
		m.SetFieldUint(p.Field, n)
	} else {
		PutUint(m.Get(e), n)
	}
}

// space is where n octets of element e go.
func (m *Message) space(e Element, n int) []byte {
	if p := &m.f.places[e]; p.To == 0 {
		return m.room(p.Field, n)
	}
	return m.Get(e)
}

// Unset removes element e with the field that it is in.
func (m *Message) Unset(e Element) { m.UnsetField(m.f.places[e].Field) }
