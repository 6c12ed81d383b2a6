package dialect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

func described(d *Dialect, m *wire.Message) string {
	var s strings.Builder
	d.Describe(&s, m)
	return s.String()
}

func TestMessageInWords(t *testing.T) {
	d := CUP()
	texts := map[string]string{}
	for name, frame := range captured(t) {
		texts[name] = described(d, read(t, d, frame))
	}
	for name, want := range map[string][]string{
		"C3": {
			"TPDU 6000030000  to 0003, from 0000\n",
			"head 603100310000  stripe, financial, version 31, in service, nothing required\n",
			"MTI  0200  financial request: purchase\n",
			"  4  amount                       000000000100\n",
			" 35  track 2                      (37 characters, hidden)\n",
			" 52  PIN block                    (8 octets, hidden)\n",
			" 60  private 60                   2200000100060\n",
			"       60.1   transaction type         22\n",
			"       60.2   batch                    000001\n",
			"       60.3   network management code  000\n",
			"       60.5   IC condition             0\n",
			" 64  MAC                          8E2B0150\n",
		},
		"C2":  {"network management response", " 62  private 62                   (60 octets, hidden)\n"},
		"C4":  {"financial response\n", "  2  primary account number       622500******0014\n"},
		"S3b": {"request: qr-purchase\n", " 59  private 59                   (24 characters, hidden)\n"},
		"C7": {
			"reconciliation response\n",
			"       48.1   debit amount             000000000100\n",
			"       48.2   debit count              001\n",
			"       48.5   agrees (0 to 3)          1\n",
			"       48.10  foreign agrees           1\n",
		},
		"C8": {"file action advice: upload-end\n", "       48.1   details uploaded         0000\n"},
		"S4": {
			" 55  IC card data                 (139 octets)\n",
			"       9F26   cryptogram               95BBE372271DDA7C\n",
			"       9F02   amount                   000000000001\n",
			" 48  additional data              (1 digits)\n",
		},
	} {
		for _, line := range want {
			if !strings.Contains(texts[name], line) {
				t.Errorf("%s lacks %q:\n%s", name, line, texts[name])
			}
		}
	}
	if strings.Contains(texts["S10"], "60.3") {
		t.Errorf("a field 60 of 8 digits has a part 60.3:\n%s", texts["S10"])
	}
}

func TestHeaderInWords(t *testing.T) {
	d := CUP()
	m := d.NewMessage()
	m.SetMTI("0A99")
	copy(m.Head, unhex(t, "6000000003"+"613213000000"))
	if got, want := described(d, m), "TPDU 6000000003  to 0000, from 0003\n"+
		"head 613213000000  chip, financial, version 32, training, sign in again\n"+
		"MTI  0A99  unknown message type\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	copy(m.Head[5:], unhex(t, "7732FF"))
	if got := described(d, m); !strings.Contains(got, "class 77, version 32, state F, requirement F") {
		t.Error(got)
	}
}

func TestBatchDetailsAreMasked(t *testing.T) {
	d := CUP()
	m := d.NewMessage()
	m.SetMTI("0320")
	m.SetFieldString(48, "02"+"00"+"000042"+"00006225000000000014"+"000000000100"+"01"+"000043"+"06225000000000000019"+"000000000200")
	got := described(d, m)
	for _, want := range []string{
		"detail                   class 00, trace 000042, PAN 622500******0014, amount 000000000100\n",
		"detail                   class 01, trace 000043, PAN 622500*********0019, amount 000000000200\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if d.Shown(m, 48) != "(82 digits)" {
		t.Errorf("shown as %s", d.Shown(m, 48))
	}
	// Details that are not what their count says are not taken apart.
	m.SetFieldString(48, "03"+"00"+"000042"+"00006225000000000014"+"000000000100")
	if got := described(d, m); strings.Contains(got, "6225") {
		t.Error(got)
	}
}

