package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/gopacket/gopacket/tcpassembly"
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
	segments []segment
}

// segment is where in a stream something came off the line.
type segment struct {
	offset int
	seen   time.Time
	lost   int // octets before it that are not in the capture
}

// At is when octet i of the stream was seen, zero when that is not known.
func (s *Stream) At(i int) time.Time {
	if k := s.segment(i); k >= 0 {
		return s.segments[k].seen
	}
	return time.Time{}
}

// Gaps are the places in the stream before which octets are missing, with how
// many, -1 where that is not known.
func (s *Stream) Gaps(yield func(at, lost int) bool) {
	for _, g := range s.segments {
		if g.lost != 0 && g.offset > 0 && !yield(g.offset, g.lost) {
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
	var link func() gopacket.Decoder
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
		link = func() gopacket.Decoder { return of }
	} else {
		r, err := pcapgo.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("pcap: %w", err)
		}
		next, link = r.ReadPacketData, func() gopacket.Decoder { return r.LinkType() }
	}
	a := newAssembly(port)
	var broken error
	var short ShortPackets
	for n := 1; ; n++ {
		packet, ci, err := next()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			broken = fmt.Errorf("packet %d: %w", n, err)
			break
		}
		if ci.Length > ci.CaptureLength {
			short.Packets, short.Octets = short.Packets+1, max(short.Octets, ci.CaptureLength)
		}
		if err := a.add(packet, link(), ci.Timestamp); err != nil {
			broken = fmt.Errorf("packet %d: %w", n, err)
			break
		}
	}
	if broken == nil && short.Packets > 0 {
		broken = &short
	}
	return a.finish(), broken
}

// ShortPackets says that a capture has not kept packets whole.
type ShortPackets struct {
	Packets int // that are cut
	Octets  int // that are kept of each, at most
}

func (e *ShortPackets) Error() string {
	return fmt.Sprintf("%d packets are cut at %d octets by the capture; capture again with tcpdump -s 0, Wireshark: no snaplen", e.Packets, e.Octets)
}

// Unwrapped takes the TCP payload out of blocks that are dumps of whole packets,
// from IP or Ethernet on, as tcpdump prints them. It reports false when one of
// them is no such packet.
func Unwrapped(blocks []Block, port int) ([]*Stream, bool) {
	a := newAssembly(port)
	for _, b := range blocks {
		link, ok := linkOf(b.Octets)
		if !ok || a.add(b.Octets, link, time.Time{}) != nil {
			return nil, false
		}
	}
	streams := a.finish()
	return streams, len(streams) > 0
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

// assembly puts streams together out of packets.
type assembly struct {
	*tcpassembly.Assembler
	port    layers.TCPPort
	streams []*Stream
	payload int
}

func newAssembly(port int) *assembly {
	a := &assembly{port: layers.TCPPort(port)}
	a.Assembler = tcpassembly.NewAssembler(tcpassembly.NewStreamPool(a))
	a.MaxBufferedPagesTotal = maxPages
	return a
}

var errLarge = errors.New("the capture holds too much; narrow it to the host with --port, or with tcpdump -r FILE -w SMALLER port PORT")

func (a *assembly) add(packet []byte, link gopacket.Decoder, at time.Time) error {
	p := gopacket.NewPacket(packet, link, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	tcp, _ := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if tcp == nil || p.NetworkLayer() == nil || a.port != 0 && tcp.SrcPort != a.port && tcp.DstPort != a.port {
		return nil
	}
	if a.payload > maxPayload || len(a.streams) > maxStreams {
		return errLarge
	}
	a.AssembleWithTimestamp(p.NetworkLayer().NetworkFlow(), tcp, at)
	return nil
}

func (a *assembly) finish() []*Stream {
	a.FlushAll()
	return slices.DeleteFunc(a.streams, func(s *Stream) bool { return len(s.Octets) == 0 })
}

// New begins a stream, as tcpassembly asks for.
func (a *assembly) New(network, transport gopacket.Flow) tcpassembly.Stream {
	s := &Stream{
		From: net.JoinHostPort(network.Src().String(), strconv.Itoa(int(binary.BigEndian.Uint16(transport.Src().Raw())))),
		To:   net.JoinHostPort(network.Dst().String(), strconv.Itoa(int(binary.BigEndian.Uint16(transport.Dst().Raw())))),
	}
	a.streams = append(a.streams, s)
	return &assembled{s, a}
}

// assembled takes what tcpassembly has put together.
type assembled struct {
	*Stream
	of *assembly
}

func (s *assembled) Reassembled(parts []tcpassembly.Reassembly) {
	for _, p := range parts {
		s.Starts = s.Starts || p.Start
		if len(p.Bytes) == 0 || s.of.payload > maxPayload {
			continue
		}
		s.of.payload += len(p.Bytes)
		s.segments = append(s.segments, segment{len(s.Octets), p.Seen, p.Skip})
		s.Octets = append(s.Octets, p.Bytes...)
	}
}

func (s *assembled) ReassemblyComplete() {}
