package dialect

import (
	"fmt"
	"io"
	"iter"

	"github.com/posfleet/posfleet/sim/wire"
)

// Totals are the two sides of a settlement. Amounts are in fen.
type Totals struct {
	Debit, Credit   int64
	DebitN, CreditN int
}

// Net is debit less credit.
func (t Totals) Net() int64 { return t.Debit - t.Credit }

// Add counts n transactions of an amount each on a side; a negative n takes
// them off again.
func (t *Totals) Add(side Side, amount int64, n int) {
	switch side {
	case Debit:
		t.Debit, t.DebitN = t.Debit+int64(n)*amount, t.DebitN+n
	case Credit:
		t.Credit, t.CreditN = t.Credit+int64(n)*amount, t.CreditN+n
	}
}

// Plus is the sum of both.
func (t Totals) Plus(u Totals) Totals {
	return Totals{t.Debit + u.Debit, t.Credit + u.Credit, t.DebitN + u.DebitN, t.CreditN + u.CreditN}
}

// Minus is what t has more than u.
func (t Totals) Minus(u Totals) Totals {
	return Totals{t.Debit - u.Debit, t.Credit - u.Credit, t.DebitN - u.DebitN, t.CreditN - u.CreditN}
}

// Flag is what a host says of the totals of a settlement; 0 in a request.
type Flag byte

const (
	NoFlag     Flag = '0'
	Balanced   Flag = '1'
	Unbalanced Flag = '2'
	InError    Flag = '3'
)

// String gives the flag's digit.
func (f Flag) String() string {
	if f < ' ' || f > '~' {
		return "absent"
	}
	return string(f)
}

// The totals of a settlement (CUP field 48) are two halves, for domestic cards
// and for foreign ones, of 31 digits each: debit amount 12 and count 3, credit
// amount 12 and count 3, flag 1.
const (
	TotalsHalf = 31
	TotalsLen  = 2 * TotalsHalf
	maxAmount  = 999_999_999_999
	maxCount   = 999
)

// PutTotals writes one half. What is too large for its digits is written as the
// largest they hold, never cut.
func PutTotals(half []byte, t Totals, f Flag) {
	wire.PutUint(half[0:12], uint64(min(t.Debit, maxAmount)))
	wire.PutUint(half[12:15], uint64(min(t.DebitN, maxCount)))
	wire.PutUint(half[15:27], uint64(min(t.Credit, maxAmount)))
	wire.PutUint(half[27:30], uint64(min(t.CreditN, maxCount)))
	half[30] = byte(f)
}

// ReadTotals reads one half.
func ReadTotals(half []byte) (Totals, Flag) {
	return Totals{
		Debit: int64(wire.Uint(half[0:12])), DebitN: int(wire.Uint(half[12:15])),
		Credit: int64(wire.Uint(half[15:27])), CreditN: int(wire.Uint(half[27:30])),
	}, Flag(half[30])
}

// Fit reports whether the digits of a settlement can hold the totals.
func (t Totals) Fit() bool {
	return t.Debit <= maxAmount && t.Credit <= maxAmount && t.DebitN <= maxCount && t.CreditN <= maxCount
}

// Upload is one transaction in a batch upload (CUP field 48 of 0320): a message
// has a count of two digits, then for each 40 digits.
type Upload struct {
	Class  string // of card: "00" domestic
	Trace  uint32
	PAN    string
	Amount int64 // fen
}

// uploadLen is its digits: class 2, trace 6, PAN filled with zeros 20, amount 12.
const uploadLen = 40

// MaxUploads is how many uploads one message carries.
const MaxUploads = 8

// AppendUploadCount begins the field with how many uploads follow.
func AppendUploadCount(v []byte, n int) []byte { return append(v, '0'+byte(n/10), '0'+byte(n%10)) }

// AppendUpload writes one.
func AppendUpload(v []byte, u Upload) []byte {
	at := len(v)
	v = append(v, "0000000000000000000000000000000000000000"...)
	copy(v[at:at+2], u.Class)
	wire.PutUint(v[at+2:at+8], uint64(u.Trace))
	copy(v[at+28-len(u.PAN):], u.PAN)
	wire.PutUint(v[at+28:at+40], uint64(u.Amount))
	return v
}

