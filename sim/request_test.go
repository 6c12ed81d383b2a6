package sim

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// What of an order and its card goes into a request, by how the card is read.
func TestRequestHasWhatItsOrderSays(t *testing.T) {
	key, err := keys.New([]byte("0123456789ABCDEF"))
	if err != nil {
		t.Fatal(err)
	}
	p, term := inHand(t, "cup")
	d := term.Profile.Dialect
	good := &term.Profile.Holders("good")[0]
	of := &Record{Of: dialect.Purchase, Amount: 100, Batch: 4, Trace: 77, RRN: [12]byte([]byte("101530000001")), Auth: [6]byte([]byte("123456")), Date: [4]byte([]byte("1126"))}
	card := *good
	card.Typed = nil
	pinless := &card
	bare := *of
	bare.Auth, bare.Date = [6]byte{}, [4]byte{}
	const absent = "-"
	type fields map[wire.Element]string
	for _, c := range []struct {
		name string
		o    Order
		keys keys.Set
		seal bool // tracks
		want fields
	}{
		{"swiped with PIN", Order{Of: dialect.Purchase, Amount: 8800, Entry: Swipe, PIN: true, Holder: good}, keys.Set{PIN: key}, false,
			fields{wire.Amount: "000000008800", wire.EntryMode: d.EntryMode(Swipe, true), wire.PAN: absent, wire.PINCapture: "12", wire.SecurityControl: "2600000000000000", wire.CardSequence: absent, wire.Totals: absent, wire.RRN: absent}},
		{"swiped without", Order{Of: dialect.Purchase, Amount: 1, Entry: Swipe, Holder: good}, keys.Set{PIN: key}, false,
			fields{wire.EntryMode: d.EntryMode(Swipe, false), wire.PINCapture: absent, wire.PINBlock: absent, wire.SecurityControl: "0600000000000000"}},
		{"swiped, no key for the PIN", Order{Of: dialect.Purchase, Amount: 1, Entry: Swipe, PIN: true, Holder: good}, keys.Set{}, false,
			fields{wire.EntryMode: d.EntryMode(Swipe, false), wire.PINBlock: absent}},
		{"swiped, tracks enciphered", Order{Of: dialect.Purchase, Amount: 1, Entry: Swipe, Holder: good}, keys.Set{Track: key}, true,
			fields{wire.SecurityControl: "0610000000000000"}},
		{"swiped, tracks left in clear", Order{Of: dialect.Purchase, Amount: 1, Entry: Swipe, Holder: good}, keys.Set{Track: key}, false,
			fields{wire.Track2: strings.Replace(string(good.Track2), "D", "=", 1), wire.SecurityControl: "0600000000000000"}},
		{"keyed in", Order{Of: dialect.Purchase, Amount: 1, Entry: Keyed, Holder: good}, keys.Set{PIN: key}, false,
			fields{wire.PAN: good.PAN, wire.Expiry: good.Expiry, wire.Track2: absent, wire.SecurityControl: absent, wire.CardSequence: absent}},
		{"keyed in with PIN", Order{Of: dialect.Purchase, Amount: 1, Entry: Keyed, PIN: true, Holder: good}, keys.Set{PIN: key}, false,
			fields{wire.PAN: good.PAN, wire.Track2: absent, wire.SecurityControl: "2600000000000000"}},
		{"by a code", Order{Of: dialect.QRPurchase, Amount: 1, Entry: Code, Holder: good, PIN: true}, keys.Set{PIN: key}, false,
			fields{wire.PAN: absent, wire.Track2: absent, wire.PINBlock: absent, wire.PaymentCode: string(dialect.AppendPaymentCode(nil, good.Code)), wire.EntryMode: d.EntryMode(Code, false)}},
		{"by a code of a phone's own", Order{Of: dialect.QRPurchase, Amount: 1, Entry: Code, Holder: good, Code: []byte("6299")}, keys.Set{}, false,
			fields{wire.PaymentCode: string(dialect.AppendTag(nil, dialect.TagPaymentCode, "6299"))}},
		{"a void", Order{Of: dialect.PurchaseVoid, Amount: 100, Entry: Swipe, Holder: good, Original: of}, keys.Set{}, false,
			fields{wire.RRN: "101530000001", wire.OriginalBatch: "000004", wire.OriginalTrace: "000077", wire.AuthCode: "123456", wire.Instalments: absent}},
		{"a void of what had no authorisation code", Order{Of: dialect.PurchaseVoid, Amount: 100, Entry: Swipe, Holder: good, Original: &bare}, keys.Set{}, false,
			fields{wire.RRN: "101530000001", wire.AuthCode: absent}},
		{"a refund", Order{Of: dialect.Refund, Amount: 100, Entry: Swipe, Holder: good, Original: of}, keys.Set{}, false,
			fields{wire.RRN: "101530000001", wire.OriginalBatch: "000000", wire.OriginalDate: "1126", wire.Operator: "000"}},
		{"a refund of another date", Order{Of: dialect.Refund, Amount: 100, Entry: Swipe, Holder: good, Original: of, Date: "1125"}, keys.Set{}, false,
			fields{wire.OriginalDate: "1125"}},
		{"a refund whose date is not known", Order{Of: dialect.Refund, Amount: 100, Entry: Swipe, Holder: good, Original: &bare, Date: ""}, keys.Set{}, false,
			fields{wire.OriginalDate: "0000"}},
		{"a tip", Order{Of: dialect.Tip, Amount: 115, Entry: Swipe, Holder: good, Original: of}, keys.Set{}, false,
			fields{wire.Totals: "000000000015"}},
		{"an adjustment", Order{Of: dialect.Adjustment, Amount: 115, Entry: Swipe, Holder: good, Original: of}, keys.Set{}, false,
			fields{wire.Totals: absent}},
		{"in parts", Order{Of: dialect.Instalment, Amount: 115, Entry: Swipe, Holder: good, Parts: 36}, keys.Set{}, false,
			fields{wire.Instalments: "36"}},
		{"a purchase is not in parts", Order{Of: dialect.Purchase, Amount: 115, Entry: Swipe, Holder: good, Parts: 36}, keys.Set{}, false,
			fields{wire.Instalments: absent}},
		{"in no parts", Order{Of: dialect.Instalment, Amount: 115, Entry: Swipe, Holder: good}, keys.Set{}, false,
			fields{wire.Instalments: absent}},
		{"by a card without a PIN", Order{Of: dialect.Purchase, Amount: 1, Entry: Swipe, PIN: true, Holder: pinless}, keys.Set{PIN: key}, false,
			fields{wire.PINBlock: absent, wire.EntryMode: d.EntryMode(Swipe, false)}},
		{"by a code that nobody shows yet", Order{Of: dialect.QRPurchase, Amount: 1, Entry: Code}, keys.Set{}, false,
			fields{wire.EntryMode: d.EntryMode(Code, false), wire.PaymentCode: absent}},
		{"by nobody's card", Order{Of: dialect.Purchase, Amount: 1, Entry: Swipe}, keys.Set{}, false,
			fields{wire.EntryMode: absent, wire.PAN: absent}},
		{"authorised by telephone", Order{Of: dialect.OfflineSettle, Amount: 115, Entry: Keyed, Holder: good, Auth: "654321"}, keys.Set{}, false,
			fields{wire.AuthCode: "654321"}},
	} {
		f := d.Form(c.o.Of)
		if f == nil {
			t.Errorf("%s: cup has no %s", c.name, c.o.Of)
			continue
		}
		term.keys, term.Profile.Policy.EncryptTracks = c.keys, c.seal
		p.begin(term, f)
		if err := p.fill(term, f, &c.o); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for e, want := range c.want {
			got := absent
			if p.req.Has(e) {
				got = p.req.Text(e)
			}
			if got != want {
				t.Errorf("%s: field %d is %q, want %q", c.name, d.Place(e).Field, got, want)
			}
		}
	}
}

