package wire

import (
	"bytes"
	"fmt"
	"strings"
)

// maxHead is how many octets an HTTP head may have, from the request line to the
// empty line, provisional answers before it included; and how many all chunks of
// a body together.
const maxHead = 8 << 10

const headEnd = "\r\n\r\n"

// check says what is wrong with a description of HTTP.
func (h *HTTP) check() error {
	switch {
	case h.Path == "" && *h != HTTP{}:
		return fmt.Errorf("HTTP: want the path that terminals post to, such as /pos")
	case h.Path == "":
		return nil
	case h.Path[0] != '/' || !visible(h.Path, '!'):
		return fmt.Errorf("HTTP path %q: want a / and printable ASCII without blanks", h.Path)
	case !visible(h.Host, '!') || !visible(h.Type, ' '):
		return fmt.Errorf("HTTP host and type: want printable ASCII")
	case len(h.Path)+len(h.Host)+len(h.Type)+len(h.Headers) > maxHead/4:
		return fmt.Errorf("HTTP path, host, type and headers: more than %d characters", maxHead/4)
	}
	for line := range strings.SplitSeq(h.Headers, "\n") {
		name, _, colon := strings.Cut(line, ":")
		if h.Headers != "" && (!colon || name == "" || !visible(name, '!') || !visible(line, ' ')) {
			return fmt.Errorf("HTTP header %.20q: want a name, a colon and a value in printable ASCII", line)
		}
		for _, ours := range []string{"host", "content-type", "content-length", "transfer-encoding", "content-encoding"} {
			if strings.EqualFold(name, ours) {
				return fmt.Errorf("HTTP header %s: is not for headers to set", name)
			}
		}
	}
	return nil
}

// visible reports whether s has no characters but those of ASCII from least on.
func visible(s string, least byte) bool {
	for i := range len(s) {
		if s[i] < least || s[i] > '~' {
			return false
		}
	}
	return true
}

// appendHead appends the head of a POST or of the answer to one. It ends with
// room for the content length, as blanks before a number may be.
func (h *HTTP) appendHead(dst []byte, answer bool) []byte {
	if answer {
		dst = append(dst, "HTTP/1.1 200 OK\r\n"...)
	} else {
		dst = append(dst, "POST "...)
		dst = append(dst, h.Path...)
		dst = append(dst, " HTTP/1.1\r\nHost: "...)
		dst = append(dst, h.Host...)
		dst = append(dst, "\r\n"...)
		for line, more := "", h.Headers; more != ""; {
			line, more, _ = strings.Cut(more, "\n")
			dst = append(append(dst, line...), "\r\n"...)
		}
	}
	dst = append(dst, "Content-Type: "...)
	if h.Type == "" {
		dst = append(dst, "application/octet-stream"...)
	} else {
		dst = append(dst, h.Type...)
	}
	return append(dst, "\r\nContent-Length:       "+headEnd...)
}

// putContentLength writes n into the room that a head has for it at its end.
func putContentLength(head []byte, n int) {
	for at := len(head) - len(headEnd) - 1; n > 0; at-- {
		head[at] = '0' + byte(n%10)
		n /= 10
	}
}

// scan finds the body of a POST to the path, or of the answer 200, at the
// beginning of b. Source: RFC 9112; what it allows but does not ask for is an
// error: lines that go on, bare line feeds, lengths twice, other codings.
func (h *HTTP) scan(b []byte, searched int) (found, error) {
	for at := 0; ; {
		if !begins(b[at:], "POST ") && !begins(b[at:], "HTTP/1.") {
			return found{}, fmt.Errorf("%w: no HTTP: begins with %q, want POST or HTTP/1.1 200", ErrFrame, few(b[at:]))
		}
		n := -1
		if from := max(at, searched-len(headEnd)+1); from < len(b) {
			if n = bytes.Index(b[from:], []byte(headEnd)); n >= 0 {
				n += from
			}
		}
		if n > maxHead || n < 0 && len(b) > maxHead {
			return found{}, fmt.Errorf("%w: an HTTP head of more than %d octets", ErrFrame, maxHead)
		}
		if n < 0 && at == 0 {
			return found{end: len(b) + 1, searched: len(b)}, nil
		}
		if n < 0 {
			return found{end: len(b) + 1}, nil
		}
		head, err := h.head(b[at : n+2])
		if err != nil {
			return found{}, err
		}
		at, searched = n+len(headEnd), 0
		switch {
		case head.provisional: // another head follows
		case head.chunked:
			return scanChunks(b, at)
		default:
			return found{from: at, to: at + head.length, end: at + head.length}, nil
		}
	}
}

// begins reports whether b begins with what, as far as it goes.
func begins(b []byte, what string) bool {
	n := min(len(b), len(what))
	return string(b[:n]) == what[:n]
}

// httpHead is what counts of a head.
type httpHead struct {
	provisional bool // a 1xx answer, without a body
	chunked     bool
	length      int // of the body
}

