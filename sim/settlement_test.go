package sim_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

func TestBalancedSettlementUploadsNothing(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	for i := range 9 {
		x.pay(t, int64(100+i))
	}
	batch := x.Batch
	x.sent = nil
	if err := x.p.Settle(); err != nil {
		t.Fatal(err)
	}
	if x.p.Last.Flag != '1' || x.Display != "结算成功" || len(x.Journal.Records) != 0 || x.Batch != batch+1 {
		t.Errorf("flag %c, shows %s, %d records left, batch %d after %d", x.p.Last.Flag, x.Display, len(x.Journal.Records), x.Batch, batch)
	}
	end := x.sent[len(x.sent)-1].request
	if got := string(end.Get(wire.ManagementCode)); got != "207" || end.FieldText(48) != "0000" {
		t.Errorf("the end says %s with %s details, want 207 with 0000", got, end.FieldText(48))
	}
	if got, want := x.exchanged(), []dialect.Transaction{dialect.Settlement, dialect.UploadEnd}; !slices.Equal(got, want) {
		t.Errorf("exchanged %v, want %v", got, want)
	}
	x.pay(t, 100)
	x.wants(t, report.Approved, false)
}

// When the totals differ, every detail goes up, eight a message, and the end
// says how many.
func TestUnbalancedSettlementUploadsAll(t *testing.T) {
	for _, c := range []struct {
		details int
		packs   []string // the head of field 48 of each upload: 0 and how many
		end     string
	}{
		{0, nil, "0000"},
		{1, []string{"01"}, "0001"},
		{8, []string{"08"}, "0008"},
		{9, []string{"08", "01"}, "0009"},
		{17, []string{"08", "08", "01"}, "0017"},
	} {
		t.Run(fmt.Sprint(c.details), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "cup", 1)
			x := newTill(t, b)
			for i := range c.details + 1 {
				x.pay(t, int64(100+i))
			}
			if err := x.Journal.Forget(); err != nil {
				t.Fatal(err)
			}
			records := slices.Clone(x.Journal.Records)
			x.sent = nil
			if err := x.p.Settle(); err != nil {
				t.Fatal(err)
			}
			if x.p.Last.Flag != '2' || x.Display != "结算完成, 对账不平" || len(x.Journal.Records) != 0 {
				t.Errorf("flag %c, shows %s, %d records left", x.p.Last.Flag, x.Display, len(x.Journal.Records))
			}
			if host := x.p.Last.Host; host.DebitN != c.details+1 {
				t.Errorf("the host's totals have %d payments, want %d", host.DebitN, c.details+1)
			}
			var packs []string
			n := 0
			for _, s := range x.sent {
				v := s.request.FieldText(48)
				if s.of != dialect.BatchUpload {
					continue
				}
				packs = append(packs, v[:2])
				for d := v[2:]; d != ""; d = d[40:] {
					r := records[n]
					if want := fmt.Sprintf("00%06d%020s%012d", r.Trace, r.Holder(x.Profile).PAN, r.Amount); d[:40] != want {
						t.Errorf("detail %d is not that of the payment", n)
					}
					n++
				}
			}
			end := x.sent[len(x.sent)-1]
			if !slices.Equal(packs, c.packs) || n != c.details || end.of != dialect.UploadEnd || end.request.FieldText(48) != c.end || string(end.request.Get(wire.ManagementCode)) != "202" {
				t.Errorf("packs %v, %d details, %v says %s (%s); want %v, %d, %s (202)",
					packs, n, end.of, end.request.FieldText(48), end.request.Get(wire.ManagementCode), c.packs, c.details, c.end)
			}
			if miscounted := b.host.Counts().Miscounted; miscounted != 0 {
				t.Errorf("the host counted other details than the end told, %d times", miscounted)
			}
			x.pay(t, 100)
			x.wants(t, report.Approved, false)
		})
	}
}