// A void says of the payment that it undoes when its request was sent, where ISO 8583 has room
// for that: in 90 as MMDDhhmmss, in 56 of 1993 with its year.
func TestVoidSaysWhenItsOriginalWasSent(t *testing.T) {
	for _, c := range []struct {
		dialect string
		field   int
		mti     string
		of      wire.Element
		behind  string
	}{
		{"iso87", 90, "0200", wire.TransmissionTime, strings.Repeat("0", 22)},
		{"iso93", 56, "1200", wire.LocalDateTime, ""},
	} {
		p, term := inHand(t, c.dialect)
		d := term.Profile.Dialect
		good := &term.Profile.Holders("good")[0]
		o := Order{Of: dialect.Purchase, Amount: 8800, Entry: Swipe, Holder: good}
		term.Trace = 77
		p.begin(term, d.Form(dialect.Purchase))
		if err := p.fill(term, d.Form(dialect.Purchase), &o); err != nil {
			t.Fatal(err)
		}
		sent := p.req.Text(c.of)
		sent = sent[:len(sent)-10] + "0101000001" // of this year, and of no other request here
		p.req.SetString(c.of, sent)
		want := c.mti + "000077" + sent + c.behind
		p.ans = p.req
		p.book(&o, &Result{Trace: 77}, term.Batch)
		f := d.Form(dialect.PurchaseVoid)
		p.begin(term, f)
		if err := p.fill(term, f, &Order{Of: dialect.PurchaseVoid, Amount: 8800, Entry: Swipe, Holder: good, Original: &term.Journal.Records[0]}); err != nil {
			t.Fatal(err)
		}
		if got := p.req.FieldText(c.field); got != want {
			t.Errorf("%s: field %d of the void is %q, want %q", c.dialect, c.field, got, want)
		}
	}
}

