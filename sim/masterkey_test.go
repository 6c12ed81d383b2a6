package sim_test

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// A master key that is not the host's is refused and shown, and the terminal keeps the one
// that it had.
func TestWrongMasterKeyUnderRSAIsRefused(t *testing.T) {
	b := newBench(t, "cup", 1)
	for name, c := range map[string]struct {
		change  func(block []byte) []byte
		outcome report.Outcome
		shows   string
	}{
		"as it should be":       {func(b []byte) []byte { return b }, report.Approved, "主密钥下载成功, 请签到"},
		"a wrong check value":   {func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, report.Refused, "主密钥校验错, 请重新下载"},
		"a block changed since": {func(b []byte) []byte { b[17] ^= 1; return b }, report.Refused, "主密钥解密失败, 请重新下载"},
		"a block cut short":     {func(b []byte) []byte { return b[1:] }, report.Refused, "主密钥解密失败, 请重新下载"},
		"a key of 8 octets":     {nil, report.Refused, "主密钥解密失败, 请重新下载"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTill(t, b)
			x.Profile.MasterKeyRSA = true
			before := string(x.Master)
			x.Link = newOwn(t, answering(t, x.Profile, func(request *wire.Message) *wire.Message {
				a := x.Profile.Dialect.NewMessage()
				a.AnswerTo(request)
				a.SetString(wire.LocalTime, "101530")
				a.SetString(wire.LocalDate, "1126")
				a.SetString(wire.ResponseCode, "00")
				if of, _ := x.Profile.Dialect.Classify(request); of == dialect.MasterKeyRSA {
					key, change := []byte("another master!!"), c.change
					if change == nil {
						key, change = key[:8], func(b []byte) []byte { return b }
					}
					block, err := keys.SealMasterRSA(keys.CipherDES, request.Get(wire.PublicKey), key)
					if err != nil {
						t.Error(err)
					}
					a.Set(wire.MasterKey, change(block))
				}
				return a
			}), x.Profile)
			if err := x.p.DownloadMaster(); err != nil {
				t.Fatal(err)
			}
			taken := c.outcome == report.Approved
			if x.p.Last.Outcome != c.outcome || x.Display != c.shows || (string(x.Master) != before) != taken || x.SignedIn == taken || len(x.exchanged()) != map[bool]int{true: 2, false: 1}[taken] {
				t.Errorf("%v (%v), shows %q, %d exchanges; want %v and %q", x.p.Last.Outcome, x.p.Last.Why, x.Display, len(x.exchanged()), c.outcome, c.shows)
			}
			if why := x.p.Last.Why; why != nil && strings.Contains(why.Error(), "another master") {
				t.Errorf("the key is told: %v", why)
			}
		})
	}
}

// A terminal whose ask was answered and not heard asks again; one that the host did not hear
// confirm says so, and may confirm later.
func TestMasterKeyUnderRSACanBeAskedForUntilItIsThere(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	x.Profile.MasterKeyRSA = true
	download := func() { // with its error, which no exchange's loss is
		t.Helper()
		if err := x.p.DownloadMaster(); err != nil {
			t.Fatal(err)
		}
	}
	x.Faults.Add(line.LoseAnswer, 1)
	if download(); x.p.Last.Outcome != report.TimedOut || x.Display != "交易超时" || !x.SignedIn {
		t.Fatalf("%v, shows %q", x.p.Last.Outcome, x.Display)
	}
	if download(); x.p.Last.Outcome != report.Approved || x.Display != "主密钥下载成功, 请签到" {
		t.Fatalf("%v, shows %q", x.p.Last.Reason(), x.Display)
	}
	if err := x.p.SignIn(); err != nil || !x.SignedIn {
		t.Errorf("the key that came is not the host's: %v", x.p.Last.Reason())
	}
	if download(); x.p.Last.Outcome != report.Declined || x.Display != "主密钥已下载, 请联系银行" || !x.SignedIn {
		t.Errorf("asked for again: %v, shows %q", x.p.Last.Outcome, x.Display)
	}
}
