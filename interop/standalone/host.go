package main

import (
	"cmp"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// terminal is what the host knows of one terminal.
type terminal struct {
	id, merchant string
	master       cipher.Block
	longMAC      bool

	mu       sync.Mutex
	session  *session // nil when it is not signed in
	batch    int
	seen     map[slot]*record // of this batch and the one before
	journal  []*record        // approved in this batch, or reversed since
	uploaded int
}

// batchText is the batch as field 60 has it.
func (t *terminal) batchText() string { return fmt.Sprintf("%06d", t.batch) }

// closeBatch goes on to the next batch and forgets what no message may name now.
func (t *terminal) closeBatch() {
	last := t.batchText()
	if t.batch++; t.batch > 999999 {
		t.batch = 1
	}
	for s := range t.seen {
		if s.batch != last {
			delete(t.seen, s)
		}
	}
	t.journal, t.uploaded = nil, 0
}

// day is a date as the messages have it: month and day.
func day(t time.Time) string { return fmt.Sprintf("%02d%02d", t.Month(), t.Day()) }

// host answers messages.
type host struct {
	acquirer  string
	terminals map[string]*terminal
	bank      bank
}

// seal makes field 64 of an answer.
type seal func([]byte) string

// respond answers the request m, which is broken when malformed is not nil. It
// returns nil for what cannot be answered at all.
func (h *host) respond(m *message, malformed error) (*message, seal) {
	if m == nil || m.mti&0xF01F != 0 { // of another version, or an answer
		return nil, nil
	}
	a := &message{header: m.header, mti: m.mti + 0x10, field: map[int]string{}}
	a.tpdu = [5]byte{m.tpdu[0], m.tpdu[3], m.tpdu[4], m.tpdu[1], m.tpdu[2]}
	a.header[2] &= 0xF0 // nothing to do after this
	for _, f := range []int{fProc, fAmount, fTrace, fCondition, fTerminal, fMerchant, fCurrency, fKind} {
		if m.has(f) {
			a.field[f] = m.field[f]
		}
	}
	now := time.Now()
	a.field[fTime], a.field[fDate] = now.Format("150405"), day(now)
	if malformed != nil {
		a.field[fCode] = "30"
		return a, nil
	}
	s := h.decide(m, a, now)
	switch a.field[fCode] {
	case "77", "99", "A0":
		a.header[2] |= 3 // sign in, please
	}
	return a, s
}

// decide does what m asks and puts the rest into its answer a.
func (h *host) decide(m, a *message, now time.Time) seal {
	refuse := func(code string) seal { a.field[fCode] = code; return nil }
	sort := m.field[fKind]
	if !m.has(fTerminal) || !m.has(fMerchant) || len(sort) < 8 {
		return refuse("30")
	}
	sort, batch, network := sort[:2], sort[2:8], ""
	if k := m.field[fKind]; len(k) >= 11 {
		network = k[8:11]
	}
	t := h.terminals[m.field[fTerminal]]
	switch {
	case t == nil:
		return refuse("97")
	case t.merchant != m.field[fMerchant]:
		return refuse("03")
	}
	t.mu.Lock()
	defer t.mu.Unlock()

	if m.mti == 0x0820 && network == "301" { // echo
		a.field[fCode] = "00"
		return nil
	}
	if !m.has(fTrace) {
		return refuse("30")
	}
	a.field[fAcquirer] = h.acquirer
	switch {
	case m.mti == 0x0820 && network == "002": // sign-off, of which a second one does no harm
		t.session = nil
		a.field[fReference] = h.reference(t, now)
		a.field[fCode] = "00"
		return nil
	case m.mti == 0x0800:
		s, block, ok := openSession(network, t.master, t.longMAC)
		if !ok {
			return refuse("12")
		}
		t.session = s
		a.field[fReference] = h.reference(t, now)
		a.field[fKind] = sort + t.batchText() + m.field[fKind][8:]
		a.field[fKeys] = block
		a.field[fCode] = "00"
		return nil
	case m.mti == 0x0820:
		return refuse("12")
	case t.session == nil:
		return refuse("77")
	}
	switch m.mti {
	case 0x0500:
		return h.settle(t, m, a, batch, now)
	case 0x0320:
		return h.upload(t, m, a, batch, network, now)
	case 0x0100, 0x0200, 0x0220:
		return h.pay(t, m, a, slot{batch, m.field[fTrace]}, sort, now)
	case 0x0400:
		return h.undo(t, m, a, slot{batch, m.field[fTrace]}, sort, now)
	}
	return refuse("12")
}

// reference is a number for an answer that leaves no payment behind.
func (h *host) reference(t *terminal, now time.Time) string {
	h.bank.mu.Lock()
	defer h.bank.mu.Unlock()
	h.bank.numbered++
	return fmt.Sprintf("%03dN%08d", now.YearDay(), h.bank.numbered%1e8)
}

// macked says whether m carries the MAC that its terminal must have made.
func (t *terminal) macked(m *message) bool {
	return m.has(fMAC) && t.session.sign(m.macked) == m.field[fMAC]
}

// lacks says whether one of the fields is not there.
func (m *message) lacks(fields ...int) bool {
	for _, f := range fields {
		if !m.has(f) {
			return true
		}
	}
	return false
}

// pay decides on a payment, or on one that takes an earlier one up again.
func (h *host) pay(t *terminal, m, a *message, at slot, sort string, now time.Time) seal {
	refuse := func(code string) seal { a.field[fCode] = code; return nil }
	if at.batch != t.batchText() {
		return refuse("77")
	}
	if t.seen[at] != nil {
		return refuse("94")
	}
	if !t.macked(m) {
		return refuse("A0")
	}
	r := &record{kind: &kind{}, term: t, slot: at, at: now}
	t.seen[at] = r
	for _, k := range kinds {
		if k.mti == m.mti && k.proc == m.field[fProc] && k.cond == m.field[fCondition] && k.sort == sort {
			r.kind = k
		}
	}
	if r.kind.name == "" {
		return refuse("12")
	}
	if r.kind == inquiry {
		delete(a.field, fAmount)
	}
	if m.lacks(fProc, fTrace, fEntry, fCondition, fCurrency) || r.kind != inquiry && !m.has(fAmount) || m.field[fCurrency] != "156" {
		return refuse("30")
	}
	r.amount, _ = strconv.ParseInt(m.field[fAmount], 10, 64)
	c, ok := claimOf(m, r.kind)
	if !ok {
		return refuse("30")
	}
	card, expiry, ok := t.readCard(m, r.kind)
	if !ok {
		return refuse("30")
	}
	pin := ""
	if m.has(fPIN) {
		var err error
		if pin, err = t.session.openPIN(m.field[fPIN], m.field[fSecurity], card); err != nil {
			return refuse("99")
		}
	}

	b := &h.bank
	b.mu.Lock()
	defer b.mu.Unlock()
	code := ""
	qr := strings.HasPrefix(m.field[fEntry], "03")
	switch {
	case qr && r.kind.opens:
		if r.acct = b.codes[tagged(m.field[fQR], "A3")]; r.acct == nil {
			code = "14"
		}
	case card != "":
		r.acct, code = b.card(card)
	}
	if code == "" && r.acct != nil {
		code = r.acct.complain(expiry, pin, m.has(fPIN), r.kind == inquiry, now)
	}
	if code != "" {
		b.number(r, false)
		a.field[fReference] = r.reference
		return refuse(code)
	}
	code = b.book(r, c)
	own := r.kind == purchase && !qr || r.kind == hold || r.kind == completion || r.kind == advice
	b.number(r, r.booked && own)
	a.field[fReference] = r.reference
	a.field[fSettled] = day(now)
	a.field[fCode] = code
	switch {
	case r.booked:
		t.journal = append(t.journal, r)
	case r.kind == inquiry && code == "00":
		a.field[fBalance] = fmt.Sprintf("1002156C%012d", max(r.acct.free(), 0))
	default:
		return nil
	}
	switch r.kind {
	case hold:
		b.byApproval[t.merchant+r.approval] = r
	case addition, void, holdVoid, completionVoid:
		r.approval = r.of.approval
	}
	if r.approval != "" {
		a.field[fApproval] = r.approval
	}
	if qr && r.kind == purchase {
		r.voucher = fmt.Sprintf("%s%06d%010d", day(now), t.batch, b.numbered)
		a.field[fQR] = "A4020" + r.voucher
	}
	if m.has(fSequence) {
		a.field[fSequence] = m.field[fSequence]
	}
	if strings.HasPrefix(m.field[fEntry], "05") && m.has(fChip) {
		proof := make([]byte, 8)
		rand.Read(proof)
		a.field[fChip] = "\x91\x0A" + string(proof) + "00"
	}
	a.field[fScheme] = r.acct.scheme + fmt.Sprintf("%-20s", "GOOD FOR TESTS ONLY")
	return t.session.sign
}

// complain says what is wrong with a card that is there, or nothing.
func (a *account) complain(expiry, pin string, typed, mustType bool, now time.Time) string {
	switch {
	case a.decline != "":
		return a.decline
	case a.expires < fmt.Sprintf("%02d%02d", now.Year()%100, now.Month()), expiry != "" && expiry != a.expires:
		return "54"
	case typed && pin != a.pin, mustType && !typed:
		return "55"
	}
	return ""
}

// tagged finds the value of a tag in field 59: tags of two characters, lengths
// of three digits.
func tagged(text, tag string) string {
	for len(text) >= 5 {
		n, err := strconv.Atoi(text[2:5])
		if err != nil || n < 0 || len(text) < 5+n {
			return ""
		}
		if text[:2] == tag {
			return text[5 : 5+n]
		}
		text = text[5+n:]
	}
	return ""
}

// claimOf reads what a request says of the payment before it.
func claimOf(m *message, k *kind) (c claim, ok bool) {
	if k.opens {
		return c, true
	}
	c.reference, c.approval = m.field[fReference], strings.TrimSpace(m.field[fApproval])
	c.voucher = tagged(m.field[fQR], "A4")
	o := m.field[fOriginal]
	if len(o) < 12 {
		return c, false
	}
	c.slot = slot{o[:6], o[6:12]}
	if len(o) >= 16 {
		c.date = o[12:16]
	}
	switch k {
	case void, completionVoid, refund:
		return c, c.reference != ""
	}
	return c, c.approval != ""
}

// readCard takes card number and expiry out of a request. Both are empty when a
// request that takes up an earlier payment brings no card. ok is false when the
// fields do not fit the way in which the card was read.
func (t *terminal) readCard(m *message, k *kind) (card, expiry string, ok bool) {
	entry := m.field[fEntry]
	card, expiry = m.field[fCard], m.field[fExpiry]
	if m.has(fTrack2) {
		text := m.field[fTrack2]
		if s := m.field[fSecurity]; len(s) == 16 && s[2] == '1' {
			var ok bool
			if text, ok = t.session.openTrack(text); !ok {
				return "", "", false
			}
		}
		number, tail, ok := strings.Cut(text, "D")
		if !ok || len(tail) < 4 || card != "" && card != number || expiry != "" && expiry != tail[:4] {
			return "", "", false
		}
		card, expiry = number, tail[:4]
	}
	if m.has(fPIN) && (m.lacks(fPINLength, fSecurity) || entry[2] == '2') {
		return "", "", false
	}
	switch entry[:2] {
	case "00":
		ok = !k.opens
	case "01":
		ok = !m.has(fTrack2) && m.has(fCard) && (m.has(fExpiry) || !k.opens)
	case "02", "80", "90", "91", "95":
		ok = m.has(fTrack2) || !k.opens
	case "05", "07", "96", "98":
		ok = card != "" && m.has(fChip) || !k.opens
	case "03":
		ok = card == "" && (tagged(m.field[fQR], "A3") != "" || !k.opens)
	}
	return card, expiry, ok
}

// undo reverses a payment. One that never came is remembered, so that it is not
// taken when it comes after all.
func (h *host) undo(t *terminal, m, a *message, at slot, sort string, now time.Time) seal {
	refuse := func(code string) seal { a.field[fCode] = code; return nil }
	if !t.macked(m) {
		return refuse("A0")
	}
	if m.lacks(fProc, fAmount, fTrace, fEntry, fCondition, fCode, fCurrency) {
		return refuse("30")
	}
	amount, _ := strconv.ParseInt(m.field[fAmount], 10, 64)
	b := &h.bank
	b.mu.Lock()
	defer b.mu.Unlock()
	r := t.seen[at]
	if r == nil {
		r = &record{kind: &kind{proc: m.field[fProc], cond: m.field[fCondition], sort: sort}, term: t, slot: at, at: now, amount: amount}
		if at.batch == t.batchText() {
			t.seen[at] = r
		}
	}
	code := ""
	switch k := r.kind; {
	case r.booked && at.batch != t.batchText(): // settled
		code = "25"
	case r.booked && (k.proc != m.field[fProc] || k.cond != m.field[fCondition] || k.sort != sort):
		code = "25"
	case r.booked && (r.amount != amount || m.has(fCard) && r.acct != nil && m.field[fCard] != r.acct.number):
		code = "64"
	default:
		code = b.reverse(r)
	}
	if r.reference == "" {
		b.number(r, false)
	}
	a.field[fReference] = r.reference
	a.field[fSettled] = day(now)
	if a.field[fCode] = code; code == "00" {
		return t.session.sign
	}
	return nil
}

// settle compares totals. It closes nothing: the end of the upload does.
func (h *host) settle(t *terminal, m, a *message, batch string, now time.Time) seal {
	refuse := func(code string) seal { a.field[fCode] = code; return nil }
	if batch != t.batchText() {
		return refuse("77")
	}
	theirs := m.field[fPrivate48]
	if len(theirs) != 62 || !m.has(fCurrency) {
		return refuse("30")
	}
	text := ""
	domestic, foreign := h.bank.totals(t.journal)
	for i, s := range []side{domestic, foreign} {
		flag := "1"
		if s.String() != theirs[31*i:31*i+30] {
			flag = "2"
		}
		text += s.String() + flag
	}
	t.uploaded = 0
	a.field[fPrivate48] = text
	a.field[fSettled] = day(now)
	a.field[fReference] = h.reference(t, now)
	a.field[fScheme] = cmp.Or(m.field[fScheme], "   ")
	a.field[fCode] = "00"
	return nil
}

// upload takes details in, and at their end closes the batch.
func (h *host) upload(t *terminal, m, a *message, batch, network string, now time.Time) seal {
	refuse := func(code string) seal { a.field[fCode] = code; return nil }
	details := m.field[fPrivate48]
	if m.has(fPrivate48) {
		a.field[fPrivate48] = details
	}
	a.field[fReference] = h.reference(t, now)
	current := batch == t.batchText()
	switch network {
	case "202", "207":
		if len(details) != 4 {
			return refuse("30")
		}
		if current { // else its answer was lost, and the batch is closed already
			t.closeBatch()
		}
	case "201":
		n, err := strconv.Atoi(details[:min(2, len(details))])
		if err != nil || n > 8 || len(details) != 2+40*n {
			return refuse("30")
		}
		if current {
			t.uploaded += n
		}
	}
	a.field[fCode] = "00"
	return nil
}
