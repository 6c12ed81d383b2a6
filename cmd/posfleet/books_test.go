package main

import (
	"encoding/csv"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// ledger [--wrong] JOURNAL FILE writes what a host's people would export of its books, in
// columns of their own, if it had what a journal has; --wrong lacks the first payment, has the
// third twice, and one of 77.77 that the journal has not.
func ledger(ts *testscript.TestScript, neg bool, args []string) {
	wrong := len(args) == 3 && args[0] == "--wrong"
	if wrong {
		args = args[1:]
	}
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ledger [--wrong] JOURNAL FILE")
	}
	journal, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	ts.Check(err)
	var out strings.Builder
	w := csv.NewWriter(&out)
	w.Write([]string{"TID", "card", "rrn", "trace no", "batch", "D/C", "amount", "status"})
	row := func(r []string, trace, fen string) {
		side, yuan := "D", strings.TrimPrefix(fen, "-")
		if fen != yuan {
			side = "C"
		}
		n, err := strconv.Atoi(yuan)
		ts.Check(err)
		w.Write([]string{r[0], "", r[9], trace, r[2], side, strconv.Itoa(n/100) + "." + strconv.Itoa(100 + n%100)[1:], "OK"})
	}
	for i, r := range journal[1:] {
		if wrong && i == 0 {
			row(r, "555555", "7777")
			w.Write([]string{r[0], "", "", r[3], r[2], "D", "1.00", "declined"})
			continue
		}
		if row(r, r[3], r[7]); wrong && i == 2 {
			row(r, r[3], r[7])
		}
	}
	w.Flush()
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(out.String()), 0o644))
}
