package host

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/serve"
)

// hostile makes octets that no terminal should send out of ones that it does.
func hostile(p *pos) map[string][]byte {
	sale := func(fields ...field) []byte {
		return p.frame(p.request(dialect.Purchase, append([]field{amount(700), shows("good")}, fields...)...))
	}
	const head, mti, bitmap, data = 2, 13, 15, 23 // offsets in a CUP frame
	patch := func(at int, octets string) []byte {
		f := sale()
		b, _ := hex.DecodeString(octets)
		copy(f[at:], b)
		return f
	}
	// cut gives a frame of n octets, with its length right.
	cut := func(n int) []byte {
		f := sale()[:n]
		f[0], f[1] = 0, byte(n-2)
		return f
	}
	card := func(value string) []byte { // field 2 as these octets, the rest as it was
		f := sale()
		b, _ := hex.DecodeString(value)
		f = append(append(append([]byte{}, f[:data]...), b...), f[data+9:]...)
		f[0], f[1] = 0, byte(len(f)-2)
		return f
	}
	emv := func(value string) []byte {
		b, _ := hex.DecodeString(value)
		return sale(set(55, string(b)))
	}
	raw := func(s string) []byte { b, _ := hex.DecodeString(s); return b }
	tail := func(s string, counted bool) []byte {
		f := append(sale(), s...)
		if counted {
			f[1] += byte(len(s))
		}
		return f
	}
	short := sale()
	return map[string][]byte{
		"zero length":              raw("0000"),
		"500 zero lengths":         make([]byte, 1000),
		"TPDU cut":                 cut(head + 4),
		"header cut":               cut(head + 8),
		"ends before MTI":          cut(mti),
		"one octet of MTI":         cut(mti + 1),
		"no bitmap":                cut(bitmap),
		"bitmap cut":               cut(bitmap + 2),
		"no fields":                cut(data),
		"length with sign bit":     patch(0, "8000"),
		"length above all":         patch(0, "FFFF"),
		"length one too long":      patch(0, "00"+hex.EncodeToString([]byte{short[1] + 1})),
		"length one too short":     patch(0, "00"+hex.EncodeToString([]byte{short[1] - 1})),
		"last octet missing":       short[:len(short)-1],
		"one octet":                raw("00"),
		"minus one in ASCII":       []byte("-001"),
		"plus in ASCII":            []byte("+123"),
		"hexadecimal in ASCII":     []byte("0x1F"),
		"five digits":              []byte("99999"),
		"4 GiB":                    raw("FFFFFFFF"),
		"HTTP":                     []byte("GET / HTTP/1.1\r\n\r\n"),
		"TLS hello":                raw("16030100C8010000C40303"),
		"foreign TPDU":             patch(head, "60FFFFFFFF"),
		"no TPDU":                  patch(head, "42"),
		"an answer":                patch(mti, "0210"),
		"unknown MTI":              patch(mti, "9999"),
		"letters in MTI":           patch(mti, "0F00"),
		"all bits":                 patch(bitmap, "FFFFFFFFFFFFFFFF"),
		"second bitmap announced":  patch(bitmap, "8000000000000000"),
		"PAN of 0 digits":          card("00"),
		"PAN of 20 digits":         card("206225000000000014062250"),
		"PAN of 99 digits":         card("99"),
		"PAN length with letter":   card("1A62250000000000140000"),
		"PAN with letter":          card("16622500000000001F"),
		"PAN odd, pad not zero":    card("1562250000000000141F"),
		"amount zero":              sale(amount(0)),
		"amount of letters":        patch(data+9+3, "AAAAAAAAAAAA"),
		"largest amount":           sale(amount(999_999_999_999)),
		"TID of zeros":             sale(set(41, "\x00\x00\x00\x00\x00\x00\x00\x00")),
		"TID as path":              sale(set(41, "../../..")),
		"TID with escapes":         sale(set(41, "\x1b[2J\x1b[1H")),
		"MID as markup":            sale(set(42, "<script>alert(1")),
		"MID as formula":           sale(set(42, "=cmd|'/C calc'!")),
		"EMV empty":                emv("")[:10],
		"EMV tag cut":              emv("9F")[:12],
		"MAC of zeros":             append(short[:len(short)-8:len(short)-8], make([]byte, 8)...),
		"MAC of 4 octets":          cut(len(short) - 4),
		"octets after the MAC":     tail("\x01\x02\x03\x04", true),
		"an octet after the frame": append(patch(len(short)-1, "00"), 0),
		"noise":                    bytes.Repeat([]byte{0xA5, 0x00, 0x3C}, 300),
	}
}

