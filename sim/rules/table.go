package rules

import (
	"errors"
	"fmt"
	"slices"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Where rules come from; all but the first two are of the CUP reconstruction
// (docs/sources.md).
const (
	iso       = "ISO 8583:1987, data elements"
	flows     = "ISO 8583:1987, message flows"
	transport = "CUP transport: TPDU and application header"
	echo      = "CUP echo list"
	compared  = "CUP echo list; terminals compare it"
	answers   = "CUP minimal answer sets"
	slip      = "CUP minimal answer sets; slips and later requests (refund, completion) need it"
	macs      = "CUP message authentication"
	settling  = "CUP settlement"
	signingIn = "CUP sign-in"
	chips     = "PBOC and EMV, issuer authentication"
)

// table is in the order in which rules are told; musts are held before shoulds.
var table = numbered([]Rule{
	{ID: "ANS-READ", Of: All, Asks: "can be read: every field that its bitmap announces is whole and of its form, and nothing stands after the last", Source: iso},
	{ID: "ANS-PAIR", Of: All, Asks: "has the MTI that answers the request's, and the fields that pair the two", Source: flows, check: pairs},
	{ID: "ANS-ONCE", Level: Should, Of: All, Asks: "is the only one to its request", Source: flows, check: heard("a further answer came to a request that had been answered")},
	{ID: "ANS-ALONE", Level: Should, Of: All, Asks: "comes alone: no message comes on its line that answers none of its requests, be it of another terminal or the host's own", Source: flows, check: heard("a message came on the line that answers none of its requests")},
	{ID: "ANS-LENGTH", Level: Should, Of: All, Asks: "comes without an empty message right before it, which is how the beginning of a longer length reads", Source: iso, check: heard("an empty message came right before the answer: if one does before each, the host's length has more octets than the profile's (length: binary4)")},
	{ID: "ANS-END", Level: Should, Of: All, Asks: "ends where its length says: nothing follows that is of no message", Source: iso, check: heard("octets follow the answer that are of no message: the next would be read from there, so that the line is given up")},
	{ID: "ANS-TPDU", Level: Should, Of: All, Asks: "has the request's TPDU with its two addresses changed over", Source: transport + "; one real host does not", check: tpduSwapped},
	{ID: "ANS-HEADER", Level: Should, Of: All, Asks: "has the request's application header but for the sixth digit, the processing requirement", Source: transport, check: headerReturned},
	{ID: "ANS-ECHO", Level: Should, Of: All, Asks: "brings back each field of the echo list that the request carries", Source: echo, check: echoList},
	{ID: "ANS-FIELDS", Level: Should, Of: All, Asks: "carries the other fields that its form gives an approval; a decline carries dates, time, reference, acquirer, response data and scheme of those", Source: answers, check: carriedBesides},
	{ID: "ANS-TEXT", Level: Should, Of: All, Asks: "holds no control characters in fields of text", Source: iso, check: plainText},
	{ID: "ANS-SECRET", Of: All, Asks: "never brings back tracks or a PIN block (35, 36, 45, 52)", Source: "PCI DSS 3, sensitive authentication data", check: noSecrets},
	{ID: "ANS-LEAK", Level: Should, Of: All, Asks: "holds no card number, track, PIN or key in a field of text, nor digits of a card of the profile or a PIN by its name in any field that is shown (checks and decode look, loads do not)", Source: "PCI DSS 3, sensitive authentication data", check: check{why: func(x *Exchange) error {
		n := x.Dialect.Leaks(x.Answer)
		return fmt.Errorf("field %d (%s) of the answer holds a card number, a track, a PIN or a key: %s", n, x.Dialect.FieldName(n), x.Dialect.Shown(x.Answer, n))
	}}},
	{ID: "ANS-02-CARD", Of: All, Asks: "names no other card than the one that pays, and none where none does", Source: answers, check: cardThatPaid},
	{ID: "ANS-03-ECHO", Of: All, Asks: "has the request's processing code, if one", Source: compared, check: echoed(wire.ProcessingCode)},
	{ID: "ANS-04-PRESENT", Of: Payments, Approvals: true, Asks: "says what amount it approves", Source: compared, check: carried(wire.Amount)},
	{ID: "ANS-04-ECHO", Of: All, Asks: "has the request's amount, if one; code 10 approves another", Source: compared, check: echoedAmount},
	{ID: "ANS-04-PARTIAL", Of: Payments, Approvals: true, Asks: "says, with code 10, how much it approves: more than nothing, no more than was asked", Source: "CUP response codes", check: partOfAmount},
	{ID: "ANS-07-ECHO", Level: Should, Of: All, Asks: "has the request's transmission time, if one", Source: flows, check: echoed(wire.TransmissionTime)},
	{ID: "ANS-07-TIME", Of: All, Asks: "has a transmission time MMDDhhmmss, if one", Source: iso, check: formed(wire.TransmissionTime, isTransmissionTime, "a date and time MMDDhhmmss")},
	{ID: "ANS-11-ECHO", Of: All, Asks: "has the request's trace, if one", Source: compared, check: echoed(wire.Trace)},
	{ID: "ANS-12-PRESENT", Of: Payments | Inquiries, Approvals: true, Asks: "says at what time it approves", Source: slip, check: carried(wire.LocalTime)},
	{ID: "ANS-12-TIME", Of: All, Asks: "has a local time hhmmss, if one", Source: iso, check: formed(wire.LocalTime, dialect.IsTime, "a time hhmmss")},
	{ID: "ANS-12-CLOCK", Level: Should, Of: All, Asks: "has a date and time that go with those of the run's other answers, within 5 minutes", Source: iso, check: steadyClock},
	{ID: "ANS-13-PRESENT", Of: Payments | Inquiries, Approvals: true, Asks: "says on what date it approves", Source: slip, check: carried(wire.LocalDate)},
	{ID: "ANS-13-DATE", Of: All, Asks: "has a local date MMDD, if one", Source: iso, check: formed(wire.LocalDate, dialect.IsDate, "a date MMDD")},
	{ID: "ANS-14-EXPIRY", Level: Should, Of: All, Asks: "has an expiry YYMM or 0000, if one", Source: iso, check: formed(wire.Expiry, isExpiry, "a year and month YYMM, or 0000")},
	{ID: "ANS-15-DATE", Of: All, Asks: "has a settlement date MMDD, if one", Source: iso, check: formed(wire.SettlementDate, dialect.IsDate, "a date MMDD")},
	{ID: "ANS-15-NEAR", Level: Should, Of: All, Asks: "has a settlement date within a week of the local date", Source: settling, check: nearSettlement},
	{ID: "ANS-25-ECHO", Of: All, Asks: "has the request's condition code, if one", Source: echo, check: echoed(wire.ConditionCode)},
	{ID: "ANS-32-DIGITS", Of: All, Asks: "has an acquirer of digits, if one", Source: iso, check: formed(wire.Acquirer, wire.IsDigits, "digits")},
	{ID: "ANS-32-SAME", Level: Should, Of: All, Asks: "names the acquirer that the terminal's other answers name, if one", Source: "CUP field 32", check: sameAcquirer},
	{ID: "ANS-37-PRESENT", Of: Payments | Inquiries, Approvals: true, Asks: "has a reference number", Source: slip, check: carried(wire.RRN)},
	{ID: "ANS-37-FORM", Of: Payments | Inquiries, Approvals: true, Asks: "has a reference number that can be pointed to: printable, not blank, not zeros", Source: slip, check: formed(wire.RRN, isReference, "printable characters, not blank and not zeros")},
	{ID: "ANS-37-UNIQUE", Level: Should, Of: All &^ Reversals, Asks: "has a reference number that no other answer of the run has had, if one; not blank or zeros, and but for code 94 and of a payment that was asked for, whose own it is", Source: iso, check: uniqueReference},
	{ID: "ANS-38-PRESENT", Of: Payments, Approvals: true, Asks: "has an authorisation code, if it approves a pre-authorisation", Source: slip, check: carried(wire.AuthCode)},
	{ID: "ANS-38-FORM", Of: Financial, Approvals: true, Asks: "has an authorisation code that can be pointed to, if one: printable, not blank", Source: slip, check: formed(wire.AuthCode, isShown, "printable characters, not blank")},
	{ID: "ANS-39-PRESENT", Of: All, Asks: "has a response code; that of a settlement, whose flags tell, may lack it", Source: answers, check: codePresent},
	{ID: "ANS-39-FORM", Of: All, Asks: "has a response code of two letters or digits", Source: iso, check: formed(wire.ResponseCode, dialect.IsCode, "two letters or digits")},
	{ID: "ANS-39-PARTIAL", Level: Should, Of: Financial, Approvals: true, Asks: "approves a part only where the request says that the terminal takes partial approvals (CUP 60.6)", Source: "CUP field 60.6", check: askedPartial},
	{ID: "ANS-41-ECHO", Of: All, Asks: "has the request's terminal id, if one", Source: compared, check: echoed(wire.TerminalID)},
	{ID: "ANS-42-ECHO", Of: All, Asks: "has the request's merchant id, if one", Source: compared, check: echoed(wire.MerchantID)},
	{ID: "ANS-44-SAME", Level: Should, Of: All, Asks: "names in the second half of 44 the acquirer that the terminal's other answers name there", Source: "CUP field 44", check: sameNamedAcquirer},
	{ID: "ANS-48-TOTALS", Of: Settlements, Approvals: true, Asks: "has totals of their length and a flag of 1, 2 or 3; flag 1 comes with the terminal's own totals, and with no code 95 (totals differ) unless the flag of foreign cards is another", Source: settling, check: totals},
	{ID: "ANS-48-OWN", Level: Should, Of: Settlements, Approvals: true, Asks: "has, with flag 2, other totals than the terminal's", Source: settling, check: ownTotals},
	{ID: "ANS-48-FOREIGN", Level: Should, Of: Settlements, Approvals: true, Asks: "has totals of foreign cards: the terminal's with flag 1 (0 where it has none), others with flag 2", Source: settling, check: foreignTotals},
	{ID: "ANS-48-ECHO", Level: Should, Of: Uploads, Asks: "has the upload's details, if any", Source: settling, check: uploadEchoed},
	{ID: "ANS-49-ECHO", Of: All, Asks: "has the request's currency, if one", Source: echo, check: echoed(wire.Currency)},
	{ID: "ANS-54-PRESENT", Level: Should, Of: Inquiries, Approvals: true, Asks: "tells the balance that was asked for", Source: answers, check: balanceTold},
	{ID: "ANS-54-FORM", Level: Should, Of: Financial, Asks: "has, in field 54, amounts of 20 characters: types, currency, C or D, 12 digits", Source: iso, check: formed(wire.AdditionalAmounts, isAdditionalAmounts, "amounts of 20 characters: types, currency, C or D, 12 digits")},
	{ID: "ANS-54-CURRENCY", Level: Should, Of: Financial, Asks: "has, in field 54, amounts of the request's currency", Source: iso, check: additionalCurrency},
	{ID: "ANS-55-ISSUER", Of: Financial, Approvals: true, Asks: "has the issuer's answer to the chip's cryptogram (tag 91) that the chip finds right, if one", Source: chips, check: issuerRight},
	{ID: "ANS-55-PRESENT", Level: Should, Of: Payments, Approvals: true, Asks: "has the issuer's answer to the cryptogram of a chip in the reader", Source: chips, check: issuerAnswers},
	{ID: "ANS-60-TYPE", Of: All, Asks: "has the request's transaction type (60.1), if one", Source: echo, check: echoedPart(wire.TransactionType)},
	{ID: "ANS-60-BATCH", Of: All, Asks: "has the request's batch (60.2), if one; the approval of a sign-in tells the next", Source: echo, check: echoedBatch},
	{ID: "ANS-60-CODE", Of: All, Asks: "has the request's network management code (60.3), if one", Source: echo, check: echoedPart(wire.ManagementCode)},
	{ID: "ANS-60-REST", Level: Should, Of: All, Asks: "has the rest of field 60 as the request has it", Source: echo, check: echoedRest},
	{ID: "ANS-60-ISSUED", Level: Should, Of: SignIns, Approvals: true, Asks: "tells the batch number", Source: signingIn, check: batchIssued},
	{ID: "ANS-62-KCV", Of: SignIns, Approvals: true, Asks: "has working keys, each with the check value that stands beside it", Source: signingIn, check: workingKeys},
	{ID: "ANS-62-SOUND", Level: Should, Of: SignIns, Approvals: true, Asks: "has working keys that are worth their length: no weak key of DES, no PIN key of two equal halves, not one key for PIN and MAC", Source: "NIST SP 800-67, 3.3.2; ISO 11568, one key for one purpose", check: soundKeys},
	{ID: "ANS-64-MAC", Of: All, Asks: "has a MAC, if it approves what had one; a decline as the policy mac-on-decline says", Source: macs, check: macPresent},
	{ID: "ANS-64-RIGHT", Of: All, Asks: "has a right MAC wherever it has one; on a decline as the policy mac-on-decline says", Source: macs, check: macRight},
	{ID: "ANS-63-SCHEME", Level: Should, Of: Financial, Asks: "names in 63.1 a card scheme, if any", Source: "CUP field 63", check: knownScheme},
	{ID: "ANS-70-ECHO", Of: All, Asks: "has the request's network management code (70), if one", Source: echo, check: echoedWhole(wire.ManagementCode)},
})

// heard is what the line hears around an answer: a rule that is held where that is
// known, see [Once] and [NoEmpty].
func heard(why string) check {
	return check{why: func(*Exchange) error { return errors.New(why) }}
}

// The rules that hold what came around an answer.
var (
	Once    = named("ANS-ONCE")
	Alone   = named("ANS-ALONE")
	NoEmpty = named("ANS-LENGTH")
	NoRest  = named("ANS-END")
	noLeaks = named("ANS-LEAK")
)

// Break is the breach of one of these.
func Break(r *Rule) *Broken { return &Broken{r, r.why(nil)} }

// named finds a rule.
func named(id string) *Rule {
	i := slices.IndexFunc(table, func(r Rule) bool { return r.ID == id })
	return &table[i]
}

// numbered gives each rule its place in the table.
func numbered(table []Rule) []Rule {
	for i := range table {
		table[i].index = uint8(i)
	}
	return table
}
