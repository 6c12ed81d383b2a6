package dialect

import (
	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posfleet/posfleet/sim/wire"
)

// ISO87 is plain ISO 8583:1987 in ASCII: 2-octet length (4 digits when the
// profile says so), no routing header, hexadecimal bitmaps, field 70 for
// network management and field 90 for the original of a reversal. What the
// standard leaves to agreement is as in CUP: the batch in private field 60,
// the working keys of a sign-on in private field 62.
func ISO87() *Dialect {
	d := &Dialect{
		Name:  "iso87",
		Title: "ISO 8583:1987, ASCII",
		Format: wire.Format{
			Spec:    iso87Spec(),
			Framing: wire.Framing{Length: wire.Binary2},
			Pair:    []int{11, 41, 42},
			Echo:    []int{3, 4, 7, 11, 25, 41, 42, 49, 60, 70},
			MAC:     true,
			Places: places(map[wire.Element]wire.Place{
				wire.Batch:          wire.Part(60, 0, 6, "60"),
				wire.ManagementCode: wire.Whole(70),
				wire.OriginalMTI:    wire.Part(90, 0, 4, "90.1"),
				wire.OriginalTrace:  wire.Part(90, 4, 10, "90.2"),
				wire.OriginalTime:   wire.Part(90, 10, 20, "90.3"),
			}),
		},
		Masks: map[int]Mask{
			2: Truncated, 35: Hidden, 36: Hidden, 45: Hidden, 48: Hidden, 52: Hidden, 55: Tags, 62: Hidden,
		},
		Parts: map[int][]PartName{
			90: {{0, 4, "90.1", "original MTI"}, {4, 10, "90.2", "original trace"}, {10, 20, "90.3", "original time MMDDhhmmss"},
				{20, 31, "90.4", "original acquirer"}, {31, 42, "90.5", "original forwarder"}},
		},
		Forms: iso87Forms(),
	}
	mustCompile(d)
	return d
}

func iso87Spec() *iso8583.MessageSpec {
	text := func(n int, desc string) field.Field {
		return field.NewString(field.NewSpec(n, desc, encoding.ASCII, prefix.ASCII.Fixed))
	}
	textVar := func(n int, desc string, p prefix.Prefixer) field.Field {
		return field.NewString(field.NewSpec(n, desc, encoding.ASCII, p))
	}
	octets := func(n int, desc string, p prefix.Prefixer) field.Field {
		return field.NewBinary(field.NewSpec(n, desc, encoding.Binary, p))
	}
	ll, lll := prefix.ASCII.LL, prefix.ASCII.LLL
	return &iso8583.MessageSpec{
		Name: "ISO 8583:1987, ASCII",
		Fields: map[int]field.Field{
			0:   text(4, "message type"),
			1:   field.NewBitmap(&field.Spec{Length: 8, Description: "bitmap", Enc: encoding.BytesToASCIIHex, Pref: prefix.Hex.Fixed}),
			2:   textVar(19, "primary account number", ll),
			3:   text(6, "processing code"),
			4:   text(12, "amount"),
			7:   text(10, "transmission time MMDDhhmmss"),
			11:  text(6, "trace"),
			12:  text(6, "local time hhmmss"),
			13:  text(4, "local date MMDD"),
			14:  text(4, "expiry YYMM"),
			15:  text(4, "settlement date MMDD"),
			18:  text(4, "merchant type"),
			22:  text(3, "entry mode"),
			23:  text(3, "card sequence number"),
			25:  text(2, "condition code"),
			26:  text(2, "PIN capture code"),
			32:  textVar(11, "acquirer id", ll),
			33:  textVar(11, "forwarder id", ll),
			35:  textVar(37, "track 2", ll),
			36:  textVar(104, "track 3", lll),
			37:  text(12, "retrieval reference number"),
			38:  text(6, "authorisation code"),
			39:  text(2, "response code"),
			41:  text(8, "terminal id"),
			42:  text(15, "merchant id"),
			43:  text(40, "merchant name"),
			44:  textVar(25, "additional response data", ll),
			45:  textVar(76, "track 1", ll),
			48:  textVar(999, "additional data", lll),
			49:  text(3, "currency"),
			52:  octets(8, "PIN block", prefix.Binary.Fixed),
			53:  text(16, "security control"),
			54:  textVar(120, "additional amounts", lll),
			55:  octets(255, "IC card data", lll),
			60:  textVar(999, "private 60", lll),
			61:  textVar(999, "private 61", lll),
			62:  octets(999, "private 62", lll),
			63:  textVar(999, "private 63", lll),
			64:  octets(8, "MAC", prefix.Binary.Fixed),
			70:  text(3, "network management code"),
			90:  text(42, "original data"),
			95:  text(42, "replacement amounts"),
			128: octets(8, "MAC", prefix.Binary.Fixed),
		},
	}
}

// iso87Forms are the transactions of iso87.
func iso87Forms() []Form {
	card := []int{2, 4, 7, 11, 14, 22, 23, 26, 35, 41, 42, 52, 53, 55}
	payment := func(t Transaction, mti, proc string, fields []int, answer []int, should ...int) Form {
		return Form{Transaction: t, MTI: mti, Fields: fields, Required: required(t), MACed: true,
			Fixed: []Value{{3, proc}, {25, "00"}, {49, "156"}, {60, "000000"}}, Answer: answer, AnswerShould: should}
	}
	manage := func(t Transaction, fields []int, net string) Form {
		return Form{Transaction: t, MTI: "0800", Fixed: []Value{{70, net}}, Fields: fields, Required: required(t), ManagementCodes: []string{net},
			AnswerShould: []int{12, 13}}
	}
	inquired := []int{12, 13, 37} // what a slip says and a refund points to
	paid := append(inquired, 4)
	return []Form{
		manage(SignIn, []int{7, 11, 41, 42, 63}, "001"),
		manage(SignOff, []int{7, 11, 41, 42}, "002"),
		manage(Echo, []int{7, 41, 42}, "301"),
		payment(Balance, "0200", "310000", []int{2, 7, 11, 14, 22, 23, 26, 35, 41, 42, 52, 53, 55}, inquired, 32, 54),
		payment(Purchase, "0200", "000000", card, paid, 15, 32, 38),
		payment(Refund, "0220", "200000", []int{2, 4, 7, 11, 14, 22, 23, 35, 37, 41, 42, 53}, paid, 15, 32),
		{Transaction: Reversal, MTI: "0400", Required: required(Reversal), MACed: true, AnswerShould: []int{12, 13, 15, 32, 37}, Fixed: []Value{{90, "000000000000000000000000000000000000000000"}},
			Fields: []int{2, 3, 4, 7, 11, 14, 22, 23, 25, 38, 39, 41, 42, 49, 60}},
	}
}