// Card data is planted in every field that may hold some, and in IC data in
// the elements that do.
func TestNothingHiddenIsShown(t *testing.T) {
	const pan, secret = "6225880000005678", "SECRET"
	user, err := ISO87().WithSpec(iso87Spec())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range append([]*Dialect{user}, CUP(), ISO87()) {
		m := d.NewMessage()
		m.SetMTI("0200")
		m.SetFieldString(2, pan)
		m.SetFieldString(35, pan+"D25121010000")
		m.SetFieldString(36, pan+"D25121010000")
		m.SetFieldString(45, "B"+pan+"^NAME")
		m.SetFieldString(48, "02"+pan)
		m.SetFieldString(52, secret)
		m.SetFieldString(57, secret)
		m.SetFieldString(58, secret)
		m.SetFieldString(59, "A3019"+secret)
		m.SetFieldString(62, secret)
		tlv := []byte("\x57\x0E\x62\x25\x88\x00\x00\x00\x56\x78\xD2\x51\x21\x01\x00\x00" +
			"\x5A\x08\x62\x25\x88\x00\x00\x00\x56\x78" + "\x9F\x1F\x06SECRET" + "\x56\x06SECRET" + "\x5F\x20\x06SECRET" +
			"\x70\x0A\x5A\x08\x62\x25\x88\x00\x00\x00\x56\x78" + "\xC1\x06SECRET")
		m.SetField(55, tlv)
		text := described(d, m)
		for f := range 129 {
			text += d.Shown(m, f) + "\n"
		}
		text += fmt.Sprintf("%v", m.CheckTLV(55))
		_, err := m.Append(nil)
		text += fmt.Sprint(err)
		for _, bad := range []string{pan, secret, "534543524554", "6225880000", "00005678"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s shows %s:\n%s", d.Name, bad, text)
			}
		}
		if !strings.Contains(text, "622588******5678") || !strings.Contains(text, "5A     PAN                      (8 octets)") {
			t.Errorf("%s does not show what it may:\n%s", d.Name, text)
		}
	}
}

func TestUsersPrivateFieldsAreHiddenUnlessSaid(t *testing.T) {
	base := ISO87()
	base.Masks[63] = Clear
	d, err := base.WithSpec(iso87Spec())
	if err != nil {
		t.Fatal(err)
	}
	m := d.NewMessage()
	m.SetMTI("0200")
	for _, f := range []int{43, 54, 60, 61, 63, 41} {
		m.SetFieldString(f, "seen")
	}
	for f, hidden := range map[int]bool{43: true, 54: true, 61: true, 60: false, 63: false, 41: false} {
		if got := strings.Contains(d.Shown(m, f), "seen"); got == hidden {
			t.Errorf("field %d is shown as %s", f, d.Shown(m, f))
		}
	}
}

func TestPANsAreMasked(t *testing.T) {
	for pan, want := range map[string]string{
		"":                    "",
		"1234":                "****",
		"12345":               "*2345",
		"4111111111111":       "*********1111",
		"411111111111111":     "***********1111",
		"4111111111111111":    "411111******1111",
		"6225000000000000019": "622500*********0019",
		"41111111\x1b[2J1111": "411111******1111",
		"4\x1b1111111111x111": "4?1111******?111"[:16],
	} {
		if got := MaskPAN(pan); got != want {
			t.Errorf("%q is shown as %s, want %s", pan, got, want)
		}
		if got := MaskPAN([]byte(pan)); got != want {
			t.Errorf("%q in octets is shown as %s, want %s", pan, got, want)
		}
	}
}

func TestOctetsThatAreNoTextAreEscaped(t *testing.T) {
	d := CUP()
	m := d.NewMessage()
	m.SetFieldString(41, "\x1b[2J\x00\r\n\\")
	m.SetFieldString(63, "\xD6\xD0\xB9\xFA\xFF\xC2\x85\x80\xB9") // GBK, then no characters
	m.SetFieldString(64, "\x01\x02\x03\x04\x05\x06\x07\xFF")
	for f, want := range map[int]string{41: `\x1B[2J\x00\x0D\x0A\x5C`, 63: `中国\xFF聟\x80\xB9`, 64: "01020304050607FF", 2: "absent", 70: "absent"} {
		if got := d.Shown(m, f); got != want {
			t.Errorf("field %d is shown as %s, want %s", f, got, want)
		}
	}
}

func TestManyElementsAreCutShort(t *testing.T) {
	d := CUP()
	m := d.NewMessage()
	m.SetMTI("0200")
	m.SetFieldString(55, strings.Repeat("\x9C\x00", 120))
	if got := described(d, m); strings.Count(got, "9C") != maxTags || !strings.Contains(got, "and more") {
		t.Error(got)
	}
	m.SetFieldString(55, "\x9C\x01\x00\x9F\x02\x80")
	if got := described(d, m); !strings.Contains(got, "not readable             octet 5: length is indefinite") {
		t.Error(got)
	}
}

func TestFieldsHaveNames(t *testing.T) {
	for _, d := range Dialects() {
		for f := range 129 {
			if name := d.FieldName(f); (name != "") != (d.HasField(f) || f == 1) {
				t.Errorf("%s: field %d is named %q", d.Name, f, name)
			}
		}
		if d.FieldName(-1) != "" || d.FieldName(129) != "" {
			t.Errorf("%s names fields that there are not", d.Name)
		}
	}
}

