package sim_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/signature"
	"github.com/posfleet/posfleet/sim/signature/jbig"
	"github.com/posfleet/posfleet/sim/wire"
)

// newPad is newTill with a signature pad.
func newPad(t testing.TB, b *bench) *till {
	t.Helper()
	x := newTill(t, b)
	x.usePad()
	return x
}

func (x *till) usePad() {
	of := *x.Terminal.Terminal
	of.Kind = device.Find(x.Profile.Kinds, "e-signature")
	x.Terminal.Terminal = &of
}

// written is a signature of operator 01 that is taken or refused for a reason.
func (x *till) written(t testing.TB, kind signature.Kind, want signature.Reason) signature.Signature {
	t.Helper()
	hand := x.Profile.Operator("01").Hand
	for n := range uint64(50) {
		if s := hand.Sign(kind, n); hand.Writer().Verify(s).Reason == want {
			return s
		}
	}
	t.Fatalf("of 50 signatures none is %q", want)
	return nil
}

// stranger is somebody else's signature, which is refused for that alone.
func (x *till) stranger(t testing.TB) signature.Signature {
	t.Helper()
	hand := x.Profile.Operator("01").Hand
	for n := range uint64(50) {
		if s := hand.Stranger(n); hand.Writer().Verify(s).Reason == signature.Foreign {
			return s
		}
	}
	t.Fatal("of 50 strangers none is foreign")
	return nil
}

func TestOperatorSignsIn(t *testing.T) {
	x := newPad(t, newBench(t, "cup", 1))
	genuine, shaky := x.written(t, signature.Genuine, signature.Accepted), x.written(t, signature.Shaky, signature.Tremor)
	foreign := x.stranger(t)
	type step struct {
		do      func() error
		shows   string
		refused bool
	}
	login := func() error { return x.Login("01", "0000") }
	sign := func(s signature.Signature) func() error { return func() error { return x.SignOnPad(s) } }
	vouch := func(password string) func() error { return func() error { return x.Vouch(password) } }
	for name, steps := range map[string][]step{
		"genuine": {{login, "请在屏幕签字", false}, {sign(genuine), "操作员签到成功", false}},
		"shaky, then genuine": {{login, "请在屏幕签字", false}, {sign(shaky), "签字抖动, 请重签", true},
			{vouch("123456"), "签字抖动, 请重签", true}, {sign(genuine), "操作员签到成功", false}},
		"foreign, then the supervisor": {{login, "请在屏幕签字", false}, {sign(foreign), "签字不符, 请重签", true}, {sign(foreign), "签字不符, 请重签", true},
			{sign(foreign), "签字不符, 请输入主管密码", true}, {sign(genuine), "签字不符, 请输入主管密码", true},
			{login, "请输入主管密码", false}, {sign(genuine), "请输入主管密码", true},
			{vouch("000000"), "主管密码错误", true}, {vouch("123456"), "操作员签到成功", false}},
		"a dot":    {{login, "请在屏幕签字", false}, {sign(signature.Signature{{{X: 100, Y: 100, T: 0, Pressure: 400}}}), "签字过短, 请重签", true}},
		"no ink":   {{login, "请在屏幕签字", false}, {sign(nil), "签字无效, 请重签", true}},
		"password": {{func() error { return x.Login("01", "1111") }, "密码错误", true}, {sign(genuine), "密码错误", true}},
	} {
		x.PowerOn()
		for i, s := range steps {
			if err := s.do(); errors.Is(err, sim.ErrRefusedLocally) != s.refused || x.Display != s.shows {
				t.Errorf("%s, step %d: %v, shows %q, want %q", name, i+1, err, x.Display, s.shows)
			}
			if in := x.Operator == "01"; in != strings.HasPrefix(x.Display, "操作员签到成功") {
				t.Errorf("%s, step %d: logged in is %v", name, i+1, in)
			}
			if x.Operator == "" && !errors.Is(x.p.SignIn(), sim.ErrRefusedLocally) {
				t.Errorf("%s, step %d: it signs in with nobody logged in", name, i+1)
			}
			x.Display = s.shows
		}
	}
}

// Who need not sign is logged in by the password: there is no pad, no enrolled
// signature, or the policy does not want it.
func TestWhoNeedNotSign(t *testing.T) {
	b := newBench(t, "cup", 1)
	for name, change := range map[string]func(*till){
		"no pad": func(x *till) { x.Terminal.Terminal = &x.Profile.Terminals[0] },
		"not enrolled": func(x *till) {
			x.Profile.Operators = slices.Clone(x.Profile.Operators)
			x.Profile.Operators[0].Hand = nil
		},
		"policy": func(x *till) { x.Profile.Policy.Signatures.SignIn = false },
	} {
		x := newPad(t, b)
		change(x)
		x.PowerOn()
		if err := x.Login("01", "0000"); err != nil || x.Operator != "01" {
			t.Errorf("%s: %v, shows %q", name, err, x.Display)
		}
	}
	x := newPad(t, b)
	x.PowerOn()
	x.Wear(func(c *device.Condition) { c.Broken = device.SignaturePad })
	if err := x.Login("01", "0000"); err != nil || x.Operator != "" || !strings.Contains(x.Display, "主管密码") {
		t.Errorf("a broken pad: %v, shows %q", err, x.Display)
	}
	if err := x.Vouch("123456"); err != nil || x.Operator != "01" {
		t.Errorf("a broken pad and the supervisor: %v, shows %q", err, x.Display)
	}
}

