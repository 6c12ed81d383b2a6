package dialect

import (
	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posfleet/posfleet/sim/wire"
)

// CUP is the UnionPay direct-connect dialect as spoken by POS terminals,
// reconstructed from public sources (docs/sources.md): 2-octet length, TPDU,
// 6-octet application header, packed digits, one bitmap.
func CUP() *Dialect {
	d := &Dialect{
		Name:  "cup",
		Title: "CUP direct-connect (reconstructed)",
		Format: wire.Format{
			Spec:    cupSpec(),
			Framing: wire.Framing{Length: wire.Binary2, Header: wire.Header{TPDU: true, App: 6}},
			Pair:    []int{11, 41, 42},
			Echo:    []int{3, 4, 11, 25, 41, 42, 49, 60},
			MAC:     true,
			Places: places(map[wire.Element]wire.Place{
				wire.Totals:          wire.Whole(48),
				wire.PaymentCode:     wire.Whole(59),
				wire.Original:        wire.Whole(61),
				wire.TransactionType: wire.Part(60, 0, 2, "60.1"),
				wire.Batch:           wire.Part(60, 2, 8, "60.2"),
				wire.ManagementCode:  wire.Part(60, 8, 11, "60.3"),
				wire.ReadCapability:  wire.Part(60, 11, 12, "60.4"),
				wire.OriginalBatch:   wire.Part(61, 0, 6, "61.1"),
				wire.OriginalTrace:   wire.Part(61, 6, 12, "61.2"),
				wire.OriginalDate:    wire.Part(61, 12, 16, "61.3"),
			}),
		},
		Masks: map[int]Mask{
			2: Truncated, 35: Hidden, 36: Hidden, 48: Details, 52: Hidden, 55: Tags,
			57: Hidden, 58: Hidden, 59: Hidden, 62: Hidden,
		},
		Parts: map[int][]PartName{
			60: {{0, 2, "60.1", "transaction type"}, {2, 8, "60.2", "batch"}, {8, 11, "60.3", "network management code"},
				{11, 12, "60.4", "terminal reads"}, {12, 13, "60.5", "IC condition"}, {13, 14, "60.6", "partial approval"},
				{14, 17, "60.7", "account type"}},
			61: {{0, 6, "61.1", "original batch"}, {6, 12, "61.2", "original trace"}, {12, 16, "61.3", "original date MMDD"},
				{16, 18, "61.4", "original authorisation mode"}, {18, 29, "61.5", "authorising institution"}},
			63: {{0, 3, "63.1", "card scheme or operator"}, {3, 23, "63.2", "issuer's remark"},
				{23, 43, "63.3", "centre's remark"}, {43, 63, "63.4", "acquirer's remark"}},
		},
		Forms:   cupForms(),
		Schemes: []string{"CUP", "VIS", "MCC", "MAE", "JCB", "DCC", "AMX", "   "},
	}
	mustCompile(d)
	return d
}

// mustCompile is for the dialects that come with posfleet; a test compiles
// each, so it does not fail at a user's.
func mustCompile(d *Dialect) {
	if err := d.Compile(); err != nil {
		panic(err)
	}
}

// cupSpec is the field table: Q/CUP direct-connect as reconstructed.
func cupSpec() *iso8583.MessageSpec {
	digits := func(n int, desc string) field.Field {
		return field.NewString(field.NewSpec(n, desc, wire.Digits, prefix.BCD.Fixed))
	}
	digitsVar := func(n int, desc string, p prefix.Prefixer) field.Field {
		return field.NewString(field.NewSpec(n, desc, wire.Digits, p))
	}
	track := func(n int, desc string, p prefix.Prefixer) field.Field {
		return field.NewString(field.NewSpec(n, desc, wire.Track, p))
	}
	// Text is taken as octets: names and remarks are GBK.
	text := func(n int, desc string) field.Field {
		return field.NewString(field.NewSpec(n, desc, encoding.Binary, prefix.Binary.Fixed))
	}
	textVar := func(n int, desc string, p prefix.Prefixer) field.Field {
		return field.NewString(field.NewSpec(n, desc, encoding.Binary, p))
	}
	octets := func(n int, desc string, p prefix.Prefixer) field.Field {
		return field.NewBinary(field.NewSpec(n, desc, encoding.Binary, p))
	}
	ll, lll := prefix.BCD.LL, prefix.BCD.LLL
	return &iso8583.MessageSpec{
		Name: "CUP direct-connect (reconstructed)",
		Fields: map[int]field.Field{
			0: field.NewString(field.NewSpec(4, "message type", wire.Digits, prefix.BCD.Fixed)),
			1: field.NewBitmap(&field.Spec{Length: 8, Description: "bitmap", Enc: encoding.Binary,
				Pref: prefix.Binary.Fixed, DisableAutoExpand: true}),
			2:  digitsVar(19, "primary account number", ll),
			3:  digits(6, "processing code"),
			4:  digits(12, "amount"),
			11: digits(6, "trace"),
			12: digits(6, "local time hhmmss"),
			13: digits(4, "local date MMDD"),
			14: digits(4, "expiry YYMM"),
			15: digits(4, "settlement date MMDD"),
			22: digits(3, "entry mode"),
			23: field.NewString(field.NewSpec(3, "card sequence number", wire.DigitsRight, prefix.BCD.Fixed)),
			25: digits(2, "condition code"),
			26: digits(2, "PIN capture code"),
			32: digitsVar(11, "acquirer id", ll),
			35: track(37, "track 2", ll),
			36: track(104, "track 3", lll),
			37: text(12, "retrieval reference number"),
			38: text(6, "authorisation code"),
			39: text(2, "response code"),
			41: text(8, "terminal id"),
			42: text(15, "merchant id"),
			43: text(40, "merchant name"),
			44: textVar(25, "additional response data", ll),
			48: digitsVar(322, "additional data", lll),
			49: text(3, "currency"),
			52: octets(8, "PIN block", prefix.Binary.Fixed),
			53: digits(16, "security control"),
			54: textVar(40, "additional amounts", lll),
			55: octets(255, "IC card data", lll),
			57: textVar(600, "private 57", lll),
			58: textVar(100, "e-purse data", lll),
			59: textVar(600, "private 59", lll),
			60: digitsVar(17, "private 60", lll),
			61: digitsVar(29, "original transaction", lll),
			62: octets(999, "private 62", lll),
			63: textVar(163, "private 63", lll),
			64: octets(8, "MAC", prefix.Binary.Fixed),
		},
	}
}

