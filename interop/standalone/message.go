package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Numbers of the fields that this host speaks of.
const (
	fCard      = 2
	fProc      = 3
	fAmount    = 4
	fTrace     = 11
	fTime      = 12
	fDate      = 13
	fExpiry    = 14
	fSettled   = 15
	fEntry     = 22
	fSequence  = 23
	fCondition = 25
	fPINLength = 26
	fAcquirer  = 32
	fTrack2    = 35
	fTrack3    = 36
	fReference = 37
	fApproval  = 38
	fCode      = 39
	fTerminal  = 41
	fMerchant  = 42
	fPrivate48 = 48
	fCurrency  = 49
	fPIN       = 52
	fSecurity  = 53
	fBalance   = 54
	fChip      = 55
	fQR        = 59
	fKind      = 60
	fOriginal  = 61
	fKeys      = 62
	fScheme    = 63
	fMAC       = 64
)

// How the octets of a field are made.
type coding byte

const (
	digits  coding = iota + 1 // packed, from the left, a filler nibble at the right
	digitsR                   // packed, from the right
	track                     // packed, any nibble, D for the separator
	octets                    // as they are
)

// shape is one row of the field table. prefix is the number of octets of the
// length prefix, 0 for a field of fixed size; size counts nibbles or octets.
type shape struct {
	coding coding
	prefix int
	size   int
}

var shapes = map[int]shape{
	fCard: {digits, 1, 19}, fProc: {digits, 0, 6}, fAmount: {digits, 0, 12}, 5: {digits, 0, 12}, 6: {digits, 0, 12},
	fTrace: {digits, 0, 6}, fTime: {digits, 0, 6}, fDate: {digits, 0, 4}, fExpiry: {digits, 0, 4}, fSettled: {digits, 0, 4},
	fEntry: {digits, 0, 3}, fSequence: {digitsR, 0, 3}, fCondition: {digits, 0, 2}, fPINLength: {digits, 0, 2},
	fAcquirer: {digits, 1, 11}, fTrack2: {track, 1, 37}, fTrack3: {track, 2, 104},
	fReference: {octets, 0, 12}, fApproval: {octets, 0, 6}, fCode: {octets, 0, 2},
	fTerminal: {octets, 0, 8}, fMerchant: {octets, 0, 15}, 44: {octets, 1, 25},
	fPrivate48: {digits, 2, 322}, fCurrency: {octets, 0, 3}, fPIN: {octets, 0, 8}, fSecurity: {digits, 0, 16},
	fBalance: {octets, 2, 40}, fChip: {octets, 2, 255}, 57: {octets, 2, 999}, 58: {octets, 2, 999}, fQR: {octets, 2, 999},
	fKind: {digits, 2, 17}, fOriginal: {digits, 2, 29}, fKeys: {octets, 2, 999}, fScheme: {octets, 2, 163}, fMAC: {octets, 0, 8},
}

// message is one request or answer. A field that is not there is not in the map.
type message struct {
	tpdu   [5]byte
	header [6]byte
	mti    uint16 // as it is read: 0x0200
	field  map[int]string

	macked []byte // of a request: the octets that its MAC is made over
}

func (m *message) has(f int) bool { _, there := m.field[f]; return there }

// lead is how many octets stand before the fields: TPDU, header, MTI and bitmap.
const lead = 5 + 6 + 2 + 8

// readFrame takes one message with its length off the line.
func readFrame(r io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(r, frame); err != nil {
		return nil, err
	}
	return frame, nil
}

var errNotAMessage = errors.New("shorter than TPDU, header, MTI and bitmap")