// Whoever does all that is asked for gets in at each terminal, whatever signature
// comes out of the hand that day.
func TestLoginWholeGetsIn(t *testing.T) {
	b := newBench(t, "cup", 40)
	x := newPad(t, b)
	for i := range x.Profile.Terminals {
		of := x.Profile.Terminals[i]
		of.Kind = device.Find(x.Profile.Kinds, "smart")
		y := sim.NewTerminal(x.Profile, &of)
		y.PowerOn()
		if err := y.LoginWhole("01", "0000"); err != nil || y.Operator != "01" {
			t.Fatalf("terminal %s: %v, shows %q", of.TID, err, y.Display)
		}
	}
}

// signs has the cardholder sign for a purchase.
func (x *till) signs(t testing.TB) *sim.Signed {
	t.Helper()
	if err := x.p.SignSlip(signature.Generate(7, signature.Genuine, 0)); err != nil {
		t.Fatal(err)
	}
	return &x.Signed()[len(x.Signed())-1]
}

func TestSignatureGoesUp(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newPad(t, b)
	x.pay(t, 1234)
	trace := x.Terminal.Trace
	s := x.signs(t)
	if s.State != sim.Sent || s.Image != nil || x.Terminal.Trace != trace {
		t.Errorf("state %s, trace %d then %d", s.State, trace, x.Terminal.Trace)
	}
	if x.p.Last.Of != dialect.Purchase || x.Display != "签字完成 "+s.FeatureCode || len(s.FeatureCode) != 8 {
		t.Errorf("the last is %s, shows %q", x.p.Last.Of, x.Display)
	}
	request, sale := x.sent[1].request, x.sent[0].request
	if request.MTI() != "0820" || request.FieldText(60) != "07"+sale.FieldText(60)[2:8]+"800" || request.FieldText(11) != sale.FieldText(11) || request.FieldUint(4) != 1234 {
		t.Errorf("it was %s with 60 %s and trace %s", request.MTI(), request.FieldText(60), request.FieldText(11))
	}
	if _, err := jbig.Decode(request.Field(62)); err != nil {
		t.Error(err)
	}
	slip := map[uint32]string{}
	for tag, err := range wire.Tags(request.Field(55)) {
		if err != nil {
			t.Error(err)
		}
		slip[tag.Tag] = fmt.Sprintf("%X", tag.Value)
	}
	name, err := simplifiedchinese.GBK.NewEncoder().String(x.Profile.Merchant(x.MID).Name)
	if err != nil {
		t.Fatal(err)
	}
	if slip[0xFF00] != fmt.Sprintf("%X", name) || slip[0xFF01] != "CFFBB7D1" || slip[0xFF02] != fmt.Sprintf("%X", x.Operator) || len(slip[0xFF06]) != 14 || slip[0xFF0A] != "0156" {
		t.Errorf("field 55 says %v", slip)
	}
	if kept, _ := b.host.Signatures(x.TID); len(kept) != 1 || kept[0].FeatureCode != s.FeatureCode || kept[0].Amount != 1234 {
		t.Errorf("the host has %+v", kept)
	}
	if err := x.p.SignSlip(signature.Generate(7, signature.Genuine, 1)); !errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("the same purchase is signed twice: %v", err)
	}
}

func TestSignatureGoesUpInParts(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newPad(t, b)
	x.Profile.Policy.Signatures.Part = 50
	x.pay(t, 1234)
	if s := x.signs(t); s.State != sim.Sent {
		t.Fatalf("state %s", s.State)
	}
	var kinds []string
	for _, s := range x.sent[1:] {
		kinds = append(kinds, s.request.FieldText(60)[:2]+s.request.FieldText(60)[8:])
	}
	for i, kind := range kinds {
		want := "0880" + string(rune('1'+i)) + map[bool]string{true: "1", false: "0"}[i == len(kinds)-1]
		if kind != want {
			t.Errorf("part %d is %s, want %s", i+1, kind, want)
		}
	}
	if kept, _ := b.host.Signatures(x.TID); len(kept) != 1 || kept[0].Parts != len(kinds) || len(kinds) < 2 {
		t.Errorf("the host has %+v of %d parts", kept, len(kinds))
	}
}