// Whatever one connection sends, the next sale on another is approved at
// once, and nothing else is booked.
func TestHostileOctetsHarmNobody(t *testing.T) {
	h, address := listen(t, "cup", WithLimits(serve.Limits{Message: 100 * time.Millisecond}))
	p := ready(t, h, address, 0)
	sales := 0
	for name, octets := range hostile(p) {
		for took, tries := 2*time.Second, 0; took > time.Second; tries++ { // the host answers in microseconds; a machine may stand still once
			q := dialPOS(t, h, address, 1)
			q.conn.Write(octets)
			q.conn.SetReadDeadline(time.Now().Add(3 * time.Millisecond))
			if frame, err := q.reader.Next(); err == nil && q.ans.Read(frame) == nil && h.dialect.Class(dialect.CodeOf(q.ans.Field(39))) != dialect.Declines {
				t.Errorf("%s: approved", name)
			}
			begin := time.Now()
			p.want("00", dialect.Purchase, amount(1), shows("good"))
			sales++
			q.conn.Close()
			if took = time.Since(begin); took > time.Second && tries == 2 {
				t.Fatalf("%s: the next sale took %v, and more than a second before", name, took)
			}
		}
		if b := bookOf(h, "10000001"); b.DebitN != sales || b.Debit != int64(sales) {
			t.Fatalf("%s: book %+v, want %d sales of 1", name, b.Totals, sales)
		}
	}
}

// Chip data that is no BER-TLV, or has an element twice, is refused whatever card it
// is of: it may be for its issuer to read, and it cannot be read in one way only.
func TestBrokenChipDataIsRefused(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	for _, value := range []string{"9F", "FFFFFFFF", "9F0280", "9F0284FFFFFFFF", "9F02887FFFFFFFFFFFFFFF", "DF8118887FFFFFFFFFFFFFFF", "9F02060000000100009F0206000000010000"} {
		b, _ := hex.DecodeString(value)
		p.want("30", dialect.Purchase, amount(1), shows("good"), set(55, string(b)))
	}
	for _, value := range []string{"", "9F0206000000010000", "9F028200020100"} {
		b, _ := hex.DecodeString(value)
		p.want("00", dialect.Purchase, amount(1), shows("good"), set(55, string(b)))
	}
}

// FuzzRequest sends any octets into the rules. Nothing panics, and the books
// hold; what is sealed wrongly is not booked.
func FuzzRequest(f *testing.F) {
	h, err := New(bench("cup"))
	if err != nil {
		f.Fatal(err)
	}
	p := signedIn(f, h, 0)
	for _, octets := range hostile(p) {
		if len(octets) > 2 {
			f.Add(octets[2:], true)
			f.Add(octets[2:], false)
		}
	}
	sound := p.request(dialect.Purchase, amount(700), shows("good"))
	p.frame(sound)
	for _, x := range sound.Defects(1) {
		if frame, err := sound.Spoil(&x, nil); err == nil && len(frame) > 2 {
			f.Add(frame[2:], true)
		}
	}
	for _, kind := range []dialect.Transaction{dialect.Refund, dialect.PreAuth, dialect.Completion, dialect.CompletionVoid, dialect.PurchaseVoid, dialect.QRPurchase, dialect.Balance} {
		f.Add(p.frame(p.request(kind, shows("good")))[2:], true)
	}
	f.Add(p.frame(p.reversalOf(p.request(dialect.Purchase, amount(1), shows("good"))))[2:], true)
	for _, kind := range []dialect.Transaction{dialect.Settlement, dialect.BatchUpload, dialect.UploadEnd, dialect.SignOff, dialect.Echo} {
		f.Add(p.frame(p.request(kind, set(48, "00")))[2:], false)
	}
	req := newRequest(h.dialect)
	m := h.dialect.NewMessage()
	f.Fuzz(func(t *testing.T, frame []byte, seal bool) {
		// With a right MAC the octets reach the rules behind it.
		sealed := append([]byte{}, frame...)
		if seal && m.Read(sealed) == nil {
			if covered, mac := m.MACSpan(); mac != nil {
				sum := h.sessions[0].keys.MAC.MAC(h.profile.MAC, covered)
				copy(mac, sum[:])
			}
		}
		before := h.Books()[0]
		right := false
		if m.Read(sealed) == nil {
			covered, mac := m.MACSpan()
			right = mac != nil && h.sessions[0].keys.MAC.CheckMAC(h.profile.MAC, covered, mac)
		}
		h.answer(req, nil, sealed, time.Now())
		if !right && h.Books()[0].Totals != before.Totals {
			t.Error("booked without a right MAC")
		}
		if err := h.Check(); err != nil {
			t.Fatal(err)
		}
		if !h.sessions[0].signedIn {
			signedIn(t, h, 0)
		}
	})
}