// Where digits are characters on the line a value of something else can be read; who
// reads the message is told.
func TestWhatIsNotOfItsKindIsTold(t *testing.T) {
	d, err := Parse("bank.yaml", []byte("extends: iso87\nencoding: {n: latin1}\nfields: {28: {is: x+n 9, name: fee}}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		field       int
		value, want string
	}{
		{4, "000000001000", ""}, {4, "ABCDEFGHIJKL", "not of its kind, n: digits alone"}, {4, "      001000", "not of its kind, n"},
		{4, "00****001000", "       masked where it was recorded, or not of its kind, n: digits alone"}, {4, "ABCD**GHIJKL", "       not of its kind, n"},
		{28, "C00000100", ""}, {28, "Z00000100", "not of its kind, x+n: C or D, then digits"}, {28, "C0000010A", "not of its kind, x+n"},
		{37, "ABC", ""},
	} {
		m := d.NewMessage()
		m.SetMTI("0210")
		m.SetFieldString(c.field, c.value)
		got := described(d, m)
		if strings.Contains(got, "not of its kind") != (c.want != "") || !strings.Contains(got, c.want) {
			t.Errorf("field %d, %q: want %q in\n%s", c.field, c.value, c.want, got)
		}
	}
}

// What an order says is shown, of messages about orders and of payments that name one; the
// same field holds keys in others, and what has not the shape of its tag is counted.
func TestOrdersInWords(t *testing.T) {
	d := CUP()
	number := []byte("100000012611261740300004")
	number = append(number, OrderCheckDigit(number))
	message := func(of Transaction, e wire.Element, v []byte) string {
		m := d.NewMessage()
		d.Form(of).Begin(m)
		m.Set(e, v)
		return described(d, m)
	}
	v := AppendTag(nil, TagOwnNumber, "A-17")
	v = AppendTag(v, TagLines, AppendOrderLine(AppendOrderLine(nil, OrderLine{7, 2, 200}), OrderLine{101, 1, 2800}))
	v = AppendTag(v, TagOrder, number)
	v = AppendTagUint(v, TagState, uint64(OrderPartRefunded), 1)
	v = AppendTagUint(v, TagTotal, 3200, 12)
	v = AppendTagUint(v, TagReason, uint64(PriceChanged), 2)
	v = AppendTag(v, TagPayment, "0000010001231730000000121126")
	v = AppendTag(v, TagPayer, "6225000020000010111")
	v = AppendTag(v, TagCode, "POS1x")
	got := message(OrderConfirm, wire.OrderData, v)
	for _, want := range []string{"request: order\n", "octets, hidden)\n", "       O1     merchant's own number    A-17\n", "       O3     dish                     7 × 2, 200 each\n", "       O3     dish                     101 × 1, 2800 each\n",
		"       O4     order number             " + string(number) + "\n", "5: part refunded (部分退款)\n", "       OC     total                    3200\n", "08: a price has changed (价格已变动",
		"batch 000001, trace 000123, reference 173000000012, date 1126\n", "       OB     payer's code             (19 characters)\n", "       O8     code that is shown       (5 characters)\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	for name, text := range map[string]string{
		"keys of a sign-in":   message(SignIn, wire.WorkingKeys, v),
		"a card for a number": message(OrderConfirm, wire.OrderData, AppendTag(nil, TagOwnNumber, "6225000020000010")),
		"text for a number":   message(OrderConfirm, wire.OrderData, AppendTag(nil, TagTotal, "6225000020000010")),
		"no tags":             message(OrderConfirm, wire.OrderData, []byte("6225000020000010")),
		"another tag":         message(OrderConfirm, wire.OrderData, AppendTag(nil, "K1", "6225000020000010")),
		"a tag cut off":       message(OrderConfirm, wire.OrderData, []byte("O1099A-17")),
	} {
		if strings.Contains(text, "6225000020000010") || strings.Contains(text, "A-17") {
			t.Errorf("%s: %s", name, text)
		}
	}
	pays := message(QRPurchase, wire.PaymentCode, AppendTag(AppendTag(nil, TagPaymentCode, "6225000020000010111"), TagPaysOrder, number))
	if !strings.Contains(pays, "A9     order number             "+string(number)+"\n") || !strings.Contains(pays, "A3     payer's code             (19 characters)\n") {
		t.Errorf("a payment of an order:\n%s", pays)
	}
}