// Whatever becomes of the image, the sale stands and owes nothing.
func TestSignatureNeverStopsASale(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newPad(t, b)
	x.Profile.Policy.Timeout /= 50
	x.Profile.Policy.Signatures.UploadTries = 2
	x.pay(t, 100)
	x.Faults.Add(line.LoseAnswer, 1)
	if s := x.signs(t); s.State != sim.NotSent || s.Tries != 1 || !x.p.Last.Approved() || x.Owes() {
		t.Errorf("an answer is lost: state %s, %d tries, owes %v", s.State, s.Tries, x.Owes())
	}
	x.pay(t, 200)
	x.signs(t)
	if x.Signed()[0].State != sim.Sent || x.Signed()[1].State != sim.Sent {
		t.Errorf("states %s and %s, want both sent after the next signature", x.Signed()[0].State, x.Signed()[1].State)
	}
	x.pay(t, 300)
	x.Faults.Add(line.LoseRequest, 2)
	x.signs(t)
	x.sent = nil
	if err := x.p.Settle(); err != nil || x.p.Last.Totals != sim.Balanced {
		t.Errorf("settlement: %v, %v", err, x.p.Last.Reason())
	}
	if got := x.exchanged()[0]; got != dialect.SignatureUpload {
		t.Errorf("first went %s, want the signature before the settlement", got)
	}
	if s := x.Signed()[2]; s.State != sim.SendFailed || s.Image != nil {
		t.Errorf("state %s, want given up", s.State)
	}
	if got := b.booked(x); got != 600 {
		t.Errorf("%d fen are booked, want 600", got)
	}
}

// A host that refuses a signature is asked so often, and no more.
func TestARefusedSignatureIsGivenUp(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newPad(t, b)
	for n := range int64(4) {
		x.pay(t, 100+n)
		x.Faults.Add(line.SpoilRequest, 1) // A0, and the terminal signs in again
		x.signs(t)
		for i := range x.Signed() {
			if s := &x.Signed()[i]; s.Tries > x.Profile.Policy.Signatures.UploadTries {
				t.Errorf("signature %d: %d tries", i, s.Tries)
			}
		}
		if !x.SignedIn || !x.p.Last.Approved() {
			t.Fatalf("signed in is %v, the sale %v", x.SignedIn, x.p.Last.Reason())
		}
	}
}

func TestWhatCannotBeSigned(t *testing.T) {
	b := newBench(t, "cup", 1)
	s := signature.Generate(7, signature.Genuine, 0)
	x := newPad(t, b)
	refused := func(what string, s signature.Signature) {
		t.Helper()
		if err := x.p.SignSlip(s); !errors.Is(err, sim.ErrRefusedLocally) || len(x.Signed()) > 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("nothing", s)
	x.Faults.Add(line.LoseRequest, 1)
	x.Profile.Policy.Timeout /= 50
	x.pay(t, 100)
	x.wants(t, report.TimedOut, true)
	refused("a purchase without an answer", s)
	x.pay(t, 200)
	refused("no strokes", nil)
	x.Wear(func(c *device.Condition) { c.Broken = device.SignaturePad })
	refused("a broken pad", s)
	x.Terminal.Terminal = &x.Profile.Terminals[0]
	refused("no pad", s)
	y := newTill(t, newBench(t, "iso87", 1))
	y.usePad()
	y.pay(t, 100)
	if err := y.p.SignSlip(s); err == nil || errors.Is(err, sim.ErrRefusedLocally) {
		t.Errorf("a network without the transaction: %v", err)
	}
}

// The terminal keeps the latest signatures and no more.
func TestSignaturesOfATerminalAreBounded(t *testing.T) {
	x := newPad(t, newBench(t, "cup", 1))
	for n := range int64(60) {
		x.pay(t, 100+n)
		x.signs(t)
	}
	if n := len(x.Signed()); n != 50 || x.Signed()[0].Amount != 110 || x.Signed()[49].Amount != 159 {
		t.Errorf("%d are kept", n)
	}
}

// A blind host would take octets that are no image; a sound one does not.
func TestBlindHostTakesAnything(t *testing.T) {
	for _, blind := range []bool{false, true} {
		var options []host.Option
		if blind {
			options = append(options, host.WithMisbehaviour("signature-blind"))
		}
		x := newPad(t, newBench(t, "cup", 1, options...))
		x.pay(t, 100)
		if err := x.p.SendSlip([]byte("a signature")); err != nil {
			t.Fatal(err)
		}
		last := x.sent[len(x.sent)-1]
		if (last.outcome == report.Approved) != blind || !blind && last.result.Code != x.Profile.Dialect.Code(dialect.FormatError) {
			t.Errorf("blind %v: %v %s", blind, last.outcome, last.request.Text(wire.Trace))
		}
	}
}
