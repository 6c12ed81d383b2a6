package wire_test

import (
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/field"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// buildPurchase fills m with a signed chip purchase: 17 fields.
func buildPurchase(m *wire.Message, form *dialect.Form) {
	form.Begin(m)
	m.SetFieldString(2, "6225000000000014")
	m.SetFieldUint(4, 12345)
	m.SetFieldUint(11, 42)
	m.SetFieldString(14, "3012")
	m.SetFieldString(22, "051")
	m.SetFieldString(23, "001")
	m.SetFieldString(26, "12")
	m.SetFieldString(35, "6225000000000014D30122010000000000")
	m.SetFieldString(41, "10000001")
	m.SetFieldString(42, "123456789012345")
	m.SetFieldString(52, "\x6E\x83\xD8\xC8\x71\x67\x9F\x76")
	m.SetFieldString(53, "2600000000000000")
	m.SetString(wire.Batch, "000001")
	m.AddMAC()
}

func purchase(t testing.TB) *wire.Message {
	d := dialect.CUP()
	m := d.NewMessage()
	copy(m.Head, unhex(t, "6000030000603100310000"))
	buildPurchase(m, d.Form(dialect.Purchase))
	n := 0
	for range m.Fields {
		n++
	}
	if n != 17 {
		t.Fatalf("%d fields, want 17", n)
	}
	return m
}

func BenchmarkRead(b *testing.B) {
	m := purchase(b)
	octets, err := m.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Read(octets); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	m := purchase(b)
	dst := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.AppendFrame(dst, m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	m := purchase(b)
	form := dialect.CUP().Form(dialect.Purchase)
	dst := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		buildPurchase(m, form)
		if _, err := wire.AppendFrame(dst, m); err != nil {
			b.Fatal(err)
		}
	}
}

// The same message through moov's Message, with the same spec. Its digits are
// packed by our Nibbles, which is faster than moov's BCD.
func BenchmarkMoovRead(b *testing.B) {
	m := purchase(b)
	octets, err := m.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := iso8583.NewMessage(m.Format().Spec).Unpack(octets[11:]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMoovBuild(b *testing.B) {
	m := purchase(b)
	values := map[int][]byte{}
	for f := range m.Fields {
		values[f] = append([]byte(nil), m.Field(f)...)
	}
	b.ReportAllocs()
	for b.Loop() {
		other := iso8583.NewMessage(m.Format().Spec)
		other.MTI(m.MTI())
		for f, v := range values {
			if err := other.BinaryField(f, v); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := other.Pack(); err != nil {
			b.Fatal(err)
		}
	}
}

// A purchase of 8 fields in EBCDIC, bitmap, PIN block and MAC in its hexadecimal
// digits.
func BenchmarkReadEBCDIC(b *testing.B) { benchmarkRead(b, purchaseInEBCDIC(b)) }

func BenchmarkAppendEBCDIC(b *testing.B) {
	m := purchaseInEBCDIC(b)
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Append(dst); err != nil {
			b.Fatal(err)
		}
	}
}

// Seven composed fields of 20 parts, each checked.
func BenchmarkReadComposed(b *testing.B) {
	f := composed(b)
	m := f.NewMessage()
	m.SetMTI("0200")
	for _, c := range composedValues {
		v, err := f.PackSubs(c.field, c.parts)
		if err != nil {
			b.Fatal(err)
		}
		m.SetField(c.field, v)
	}
	benchmarkRead(b, m)
}

func benchmarkRead(b *testing.B, m *wire.Message) {
	octets, err := m.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Read(octets); err != nil {
			b.Fatal(err)
		}
	}
}

func purchaseInEBCDIC(t testing.TB) *wire.Message {
	f := &wire.Format{MAC: true, Spec: specOf("ebcdic", "ebcdic-hex", map[int]field.Field{
		2: leaf(19, "ebcdic", "ebcdic2", ""), 3: leaf(6, "ebcdic", "fixed", ""), 4: leaf(12, "ebcdic", "fixed", ""),
		11: leaf(6, "ebcdic", "fixed", ""), 35: leaf(37, "ebcdic", "ebcdic2", ""), 41: leaf(8, "ebcdic", "fixed", " "),
		52: leaf(8, "ebcdic-hex", "fixed", ""), 64: leaf(8, "ebcdic-hex", "fixed", "")})}
	if err := f.Compile(); err != nil {
		t.Fatal(err)
	}
	m := f.NewMessage()
	m.SetMTI("0200")
	for n, v := range map[int]string{2: "6225000000000014", 3: "000000", 4: "000000012345", 11: "000042",
		35: "6225000000000014=30122010000000000", 41: "T1", 52: "\x6E\x83\xD8\xC8\x71\x67\x9F\x76"} {
		m.SetFieldString(n, v)
	}
	m.AddMAC()
	return m
}

func TestNothingIsAllocatedForAMessage(t *testing.T) {
	m := purchase(t)
	m.SetFieldString(55, string(unhex(t, "9F02060000000100009F36020001820200007106DF01010A0000")))
	d := dialect.CUP()
	dst, err := wire.AppendFrame(make([]byte, 0, 1024), m)
	if err != nil {
		t.Fatal(err)
	}
	in, out, buf := d.NewMessage(), d.NewMessage(), make([]byte, 0, 1024)
	for name, f := range map[string]func(){
		"read":     func() { in.Read(dst[2:]) },
		"build":    func() { buildPurchase(out, d.Form(dialect.Purchase)); wire.AppendFrame(buf, out) },
		"answer":   func() { out.AnswerTo(in); out.SetFieldString(39, "00"); out.AddMAC(); wire.AppendFrame(buf, out) },
		"classify": func() { d.Classify(in) },
		"key":      func() { _ = in.Key() },
		"sealing":  func() { in.MACSpan() },
		"TLV":      func() { in.CheckTLV(55) },
		"tags": func() {
			for range wire.Tags(in.Field(55)) {
			}
		},
		"fields": func() {
			for range in.Fields {
			}
		},
	} {
		in.Read(dst[2:])
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
