package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/capture"
)

// mostUnpacked is how long a gzip file may be unpacked, in octets.
const mostUnpacked = 128 << 20

// readAll reads an input, unpacked if it is gzip's.
func readAll(in io.Reader) ([]byte, error) {
	var data bytes.Buffer
	if file, is := in.(*os.File); is {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			data.Grow(int(min(info.Size(), capture.MaxFile)) + bytes.MinRead)
		}
	}
	if _, err := data.ReadFrom(io.LimitReader(in, capture.MaxFile+1)); err != nil || !bytes.HasPrefix(data.Bytes(), []byte("\x1F\x8B\x08")) {
		return data.Bytes(), err
	}
	packed, err := gzip.NewReader(&data)
	if err != nil {
		return nil, fmt.Errorf("as a gzip file: %w", err)
	}
	var unpacked bytes.Buffer
	if n, err := unpacked.ReadFrom(io.LimitReader(packed, mostUnpacked+1)); err != nil {
		return nil, fmt.Errorf("as a gzip file: %w", err)
	} else if n > mostUnpacked {
		return nil, fmt.Errorf("it is a gzip file of more than %d octets: unpack it and narrow it", mostUnpacked)
	}
	return unpacked.Bytes(), nil
}

// asText reports whether data is text about messages rather than a message as it
// is, and gives it in UTF-8: editors and shells of Windows write UTF-16.
func asText(data []byte) (string, bool) {
	if order := utf16Order(data); order != nil {
		data = []byte(string(ofUTF16(data, order)))
	}
	plain := capture.WithoutColours(data)
	binary := bytes.ContainsFunc(plain, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' })
	return string(plain), !binary
}

// utf16Order is the order of the octets of UTF-16, which a mark at its beginning says,
// or its being text; nil for what is none.
func utf16Order(data []byte) binary.ByteOrder {
	start := data[:min(len(data), 4096)]
	switch {
	case bytes.HasPrefix(data, []byte("\xFF\xFE")), len(data)%2 == 0 && mostlyASCII(ofUTF16(start, binary.LittleEndian)):
		return binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xFE\xFF")), len(data)%2 == 0 && mostlyASCII(ofUTF16(start, binary.BigEndian)):
		return binary.BigEndian
	}
	return nil
}

// ofUTF16 is the characters of UTF-16.
func ofUTF16(data []byte, order binary.ByteOrder) []rune {
	units := make([]uint16, 0, len(data)/2)
	for ; len(data) > 1; data = data[2:] {
		units = append(units, order.Uint16(data))
	}
	return utf16.Decode(units)
}

// mostlyASCII reports whether characters are text, most of it in ASCII, as octets
// that are taken for UTF-16 and are none never are.
func mostlyASCII(text []rune) bool {
	plain := 0
	for _, r := range text {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r >= ' ' && r <= '~':
			plain++
		case r < ' ' || r == utf8.RuneError:
			return false
		}
	}
	return plain >= 12 && plain > len(text)/2
}
