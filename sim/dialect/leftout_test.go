package dialect

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// named is a transaction's name as pages write it.
var named = regexp.MustCompile("`([a-z-]+)`")

// chapter is a chapter of docs/dialects.md.
func chapter(t *testing.T, heading string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/dialects.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "\n"+heading+"\n")
	if !found {
		t.Fatalf("%s is not there", heading)
	}
	text, _, _ = strings.Cut(text, "\n##")
	return text
}

func TestPageOfDialectsNamesAllTransactions(t *testing.T) {
	text, _, _ := strings.Cut(chapter(t, "### Transactions"), "\n| key")
	for of := range Transactions {
		if n := strings.Count(text, "`"+of.String()+"`"); n != 1 {
			t.Errorf("%s is named %d times", of, n)
		}
	}
}

// What docs/dialects.md says that a network's dialect has not is what it has not.
func TestWhatWasLeftOutIsLeftOut(t *testing.T) {
	text := chapter(t, "## What was left out")
	for _, name := range Names() {
		d, _ := Named(name)
		var missing, told []string
		for of := range Transactions {
			if d.Form(of) == nil {
				missing = append(missing, of.String())
			}
		}
		for _, line := range strings.Split(text, "\n* ") {
			networks, transactions, of := strings.Cut(line, " without ")
			if of && strings.Contains(networks, "`"+name+"`") {
				for _, quoted := range named.FindAllStringSubmatch(transactions, -1) {
					told = append(told, quoted[1])
				}
			}
		}
		slices.Sort(missing)
		if slices.Sort(told); !slices.Equal(missing, told) {
			t.Errorf("%s is told to be without %v, and is without %v", name, told, missing)
		}
	}
}