// A message of the settlement that is lost, whichever, leaves the batch as it
// is; settling again completes it, and the batch moves on once.
func TestLostSettlementMessageIsMadeUpFor(t *testing.T) {
	const messages = 4 // settlement, two uploads, end
	for at := range messages {
		for _, fault := range []line.Fault{line.LoseRequest, line.LoseAnswer, line.CutAnswer} {
			t.Run(fmt.Sprint("message ", at+1, " ", fault), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, "cup", 1)
				x := newTill(t, b)
				for i := range 10 {
					x.pay(t, int64(100+i))
				}
				if err := x.Journal.Forget(); err != nil {
					t.Fatal(err)
				}
				batch := x.Batch
				x.sent = nil
				x.Link.(*counting).before = func(n int) {
					if n == at {
						x.Faults.Add(fault, 1)
					}
				}
				if err := x.p.Settle(); err != nil {
					t.Fatal(err)
				}
				if len(x.sent) != at+1 || len(x.Journal.Records) != 9 || x.Batch != batch {
					t.Fatalf("after %d messages: %d records, batch %d", len(x.sent), len(x.Journal.Records), x.Batch)
				}
				x.Link.(*counting).before = nil
				if err := x.p.Settle(); err != nil {
					t.Fatal(err)
				}
				if len(x.Journal.Records) != 0 || x.Batch != batch+1 {
					t.Errorf("settled again: shows %s, %v; %d records, batch %d, want 0 and %d",
						x.Display, x.p.Last.Reason(), len(x.Journal.Records), x.Batch, batch+1)
				}
				if end := at == messages-1; end && len(x.sent) != messages+1 {
					t.Errorf("after its end was lost it sent %d messages, want the end alone: the batch may be closed", len(x.sent)-messages)
				}
				x.pay(t, 100)
				x.wants(t, report.Approved, false)
			})
		}
	}
}

// A sign-in between a settlement whose end was not acknowledged and the next brings the number
// of the batch after: what the terminal closed goes not into that one, of which the host has none.
func TestSignInKeepsTheBatchThatWaitsForItsEnd(t *testing.T) {
	for _, fault := range []line.Fault{line.LoseRequest, line.LoseAnswer, line.CutAnswer} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "cup", 1)
			x := newTill(t, b)
			x.pay(t, 100)
			batch := x.Batch
			x.sent = nil
			x.Link.(*counting).before = func(n int) {
				if n == 1 { // the end
					x.Faults.Add(fault, 1)
				}
			}
			if err := x.p.Settle(); err != nil {
				t.Fatal(err)
			}
			x.Link.(*counting).before = nil
			if err := x.p.SignIn(); err != nil || x.Batch != batch {
				t.Fatalf("signed in: %v, batch %d, want %d", err, x.Batch, batch)
			}
			if err := x.p.Settle(); err != nil {
				t.Fatal(err)
			}
			if x.p.Last.Flag != dialect.Balanced || len(x.Journal.Records) != 0 || x.Batch != batch+1 || x.Display != "结算成功" {
				t.Errorf("settled again: flag %c, %d records, batch %d, shows %s", x.p.Last.Flag, len(x.Journal.Records), x.Batch, x.Display)
			}
			x.pay(t, 100)
			x.wants(t, report.Approved, false)
		})
	}
}

// A host that declines the end of a batch may have ended it before: its next sign-in tells the
// terminal another number, and what the terminal has of that batch goes not into the next one.
func TestBatchThatTheHostHasEndedIsAbandoned(t *testing.T) {
	x := newTill(t, newBench(t, "cup", 1))
	batch := x.Batch
	if err := x.p.Settle(); err != nil || x.Batch != batch+1 {
		t.Fatalf("settled: %v, batch %d, want %d", err, x.Batch, batch+1)
	}
	x.pay(t, 100)
	if x.Batch = batch; x.p.Abandon() != nil || x.Batch != batch+1 || len(x.Journal.Records) != 0 {
		t.Errorf("batch %d, %d records, want batch %d and none", x.Batch, len(x.Journal.Records), batch+1)
	}
}

// A host whose totals are a fen off makes every settlement unbalanced; one that
// says balanced with other totals is not believed.
func TestLyingTotalsAreSeen(t *testing.T) {
	b := newBench(t, "cup", 1, misbehaving("lying-totals"))
	x := newTill(t, b)
	x.pay(t, 100)
	if err := x.p.Settle(); err != nil {
		t.Fatal(err)
	}
	if x.p.Last.Flag != '2' || x.p.Last.Host.Debit != 101 || x.Display != "结算完成, 对账不平" {
		t.Errorf("flag %c, the host's debit %d, shows %s", x.p.Last.Flag, x.p.Last.Host.Debit, x.Display)
	}

	honest := newTill(t, newBench(t, "cup", 1))
	honest.pay(t, 100)
	honest.Link = newOwn(t, answering(t, honest.Profile, func(request *wire.Message) *wire.Message {
		a := request.Format().NewMessage()
		a.AnswerTo(request)
		v := request.Field(48)
		wire.PutUint(v[0:12], wire.Uint(v[0:12])+1)
		v[30], v[61] = '1', '1'
		a.SetField(48, v)
		return a
	}), honest.Profile)
	if err := honest.p.Settle(); err != nil {
		t.Fatal(err)
	}
	if honest.p.Last.Outcome != report.Refused || len(honest.Journal.Records) != 1 {
		t.Errorf("%v (%v), %d records left", honest.p.Last.Outcome, honest.p.Last.Why, len(honest.Journal.Records))
	}
}

