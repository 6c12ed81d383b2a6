package audit

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/strict"
)

// Payment is one line of a terminal's journal, or of a host's books.
type Payment struct {
	Terminal  string
	Batch     uint32 // 0 where nobody says
	Trace     uint32
	Of        string // journal: purchase, refund …
	State     string // journal: approved, voided, unknown, booked, not-booked
	Amount    int64  // minor units (fen); money back is negative
	Count     int64  // journal: how many it sums up
	Reference string
	Line      int // of its file
}

// LedgerMap says which column of a host's export is what, by the words of its first row.
type LedgerMap struct {
	Terminal, Trace, Batch, Amount, Reference, Sign, State string // empty for a column that is not there

	Decimal   bool     // amounts have a decimal point; else they are in minor units
	Credits   []string // words of column Sign of money that is given back; without it negative amounts are
	Booked    []string // words of column State of what moved money; without it all rows did
	Where     []Where  // rows that count: all of these hold
	Separator rune
}

// Where holds of rows that have a word in a column.
type Where struct{ Column, Is string }

// ParseLedgerMap reads the YAML of a map; name stands for the file in errors.
func ParseLedgerMap(name string, data []byte) (*LedgerMap, error) {
	m := &LedgerMap{Separator: ','}
	amounts, separator := "minor", ","
	r := &strict.Reader{File: name}
	words := func(to *[]string) func(strict.Value) {
		return func(v strict.Value) {
			r.List(v, func(v strict.Value) {
				if text, ok := r.Scalar(v); ok {
					*to = append(*to, text)
				}
			})
		}
	}
	if root, ok := r.Document(data); ok {
		found := r.Map(root, strict.Table{
			"columns": func(v strict.Value) {
				found := r.Map(v, strict.Table{
					"terminal": r.Text(&m.Terminal), "trace": r.Text(&m.Trace), "batch": r.Text(&m.Batch), "amount": r.Text(&m.Amount),
					"reference": r.Text(&m.Reference), "sign": r.Text(&m.Sign), "state": r.Text(&m.State),
				})
				r.Need(v, found, "terminal", "trace", "amount")
			},
			"amounts":   r.Text(&amounts),
			"credits":   words(&m.Credits),
			"booked":    words(&m.Booked),
			"separator": r.Text(&separator),
			"where": func(v strict.Value) {
				r.List(v, func(v strict.Value) {
					var w Where
					r.Need(v, r.Map(v, strict.Table{"column": r.Text(&w.Column), "is": r.Text(&w.Is)}), "column", "is")
					m.Where = append(m.Where, w)
				})
			},
		})
		r.Need(root, found, "columns", "amounts")
		switch {
		case !r.OK():
		case amounts != "minor" && amounts != "decimal":
			r.FailAt(found["amounts"], "amounts", "%q: want minor (fen, 1234) or decimal (yuan, 12.34)", amounts)
		case utf8.RuneCountInString(separator) != 1 || strings.ContainsAny(separator, "\"\r\n\uFFFD"):
			r.FailAt(found["separator"], "separator", "%q: want one character, such as \";\" or \"\\t\"", separator)
		case (m.Sign == "") != (m.Credits == nil):
			r.FailAt(1, "credits", "column sign and the words of it that are credits go together: give both, or neither where amounts have a sign")
		case (m.State == "") != (m.Booked == nil):
			r.FailAt(1, "booked", "column state and the words of it that mean booked go together: give both, or neither where all rows are booked")
		}
	}
	m.Decimal = amounts == "decimal"
	for _, c := range separator {
		m.Separator = c
	}
	return m, r.Err()
}

