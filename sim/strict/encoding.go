package strict

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// EncodingError says that a file is no text that can be read.
type EncodingError struct {
	Line int // from 1
	zero bool
}

func (e *EncodingError) Error() string {
	if e.zero {
		return fmt.Sprintf("line %d has an octet of zero: this is no text, or one that was cut off by a full disk", e.Line)
	}
	return fmt.Sprintf("line %d is not UTF-8 (GBK? save as UTF-8)", e.Line)
}

// Text gives a file's text as UTF-8: without the byte order mark that some editors
// put first, and out of UTF-16 and UTF-32, which have one or show themselves by their
// zeros. The error is an EncodingError.
func Text(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")):
		return widest(data[4:], binary.LittleEndian), nil
	case bytes.HasPrefix(data, []byte("\x00\x00\xfe\xff")):
		return widest(data[4:], binary.BigEndian), nil
	case len(data) >= 4 && len(data)%4 == 0 && data[0] != 0 && data[1]|data[2]|data[3] == 0:
		return widest(data, binary.LittleEndian), nil
	case len(data) >= 4 && len(data)%4 == 0 && data[0]|data[1]|data[2] == 0 && data[3] != 0:
		return widest(data, binary.BigEndian), nil
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return wide(data[2:], binary.LittleEndian), nil
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return wide(data[2:], binary.BigEndian), nil
	case len(data) >= 2 && len(data)%2 == 0 && data[0] != 0 && data[1] == 0:
		return wide(data, binary.LittleEndian), nil
	case len(data) >= 2 && len(data)%2 == 0 && data[0] == 0 && data[1] != 0:
		return wide(data, binary.BigEndian), nil
	}
	if utf8.Valid(data) {
		return data, nil
	}
	line := 1
	for text := range bytes.Lines(data) {
		if !utf8.Valid(text) {
			break
		}
		line++
	}
	return nil, &EncodingError{Line: line}
}

// Lines is Text with lines that all end in a line feed, as those of files do not that
// old editors of the Mac have saved, changed in place; an octet of zero is an
// EncodingError.
func Lines(data []byte) ([]byte, error) {
	text, err := Text(data)
	if err != nil {
		return nil, err
	}
	line := 1
	for i, c := range text {
		switch {
		case c == 0:
			return nil, &EncodingError{Line: line, zero: true}
		case c == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			text[i] = '\n'
			line++
		case c == '\n':
			line++
		}
	}
	return text, nil
}

// wide gives UTF-16 as UTF-8; an octet over is left out.
func wide(data []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// widest gives UTF-32 as UTF-8; octets over are left out.
func widest(data []byte, order binary.ByteOrder) (text []byte) {
	for ; len(data) >= 4; data = data[4:] {
		text = utf8.AppendRune(text, rune(order.Uint32(data)))
	}
	return text
}
