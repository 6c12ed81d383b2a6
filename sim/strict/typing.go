package strict

import (
	"bytes"
	"fmt"
	"regexp"
	"unicode"
)

// What keyboards and word processors put where YAML wants something else.
var (
	wideBlank  = regexp.MustCompile(`^[ \t]*[\x{00A0}\x{3000}]`)
	curlyValue = regexp.MustCompile(`^[^#"']*[:\-,\[{] *[“”‘’][^"']*[“”‘’][,\]}\s]*(?:#.*)?$`)
	wideColon  = regexp.MustCompile(`^[\s\-]*([\w-]+)\s*：`)
	tabBefore  = regexp.MustCompile(`^ *\t+\s*[^#\s]`)
)

// mistyped finds the first line on which something stands that reads as what YAML
// wants and is not, with the mend; 0 for none. What YAML would take in silence is
// looked for always, the rest where the document has not been understood.
func mistyped(data []byte, misread bool) (line int, words string) {
	for text := range bytes.Lines(data) {
		line++
		if !misread && ascii(text) {
			continue
		}
		text = bytes.TrimRight(text, "\r\n")
		switch {
		case wideBlank.Match(text):
			return line, "begins with a blank that is none (no-break or full-width); indent with plain blanks"
		case curlyValue.Match(text):
			return line, `curly quotes around a value; write " "`
		case !misread:
		case tabBefore.Match(text):
			return line, "begins with a tab; indent with blanks"
		case wideColon.Match(text):
			key := wideColon.FindSubmatch(text)[1]
			return line, fmt.Sprintf("full-width colon ： after %s; write %s: and a blank", key, key)
		}
	}
	return 0, ""
}

// ascii reports whether text holds nothing else: most lines of most files, which need
// no closer look.
func ascii(text []byte) bool {
	return !bytes.ContainsFunc(text, func(c rune) bool { return c > unicode.MaxASCII })
}
