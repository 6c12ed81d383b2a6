package scenarios

import (
	"encoding/csv"
	"strings"
	"testing"
)

// A spreadsheet that differs in any cell is not the statement's.
func TestEachCellOfTheSpreadsheetCounts(t *testing.T) {
	line := sumsOf{Count: 2, Amount: 30000, Fee: 150, Net: 29850}
	of := statementOf{Day: "2026-11-27", Cycle: "T+1", Value: "2026-11-30", Lines: []lineOf{{What: "sale", Card: "debit", Channel: "card", sumsOf: line}}, Total: line}
	const right = `merchant,day,what,card,channel,count,amount,fee,net,value date,cycle
999290054110001,2026-11-27,sale,debit,card,2,300.00,1.50,298.50,2026-11-30,T+1
999290054110001,2026-11-27,total,,,2,300.00,1.50,298.50,2026-11-30,T+1
`
	const mid = "999290054110001"
	if err := of.saysTheSame(right, mid, 2); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(right)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	write := func(rows [][]string) string {
		var b strings.Builder
		w := csv.NewWriter(&b)
		w.WriteAll(rows)
		return b.String()
	}
	for i := range rows {
		for k, cell := range rows[i] {
			rows[i][k] = cell + "1"
			if of.saysTheSame(write(rows), mid, 2) == nil {
				t.Errorf("row %d may have %q as %s", i+1, rows[i][k], rows[0][k])
			}
			rows[i][k] = cell
		}
	}
	for name, text := range map[string]string{"no total": write(rows[:2]), "a row more": write(append(rows, rows[1])), "nothing": "", "no CSV": `"`} {
		if of.saysTheSame(text, mid, 2) == nil {
			t.Errorf("%s is the same", name)
		}
	}
}
