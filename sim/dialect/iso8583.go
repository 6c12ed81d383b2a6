package dialect

import (
	"github.com/posfleet/posfleet/sim/wire"
)

// MaxNumber is the highest trace and batch number. Both have six digits and go
// from 000001 round to it.
const MaxNumber = 999_999

// Next is the trace or batch number after n: 999999 is followed by 000001.
func Next(n uint32) uint32 {
	if n >= MaxNumber {
		return 1
	}
	return n + 1
}

// What ISO 8583 itself says of data elements by their numbers, whatever network has
// them. No other Go than this knows the number of a field; the rest asks a dialect for
// its elements.
const (
	isoPAN               = 2
	isoResponseCode      = 39
	isoResponseData      = 44
	isoAdditionalAmounts = 54
	isoChipData          = 55
	isoKeyManagement     = 96 // of the second edition
)

// isTrack reports whether field f is track 2 or 3.
func isTrack(f int) bool { return f == 35 || f == 36 }

// neverShown reports whether field f is a track or the PIN.
func neverShown(f int) bool { return isTrack(f) || f == 45 || f == 52 }

// private reports whether field f carries card data or what networks agree on:
// extended PAN, tracks, name, additional data, PIN, reserved fields, accounts
// and the second half's private fields (ISO 8583:1987, table of data elements).
func private(f int) bool {
	switch {
	case f >= 34 && f <= 36, f == 43, f >= 45 && f <= 48, f == 52, f >= 54 && f <= 63, f >= 102 && f <= 127:
		return true
	}
	return false
}

// agreed87 and agreed93 report whether the contents of field f are left to agreement by
// an edition, so that another network's use of it says nothing.
func agreed87(f int) bool { return f >= 46 && f <= 48 || f >= 56 && f <= 63 || f >= 105 && f <= 127 }
func agreed93(f int) bool { return f == 47 || f == 48 || f >= 60 && f <= 63 || f >= 105 && f <= 127 }

// Balance54 reads the balance in field 54, in fen: up to six amounts of account
// and amount type, currency, sign C or D, 12 digits. The amount available (type
// 02) is meant, where there is none of that type the first. It reports false when
// there is none that can be read.
func Balance54(v []byte) (balance int64, ok bool) {
	for ; len(v) >= 20; v = v[20:] {
		available := string(v[2:4]) == "02"
		if ok && !available {
			continue
		}
		if v[7] != 'C' && v[7] != 'D' || !wire.IsDigits(v[8:20]) {
			return 0, false
		}
		if balance, ok = int64(wire.Uint(v[8:20])), true; v[7] == 'D' {
			balance = -balance
		}
		if available {
			break
		}
	}
	return balance, ok
}

// Field54 writes a balance, in the currency's smallest unit: account type 10, amount
// type 02 (available), currency.
func (d *Dialect) Field54(balance int64) [20]byte {
	v := [20]byte{'1', '0', '0', '2', '0', '0', '0', 'C'}
	copy(v[4:7], d.Currency)
	if balance < 0 {
		v[7], balance = 'D', -balance
	}
	wire.PutUint(v[8:], uint64(min(balance, maxAmount)))
	return v
}

// AppendPaymentCode writes a cardholder's payment code as CUP field 59 has it:
// tag A3, three digits of length, the code.
func AppendPaymentCode(v []byte, code string) []byte {
	v = append(v, "A3000"...)
	wire.PutUint(v[len(v)-3:], uint64(len(code)))
	return append(v, code...)
}
