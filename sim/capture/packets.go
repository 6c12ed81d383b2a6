package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// What a capture may hold, in octets and streams; a larger one is to be narrowed
// to a port.
const (
	MaxFile    = 512 << 20
	maxPayload = 64 << 20
	maxStreams = 100_000
	// maxPages is how many packets that came out of order, of 1,900 octets each,
	// are kept.
	maxPages = 16 << 10
)

// Stream is one direction of a TCP connection.
type Stream struct {
	From, To string // host:port
	Octets   []byte
	Starts   bool // its first octets are in the capture
	Cut      int  // octets after the last that are not in the capture, and came before the connection ended
	// Contradicted are the places in Octets where a packet that brings octets again brings
	// the first other one: what the other side has taken is not known.
	Contradicted []int
	segments     []segment
}

// segment is where in a stream something came off the line.
type segment struct {
	offset int
	seen   time.Time
	packet int // its number in the capture
	lost   int // octets before it that are not in the capture
}

// At is when octet i of the stream was seen, zero when that is not known.
func (s *Stream) At(i int) time.Time {
	if k := s.segment(i); k >= 0 {
		return s.segments[k].seen
	}
	return time.Time{}
}

// Packet is the number of the packet that brought octet i of the stream: packets of all
// streams are counted in the order of the capture.
func (s *Stream) Packet(i int) int {
	if k := s.segment(i); k >= 0 {
		return s.segments[k].packet
	}
	return 0
}

// Gaps are the places in the stream before which octets are missing, with how
// many, -1 where that is not known. The first may be 0, when the beginning of the
// connection is in the capture and its first octets are not.
func (s *Stream) Gaps(yield func(at, lost int) bool) {
	for _, g := range s.segments {
		if (g.lost > 0 || g.lost < 0 && g.offset > 0) && !yield(g.offset, g.lost) {
			return
		}
	}
}

func (s *Stream) segment(i int) int {
	k, found := slices.BinarySearchFunc(s.segments, i, func(g segment, i int) int { return g.offset - i })
	if !found {
		k--
	}
	return k
}

// IsPackets reports whether data begin as a pcap or pcapng file does.
func IsPackets(data []byte) bool {
	if len(data) < 4 {
		return false
	}
	switch binary.BigEndian.Uint32(data) {
	case 0xA1B2C3D4, 0xD4C3B2A1, 0xA1B23C4D, 0x4D3CB2A1, 0x0A0D0D0A:
		return true
	}
	return false
}

// Packets reads a pcap or pcapng file: the streams to and from a port, all when
// it is 0, in the order in which they begin. Streams without octets are left
// out. With the error come the streams up to where the file is broken.
func Packets(data []byte, port int) (streams []*Stream, err error) {
	defer func() {
		if recover() != nil { // in a library, on what nobody has tried yet
			streams, err = nil, errors.New("the capture cannot be read")
		}
	}()
	if len(data) > MaxFile {
		return nil, fmt.Errorf("the capture is longer than %d octets; narrow it to the host's port", MaxFile)
	}
	var next func() ([]byte, gopacket.CaptureInfo, error)
	var link func() layers.LinkType
	if len(data) > 3 && binary.BigEndian.Uint32(data) == 0x0A0D0D0A {
		options := pcapgo.DefaultNgReaderOptions
		options.WantMixedLinkType = true
		r, err := pcapgo.NewNgReader(bytes.NewReader(data), options)
		if err != nil {
			return nil, fmt.Errorf("pcapng: %w", err)
		}
		var of layers.LinkType
		next = func() ([]byte, gopacket.CaptureInfo, error) {
			packet, ci, err := r.ReadPacketData()
			if err == nil {
				if i, e := r.Interface(ci.InterfaceIndex); e == nil {
					of = i.LinkType
				}
			}
			return packet, ci, err
		}
		link = func() layers.LinkType { return of }
	} else {
		r, err := pcapgo.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("pcap: %w", err)
		}
		next, link = r.ReadPacketData, r.LinkType
	}
	a := newAssembly(port)
	cut, octets := 0, 0
	var foreign error // a packet from whose link nothing is known
	for n := 1; ; n++ {
		packet, ci, err := next()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err == nil {
			if by := decoderOf(link()); by != nil {
				err = a.add(packet, by, ci.Timestamp)
			} else if foreign == nil {
				foreign = fmt.Errorf("packet %d is of link type %d, of which no TCP is read; capture on a network interface, as with tcpdump -i any", n, link())
			}
		}
		if err != nil {
			streams, _ = a.finish()
			return streams, fmt.Errorf("packet %d: %w", n, err)
		}
		if ci.Length > ci.CaptureLength {
			cut, octets = cut+1, max(octets, ci.CaptureLength)
		}
	}
	if streams, err = a.finish(); len(streams) == 0 && foreign != nil {
		return nil, foreign
	}
	if cut > 0 {
		err = &Incomplete{fmt.Sprintf("%d packets are cut at %d octets by the capture; capture again with tcpdump -s 0, Wireshark: no snaplen", cut, octets)}
	}
	return streams, err
}

// decoderOf is what reads the packets of a link; nil for none.
func decoderOf(link layers.LinkType) gopacket.Decoder {
	switch {
	case link == layers.LinkTypeIPv4:
		return layers.LayerTypeIPv4
	case link == layers.LinkTypeIPv6:
		return layers.LayerTypeIPv6
	case link.String() == "UnknownLinkType":
		return nil
	}
	return link
}

// Incomplete says what a capture that can be read to its end does not hold whole.
type Incomplete struct{ what string }

func (e *Incomplete) Error() string { return e.what }

// Unwrapped takes the TCP payload out of blocks that are dumps of whole packets,
// from IP or Ethernet on, as tcpdump prints them. It reports false when one of
// them is no such packet.
func Unwrapped(blocks []Block, port int) ([]*Stream, bool) {
	var a *assembly
	for _, b := range blocks {
		link, ok := linkOf(b.Octets)
		if !ok {
			return nil, false
		}
		if a == nil { // it takes memory, and most texts are no packets
			a = newAssembly(port)
		}
		if a.add(b.Octets, link, time.Time{}) != nil {
			return nil, false
		}
	}
	if a == nil {
		return nil, false
	}
	streams, err := a.finish()
	return streams, err == nil && len(streams) > 0
}

// linkOf says where the packet begins: with an IP header, or one of Ethernet
// before it.
func linkOf(b []byte) (gopacket.Decoder, bool) {
	switch {
	case isIP(b):
		if b[0]>>4 == 6 {
			return layers.LayerTypeIPv6, true
		}
		return layers.LayerTypeIPv4, true
	case len(b) > 14 && (b[12] == 0x08 && b[13] == 0x00 || b[12] == 0x86 && b[13] == 0xDD) && isIP(b[14:]),
		len(b) > 18 && b[12] == 0x81 && b[13] == 0x00 && isIP(b[18:]):
		return layers.LayerTypeEthernet, true
	}
	return nil, false
}

// isIP reports whether b begins with an IP header, of a TCP packet, that says
// no more octets than there are.
func isIP(b []byte) bool {
	switch {
	case len(b) >= 40 && b[0] == 0x45:
		n := int(binary.BigEndian.Uint16(b[2:]))
		return b[9] == 6 && n >= 40 && n <= len(b)
	case len(b) >= 60 && b[0]>>4 == 6:
		n := int(binary.BigEndian.Uint16(b[4:]))
		return b[6] == 6 && n >= 20 && n+40 <= len(b)
	}
	return false
}