// head reads a head, each line of it with its end.
func (h *HTTP) head(b []byte) (httpHead, error) {
	line, rest, _ := bytes.Cut(b, []byte("\r\n"))
	head := httpHead{length: -1}
	switch {
	case begins(line, "POST "):
		target, version, _ := bytes.Cut(line[len("POST "):], []byte(" "))
		if string(target) != h.Path {
			return head, fmt.Errorf("%w: HTTP POST to %.40q, want %s", ErrFrame, target, h.Path)
		}
		if string(version) != "HTTP/1.1" && string(version) != "HTTP/1.0" {
			return head, fmt.Errorf("%w: HTTP request of version %.20q, want HTTP/1.1", ErrFrame, version)
		}
	case len(line) < len("HTTP/1.1 200") || line[8] != ' ' || len(line) > 12 && line[12] != ' ':
		return head, fmt.Errorf("%w: HTTP status line %.40q", ErrFrame, line)
	case line[9] == '1':
		head.provisional = true
	case string(line[9:12]) != "200":
		return head, fmt.Errorf("%w: HTTP answer %.40q, want 200", ErrFrame, line[9:])
	}
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		if err := head.field(line); err != nil {
			return head, err
		}
	}
	switch {
	case head.provisional:
		return head, nil
	case head.chunked && head.length >= 0:
		return head, fmt.Errorf("%w: HTTP with a content length and in chunks", ErrFrame)
	case !head.chunked && head.length < 0:
		return head, fmt.Errorf("%w: HTTP without a content length and not in chunks", ErrFrame)
	}
	return head, nil
}

// maxBody is how many octets a body may have: a message in its frame.
const maxBody = MaxFrame + 3*maxAround + 8 + 1

// field reads one line of a head.
func (head *httpHead) field(line []byte) error {
	name, value, colon := bytes.Cut(line, []byte(":"))
	if !colon || len(name) == 0 || bytes.ContainsAny(line, "\r\n") || bytes.ContainsAny(name, " \t") {
		return fmt.Errorf("%w: HTTP header line beginning with %q: want a name, a colon and a value", ErrFrame, few(line))
	}
	value = bytes.Trim(value, " \t")
	switch {
	case is(name, "content-length"):
		n := 0
		for _, c := range value {
			if c-'0' > 9 || n > maxBody {
				n = maxBody + 1
				break
			}
			n = n*10 + int(c-'0')
		}
		if len(value) == 0 || n > maxBody || head.length >= 0 {
			return fmt.Errorf("%w: HTTP content length %.20q, want one number up to %d, once", ErrLength, value, maxBody)
		}
		head.length = n
	case is(name, "transfer-encoding"):
		if !is(value, "chunked") || head.chunked {
			return fmt.Errorf("%w: HTTP transfer encoding %.40q, want chunked, once, or none", ErrFrame, value)
		}
		head.chunked = true
	case is(name, "content-encoding"):
		if !is(value, "identity") {
			return fmt.Errorf("%w: HTTP content encoding %.40q, want none", ErrFrame, value)
		}
	}
	return nil
}

// is reports whether b is a word, in capitals or not.
func is(b []byte, word string) bool { return len(b) == len(word) && strings.EqualFold(string(b), word) }

// scanChunks finds the end of a body in chunks, which begins at from.
func scanChunks(b []byte, from int) (found, error) {
	size := 0
	for at := from; ; {
		if at-from > maxHead {
			return found{}, fmt.Errorf("%w: an HTTP body whose chunks take more than %d octets", ErrLength, maxHead)
		}
		n, data, err := chunk(b, at)
		if err != nil || data == 0 {
			return found{end: len(b) + 1}, err
		}
		if size += n; size > maxBody {
			return found{}, fmt.Errorf("%w: an HTTP body of %d octets and more in chunks, at most %d are read", ErrLength, size, maxBody)
		}
		switch at = data + n + 2; {
		case n > 0 && at > len(b):
			return found{end: at}, nil
		case n > 0 && string(b[data+n:at]) != "\r\n":
			return found{}, fmt.Errorf("%w: an HTTP chunk longer than the %d octets that it says", ErrFrame, n)
		case n == 0:
			return scanChunksEnd(b, from, data)
		}
	}
}

// scanChunksEnd is what follows the last chunk: header lines, which are not
// looked at, and an empty one.
func scanChunksEnd(b []byte, from, at int) (found, error) {
	for {
		n := bytes.Index(b[at:], []byte("\r\n"))
		switch {
		case n == 0:
			return found{from: from, to: from, end: at + 2, chunked: true}, nil
		case n < 0 && len(b)-from <= 2*maxHead:
			return found{end: len(b) + 1}, nil
		case n < 0 || at-from > maxHead:
			return found{}, fmt.Errorf("%w: an HTTP trailer of more than %d octets", ErrFrame, maxHead)
		}
		at += n + 2
	}
}

// maxChunkLine is how long the line before a chunk may be.
const maxChunkLine = 256

// chunk reads the line before a chunk: its size, and where its octets begin; 0
// as long as the line is not whole.
func chunk(b []byte, at int) (size, data int, err error) {
	line := b[min(at, len(b)):min(len(b), at+maxChunkLine)]
	end := bytes.Index(line, []byte("\r\n"))
	whole := end >= 0
	if !whole {
		end = len(line)
	}
	digits := 0
	for digits < end && hexDigit(line[digits]) <= 15 && digits < 8 {
		size = size<<4 | int(hexDigit(line[digits]))
		digits++
	}
	switch {
	case whole && digits > 0 && (digits == end || line[digits] == ';'):
		return size, at + end + 2, nil
	case whole || len(line) == maxChunkLine || digits < end && line[digits] != ';' && line[digits] != '\r':
		return 0, 0, fmt.Errorf("%w: HTTP chunk begins with %q, want its size in hexadecimal digits", ErrLength, few(line))
	}
	return 0, 0, nil
}

// joinChunks moves the octets of all chunks together and gives them. They have
// been scanned.
func joinChunks(b []byte) []byte {
	to := 0
	for at := 0; ; {
		n, data, err := chunk(b, at)
		if err != nil || n == 0 {
			return b[:to]
		}
		to += copy(b[to:], b[data:data+n])
		at = data + n + 2
	}
}
