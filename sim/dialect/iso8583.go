package dialect

import (
	"maps"

	"github.com/posfleet/posfleet/sim/wire"
)

// places are where ISO 8583:1987 itself puts elements, and what more a network
// has to say.
func places(more map[wire.Element]wire.Place) map[wire.Element]wire.Place {
	all := map[wire.Element]wire.Place{
		wire.PAN:               wire.Whole(2),
		wire.ProcessingCode:    wire.Whole(3),
		wire.Amount:            wire.Whole(4),
		wire.TransmissionTime:  wire.Whole(7),
		wire.Trace:             wire.Whole(11),
		wire.LocalTime:         wire.Whole(12),
		wire.LocalDate:         wire.Whole(13),
		wire.Expiry:            wire.Whole(14),
		wire.SettlementDate:    wire.Whole(15),
		wire.EntryMode:         wire.Whole(22),
		wire.CardSequence:      wire.Whole(23),
		wire.ConditionCode:     wire.Whole(25),
		wire.PINCapture:        wire.Whole(26),
		wire.Acquirer:          wire.Whole(32),
		wire.Track2:            wire.Whole(35),
		wire.Track3:            wire.Whole(36),
		wire.RRN:               wire.Whole(37),
		wire.AuthCode:          wire.Whole(38),
		wire.ResponseCode:      wire.Whole(39),
		wire.TerminalID:        wire.Whole(41),
		wire.MerchantID:        wire.Whole(42),
		wire.ResponseData:      wire.Whole(44),
		wire.Track1:            wire.Whole(45),
		wire.Currency:          wire.Whole(49),
		wire.PINBlock:          wire.Whole(52),
		wire.SecurityControl:   wire.Whole(53),
		wire.AdditionalAmounts: wire.Whole(54),
		wire.ChipData:          wire.Whole(55),
		wire.WorkingKeys:       wire.Whole(62),
		wire.Operator:          wire.Whole(63),
	}
	maps.Copy(all, more)
	return all
}

// required gives the fields without which a request is answered 30, as far as its
// form has them. Minimal request sets of the CUP reconstruction, docs/sources.md.
func required(t Transaction) []int {
	switch t {
	case SignIn:
		return []int{11, 60}
	case SignOff, Echo:
		return nil
	case Settlement, BatchUpload, UploadEnd:
		return []int{11, 48, 60}
	case Reversal:
		return []int{3, 4, 11, 25, 39, 49, 60}
	}
	fields := []int{3, 11, 22, 25, 49, 60}
	if t.Payment() {
		fields = append(fields, 4)
	}
	if t == QRPurchase {
		fields = append(fields, 59)
	}
	switch t.Original() {
	case ToTrace, ToReference:
		fields = append(fields, 37, 61)
	case ToAuthCode:
		fields = append(fields, 38, 61)
	}
	return fields
}

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

// Field54 writes a balance, in fen: account type 10, amount type 02
// (available), currency 156.
func Field54(balance int64) [20]byte {
	v := [20]byte{'1', '0', '0', '2', '1', '5', '6', 'C'}
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