// What a payment request may carry besides its constants.
var (
	cupCard    = []int{2, 4, 11, 14, 22, 23, 26, 35, 36, 41, 42, 52, 53, 55, 59}
	cupOffline = []int{2, 4, 11, 14, 22, 23, 35, 36, 41, 42, 53, 55, 59}
)

func plus(fields []int, more ...int) []int { return append(append([]int{}, fields...), more...) }

// cupForms are the transactions of CUP. Field 60 is a template: type, batch,
// network management code, read capability, IC condition.
func cupForms() []Form {
	payment := func(t Transaction, mti, proc, cond, private string, fields []int, more ...Value) Form {
		f := Form{Transaction: t, MTI: mti, Fields: fields, Required: required(t), MACed: true,
			Fixed: append([]Value{{3, proc}, {25, cond}, {49, "156"}, {60, private}}, more...)}
		f.Answer, f.AnswerShould = cupAnswer(t)
		return f
	}
	manage := func(t Transaction, mti, private string, fields []int, codes ...string) Form {
		return Form{Transaction: t, MTI: mti, Fixed: []Value{{60, private}}, Fields: fields, Required: required(t), ManagementCodes: codes,
			AnswerShould: []int{12, 13, 32, 37}}
	}
	const none = "00000000000"                // management: 11 digits
	zeros := Value{61, "0000000000000000"}    // batch and trace unknown, date
	original := Value{61, "0000000000000000"} // batch, trace, date
	settlement := Form{Transaction: Settlement, MTI: "0500", Required: required(Settlement), Fixed: []Value{{49, "156"}, {60, none}},
		Fields: []int{11, 41, 42, 48, 63}, ManagementCodes: []string{"201"}, NoCode: true,
		Answer: []int{48}, AnswerShould: []int{12, 13, 15, 32, 37}}
	upload := func(t Transaction, codes ...string) Form {
		f := manage(t, "0320", none, []int{11, 41, 42, 48}, codes...)
		f.AnswerShould = plus(f.AnswerShould, 48)
		return f
	}
	echo := manage(Echo, "0820", none, []int{41, 42}, "301")
	echo.AnswerShould = []int{12, 13}
	return []Form{
		manage(SignIn, "0800", none, []int{11, 41, 42, 62, 63}, "001", "003", "004", "005", "006"),
		manage(SignOff, "0820", none, []int{11, 41, 42}, "002"),
		echo,
		payment(QRPurchase, "0200", "000000", "00", "2200000000060", []int{4, 11, 41, 42, 59}, Value{22, "032"}),
		payment(Balance, "0200", "310000", "00", "0100000000060", []int{2, 11, 14, 22, 23, 26, 35, 36, 41, 42, 52, 53, 55}),
		payment(Purchase, "0200", "000000", "00", "2200000000060", cupCard),
		payment(PurchaseVoid, "0200", "200000", "00", "2300000000060", plus(cupCard, 37, 38), original),
		payment(Refund, "0220", "200000", "00", "2500000000060", plus(cupOffline, 37, 63), zeros),
		payment(PreAuth, "0100", "030000", "06", "1000000000060", cupCard),
		payment(AddPreAuth, "0100", "030000", "60", "1000000000060", plus(cupCard, 38), zeros),
		payment(PreAuthVoid, "0100", "200000", "06", "1100000000060", plus(cupCard, 38), zeros),
		payment(Completion, "0200", "000000", "06", "2000000000060", plus(cupCard, 38), zeros),
		payment(CompletionAdvice, "0220", "000000", "06", "2400000000060", plus(cupOffline, 38), zeros),
		payment(CompletionVoid, "0200", "200000", "06", "2100000000060", plus(cupCard, 37, 38), original),
		{Transaction: Reversal, MTI: "0400", Required: required(Reversal), MACed: true, AnswerShould: []int{12, 13, 15, 32, 37, 44}, Fields: []int{2, 3, 4, 11, 14, 22, 23, 25, 38, 39, 41, 42, 49, 55, 60, 61}},
		settlement,
		upload(BatchUpload, "201"),
		upload(UploadEnd, "207", "202"),
	}
}

// cupAnswer is what the approval of a payment or a balance inquiry carries: what a
// later request points to or a slip must say (time, date and reference; of a
// pre-authorisation its code, by which alone it is completed), and what hosts give
// besides. Minimal answer sets of the CUP reconstruction, docs/sources.md.
func cupAnswer(t Transaction) (must, should []int) {
	must = []int{12, 13, 37}
	switch t {
	case Balance:
		return must, []int{2, 32, 44, 54}
	case QRPurchase:
		return append(must, 4), []int{15, 32, 44, 59, 63}
	case Refund:
		return append(must, 4), []int{2, 15, 32, 44, 63}
	case PreAuth:
		return append(must, 4, 38), []int{2, 15, 32, 44, 63}
	}
	return append(must, 4), []int{2, 15, 32, 38, 44, 63}
}
