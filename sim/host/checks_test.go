package host

import (
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

func TestBothDialectsPayAndReverse(t *testing.T) {
	for _, network := range []string{"cup", "iso87"} {
		t.Run(network, func(t *testing.T) {
			h, address := listen(t, network)
			p := ready(t, h, address, 0)
			p.want("00", dialect.Echo)
			start := balanceOf(t, h, "good")
			buy := p.request(dialect.Purchase, amount(12345), shows("good"), pin("123456"))
			if code := p.send(buy); code != "00" {
				t.Fatalf("purchase answered %s", code)
			}
			if len(p.ans.Field(38)) != 6 || len(p.ans.Field(37)) != 12 || p.ans.FieldText(2) != "6225000000000014" {
				t.Errorf("fields 2, 37, 38 are %q, %q, %q", p.ans.FieldText(2), p.ans.FieldText(37), p.ans.FieldText(38))
			}
			if got := balanceOf(t, h, "good"); got != start-12345 {
				t.Errorf("balance %d, want %d", got, start-12345)
			}
			if b := bookOf(h, "10000001"); b.Debit != 12345 || b.DebitN != 1 || b.Net() != 12345 {
				t.Errorf("book %+v", b)
			}
			for range 3 {
				if code := p.send(p.reversalOf(buy)); code != "00" {
					t.Fatalf("reversal answered %s", code)
				}
			}
			if got := balanceOf(t, h, "good"); got != start {
				t.Errorf("balance %d after the reversal, want %d", got, start)
			}
			if b := bookOf(h, "10000001"); b.Totals != (dialect.Totals{}) {
				t.Errorf("book %+v after the reversal", b)
			}
			p.want("00", dialect.Balance, shows("good"), pin("123456"))
			if got, want := p.ans.FieldText(54), "1002156C000050000000"; got != want {
				t.Errorf("balance inquiry says %q, want %q", got, want)
			}
			p.want("00", dialect.SignOff)
			p.want("77", dialect.Purchase, amount(100), shows("good"))
		})
	}
}

// Each rule's code, and that nothing is booked but what is approved.
func TestEveryRefusalHasItsCodeAndMovesNothing(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	unknownMerchant := ready(t, h, address, 3)
	before := h.Books()
	for _, c := range []struct {
		name, code string
		kind       dialect.Transaction
		fields     []field
	}{
		{"unknown terminal", "97", dialect.Purchase, []field{amount(1), shows("good"), set(41, "19999999")}},
		{"terminal of another merchant", "97", dialect.Purchase, []field{amount(1), shows("good"), set(42, "999999999999999")}},
		{"another batch", "77", dialect.Purchase, []field{amount(1), shows("good"), sub(wire.Batch, "000007")}},
		{"no trace", "30", dialect.Purchase, []field{amount(1), shows("good"), without(11)}},
		{"no amount", "30", dialect.Purchase, []field{shows("good")}},
		{"no entry mode", "30", dialect.Purchase, []field{amount(1), shows("good"), without(22)}},
		{"no card at all", "30", dialect.Purchase, []field{amount(1)}},
		{"unknown kind of payment", "12", dialect.Purchase, []field{amount(1), shows("good"), set(3, "990000")}},
		{"amount zero", "13", dialect.Purchase, []field{amount(0), shows("good")}},
		{"unknown card", "14", dialect.Purchase, []field{amount(1), set(2, "6225999999999999")}},
		{"stolen card", "43", dialect.Purchase, []field{amount(1), shows("stolen")}},
		{"stolen card asks its balance", "43", dialect.Balance, []field{shows("stolen")}},
		{"expired card", "54", dialect.Purchase, []field{amount(1), shows("expired")}},
		{"expiry mistyped", "54", dialect.Purchase, []field{amount(1), shows("good"), set(14, "4911")}},
		{"wrong PIN", "55", dialect.Purchase, []field{amount(1), shows("good"), pin("111111")}},
		{"PIN block of rubbish", "99", dialect.Purchase, []field{amount(1), shows("good"), set(52, "rubbish!"), set(53, "2600000000000000")}},
		{"PIN block of another card", "99", dialect.Purchase, []field{amount(1), shows("poor"), pin("123456"), set(2, "6225000000998877")}},
		{"funds", "51", dialect.Purchase, []field{amount(101), shows("poor")}},
		{"funds for a hold", "51", dialect.PreAuth, []field{amount(101), shows("poor")}},
		{"limit", "61", dialect.Purchase, []field{amount(500_001), shows("capped")}},
		{"limit of a hold", "61", dialect.PreAuth, []field{amount(500_001), shows("capped")}},
		{"largest amount", "51", dialect.Purchase, []field{amount(999_999_999_999), shows("good")}},
		{"track without separator", "30", dialect.Purchase, []field{amount(1), set(35, "6225000000000014251210112345")}},
		{"track of another card than field 2", "30", dialect.Purchase, []field{amount(1), shows("good"), set(35, "6225000090000510D49122011234567")}},
		{"payment code unknown", "14", dialect.QRPurchase, []field{amount(1), set(59, "A30196299999999999999999")}},
		{"payment code cut", "30", dialect.QRPurchase, []field{amount(1), set(59, "A3019621111")}},
		{"no payment code", "30", dialect.QRPurchase, []field{amount(1), set(59, "A2003abc")}},
		{"void of nothing", "25", dialect.PurchaseVoid, []field{amount(1), shows("good"), set(37, "000000000001")}},
		{"void without its original", "30", dialect.PurchaseVoid, []field{amount(1), shows("good")}},
		{"refund of nothing", "25", dialect.Refund, []field{amount(1), shows("good"), set(37, "000000000001"), set(63, "000")}},
		{"completion of nothing", "25", dialect.Completion, []field{amount(1), shows("good"), set(38, "000001")}},
		{"pre-auth void of nothing", "25", dialect.PreAuthVoid, []field{amount(1), shows("good"), set(38, "000001")}},
		{"completion void of nothing", "25", dialect.CompletionVoid, []field{amount(1), shows("good"), set(37, "000000000001")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.TB = t
			p.want(c.code, c.kind, c.fields...)
			if p.ans.HasField(64) || p.ans.HasField(38) {
				t.Error("a refusal carries a MAC or an authorisation code")
			}
		})
	}
	p.TB = t
	unknownMerchant.want("03", dialect.Purchase, amount(1), shows("good"))
	for i, b := range h.Books() {
		if b != before[i] {
			t.Errorf("book of %s is %+v, want %+v", b.TID, b, before[i])
		}
	}
}

func TestDefectiveSuccessIsBookedAndSealed(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	p.want("A2", dialect.Purchase, amount(500), shows("defective"))
	if b := bookOf(h, "10000001"); b.Debit != 500 {
		t.Errorf("debit %d, want 500", b.Debit)
	}
}

func TestTrackAndPaymentCodeAreRead(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	p.want("00", dialect.Purchase, amount(100), set(22, "022"), set(35, "6225000030000000D49122011234567890"))
	sealed, err := p.keys.Track.EncryptTrack([]byte("6225000030000000D49122011234567890"))
	if err != nil {
		t.Fatal(err)
	}
	p.want("00", dialect.Purchase, amount(100), set(22, "022"), set(35, string(sealed)), set(53, "0610000000000000"))
	if p.ans.FieldText(2) != "6225000030000000" {
		t.Errorf("field 2 is %q", p.ans.FieldText(2))
	}
	// Deciphered, a clear track is sixteen digits that the key makes: nearly never a
	// track, and never this card's.
	before, _ := h.Balance("6225000030000000")
	if code := p.do(dialect.Purchase, amount(100), set(22, "022"), set(35, "6225000030000000D49122011234567890"), set(53, "0610000000000000")); code == "00" {
		t.Error("a clear track that says it is enciphered was approved")
	}
	if b, _ := h.Balance("6225000030000000"); b != before {
		t.Errorf("the card has %d, had %d", b, before)
	}
	p.want("00", dialect.QRPurchase, amount(100), set(59, "A30196211111111111111112"))
	if v := p.ans.FieldText(59); len(v) != 25 || v[:5] != "A4020" || p.ans.HasField(38) {
		t.Errorf("the answer has voucher %q and code %q, want a voucher and none", v, p.ans.FieldText(38))
	}
	if b, _ := h.Balance(h.profile.Holders("good")[1].PAN); b != 50_000_000-100 {
		t.Errorf("the second code's card has %d, want %d", b, 50_000_000-100)
	}
}

// A payment that comes again is not booked again, whatever it says.
func TestRepeatedPaymentIsBookedOnce(t *testing.T) {
	for _, c := range []struct {
		name    string
		options []Option
		alike   string // code of a repeat that is the same
		poor    string // and where it was declined
	}{
		{"refused", nil, "94", "94"},
		{"answered again", []Option{WithRepeats()}, "00", "51"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, address := listen(t, "cup", c.options...)
			p := ready(t, h, address, 0)
			buy := p.request(dialect.Purchase, amount(700), shows("good"))
			if code := p.send(buy); code != "00" {
				t.Fatal(code)
			}
			rrn, auth := p.ans.FieldText(37), p.ans.FieldText(38)
			for range 10 {
				if code := p.exchange(p.last); code != c.alike {
					t.Fatalf("the repeat got %s, want %s", code, c.alike)
				}
				if c.alike == "00" && (p.ans.FieldText(37) != rrn || p.ans.FieldText(38) != auth || !p.verified()) {
					t.Error("the repeat has another reference, another code or no MAC")
				}
			}
			other := dialPOS(t, h, address, 0)
			other.keys, other.batch = p.keys, p.batch
			if code := other.exchange(p.last); code != c.alike {
				t.Errorf("on another connection the repeat got %s, want %s", code, c.alike)
			}
			buy.SetFieldUint(4, 800)
			if code := p.send(buy); code != "94" {
				t.Errorf("the same trace with another amount got %s, want 94", code)
			}
			buy.SetFieldUint(4, 700)
			buy.SetFieldString(2, "6225000030000000")
			if code := p.send(buy); code != "94" {
				t.Errorf("the same trace with another card got %s, want 94", code)
			}
			declined := p.request(dialect.Purchase, amount(700), shows("poor"))
			if code := p.send(declined); code != "51" {
				t.Fatal(code)
			}
			if code := p.send(declined); code != c.poor {
				t.Errorf("the repeat of a declined payment got %s, want %s", code, c.poor)
			}
			if b := bookOf(h, "10000001"); b.Debit != 700 || b.DebitN != 1 {
				t.Errorf("book %+v, want 700 once", b)
			}
		})
	}
}

