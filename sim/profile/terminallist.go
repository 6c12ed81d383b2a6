package profile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// listLine is a terminal in a list.
type listLine struct {
	Terminal
	line int
}

// columns are those of a list, in the order that it has without a heading.
var columns = [...]string{"tid", "mid", "kind", "master"}

// loadList reads a list: lines of TID, MID, kind and master key in hexadecimal,
// with commas between, as spreadsheets write them too: in quotes, with empty rows at
// the end, and below a line that names the columns, in whatever order (tid, mid, kind,
// master; other columns are passed over). Under a protection key the keys are TR-31 key blocks, in an HSM they are under its LMK. It holds keys, so it must be private. The
// result is nil when something is wrong.
func (f *fleet) loadList(g *terminalEntry) []listLine {
	data, err := f.dir.read(g.list, true, maxListFile)
	if err != nil {
		f.FailAt(g.found["list"], g.Path()+".list", "%w", err)
		return nil
	}
	defer clear(data)
	in := &strict.Reader{File: f.dir.path(g.list)}
	text, err := strict.Lines(data)
	if bad, is := errors.AsType[*strict.EncodingError](err); is {
		in.FailAt(bad.Line, "", "%w", bad)
		f.Add(in)
		return nil
	}
	defer clear(text)
	all := []listLine{}
	rows := csv.NewReader(bytes.NewReader(text))
	rows.Comment, rows.FieldsPerRecord, rows.TrimLeadingSpace, rows.ReuseRecord = '#', -1, true, true
	order := []int{0, 1, 2, 3}
	key := func(text string) (Secret, error) { return masterOf(text, g.under) }
	if g.inHSM {
		key = wrappedOf
	}
	numbers := filler{f.Dialect.Filler(wire.TerminalID), f.Dialect.Filler(wire.MerchantID)}
	for first := true; ; first = false {
		values, err := rows.Read()
		if err == io.EOF {
			break
		}
		if bad, is := errors.AsType[*csv.ParseError](err); is {
			in.FailAt(bad.Line, "", "%w", bad.Err)
			break
		}
		number, _ := rows.FieldPos(0)
		if strings.TrimSpace(strings.Join(values, "")) == "" || strings.HasPrefix(values[0], "#") {
			continue
		}
		if first && heading(values) {
			if order, err = ordered(values, f.SignIn == ""); err != nil {
				in.FailAt(number, "", "%w", err)
				break
			}
			continue
		}
		t, err := parseTerminal(inOrder(values, order), f.Kinds, f.SignIn == "", key)
		if err == nil {
			err = numbers.fill(&t)
		}
		if err != nil {
			in.FailAt(number, "", "%w", err)
		}
		all = append(all, listLine{t, number})
	}
	if in.OK() && len(all) == 0 {
		in.FailAt(1, "", "has no terminal; write a line for each: tid, mid, kind, master")
	}
	if !in.OK() {
		f.Add(in)
		return nil
	}
	return all
}

// filler makes numbers of terminals and merchants as messages have them.
type filler struct{ tid, mid func(string) (string, error) }

func (f filler) fill(t *Terminal) error {
	tid, err := f.tid(t.TID)
	if err != nil {
		return fmt.Errorf("tid %s %w", strict.Quote(t.TID), err)
	}
	mid, err := f.mid(t.MID)
	if err != nil {
		return fmt.Errorf("mid %s %w", strict.Quote(t.MID), err)
	}
	t.TID, t.MID = tid, mid
	return nil
}

// addList takes in the terminals of a list.
func (f *fleet) addList(g *terminalEntry) {
	in := &strict.Reader{File: f.dir.path(g.list)}
	for _, l := range g.lines[:g.count] {
		published, err := f.take(&l.Terminal, g.inHSM)
		if err != nil {
			in.FailAt(l.line, "", "master key: %w", err)
			break // an HSM is likely to say the same of the others
		}
		if complaint := f.add(l.Terminal); complaint != "" {
			in.FailAt(l.line, "", "%s", complaint)
		}
		if f.published == "" && (f.DUKPT.published || published) {
			f.published = l.TID
		}
	}
	f.Add(in)
	g.lines = nil
}

