package audit

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func fen(n int64) string { return fmt.Sprint(n, " fen") }

func paid(trace uint32, amount int64) Payment {
	return Payment{Terminal: "1", Batch: 1, Trace: trace, Of: "purchase", State: "approved", Amount: amount, Count: 1}
}

func booked(line int, trace uint32, amount int64) Payment {
	return Payment{Terminal: "1", Batch: 1, Trace: trace, Amount: amount, Count: 1, Line: line}
}

func with(p Payment, of, state string) Payment { p.Of, p.State = of, state; return p }

// Whatever a host has more, less or otherwise than the journal allows is told, and nothing
// else.
func TestEachPaymentIsHeldAgainstTheBooks(t *testing.T) {
	later := Payment{Terminal: "1", Of: Later, State: "approved", Amount: 700, Count: 7}
	for _, c := range []struct {
		name           string
		journal, books []Payment
		found          []string // what each finding says, in part; none for agreement
		doubts, booked int
	}{
		{name: "the same", journal: []Payment{paid(1, 100), paid(2, 200)}, books: []Payment{booked(3, 2, 200), booked(2, 1, 100)}},
		{name: "one missing", journal: []Payment{paid(1, 100), paid(2, 200)}, books: []Payment{booked(2, 1, 100)}, found: []string{"purchase of 200 fen in batch 000001, approved: the host has none"}},
		{name: "one more", journal: []Payment{paid(1, 100)}, books: []Payment{booked(2, 1, 100), booked(3, 9, 50)}, found: []string{"the host has 50 fen in line 3"}},
		{name: "a fen more", journal: []Payment{paid(1, 100)}, books: []Payment{booked(2, 1, 101)}, found: []string{"the host has 101 fen in line 2"}},
		{name: "twice", journal: []Payment{paid(1, 100)}, books: []Payment{booked(2, 1, 100), booked(3, 1, 100)}, found: []string{"200 fen in 2 rows, lines 2, 3"}},
		{name: "booked and reversed", journal: []Payment{paid(1, 100)}, books: []Payment{booked(2, 1, 100), booked(3, 2, 40), booked(4, 2, -40)}},
		{name: "in doubt, booked", journal: []Payment{paid(1, 100), with(paid(2, -30), "refund", "unknown")}, books: []Payment{booked(2, 1, 100), booked(3, 2, -30)}, doubts: 1, booked: 1},
		{name: "in doubt, not booked", journal: []Payment{paid(1, 100), with(paid(2, -30), "refund", "unknown")}, books: []Payment{booked(2, 1, 100)}, doubts: 1},
		{name: "in doubt, half", journal: []Payment{with(paid(2, -30), "refund", "unknown")}, books: []Payment{booked(2, 2, -15)}, doubts: 1, found: []string{"unknown: the host has -15 fen"}},
		{name: "a void on both rows", journal: []Payment{with(paid(1, 100), "purchase", "voided"), with(paid(2, -100), "purchase-void", "approved")}, books: []Payment{booked(2, 1, 100), booked(3, 2, -100)}},
		{name: "a void on neither", journal: []Payment{with(paid(1, 100), "purchase", "voided"), with(paid(2, -100), "purchase-void", "approved"), paid(3, 5)}, books: []Payment{booked(2, 3, 5)}},
		{name: "a void that is missing", journal: []Payment{with(paid(1, 100), "purchase", "voided"), with(paid(2, -100), "purchase-void", "approved")}, books: []Payment{booked(2, 1, 100)}, found: []string{"its payments come to 0 fen in the journal, to 100 fen"}},
		{name: "not booked, says the settlement", journal: []Payment{paid(1, 100), with(paid(2, 0), "refund", "not-booked")}, books: []Payment{booked(2, 1, 100), booked(3, 2, -5)}, found: []string{"not-booked: the host has -5 fen"}},
		{name: "later ones in a sum", journal: []Payment{paid(1, 100), later}, books: []Payment{booked(2, 1, 100), booked(3, 5, 300), booked(4, 6, 400)}},
		{name: "later ones in a wrong sum", journal: []Payment{paid(1, 100), later}, books: []Payment{booked(2, 1, 100), booked(3, 5, 300), booked(4, 6, 401)}, found: []string{"come to 800 fen in the journal, to 801 fen"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, batches := range []bool{true, false} {
				m := Match(c.journal, c.books, batches, fen)
				ok := len(m.Findings) == len(c.found) && m.Doubts == c.doubts && m.Booked == c.booked && m.Terminals == 1 && m.Others == 0
				for i := range min(len(m.Findings), len(c.found)) {
					ok = ok && strings.Contains(m.Findings[i].Text, c.found[i]) && m.Findings[i].Terminal == "1"
				}
				if !ok {
					t.Errorf("batches told: %v: %+v", batches, m)
				}
			}
		})
	}
}

