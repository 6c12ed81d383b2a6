package scenarios

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteVocabulary prints the language as Markdown: docs/steps.md.
func WriteVocabulary(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# The language of features\n\n" +
		"<!-- Made by `posfleet steps --markdown` from the phrase table in scenarios/; a test keeps it current. -->\n\n" +
		"Every sentence that a feature can say, in English and 中文. `{amount}` is yuan with up to two decimals,\n" +
		"`{n}` a whole number, `{text}` is quoted, `{role}` is the role of a test card in the profile.\n")
	group := ""
	for _, p := range Phrases() {
		if p.Group != group {
			group = p.Group
			fmt.Fprintf(&b, "\n## %s\n", group)
		}
		fmt.Fprintf(&b, "\n- `%s`<br>\n  `%s`", p.English, p.Chinese)
		for _, note := range []string{p.Doc, tableNote(p.Table), when(p.CheckOnly, "Checks only: it looks at messages of the past."),
			when(p.Faults, "Under load it needs own lines (`--line own` or `each`).")} {
			if note != "" {
				b.WriteString("<br>\n  " + note)
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## Words\n\n`{how}`: " + strings.Join(bothLanguages(cardReading), ", ") + ".\n\n" +
		"`{fault}`: " + strings.Join(bothLanguages(faults), ", ") + ".\n\n" +
		"`{role}`, in Chinese features by these names: ")
	var roles []string
	for zh, en := range rolesChinese {
		roles = append(roles, zh+" = "+en)
	}
	slices.Sort(roles)
	b.WriteString(strings.Join(roles, ", ") + ".\n\nWhat cardholders do in the tables of `@load` scenarios:\n\n")
	for _, t := range tasks {
		fmt.Fprintf(&b, "- `%s`, `%s`\n", t.english, t.chinese)
	}
	_, err := io.WriteString(w, b.String())
	return err
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