// Advices are repeated until they are answered: what is the same again hears what it heard first,
// approved or declined, also from a host that came back, and only where its MAC is right.
func TestAdviceThatComesAgainIsAnsweredAsAtFirst(t *testing.T) {
	auth := set(38, "123456")
	for _, c := range []struct {
		name, network string
		of            dialect.Transaction
		fen           uint64
		role          string
		to            dialect.Transaction // what it is about; a sign-in for nothing
		want          string
	}{
		{"approved", "cup", dialect.OfflineSettle, 700, "good", dialect.SignIn, "00"},
		{"declined, a poor card", "cup", dialect.OfflineSettle, 700, "poor", dialect.SignIn, "51"},
		{"declined, a stolen card", "cup", dialect.OfflineSettle, 700, "stolen", dialect.SignIn, "43"},
		{"approved with another code", "cup", dialect.OfflineSettle, 700, "defective", dialect.SignIn, "A2"},
		{"raised", "cup", dialect.Adjustment, 1050, "good", dialect.Purchase, "00"},
		{"raised by too much", "cup", dialect.Adjustment, 1101, "good", dialect.Purchase, "64"},
		{"with a tip", "cup", dialect.Tip, 1100, "good", dialect.Purchase, "00"},
		{"completed", "cup", dialect.CompletionAdvice, 1000, "good", dialect.PreAuth, "00"},
		{"completed with too much", "cup", dialect.CompletionAdvice, 1151, "good", dialect.PreAuth, "64"},
		{"iso87, completed", "iso87", dialect.CompletionAdvice, 1000, "good", dialect.PreAuth, "00"},
		{"iso87, completed with too much", "iso87", dialect.CompletionAdvice, 1151, "good", dialect.PreAuth, "64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := keeps(t, bench(c.network), t.TempDir())
			p := ready(t, h, serveHost(t, h), 0)
			of := auth
			if c.to != dialect.SignIn {
				p.do(c.to, amount(1000), shows(c.role))
				original, code, date := p.original(), p.ans.FieldText(38), p.ans.FieldText(13)
				of = func(_ *pos, m *wire.Message) {
					if original(p, m); c.to == dialect.PreAuth {
						m.SetFieldString(38, code)
						m.SetString(wire.OriginalDate, date)
					}
					if c.of == dialect.Tip {
						m.SetFieldString(48, "000000000100")
					}
				}
			}
			advice := p.request(c.of, amount(c.fen), shows(c.role), of)
			if code := p.send(advice); code != c.want {
				t.Fatalf("first it is answered %s, want %s", code, c.want)
			}
			code, rrn, booked := p.ans.FieldText(39), p.ans.FieldText(37), bookOf(h, "10000001")
			again := func(what string) {
				t.Helper()
				if got := p.exchange(p.last); got != code || p.ans.FieldText(37) != rrn {
					t.Errorf("%s it is answered %s under reference %s, first %s under %s", what, got, p.ans.FieldText(37), code, rrn)
				}
			}
			again("again")
			if f := h.dialect.Form(c.of); f.Repeat != "" {
				advice.SetMTI(f.Repeat)
				if got := p.send(advice); got != code {
					t.Errorf("as a repeat it is answered %s, first %s", got, code)
				}
			}
			p.moves(afterKill(t, h))
			again("after the host came back")
			right := p.last
			p.last = append([]byte{}, right...)
			p.last[len(right)-1] ^= 1
			if got := p.exchange(p.last); got == code || h.dialect.Class(dialect.CodeOf(got)) != dialect.Declines || h.dialect.Means(dialect.CodeOf(got), dialect.Duplicate) {
				t.Errorf("with a wrong MAC it is answered %s", got)
			}
			advice.SetFieldUint(4, c.fen+1)
			if got := p.send(advice); !h.dialect.Means(dialect.CodeOf(got), dialect.Duplicate) {
				t.Errorf("with another amount it is answered %s", got)
			}
			if got := bookOf(h, "10000001"); got.Totals != booked.Totals {
				t.Errorf("book %+v, was %+v", got.Totals, booked.Totals)
			}
		})
	}
}