// Traces come again in another batch, and another terminal has them too.
func TestPaymentsAreToldApart(t *testing.T) {
	second := paid(1, 300)
	second.Batch = 2
	other := booked(4, 1, 300)
	other.Batch = 2
	journal := []Payment{paid(1, 100), second}
	if m := Match(journal, []Payment{booked(2, 1, 100), other}, true, fen); len(m.Findings) > 0 || m.Payments != 2 || m.Own != 400 || m.Host != 400 {
		t.Errorf("%+v", m)
	}
	if m := Match(journal, []Payment{booked(2, 1, 300), booked(3, 1, 100)}, false, fen); len(m.Findings) > 0 {
		t.Errorf("without batches: %+v", m)
	}
	if m := Match(journal, []Payment{booked(2, 1, 300), booked(3, 1, 100)}, true, fen); len(m.Findings) == 0 {
		t.Error("a payment in another batch is not noticed")
	}
	foreign := booked(5, 1, 100)
	foreign.Terminal = "2"
	if m := Match(journal[:1], []Payment{foreign}, true, fen); m.Others != 1 || len(m.Findings) != 1 || m.Host != 0 {
		t.Errorf("of another terminal: %+v", m)
	}
}

// How often and where the host has a payment is told, of many rows the first three.
func TestRowsOfTheBooksAreNamed(t *testing.T) {
	for _, c := range []struct {
		lines []int
		want  string
	}{
		{[]int{2}, "the host has 200 fen in line 2"},
		{[]int{2, 3, 4}, "the host has 600 fen in 3 rows, lines 2, 3, 4"},
		{[]int{2, 3, 4, 5}, "the host has 800 fen in 4 rows, lines 2, 3, 4, …"},
		{[]int{0}, "the host has 200 fen in one booking"},
		{[]int{0, 0}, "the host has 400 fen in 2 bookings"},
	} {
		var books []Payment
		for _, line := range c.lines {
			books = append(books, booked(line, 1, 200))
		}
		mine := paid(1, 100)
		mine.Reference = "000000000042"
		want := "purchase of 100 fen in batch 000001, approved under reference 000000000042: " + c.want
		if m := Match([]Payment{mine}, books, true, fen); len(m.Findings) != 1 || m.Findings[0].Text != want || m.Findings[0].Trace != 1 {
			t.Errorf("%+v, want %q", m.Findings, want)
		}
	}
	later := Payment{Terminal: "1", Of: Later, State: "approved", Amount: 700, Count: 7}
	if m := Match([]Payment{later}, nil, true, fen); m.Summed != 1 || m.Payments != 0 {
		t.Errorf("%+v", m)
	}
}

// What doubts come to is held against the books exactly, and of very many within bounds.
func TestDoubtsOfATerminalComeToASum(t *testing.T) {
	powers := func(n int, of int64) (all []int64) { // come to each multiple of the first, up to twice the last
		for range n {
			all = append(all, of)
			of *= 2
		}
		return all
	}
	many := append(powers(16, 2), powers(15, -2)...)
	for _, c := range []struct {
		amounts []int64
		sum     int64
		want    bool
	}{
		{nil, 0, true}, {nil, 1, false}, {[]int64{3, -5}, -2, true}, {[]int64{3, -5}, -5, true}, {[]int64{3, -5}, 2, false},
		{powers(14, 2), 1<<15 - 2, true}, {powers(14, 2), 3, false}, {powers(14, 2), 1 << 15, false},
		{append(powers(14, 2), 1<<20), 1 << 20, true},
		{many, 1<<17 - 2, true}, {many, 1<<17 - 1, false}, {many, -(1<<16 - 2), true}, {many, -(1<<16 - 1), false}, {many, 3, true},
	} {
		if got := reaches(c.amounts, 0, c.sum); got != c.want {
			t.Errorf("%d amounts come to %d: %v", len(c.amounts), c.sum, got)
		}
	}
}