// The year of a request that was sent before New Year is the last one.
func TestYearOfAnOriginalIsNotToCome(t *testing.T) {
	p, term := inHand(t, "iso93")
	p.begin(term, term.Profile.Dialect.Form(dialect.PurchaseVoid))
	now := p.Clock.At(p.Clock.Now())
	for _, c := range []struct {
		day  time.Time
		year int
	}{{now, now.Year()}, {now.AddDate(0, 0, 1), now.AddDate(0, 0, 1).Year() - 1}} {
		_, month, day := c.day.Date()
		p.putOriginalTime(uint32(int(month)*100+day)*1e6 + 235959)
		if got, want := p.req.Text(wire.OriginalDateTime), fmt.Sprintf("%02d%02d%02d235959", c.year%100, month, day); got != want {
			t.Errorf("the original is of %s, want %s", got, want)
		}
	}
}

func TestDataOfAChipThatNobodyIssued(t *testing.T) {
	p, _ := inHand(t, "cup")
	v := p.madeUp(&Order{Amount: 123456789012})
	if got := fmt.Sprintf("%x", v[67:73]); got != "123456789012" {
		t.Errorf("amount %s", got)
	}
	if got := fmt.Sprintf("%x", v[chipCurrency:chipCurrency+2]); got != "0156" {
		t.Errorf("currency %s", got)
	}
}

// A terminal whose settlement was begun and not heard of may not go on selling, one whose
// was declined may.
func TestSettlementUnderWayIsOneThatWasNotHeardOf(t *testing.T) {
	for _, c := range []struct {
		why  error
		want bool
	}{{nil, false}, {fmt.Errorf("end: %w", line.ErrTimeout), true}, {line.ErrBroken, true}, {line.ErrUnsent, false}, {errors.New("the host answers 05"), false}} {
		_, term := inHand(t, "cup")
		if term.settling() {
			t.Error("one that has never settled is settling")
		}
		term.Settled().Why = c.why
		if got := term.settling(); got != c.want {
			t.Errorf("%v: it is settling: %v", c.why, got)
		}
	}
}