// Each octet that the MAC covers, and the MAC itself, flipped in turn.
func TestFlippedOctetIsNeverBooked(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	clean := p.frame(p.request(dialect.Purchase, amount(700), shows("good"), pin("123456")))
	body := 2 + h.dialect.Header.Len()
	codes := map[string]int{}
	for i := body; i < len(clean); i++ {
		for _, bit := range []byte{1, 0x80} {
			// A connection each: some flips make the frame unreadable.
			q := dialPOS(t, h, address, 0)
			frame := append([]byte{}, clean...)
			frame[i] ^= bit
			q.write(frame)
			q.conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			code := "silence"
			if ans, err := q.reader.Next(); err == nil && q.ans.Read(ans) == nil {
				code = q.ans.FieldText(39)
			}
			q.conn.Close()
			switch code {
			case "A0", "12", "30", "77", "97", "silence": // 12: the flip hit the message type, 77 and 97: batch, TID or MID
			default:
				t.Errorf("octet %d, bit %02X: answered %s", i, bit, code)
			}
			codes[code]++
		}
	}
	t.Logf("answers: %v", codes)
	if b := bookOf(h, "10000001"); b.Totals != (dialect.Totals{}) {
		t.Errorf("booked %+v, want nothing", b.Totals)
	}
	// A payment without any MAC, and the clean one at last.
	kept := p.keys.MAC
	p.keys.MAC = nil
	bare := p.frame(p.request(dialect.Purchase, amount(700), shows("good")))
	p.keys.MAC = kept
	if code := p.exchange(bare); code != "A0" {
		t.Errorf("a payment without a MAC got %s, want A0", code)
	}
	if code := p.exchange(clean); code != "00" {
		t.Errorf("the clean frame got %s, want 00", code)
	}
}