// A column that says more than the payment may be the first.
func TestAnyColumnMayComeFirst(t *testing.T) {
	for rows, key := range map[string]string{
		"b,t,s,a\n7,A,1,9\n":           "batch: b}\namounts: minor\n",
		"ok,t,s,a\n0,A,1,5\n1,A,1,9\n": "state: ok}\namounts: minor\nbooked: ['1']\n",
		"g,t,s,a\nC,A,1,9\n":           "sign: g}\namounts: minor\ncredits: [C]\n",
		"a,t,s\n9,A,1\n":               "}\namounts: minor\n",
	} {
		m, err := ParseLedgerMap("map.yaml", []byte(strings.Replace("columns: {terminal: t, trace: s, amount: a, "+key, ", }", "}", 1)))
		if err != nil {
			t.Fatal(err)
		}
		want := Payment{Terminal: "A", Trace: 1, Amount: 9, Count: 1, Line: strings.Count(rows, "\n")}
		switch rows[0] {
		case 'b':
			want.Batch = 7
		case 'g':
			want.Amount = -9
		}
		if got, err := m.ReadLedger("x.csv", strings.NewReader(rows), 2); err != nil || !slices.Equal(got, []Payment{want}) {
			t.Errorf("%q: %+v, %v, want %+v", rows, got, err, want)
		}
	}
}

