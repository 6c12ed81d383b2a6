package dialect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// beside serves files that others extend.
func beside(files map[string]string) Open {
	return func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, errors.New("file " + path + ": no such file")
	}
}

func TestThreeLinesMakeAVariant(t *testing.T) {
	d, err := Parse("bank.yaml", []byte(`extends: cup
framing: {header: "603200310000"}
fields: {46: {is: ans...120, name: private 46}, 56: {is: n..10, name: private 56, mask: hidden}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !d.HasField(46) || !d.HasField(56) || !d.HasField(64) || d.mask(56) != Hidden || d.Name != "bank" {
		t.Errorf("%s lacks fields", d.Name)
	}
	if string(d.Head()) != "\x60\x00\x03\x00\x00\x60\x32\x00\x31\x00\x00" {
		t.Errorf("routing header %X", d.Head())
	}
	if cup, _ := Named("cup"); cup.HasField(46) || cup.HasField(56) {
		t.Error("a variant changes what it extends")
	}
}

func TestListsAndFormsOfABaseAreReplaced(t *testing.T) {
	files := map[string]string{"./base.yaml": "extends: cup\ncurrency: \"360\"\nlists: {card: [2, 4, 11, 22, 41, 42, 52]}\n"}
	d, err := Parse("bank.yaml", []byte("extends: ./base.yaml\nname: bank\ntransactions: {refund: none, echo: {mti: \"0800\"}}\n"), beside(files))
	if err != nil {
		t.Fatal(err)
	}
	if f := d.Form(Purchase); f.CarriesField(35) || !f.CarriesField(52) || !slices.Contains(f.Fixed, Value{49, "360"}) {
		t.Errorf("purchase carries %v, is %v", f.Fields, f.Fixed)
	}
	if d.Form(Refund) != nil || d.Form(Echo).MTI != "0800" || d.Form(Echo).ManagementCodes[0] != "301" {
		t.Errorf("refund %v, echo %v", d.Form(Refund), d.Form(Echo))
	}
}

func TestWhatIsWrongIsToldWithFileLineAndMend(t *testing.T) {
	cup, _ := Text("cup")
	for _, c := range []struct{ name, old, text, want string }{
		{"unknown key", "", "chip: true", `1: unknown key "chip"; known here: codes, currency`},
		{"unknown key of a field", "", "fields: {3: {is: n 6, name: x, lenght: 6}}", `1: fields.3: unknown key "lenght"`},
		{"a field that is none", "", "fields: {129: {is: n 6, name: x}}", "1: fields.129: fields are numbered 2 to 128"},
		{"the field of a third bitmap", "", "fields: {65: {is: b 8, name: x}}", "1: fields.65: field 65 announces a third bitmap"},
		{"no notation", "", "fields: {3: {is: numeric 6}}", `1: fields.3: is: "numeric 6", want ISO 8583's notation`},
		{"more than its dots say", "", "fields: {2: {is: n..100}}", "1: fields.2: is: n..100: length 100, want 1 to 99"},
		{"bits that are no octets", "", "fields: {52: {is: b 60 bits}}", "bits are of b alone, and 8 make an octet"},
		{"no encoding", "", "fields: {3: {as: bcd}}", `1: fields.3: as: "bcd", want one of ascii, ebcdic`},
		{"no prefix", "", "fields: {2: {prefix: two}}", `1: fields.2: prefix: "two", want a form and how many digits`},
		{"a part beyond its field", "", "fields: {60: {parts: {60.9: 17-20 rest}}}", "1: fields.60.parts.60.9: characters 17 to 20, want some of 1 to 17"},
		{"no element", "", "elements: {balance: 54}", "1: elements.balance: no element has this name"},
		{"an element on a field that is not there", "", "elements: {track-1: 45}", "1: elements.track-1: field 45 is not among the fields"},
		{"an element on a part that is not there", "", "elements: {batch: 60.9}", `1: elements.batch: "60.9" is no field and none of the parts`},
		{"pairing on a field that is not there", "", "pair: [11, 7]", "1: pair[2]: field 7 is not among the fields"},
		{"echo of a field that is not there", "", "echo: [3, 46]", "1: echo[2]: field 46 is not among the fields"},
		{"a field that goes while it is used", "", "fields: {63: none}", "elements.operator: field 63 is not among the fields"},
		{"no transaction", "", `transactions: {sale: {mti: "0200"}}`, "1: transactions.sale: no transaction has this name; want one of sign-in"},
		{"an MTI that is none", "", `transactions: {echo: {mti: "820"}}`, `1: transactions.echo.mti: "820", want four digits`},
		{"the MTI of an answer", "", `transactions: {echo: {mti: "0810"}}`, `1: transactions.echo.mti: "0810", want four digits of a request`},
		{"a constant that does not fit", "", `transactions: {echo: {set: {60: "123456789012345678"}}}`, "1: transactions.echo.set.60: does not fit field 60, which has 18 characters, at most 17 fit"},
		{"a constant of a field that is not there", "", `transactions: {echo: {set: {24: "831"}}}`, "1: transactions.echo.set.24: field 24 is not among the fields"},
		{"a required field that is not carried", "", "transactions: {echo: {requires: [11]}}", "1: transactions.echo.requires: field 11 is neither set nor carried"},
		{"a transaction twice", "transactions:\n", "transactions:\n  echo: {mti: \"0820\"}\n", "key echo stands twice"},
		{"one that is taken for another", "", `transactions: {pre-auth: {mti: "0200", set: {3: "000000", 25: "00", 60: "2200000000060"}}}`, "1: transactions.pre-auth: a request of it is taken for a purchase, which stands before it"},
		{"a constant of a part", "", `transactions: {settlement: {set: {48.1: "1"}}}`, "1: transactions.settlement.set.48.1: field 48.1 is a part; set field 48 whole"},
		{"a MAC without a field", "", "fields: {64: none}", "its MAC goes into field 64, the last of its last bitmap, which is not among the fields"},
		{"a MAC of a second bitmap without a field", "", "fields: {90: {is: n 42, name: original}}\ntransactions: {reversal: {set: {90: \"000000000000000000000000000000000000000000\"}}}", "its MAC goes into field 128"},
		{"a sign-off from nothing", "", "mac: none\nsign-in: none\ntransactions: {sign-in: none}", "transactions.sign-off: there is no sign-in to end"},
		{"keys without a field", "", "elements: {working-keys: none}", "its answer brings keys, and no field is for them"},
		{"an entry mode of another width", "", "entry: {stripe: [\"02\"]}", `1: entry.stripe[1]: "02", want 3 characters`},
		{"an approval that declines", "", `transactions: {echo: {answer: {approval: "05"}}}`, `1: transactions.echo.answer: approval: "05", want one of the codes of class approves`},
		{"a role twice", "", `codes: {"05": {for: approved}}`, "approved is what 00 is for, too"},
		{"no role", "", `codes: {"05": {for: refused}}`, `"refused", want one of approved, partial`},
		{"a code of another width", "", `codes: {"101": {words: expired}}`, "1: codes.101: want 2 letters or digits"},
		{"an answer that is no code", "", `reversal: {accepts: ["00", "25", "ZZ"]}`, `1: reversal.accepts[3]: "ZZ" is not among the codes`},
		{"a MAC without keys", "", "sign-in: none", "a MAC needs a key, and no sign-in brings one"},
		{"no algorithm", "", "mac: x9.24", `1: mac: "x9.24", want none or ecb, x9.9`},
		{"no currency", "", "currency: CNY", `1: currency: "CNY" is 156 in ISO 4217; write that, as messages have it`},
		{"a currency without code", "", "currency: {exponent: 0}", "1: currency: key code is missing"},
		{"too many decimals", "", `currency: {code: "156", exponent: 5}`, `1: currency.exponent: "5", want a whole number from 0 to 4`},
		{"a PIN block of no format", "", "pin: {format: 5}", `1: pin.format: "5", want 0, 1, 2, 3 or 4 (ISO 9564-1)`},
		{"a PIN block of 24 octets", "", "pin: {octets: 24}", `1: pin.octets: "24", want 16 or 8, of PIN blocks under SM4`},
		{"a width for another format", "", "pin: {octets: 8, format: 3}", "1: pin.octets: under SM4 a PIN block is of format 0, and pin says 3"},
		{"a width for derived keys", "", "keys: {dukpt: tdes}\nsign-in: none\nelements: {key-serial: 63}\npin: {octets: 8}", "under AES and DUKPT the width of a PIN block is the cipher's"},
		{"a PIN block of AES", "", "pin: {format: 4}", `1: pin.format: format 4 goes with AES keys alone`},
		{"no way to derive keys", "", "keys: {dukpt: des}", `1: keys.dukpt: DUKPT "des", want tdes, aes128, aes192 or aes256`},
		{"derived keys and a sign-in for keys", "", "keys: {dukpt: tdes}\nelements: {key-serial: 63}", "with DUKPT keys are derived, and no sign-in brings them"},
		{"derived keys without a serial number", "", "keys: {dukpt: tdes}\nsign-in: none", "1: keys: messages have no place for the key serial number; add key-serial to elements"},
		{"a serial number without room", "", "keys: {dukpt: tdes}\nsign-in: none\nelements: {key-serial: 53}", "the key serial number has 20 octets or digits, for which field 53 has no room"},
		{"a form without the serial number", "", "keys: {dukpt: tdes}\nsign-in: none\nmac: x9.19\nelements: {key-serial: 63}", "transactions.purchase: its keys are derived, and it does not carry their serial number (field 63); add that to carries"},
		{"a MAC that no such key makes", "", "mac: hmac-sha256", "mac: hmac-sha256 needs keys that DUKPT under AES derives"},
		{"a MAC not for AES", "", "keys: {dukpt: aes128}\nsign-in: none\nelements: {key-serial: 63}", "mac: ecb is not for AES keys, want cmac or hmac-sha256"},
		{"a PIN block under SM4", "", "sign-in: \"005\"\npin: {format: 3}", "2: pin.format: under SM4 a PIN block is of format 0"},
		{"a MAC by nothing", "", "mac: {over: [0, 3]}", "1: mac: key algorithm is missing"},
		{"a MAC over itself", "", "mac: {algorithm: x9.9, over: [0, 64]}", "1: mac.over[2]: field 64 is the MAC itself"},
		{"a MAC over a field that is not there", "", "mac: {algorithm: x9.9, over: [0, 7]}", `1: mac.over[2]: "7", want 0 (the message type), 1 (the bitmaps) or one of the fields`},
		{"a MAC over the value of a bitmap", "", "mac: {algorithm: x9.9, over: [1], as: values}", "1: mac.over[1]: the bitmaps have no value"},
		{"a MAC over nothing", "", "mac: {algorithm: x9.9, over: []}", "1: mac.over: is empty"},
		{"a MAC as values of the message", "", "mac: {algorithm: x9.9, as: values}", "1: mac: as goes with over"},
		{"a length prefix", "", "framing: {length: four}", `1: framing.length: "four", want binary, little`},
		{"a base that is none", "", "extends: morse", `1: extends: "morse", want cup`},
		{"a base that is not there", "", "extends: ./no.yaml", "1: extends: file ./no.yaml: no such file"},
		{"a base that extends itself", "", "extends: ./loop.yaml", "loop.yaml:1: extends: a circle: loop.yaml extends loop.yaml"},
		{"bases in a circle", "", "extends: ./round.yaml", "trip.yaml:1: extends: a circle: round.yaml extends trip.yaml extends round.yaml"},
		{"a base that extends the file itself", "", "extends: ./back.yaml", "back.yaml:1: extends: a circle: bank.yaml extends back.yaml extends bank.yaml"},
		{"a length too short for any message", "", "framing: {length: digits1}", "1: framing.length: the shortest sign-in does not go on a line: a length of 32, and digits1 says at most 9"},
		{"a length too short for what a void requires", "", "extends: iso87\nframing: {length: digits2}", "2: framing.length: the shortest purchase-void does not go on a line"},
		{"pairing on what no request carries", "", "pair: [11, 44]", "1: pair[2]: no request carries field 44"},
		{"a constant that terminals overwrite", "", `transactions: {purchase: {set: {4: "000000000100"}}}`, "1: transactions.purchase.set.4: terminals write the field themselves, as it is the amount of elements"},
		{"a key twice, the first none", "", "mac: none\nmac: x9.9", "2: key mac stands twice, first on line 1; keep one"},
		{"a field twice", "", "fields: {46: {is: n 8, name: x}, 46: {is: n 9, name: y}}", "1: fields: key 46 stands twice"},
		{"nothing that none takes away", "", "fields: {47: none}", "1: fields.47: none takes away what the file extends, which has nothing here"},
		{"letters in digits", "", `transactions: {purchase: {set: {3: "ABCDEF"}}}`, `1: transactions.purchase.set.3: `},
		{"letters in digits that are characters", "", "extends: iso87\ntransactions: {purchase: {set: {3: \"ABCDEF\"}}}", `2: transactions.purchase.set.3: "ABCDEF" does not fit field 3, which is of kind n`},
		{"a length that its prefix cannot tell", "", "fields: {46: {is: b...999, name: x, prefix: binary1}}", "1: fields.46: is: b...999: the length prefix binary1 says at most 255"},
		{"digits of which two characters tell", "", "fields: {46: {is: n...100, name: x, prefix: ascii2}}", "the length prefix ascii2 says at most 99"},
		{"a part of another field", "", "fields: {46: {is: ans 8, name: x, parts: {47.1: 1-4 batch}}}", "1: fields.46.parts.47.1: want parts of field 46 numbered 46.1"},
		{"letters packed as digits", "", "fields: {46: {is: ans 8, name: x, as: packed}}", "1: fields.46: is: ans 8: as packed cannot hold values of kind ans"},
		{"octets packed as digits", "", "fields: {46: {is: b 8, name: x, as: track}}", "as track cannot hold values of kind b"},
		{"a sign before digits alone", "", "fields: {46: {is: n 9, name: x, as: signed}}", "as signed cannot hold values of kind n"},
		{"pairing on nothing", "", "pair: []", "1: pair: no field: with the MTI alone an answer that comes late"},
		{"pairing on the response code", "", "pair: [11, 39]", "1: pair[2]: field 39 is the response code, which requests have not"},
		{"a required field of which terminals know nothing", "", "extends: iso87\nelements: {trace: none}", "field 11 is required, and terminals have no value for it"},
		{"payments without an amount", "", "elements: {amount: none}", "nothing says where a payment has its amount; add amount to elements"},
		{"answers without a response code", "", "elements: {response-code: none}", "nothing says where an answer has its response code"},
		{"an amount too short", "", "extends: iso87\nfields: {4: {is: n 6, name: amount}}", "elements.amount: 6 digits have room there, and terminals count with 12"},
		{"a trace too short", "", "extends: iso87\nfields: {11: {is: n 2, name: trace}}", "elements.trace: 2 digits have room there, and terminals count with 6"},
		{"a MAC and no logon", "", "extends: iso87\ntransactions: {sign-in: none, sign-off: none}", "a MAC needs a key, and there is no sign-in that brings one"},
		{"a currency that is none", "", `currency: "123"`, `1: currency: "123" is no currency of ISO 4217; if it is right, say how many decimals its amounts have: {code: "123", exponent: 2}`},
		{"an encoding that is none, told once", "", "encoding: {n: utf8}", `1: encoding.n: "utf8", want one of`},
		{"what is wrong in the file that is extended", "", "fields: {11: none}", "(mend it in bank.yaml, which builds on this file)"},
		{"a reversal that nothing ends", "", "reversal: none", "transactions.reversal: nothing says why one is sent and which answers end it"},
		{"a reversal for no reason", "", "reversal: {reasons: none}", "reversal: want reasons, why a reversal is sent, and accepts"},
		{"a constant trace", "", `transactions: {echo: {set: {11: "000001"}}}`, "1: transactions.echo.set.11: terminals write the field themselves"},
	} {
		text := c.text
		switch {
		case c.old != "":
			text = strings.Replace(string(cup), c.old, c.text, 1)
		case !strings.HasPrefix(text, "extends"):
			text += "\nextends: cup\n"
		}
		_, err := Parse("bank.yaml", []byte(text), beside(map[string]string{"./loop.yaml": "extends: ./loop.yaml",
			"./round.yaml": "extends: ./trip.yaml", "./trip.yaml": "extends: ./round.yaml", "./back.yaml": "extends: ./bank.yaml"}))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v\nwant in it %s", c.name, err, c.want)
		}
	}
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	_, err := Parse("bank.yaml", []byte("extends: cup\nfields:\n  3: {is: x}\n  4: {is: y}\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "bank.yaml:3:") || !strings.Contains(err.Error(), "bank.yaml:4:") {
		t.Error(err)
	}
}

// One wrong word is one complaint: what follows from it is not told besides.
func TestWhatFollowsFromAMistakeIsNotTold(t *testing.T) {
	for _, text := range []string{"encoding: {n: utf8}", "encoding: {length: roman}", "codes: {\"00\": {for: aproved}}"} {
		_, err := Parse("bank.yaml", []byte("extends: iso87\n"+text+"\n"), nil)
		if err == nil || strings.Contains(err.Error(), `""`) || strings.Contains(err.Error(), ":  ") || strings.Count(err.Error(), "\n") > 1 {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// So with constants of several transactions, and what else is wrong beside them.
func TestConstantsThatDoNotFitAreAllTold(t *testing.T) {
	_, err := Parse("bank.yaml", []byte(`extends: iso87
transactions:
  purchase:
    set: {3: "0000000", 25: "000"}
  refund:
    set:
      3: "1234567"
  echo: {set: {70: "30100"}}
codes:
  "05": {for: nothing}
`), nil)
	for _, want := range []string{":4: transactions.purchase.set.3", ":4: transactions.purchase.set.25", ":7: transactions.refund.set.3", ":8: transactions.echo.set.70", ":10: codes.05.for"} {
		if err == nil || !strings.Contains(err.Error(), "bank.yaml"+want) {
			t.Errorf("not told: %s, but %v", want, err)
		}
	}
}

// What a network has instead of CUP's MAC, PIN blocks and currency.
func TestMACPINAndCurrencyAreData(t *testing.T) {
	d, err := Parse("bank.yaml", []byte(`extends: iso87
mac: {algorithm: x9.9, over: [0, 4, 3], as: values}
pin: {format: 3}
currency: "392"
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.Algorithm != keys.X99 || !d.MAC || !slices.Equal(d.Covers.Fields, []int{0, 4, 3}) || !d.Covers.Values || d.PINFormat != keys.PINFormat3 || d.Exponent != 0 {
		t.Errorf("MAC %s over %+v, PIN block format %d, %d decimals", d.Algorithm, d.Covers, d.PINFormat, d.Exponent)
	}
	if f := d.Form(Purchase); !f.MACed || !slices.Contains(f.Fixed, Value{49, "392"}) {
		t.Errorf("a purchase has %v", f.Fixed)
	}
	iso, _ := Named("iso87")
	if iso.Covers.Fields != nil || iso.PINFormat != keys.PINFormat0 || iso.Exponent != 2 {
		t.Error("a variant changes what it extends")
	}
	none, err := Parse("bank.yaml", []byte("extends: iso87\nmac: {algorithm: none}\n"), nil)
	if err != nil || none.MAC {
		t.Errorf("no MAC: %v", err)
	}
}

func TestAmountsHaveTheDecimalsOfTheCurrency(t *testing.T) {
	for _, c := range []struct {
		currency, amount string
		want             int64 // -1 for an error
	}{
		{`"156"`, "12.34", 1234}, {`"156"`, "12", 1200}, {`"156"`, "12.3", 1230}, {`"156"`, "12.345", -1}, {`"156"`, "9999999999.99", 999999999999}, {`"156"`, "10000000000", -1},
		{`"392"`, "12.00", 12}, {`"392"`, "12.34", -1}, {`"392"`, "999999999999", 999999999999},
		{`"414"`, "12.34", 12340}, {`"414"`, "12.345", 12345}, {`"414"`, "1000000000.00", -1},
		{`{code: "392", exponent: 2}`, "12.34", 1234}, {`{code: "999", exponent: 0}`, "12", 12},
	} {
		d, err := Parse("bank.yaml", []byte("extends: iso87\ncurrency: "+c.currency+"\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.ParseAmount(c.amount)
		if (err != nil) != (c.want < 0) || err == nil && got != c.want {
			t.Errorf("%s of %s: %d, %v, want %d", c.amount, c.currency, got, err, c.want)
		}
	}
}

// Amounts are told in the letters of ISO 4217, or by their number where it has none.
func TestAmountsAreToldInTheirCurrency(t *testing.T) {
	for currency, want := range map[string]string{`"156"`: "yuan", `"566"`: "NGN", `"392"`: "JPY", `{code: "978", exponent: 2}`: "EUR", `{code: "999", exponent: 2}`: "of currency 999"} {
		d, err := Parse("bank.yaml", []byte("extends: iso87\ncurrency: "+currency+"\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Unit(); got != want {
			t.Errorf("amounts of %s are told in %q, want %q", currency, got, want)
		}
	}
}

func TestResolvedFileIsTheSameDialect(t *testing.T) {
	text := []byte("# a bank\nextends: cup\nname: bank\nfields: {46: {is: ans...120, name: private 46}}\n")
	whole, err := Resolved("bank.yaml", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(whole), "# balanced, not balanced") {
		t.Error("comments are lost")
	}
	a, err := Parse("bank.yaml", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse("whole.yaml", whole, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, whole)
	}
	for n := range 129 {
		if a.HasField(n) != b.HasField(n) || a.FieldName(n) != b.FieldName(n) {
			t.Errorf("field %d differs", n)
		}
	}
	for i := range a.Forms {
		x, _ := a.Forms[i].template.Append(nil)
		y, _ := b.Forms[i].template.Append(nil)
		if string(x) != string(y) {
			t.Errorf("%s differs", a.Forms[i].Transaction)
		}
	}
}

func TestSM4MakesRoomForItsPINBlock(t *testing.T) {
	d, _ := Named("cup")
	wide, err := d.WithWidePIN()
	if err != nil {
		t.Fatal(err)
	}
	n := d.Place(wire.PINBlock).Field
	if d.Spec.Fields[n].Spec().Length != 8 || wide.Spec.Fields[n].Spec().Length != 16 {
		t.Error("the dialect that comes with posfleet changed, or its copy did not")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("extends: cup\nfields: {46: {is: ans...120, name: private 46}}"))
	f.Add([]byte("extends: cup\nfields: none"))
	f.Add([]byte("extends: cup\ntransactions: {echo: {set: {60: \"\"}}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if n := allocs.Above(1000*uint64(len(text))+8<<20, // YAML's nodes, and what it extends
			func() { Parse("x.yaml", text, nil) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(text), n)
		}
		d, err := Parse("x.yaml", text, nil)
		if (d == nil) == (err == nil) {
			t.Errorf("%v, %v", d, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, name := range Names() {
		text, _ := Text(name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(name+".yaml", text, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/op")
		})
	}
}

// Secrets stay hidden wherever a network has them and whatever its file says.
func TestNoMaskShowsASecret(t *testing.T) {
	d, err := Parse("bank.yaml", []byte(`extends: iso87
fields: {2: {mask: clear}, 35: {mask: clear}, 52: {mask: clear}, 57: {is: n..19, name: card}, 58: {is: b 8, name: pin}, 59: {is: z..37, name: track}, 62: {mask: clear}}
elements: {pan: 57, pin-block: 58, track-2: 59}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for f, want := range map[int]Mask{2: Truncated, 57: Truncated, 35: Hidden, 52: Hidden, 58: Hidden, 59: Hidden, 62: Hidden} {
		if got := d.mask(f); got != want {
			t.Errorf("field %d has mask %s, want %s", f, maskNames[got], maskNames[want])
		}
	}
}

// What show prints of a dialect is that dialect.
func TestShownDialectReadsAsItself(t *testing.T) {
	for _, name := range Names() {
		text, _ := Text(name)
		whole, err := Resolved(name+".yaml", text, nil)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Parse("shown.yaml", whole, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		was, _ := Named(name)
		if d.Name != name || d.Title != was.Title || len(d.Forms) != len(was.Forms) || len(d.Codes) != len(was.Codes) || d.Framing != was.Framing {
			t.Errorf("%s is shown as %s, %s", name, d.Name, d.Title)
		}
		for i := range was.Forms {
			x, _ := was.Forms[i].template.Append(nil)
			y, _ := d.Forms[i].template.Append(nil)
			if string(x) != string(y) {
				t.Errorf("%s: %s is shown as another", name, was.Forms[i].Transaction)
			}
		}
	}
}

// Reading a dialect costs little more than reading its YAML, whatever the machine:
// allocations are counted, of both in the same run. BenchmarkParse has the time.
func TestReadingADialectCostsLittleMoreThanItsYAML(t *testing.T) {
	for _, name := range Names() {
		text, _ := Text(name)
		d, _ := Named(name)
		chain := [][]byte{text}
		for _, base := range d.Bases {
			text, _ := Text(base)
			chain = append(chain, text)
		}
		plain := testing.AllocsPerRun(3, func() {
			for _, text := range chain {
				var doc yaml.Node
				if err := yaml.Unmarshal(text, &doc); err != nil {
					t.Fatal(err)
				}
			}
		})
		whole := testing.AllocsPerRun(3, func() {
			if _, err := Parse(name+".yaml", text, nil); err != nil {
				t.Fatal(err)
			}
		})
		if whole > 2*plain {
			t.Errorf("%s: %.0f allocations, its YAML alone %.0f; want at most twice as many", name, whole, plain)
		}
	}
}

// A pairing that is the same of all payments of a terminal is pointed out: nothing else
// would show that a late answer counts as another's.
func TestPairingThatPairsNothingIsPointedOut(t *testing.T) {
	for pair, want := range map[string]bool{"[41]": true, "[3, 41, 42]": true, "[11]": false, "[11, 41, 42]": false} {
		d, err := Parse("bank.yaml", []byte("extends: cup\npair: "+pair+"\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		var s strings.Builder
		if d.Summary(&s); strings.Contains(s.String(), "pair by the trace too (11)") != want {
			t.Errorf("pair %s: %s", pair, s.String())
		}
	}
}

// Who takes the transactions of downloads out is told, once, how to be rid of what is downloaded.
func TestTransactionsOfDownloadsLeftOutNameTheMend(t *testing.T) {
	for text, want := range map[string]struct {
		mend  string
		times int
	}{
		"transactions: {download: none}":       {"the dialect has no download among its transactions; what terminals fetch is left out by downloads: none", 1},
		"transactions: {download-end: none}":   {"the dialect has no download-end among its transactions; what terminals fetch is left out by downloads: none", 1},
		"transactions: {download-query: none}": {"ic-parameters: none leaves this one out", 1},
		"transactions: {download-query: none, download: none, download-end: none}\ndownloads: none":               {},
		"transactions: {download-query: none}\ndownloads: {ca-keys: none, sm-ca-keys: none, ic-parameters: none}": {},
	} {
		_, err := Parse("bank.yaml", []byte("extends: cup\n"+text+"\n"), nil)
		if said := fmt.Sprint(err); (err == nil) != (want.times == 0) || want.times > 0 && strings.Count(said, want.mend) != want.times || strings.Contains(said, "is no management code") {
			t.Errorf("%s: %v, want %q", text, err, want.mend)
		}
	}
}