// Octets after the last field, within the frame, are covered by no MAC.
func TestOctetsAfterTheMACAreRefused(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	frame := p.frame(p.request(dialect.Purchase, amount(700), shows("good")))
	frame = append(frame, 1, 2, 3, 4)
	frame[1] += 4
	if code := p.exchange(frame); code != "30" {
		t.Errorf("answered %s, want 30", code)
	}
	if b := bookOf(h, "10000001"); b.Totals != (dialect.Totals{}) {
		t.Errorf("booked %+v, want nothing", b.Totals)
	}
}

func TestNothingIsBookedWithoutSignIn(t *testing.T) {
	h, address := listen(t, "cup")
	p := dialPOS(t, h, address, 0)
	p.want("77", dialect.Purchase, amount(1), shows("good"))
	p.want("77", dialect.Balance, shows("good"))
	p.signIn()
	kept := p.keys
	p.want("00", dialect.Purchase, amount(1), shows("good"))
	p.want("00", dialect.SignOff)
	p.keys = kept
	for _, kind := range []dialect.Transaction{dialect.Purchase, dialect.PreAuth} {
		p.want("77", kind, amount(1), shows("good"))
	}
	if b := bookOf(h, "10000001"); b.Debit != 1 {
		t.Errorf("debit %d, want 1", b.Debit)
	}
}

