package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen is standard output or standard error as all of posfleet writes it: names,
// paths and what hosts send may hold escape sequences and other controls, which
// reach no terminal but as they would be written in a string, \x1b. Nor do card
// numbers.
type screen struct {
	mu   sync.Mutex
	w    io.Writer
	file *os.File // w, when it is a terminal
	rest []byte   // of a letter whose end is not written yet
	lost error    // why something could not be written; nil when all was
}

func newScreen(w io.Writer) *screen {
	s := &screen{w: w}
	if f, is := w.(*os.File); is && term.IsTerminal(int(f.Fd())) {
		s.file = f
	}
	return s
}

// terminal reports whether w is shown to somebody as it is written.
func terminal(w io.Writer) bool {
	s, is := w.(*screen)
	return is && s.file != nil
}

// raw gives what a screen writes to, for controls that are meant.
func raw(w io.Writer) io.Writer {
	if s, is := w.(*screen); is {
		return s.w
	}
	return w
}

// painted are the colours that reports have (report.WriteText).
var painted = regexp.MustCompile(`^\x1b\[(0|1|2|31|32|33)m`)

// Write writes p, controls escaped.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := p
	if len(s.rest) > 0 {
		text = append(s.rest, p...)
		s.rest = nil
	}
	if n := unfinished(text); n > 0 {
		s.rest = bytes.Clone(text[len(text)-n:])
		text = text[:len(text)-n]
	}
	if err := s.put(s.escape(scrub(text))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// put writes octets; mu is held. What is lost is noted, since few who write look.
func (s *screen) put(text []byte) error {
	_, err := s.w.Write(text)
	if err != nil && s.lost == nil {
		s.lost = err
	}
	return err
}

// Close writes what is left. The error says why something that was written is lost.
func (s *screen) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rest) > 0 {
		_ = s.put(s.escape(s.rest))
	}
	s.rest = nil
	return s.lost
}

// unfinished is how many octets at the end begin a letter that is not whole.
func unfinished(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if c := text[len(text)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// escape gives text with its controls escaped; text itself when it has none.
func (s *screen) escape(text []byte) []byte {
	var out []byte // nil as long as nothing is escaped
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRune(text[i:])
		if c == 0x1b && s.file != nil {
			n = max(n, len(painted.Find(text[i:])))
		}
		if n > 1 && c == 0x1b || !control(c) && (c != utf8.RuneError || n > 1) {
			if out != nil {
				out = append(out, text[i:i+n]...)
			}
			i += n
			continue
		}
		if out == nil {
			out = append(make([]byte, 0, len(text)+16), text[:i]...)
		}
		if c < utf8.RuneSelf || n == 1 {
			out = fmt.Appendf(out, `\x%02x`, text[i])
		} else {
			out = fmt.Appendf(out, `\u%04x`, c)
		}
		i += n
	}
	if out == nil {
		return text
	}
	return out
}

// control reports whether a terminal does something else with c than show it:
// C0 and C1 but for new line and tab, DEL, and what changes the direction of
// writing or cannot be seen (Unicode's Bidi_Control, line and paragraph
// separator, zero width, byte order mark, tags).
func control(c rune) bool {
	switch {
	case c == '\n', c == '\t':
		return false
	case c < 0x20, c >= 0x7f && c < 0xa0:
		return true
	case c == 0x061c, c >= 0x200b && c <= 0x200f, c >= 0x2028 && c <= 0x202e, c >= 0x2060 && c <= 0x206f, c == 0xfeff,
		c >= 0xe0000 && c <= 0xe007f:
		return true
	}
	return false
}
