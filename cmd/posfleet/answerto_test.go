package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// An answer whose MAC is told to be wrong breaks the rule about it; one whose key is
// not known is not held to it, and that is said.
func TestAnswersAreHeldToTheirMAC(t *testing.T) {
	p, err := profile.Bundled("cup", 2)
	if err != nil {
		t.Fatal(err)
	}
	request, answer, purchase := signedOn(t, p, func([]byte) {})
	keyed := checker(t, p)
	explained(explainer{dialect: p.Dialect, macs: keyed}, request, answer)
	q, err := oneMessage(p.Dialect, fmt.Sprintf("%X", purchase))
	if err != nil {
		t.Fatal(err)
	}
	a := q.Clone()
	a.SetMTI("0210")
	a.SetString(wire.ResponseCode, "51")
	packed, err := a.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(change func(mac []byte)) *wire.Message {
		m := p.Dialect.NewMessage()
		if err := m.Read(bytes.Clone(packed)); err != nil {
			t.Fatal(err)
		}
		covered, mac := m.MACSpan()
		right := keyed.key(q.Text(wire.TerminalID)).MAC(p.MAC, covered)
		copy(mac, right[:])
		change(mac)
		return m
	}
	for _, c := range []struct {
		name    string
		answer  *wire.Message
		note    string
		with    *macs
		says    string
		notSays string
	}{
		{"right", signed(func([]byte) {}), "", keyed, "not judged: ANS-ONCE", "ANS-64-RIGHT"},
		{"wrong", signed(func(mac []byte) { copy(mac, "00000000") }), "", keyed, "  ANS-64-RIGHT    must", "breaks no rule"},
		{"no key", signed(func(mac []byte) { copy(mac, "00000000") }), "", nil, "not judged: ANS-64-RIGHT: the key of its MAC is not known", "ANS-64-RIGHT    must"},
		{"no key of this terminal", signed(func([]byte) {}), "", checker(t, p), "not judged: ANS-64-RIGHT", "ANS-64-RIGHT    must"},
		{"of another length", signed(func([]byte) {}), "prefix says 170, 142 follow", keyed, "not judged: ANS-READ", "ANS-64-RIGHT"},
	} {
		var out bytes.Buffer
		err := answerTo(&out, p, c.with, fmt.Sprintf("%X", purchase), &capture.Frame{Message: c.answer, Note: c.note})
		if got := out.String(); !strings.Contains(got, c.says) || strings.Contains(got, c.notSays) {
			t.Errorf("%s: want %q and not %q:\n%s", c.name, c.says, c.notSays, got)
		}
		if c.name == "wrong" && err == nil {
			t.Errorf("%s: it is no error", c.name)
		}
	}
}

// A sign-in that is approved without working keys breaks a must, whoever asks; that keys
// are there which nobody can open is said.
func TestAnApprovedSignInWithoutKeysIsFoundWithoutAProfile(t *testing.T) {
	p, err := profile.Bundled("cup", 2)
	if err != nil {
		t.Fatal(err)
	}
	request, answer, _ := signedOn(t, p, func([]byte) {})
	m, err := oneMessage(p.Dialect, fmt.Sprintf("%X", answer))
	if err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{"not judged: ANS-62-KCV", "  ANS-62-KCV      must    working keys (field 62): absent"} {
		var out bytes.Buffer
		err := answerTo(&out, p, nil, fmt.Sprintf("%X", request), &capture.Frame{Message: m})
		if got := out.String(); !strings.Contains(got, says) || (err == nil) != strings.HasPrefix(says, "not") {
			t.Errorf("want %q, %v:\n%s", says, err, got)
		}
		m.Unset(wire.WorkingKeys)
	}
}
