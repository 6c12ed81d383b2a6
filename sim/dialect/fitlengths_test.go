package dialect

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

// A field of another length shifts all that comes after it: what is named is a field that
// may be it, and never one from the shifted part.
func TestBreaksNamesTheFieldOfAnotherLength(t *testing.T) {
	d, _ := Named("iso87")
	q := d.NewMessage()
	d.Form(Echo).Begin(q)
	q.SetString(wire.TransmissionTime, "1127150801")
	q.SetString(wire.Trace, "000042")
	q.SetString(wire.TerminalID, "10000001")
	q.SetString(wire.MerchantID, "898000000000001")
	parts := func(changes ...string) string {
		all := []string{"0810", "8238000106C00000", "0400000000000000", "1127150801", "000042", "150802", "1127", "0899929005", "482913", "00", "10000001", "898000000000001", "301"}
		return strings.NewReplacer(changes...).Replace(strings.Join(all, "|"))
	}
	for name, c := range map[string]struct{ octets, want string }{
		"as it should be":           {parts(), `^$`},
		"39 of three":               {parts("|00|", "|000|"), `^field 38 or 39 is 1 longer than the dialect says$`},
		"38 of seven":               {parts("|482913|", "|4829137|"), `^field 38 or 39 is 1 longer`},
		"38 of five":                {parts("|482913|", "|48291|"), `^field (12, 13, )?38 or 39 is 1 shorter`},
		"41 of six":                 {parts("|10000001|", "|100000|"), `^field 41 \(.*\) is 6 long, 8 in the dialect$`},
		"37 announced and not sent": {parts("8238000106", "823800010E"), `^field 37 \(retrieval reference number\) is announced in the bitmap, and not there$`},
		"of another request":        {parts("1127150801", "1127150807", "000042", "000043"), `^$`},
		"a request":                 {parts("0810", "0800", "|00|", "|000|"), `^$`},
		"no message":                {"HTTP/1.1 400 Bad Request", `^$`},
	} {
		if got := d.Breaks(q, []byte(strings.ReplaceAll(c.octets, "|", ""))); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// paymentIn is a purchase in a dialect and its answer, which other says in another form of
// one field.
func paymentIn(t *testing.T, d *Dialect, fields, value string) (request *wire.Message, octets []byte) {
	t.Helper()
	other, err := Parse("bank.yaml", []byte("name: bank\nextends: "+d.Name+"\nfields: {"+fields+"}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	values := map[int]string{2: "6225000000004503", 3: "000000", 4: "000000001250", 11: "000042", 41: "10000001", 42: "898000000000001", 49: "156"}
	answered := map[int]string{12: "150802", 13: "1127", 37: "112715080242", 38: "482913", 39: "00", 44: "0102 0304"}
	if n, v, is := strings.Cut(value, "="); is {
		at, _ := strconv.Atoi(n)
		answered[at] = v
	}
	q, a := d.NewMessage(), other.NewMessage()
	q.SetMTI("0200")
	a.SetMTI("0210")
	for n, v := range values {
		q.SetFieldString(n, v)
		a.SetFieldString(n, v)
	}
	for n, v := range answered {
		a.SetFieldString(n, v)
	}
	octets, err = a.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return q, octets
}

// The answer to a payment is told by its broken field as one to a sign-in is, whether that
// has another length, another encoding or another length prefix; that to another payment
// is not blamed for its fields.
func TestBreaksNamesTheFieldOfAPayment(t *testing.T) {
	for _, c := range []struct{ in, fields, value, want string }{
		{"iso87", "37: {is: an 13}", "37=1127150802427", `^field (12, 13, )?37, 38 or 39 is 1 longer than the dialect says$`},
		{"cup", "37: {is: an 13}", "37=1127150802427", `^field (12, 13, )?37, 38 or 39 is 1 longer than the dialect says$`},
		{"cup", "38: {is: an 5}", "38=48291", `^field (12, 13, )?37, 38 or 39 is 1 shorter than the dialect says$`},
		{"cup", "42: {is: ans 16}", "42=898000000000001 ", `^field 42 \(merchant id\) is 16 long, 15 in the dialect(, or the length of field 44 .* packed3, packed2 in the dialect)?$`},
		{"cup", "37: {is: n 12, as: packed}", "", `^field 37 \(.*\) is encoded as packed, octets in the dialect$`},
		{"cup", "12: {is: n 6, as: ascii}", "32=48020000", `^field 12 \(.*\) is encoded as ascii, packed in the dialect$`},
		{"cup", "32: {is: n..11, prefix: packed2-octets}", "32=48020000", `^(field 13 \(.*\) is announced in the bitmap, and not there, or )?the length of field 32 \(acquirer id\) is written as packed2-octets, packed2 in the dialect$`},
		{"iso87", "4: {is: n 14}", "4=00000000001250", `^field 3 or 4 is 2 longer than the dialect says$`},
		{"iso87", "4: {is: n 12, as: packed}", "", `^field 4 \(amount\) is encoded as packed, ascii in the dialect$`},
		{"cup", "4: {is: n 12, as: ascii}", "", `^field 4 \(amount\) is encoded as ascii, packed in the dialect$`},
		{"iso87", "44: {is: an...25}", "", `^the length of field 44 \(additional response data\) is written as ascii3, ascii2 in the dialect$`},
		{"cup", "44: {is: an..25, prefix: ascii2}", "", `^the length of field 44 \(.*\) is written as ascii2, packed2 in the dialect$`},
		{"iso87", "", "", `^$`},
	} {
		d, _ := Named(c.in)
		q, octets := paymentIn(t, d, c.fields, c.value)
		if got := d.Breaks(q, octets); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%s, %s: %q, want %q", c.in, c.fields, got, c.want)
		}
		q.SetString(wire.Trace, "000041")
		if got := d.Breaks(q, octets); got != "" && !strings.HasPrefix(c.fields, "4:") {
			t.Errorf("%s, %s, the answer to another payment: %q", c.in, c.fields, got)
		}
	}
}

// An answer whose octets were spoiled has every field in its form: what is told is the
// value that cannot be, by the error of reading it, the bit that is wrong, or that its end
// is missing, and never another form of a field.
func TestBreaksBlamesNoFormForSpoiledOctets(t *testing.T) {
	for _, name := range []string{"cup", "iso87"} {
		d, _ := Named(name)
		q, octets := paymentIn(t, d, "", "63=CUP and words behind it")
		_, signed := paymentIn(t, d, "", "64=8 octets")
		m := d.NewMessage()
		if err := m.Read(octets); err != nil {
			t.Fatal(err)
		}
		// starts are where fields begin: where the message without what is before them ends
		starts := map[int]int{}
		for n := range m.Fields {
			part := slices.Clone(octets)
			for at := len(octets); at > 0; at-- {
				if left, err := d.NewMessage().ReadPart(part[:at]); err != nil && left > starts[n] {
					if e, is := errors.AsType[*wire.FieldError](err); is && e.Field == n {
						starts[n] = left
					}
				}
			}
		}
		spoil := func(n, by int, with byte) []byte {
			b := slices.Clone(octets)
			b[starts[n]+by] = with
			return b
		}
		partly := func(b []byte) []byte { // approves half of the amount
			b[starts[11]-2]--
			copy(b[starts[39]:], "10")
			return b
		}
		for what, c := range map[string]struct {
			octets []byte
			want   string
		}{
			"as it should be":         {octets, `^$`},
			"a nought in 41":          {spoil(41, 0, 0), `^$`},
			"FF in 3":                 {spoil(3, 0, 0xFF), `^$`},
			"a bad digit in 11":       {spoil(11, 1, 0x3F), `^$`},
			"FF in 4":                 {spoil(4, 2, 0xFF), `^$`},
			"FF in 12":                {spoil(12, 0, 0xFF), `^$`},
			"FF in 49":                {spoil(49, 1, 0xFF), `^$`},
			"4 octets less":           {octets[:len(octets)-4], `^its end is missing, or a field after 49 is shorter than the dialect says$`},
			"20 octets less":          {octets[:len(octets)-20], `^its end is missing, or a field after 49 is shorter than the dialect says$`},
			"37 there, not announced": {d.Format.Announcing(octets, 37), `field 37 \(.*\) is there, and not announced in the bitmap$`},
			"39 there, not announced": {d.Format.Announcing(octets, 39), `field 39 \(.*\) is there, and not announced in the bitmap`},
			"63 there, not announced": {d.Format.Announcing(octets, 63), `^(a field after 49 is longer .*)?$`},
			"64 there, not announced": {d.Format.Announcing(signed, 64), `^field 64 \(MAC\) is there, and not announced in the bitmap$`},
			"37 announced, not there": {d.Format.Announcing(d.Format.Without(octets, 37, starts[37]), 37), `field 37 \(.*\) is announced in the bitmap, and not there`},
			"behind half of another":  {slices.Concat(partly(slices.Clone(octets))[:38], make([]byte, d.Format.Length.Octets), octets[:len(octets)-9]), `^the answer begins behind 38 octets of another message, of which no more came$`},
			"4 octets more":           {append(slices.Clone(octets), 1, 2, 3, 4), `^$`},
			"the length of 44":        {spoil(44, 0, octets[starts[44]]-1), `^the length of field 44 \(.*\) is not that of the 9 octets behind it$`},
			"4 more, of a part":       {partly(append(slices.Clone(octets), 1, 2, 3, 4)), `^$`},
			"44 announced, not there": {d.Format.Announcing(d.Format.Without(octets, 44, starts[44]), 44), `field 44 \(.*\) is announced in the bitmap, and not there`},
		} {
			if got := d.Breaks(q, c.octets); !regexp.MustCompile(c.want).MatchString(got) {
				t.Errorf("%s, %s: %q, want %q (%v)", name, what, got, c.want, m.Read(c.octets))
			}
		}
	}
}
