package device

import (
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/strict"
)

// Each kind has the parts that make it one: what a shop buys it for.
func TestKindsHaveTheirParts(t *testing.T) {
	for _, c := range []struct {
		name, chinese string
		has, lacks    Parts
		line          string
	}{
		{"desktop", "台式", CardReader | PINPad | Printer | Camera, Battery | SIM | SignaturePad, "broadband"},
		{"counter", "台式", CardReader, Battery, "broadband"}, // the name of older profiles
		{"desktop-dial", "拨号台式", CardReader | Printer, SIM, "dial-v22"},
		{"mobile", "移动", CardReader | Printer | Battery | SIM, SignaturePad, "4g"},
		{"smart", "智能", CardReader | Printer | SignaturePad | Camera | Battery, None, "wifi"},
		{"e-signature", "电签", CardReader | SignaturePad, Printer, "4g"},
		{"qr", "扫码盒", Camera | Modem, CardReader | PINPad | Printer, "nb-iot"},
	} {
		k := Find(Kinds(), c.name)
		if k == nil || Find(Kinds(), c.chinese) != k {
			t.Errorf("%s: is %v, in Chinese %v", c.name, k, Find(Kinds(), c.chinese))
			continue
		}
		if !k.Has(c.has) || k.All()&c.lacks != 0 || k.Line != c.line || k.ReadsCards() != (c.has&CardReader != 0) {
			t.Errorf("%s has %s, on %s", c.name, k.All(), k.Line)
		}
	}
	if Find(Kinds(), "") != nil || Find(Kinds(), "till") != nil {
		t.Error("there is a kind of no name, or a till")
	}
}

// A terminal whose kind nobody has said is a desktop.
func TestNoKindIsADesktop(t *testing.T) {
	var k *Kind
	if !k.Has(Printer) || !k.ReadsCards() || k.String() != "desktop" || k.All() != Desktop().Parts {
		t.Errorf("it is %s with %s", k, k.All())
	}
}

// Every part has a name in both languages, by which it is found again.
func TestPartsAreFoundByName(t *testing.T) {
	for one := range All.Each {
		for _, chinese := range []bool{false, true} {
			name := Names(chinese)[one.index()]
			if p, ok := Named(name); !ok || p != one {
				t.Errorf("%q is %v", name, p)
			}
		}
	}
	if p, ok := Named("Card reader"); !ok || p != CardReader {
		t.Errorf("card reader is %v", p)
	}
	if p, ok := Named("engine"); ok {
		t.Errorf("an engine is %v", p)
	}
	if got := (Printer | Keyboard).String(); got != "keyboard, printer" {
		t.Errorf("%q", got)
	}
	if None.String() != "none" || None.Fails() != "" {
		t.Errorf("%q fails with %q", None, None.Fails())
	}
}

// The self-test tells of the parts that a kind has, in their order, and of nothing
// else.
func TestSelfTestTells(t *testing.T) {
	c := &Condition{Broken: Printer | PINPad | SignaturePad | Display, Low: true, Tampered: true}
	Find(Kinds(), "mobile").SelfTest(c)
	if want := []string{"密码键盘出现问题", "打印机故障", LowText, TamperedText}; !slices.Equal(c.Told, want) {
		t.Errorf("a mobile terminal tells %q, want %q", c.Told, want)
	}
	Desktop().SelfTest(c)
	if slices.Contains(c.Told, LowText) {
		t.Error("a desktop terminal has a battery")
	}
	*c = Condition{}
	if Desktop().SelfTest(c); c.Told != nil {
		t.Errorf("nothing is wrong, and it tells %q", c.Told)
	}
}

// What is missing of a kind and what is broken of a machine are told apart.
func TestLacks(t *testing.T) {
	qr := Find(Kinds(), "qr")
	if missing, broken := qr.Lacks(nil, StripeReader|Camera); missing != StripeReader || broken != None {
		t.Errorf("missing %s, broken %s", missing, broken)
	}
	if missing, broken := Desktop().Lacks(&Condition{Broken: Printer}, Printer|Camera); missing != None || broken != Printer {
		t.Errorf("missing %s, broken %s", missing, broken)
	}
}

// What is wrong with a kind of one's own is told with line and mend.
func TestWrongKinds(t *testing.T) {
	for text, want := range map[string]string{
		"pump: {line: gprs}":                "key parts is missing",
		"pump: {parts: [engine]}":           "is no part of a terminal; want one of display",
		"Pump: {parts: [display]}":          "is no name of a kind",
		"pump: {parts: [display], fly: 1}":  "unknown key",
		"pump: {parts: [display], line: x}": "no line profile is called",
	} {
		r := &strict.Reader{File: "bank.yaml"}
		root, ok := r.Document([]byte(text))
		if !ok {
			t.Fatal(r.Err())
		}
		ReadKinds(r, root, Kinds(), func(name string) bool { return name == "gprs" })
		if err := r.Err(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "bank.yaml:1") {
			t.Errorf("%s: %v, want %q of line 1", text, err, want)
		}
	}
}

// A profile's kind of the same name takes the place of ours.
func TestOwnKindWins(t *testing.T) {
	r := &strict.Reader{File: "bank.yaml"}
	root, _ := r.Document([]byte("qr: {parts: [display]}\npump: {chinese: 加油机, parts: [display, chip-reader]}"))
	all := ReadKinds(r, root, Kinds(), nil)
	if r.Err() != nil || len(all) != len(Kinds())+1 || Find(all, "qr").All() != Display || !Find(all, "加油机").ReadsCards() || !Find(Kinds(), "qr").Has(Camera) {
		t.Errorf("%v: %s", r.Err(), NamesOf(all))
	}
}
