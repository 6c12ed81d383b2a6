package strict

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
)

// utf16Of is text in UTF-16, with a byte order mark when that is asked for.
func utf16Of(text string, order binary.AppendByteOrder, mark bool) (out []byte) {
	if mark {
		out = order.AppendUint16(out, 0xFEFF)
	}
	for _, u := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func utf32Of(text string, order binary.AppendByteOrder) (out []byte) {
	for _, r := range text {
		out = order.AppendUint32(out, uint32(r))
	}
	return out
}

func TestTextIsReadInWhateverUnicode(t *testing.T) {
	const text = "name: 商户\nother: 𝄞\n"
	for name, data := range map[string][]byte{
		"UTF-8": []byte(text), "UTF-8 with a mark": []byte("\ufeff" + text),
		"UTF-16LE": utf16Of(text, binary.LittleEndian, true), "UTF-16BE": utf16Of(text, binary.BigEndian, true),
		"UTF-16LE without a mark": utf16Of(text, binary.LittleEndian, false), "UTF-16BE without a mark": utf16Of(text, binary.BigEndian, false),
		"UTF-32LE": utf32Of("\ufeff"+text, binary.LittleEndian), "UTF-32BE": utf32Of("\ufeff"+text, binary.BigEndian),
		"UTF-32LE without a mark": utf32Of(text, binary.LittleEndian), "UTF-32BE without a mark": utf32Of(text, binary.BigEndian),
	} {
		if got, err := Text(data); string(got) != text || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for text, line := range map[string]int{"a\n\xc9\xcc\xbb\xa7\n": 2, "\xff": 1, "a\nb\nc\xe6": 3} {
		var wrong *EncodingError
		if _, err := Text([]byte(text)); !errors.As(err, &wrong) || wrong.Line != line {
			t.Errorf("%q: %v, want line %d", text, err, line)
		}
	}
	if got, err := Text(nil); len(got) != 0 || err != nil {
		t.Errorf("nothing: %q, %v", got, err)
	}
}

// Lists that editors and systems save otherwise have the same lines.
func TestLinesOfAnyEditorAreLines(t *testing.T) {
	for text, want := range map[string]string{
		"a\nb\n": "a\nb\n", "a\rb\r": "a\nb\n", "a\r\nb\r\n": "a\r\nb\r\n", "a\rb\nc\r\nd": "a\nb\nc\r\nd", "\xef\xbb\xbfa\rb": "a\nb", "": "",
	} {
		if got, err := Lines([]byte(text)); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{"ab\rc\x00d\n": "line 2 has an octet of zero", "ab\n\xB7\xA2\n": "line 2 is not UTF-8"} {
		if _, err := Lines([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