// ReadLedger reads the rows of an export that count; name stands for it in errors, and
// decimals are those of the currency.
func (m *LedgerMap) ReadLedger(name string, from io.Reader, decimals int) ([]Payment, error) {
	data, err := io.ReadAll(from)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if data, err = strict.Lines(data); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma, in.ReuseRecord = m.Separator, true
	head, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: it is empty; want a first row that names the columns, and a row for each payment", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: its first row, which names the columns: %w", name, err)
	}
	head = slices.Clone(head)
	names := make([]string, len(head)) // to be told: a row of data may stand there
	for i, h := range head {
		head[i] = strings.TrimSpace(h)
		if names[i] = strict.Quote(head[i]); head[i] != "" && slices.Contains(head[:i], head[i]) {
			return nil, fmt.Errorf("%s:1: column %s stands twice: which one counts is not known", name, names[i])
		}
	}
	var missing error
	column := func(words string) int {
		if words == "" {
			return -1
		}
		at := slices.Index(head, words)
		if at < 0 && missing == nil {
			missing = fmt.Errorf("%s:1: there is no column %q; its first row, which names the columns, has %s (another separator is key separator of the map)", name, words, strings.Join(names, ", "))
		}
		return at
	}
	terminal, trace, batch, amount := column(m.Terminal), column(m.Trace), column(m.Batch), column(m.Amount)
	reference, sign, state := column(m.Reference), column(m.Sign), column(m.State)
	where := make([]int, len(m.Where))
	for i, w := range m.Where {
		where[i] = column(w.Column)
	}
	if missing != nil {
		return nil, missing
	}
	var all []Payment
	var passedOver error // the first row that does not count
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			if len(all) == 0 && passedOver != nil {
				return nil, fmt.Errorf("%s: no row counts: %w", name, passedOver)
			}
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := in.FieldPos(0)
		cell := func(at int) string {
			if at < 0 {
				return ""
			}
			return strings.TrimSpace(row[at])
		}
		counts := true
		pass := func(words string, at int, key string, want any) {
			if counts = false; passedOver == nil {
				passedOver = fmt.Errorf("column %q of line %d has %s, key %s of the map wants %q", words, line, strict.Quote(cell(at)), key, want)
			}
		}
		if state >= 0 && !slices.Contains(m.Booked, cell(state)) {
			pass(m.State, state, "booked", m.Booked)
		}
		for i, w := range m.Where {
			if counts && cell(where[i]) != w.Is {
				pass(w.Column, where[i], "where", w.Is)
			}
		}
		if !counts {
			continue
		}
		p := Payment{Terminal: strings.Clone(cell(terminal)), Reference: strings.Clone(cell(reference)), Line: line, Count: 1}
		bad := func(words, value, want string) error {
			return fmt.Errorf("%s:%d: column %q has %s, want %s", name, line, words, strict.Quote(value), want)
		}
		if p.Trace, err = number(cell(trace)); err != nil {
			return nil, bad(m.Trace, cell(trace), "a trace number, at most six digits")
		}
		if batch >= 0 {
			if p.Batch, err = number(cell(batch)); err != nil {
				return nil, bad(m.Batch, cell(batch), "a batch number, at most six digits")
			}
		}
		if p.Amount, err = m.minor(cell(amount), decimals); err != nil {
			return nil, bad(m.Amount, cell(amount), err.Error())
		}
		if slices.Contains(m.Credits, cell(sign)) && sign >= 0 && p.Amount > 0 {
			p.Amount = -p.Amount
		}
		all = append(all, p)
	}
}

func number(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err == nil && n > 999_999 {
		err = strconv.ErrRange
	}
	return uint32(n), err
}

// mostAmount is the highest amount of a payment: messages have 12 digits for it.
const mostAmount = 999_999_999_999

// minor reads an amount.
func (m *LedgerMap) minor(text string, decimals int) (int64, error) {
	want := errors.New("minor units without a decimal point, such as 1234 (key amounts of the map)")
	digits := strings.TrimPrefix(text, "+")
	negative := strings.HasPrefix(digits, "-")
	digits = strings.TrimPrefix(digits, "-")
	digits, ok := ungrouped(digits)
	if !ok {
		return 0, errors.New("commas between thousands only, such as 1,234.00: is it a decimal comma?")
	}
	if m.Decimal {
		want = fmt.Errorf("an amount of at most %d decimals, such as 12.34 (key amounts of the map)", decimals)
		whole, part, _ := strings.Cut(digits, ".")
		if len(part) > decimals || whole == "" {
			return 0, want
		}
		digits = whole + part + strings.Repeat("0", decimals-len(part))
	}
	n, err := strconv.ParseUint(digits, 10, 62)
	if err != nil {
		return 0, want
	}
	if n > mostAmount {
		return 0, errors.New("an amount: this is more than a message has room for; is it a card number or a reference?")
	}
	if negative {
		return -int64(n), nil
	}
	return int64(n), nil
}

// ungrouped takes the commas between thousands out. Any other comma may be a decimal one,
// and taken out it would make 88,00 a hundred times as much.
func ungrouped(digits string) (string, bool) {
	whole, part, _ := strings.Cut(digits, ".")
	for i, group := range strings.Split(whole, ",")[1:] {
		if len(group) != 3 || i == 0 && (strings.Index(whole, ",") < 1 || strings.Index(whole, ",") > 3) {
			return "", false
		}
	}
	return strings.ReplaceAll(digits, ",", ""), !strings.Contains(part, ",")
}

// ReadJournal reads the journal.csv of a run; name stands for it in errors.
func ReadJournal(name string, from io.Reader) ([]Payment, error) {
	in := csv.NewReader(from)
	in.ReuseRecord = true
	head, err := in.Read()
	if err == nil && (len(head) < 10 || head[0] != "terminal" || head[7] != "amount_fen") {
		err = errors.New("it is no journal of a run")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var all []Payment
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := in.FieldPos(0)
		p := Payment{Terminal: strings.Clone(row[0]), Of: strings.Clone(row[4]), State: strings.Clone(row[5]), Reference: strings.TrimSpace(strings.Clone(row[9])), Line: line}
		var errs [4]error
		if p.Of != Later {
			p.Batch, errs[0] = number(row[2])
			p.Trace, errs[1] = number(row[3])
		}
		p.Count, errs[2] = strconv.ParseInt(row[6], 10, 64)
		p.Amount, errs[3] = strconv.ParseInt(row[7], 10, 64)
		if err := errors.Join(errs[:]...); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		all = append(all, p)
	}
}

// Later is what a journal calls the payments for which it had no room, in one line for
// each terminal.
const Later = "all later"
