package rules

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// references is how many reference numbers are remembered: of two that fall on
// the same place the later one.
const references = 1 << 14

// startYear notes how long the year is in which a run begins.
func (j *Judge) startYear() {
	j.year = 365 * day
	if year := time.Now().Year(); year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		j.leap, j.year = true, 366*day
	}
}

const (
	day   = 24 * 60 * 60
	drift = 5 * 60 // s, by which a host's clock may go wrong in a run
)

// retells reports whether the answer has the reference of an earlier one: that is what was
// asked for.
func (x *Exchange) retells() bool {
	return x.Form != nil && x.Form.Transaction == dialect.QRQuery && x.Approves()
}

// uniqueReference holds that no two answers have one reference number.
var uniqueReference = check{ifThere, wire.RRN,
	func(x *Exchange) bool {
		v := x.Answer.Get(wire.RRN)
		if len(v) < 12 || !isReference(v) || x.Dialect.Means(x.code, dialect.Duplicate) || x.retells() {
			return true
		}
		h := (binary.LittleEndian.Uint64(v)^uint64(binary.LittleEndian.Uint32(v[8:]))*0x9E3779B97F4A7C15)*0xD6E8FEB86659FD93 | 1
		return x.judge.references[h>>(64-14)].Swap(h) != h
	},
	func(x *Exchange) error {
		return fmt.Errorf("%s of the answer is %q, which another answer of this run has had", x.field(wire.RRN), x.Answer.Get(wire.RRN))
	},
}

// steadyClock holds that date and time of all answers come from one clock.
var steadyClock = check{ifThere, wire.LocalTime,
	func(x *Exchange) bool {
		off, ok := x.clockOff()
		return !ok || off <= drift && off >= -drift
	},
	func(x *Exchange) error {
		off, _ := x.clockOff()
		return fmt.Errorf("%s and %s of the answer are %q and %q: by the run's other answers the host's clock is %s off there",
			x.field(wire.LocalDate), x.field(wire.LocalTime), x.Answer.Get(wire.LocalDate), x.Answer.Get(wire.LocalTime), time.Duration(off)*time.Second)
	},
}

// clockOff is by how many seconds the answer's date and time are off where the
// first answer of the run puts the host's clock; false when that cannot be told.
func (x *Exchange) clockOff() (int64, bool) {
	date, at := x.Answer.Get(wire.LocalDate), x.Answer.Get(wire.LocalTime)
	s := x.judge
	if !dialect.IsDate(date) {
		return 0, false
	}
	host := dayOfYear(date, s.leap)*day + two(at)*3600 + two(at[2:])*60 + two(at[4:])
	first := s.offset.Load()
	if off := host - x.Now + 1 - first; first != 0 && off >= -drift && off <= drift {
		return off, true
	}
	offset := modulo(host-x.Now, s.year)
	if first == 0 && s.offset.CompareAndSwap(0, offset+1) {
		return 0, true
	}
	off := modulo(offset+1-s.offset.Load(), s.year)
	if off > s.year/2 {
		off -= s.year
	}
	return off, true
}

// two reads two digits.
func two(v []byte) int64 { return int64(v[0]-'0')*10 + int64(v[1]-'0') }

func modulo(n, m int64) int64 { return (n%m + m) % m }

// before is how many days of a leap year are before each month.
var before = [12]int64{0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335}

// dayOfYear is the number of the day, from 0, of MMDD.
func dayOfYear(mmdd []byte, leap bool) int64 {
	month := two(mmdd)
	n := before[month-1] + two(mmdd[2:]) - 1
	if month > 2 && !leap {
		n--
	}
	return n
}

// nearSettlement holds that the settlement date is near the local one.
var nearSettlement = check{ifThere, wire.SettlementDate,
	func(x *Exchange) bool {
		local, settled := x.Answer.Get(wire.LocalDate), x.Answer.Get(wire.SettlementDate)
		if bytes.Equal(local, settled) || !dialect.IsDate(local) || !dialect.IsDate(settled) {
			return true
		}
		apart := modulo(dayOfYear(settled, true)-dayOfYear(local, true), 366)
		return apart <= week || apart >= 366-week
	},
	func(x *Exchange) error {
		return fmt.Errorf("%s of the answer is %q, more than %d days from %s, %q", x.field(wire.SettlementDate), x.Answer.Get(wire.SettlementDate), week,
			x.field(wire.LocalDate), x.Answer.Get(wire.LocalDate))
	},
}

const week = 7

// Acquirer is what the first answers to a terminal called its acquirer. The zero
// value is that of a terminal that has heard none.
type Acquirer struct {
	id       [11]byte // field 32
	named    [11]byte // second half of field 44
	idLen    uint8
	hasNamed bool
}

// sameAcquirer holds that all answers to a terminal come from one acquirer.
var sameAcquirer = check{ifThere, wire.Acquirer,
	func(x *Exchange) bool {
		a, v := x.Acquirer, x.Answer.Get(wire.Acquirer)
		if a == nil || len(v) == 0 || len(v) > len(a.id) {
			return true
		}
		if a.idLen == 0 {
			a.idLen = uint8(copy(a.id[:], v))
		}
		return bytes.Equal(v, a.id[:a.idLen])
	},
	func(x *Exchange) error {
		return fmt.Errorf("%s of the answer is %q, in other answers to this terminal %q", x.field(wire.Acquirer), x.Answer.Get(wire.Acquirer), x.Acquirer.id[:x.Acquirer.idLen])
	},
}

// sameNamedAcquirer is sameAcquirer for the second half of the response data.
var sameNamedAcquirer = check{ifThere, wire.ResponseData,
	func(x *Exchange) bool {
		a, v := x.Acquirer, x.Answer.Get(wire.ResponseData)
		if a == nil || len(v) != 2*len(a.named) || len(x.Dialect.Schemes) == 0 {
			return true
		}
		if !a.hasNamed {
			a.hasNamed = true
			copy(a.named[:], v[len(a.named):])
		}
		return bytes.Equal(v[len(a.named):], a.named[:])
	},
	func(x *Exchange) error {
		return fmt.Errorf("%s of the answer is %s, in other answers to this terminal its second half is %q", x.field(wire.ResponseData), Quoted(x.Dialect.ShownElement(x.Answer, wire.ResponseData)), x.Acquirer.named)
	},
}
