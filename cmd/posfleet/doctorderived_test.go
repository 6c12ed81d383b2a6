package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// Keys that are derived for each transaction no sign-on brings: the MACs of a capture are judged
// with those of its key serial numbers.
func TestDoctorJudgesMACsUnderDerivedKeysInACapture(t *testing.T) {
	for name, field := range map[string]string{"octets": "b 12", "digits": "an 24"} {
		d, err := dialect.Parse("derived.yaml", []byte("extends: iso87\nsign-in: none\nkeys: {dukpt: aes128}\nmac: cmac\n"+
			"fields: {53: {is: "+field+", name: key serial number}}\nelements: {security-control: none, key-serial: 53}\n"+
			"transactions:\n  reversal: {carries: [2, 3, 4, 7, 11, 14, 22, 23, 25, 38, 39, 41, 42, 49, 53, 60]}\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := profile.BundledIn(d, 1)
		if err != nil {
			t.Fatal(err)
		}
		terminal := p.Terminals[0]
		ksn := p.Serial(terminal.TID)
		initial, err := p.Initial(ksn)
		if err != nil {
			t.Fatal(err)
		}
		d.DUKPT.SetCounter(ksn, 1)
		var made keys.Derived
		if err := d.DUKPT.Derive(&made, initial, ksn, p.MAC); err != nil {
			t.Fatal(err)
		}
		under := func(m *wire.Message, key *keys.Key, spoiled byte) []byte {
			m.AddMAC()
			out, err := wire.AppendFrame(nil, m)
			if err != nil {
				t.Fatal(err)
			}
			covered, mac := m.MACSpan()
			right := key.MAC(p.MAC, covered)
			copy(mac, right[:])
			mac[0] ^= spoiled
			return out
		}
		for spoilt, want := range map[string]string{
			"":        "the host refuses all with 51", // which the right MACs let be seen
			"request": "is not that of its octets with the key of its key serial number: look at dukpt",
			"answer":  "do mac and dukpt of the profile fit the host's? (ANS-64-RIGHT)",
		} {
			spoil := func(what string) byte {
				if what == spoilt {
					return 1
				}
				return 0
			}
			q := d.NewMessage()
			d.Form(dialect.Purchase).Begin(q)
			copy(q.Head, p.Head)
			q.SetUint(wire.Amount, 100)
			q.SetString(wire.Trace, "000001")
			q.SetString(wire.TerminalID, terminal.TID)
			q.SetString(wire.MerchantID, terminal.MID)
			v := ksn
			if d.SerialHex {
				v = keys.AppendHex(nil, ksn)
			}
			q.Set(wire.KeySerial, v)
			a := d.NewMessage()
			request := under(q, made.MAC, spoil("request"))
			a.AnswerTo(q)
			a.SetString(wire.ResponseCode, "51")
			octets := append(bytes.Clone(request), under(a, made.Answer, spoil("answer"))...)
			told := "MAC  right"
			if spoilt == "request" {
				told = "MAC  wrong"
			}
			known, _ := newMACs(p, true, "")
			if said := explained(explainer{dialect: d, macs: known}, request); !strings.Contains(said, told) {
				t.Errorf("%s, %q spoilt: decode: want %q:\n%s", name, spoilt, told, said)
			}
			var out bytes.Buffer
			said := ""
			if err := examineCapture(bytes.NewReader(octets), &out, p, true, nil, 0); err != nil {
				said = err.Error()
			}
			if said = out.String() + said; !strings.Contains(said, want) || strings.Contains(said, "sign-on") {
				t.Errorf("%s, %q spoilt: want %q:\n%s", name, spoilt, want, said)
			}
		}
	}
}

// A capture with MACs of a network that is said to have none is not read with nothing to change.
func TestDoctorOfACaptureTellsMACsThatTheNetworkHasNot(t *testing.T) {
	with, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dialect.Parse("none.yaml", []byte("extends: cup\nmac: none\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.BundledIn(d, 1)
	if err != nil {
		t.Fatal(err)
	}
	request, answer, purchase := signedOn(t, with, func([]byte) {})
	for _, own := range []bool{true, false} {
		var out bytes.Buffer
		err := examineCapture(bytes.NewReader(bytes.Join([][]byte{request, answer, purchase}, nil)), &out, p, own, nil, 0)
		if err == nil || !strings.Contains(err.Error(), "a request 0200 carries a MAC (field 64), and in this network terminals send none") {
			t.Errorf("%v\n%s", err, &out)
		}
	}
}
