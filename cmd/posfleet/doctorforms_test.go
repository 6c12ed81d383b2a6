package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// talked is a capture of requests of a dialect, each a form's after a change, and answers
// to them, as a host of no errors gives them.
func talked(t *testing.T, d *dialect.Dialect, of dialect.Transaction, change func(q *wire.Message)) *bytes.Buffer {
	t.Helper()
	q, a := d.NewMessage(), d.NewMessage()
	d.Form(of).Begin(q)
	q.Head = append(q.Head[:0], d.Head()...)
	for e, v := range map[wire.Element]string{wire.TransmissionTime: "1127150802", wire.Trace: "000001", wire.TerminalID: "31000001", wire.MerchantID: "IKEJA00001"} {
		q.SetString(e, v)
	}
	change(q)
	a.AnswerTo(q)
	for e, v := range map[wire.Element]string{wire.ResponseCode: "00", wire.LocalTime: "150802", wire.LocalDate: "1127", wire.RRN: "123456789012"} {
		a.SetString(e, v)
	}
	return talkOf(t, q, a)
}

// talkOf is a capture of a request and its answer.
func talkOf(t *testing.T, q, a *wire.Message) *bytes.Buffer {
	t.Helper()
	f := newTalk(t, 65535)
	f.send(40000, 8583, nil, 0, true)
	f.send(8583, 40000, nil, 0, true)
	for i, m := range []*wire.Message{q, a} {
		frame, err := wire.AppendFrame(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		f.send([]int{40000, 8583}[i], []int{8583, 40000}[i], frame, 0, false)
	}
	return &f.file
}

// Requests that are of no transaction as the dialect reads them are no clean bill: the
// constant that differs is named, and how it would be right.
func TestDoctorOfACaptureHoldsRequestsToTheirForms(t *testing.T) {
	const plain = "\nmac: none\nsign-in: none\n"
	network := func(changes ...string) *dialect.Dialect {
		text := strings.NewReplacer(changes...).Replace(strings.NewReplacer("\nmac: x9.19\n", plain, "sign-in: \"003\"\n", "").Replace(lagos))
		d, err := dialect.Parse("lagos.yaml", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	same := func(*wire.Message) {}
	right := []string{"n: packed,", "n: packed-right,"}
	for name, c := range map[string]struct {
		host, ours *dialect.Dialect
		of         dialect.Transaction
		change     func(q *wire.Message)
		want       []string
		wrong      bool
	}{
		"spare nibble first":    {network(right...), network(), dialect.Echo, same, []string{`field 70 (network management code) of a request 0800 is "030"`, "change in the file of dialect lagos: encoding: {n: packed-right}"}, true},
		"spare nibble last":     {network(), network(right...), dialect.Echo, same, []string{"change in the file of dialect lagos: encoding: {n: packed}"}, true},
		"other processing":      {network(), network(), dialect.Balance, func(q *wire.Message) { q.SetString(wire.ProcessingCode, "300000") }, []string{`field 3 (processing code) of a request 0200 is "300000", and the dialect says "310000"`, "none is of a transaction of dialect lagos"}, true},
		"other management":      {network(), network(), dialect.Echo, func(q *wire.Message) { q.SetString(wire.ManagementCode, "270") }, []string{`field 70 (network management code) of a request 0800 is "270"`}, true},
		"other currency":        {network(), network(), dialect.Balance, func(q *wire.Message) { q.SetString(wire.Currency, "566") }, []string{`field 49 (currency) of a request 0200 is "566", and the dialect says "156"`}, true},
		"type of no form":       {network(), network(), dialect.Echo, func(q *wire.Message) { q.SetMTI("0600") }, []string{"none is of a transaction of dialect lagos"}, true},
		"as the dialect has it": {network(), network(), dialect.Echo, same, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := profile.Bundled("iso87", 1)
			if err != nil {
				t.Fatal(err)
			}
			p.Dialect, p.Head = c.ours, c.ours.Head()
			var out bytes.Buffer
			err = examineCapture(talked(t, c.host, c.of, c.change), &out, p, false, nil, 0)
			if (err != nil) != c.wrong {
				t.Errorf("error %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("want %q", want)
				}
			}
			if t.Failed() {
				t.Log(out.String())
			}
		})
	}
}