func TestSignOffAfterSettlementByPolicy(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.Profile.Policy.AutoSignOff = true
	batch := x.Batch
	x.pay(t, 100)
	x.sent = nil
	if err := x.p.Settle(); err != nil {
		t.Fatal(err)
	}
	if got, want := x.exchanged(), []dialect.Transaction{dialect.Settlement, dialect.UploadEnd, dialect.SignOff}; !slices.Equal(got, want) || x.SignedIn {
		t.Errorf("exchanged %v, signed in: %v; want %v", got, x.SignedIn, want)
	}
	if x.Display != "结算成功" || x.p.Last.Of != dialect.Settlement {
		t.Errorf("shows %s, the last result is of %v", x.Display, x.p.Last.Of)
	}
	if err := x.p.SignIn(); err != nil || !x.SignedIn || x.Batch != batch+1 {
		t.Errorf("%v, signed in: %v, batch %d, want %d", err, x.SignedIn, x.Batch, batch+1)
	}
}

// Refunds and advices go up by themselves, as they were sent but for what a terminal may
// not keep, before and after the payments; a lost acknowledgement is asked for again under
// the same trace, and the host counts one.
func TestAdvicesAreUploadedAsTheyWereSent(t *testing.T) {
	b := newBench(t, "cup", 1)
	x := newTill(t, b)
	x.pay(t, 1000)
	paid := x.Journal.Records[0]
	settle := x.order(dialect.OfflineSettle, 300)
	settle.PIN, settle.Auth = false, "123456"
	if err := x.p.Keep(settle); err != nil {
		t.Fatal(err)
	}
	refund := x.order(dialect.Refund, 400)
	refund.Original, refund.PIN = &paid, false
	if err := x.p.Pay(refund); err != nil || x.p.Last.Outcome != report.Approved {
		t.Fatalf("refund: %v, %v", err, x.p.Last.Reason())
	}
	x.pay(t, 500)
	if err := x.Journal.Forget(); err != nil {
		t.Fatal(err)
	}
	asSent := map[dialect.Transaction]*wire.Message{}
	for _, s := range x.sent {
		asSent[s.of] = s.request
	}
	x.sent = nil
	each := x.p.Each
	x.p.Each = func(request, answer *wire.Message, r *sim.Result) {
		if each(request, answer, r); r.Of == dialect.Settlement {
			x.Faults.Add(line.LoseAnswer, 1) // to the first upload
		}
	}
	for range 2 {
		if err := x.p.Settle(); err != nil {
			t.Fatal(err)
		}
	}
	var of []dialect.Transaction
	for _, s := range x.sent {
		of = append(of, s.of)
		if s.of != dialect.AdviceUpload {
			continue
		}
		m := s.request
		was := asSent[dialect.OfflineSettle]
		if m.FieldText(3) == "200000" {
			was = asSent[dialect.Refund]
		}
		if m.MTI() != "0320" || m.HasField(26) || m.HasField(35) || m.HasField(36) || m.HasField(52) || m.HasField(53) || m.HasField(64) || m.FieldText(2) != x.Profile.Holders("good")[0].PAN {
			t.Errorf("an advice goes up with what it should not have, or without its card number: %s", m.MTI())
		}
		for _, n := range []int{3, 4, 11, 25, 37, 38, 41, 42, 49, 60, 61, 63} {
			if m.FieldText(n) != was.FieldText(n) {
				t.Errorf("field %d is %q, was sent as %q", n, m.FieldText(n), was.FieldText(n))
			}
		}
	}
	want := []dialect.Transaction{dialect.Settlement, dialect.AdviceUpload, dialect.AdviceUpload, dialect.BatchUpload, dialect.AdviceUpload, dialect.UploadEnd}
	if !slices.Equal(of, want) {
		t.Errorf("exchanged %v, want %v", of, want)
	}
	if n := b.host.Counts().Miscounted; n != 0 {
		t.Errorf("the host counted other details than the end told, %d times", n)
	}
}
