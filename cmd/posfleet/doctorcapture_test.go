package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// refusal is the answer 51 to a purchase, framed, after a change, with the MAC that key makes by p.
func refusal(t *testing.T, p *profile.Profile, purchase []byte, key *keys.Key, change func(m *wire.Message)) []byte {
	t.Helper()
	q, err := oneMessage(p.Dialect, fmt.Sprintf("%X", purchase))
	if err != nil {
		t.Fatal(err)
	}
	a := q.Clone()
	a.SetMTI("0210")
	a.SetString(wire.ResponseCode, "51")
	change(a)
	frame, err := wire.AppendFrame(nil, a)
	if err != nil {
		t.Fatal(err)
	}
	m := p.Dialect.NewMessage()
	if err := m.Read(frame[2:]); err != nil {
		t.Fatal(err)
	}
	covered, _ := m.MACSpan()
	mac := key.MAC(p.MAC, covered)
	copy(frame[len(frame)-8:], mac[:])
	return frame
}

// Of a capture doctor says what it says of a host: keys, MACs and rules are judged, what
// does not read is told, and what cannot be judged, too.
func TestDoctorJudgesWhatACaptureHas(t *testing.T) {
	p, err := profile.Bundled("cup", 2)
	if err != nil {
		t.Fatal(err)
	}
	request, answer, purchase := signedOn(t, p, func([]byte) {})
	keyed := checker(t, p)
	explained(explainer{dialect: p.Dialect, macs: keyed}, request, answer)
	var key *keys.Key
	for _, key = range keyed.keys {
	}
	same := func(*wire.Message) {}
	right := refusal(t, p, purchase, key, same)
	wrongMAC := bytes.Clone(right)
	wrongMAC[len(wrongMAC)-1] ^= 1
	short := bytes.Clone(right)
	if i := bytes.Index(short, []byte("51")); i > 0 {
		short = append(short[:i], short[i+1:]...)
		short[1]--
	}
	other := func(change func(p *profile.Profile)) *profile.Profile {
		q := *p
		q.Terminals = append(q.Terminals[:0:0], q.Terminals...)
		change(&q)
		return &q
	}
	for name, c := range map[string]struct {
		profile  *profile.Profile
		own      bool
		refusals [][]byte
		code     int
		want     string
	}{
		"all is right": {p, true, [][]byte{right}, exitOK, `(?s)answers +1 message with 51.*\nnothing to change in the profile`},
		"wrong master key": {other(func(q *profile.Profile) {
			for i := range q.Terminals {
				q.Terminals[i].Master = bytes.Repeat([]byte{0x13, 0x57}, 8)
			}
		}), true, [][]byte{right}, exitUnreachable, `do not open with its master key`},
		"another sign-in": {other(func(q *profile.Profile) { q.SignIn = "001" }), true, [][]byte{right}, exitUnreachable, `(?s)change in the profile:\n  sign-in: "00[34]"\n$`},
		"another MAC":     {other(func(q *profile.Profile) { q.MAC, _ = keys.ParseAlgorithm("x9.19") }), true, [][]byte{right}, exitUnreachable, `(?s)change in the profile:\n  mac: ecb\n$`},
		"wrong MAC":       {p, true, [][]byte{wrongMAC}, exitUnreachable, `must +in 1 answer: MAC of the answer is wrong.*ANS-64-RIGHT`},
		"changed amount":  {p, true, [][]byte{refusal(t, p, purchase, key, func(m *wire.Message) { m.SetString(wire.Amount, "000000099999") })}, exitUnreachable, `must +in 1 answer: field 4 .*ANS-04-ECHO`},
		"no code":         {p, true, [][]byte{refusal(t, p, purchase, key, func(m *wire.Message) { m.Unset(wire.ResponseCode) })}, exitUnreachable, `(?s)1 message with no response code.*ANS-39-PRESENT`},
		"unreadable":      {p, true, [][]byte{short}, exitUnreachable, `(?s)unread +1 message of the host: .*none to 1 message`},
		"silent":          {p, true, nil, exitUnreachable, `none to 1 message`},
		"keys unknown":    {p, false, [][]byte{right}, exitOK, `(?s)not judged:.*MACs`},
	} {
		t.Run(name, func(t *testing.T) {
			f := newTalk(t, 65535)
			f.send(40000, 8583, nil, 0, true)
			f.send(8583, 40000, nil, 0, true)
			f.send(40000, 8583, request, 0, false)
			f.send(8583, 40000, answer, 0, false)
			f.send(40000, 8583, purchase, 0, false)
			for _, a := range c.refusals {
				f.send(8583, 40000, a, 0, false)
			}
			var out bytes.Buffer
			err := examineCapture(&f.file, &out, c.profile, c.own, nil, 0)
			said := out.String()
			if code := exitOK; err != nil {
				if e, is := err.(*exit); is {
					code = e.code
				}
				if code != c.code || strings.Contains(said, "nothing to change") {
					t.Errorf("exit code %d, want %d: %v", code, c.code, err)
				}
			} else if c.code != exitOK || strings.Contains(said, "nothing to change") != (name == "all is right") {
				t.Errorf("no error, want exit code %d", c.code)
			}
			if err != nil && !strings.Contains(c.want, "profile:") {
				said += err.Error()
			}
			if !regexp.MustCompile(c.want).MatchString(said) {
				t.Errorf("want %q:\n%s%v", c.want, said, err)
			}
		})
	}
}

