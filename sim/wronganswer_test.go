package sim_test

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// Answers that a right host does not give are no approvals and no declines, and the
// payment is undone.
func TestWrongAnswersOweAReversal(t *testing.T) {
	for name, c := range map[string]struct {
		change func(a *wire.Message)
		reason string // of the reversal
		says   string
	}{
		"no response code":           {func(a *wire.Message) { a.Unset(wire.ResponseCode) }, "06", "field 39 (response code) of the answer is absent"},
		"a response code of NUL":     {func(a *wire.Message) { a.SetString(wire.ResponseCode, "\x00\x00") }, "06", "field 39"},
		"a response code with a NUL": {func(a *wire.Message) { a.SetString(wire.ResponseCode, "0\x00") }, "06", "field 39"},
		"a decline's with a NUL":     {func(a *wire.Message) { a.SetString(wire.ResponseCode, "5\x00") }, "06", "field 39"},
		"no reference":               {func(a *wire.Message) { a.Unset(wire.RRN) }, "06", "field 37"},
		"a decline under a MAC that is wrong": {func(a *wire.Message) {
			a.SetString(wire.ResponseCode, "01")
			a.SetFieldString(64, "DEADBEEF")
		}, "A0", "MAC of the answer is wrong"},
		"another card": {func(a *wire.Message) { a.SetString(wire.PAN, "6225000000009999") }, "06", "622500******9999"},
		"only what pairs it": {func(a *wire.Message) {
			for n := range a.Clone().Fields {
				if n != 11 && n != 41 && n != 42 {
					a.UnsetField(n)
				}
			}
		}, "06", "field 39"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTill(t, newBench(t, "cup", 1))
			x.Link = newOwn(t, answering(t, x.Profile, func(request *wire.Message) *wire.Message {
				a := x.Profile.Dialect.NewMessage()
				a.AnswerTo(request)
				a.SetString(wire.LocalTime, "101530")
				a.SetString(wire.LocalDate, "1126")
				a.SetString(wire.RRN, "101530000001")
				a.SetString(wire.ResponseCode, "00")
				a.AddMAC() // a wrong one, which is looked at last
				c.change(a)
				return a
			}), x.Profile)
			x.pay(t, 100)
			if x.p.Last.Outcome != report.Refused || !x.Owes() || x.Owed.Reason.String() != c.reason || !strings.Contains(x.p.Last.Why.Error(), c.says) {
				t.Errorf("%v (%v), owes %v with reason %q; want it refused and reversed with %s", x.p.Last.Outcome, x.p.Last.Why, x.Owes(), x.Owed.Reason, c.reason)
			}
		})
	}
}

// A host that answers all network management with working keys gives nothing to download.
func TestWorkingKeysAreNoDownload(t *testing.T) {
	for _, kind := range []keys.KeyBlock{keys.Single, keys.Double, keys.Track} {
		x := newTill(t, newBench(t, "cup", 1))
		_, block, err := keys.Issue(x.Profile.HSM, x.Master, kind)
		if err != nil {
			t.Fatal(err)
		}
		x.Link = newOwn(t, answering(t, x.Profile, func(request *wire.Message) *wire.Message {
			a := x.Profile.Dialect.NewMessage()
			a.AnswerTo(request)
			a.SetString(wire.ResponseCode, "00")
			a.Set(wire.Download, block)
			return a
		}), x.Profile)
		for _, of := range x.Profile.Dialect.Downloads {
			if err := x.p.Download(of.Name); err == nil || x.Loaded(of.Name) > 0 || !strings.Contains(err.Error(), "working keys") {
				t.Errorf("%s, working keys %s: %v, %d entries", of.Name, kind, err, x.Loaded(of.Name))
			}
		}
	}
}
