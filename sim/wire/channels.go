package wire

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// channels are the framings of jPOS' channel classes, without the header that
// each may have besides. What is left out of a class's name is "Channel".
var channels = map[string]Framing{
	"ASCII": {Length: Digits4},
	"NAC":   {Length: Binary2},
	"NCC":   {Length: Length{Octets: 2, Form: PackedDigits}},
	"BCD":   {Length: Length{Octets: 2, Form: PackedDigits}},
	"Post":  {Length: Binary2},
	"Raw":   {Length: Binary4},
	"CS":    {Length: Binary2, After: "\x00\x00", KeepAlive: KeepAlive{Answer: true}},
	"GICC":  {Before: "\x00\x00", Length: Binary2, KeepAlive: KeepAlive{Answer: true}},
	"HEX":   {Length: Length{Octets: 4, Form: HexDigits}},
	"Amex":  {Length: Length{Octets: 2, Itself: true}, KeepAlive: KeepAlive{Octets: "\x00\x00", Answer: true}},
	"VAP":   {Length: Binary2, After: "\x00\x00", Header: Header{BaseI: true}, KeepAlive: KeepAlive{Answer: true}},
	"RBP":   {Before: "\xD0\x4A", Length: Binary2, After: "\x00\x00"},
	"PAD":   {ByFields: true},
	"CMF":   {Length: Length{Octets: 3}, KeepAlive: KeepAlive{Answer: true}},

	"BASE24":    {Trailer: "\x03"},
	"BASE24TCP": {Length: Length{Octets: 2, Trailer: true}, Trailer: "\x03", KeepAlive: KeepAlive{Octets: "\x00\x00\x00\x01", Answer: true}},
}

// refused are the channels that are no framing, and why.
var refused = map[string]string{
	"GZIP":      "compresses each message: compression is not supported",
	"X25":       "takes what has arrived for a message: TCP does not keep such bounds",
	"FSD":       "is framed as NACChannel, but carries FSD messages, not ISO 8583",
	"XML":       "carries XML, not ISO 8583 octets",
	"TelnetXML": "carries XML, not ISO 8583 octets",
	"Log":       "carries XML, not ISO 8583 octets",
}

// Channel is the framing of a jPOS channel class, such as NACChannel or
// org.jpos.iso.channel.ASCIIChannel, as jPOS 2.1 sets it up by default. A header,
// TPDU or other, is not part of it. The error says why a channel cannot be had.
func Channel(class string) (Framing, error) {
	name := strings.TrimSuffix(class[strings.LastIndexByte(class, '.')+1:], "Channel")
	if f, ok := channels[name]; ok {
		return f, nil
	}
	if why, ok := refused[name]; ok {
		return Framing{}, fmt.Errorf("%sChannel %s", name, why)
	}
	return Framing{}, fmt.Errorf("channel %.40q: want one of %s", class, strings.Join(ChannelNames(), ", "))
}

// ChannelNames are the channels that Channel has, by class.
func ChannelNames() []string {
	names := slices.Sorted(maps.Keys(channels))
	for i := range names {
		names[i] += "Channel"
	}
	return names
}
