package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/ip4defrag"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/tcpassembly"
)

// assembly puts streams together out of packets.
type assembly struct {
	*tcpassembly.Assembler
	port      layers.TCPPort
	fragments *ip4defrag.IPv4Defragmenter
	lost      int // fragments that are not put together
	streams   []*assembled
	open      map[direction]*assembled
	payload   int
	times     []time.Time // of the packets, by their number
}

// direction is one of a connection.
type direction struct{ network, transport gopacket.Flow }

func newAssembly(port int) *assembly {
	a := &assembly{port: layers.TCPPort(port), fragments: ip4defrag.NewIPv4Defragmenter(), open: map[direction]*assembled{}}
	a.Assembler = tcpassembly.NewAssembler(tcpassembly.NewStreamPool(a))
	a.MaxBufferedPagesTotal = maxPages
	return a
}

var errLarge = errors.New("the capture holds too much; narrow it to the host with --port, or with tcpdump -r FILE -w SMALLER port PORT")

func (a *assembly) add(packet []byte, link gopacket.Decoder, at time.Time) error {
	p := gopacket.NewPacket(packet, link, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	if p = a.unfragmented(p); p == nil {
		return nil
	}
	tcp, _ := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if tcp == nil || p.NetworkLayer() == nil || a.port != 0 && tcp.SrcPort != a.port && tcp.DstPort != a.port {
		return nil
	}
	if a.payload > maxPayload || len(a.streams) > maxStreams {
		return errLarge
	}
	f := direction{p.NetworkLayer().NetworkFlow(), tcp.TransportFlow()}
	s := a.open[f]
	if s == nil || tcp.SYN && number(tcp) != s.first { // a port again, whose connection has not ended in the capture
		if !tcp.SYN && len(tcp.Payload) == 0 {
			return nil
		}
		s = a.begin(f, tcp)
	}
	s.meets(tcp)
	// The number of the packet stands for its time: it is all that comes back, and times
	// may step back.
	a.times = append(a.times, at)
	a.AssembleWithTimestamp(s.key, tcp, time.Unix(0, int64(len(a.times)-1)))
	return nil
}

// unfragmented is a packet as it was before it was cut into IP fragments; nil for a
// fragment after which others are to come.
func (a *assembly) unfragmented(p gopacket.Packet) gopacket.Packet {
	if six := p.Layer(layers.LayerTypeIPv6Fragment); six != nil {
		if six.(*layers.IPv6Fragment).NextHeader == layers.IPProtocolTCP {
			a.lost++
		}
		return nil
	}
	ip, _ := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	if ip == nil || ip.Flags&layers.IPv4MoreFragments == 0 && ip.FragOffset == 0 {
		return p
	}
	if ip.Protocol != layers.IPProtocolTCP {
		return nil
	}
	all, err := a.fragments.DefragIPv4WithTimestamp(ip, time.Unix(0, 0))
	if err != nil {
		a.lost++
	}
	if all == nil {
		return nil
	}
	header := make([]byte, 20, 20+len(all.Payload))
	header[0], header[9] = 0x45, byte(layers.IPProtocolTCP)
	binary.BigEndian.PutUint16(header[2:], uint16(20+len(all.Payload)))
	copy(header[12:], all.SrcIP.To4())
	copy(header[16:], all.DstIP.To4())
	return gopacket.NewPacket(append(header, all.Payload...), layers.LayerTypeIPv4, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
}

// finish gives the streams, and says what of the capture is in none.
func (a *assembly) finish() (streams []*Stream, err error) {
	a.FlushAll()
	for _, s := range a.streams {
		if s.compare(); len(s.Octets) > 0 {
			streams = append(streams, s.Stream)
		}
	}
	if n := a.lost + a.fragments.DiscardOlderThan(time.Unix(1, 0)); n > 0 {
		err = &Incomplete{fmt.Sprintf("%d IP packets came in fragments that are not put together: some are not in the capture, contradict each other or are of IPv6", n)}
	}
	return streams, err
}

// begin begins a stream.
func (a *assembly) begin(f direction, tcp *layers.TCP) *assembled {
	of := func(address, port gopacket.Endpoint) string {
		return net.JoinHostPort(address.String(), strconv.Itoa(int(binary.BigEndian.Uint16(port.Raw()))))
	}
	s := &assembled{of: a, direction: f, first: number(tcp), next: number(tcp),
		Stream: &Stream{From: of(f.network.Src(), f.transport.Src()), To: of(f.network.Dst(), f.transport.Dst())},
		key:    gopacket.NewFlow(layers.EndpointIPv4, binary.BigEndian.AppendUint32(nil, uint32(len(a.streams))), nil)}
	a.streams, a.open[f] = append(a.streams, s), s
	return s
}

// New gives a stream that has begun, as tcpassembly asks for.
func (a *assembly) New(network, _ gopacket.Flow) tcpassembly.Stream {
	return a.streams[binary.BigEndian.Uint32(network.Src().Raw())]
}

// assembled takes what tcpassembly has put together.
type assembled struct {
	*Stream
	of        *assembly
	direction direction
	key       gopacket.Flow // that tcpassembly knows it by: its place in streams
	first     uint32        // number of the first octet
	next      uint32        // of the one after the last that was met
	based     bool          // first is known for good
	again     []*layers.TCP // segments that are not the next of those before: octets may come twice
}

// number is that of a segment's first octet.
func number(tcp *layers.TCP) uint32 {
	if tcp.SYN {
		return tcp.Seq + 1
	}
	return tcp.Seq
}

// meets takes down a segment before it is put in its place.
func (s *assembled) meets(tcp *layers.TCP) {
	seq, n := number(tcp), uint32(len(tcp.Payload))
	switch {
	case s.based:
	case tcp.SYN:
		s.first, s.based = seq, true
	case int32(seq-s.first) < 0:
		s.first = seq
	}
	// One octet before the next is a question whether the connection lives: it says nothing.
	if n > 0 && seq != s.next && !(n == 1 && seq+1 == s.next) {
		s.again = append(s.again, tcp)
	}
	if int32(seq+n-s.next) > 0 {
		s.next = seq + n
	}
}

func (s *assembled) Reassembled(parts []tcpassembly.Reassembly) {
	for _, p := range parts {
		s.Starts = s.Starts || p.Start
		if p.Skip != 0 && len(p.Bytes) == 0 && len(s.Octets) > 0 {
			s.Cut = p.Skip
		}
		if len(p.Bytes) == 0 || s.of.payload > maxPayload {
			continue
		}
		s.based = true
		s.of.payload += len(p.Bytes)
		number := int(p.Seen.UnixNano())
		s.segments = append(s.segments, segment{len(s.Octets), s.of.times[number], number, p.Skip})
		s.Octets = append(s.Octets, p.Bytes...)
	}
}

func (s *assembled) ReassemblyComplete() {
	if s.of.open[s.direction] == s {
		delete(s.of.open, s.direction)
	}
}

// compare finds where segments that came again hold other octets than the stream.
func (s *assembled) compare() {
	if len(s.again) == 0 {
		return
	}
	places := make([]int, len(s.segments)) // of the segments, in octets of the connection from the first on
	lost := 0
	for i, g := range s.segments {
		if i > 0 {
			if g.lost < 0 { // from here on they are not known
				places = places[:i]
				break
			}
			lost += g.lost
		}
		places[i] = g.offset + lost
	}
	for _, tcp := range s.again {
		from := int(int32(number(tcp) - s.first))
		to := from + len(tcp.Payload)
		i, _ := slices.BinarySearch(places, from+1)
		for i = max(0, i-1); i < len(places) && places[i] < to; i++ {
			g, end := s.segments[i], len(s.Octets)
			if i+1 < len(s.segments) {
				end = s.segments[i+1].offset
			}
			a, b := max(from, places[i]), min(to, places[i]+end-g.offset)
			for k := a; k < b; k++ {
				if at := g.offset + k - places[i]; tcp.Payload[k-from] != s.Octets[at] {
					s.Contradicted = append(s.Contradicted, at)
					break
				}
			}
		}
	}
	slices.Sort(s.Contradicted)
}
