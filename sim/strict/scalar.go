package strict

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Scalar is the text of a single value. It is taken as written, never as a
// number: 0000 stays four zeros and 10_0 what it is. ok is false, and the reason
// noted, when something else stands there.
func (r *Reader) Scalar(v Value) (text string, ok bool) {
	switch n := v.node; {
	case n.Kind != yaml.ScalarNode:
		r.Fail(v, "want a single value")
	case n.Tag == "!!null":
		r.Fail(v, "has no value; give one or leave the key away")
	case strings.ContainsFunc(n.Value, unicode.IsControl):
		r.Fail(v, "holds a control character")
	case strings.ContainsFunc(n.Value, turns):
		r.Fail(v, "holds a character that is not seen and changes how others are shown; retype the value")
	default:
		return n.Value, true
	}
	return "", false
}

// turns reports whether a character turns the direction of those after it, or breaks
// the line: what stands in the file would be shown as something else.
func turns(c rune) bool {
	return c >= '\u2028' && c <= '\u202e' || c >= '\u2066' && c <= '\u2069'
}

// Text reads any text.
func (r *Reader) Text(to *string) func(Value) {
	return func(v Value) {
		if s, ok := r.Scalar(v); ok {
			*to = s
		}
	}
}

// Match reads text of a shape, told in words when it is another.
func (r *Reader) Match(to *string, shape *regexp.Regexp, words string) func(Value) {
	return func(v Value) {
		s, ok := r.Scalar(v)
		if ok && !shape.MatchString(s) {
			r.Fail(v, "%s, want %s", Quote(s), words)
			return
		}
		*to = s
	}
}

// Secret reads text of a shape that is never shown: of a wrong one its length.
func Secret[S ~[]byte](r *Reader, to *S, shape *regexp.Regexp, words string) func(Value) {
	return func(v Value) {
		s, ok := r.Scalar(v)
		if ok && !shape.MatchString(s) {
			r.Fail(v, "a value of %d characters, want %s", len(s), words)
			return
		}
		*to = S(s)
	}
}

// Bool reads true or false.
func (r *Reader) Bool(to *bool) func(Value) {
	return func(v Value) {
		switch s, ok := r.Scalar(v); {
		case !ok:
		case s == "true" || s == "false":
			*to = s == "true"
		default:
			r.Fail(v, "%s, want true or false", Quote(s))
		}
	}
}

// Int reads a whole number from least to most.
func Int[N int | int64](r *Reader, to *N, least, most N) func(Value) {
	return func(v Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < int64(least) || n > int64(most) {
			r.Fail(v, "%s, want a whole number from %d to %d", Quote(s), least, most)
			return
		}
		*to = N(n)
	}
}

var onlyDigits = regexp.MustCompile(`^\d+$`)

// Duration reads a time with its unit, from least to most.
func (r *Reader) Duration(to *time.Duration, least, most time.Duration) func(Value) {
	return func(v Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		d, err := time.ParseDuration(s)
		switch {
		case err != nil && onlyDigits.MatchString(s):
			r.Fail(v, "%s has no unit; write it as in 60s or 500ms", Quote(s))
		case err != nil:
			r.Fail(v, "%s, want a time with its unit as in 60s or 500ms", Quote(s))
		case d < least || d > most:
			r.Fail(v, "%s, want from %s to %s", Quote(s), least, most)
		default:
			*to = d
		}
	}
}

var yuanShape = regexp.MustCompile(`^(\d+)(?:\.(\d\d))?$`)

// Yuan reads an amount in yuan, with fen or without, 10000.00 or 10000, and gives
// fen, at most so many.
func (r *Reader) Yuan(to *int64, most int64) func(Value) {
	return func(v Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		m := yuanShape.FindStringSubmatch(s)
		if m == nil {
			r.Fail(v, "%s, want yuan and fen as in 10000.00", Quote(s))
			return
		}
		fen, err := strconv.ParseInt(m[1]+(m[2] + "00")[:2], 10, 64)
		if err != nil || fen > most {
			r.Fail(v, "%s, want at most %d.%02d", Quote(s), most/100, most%100)
			return
		}
		*to = fen
	}
}

// Quote quotes a value for a message: not too long, of long runs of digits, which may be
// card numbers, the last four only, and of what may be a key or a token its length.
func Quote(s string) string {
	masked := mask(s)
	if MayBeSecret(masked) && !numberOnly.MatchString(masked) {
		return hidden(s)
	}
	if r := []rune(masked); len(r) > 40 {
		masked = string(r[:40]) + "…"
	}
	return strconv.Quote(masked)
}

var longRun = regexp.MustCompile(`[0-9A-Fa-f]{11,}`)

func mask(s string) string {
	return longRun.ReplaceAllStringFunc(s, func(run string) string {
		if !cardRun(run) {
			return "…"
		}
		return "…" + run[len(run)-4:]
	})
}