// Of strays a run counts each, and keeps the first that is nobody's.
func TestStraysAreCountedByWhatTheyAre(t *testing.T) {
	d := dialect.CUP()
	m := d.NewMessage()
	d.Form(dialect.Echo).Begin(m)
	m.SetString(wire.TerminalID, "10000001")
	octets, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	other := append([]byte(nil), octets...)
	other[len(m.Head)] |= 0x30 // of another version of ISO 8583, or of none
	for _, c := range []struct {
		name                 string
		met                  line.Strays
		late, double, nobody int64
		kind                 string // empty for none that is kept
		first                string
	}{
		{"none", line.Strays{}, 0, 0, 0, "", ""},
		{"a late answer", line.Strays{Late: 1, Kept: []line.Stray{{Octets: octets, Why: "late", Known: true}}}, 1, 0, 0, "", ""},
		{"a second answer", line.Strays{Duplicate: 1, Kept: []line.Stray{{Octets: octets, Why: "again", Known: true}}}, 0, 1, 0, "", ""},
		{"nobody's", line.Strays{Unmatched: 1, Kept: []line.Stray{{Octets: octets, Why: "nobody's"}}}, 0, 0, 1, m.MTI() + ", nobody's", "10000001"},
		{"late ones and nobody's", line.Strays{Late: 2, Unmatched: 1, Kept: []line.Stray{{Octets: octets, Why: "nobody's"}}}, 2, 0, 1, m.MTI() + ", nobody's", "10000001"},
		{"half a message", line.Strays{Unmatched: 1, Kept: []line.Stray{{Octets: octets[:len(octets)-3], Why: "cut"}}}, 0, 0, 1, "cut", "octets that cannot be read"},
		{"half a message beside no other", line.Strays{Kept: []line.Stray{{Octets: octets[:len(octets)-3], Why: "cut"}}}, 0, 0, 0, "cut", "octets that cannot be read"},
		{"half a message, what of it can be read", line.Strays{Unmatched: 1, Kept: []line.Stray{{Octets: octets[:len(octets)-3], Why: "cut"}}}, 0, 0, 1, "cut", "10000001"},
		{"half of what may be no message", line.Strays{Unmatched: 1, Kept: []line.Stray{{Octets: other[:len(other)-3], Why: "cut"}}}, 0, 0, 1, "cut", "then 5 octets that cannot be read"},
		{"no message at all", line.Strays{Unmatched: 1, Kept: []line.Stray{{Octets: []byte("6225000000000014"), Why: "cut"}}}, 0, 0, 1, "cut", "octets that cannot be read"},
	} {
		rec := report.NewRecorder([]string{"a"}, 1, 0)
		recordStrays(rec.Shard(), d, &c.met, nil)
		rec.Tick(1_000_000_000)
		r := rec.Report()
		if r.Late != c.late || r.Duplicate != c.double || r.Unmatched != c.nobody || (len(r.Strays) == 1) != (c.kind != "") {
			t.Errorf("%s: %d late, %d again, %d nobody's, %+v", c.name, r.Late, r.Duplicate, r.Unmatched, r.Strays)
			continue
		}
		if strings.HasPrefix(c.name, "half of") && strings.Contains(r.Strays[0].First, "10000001") {
			t.Errorf("%s: what may be a card number is kept as %+v", c.name, r.Strays[0])
		}
		if c.kind != "" && (r.Strays[0].Kind != c.kind || !strings.Contains(r.Strays[0].First, c.first) || strings.Contains(r.Strays[0].First, "6225000000000014")) {
			t.Errorf("%s: kept as %+v", c.name, r.Strays[0])
		}
	}
}
