package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
)

// mostRecords bounds journal.csv: of a long run the terminals' later payments are
// summed up in a line for each.
const mostRecords = 1_000_000

// journal writes journal.csv: what each terminal took, for whoever holds it against
// the host's own books. Card numbers are masked.
type journal struct {
	masked bool // show no digit of a card number at all

	mu   sync.Mutex
	file *os.File
	w    *bufio.Writer
	room int
	rest map[string]*dialect.Totals // by terminal number
	sum  report.Journal             // of the rows so far
	err  error
}

const journalName = report.JournalName

// joinJournals puts the journals of a run's parts into one file.
func joinJournals(to string, folders []string) error {
	return report.WriteFile(to, func(w io.Writer) error {
		for i, dir := range folders {
			f, err := os.Open(filepath.Join(dir, journalName))
			if errors.Is(err, fs.ErrNotExist) {
				continue // of an agent that was lost
			}
			if err != nil {
				return err
			}
			rows := bufio.NewReader(f)
			if i > 0 {
				_, err = rows.ReadSlice('\n') // the heading, again
			}
			if err == nil {
				_, err = rows.WriteTo(w)
			}
			f.Close()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func newJournal(folder *report.Folder, masked bool) (*journal, error) {
	f, err := os.Create(folder.Path(journalName))
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &journal{masked: masked, file: f, w: bufio.NewWriter(f), room: mostRecords, rest: map[string]*dialect.Totals{}}
	fmt.Fprintln(j.w, "terminal,merchant,batch,trace,transaction,state,count,amount_fen,date_mmdd,reference,authorisation,card")
	return j, nil
}

// closed takes what a terminal is about to forget. It is a [sim.Closed].
func (j *journal) closed(t *sim.Terminal, records []sim.Record, doubts []sim.Doubt) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range records {
		r := &records[i]
		if j.room <= 0 {
			j.later(t.TID).Add(r.Of.Side(), r.Amount, 1)
			continue
		}
		state, card := "approved", ""
		if r.Voided {
			state = "voided"
		}
		if h := r.Holder(t.Profile); h != nil && r.Entry != sim.Code && !j.masked {
			card = dialect.MaskPAN(h.PAN)
		}
		j.row(t, r.Batch, r.Trace, r.Of, state, r.Amount, said(t, r.Date[:], r.RRN[:], r.Auth[:])+card)
	}
	for _, d := range doubts {
		state, amount := audit.StateOf(&d), d.Amount
		if d.Told == sim.NotBooked {
			amount = 0 // no money moved: whoever sums up the table need not know
		}
		j.row(t, d.Batch, d.Trace, d.Of, state, amount, ",,,")
	}
}

func (j *journal) later(tid string) *dialect.Totals {
	if j.rest[tid] == nil {
		j.rest[tid] = &dialect.Totals{}
	}
	return j.rest[tid]
}

func (j *journal) row(t *sim.Terminal, batch, trace uint32, of dialect.Transaction, state string, amount int64, more string) {
	j.room--
	if of.Side() == dialect.Credit {
		amount = -amount
	}
	j.sum = report.Journal{Rows: j.sum.Rows + 1, Amount: j.sum.Amount + amount}
	_, err := fmt.Fprintf(j.w, "%s,%s,%06d,%06d,%s,%s,1,%d,%s\n", t.TID, t.MID, batch, trace, of, state, amount, more)
	j.err = cmp.Or(j.err, err)
}

// said is what a host said in its answer, a column each, without what is secret of the
// cards.
func said(t *sim.Terminal, values ...[]byte) (columns string) {
	for _, v := range values {
		columns += string(t.Profile.Dialect.ScrubbedValue([]byte(text(v)))) + ","
	}
	return columns
}

// text is what a host said in digits and letters; anything else would be read as
// part of the table.
func text(v []byte) string {
	for _, c := range v {
		if c != ' ' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return ""
		}
	}
	return string(v)
}

// failed is why a row could not be written; nil where all could.
func (j *journal) failed() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return fmt.Errorf("journal.csv: %w", j.err)
	}
	return nil
}

// keep writes down a run that has been played: its journal, then the rest, of which run.json
// says how much the journal holds, and what was lost.
func (j *journal) keep(folder *report.Folder, rep *report.Report) error {
	lost := j.close()
	if rep.Journal = &j.sum; lost != nil {
		rep.Lost = append(rep.Lost, lost.Error())
	}
	return errors.Join(lost, folder.WriteAll(rep))
}

// close writes the sums of what had no room, and ends the file.
func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for tid, rest := range j.rest {
		j.sum = report.Journal{Rows: j.sum.Rows + 1, Amount: j.sum.Amount + rest.Net()}
		_, err := fmt.Fprintf(j.w, "%s,,,,all later,approved,%s,%d,,,,\n", tid, strconv.Itoa(rest.DebitN+rest.CreditN), rest.Net())
		j.err = cmp.Or(j.err, err)
	}
	if err := cmp.Or(j.err, j.w.Flush(), j.file.Close()); err != nil {
		return fmt.Errorf("journal.csv: %w", err)
	}
	return nil
}
