package dialect

import (
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"

	"github.com/posfleet/posfleet/sim/wire"
)

// captured gives the published messages of the wire's tests by name, each as it
// stood on the line.
func captured(t testing.TB) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("../wire/testdata/cup.txt")
	if err != nil {
		t.Fatal(err)
	}
	out, name := map[string][]byte{}, ""
	for line := range strings.Lines(string(text)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if before, ok := strings.CutSuffix(word, ":"); ok {
			name = before
		}
		if word == "=" {
			out[name] = append(out[name], unhex(t, rest)...)
		}
	}
	return out
}

// iso87Spec is a field table of iso87 that is nobody else's.
func iso87Spec() *iso8583.MessageSpec {
	text, _ := Text("iso87")
	d, err := Parse("iso87.yaml", text, nil)
	if err != nil {
		panic(err)
	}
	return d.Spec
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// read reads a frame, length first.
func read(t testing.TB, d *Dialect, frame []byte) *wire.Message {
	t.Helper()
	body, err := d.NewReader(strings.NewReader(string(frame))).Next()
	if err != nil {
		t.Fatal(err)
	}
	m := d.NewMessage()
	if err := m.Read(body); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRequestsClassifyAsThemselves(t *testing.T) {
	for _, d := range Dialects() {
		for i := range d.Forms {
			f := &d.Forms[i]
			m := d.NewMessage()
			f.Begin(m)
			if f.Transaction == Reversal { // as the original, whatever it is
				m.SetFieldString(3, "000000")
				m.SetFieldString(25, "00")
			}
			for _, net := range append([]string{""}, f.ManagementCodes...) {
				if net != "" {
					m.SetString(wire.ManagementCode, net)
					if m.Text(wire.ManagementCode) != net {
						t.Errorf("%s: %s has no place for %s", d.Name, f.Transaction, net)
					}
				}
				if got, ok := d.Classify(m); !ok || got != f.Transaction {
					t.Errorf("%s: request of %s (%s) is taken for %s, %v", d.Name, f.Transaction, net, got, ok)
				}
				if f.Repeat != "" {
					m.SetMTI(f.Repeat)
					if got, ok := d.Classify(m); !ok || got != f.Transaction {
						t.Errorf("%s: repeat %s of %s is taken for %s, %v", d.Name, f.Repeat, f.Transaction, got, ok)
					}
					m.SetMTI(f.MTI)
				}
			}
		}
	}
}

func TestPaymentCodeIsNotAStripe(t *testing.T) {
	d := CUP()
	m := d.NewMessage()
	d.Form(Purchase).Begin(m)
	for mode, want := range map[string]Transaction{"032": QRPurchase, "022": Purchase, "051": Purchase, "071": Purchase} {
		m.SetFieldString(22, mode)
		if got, ok := d.Classify(m); !ok || got != want {
			t.Errorf("purchase with entry mode %s is taken for %s, want %s", mode, got, want)
		}
	}
	m.SetMTI("9999")
	if _, ok := d.Classify(m); ok {
		t.Error("an unknown message type is taken for a transaction")
	}
	frames := captured(t)
	for _, name := range []string{"S1", "S3b", "S4", "S10", "S12", "S13", "S14", "S15", "C8", "C9"} {
		want := map[string]Transaction{"S1": SignIn, "S3b": QRPurchase, "S4": Purchase, "S10": Purchase, "S12": Balance,
			"S13": Reversal, "S14": Settlement, "S15": Echo, "C8": UploadEnd, "C9": SignOff}[name]
		if got, ok := d.Classify(read(t, d, frames[name])); !ok || got != want {
			t.Errorf("%s is taken for %s, %v; want %s", name, got, ok, want)
		}
	}
}

func TestEveryDialectCompiles(t *testing.T) {
	for name, d := range Dialects() {
		if err := d.Compile(); err != nil || d.Name != name {
			t.Errorf("dialect %s named %s: %v", name, d.Name, err)
		}
		for s, span := range d.Places {
			covered := d.Parts[span.Field] == nil || span.To == 0 || span.Name == strconv.Itoa(span.Field)
			for _, p := range d.Parts[span.Field] {
				covered = covered || p.From == span.From && p.To == span.To && p.Number == span.Name
			}
			if !covered {
				t.Errorf("%s: part %d (%s) of field %d is not among its Parts", name, s, span.Name, span.Field)
			}
		}
	}
}
