package main

import (
	"strings"
	"unicode"
)

// printable takes out what could move a terminal's cursor or hide text: control
// characters other than line ends.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return '?'
		}
		return r
	}, s)
}
