package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// FormatDuration writes a measured time to three significant digits: "984 µs",
// "12.3 ms", "1.90 s", "135 s".
func FormatDuration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + FormatDuration(-d)
	case d < time.Millisecond-time.Microsecond/2:
		return fmt.Sprintf("%d µs", (d+time.Microsecond/2)/time.Microsecond)
	case d < time.Second-time.Millisecond/2:
		return threeDigits(d.Seconds()*1e3) + " ms"
	}
	return threeDigits(d.Seconds()) + " s"
}

// threeDigits writes x ≥ 1 with three significant digits, or all before the
// point.
func threeDigits(x float64) string {
	switch {
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// FormatCount writes 12345 as "12,345".
func FormatCount(n int64) string { return groupDigits(strconv.FormatInt(n, 10)) }

// Plural writes a count and what was counted: "1 answer", "2 answers".
func Plural(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return FormatCount(n) + " " + thing + "s"
}

// FormatAmount writes an amount in minor units of a currency of so many decimals, as
// messages and slips do: "12345.67".
func FormatAmount(n int64, decimals int) string {
	if n < 0 {
		return "-" + FormatAmount(-n, decimals)
	}
	s := fmt.Sprintf("%0*d", decimals+1, n)
	if decimals == 0 {
		return s
	}
	at := len(s) - decimals
	return s[:at] + "." + s[at:]
}

// FormatYuan writes fen as yuan.
func FormatYuan(fen int64) string { return FormatAmount(fen, 2) }

// FormatGroupedYuan writes fen as yuan, as reports do: "12,345.67".
func FormatGroupedYuan(fen int64) string { return groupDigits(FormatYuan(fen)) }

// groupDigits sets off the thousands of a decimal number.
func groupDigits(s string) string {
	sign, whole, rest := "", s, ""
	if point := strings.IndexByte(s, '.'); point >= 0 {
		whole, rest = s[:point], s[point:]
	}
	if digits, negative := strings.CutPrefix(whole, "-"); negative {
		sign, whole = "-", digits
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + rest
}

// FormatCode writes a response code (field 39), in hexadecimal when it is not of
// ASCII letters and digits: a host may put any octets there.
func FormatCode(code string) string {
	for _, b := range []byte(code) {
		if (b < '0' || b > '9') && (b < 'A' || b > 'Z') && (b < 'a' || b > 'z') {
			return fmt.Sprintf("0x%X", code)
		}
	}
	return code
}

// Printable takes out what could move a terminal's cursor or hide text: control
// characters other than line ends.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return '?'
		}
		return r
	}, s)
}
