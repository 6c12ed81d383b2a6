package chip

import "github.com/posfleet/posfleet/sim/wire"

// Tags of what a payment's messages carry in their field of chip data (EMV book 3, annex A).
const (
	tagCryptogram   = 0x9F26
	tagInformation  = 0x9F27 // cryptogram information data: its kind
	tagIAD          = 0x9F10
	tagUN           = 0x9F37
	tagATC          = 0x9F36
	tagTVR          = 0x95
	tagDate         = 0x9A
	tagType         = 0x9C
	tagAmount       = 0x9F02
	tagOther        = 0x9F03
	tagCurrency     = 0x5F2A
	tagAIP          = 0x82
	tagCountry      = 0x9F1A
	tagCapabilities = 0x9F33 // of the terminal
	tagCVM          = 0x9F34 // how the cardholder was verified
	tagTerminal     = 0x9F35 // its type
	tagSerial       = 0x9F1E // of the interface device: the TID
	tagAID          = 0x84
	tagVersion      = 0x9F09 // of the application
	tagSequence     = 0x9F41 // of the transaction
	tagResults      = 0xDF31 // of the issuer's commands
	tagARC          = 0x8A   // authorisation response code

	// TagIssuerAuthentication is the issuer's answer to the cryptogram.
	TagIssuerAuthentication = 0x91
	// TagBefore and TagAfter hold the issuer's commands: for before the second
	// cryptogram, and for after it.
	TagBefore  = 0x71
	TagAfter   = 0x72
	tagCommand = 0x86
	tagScript  = 0x9F18
)

// What messages carry, in this order (CUP: docs/sources.md).
var (
	RequestTags = []uint32{tagCryptogram, tagInformation, tagIAD, tagUN, tagATC, tagTVR, tagDate, tagType, tagAmount, tagCurrency, tagAIP,
		tagCountry, tagOther, tagCapabilities, tagCVM, tagTerminal, tagSerial, tagAID, tagVersion, tagSequence}
	ReversalTags = []uint32{tagTVR, tagSerial, tagIAD, tagATC, tagResults}
	ResultTags   = []uint32{tagCapabilities, tagTVR, tagUN, tagSerial, tagCryptogram, tagIAD, tagATC, tagAIP, tagResults, tagCountry, tagDate}
)

// What terminals and the application on their cards are.
var (
	capabilities = []byte{0xE0, 0xE1, 0xC8}
	version      = []byte{0x00, 0x30}
	terminalType = []byte{0x22} // attended, on line with offline capability
	// Application is the name (AID) of the application on all cards: UnionPay's credit.
	Application = []byte("\xA0\x00\x00\x03\x33\x01\x01\x02")
)

// AppendTags appends tags of the payment that there is a value for.
func (t *Transaction) AppendTags(dst []byte, tags []uint32) []byte {
	for _, tag := range tags {
		if v := t.value(tag); len(v) > 0 {
			dst = appendTag(dst, tag, v)
		}
	}
	return dst
}

// appendTag appends one, of a value of up to 255 octets.
func appendTag(dst []byte, tag uint32, v []byte) []byte {
	if tag > 0xFF {
		dst = append(dst, byte(tag>>8))
	}
	dst = append(dst, byte(tag))
	if len(v) > 0x7F {
		dst = append(dst, 0x81)
	}
	return append(append(dst, byte(len(v))), v...)
}

func (t *Transaction) value(tag uint32) []byte {
	switch tag {
	case tagCryptogram:
		return t.Cryptogram[:]
	case tagInformation:
		t.one[0] = byte(t.Kind)
		return t.one[:]
	case tagIAD:
		return t.IAD()
	case tagUN:
		return t.UN[:]
	case tagATC:
		return t.ATC[:]
	case tagTVR:
		return t.TVR[:]
	case tagDate:
		return t.Date[:]
	case tagType:
		t.one[0] = t.Type
		return t.one[:]
	case tagAmount:
		return t.Amount[:]
	case tagOther:
		return t.Other[:]
	case tagCurrency:
		return t.Currency[:]
	case tagAIP:
		return t.AIP[:]
	case tagCountry:
		return t.Country[:]
	case tagCapabilities:
		return capabilities
	case tagCVM:
		return t.CVM[:]
	case tagTerminal:
		return terminalType
	case tagSerial:
		return t.Serial[:]
	case tagAID:
		return Application
	case tagVersion:
		return version
	case tagSequence:
		return t.Sequence[:]
	case tagResults:
		return t.Results
	case tagARC:
		return t.ARC[:]
	}
	return nil
}

