package rules

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// The forms of dates, times and expiries, at their bounds.
func TestFormsAtTheirBounds(t *testing.T) {
	for name, f := range map[string]struct {
		holds     func([]byte) bool
		good, bad []string
	}{
		"time":   {dialect.IsTime, []string{"000000", "235959"}, []string{"240000", "006000", "000060", "00000", "0000000", "00000A", ""}},
		"date":   {dialect.IsDate, []string{"0101", "0131", "0229", "0430", "1231"}, []string{"0001", "1301", "0100", "0132", "0230", "0431", "101", "010A"}},
		"expiry": {isExpiry, []string{"0000", "0001", "9912", "4901"}, []string{"0100", "0013", "000", "00000", "000A"}},
		"sent":   {isTransmissionTime, []string{"1231235959"}, []string{"1231236059", "1331235959", "123123595"}},
	} {
		for _, v := range f.good {
			if !f.holds([]byte(v)) {
				t.Errorf("%s: %q is none", name, v)
			}
		}
		for _, v := range f.bad {
			if f.holds([]byte(v)) {
				t.Errorf("%s: %q is one", name, v)
			}
		}
	}
}

// A host's clock may go wrong by five minutes, to the second, over the ends of days,
// months and years, short and long ones.
func TestClockIsHeldToItsDrift(t *testing.T) {
	type told struct {
		now        int64
		date, time string
		off        int64
	}
	for name, c := range map[string]struct {
		leap bool
		told []told // the first puts the clock
	}{
		"a day":          {told: []told{{0, "0315", "120000", 0}, {0, "0315", "120500", 300}, {0, "0315", "120501", 301}, {0, "0315", "115500", -300}, {0, "0315", "115459", -301}, {60, "0315", "120000", -60}, {100, "0315", "115820", -200}}},
		"half a year":    {told: []told{{0, "0315", "120000", 0}, {0, "0914", "000000", 182*day + day/2}}},
		"midnight":       {told: []told{{0, "0430", "235930", 0}, {30, "0501", "000000", 0}, {40, "0430", "235959", -11}, {86430, "0502", "000000", 0}}},
		"new year":       {told: []told{{0, "1231", "235930", 0}, {30, "0101", "000001", 1}, {0, "0101", "000431", 301}, {0, "0630", "120000", 15595230}}},
		"old year":       {told: []told{{0, "0101", "000010", 0}, {0, "1231", "235950", -20}, {0, "1231", "120000", -43210}}},
		"first minutes":  {told: []told{{0, "0101", "000100", 0}, {10, "0101", "000110", 0}}},
		"short February": {told: []told{{0, "0228", "235959", 0}, {1, "0301", "000000", 0}}},
		"long February":  {leap: true, told: []told{{0, "0228", "235959", 0}, {1, "0229", "000000", 0}, {86401, "0301", "000000", 0}}},
	} {
		j := NewJudge(dialect.CUP())
		j.leap, j.year = c.leap, 365*day
		if c.leap {
			j.year += day
		}
		for _, a := range c.told {
			x := answered(t, dialect.CUP(), dialect.Purchase, func(m *wire.Message) {
				m.SetString(wire.LocalDate, a.date)
				m.SetString(wire.LocalTime, a.time)
			})
			x.Now, x.judge = a.now, j
			off, ok := x.clockOff()
			if !ok || off != a.off {
				t.Errorf("%s: %s %s after %d s is %d s off (%v), want %d", name, a.date, a.time, a.now, off, ok, a.off)
			}
			if holds := a.off <= 300 && a.off >= -300; steadyClock.holds(x) != holds {
				t.Errorf("%s: %s %s after %d s: it holds: %v", name, a.date, a.time, a.now, !holds)
			}
		}
	}
}

func TestDaysAreCountedFromTheFirst(t *testing.T) {
	for _, c := range []struct {
		date string
		leap bool
		want int64
	}{{"0101", false, 0}, {"0228", false, 58}, {"0301", false, 59}, {"0301", true, 60}, {"1231", false, 364}, {"1231", true, 365}} {
		if got := dayOfYear([]byte(c.date), c.leap); got != c.want {
			t.Errorf("%s (leap %v) is day %d, want %d", c.date, c.leap, got, c.want)
		}
	}
}

// A settlement date is within a week of the local one, over the end of a year.
func TestSettlementDateIsNear(t *testing.T) {
	for dates, holds := range map[[2]string]bool{
		{"0315", "0322"}: true, {"0315", "0323"}: false, {"0315", "0308"}: true, {"0315", "0307"}: false,
		{"1231", "0107"}: true, {"1231", "0108"}: false, {"0101", "1225"}: true, {"0101", "1224"}: false, {"0315", "0915"}: false,
	} {
		x := answered(t, dialect.CUP(), dialect.Purchase, func(m *wire.Message) {
			m.SetString(wire.LocalDate, dates[0])
			m.SetString(wire.SettlementDate, dates[1])
		})
		if nearSettlement.holds(x) != holds {
			t.Errorf("settled on %s, sold on %s: it holds: %v", dates[1], dates[0], !holds)
		}
	}
}

// A reference that another answer has had is noticed at each of its characters.
func TestReferencesAreToldApart(t *testing.T) {
	j := NewJudge(dialect.CUP())
	hear := func(reference string) bool {
		x := answered(t, dialect.CUP(), dialect.Purchase, func(m *wire.Message) { m.SetString(wire.RRN, reference) })
		x.judge = j
		return uniqueReference.holds(x)
	}
	for _, r := range []string{"101530000001", "201530000001", "101530000002", "101530010001", "A01530000001"} {
		if !hear(r) || hear(r) {
			t.Errorf("%s is not told from others, or not known again", r)
		}
	}
}

// The place that is told is that of the first octet which differs, also where one value
// is the beginning of the other, as a field that a host cuts off is.
func TestPlaceOfADifference(t *testing.T) {
	for _, c := range []struct {
		seen, want string
		at         int
	}{{"", "123456", 1}, {"12345", "123456", 6}, {"1234567", "123456", 7}, {"123450", "123456", 6}, {"023456", "123456", 1}, {"120456", "123456", 3}} {
		if at := differAt([]byte(c.seen), c.want); at != c.at {
			t.Errorf("%q for %q differs at %d, want %d", c.seen, c.want, at, c.at)
		}
	}
}

// Of a request that the dialect has no form for nothing is known that it asked for; an
// inquiry brings the balance, and a question about a QR payment the reference of that.
func TestWhatARequestAskedForIsOfItsForm(t *testing.T) {
	cup := dialect.CUP()
	for _, c := range []struct {
		of               dialect.Transaction
		code             string
		unknown          bool
		retells, without bool // without a balance it is as it should be
	}{
		{dialect.QRQuery, "00", false, true, true},
		{dialect.QRQuery, "25", false, false, true},
		{dialect.QRQuery, "00", true, false, false},
		{dialect.Purchase, "00", false, false, true},
		{dialect.Balance, "00", false, false, false},
	} {
		x := answered(t, cup, c.of, func(m *wire.Message) { m.SetString(wire.ResponseCode, c.code) })
		if c.unknown {
			x.Form = nil
		}
		if got := x.retells(); got != c.retells {
			t.Errorf("%v, %s, of no form: %v: it retells: %v", c.of, c.code, c.unknown, got)
		}
		if got := balanceTold.holds(x); got != c.without {
			t.Errorf("%v, %s, of no form: %v: the balance is told: %v", c.of, c.code, c.unknown, got)
		}
	}
}
