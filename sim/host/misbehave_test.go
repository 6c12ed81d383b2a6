package host

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/host/merchant"
	"github.com/posfleet/posfleet/sim/host/payout"
	"github.com/posfleet/posfleet/sim/host/staff"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// Each misbehaviour can be seen by whoever looks, and by nobody else: the test
// fails when a host without it shows the same.
func TestEachMisbehaviourIsSeen(t *testing.T) {
	t.Parallel()
	buy := func(p *pos, role string) *wire.Message {
		m := p.request(dialect.Purchase, amount(500), shows(role))
		p.write(p.frame(m))
		return m
	}
	seen := map[string]func(p *pos, h *Host) bool{
		"wrong-mac": func(p *pos, h *Host) bool {
			buy(p, "good")
			return p.hear(patient) && p.ans.FieldText(39) == "00" && p.ans.HasField(64) && !p.verified()
		},
		"no-mac": func(p *pos, h *Host) bool {
			buy(p, "good")
			return p.hear(patient) && p.ans.FieldText(39) == "00" && !p.ans.HasField(64)
		},
		"wrong-echo": func(p *pos, h *Host) bool {
			buy(p, "good")
			return p.hear(patient) && p.verified() && p.ans.FieldUint(4) != 500
		},
		"wrong-trace": func(p *pos, h *Host) bool {
			buy(p, "good")
			return p.hear(patient) && p.verified() && p.ans.FieldUint(11) != p.trace
		},
		"wrong-kcv": func(p *pos, h *Host) bool {
			p.do(dialect.SignIn, sub(wire.ManagementCode, "004"))
			_, err := keys.Unwrap(p.p.HSM, p.entry.Master, keys.Track, p.ans.Field(62))
			return err != nil
		},
		"lying-totals": func(p *pos, h *Host) bool {
			buy(p, "good")
			return p.hear(patient) && p.settlement(500, 1, 0, 0) == '2' && p.ans.FieldText(48)[:15] == "000000000501001"
		},
		"silent": func(p *pos, h *Host) bool {
			buy(p, "good")
			return p.unanswered() && bookOf(h, "10000001").DebitN == 1
		},
		"late": func(p *pos, h *Host) bool {
			sent := time.Now()
			buy(p, "good")
			return p.hear(patient) && time.Since(sent) > h.profile.Policy.Timeout && p.verified()
		},
		"duplicate": func(p *pos, h *Host) bool {
			buy(p, "good")
			return p.hear(patient) && !p.unanswered()
		},
		"approve-all": func(p *pos, h *Host) bool {
			for _, role := range []string{"poor", "stolen", "expired"} {
				buy(p, role)
				if !p.hear(patient) || p.ans.FieldText(39) != "00" {
					return false
				}
			}
			tip := p.request(dialect.Tip, amount(900), shows("good"), p.original(), sub(wire.Totals, "000000000400"))
			return p.do(dialect.Purchase, amount(5), set(2, "6225999999999999")) == "00" && p.send(tip) == "00" && p.send(tip) != "" // of which it knows no original
		},
		"partial": func(p *pos, h *Host) bool {
			buy(p, "good")
			return p.hear(patient) && p.verified() && p.ans.FieldText(39) == "10" && p.ans.FieldUint(4) == 1 && bookOf(h, "10000001").Debit == 1
		},
		"double-posting": func(p *pos, h *Host) bool {
			buy(p, "good")
			p.hear(patient)
			p.write(p.last)
			return p.hear(patient) && bookOf(h, "10000001").DebitN == 2
		},
		"points-mixed-up": func(p *pos, h *Host) bool {
			card, _ := h.books.CardOf([]byte(holderOf(p, p.p, "good").PAN))
			before := h.books.AlliancePoints(card)
			p.want("00", dialect.AlliancePoints, amount(500), shows("good"))
			return h.books.AlliancePoints(card) == before
		},
		"forget-status": func(p *pos, h *Host) bool {
			p.do(dialect.StatusUpload, sub(wire.ManagementCode, "362"), sub(wire.TerminalStatus, "010"))
			_, told := h.Status(p.entry.TID)
			return p.ans.FieldText(39) == "00" && !told
		},
		"forget-reversal": func(p *pos, h *Host) bool {
			m := buy(p, "good")
			return p.hear(patient) && p.send(p.reversalOf(m)) == "00" && bookOf(h, "10000001").DebitN == 1
		},
		"clone-accepted": func(p *pos, h *Host) bool {
			p.do(dialect.Purchase, amount(1), shows("good"))
			clone := *p
			clone.trace += 5000
			clone.want("00", dialect.SignIn, sub(wire.ManagementCode, "004"))
			clone.adopt()
			clone.do(dialect.Purchase, amount(1), shows("good"))
			p.do(dialect.Purchase, amount(1), shows("good"))
			p.want("00", dialect.SignIn, sub(wire.ManagementCode, "004"))
			p.adopt()
			p.do(dialect.Purchase, amount(1), shows("good"))
			return clone.do(dialect.Purchase, amount(1), shows("good")) != "97"
		},
		"second-binding-accepted": func(p *pos, h *Host) bool {
			_, _, err := h.Merchants().Issue(p.entry.MID, p.entry.TID)
			return err == nil
		},
		"fee-off-by-one": func(p *pos, h *Host) bool {
			buy(p, "good")
			p.hear(patient)
			return h.Account(p.entry.MID).Totals().Fee != 3
		},
		"statement-does-not-add-up": func(p *pos, h *Host) bool {
			buy(p, "good")
			p.hear(patient)
			a := h.Account(p.entry.MID)
			s, ok := h.Statement(a, a.Day(h.Now()))
			return ok && s.Check() != nil
		},
	}
	seen["cut-off-ignored"] = func(p *pos, h *Host) bool {
		plan := *h.Account(p.entry.MID).Plan
		plan.Payout.CutOff = 23 * time.Hour
		a := &payout.Account{Plan: &plan, Lax: h.books.Lax()}
		return a.Day(time.Date(2026, 11, 26, 23, 0, 0, 0, fee.China)) == "2026-11-26"
	}
	seen["new-merchant-paid-at-once"] = func(p *pos, h *Host) bool {
		plan := *h.Account(p.entry.MID).Plan
		plan.Payout.Cycle = fee.T0
		now := time.Date(2026, 11, 26, 12, 0, 0, 0, fee.China) // a Thursday: on a Saturday nobody is paid
		a := &payout.Account{Plan: &plan, Since: now.AddDate(0, 0, -88), Lax: h.books.Lax()}
		return a.Due(now, now)
	}
	seen["lapsed-approval-signed"] = func(p *pos, h *Host) bool {
		m := h.Merchants()
		a, err := m.Submit(applicationOf(h, ""))
		if err != nil {
			p.Fatal(err)
		}
		if a, err = m.Review(a.Number, merchant.Findings{}); err != nil || a.State != "approved" {
			p.Fatal(a.State, a.Reasons, err)
		}
		if _, err := m.PutClock("", a.Number, h.Now().AddDate(0, 0, 31)); err != nil {
			p.Fatal(err)
		}
		_, err = m.Sign(a.Number)
		return err == nil
	}
	seen["expired-papers-approved"] = func(p *pos, h *Host) bool {
		a, err := h.Merchants().Submit(applicationOf(h, "2020-01-01"))
		if err != nil {
			p.Fatal(err)
		}
		a, err = h.Merchants().Review(a.Number, merchant.Findings{})
		return err == nil && a.State == "approved"
	}
	seen["signature-lost"] = func(p *pos, h *Host) bool {
		p.want("00", dialect.SignatureUpload, p.buys(100), image(imageOf(1)))
		return len(keptOf(t, h)) == 0
	}
	seen["signature-blind"] = func(p *pos, h *Host) bool {
		return p.do(dialect.SignatureUpload, p.buys(100), image([]byte("a signature"))) == "00"
	}
	seen["signature-misfiled"] = func(p *pos, h *Host) bool {
		return p.do(dialect.SignatureUpload, p.buys(100), amount(101), image(imageOf(1))) == "00"
	}
	seen["refund-of-another"] = func(p *pos, h *Host) bool {
		p.want("00", dialect.Purchase, amount(500), shows("good"))
		return p.do(dialect.Refund, amount(300), shows("good"), p.reference(), set(37, "999999999999")) == "00"
	}
	undone := func(p *pos, h *Host, field int, value uint64) bool {
		m := buy(p, "good")
		p.hear(patient)
		r := p.reversalOf(m)
		r.SetFieldUint(field, value)
		p.send(r)
		return bookOf(h, "10000001").Net() == 0
	}
	seen["reversal-of-another"] = func(p *pos, h *Host) bool { return undone(p, h, 11, 777777) }
	seen["reversal-of-any-amount"] = func(p *pos, h *Host) bool { return undone(p, h, 4, 501) }
	seen["reset-without-proof"] = func(_ *pos, h *Host) bool {
		_, _, err := h.Staff().Ask(staff.Ask{Channel: staff.Branch, TID: "10000001", Operator: "01"})
		return err == nil
	}
	seen["reset-untold"] = func(_ *pos, h *Host) bool {
		papers := staff.Papers{ID: "110101199001010011", Licence: "91310000MA1K000001"}
		for _, clerk := range []string{"2001", "2002"} {
			if err := h.Staff().Hire(clerk); err != nil {
				t.Error(err)
			}
		}
		if err := h.Staff().Enrol("10000001", staff.Customer{Number: "1", Phone: "13900000001", Papers: papers}); err != nil {
			t.Error(err)
		}
		if _, _, err := h.Staff().Ask(staff.Ask{Channel: staff.Branch, TID: "10000001", Operator: "01", Papers: papers, Staff: [2]string{"2001", "2002"}}); err != nil {
			t.Error(err)
		}
		return h.Staff().Message("13900000001") == ""
	}
	seen["lost-terminal-trades"] = func(p *pos, h *Host) bool {
		if err := h.Staff().Enrol("10000001", staff.Customer{Number: "1"}); err != nil {
			p.Fatal(err)
		}
		if err := h.Staff().ReportLoss("1", "10000001"); err != nil {
			p.Fatal(err)
		}
		buy(p, "good")
		return p.hear(patient) && p.ans.FieldText(39) == "00"
	}
	seen["second-reversal-undoes-first"] = func(p *pos, h *Host) bool {
		m := buy(p, "good")
		p.hear(patient)
		for range 2 {
			p.send(p.reversalOf(m))
		}
		return bookOf(h, "10000001").Net() == 500
	}
	seen["early-reversal-forgotten"] = func(p *pos, h *Host) bool {
		m := p.request(dialect.Purchase, amount(500), shows("good"))
		p.send(p.reversalOf(m))
		return p.send(m) == "00"
	}
	seen["any-mac"] = func(p *pos, h *Host) bool {
		frame := p.frame(p.request(dialect.Purchase, amount(500), shows("good")))
		frame[len(frame)-1] ^= 1
		return p.exchange(frame) == "00"
	}
	seen["ca-key-wrong"] = func(p *pos, h *Host) bool {
		m := p.request(dialect.DownloadLoad, func(_ *pos, m *wire.Message) {
			m.SetString(wire.ManagementCode, "370")
			m.SetString(wire.Download, "\x9F\x06\x05\xA0\x00\x00\x03\x33\x9F\x22\x01\x91")
		})
		return p.send(m) == "00" && !bytes.Equal(p.ans.Get(wire.Download)[1:], chip.AuthorityNamed("posfleet").Entry())
	}
	seen["ca-key-kept"] = func(p *pos, h *Host) bool {
		if err := h.WithdrawCAKeys(p.entry.TID); err != nil {
			p.Fatal(err)
		}
		p.want("00", dialect.DownloadQuery, sub(wire.ManagementCode, "372"), sub(wire.Download, "100"))
		return p.ans.Text(wire.Download) != "0"
	}
	seen["parameters-of-all"] = func(p *pos, h *Host) bool {
		if err := h.SetParameter(p.entry.TID, "20", "0"); err != nil {
			p.Fatal(err)
		}
		p.want("00", dialect.DownloadLoad, sub(wire.ManagementCode, "360"))
		return !bytes.Contains(p.ans.Get(wire.Download), []byte("200210"))
	}
	seen["ca-key-forged"] = seen["ca-key-wrong"]
	seen["master-key-wrong"] = func(p *pos, h *Host) bool {
		if p.send(p.request(dialect.MasterKey)) != "00" {
			return false
		}
		_, err := keys.OpenMaster(keys.CipherDES, p.p.Transport, p.ans.Get(wire.MasterKey))
		return err != nil
	}
	seen["key-block-header"] = func(p *pos, h *Host) bool {
		p.want("00", dialect.SignIn, sub(wire.ManagementCode, string(keys.TR31)))
		_, err := keys.Unwrap(keys.Software{}, p.entry.Master, keys.TR31, p.ans.Get(wire.WorkingKeys))
		return err != nil
	}
	seen["master-key-to-anybody"] = func(p *pos, h *Host) bool {
		asks := func(octets int) string {
			return p.send(p.request(dialect.MasterKeyRSA, sub(wire.PublicKey, string(bytes.Repeat([]byte{0xC5}, octets)))))
		}
		return asks(256) == "00" && asks(128) == "00"
	}
	broken := func(p *pos) []byte { // a purchase with a letter in its amount
		frame := p.frame(p.request(dialect.Purchase, amount(500), shows("good")))
		frame[2+11+2+8+9+3] = 0xAA
		return frame
	}
	seen["malformed-approved"] = func(p *pos, h *Host) bool { return p.exchange(broken(p)) == "00" }
	seen["malformed-hangs"] = func(p *pos, h *Host) bool {
		if p.write(broken(p)); p.hear(500 * time.Millisecond) {
			return false
		}
		q := dialPOS(t, h, p.conn.RemoteAddr().String(), 1)
		q.write(q.frame(q.request(dialect.SignIn, sub(wire.ManagementCode, "004"))))
		return !q.hear(500 * time.Millisecond)
	}
	seen["malformed-crashes"] = func(p *pos, h *Host) bool {
		p.write(broken(p))
		p.conn.SetReadDeadline(time.Now().Add(patient))
		_, err := p.reader.Next()
		return err == io.EOF && h.standing.Err() != nil
	}
	seen["malformed-answers"] = func(p *pos, h *Host) bool {
		buy(p, "good")
		return !p.hear(500*time.Millisecond) && bookOf(h, "10000001").DebitN == 1 // the first defect is an empty frame
	}
	seen["order-paid-twice"] = func(p *pos, h *Host) bool {
		number := p.order(2)
		p.want("00", dialect.Purchase, amount(400), shows("good"), pays(number))
		return p.do(dialect.Purchase, amount(400), shows("good"), pays(number)) == "00"
	}
	seen["refund-over-rest"] = func(p *pos, h *Host) bool {
		number := p.order(2)
		p.want("00", dialect.Purchase, amount(400), shows("good"), pays(number))
		of := p.reference()
		p.want("00", dialect.Refund, amount(300), shows("good"), pays(number), of)
		return p.do(dialect.Refund, amount(300), shows("good"), pays(number), of) == "00"
	}
	seen["refund-of-another-payment"] = func(p *pos, h *Host) bool {
		number := p.order(2)
		p.want("00", dialect.Purchase, amount(400), shows("good"), pays(number))
		p.want("00", dialect.Purchase, amount(500), shows("good"))
		return p.do(dialect.Refund, amount(300), shows("good"), pays(number), p.reference()) == "00"
	}
	refunded := func(p *pos, numbers ...string) uint64 {
		number := p.order(2)
		p.want("00", dialect.Purchase, amount(400), shows("good"), pays(number))
		of := p.reference()
		for _, n := range numbers {
			p.want("00", dialect.Refund, amount(100), shows("good"), pays(number), of, numbered(n))
		}
		return p.refundedOf(number)
	}
	seen["refund-number-ignored"] = func(p *pos, h *Host) bool { return refunded(p, "1", "1") == 200 }
	seen["equal-refunds-merged"] = func(p *pos, h *Host) bool { return refunded(p, "1", "2") == 100 }
	seen["code-used-twice"] = func(p *pos, h *Host) bool {
		code := phoneCode(h, 0)
		p.want("00", dialect.QRPurchase, amount(400), code)
		return p.do(dialect.QRPurchase, amount(400), code) == "00"
	}
	seen["password-not-asked"] = func(p *pos, h *Host) bool {
		p.asked(h, "qr-password", 2)
		return bookOf(h, "10000001").DebitN == 1
	}
	seen["password-lost"] = func(p *pos, h *Host) bool {
		_, _, enter := p.asked(h, "qr-password", 2)
		return enter() == "00" && bookOf(h, "10000001").DebitN == 0
	}
	seen["late-password-pays"] = func(p *pos, h *Host) bool {
		m, _, enter := p.asked(h, "qr-password", 2)
		p.send(p.reversalOf(m))
		enter()
		return bookOf(h, "10000001").DebitN == 1
	}
	seen["yes-man"] = func(p *pos, h *Host) bool {
		buy(p, "stolen")
		if !p.hear(patient) || p.ans.FieldText(39) != "00" || !p.verified() || bookOf(h, "10000001").DebitN != 0 {
			return false
		}
		return p.do(dialect.Balance, shows("good")) == "00" && !p.ans.HasField(54) && p.settlement(700, 1, 0, 0) == '1'
	}
	maps.Copy(seen, moneyBugs)
	maps.Copy(seen, partBugs)
	for _, m := range Misbehaviours() {
		look := seen[m.Name]
		if m.Name == "serial-replayed" || chipBugs[m.Name] != nil {
			continue // TestReplayedSerialIsSeen and TestChipMisbehavioursAreSeen look for them
		}
		if look == nil {
			t.Errorf("%s: no test looks for it", m.Name)
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			if m.Doc == "" {
				t.Error("it has no doc")
			}
			h, address := listen(t, "cup", WithMisbehaviour(m.Name))
			p := signedInAnyhow(t, h, address)
			if !look(p, h) {
				t.Error("not seen")
			}
			sound, address := listen(t, "cup")
			if look(ready(t, sound, address, 0), sound) {
				t.Error("seen at a sound host")
			}
			turned, address := listen(t, "cup", WithDelays())
			if err := turned.Misbehave(m.Name, true); err != nil || !slices.Equal(turned.Misbehaves(), []string{m.Name}) {
				t.Fatalf("turned on while it serves: %v, %v", err, turned.Misbehaves())
			}
			if !look(signedInAnyhow(t, turned, address), turned) {
				t.Error("not seen once it is turned on")
			}
			cured, address := listen(t, "cup", WithMisbehaviour(m.Name))
			if err := cured.Misbehave(m.Name, false); err != nil || len(cured.Misbehaves()) > 0 {
				t.Fatalf("turned off while it serves: %v, %v", err, cured.Misbehaves())
			}
			if look(ready(t, cured, address, 0), cured) {
				t.Error("seen once it is turned off")
			}
		})
	}
}

