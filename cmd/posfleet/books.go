package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/audit"
)

// mostFindings is how many disagreements are told one by one.
const mostFindings = 100

func booksCommand() *cobra.Command {
	var ledger, columns string
	cmd := &cobra.Command{
		Use:   "books DIR --ledger FILE --map FILE",
		Short: "hold a run's journal against an export of the host's books, payment by payment",
		Long: "Reads the journal.csv of a run and a table (CSV, UTF-8) that the host's people have exported, of which --map says\n" +
			"which column is what (docs/books.md). Each payment must be there as the terminal knows it: approved ones once, with\n" +
			"their amount, reversed ones not, and of those without a verified answer either; and each terminal's sum must be right.\n" +
			"Exit code 0: the books agree; 3: they do not, each payment is told with what went wrong in the run; 5: nothing\n" +
			"could be compared, or the journal is not whole.\n\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return compareLedger(cmd.OutOrStdout(), args[0], ledger, columns)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&ledger, "ledger", "", "the export of the host's books, a CSV file")
	fl.StringVar(&columns, "map", "", "YAML file that says which of its columns is what")
	return cmd
}

// compareLedger tells whether a run's journal and an export agree.
func compareLedger(out io.Writer, dir, ledger, columns string) error {
	if ledger == "" || columns == "" {
		return usage(errors.New("want --ledger FILE, the export, and --map FILE, which says which of its columns is what (docs/books.md)"))
	}
	rep, err := report.Read(dir)
	if err != nil {
		return unread(err)
	}
	data, err := readSmall(columns)
	if err != nil {
		return usage(err)
	}
	of, err := audit.ParseLedgerMap(columns, data)
	if err != nil {
		return usage(err)
	}
	decimals := 2
	if rep.Money.Decimals != nil {
		decimals = *rep.Money.Decimals
	}
	journal, err := readJournal(dir, rep)
	if err != nil {
		return err
	}
	rows, err := readPayments(ledger, func(name string, from io.Reader) ([]audit.Payment, error) {
		return of.ReadLedger(name, from, decimals)
	})
	if err != nil {
		return usage(err)
	}
	m := audit.Match(journal, rows, of.Batch != "", func(n int64) string { return rep.Money.Told(n) })
	if len(rows) == m.Others || m.Payments == 0 {
		return &exit{code: exitIncomplete, err: fmt.Errorf("nothing could be compared: %s in the journal, %s of its terminals in the export, %s of others",
			report.Plural(int64(m.Payments), "payment"), report.Plural(int64(len(rows)-m.Others), "row"), report.FormatCount(int64(m.Others)))}
	}
	if len(m.Findings) > 0 {
		for _, why := range append(rep.Lost, report.Missing(dir, rep)...) {
			fmt.Fprintf(out, "what went wrong in the run is not all told: %s\n", why)
		}
	}
	if err := tellMatched(out, dir, m, rep.Money.Told); err != nil {
		return err
	}
	if len(m.Findings) > 0 {
		return &exit{code: exitBooks, err: errors.New("the books of terminals and host disagree")}
	}
	return nil
}

// readJournal reads the journal of a run, which must be whole: of one that was cut the host
// has more, and is right.
func readJournal(dir string, rep *report.Report) ([]audit.Payment, error) {
	lost := func(why string) error {
		return &exit{code: exitIncomplete, err: fmt.Errorf("nothing was compared: the journal of this run is not whole: %s", why)}
	}
	for _, why := range append(rep.Lost, report.Missing(dir, rep)...) {
		if strings.HasPrefix(why, journalName) {
			return nil, lost(why)
		}
	}
	if rep.Journal == nil && rep.Incomplete != "" {
		return nil, lost(rep.Incomplete)
	}
	all, err := readPayments(filepath.Join(dir, journalName), audit.ReadJournal)
	if errors.Is(err, io.EOF) {
		return nil, lost(journalName + " is empty")
	}
	if err != nil {
		return nil, usage(err)
	}
	is := report.Journal{Rows: int64(len(all))}
	for i := range all {
		is.Amount += all[i].Amount
	}
	if of := rep.Journal; of != nil && is != *of {
		return nil, lost(fmt.Sprintf("%s has %s, %s in all; run.json says %s, %s", journalName, report.Plural(is.Rows, "row"), rep.Money.Told(is.Amount), report.FormatCount(of.Rows), rep.Money.Told(of.Amount)))
	}
	return all, nil
}

func readPayments(name string, read func(string, io.Reader) ([]audit.Payment, error)) ([]audit.Payment, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(name, f)
}

func tellMatched(out io.Writer, dir string, m *audit.Matched, tell func(int64) string) error {
	w := bufio.NewWriter(out)
	if len(m.Findings) == 0 {
		fmt.Fprintf(w, "books agree: %s of %s, %s in the journal, %s on the host's books\n",
			report.Plural(int64(m.Payments), "payment"), report.Plural(int64(m.Terminals), "terminal"), tell(m.Own), tell(m.Host))
	} else {
		fmt.Fprintf(w, "BOOKS DISAGREE in %s: %s of %s, %s in the journal, %s on the host's books\n", report.Plural(int64(len(m.Findings)), "place"),
			report.Plural(int64(m.Payments), "payment"), report.Plural(int64(m.Terminals), "terminal"), tell(m.Own), tell(m.Host))
		stories, err := readStories(filepath.Join(dir, "events.ndjson"))
		if err != nil {
			return err
		}
		for i, f := range m.Findings {
			if i == mostFindings {
				fmt.Fprintf(w, "  and %d more\n", len(m.Findings)-i)
				break
			}
			where := "terminal " + f.Terminal
			if f.Trace > 0 {
				where += fmt.Sprintf(", trace %06d", f.Trace)
			}
			fmt.Fprintf(w, "  %s: %s\n", where, report.Printable(f.Text))
			for _, told := range stories[story{f.Terminal, f.Trace}] {
				fmt.Fprintf(w, "    %s\n", oneLine(told))
			}
		}
	}
	if m.Doubts > 0 {
		fmt.Fprintf(w, "%s had no verified answer: booked or not, both agree; the host has %d of them\n", report.Plural(int64(m.Doubts), "payment"), m.Booked)
	}
	if m.Summed > 0 {
		fmt.Fprintf(w, "of %s the journal only sums up the later payments: single ones were not looked for there\n", report.Plural(int64(m.Summed), "terminal"))
	}
	if m.Others > 0 {
		fmt.Fprintf(w, "%s of terminals that are not in the journal were passed over\n", report.Plural(int64(m.Others), "row"))
	}
	return w.Flush()
}

// oneLine is a text of a run in one line.
func oneLine(text string) string { return report.Printable(strings.ReplaceAll(text, "\n", "; ")) }

// story is what events of a run are about.
type story struct {
	terminal string
	trace    uint32
}

// readStories gives what events.ndjson tells of single payments: what went wrong, and when.
func readStories(name string) (map[story][]string, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all := map[story][]string{}
	for in := json.NewDecoder(bufio.NewReader(f)); ; {
		var e struct {
			Kind, Terminal, Trace, Label, Outcome, Note string
			At                                          float64 `json:"at_s"`
		}
		if err := in.Decode(&e); err != nil {
			return all, nil // of a run that was killed the last line is half
		}
		trace, err := strconv.ParseUint(e.Trace, 10, 32)
		if e.Kind != "event" || err != nil {
			continue
		}
		k := story{e.Terminal, uint32(trace)}
		all[k] = append(all[k], fmt.Sprintf("after %.3f s: %s, %s: %s", e.At, e.Label, e.Outcome, e.Note))
	}
}

// storiesIn gives what a run's folder tells of single payments, which is read when the
// first is asked for.
func storiesIn(folder *report.Folder) func(tid string, trace uint32) []string {
	all := sync.OnceValue(func() map[story][]string {
		found, _ := readStories(folder.Path("events.ndjson")) // without it there is less to tell
		return found
	})
	return func(tid string, trace uint32) (told []string) {
		for _, text := range all()[story{tid, trace}] {
			told = append(told, oneLine(text))
		}
		return told
	}
}
