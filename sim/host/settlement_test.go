package host

import (
	"fmt"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// settlement sends 0500 with these totals and gives the flag for domestic cards.
func (p *pos) settlement(debit int64, debits int, credit int64, credits int) byte {
	p.Helper()
	v := fmt.Sprintf("%012d%03d%012d%03d0%031d", debit, debits, credit, credits, 0)
	p.do(dialect.Settlement, set(48, v), set(63, "01 "))
	if p.ans.HasField(39) {
		p.Fatalf("settlement answered %s", p.ans.FieldText(39))
	}
	got := p.ans.FieldText(48)
	if len(got) != 62 || got[61] != '1' {
		p.Fatalf("field 48 is %q", got)
	}
	return got[30]
}

// settle closes the batch: what is uploaded is told, whatever the flag.
func (p *pos) settle(debit int64, debits int) {
	p.Helper()
	p.settlement(debit, debits, 0, 0)
	p.want("00", dialect.UploadEnd, set(48, "0000"))
	p.batch++
}

// Totals agree to the fen or the host says so, however often it is asked, and
// the batch closes once.
func TestSettlementComparesAndClosesTheBatch(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	p.want("00", dialect.Purchase, amount(1000), shows("good"))
	p.want("00", dialect.Purchase, amount(234), shows("good"))
	p.want("00", dialect.PurchaseVoid, amount(234), shows("good"), p.original())
	lost := p.request(dialect.Purchase, amount(55), shows("good"))
	p.send(lost)
	p.send(p.reversalOf(lost))
	for range 2 { // an answer lost: the same again
		if flag := p.settlement(1234, 2, 234, 1); flag != '1' {
			t.Fatalf("right totals are flagged %c", flag)
		}
	}
	for range 2 {
		if flag := p.settlement(1234, 3, 234, 1); flag != '2' {
			t.Fatalf("a wrong count is flagged %c", flag)
		}
		if got, want := p.ans.FieldText(48)[:30], "000000001234002000000000234001"; got != want {
			t.Fatalf("the host's totals are %s, want %s", got, want)
		}
	}
	detail := "00" + "000001" + "00006225000000000014" + "000000001000"
	upload := p.request(dialect.BatchUpload, set(48, "02"+detail+detail))
	for range 3 {
		if code := p.send(upload); code != "00" {
			t.Fatalf("upload answered %s", code)
		}
	}
	p.want("30", dialect.BatchUpload, set(48, "03"+detail))
	end := p.request(dialect.UploadEnd, set(48, "0002"), sub(wire.ManagementCode, "202"))
	for range 3 {
		if code := p.send(end); code != "00" {
			t.Fatalf("end of the upload answered %s", code)
		}
	}
	if n := h.Counts().Miscounted; n != 0 {
		t.Errorf("%d uploads miscounted, want 0", n)
	}
	b := bookOf(h, "10000001")
	if b.Batch != 2 || b.Unsettled != (dialect.Totals{}) || b.Totals != (tally(1234, 234, 2, 1)) {
		t.Errorf("book %+v", b)
	}
	// The settlement once more, its batch over: the same answer still.
	if flag := p.settlement(1234, 2, 234, 1); flag != '1' {
		t.Errorf("the settled batch again is flagged %c", flag)
	}
	p.want("77", dialect.Purchase, amount(1), shows("good"))
	p.batch = 2
	p.want("00", dialect.Purchase, amount(1), shows("good"))
	if flag := p.settlement(1, 1, 0, 0); flag != '1' {
		t.Errorf("the second batch is flagged %c", flag)
	}
	p.want("00", dialect.UploadEnd, set(48, "0007"))
	if n := h.Counts().Miscounted; n != 1 {
		t.Errorf("%d uploads miscounted, want 1", n)
	}
}

// A payment between settlement and the end of the upload is in this batch.
func TestPaymentDuringSettlementIsInOneBatch(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	if flag := p.settlement(0, 0, 0, 0); flag != '1' {
		t.Fatalf("an empty batch is flagged %c", flag)
	}
	p.want("00", dialect.Purchase, amount(5), shows("good"))
	p.want("00", dialect.UploadEnd, set(48, "0000"))
	p.batch = 2
	p.want("00", dialect.Purchase, amount(7), shows("good"))
	b := bookOf(h, "10000001")
	if b.Unsettled.Debit != 7 || b.Debit != 12 {
		t.Errorf("book %+v, want 7 unsettled of 12", b)
	}
	p.want("00", dialect.UploadEnd, set(48, "0000")) // of a batch not settled
	if b := bookOf(h, "10000001"); b.Batch != 2 {
		t.Errorf("batch %d, want 2", b.Batch)
	}
}

func TestBatchNumberMovesOnExactlyOnce(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	batch := func(want uint64, after string) {
		t.Helper()
		p.signIn()
		if p.batch != want {
			t.Fatalf("%s: batch %d, want %d", after, p.batch, want)
		}
	}
	batch(1, "signing in again")
	p.want("00", dialect.SignOff)
	p.want("00", dialect.SignOff) // its answer was lost
	batch(2, "sign-off")
	p.want("00", dialect.Purchase, amount(3), shows("good"))
	p.settle(3, 1)
	p.batch--
	p.want("00", dialect.SignOff) // as terminals do after settlement
	batch(3, "settlement and sign-off")
	p.want("00", dialect.Purchase, amount(3), shows("good"))
	p.settle(3, 1)
	p.want("00", dialect.SignOff) // one that counts on by itself
	batch(4, "settlement and sign-off in the next batch")
	p.settle(0, 0)
	batch(5, "settlement alone")
	p.want("00", dialect.Purchase, amount(3), shows("good"))
	p.want("00", dialect.SignOff)
	batch(6, "sign-off with payments unsettled")
	if flag := p.settlement(3, 1, 0, 0); flag != '1' {
		t.Errorf("what was unsettled at sign-off is flagged %c", flag)
	}
	p.want("77", dialect.SignOff, sub(wire.Batch, "000009"))

	terminalOf(h, 1).Batch = 999_999
	q := ready(t, h, address, 1)
	q.want("00", dialect.SignOff)
	q.signIn()
	if q.batch != 1 {
		t.Errorf("after batch 999999 comes %d, want 1", q.batch)
	}
}

// A payment that was sent before the settlement and comes after it is in no totals that
// were told: it is refused. What the terminal sends after it is taken, also where the
// traces begin anew.
func TestPaymentThatTheSettlementOvertookIsRefused(t *testing.T) {
	for _, first := range []uint64{1, 500_000, 999_990} {
		h, address := listen(t, "cup")
		p := ready(t, h, address, 0)
		p.trace = first
		p.want("00", dialect.Purchase, amount(1000), shows("good"))
		late := p.request(dialect.Purchase, amount(55), shows("good"))
		if first == 999_990 {
			p.trace = 0
		}
		p.settlement(1000, 1, 0, 0)
		p.send(late)
		if got := p.ans.FieldText(39); got != "77" {
			t.Errorf("from trace %d: the late payment is answered %s, want 77", first, got)
		}
		p.want("00", dialect.Purchase, amount(7), shows("good"))
		if flag := p.settlement(1007, 2, 0, 0); flag != '1' {
			t.Errorf("from trace %d: the batch is flagged %c", first, flag)
		}
	}
}
