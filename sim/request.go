package sim

import (
	"bytes"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// Entry is how the card or code came in.
type Entry = dialect.Entry

const (
	Swipe  = dialect.Swipe
	Insert = dialect.Insert
	Tap    = dialect.Tap
	Keyed  = dialect.Keyed
	Code   = dialect.ShownCode
	Held   = dialect.Held
)

// Order is what cardholder and operator want of the terminal.
type Order struct {
	Of       dialect.Transaction
	Entry    Entry
	PIN      bool  // the cardholder types the PIN
	Fallback bool  // the stripe is read because the chip cannot be
	Amount   int64 // fen
	Holder   *profile.Holder
	Original *Record         // of a void, refund or completion
	Date     string          // MMDD of the original when it is not Original's
	Bill     *Bill           // the order that it pays or gives back; nil for none
	Onto     *profile.Holder // whose chip is loaded, where Holder pays for it; nil for Holder's own
	Code     []byte          // payment code that a phone made; nil for the holder's
	Parts    int             // in which an instalment is paid
	Auth     string          // the authorisation code that was told by telephone

	RefundNumber []byte // the merchant's number of a refund of Bill; nil for one that has none
}

// chip is whose chip is in the reader or held against it; nil for none.
func (o *Order) chip() *profile.Holder {
	switch {
	case o.Onto != nil:
		return o.Onto
	case o.Entry == Insert, o.Entry == Tap, o.Entry == Held:
		return o.Holder
	}
	return nil
}

// inserted reports whether it is in the reader, or held against it, for as long as the payment
// takes.
func (o *Order) inserted() bool { return o.Entry == Insert || o.Entry == Held || o.Onto != nil }

// begin starts a request of form f: constants, routing header, identity, and
// the trace when the form carries one.
func (p *Player) begin(t *Terminal, f *dialect.Form) {
	m := p.req
	p.holder, p.chipped = nil, false
	f.Begin(m)
	copy(m.Head, t.Profile.Head)
	m.SetString(wire.TerminalID, t.TID)
	m.SetString(wire.MerchantID, t.MID)
	if f.Carries(wire.Trace) {
		m.SetUint(wire.Trace, uint64(t.Trace))
	}
	if f.Carries(wire.TransmissionTime) {
		now := p.Clock.At(p.Clock.Now())
		PutTime(&p.stamp, now)
		m.Set(wire.TransmissionTime, p.stamp[:])
	}
	if f.Carries(wire.LocalDateTime) {
		p.putDateTime()
	}
	m.SetUint(wire.Batch, uint64(t.Batch))
	p.keyless = p.deriveKeys(t, f)
}

// putDateTime writes YYMMDDhhmmss.
func (p *Player) putDateTime() {
	now := p.Clock.At(p.Clock.Now())
	PutTime(&p.stamp, now)
	v := append(p.scratch[:0], "00"...)
	wire.PutUint(v, uint64(now.Year()%100))
	p.scratch = append(v, p.stamp[:]...)
	p.req.Set(wire.LocalDateTime, p.scratch)
}

// putOriginalTime says when the request was sent that this one points to, MMDDhhmmss, where it
// has room for it; its year is the latest in which that is not to come.
func (p *Player) putOriginalTime(sent uint32) {
	m, now := p.req, p.Clock.At(p.Clock.Now())
	year := now.Year()
	if _, month, day := now.Date(); sent/1e6 > uint32(100*int(month)+day) {
		year--
	}
	v := append(p.scratch[:0], "000000000000"...)
	wire.PutUint(v[:2], uint64(year%100))
	wire.PutUint(v[2:], uint64(sent))
	p.scratch = v
	if m.Has(wire.OriginalTime) {
		m.Set(wire.OriginalTime, v[2:])
	}
	if m.Has(wire.OriginalDateTime) {
		m.Set(wire.OriginalDateTime, v)
	}
}

// PutTime writes MMDDhhmmss.
func PutTime(dst *[10]byte, at time.Time) {
	_, month, day := at.Date()
	hour, minute, second := at.Clock()
	for i, v := range [...]int{int(month), day, hour, minute, second} {
		dst[2*i], dst[2*i+1] = '0'+byte(v/10), '0'+byte(v%10)
	}
}

// fill puts an order's data into the request that begin started, as far as the
// form carries them.
func (p *Player) fill(t *Terminal, f *dialect.Form, o *Order) error {
	m := p.req
	if f.Carries(wire.Amount) {
		m.SetUint(wire.Amount, uint64(o.Amount))
	}
	if p.takesParts(o) && f.Carries(wire.PartialApproval) {
		p.announceParts()
	}
	if o.Holder != nil {
		if err := p.card(t, f, o); err != nil {
			return err
		}
	} else if o.Entry == Code && f.Carries(wire.EntryMode) {
		m.SetString(wire.EntryMode, t.Profile.Dialect.EntryMode(o.Entry, false))
	}
	if o.Bill != nil && f.Carries(wire.PaymentCode) {
		p.scratch = append(p.scratch[:0], m.Get(wire.PaymentCode)...)
		p.scratch = dialect.AppendTag(p.scratch, dialect.TagPaysOrder, o.Bill.Number[:])
		if o.RefundNumber != nil {
			p.scratch = dialect.AppendTag(p.scratch, dialect.TagRefundNumber, o.RefundNumber)
		}
		m.Set(wire.PaymentCode, p.scratch)
	}
	if r := o.Original; r != nil {
		p.original(f, r)
		if f.Transaction.Booking() == dialect.Capture && len(f.ManagementCodes) > 1 && o.Amount == r.Amount {
			m.SetString(wire.ManagementCode, f.ManagementCodes[1])
		}
	}
	if len(o.Date) == 4 {
		m.SetString(wire.OriginalDate, o.Date)
	}
	if o.Parts > 0 && f.Carries(wire.Instalments) {
		p.block = [8]byte{'0' + byte(o.Parts/10%10), '0' + byte(o.Parts%10)}
		m.Set(wire.Instalments, p.block[:2])
	}
	if o.Auth != "" && f.Carries(wire.AuthCode) {
		m.SetString(wire.AuthCode, o.Auth)
	}
	if o.Of == dialect.Tip && f.Carries(wire.Totals) {
		v := append(p.scratch[:0], "000000000000"...)
		wire.PutUint(v, uint64(o.Amount-o.Original.Amount))
		p.scratch = v
		m.Set(wire.Totals, v)
	}
	return nil
}

// card puts in what was read off a card or a code, and the PIN.
func (p *Player) card(t *Terminal, f *dialect.Form, o *Order) error {
	m, h := p.req, o.Holder
	if o.Entry == Code {
		if f.Carries(wire.PaymentCode) {
			if p.scratch = dialect.AppendPaymentCode(p.scratch[:0], h.Code); o.Code != nil {
				p.scratch = dialect.AppendTag(p.scratch[:0], dialect.TagPaymentCode, o.Code)
			}
			m.Set(wire.PaymentCode, p.scratch)
		}
		if f.Carries(wire.EntryMode) {
			m.SetString(wire.EntryMode, t.Profile.Dialect.EntryMode(o.Entry, false))
		}
		return nil
	}
	pin := o.PIN && len(h.Typed) > 0 && f.Carries(wire.PINBlock) && t.keys.PIN != nil
	entry, chip := o.Entry, o.chip()
	if f.Carries(wire.PAN) && !f.Carries(wire.Track2) && !f.Carries(wire.ChipData) { // no more of a card than records keep
		entry, chip = Keyed, nil
	}
	if f.Carries(wire.EntryMode) {
		m.SetString(wire.EntryMode, t.Profile.Dialect.EntryMode(entry, pin))
	}
	switch {
	case o.Fallback:
		p.fallback(f, pin)
	case entry == Swipe && h.Card.HasChip() && m.Has(wire.ChipCondition):
		m.SetString(wire.ChipCondition, "1") // the chip has not failed
	}
	if entry != Swipe {
		m.SetString(wire.PAN, h.PAN)
		m.SetString(wire.Expiry, h.Expiry)
	}
	if chip != nil && chip.Sequence != "" {
		m.SetString(wire.CardSequence, chip.Sequence)
		if f.Carries(wire.ChipData) {
			p.inserted = o.inserted()
			if used, err := p.useChip(o, pin && chip == h); err != nil {
				return err
			} else if !used {
				m.Set(wire.ChipData, p.madeUp(o))
			}
		}
	}
	if o.Onto != nil {
		m.SetString(wire.LoadedCard, o.Onto.PAN)
		m.SetString(wire.LoadedEntry, t.Profile.Dialect.EntryMode(Insert, false)+"0")
	}
	sealed := false
	if o.Entry != Keyed && f.Carries(wire.Track2) {
		p.scratch = append(p.scratch[:0], h.Track2...)
		if t.keys.Track != nil && t.Profile.Policy.EncryptTracks {
			track, err := t.keys.Track.EncryptTrack(p.scratch)
			if err != nil {
				return err
			}
			p.scratch, sealed = track, true
		} else {
			p.scratch[len(h.PAN)] = '=' // the separator in characters; packed it is D (ISO/IEC 7813)
		}
		m.Set(wire.Track2, p.scratch)
	}
	if o.Entry == Swipe && len(h.Card.Track3) > 0 && f.Carries(wire.Track3) {
		if err := p.thirdTrack(h, sealed); err != nil {
			return err
		}
	}
	if pin {
		if p.pan = append(p.pan[:0], h.PAN...); f.PINZeros {
			p.pan = append(p.pan[:0], keys.NoPAN...)
		}
		if err := p.pinBlock(t.keys.PIN, h.Typed); err != nil {
			return err
		}
		m.SetString(wire.PINCapture, "12")
	}
	if f.Carries(wire.SecurityControl) && (pin || m.Has(wire.Track2)) {
		p.security(f, pin, sealed)
	}
	return nil
}

// thirdTrack puts in track 3: format code, number, separator and more (ISO/IEC 4909). It is
// enciphered where the other is.
func (p *Player) thirdTrack(h *profile.Holder, sealed bool) error {
	track := append(append(p.scratch[:0], thirdFormat...), h.PAN...)
	track = append(append(track, 'D'), h.Card.Track3...)
	p.scratch = track
	if !sealed {
		track[len(thirdFormat)+len(h.PAN)] = '='
	} else if track, err := p.T.keys.Track.EncryptTrack(track); err != nil {
		return err
	} else {
		p.scratch = track
	}
	p.req.Set(wire.Track3, p.scratch)
	return nil
}

// thirdFormat begins a track 3 of a bank's.
const thirdFormat = "99"

// fallback says that the stripe stands in for a chip that cannot be read: by the condition of
// the chip, by an entry mode of its own, or by both, as the dialect has it.
func (p *Player) fallback(f *dialect.Form, pin bool) {
	if p.req.Has(wire.ChipCondition) {
		p.req.SetString(wire.ChipCondition, "2")
	}
	if mode := p.T.Profile.Dialect.EntryMode(dialect.Instead, pin); mode != "" && f.Carries(wire.EntryMode) {
		p.req.SetString(wire.EntryMode, mode)
	}
}

// pinBlock puts in the PIN for the card number in p.pan: in a block of 8 octets, or
// of 16 under SM4.
func (p *Player) pinBlock(key *keys.Key, pin []byte) (err error) {
	if key.BlockSize() == len(p.wide) {
		p.wide, err = key.EncryptPINWide(p.T.Profile.Dialect.PINFormat, pin, p.cardOfPIN())
		p.req.Set(wire.PINBlock, p.wide[:])
		return err
	}
	p.block, err = key.EncryptPIN(p.T.Profile.Dialect.PINFormat, pin, p.cardOfPIN())
	p.req.Set(wire.PINBlock, p.block[:])
	return err
}

// security writes field 53: PIN block format (2: with the card number, 1: without), cipher of the
// keys (0 single DES, 6 double length, 3 SM4; no public source has AES: 4), tracks enciphered or not.
func (p *Player) security(f *dialect.Form, pin, track bool) {
	v := append(p.scratch[:0], "0600000000000000"...)
	switch block := p.T.Profile.SignIn; {
	case block == keys.Single:
		v[1] = '0'
	case block.Cipher() == keys.CipherSM4:
		v[1] = '3'
	case block.Cipher() == keys.CipherAES:
		v[1] = '4'
	}
	if pin {
		v[0] = '2'
		if f.PINZeros || !p.T.Profile.Dialect.PINFormat.Bound() {
			v[0] = '1'
		}
	}
	if track {
		v[2] = '1'
	}
	p.scratch = v
	p.req.Set(wire.SecurityControl, v)
}

// original puts in what points to an earlier transaction.
func (p *Player) original(f *dialect.Form, r *Record) {
	m := p.req
	if f.Carries(wire.RRN) {
		m.Set(wire.RRN, r.RRN[:])
	}
	if f.Carries(wire.AuthCode) && r.Auth != [6]byte{} {
		m.Set(wire.AuthCode, r.Auth[:])
	}
	if f.Carries(wire.ConditionCode) && !m.Has(wire.ConditionCode) { // of what a void undoes
		m.SetString(wire.ConditionCode, p.T.Profile.Dialect.Form(r.Of).Constant(p.T.Profile.Dialect.Place(wire.ConditionCode).Field))
	}
	if f.Carries(wire.AccountType) && !m.Has(wire.AccountType) { // what was paid in points is undone in them
		at := p.T.Profile.Dialect.Place(wire.AccountType)
		v := append(p.scratch[:0], m.Field(at.Field)...)
		if of := p.T.Profile.Dialect.Form(r.Of).Constant(at.Field); len(of) > len(v) && len(of) >= at.To {
			v = append(v, of[len(v):]...)
			m.SetField(at.Field, v)
		}
		p.scratch = v
	}
	// Void, refund and completion of something before this batch point to it
	// by date only; batch and trace stay zero.
	if f.Transaction.Original() == dialect.ToTrace {
		m.SetUint(wire.OriginalBatch, uint64(r.Batch))
		m.SetUint(wire.OriginalTrace, uint64(r.Trace))
	}
	if r.Date != [4]byte{} {
		m.Set(wire.OriginalDate, r.Date[:])
	}
	if r.sent != 0 {
		p.putOriginalTime(r.sent)
	}
}

// chipData is field 55 of a test card whose issuer is not known: the tags that CUP requests carry, with
// values that no issuer would verify. Amount, counter and random number are
// written over it for each transaction.
var chipData = []byte("\x9F\x26\x08\x00\x00\x00\x00\x00\x00\x00\x00" + // cryptogram, at 3
	"\x9F\x27\x01\x80" +
	"\x9F\x10\x13\x07\x01\x01\x03\xA0\x00\x00\x01\x0A\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x9F\x37\x04\x00\x00\x00\x00" + // random number, at 40
	"\x9F\x36\x02\x00\x00" + // counter, at 47
	"\x95\x05\x00\x00\x00\x00\x00" +
	"\x9A\x03\x26\x01\x01" +
	"\x9C\x01\x00" +
	"\x9F\x02\x06\x00\x00\x00\x00\x00\x00" + // amount, at 67
	"\x5F\x2A\x02\x01\x56" +
	"\x82\x02\x7C\x00" +
	"\x9F\x1A\x02\x01\x56" +
	"\x9F\x03\x06\x00\x00\x00\x00\x00\x00" +
	"\x9F\x33\x03\xE0\xE1\xC8" +
	"\x9F\x34\x03\x02\x03\x00" +
	"\x9F\x35\x01\x22" +
	"\x9F\x1E\x08POSFLEET" +
	"\x84\x08\xA0\x00\x00\x03\x33\x01\x01\x02" +
	"\x9F\x09\x02\x00\x8C" +
	"\x9F\x41\x04\x00\x00\x00\x00")

// chipCurrency is where the currency stands in it: tag 5F2A, four packed digits.
var chipCurrency = bytes.Index(chipData, []byte("\x5F\x2A\x02")) + 3

// madeUp writes field 55 for an order with a chip whose keys are not known.
func (p *Player) madeUp(o *Order) []byte {
	d := append(p.scratch[:0], chipData...)
	p.scratch = d
	r := Hash(uint64(p.n), uint64(o.Amount))
	for i := range 8 {
		d[3+i] = byte(r >> (8 * i))
	}
	copy(d[40:44], d[3:7])
	if c := p.T.Profile.Dialect.Currency; len(c) == 3 {
		d[chipCurrency], d[chipCurrency+1] = c[0]-'0', (c[1]-'0')<<4|(c[2]-'0')
	}
	d[47], d[48] = byte(p.n>>8), byte(p.n)
	for i, v := 5, o.Amount; i >= 0; i-- {
		d[67+i] = byte(v/10%10)<<4 | byte(v%10)
		v /= 100
	}
	return d
}