// parse reads a frame. When a field is wrong it returns what was read before it
// together with the error, so that the sender can be told.
func parse(frame []byte) (*message, error) {
	if len(frame) < lead {
		return nil, errNotAMessage
	}
	m := &message{field: map[int]string{}}
	copy(m.tpdu[:], frame)
	copy(m.header[:], frame[5:])
	m.mti = binary.BigEndian.Uint16(frame[11:])
	bitmap := binary.BigEndian.Uint64(frame[13:])
	rest := frame[lead:]
	for f := 1; f <= 64; f++ {
		if bitmap>>(64-f)&1 == 0 {
			continue
		}
		s, known := shapes[f]
		if !known {
			return m, fmt.Errorf("field %d has no place here", f)
		}
		size := s.size
		if s.prefix > 0 {
			if len(rest) < s.prefix {
				return m, fmt.Errorf("field %d: no room for its length", f)
			}
			size = 0
			for _, b := range rest[:s.prefix] {
				if b>>4 > 9 || b&15 > 9 {
					return m, fmt.Errorf("field %d: its length is no number", f)
				}
				size = size*100 + int(b>>4)*10 + int(b&15)
			}
			if size > s.size {
				return m, fmt.Errorf("field %d: %d is too long", f, size)
			}
			rest = rest[s.prefix:]
		}
		n := size
		if s.coding != octets {
			n = (size + 1) / 2
		}
		if len(rest) < n {
			return m, fmt.Errorf("field %d: the message ends in it", f)
		}
		if f == fMAC {
			m.macked = frame[11 : len(frame)-len(rest)]
		}
		value := string(rest[:n])
		if s.coding != octets {
			value = unpack(rest[:n], size, s.coding == digitsR)
			if s.coding != track && strings.ContainsAny(value, "ABCDEF") {
				return m, fmt.Errorf("field %d: not digits", f)
			}
		}
		m.field[f] = value
		rest = rest[n:]
	}
	if len(rest) > 0 {
		return m, fmt.Errorf("%d octets after the last field", len(rest))
	}
	return m, nil
}

// append adds the frame of an answer to out. With a seal the message gets field
// 64, which seal makes from the octets before it.
func (m *message) append(out []byte, seal func([]byte) string) []byte {
	start := len(out)
	out = append(out, 0, 0)
	out = append(out, m.tpdu[:]...)
	out = append(out, m.header[:]...)
	from := len(out)
	out = binary.BigEndian.AppendUint16(out, m.mti)
	bits := len(out)
	out = append(out, make([]byte, 8)...)
	var bitmap uint64
	for f := 2; f < fMAC; f++ {
		value, there := m.field[f]
		if !there {
			continue
		}
		bitmap |= 1 << (64 - f)
		s := shapes[f]
		switch s.prefix {
		case 1:
			out = pack(out, fmt.Sprintf("%02d", len(value)), false)
		case 2:
			out = pack(out, fmt.Sprintf("%04d", len(value)), false)
		}
		if s.coding == octets {
			out = append(out, value...)
		} else {
			out = pack(out, value, s.coding == digitsR)
		}
	}
	if seal != nil {
		bitmap |= 1
	}
	binary.BigEndian.PutUint64(out[bits:], bitmap)
	if seal != nil {
		out = append(out, seal(out[from:])...)
	}
	binary.BigEndian.PutUint16(out[start:], uint16(len(out)-start-2))
	return out
}

const nibbles = "0123456789ABCDEF"

// unpack tells the first n nibbles of b, or the last n.
func unpack(b []byte, n int, right bool) string {
	var s strings.Builder
	for _, o := range b {
		s.WriteByte(nibbles[o>>4])
		s.WriteByte(nibbles[o&15])
	}
	if right {
		return s.String()[2*len(b)-n:]
	}
	return s.String()[:n]
}

// pack adds s to out, two to an octet; an odd one gets a zero at its other end.
func pack(out []byte, s string, right bool) []byte {
	if len(s)%2 == 1 {
		if right {
			s = "0" + s
		} else {
			s += "0"
		}
	}
	for i := 0; i < len(s); i += 2 {
		out = append(out, byte(strings.IndexByte(nibbles, s[i])<<4|strings.IndexByte(nibbles, s[i+1])))
	}
	return out
}