// UploadCount is how many uploads the field holds; false when it is not as long
// as it says.
func UploadCount(v []byte) (int, bool) {
	if len(v) < 2 || !wire.IsDigits(v[:2]) {
		return 0, false
	}
	n := int(wire.Uint(v[:2]))
	return n, len(v) == 2+uploadLen*n
}

// uploads gives the uploads of a field that UploadCount finds right, digits only.
func uploads(v []byte) iter.Seq[Upload] {
	return func(yield func(Upload) bool) {
		for v := v[2:]; len(v) > 0; v = v[uploadLen:] {
			pan := v[8:28]
			for len(pan) > 0 && pan[0] == '0' {
				pan = pan[1:]
			}
			if !yield(Upload{string(v[:2]), uint32(wire.Uint(v[2:8])), string(pan), int64(wire.Uint(v[28:40]))}) {
				return
			}
		}
	}
}

// holdsTotals reports whether field f holds settlement totals: 62 digits in a
// message of reconciliation. Anything else may be an upload.
func holdsTotals(m *wire.Message, f int) bool {
	v := m.Field(f)
	return m.MTI()[1] == '5' && len(v) == TotalsLen && wire.IsDigits(v)
}

// describeUploads writes the uploads of a batch upload, and the count of four
// digits that ends one.
func describeUploads(w io.Writer, m *wire.Message, f int) {
	v := m.Field(f)
	if m.MTI()[1] != '3' || !wire.IsDigits(v) {
		return
	}
	if len(v) == 4 {
		writePart(w, fmt.Sprintf("%d.1", f), "details uploaded", string(v))
		return
	}
	if _, ok := UploadCount(v); !ok {
		return
	}
	i := 0
	for u := range uploads(v) {
		i++
		writePart(w, fmt.Sprintf("%d.%d", f, i), "detail", fmt.Sprintf("class %s, trace %06d, PAN %s, amount %012d", u.Class, u.Trace, MaskPAN(u.PAN), u.Amount))
	}
}

// Failure is why a chip payment that the host approved came to nothing.
type Failure uint8

const (
	NoFailure    Failure = iota
	ChipDeclined         // the card's second cryptogram is a decline (AAC)
	WrongIssuer          // the card found the issuer's answer (ARPC) wrong
)

// chipFailures are as the notice says them, CUP field 62.
var chipFailures = [...]string{ChipDeclined: "10", WrongIssuer: "22"}

// AppendChipDetail writes what field 62 says of a chip payment: 61, the class of the card
// (00 domestic), 00, the amount and its currency; of one that came to nothing 71, the
// class, 11, amount, currency and why. Source: the CUP reconstruction, docs/sources.md.
func AppendChipDetail(v []byte, amount int64, currency string, f Failure) []byte {
	from := "610000"
	if f != NoFailure {
		from = "710011"
	}
	v = append(v, from...)
	at := len(v)
	v = append(v, "000000000000"...)
	wire.PutUint(v[at:], uint64(amount))
	v = append(v, currency...)
	return append(v, chipFailures[f]...)
}

// ReadChipDetail reads it; false for what is none.
func ReadChipDetail(v []byte) (amount int64, f Failure, ok bool) {
	if len(v) < 21 || !wire.IsDigits(v) {
		return 0, NoFailure, false
	}
	amount = int64(wire.Uint(v[6:18]))
	switch kind := string(v[:2]); {
	case kind == "61" && len(v) == 21:
		return amount, NoFailure, true
	case kind == "71" && len(v) == 23 && string(v[21:]) == chipFailures[ChipDeclined]:
		return amount, ChipDeclined, true
	case kind == "71" && len(v) == 23 && string(v[21:]) == chipFailures[WrongIssuer]:
		return amount, WrongIssuer, true
	}
	return 0, NoFailure, false
}