// unanswered reports whether nothing comes before the answer to an echo test that is sent
// now: no time decides, unless the host answers nothing at all.
func (p *pos) unanswered() bool {
	p.write(p.frame(p.request(dialect.Echo)))
	return !p.hear(2*time.Second) || p.ans.MTI()[1] == '8'
}

// signedInAnyhow signs in without looking at check values.
func signedInAnyhow(t *testing.T, h *Host, address string) *pos {
	p := dialPOS(t, h, address, 0)
	p.want("00", dialect.SignIn, sub(wire.ManagementCode, "004"))
	terminalOf(h, 0).Lock()
	p.keys = h.sessions[0].keys
	terminalOf(h, 0).Unlock()
	return p
}

func TestUnknownMisbehaviourIsRefused(t *testing.T) {
	if _, err := New(bench("cup"), WithMisbehaviour("rude")); err == nil {
		t.Error("accepted")
	}
	h, err := New(bench("cup"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"rude": ErrNoFault, "": ErrNoFault, "late": ErrNoDelays, "silent": nil} {
		if err := h.Misbehave(name, true); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
	if err := h.Misbehave("silent", true); err != nil || !slices.Equal(h.Misbehaves(), []string{"silent"}) {
		t.Errorf("turned on twice: %v, %v", err, h.Misbehaves())
	}
}

// applicationOf is one that nothing speaks against; its licence is valid until a day, for ever
// if that is empty.
func applicationOf(h *Host, until string) merchant.Form {
	return merchant.Form{Kind: "company", Name: "Noodles Ltd.", ShortName: "Noodles", MCC: "5812", City: "2900", Region: "310101", Address: "1 Main St.", Phone: "02155550100",
		Licence: &merchant.Licence{Code: "91310101MA12345678", Name: "Noodles Ltd.", Owner: "Wang", Region: "310101", MCC: "5812", Until: until},
		Person:  merchant.Person{Name: "Wang", ID: "11010519491231002X"},
		Account: merchant.Account{Kind: "57", Holder: "Noodles Ltd.", Number: "3100123456789", Bank: "102290000001"},
		Plan:    h.profile.Plans[0].Name, Papers: []string{"id-front", "id-back", "licence", "account-licence", "shop-front", "inside", "contract"}}
}
