package report

import (
	"fmt"
	"strings"
	"time"
)

// paint wraps s, which is already padded, in a style.
func (t *text) paint(style, s string) string {
	if !t.color || style == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

func (t *text) printf(format string, args ...any) { fmt.Fprintf(t, format, args...) }

// name pads a label's name, or cuts it.
func (t *text) name(s string) string { return pad(s, -nameWidth) }

func indent() string { return strings.Repeat(" ", nameWidth-8) }

// wrapped writes a paragraph with a name before it, or, when the name is empty,
// from the margin. A name of one space indents without one.
func (t *text) wrapped(name, s string) {
	in := ""
	if name != "" {
		in = indent()
		name = pad(strings.TrimSpace(name), -len(in))
		if strings.TrimSpace(name) != "" {
			name = t.paint(bold, name)
		}
	}
	line, used := name, len(in)
	first := true
	for word := range strings.SplitSeq(s, " ") {
		n := Columns(word)
		if !first && used+1+n > width {
			t.printf("%s\n", strings.TrimRight(line, " "))
			line, used, first = in, len(in), true
		}
		if !first {
			line += " "
			used++
		}
		line += word
		used += n
		first = false
	}
	t.printf("%s\n", strings.TrimRight(line, " "))
}

// Columns is how wide a terminal shows s: East Asian letters take two columns,
// escape sequences none.
func Columns(s string) int {
	n, escape := 0, false
	for _, c := range s {
		switch {
		case c == 0x1b:
			escape = true
		case escape:
			escape = c != 'm'
		case c >= 0x1100 && (c <= 0x115f || c >= 0x2e80 && c <= 0xa4cf || c >= 0xac00 && c <= 0xd7a3 || c >= 0xf900 && c <= 0xfaff || c >= 0xfe30 && c <= 0xfe6f || c >= 0xff00 && c <= 0xff60 || c >= 0xffe0 && c <= 0xffe6 || c >= 0x20000 && c <= 0x3fffd):
			n += 2
		default:
			n++
		}
	}
	return n
}

// pad fills s to the width of n columns, at the left, or at the right when n is
// negative; then what is too wide is cut.
func pad(s string, n int) string {
	if n >= 0 {
		return strings.Repeat(" ", max(0, n-Columns(s))) + s
	}
	n = -n
	if Columns(s) > n {
		runes := []rune(s)
		for Columns(string(runes)) > n-3 {
			runes = runes[:len(runes)-1]
		}
		s = string(runes) + ".. "
	}
	return s + strings.Repeat(" ", n-Columns(s))
}

// plain writes a duration that was asked for: "30s", "5m", "1h30m".
func plain(d time.Duration) string {
	s := d.String()
	if s = strings.TrimSuffix(s, "0s"); s == "" || !strings.HasSuffix(s, "m") {
		s = d.String()
	}
	if t, ok := strings.CutSuffix(s, "h0m"); ok {
		s = t + "h"
	}
	return s
}
