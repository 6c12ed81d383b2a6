package scenarios

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// WasNote stands beside older wording.
const WasNote = "旧说法 / older wording, read for one release"

// WriteVocabulary prints the language as Markdown: docs/steps.md.
func WriteVocabulary(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# The language of features\n\n" +
		"<!-- Made by `posfleet steps --markdown` from the phrase table in scenarios/; a test keeps it current. -->\n\n" +
		"Every sentence that a feature can say, in English and 中文. `{amount}` has up to two decimals, or\n" +
		"those of the dialect's currency, for which `yuan` stands; its letters may be written instead (`NGN`).\n" +
		"`{n}` a whole number, `{text}` is quoted, `{role}` is the role of a test card in the profile.\n")
	group := ""
	for _, p := range Phrases() {
		if p.Group != group {
			group = p.Group
			fmt.Fprintf(&b, "\n## %s\n", group)
		}
		fmt.Fprintf(&b, "\n- `%s`<br>\n  `%s`", p.English, p.Chinese)
		for _, note := range []string{when(p.Was != "", "`"+p.Was+"` ("+WasNote+")"), p.Doc, tableNote(p.Table), when(p.CheckOnly, "Checks only: it looks at messages of the past."),
			when(p.Faults, "Under load it needs own lines (`--line own` or `each`).")} {
			if note != "" {
				b.WriteString("<br>\n  " + note)
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## Words\n\n`{how}`: " + strings.Join(bothLanguages(cardReading), ", ") + ".\n\n" +
		"`{chipfault}`: " + strings.Join(bothLanguages(chipFaults), ", ") + ".\n\n" +
		"`{oda}`: SDA, DDA, CDA. `{odafailure}`: " + strings.Join(bothLanguages(odaFailures), ", ") + ".\n\n" +
		"`{verified}`: " + strings.Join(bothLanguages(tapWays), ", ") + ".\n\n" +
		"`{flaw}`: " + strings.Join(bothLanguages(flaws), ", ") + ".\n\n" +
		"`{misfit}`: " + strings.Join(bothLanguages(misfits), ", ") + ".\n\n" +
		"`{fault}`: " + strings.Join(bothLanguages(faults), ", ") + ".\n\n" +
		"`{role}`, in Chinese features by these names (的 may be left out or put in): " + glossary(rolesChinese) + ".\n\n" +
		"`{transaction}`, in either language: " + glossary(transactionsChinese) + ".\n\n" +
		"Response codes by role: " + glossary(codesChinese) + ".\n\n" +
		"Keys of the policy: " + glossary(policiesChinese) + ".\n\n" +
		"What cardholders do in the tables of `@load` scenarios:\n\n")
	for _, t := range tasks {
		fmt.Fprintf(&b, "- `%s`, `%s`\n", t.english, t.chinese)
	}
	b.WriteString("\nOlder words (" + WasNote + "), with those that took their place: " + glossary(older) + ".\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// glossary prints a table of Chinese names in the order of what they mean.
func glossary[T any](names map[string]T) string {
	means := func(zh string) string { return fmt.Sprint(names[zh]) }
	all := slices.SortedFunc(maps.Keys(names), func(a, b string) int { return strings.Compare(means(a), means(b)) })
	for i, zh := range all {
		all[i] = zh + " = " + means(zh)
	}
	return strings.Join(all, ", ")
}

func tableNote(columns string) string {
	if columns == "" {
		return ""
	}
	return "With a table: " + columns + "."
}

func when(ok bool, text string) string {
	if ok {
		return text
	}
	return ""
}