// Received is what a host reads of a payment's chip data.
type Received struct {
	Data
	Cryptogram []byte // a view; nil for none
	Kind       Kind
	Results    []byte // of the issuer's commands, a view; nil for none
}

// Read reads chip data as a message carries them. It reports false where they are no
// BER-TLV, or an element has another length than it must.
func (r *Received) Read(v []byte) bool {
	*r = Received{}
	ok := true
	put := func(dst, v []byte) { ok = ok && copy(dst, v) == len(v) && len(v) == len(dst) }
	for t, err := range wire.Tags(v) {
		if err != nil {
			return false
		}
		if t.Depth > 0 {
			continue
		}
		switch t.Tag {
		case tagCryptogram:
			r.Cryptogram = t.Value
			ok = ok && len(t.Value) == 8
		case tagInformation:
			if ok = ok && len(t.Value) == 1; ok {
				r.Kind = Kind(t.Value[0] & 0xC0)
			}
		case tagIAD:
			if ok = ok && len(t.Value) <= MaxIAD; ok {
				r.iadLen = uint8(copy(r.iad[:], t.Value))
			}
		case tagUN:
			put(r.UN[:], t.Value)
		case tagATC:
			put(r.ATC[:], t.Value)
		case tagTVR:
			put(r.TVR[:], t.Value)
		case tagDate:
			put(r.Date[:], t.Value)
		case tagType:
			if ok = ok && len(t.Value) == 1; ok {
				r.Type = t.Value[0]
			}
		case tagAmount:
			put(r.Amount[:], t.Value)
		case tagOther:
			put(r.Other[:], t.Value)
		case tagCurrency:
			put(r.Currency[:], t.Value)
		case tagAIP:
			put(r.AIP[:], t.Value)
		case tagCountry:
			put(r.Country[:], t.Value)
		case tagResults:
			r.Results = t.Value
		}
	}
	return ok
}

// Value finds a tag on the top level of an answer's chip data; nil where there is none.
func Value(v []byte, tag uint32) []byte {
	for t, err := range wire.Tags(v) {
		if err != nil {
			return nil
		}
		if t.Tag == tag && t.Depth == 0 {
			return t.Value
		}
	}
	return nil
}

// AppendIssuerAuthentication appends the issuer's answer to a cryptogram.
func AppendIssuerAuthentication(dst, value []byte) []byte {
	return appendTag(dst, TagIssuerAuthentication, value)
}

// AppendScript appends a script of one command, with an id of four octets.
func AppendScript(dst []byte, tag uint32, id [4]byte, apdu []byte) []byte {
	dst = append(dst, byte(tag), byte(7+2+len(apdu)))
	return appendTag(appendTag(dst, tagScript, id[:]), tagCommand, apdu)
}

// Obeyed reports whether the card has done the last command of its issuer, if there was one.
func (t *Transaction) Obeyed() bool {
	n := len(t.Results)
	return n > 0 && t.Results[n-5]>>4 == 2
}

// Run gives the card the commands of an answer that are for before or after the second
// cryptogram. It reports whether there were any.
func (t *Transaction) Run(answer []byte, tag uint32) (any bool) {
	var id [4]byte
	inside := false
	for e, err := range wire.Tags(answer) {
		switch {
		case err != nil:
			return any
		case e.Depth == 0:
			if inside = e.Tag == tag; inside {
				id = [4]byte{}
			}
		case inside && e.Tag == tagScript:
			copy(id[:], e.Value)
		case inside && e.Tag == tagCommand:
			any = true
			if !t.Take(e.Value, tag == TagBefore, id) {
				return any
			}
		}
	}
	return any
}
