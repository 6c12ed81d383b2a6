package features_test

import (
	"flag"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/guide.md anew")

// guide is the table of what scenarios show of the guide that posfleet began with.
const guide = "../docs/guide.md"

// Every sentence of the guide is shown by a scenario; docs/guide.md says by which.
func TestGuideIsShownSentenceBySentence(t *testing.T) {
	shown := map[string][]string{}
	for _, f := range read(t, folders(t)...) {
		for _, s := range f.Scenarios {
			for _, tag := range s.Tags {
				if n, is := strings.CutPrefix(tag, "@guide-"); is && !slices.Contains(shown[n], s.ID) {
					shown[n] = append(shown[n], s.ID)
				}
			}
		}
	}
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.ContainsAny(cells[1], "0123456789") {
			continue
		}
		n := strings.TrimSpace(cells[1])
		if len(shown[n]) == 0 {
			t.Errorf("no scenario is tagged @guide-%s: %s", n, strings.TrimSpace(cells[2]))
		}
		cells[4] = " " + runs(shown[n]) + " "
		lines[i] = strings.Join(cells, "|")
		delete(shown, n)
	}
	for n, ids := range shown {
		t.Errorf("@guide-%s of %s: %s has no such row", n, strings.Join(ids, ", "), guide)
	}
	made := strings.Join(lines, "\n")
	if made == string(text) {
		return
	}
	if !*update {
		t.Errorf("%s is not of these features: go test ./features -run Guide -update", guide)
	} else if err := os.WriteFile(guide, []byte(made), 0o644); err != nil {
		t.Error(err)
	}
}

// runs lists ids, those of one kind that follow each other as one: shop-order-1 to 4.
func runs(ids []string) string {
	kinds, numbers := []string{}, map[string][]int{}
	for _, id := range ids {
		kind, n := id[:strings.LastIndexByte(id, '-')+1], 0
		for _, c := range id[len(kind):] {
			n = n*10 + int(c-'0')
		}
		if numbers[kind] == nil {
			kinds = append(kinds, kind)
		}
		numbers[kind] = append(numbers[kind], n)
	}
	var parts []string
	for _, kind := range kinds {
		of := numbers[kind]
		slices.Sort(of)
		for i := 0; i < len(of); {
			j := i
			for j+1 < len(of) && of[j+1] == of[j]+1 {
				j++
			}
			part := "`" + kind + strconv.Itoa(of[i]) + "`"
			if j > i {
				part += " to " + strconv.Itoa(of[j])
			}
			parts = append(parts, part)
			i = j + 1
		}
	}
	return strings.Join(parts, ", ")
}