// A recording has zeros in place of what its dialect hides: that the host's answer breaks a
// rule by them is not said.
func TestDoctorDoesNotBlameTheHostForWhatARecordingHides(t *testing.T) {
	d, err := dialect.Parse("bank.yaml", []byte("extends: iso87\nmac: none\nsign-in: none\nfields: {54: {mask: hidden}}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Bundled("iso87", 2)
	if err != nil {
		t.Fatal(err)
	}
	p.Dialect = d
	q := d.NewMessage()
	d.Form(dialect.Balance).Begin(q)
	q.SetString(wire.Trace, "000001")
	q.SetString(wire.TerminalID, "31000001")
	q.SetString(wire.MerchantID, "999290054110001")
	a := d.NewMessage()
	a.AnswerTo(q)
	for e, v := range map[wire.Element]string{wire.ResponseCode: "00", wire.LocalTime: "150802", wire.LocalDate: "1127", wire.RRN: "123456789012", wire.AdditionalAmounts: strings.Repeat("0", 20)} {
		a.SetString(e, v)
	}
	var out bytes.Buffer
	err = examineCapture(talkOf(t, q, a), &out, p, false, nil, 0)
	if said := out.String(); strings.Contains(said, "ANS-54-FORM)") || !strings.Contains(said, "ANS-54-FORM: field 54 is hidden, and zeros stand in its place") {
		t.Errorf("%s%v", said, err)
	}
}

// A key block in which one check value is wrong and another right is under the right master
// key: the host's block is told, and not that the profile has another key.
func TestDoctorOfACaptureDoesNotBlameTheRightMasterKey(t *testing.T) {
	p, err := profile.Bundled("cup", 2)
	if err != nil {
		t.Fatal(err)
	}
	request, answer, _ := signedOn(t, p, func([]byte) {})
	m := p.Dialect.NewMessage()
	if err := m.Read(answer[2:]); err != nil {
		t.Fatal(err)
	}
	block := bytes.Clone(m.Get(wire.WorkingKeys))
	block[16] ^= 0xFF // of the PIN key's check value
	m.Set(wire.WorkingKeys, block)
	if answer, err = wire.AppendFrame(nil, m); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = examineCapture(bytes.NewReader(append(request, answer...)), &out, p, true, nil, 0)
	if err == nil || !strings.Contains(err.Error(), "so the master key is: this key or its check value is wrong (ANS-62-KCV)") {
		t.Errorf("%v\n%s", err, &out)
	}
}

// A file has request and answer one after the other, and says of neither who sent it.
func TestDoctorTellsTheSidesOfAFileByTheirTypes(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	request, answer, _ := signedOn(t, p, func([]byte) {})
	for name, octets := range map[string][]byte{"octets": append(bytes.Clone(request), answer...), "lines": []byte(fmt.Sprintf("%x\n%x\n", request, answer))} {
		var out bytes.Buffer
		if err := examineCapture(bytes.NewReader(octets), &out, p, true, nil, 0); strings.Contains(out.String(), "answers   none: ") {
			t.Errorf("%s: %v\n%s", name, err, &out)
		}
	}
	iso87, _ := dialect.Named("iso87")
	none, err := p.Dialect.Framed(dialect.Framing{Header: "none"})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*dialect.Dialect{iso87, none} {
		q := *p
		q.Dialect = d
		var out bytes.Buffer
		err := examineCapture(bytes.NewReader(append(bytes.Clone(request), request...)), &out, &q, true, nil, 0)
		if err == nil || !strings.Contains(out.String(), `header: "603100310000"`) {
			t.Errorf("two requests in a profile of another dialect or header: %v\n%s", err, &out)
		}
	}
}