// The journal that a run writes is read, and what is none is told with its line.
func TestJournalOfARunIsRead(t *testing.T) {
	const head = "terminal,merchant,batch,trace,transaction,state,count,amount_fen,date_mmdd,reference,authorisation,card\n"
	got, err := ReadJournal("journal.csv", strings.NewReader(head+"10000001,M,3,12,purchase,approved,1,1999,1127,150130001770 ,001770,\n10000001,M,4,999999,refund,unknown,1,-5,1127,,,\n10000001,,,,all later,approved,7,700,,,,\n"))
	want := []Payment{
		{Terminal: "10000001", Batch: 3, Trace: 12, Of: "purchase", State: "approved", Amount: 1999, Count: 1, Reference: "150130001770", Line: 2},
		{Terminal: "10000001", Batch: 4, Trace: 999999, Of: "refund", State: "unknown", Amount: -5, Count: 1, Line: 3},
		{Terminal: "10000001", Of: Later, State: "approved", Amount: 700, Count: 7, Line: 4},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n%+v\nwant\n%+v", err, got, want)
	}
	for text, want := range map[string]string{
		"":                                   "journal.csv: EOF",
		"terminal,batch\n":                   "journal.csv: it is no journal of a run",
		strings.Replace(head, "_fen", "", 1): "journal.csv: it is no journal of a run",
		strings.Replace(head, "terminal", "tid", 1): "journal.csv: it is no journal of a run",
		head + "A,M,1\n": "journal.csv: record on line 2: wrong number of fields",
		head + "A,M,x,1,purchase,approved,1,1,1127,,,\n":       `journal.csv:2: strconv.ParseUint: parsing "x": invalid syntax`,
		head + "A,M,1,1000000,purchase,approved,1,1,1127,,,\n": "journal.csv:2: value out of range",
		head + "A,M,1,1,purchase,approved,,1,1127,,,\n":        `journal.csv:2: strconv.ParseInt: parsing "": invalid syntax`,
		head + "A,M,1,1,purchase,approved,1,1.5,1127,,,\n":     `journal.csv:2: strconv.ParseInt: parsing "1.5": invalid syntax`,
	} {
		if _, err := ReadJournal("journal.csv", strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

const columns = "columns: {terminal: 终端, trace: 流水, batch: 批次, amount: 金额, sign: 借贷, state: 状态, reference: 参考号}\namounts: decimal\ncredits: [贷]\nbooked: [成功, 已清算]\nwhere: [{column: 机构, is: A}]\n"

func TestLedgerIsReadByItsMap(t *testing.T) {
	m, err := ParseLedgerMap("map.yaml", []byte(columns))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := m.ReadLedger("x.csv", strings.NewReader("\xEF\xBB\xBF机构,终端,流水,批次,金额,借贷,状态,参考号,卡号\n"+
		"A,10000001,000012,1,\"1,234.5\",借,成功,R1,x\nB,10000001,13,1,1.00,借,成功,,\nA,10000001,14,1,0.01,贷,已清算,,\nA,10000001,15,1,9.00,借,失败,,\nA,10000002,999999,000002,-7,借,成功,,\n"), 2)
	want := []Payment{
		{Terminal: "10000001", Batch: 1, Trace: 12, Amount: 123450, Reference: "R1", Line: 2, Count: 1},
		{Terminal: "10000001", Batch: 1, Trace: 14, Amount: -1, Line: 4, Count: 1},
		{Terminal: "10000002", Batch: 2, Trace: 999999, Amount: -700, Line: 6, Count: 1},
	}
	if err != nil || !slices.Equal(rows, want) {
		t.Errorf("%v\n%+v\nwant\n%+v", err, rows, want)
	}
	m, err = ParseLedgerMap("map.yaml", []byte("columns: {terminal: tid, trace: stan, amount: fen}\namounts: minor\nseparator: ';'\n"))
	if err != nil {
		t.Fatal(err)
	}
	if rows, err = m.ReadLedger("x.csv", strings.NewReader("stan;tid;fen\n7;A;+1234\n"), 2); err != nil || len(rows) != 1 || rows[0].Amount != 1234 || rows[0].Trace != 7 || rows[0].Terminal != "A" {
		t.Errorf("%v %+v", err, rows)
	}
}

// What cannot be read is said with its place and the mend.
func TestLedgerErrorsSayWhere(t *testing.T) {
	plain := "columns: {terminal: tid, trace: stan, amount: a}\namounts: decimal\n"
	for of, c := range map[string]struct{ columns, rows, want string }{
		"no amounts":       {"columns: {terminal: t, trace: s, amount: a}\n", "", "amounts"},
		"unit":             {"columns: {terminal: t, trace: s, amount: a}\namounts: yuan\n", "", "map.yaml:2: amounts: \"yuan\": want minor"},
		"no trace":         {"columns: {terminal: t, amount: a}\namounts: minor\n", "", "trace"},
		"sign alone":       {"columns: {terminal: t, trace: s, amount: a, sign: g}\namounts: minor\n", "", "credits"},
		"booked alone":     {plain + "booked: [ok]\n", "", "booked"},
		"separator":        {plain + "separator: ab\n", "", "want one character"},
		"empty":            {plain, "", "x.csv: it is empty; want a first row"},
		"no such column":   {plain, "tid,trace,a\n", `x.csv:1: there is no column "stan"; its first row, which names the columns, has "tid", "trace", "a" (`},
		"no heading":       {plain, "10000001,000001,6225001234567779\n", `has "10000001", "000001", "…7779" (`},
		"a column twice":   {plain, "tid,stan,a,a\nA,1,1,2\n", `x.csv:1: column "a" stands twice`},
		"a card number":    {plain, "tid,stan,a\nA,6225001234567779,1\n", `x.csv:2: column "stan" has "…7779", want a trace number`},
		"its amount":       {plain, "tid,stan,a\nA,1,6225001234567779\n", `x.csv:2: column "a" has "…7779", want an amount: this is more than a message`},
		"none counts":      {"columns: {terminal: tid, trace: stan, amount: a, state: s}\namounts: minor\nbooked: [Approved]\n", "tid,stan,a,s\nA,1,12,approved\nB,1,12,x\n", `x.csv: no row counts: column "s" of line 2 has "approved", key booked of the map wants ["Approved"]`},
		"none is of it":    {"columns: {terminal: tid, trace: stan, amount: a}\namounts: minor\nwhere: [{column: bank, is: \"01\"}]\n", "tid,stan,a,bank\nA,1,12,1\n", `no row counts: column "bank" of line 2 has "1", key where of the map wants "01"`},
		"trace":            {plain, "tid,stan,a\nA,1234567,1\n", `x.csv:2: column "stan" has "1234567", want a trace number`},
		"too many digits":  {plain, "tid,stan,a\nA,1,1.234\n", `x.csv:2: column "a" has "1.234", want an amount of at most 2 decimals`},
		"a decimal comma":  {plain, "tid,stan,a\nA,1,\"88,00\"\n", `x.csv:2: column "a" has "88,00", want commas between thousands only`},
		"points thousands": {plain, "tid,stan,a\nA,1,\"1.234,56\"\n", "decimal comma?"},
		"a long first":     {plain, "tid,stan,a\nA,1,\"1234,567.00\"\n", "decimal comma?"},
		"comma in minor":   {"columns: {terminal: tid, trace: stan, amount: a}\namounts: minor\n", "tid,stan,a\nA,1,\"12,34\"\n", "decimal comma?"},
		"no amount":        {plain, "tid,stan,a\nA,1,\n", `column "a" has ""`},
		"words":            {plain, "tid,stan,a\nA,1,1e5\n", `column "a" has "1e5"`},
		"a row cut short":  {plain, "tid,stan,a\nA,1\n", "x.csv: record on line 2"},
		"point in minor":   {"columns: {terminal: tid, trace: stan, amount: a}\namounts: minor\n", "tid,stan,a\nA,1,12.34\n", "want minor units without a decimal point"},
		"a batch of words": {"columns: {terminal: tid, trace: stan, amount: a, batch: b}\namounts: minor\n", "tid,stan,a,b\nA,1,12,x\n", `column "b" has "x", want a batch number`},
	} {
		m, err := ParseLedgerMap("map.yaml", []byte(c.columns))
		if err == nil {
			_, err = m.ReadLedger("x.csv", strings.NewReader(c.rows), 2)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", of, err, c.want)
		}
	}
}

// An export is read in whatever Unicode a spreadsheet saves it, and of another encoding the
// line is named and none of its octets shown.
func TestLedgerInOtherEncodings(t *testing.T) {
	m, err := ParseLedgerMap("map.yaml", []byte(columns))
	if err != nil {
		t.Fatal(err)
	}
	const rows = "机构,终端,流水,批次,金额,借贷,状态,参考号\nA,1,2,3,4.5,贷,成功,\n"
	want, err := m.ReadLedger("x.csv", strings.NewReader(rows), 2)
	if err != nil {
		t.Fatal(err)
	}
	wide := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(rows)) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
	}
	for name, data := range map[string]string{"UTF-8 with a mark": "\ufeff" + rows, "UTF-16": string(wide)} {
		if got, err := m.ReadLedger("x.csv", strings.NewReader(data), 2); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	gbk := strings.Replace(rows, "终端", "\xd6\xd5\xb6\xcb", 1)
	if _, err := m.ReadLedger("x.csv", strings.NewReader(gbk), 2); err == nil || err.Error() != "x.csv: line 1 is not UTF-8 (GBK? save as UTF-8)" {
		t.Errorf("GBK: %v", err)
	}
}

func FuzzReadLedger(f *testing.F) {
	f.Add(columns, "机构,终端,流水,批次,金额,借贷,状态,参考号\nA,1,2,3,4.5,贷,成功,\n")
	f.Add("columns: {terminal: t, trace: s, amount: a}\namounts: minor\nseparator: \"\\t\"\n", "t\ts\ta\n1\t2\t-3\n")
	f.Fuzz(func(t *testing.T, columns, rows string) {
		m, err := ParseLedgerMap("map.yaml", []byte(columns))
		if err != nil {
			return
		}
		all, err := m.ReadLedger("x.csv", strings.NewReader(rows), 2)
		if err != nil {
			return
		}
		for _, p := range all {
			if p.Trace > 999_999 || p.Batch > 999_999 || p.Line < 2 {
				t.Errorf("%+v", p)
			}
		}
		if m := Match(all, all, false, fen); m.Others > 0 {
			t.Errorf("%+v", m)
		}
	})
}