// take puts the master key of a list's terminal into the HSM that it is to be in, and
// reports whether it is one that anybody may have.
func (f *fleet) take(t *Terminal, inHSM bool) (published bool, err error) {
	if inHSM && t.Master != nil {
		kcv, err := keys.CheckValue(f.HSM, f.SignIn.Cipher(), t.Master)
		return keys.WellKnown(f.SignIn.Cipher(), kcv), err
	}
	published = wellKnown(t.Master, f.SignIn)
	t.Master, err = f.hold(t.Master)
	return published, err
}

// ordered says in which columns of a heading the values of a terminal stand, the key's
// where there is one.
func ordered(heading []string, keyless bool) (order []int, err error) {
	for _, want := range columns {
		i := slices.IndexFunc(heading, func(name string) bool {
			name = strings.ToLower(strings.TrimSpace(name))
			return name == want || want == "master" && (name == "key" || strings.HasPrefix(name, "master"))
		})
		if i < 0 && keyless && want == "master" {
			continue
		}
		if i < 0 {
			if len(heading) == len(columns) && len(order) == 0 {
				return []int{0, 1, 2, 3}, nil // names in another language
			}
			return nil, fmt.Errorf("the heading has no column %s, want %s", want, strings.Join(columns[:], ", "))
		}
		order = append(order, i)
	}
	return order, nil
}

// inOrder is a row's values in the order of columns; the row itself where it lacks one.
func inOrder(row []string, order []int) []string {
	if len(row) <= slices.Max(order) {
		return row
	}
	for i := len(columns); i < len(row); i++ {
		if slices.Equal(order, []int{0, 1, 2, 3}) && strings.TrimSpace(row[i]) != "" {
			return row // more than is wanted
		}
	}
	values := make([]string, len(order))
	for i, at := range order {
		values[i] = row[at]
	}
	return values
}

// heading reports whether a line names columns instead of a terminal.
func heading(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(strings.TrimSpace(v), "tid") }) || len(values) > 3 && !strings.ContainsAny(strings.Join(values, ""), "0123456789")
}

// parseTerminal reads a line of a list, of a terminal of one of the kinds.
func parseTerminal(part []string, kinds []*device.Kind, keyless bool, key func(string) (Secret, error)) (t Terminal, err error) {
	if keyless && len(part) == 3 {
		part = append(slices.Clip(part), "")
	}
	if len(part) == 1 {
		for _, separator := range []struct{ octet, name string }{{";", "semicolons"}, {"\t", "tabs"}} {
			if strings.Count(part[0], separator.octet) >= 3 {
				return t, fmt.Errorf("%s between the values, want commas: tid,mid,kind,master key", separator.name)
			}
		}
	}
	if len(part) != 4 {
		return t, fmt.Errorf("%d values, want 4: tid,mid,kind,master key in hexadecimal", len(part))
	}
	for i := range part {
		part[i] = strings.TrimSpace(part[i])
	}
	t = Terminal{TID: part[0], MID: part[1], Kind: device.Find(kinds, part[2])}
	if !keyless || part[3] != "" {
		t.Master, err = key(part[3])
	}
	switch {
	case !numberShape.MatchString(t.TID):
		return t, fmt.Errorf("tid %s, want %s", strict.Quote(t.TID), numberWords)
	case !numberShape.MatchString(t.MID):
		return t, fmt.Errorf("mid %s, want %s", strict.Quote(t.MID), numberWords)
	case t.Kind == nil:
		return t, fmt.Errorf("kind %s, want one of %s", strict.Quote(part[2]), device.NamesOf(kinds))
	}
	return t, err
}