// Answers and notifications get no answer and change nothing.
func TestAnswersAndNotificationsAreIgnored(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	for _, mti := range []string{"0210", "0410", "0810", "9999", "0340"} {
		m := p.request(dialect.Purchase, amount(1), shows("good"))
		m.SetMTI(mti)
		p.write(p.frame(m))
	}
	foreign := p.request(dialect.Purchase, amount(1), shows("good"))
	foreign.Head[2] = 0x77
	p.write(p.frame(foreign))
	if !p.unanswered() {
		t.Errorf("answered %s %s, want silence", p.ans.MTI(), p.ans.FieldText(39))
	}
	if n := h.Counts().Ignored; n != 6 {
		t.Errorf("%d ignored, want 6", n)
	}
	p.want("00", dialect.Purchase, amount(1), shows("good"))
}

// Echo fields come back, TPDU addresses change over, and the answer goes
// to the connection that asked.
func TestAnswerBringsBackWhatWasAsked(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	m := p.request(dialect.Purchase, amount(4321), shows("good"))
	if code := p.send(m); code != "00" {
		t.Fatal(code)
	}
	if p.ans.MTI() != "0210" {
		t.Errorf("MTI %s, want 0210", p.ans.MTI())
	}
	for _, f := range []int{3, 4, 11, 25, 41, 42, 49, 60} {
		if got, want := p.ans.FieldText(f), m.FieldText(f); got != want {
			t.Errorf("field %d is %q, want %q", f, got, want)
		}
	}
	if got, want := string(p.ans.Head[:5]), "\x60\x00\x00\x00\x03"; got != want {
		t.Errorf("TPDU % X, want % X", got, want)
	}
	if p.ans.FieldText(37)[:6] != p.ans.FieldText(12) {
		t.Errorf("RRN %s does not begin with the time %s", p.ans.FieldText(37), p.ans.FieldText(12))
	}
}

func TestReferencesAreUnique(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	seen := map[string]bool{}
	for range 200 {
		p.want("00", dialect.Purchase, amount(1), shows("good"))
		if rrn := p.ans.FieldText(37); seen[rrn] {
			t.Fatalf("reference %s came twice", rrn)
		} else {
			seen[rrn] = true
		}
	}
}

func TestAskingChangesNothing(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	before := h.Books()
	for range 3 {
		p.want("00", dialect.Balance, shows("good"))
		p.want("00", dialect.Echo)
	}
	for i, b := range h.Books() {
		if b != before[i] {
			t.Errorf("book is %+v, want %+v", b, before[i])
		}
	}
}
