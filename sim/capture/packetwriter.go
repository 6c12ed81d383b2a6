package capture

import (
	"io"
	"net"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/posfleet/posfleet/sim/wire"
)

// PacketWriter writes messages as a pcapng file of TCP connections, in their frames, for
// Wireshark and for [Packets]. The addresses are made up: the host's is 10.0.0.1 port 8583.
type PacketWriter struct {
	out    *pcapgo.NgWriter
	format *wire.Format
	next   map[int64]*[2]uint32 // of each connection: the numbers of the octets that come, from terminal and host
}

const (
	madeUpPort  = 8583
	firstOctet  = 1000 // number of the first octet of each direction
	mostPerPort = 60_000
)

// NewPacketWriter begins a file.
func NewPacketWriter(w io.Writer, format *wire.Format) (*PacketWriter, error) {
	out, err := pcapgo.NewNgWriter(w, layers.LinkTypeEthernet)
	if err != nil {
		return nil, err
	}
	return &PacketWriter{out, format, map[int64]*[2]uint32{}}, out.Flush()
}

// Message writes one message of a connection, counted from 1, as a segment in its frame.
func (p *PacketWriter) Message(at time.Time, connection int64, answer bool, octets []byte) error {
	frame, err := p.format.Frame(nil, octets, answer)
	if err != nil {
		return err
	}
	next := p.next[connection]
	if next == nil {
		next = &[2]uint32{firstOctet, firstOctet}
		p.next[connection] = next
		for _, host := range []bool{false, true} { // the handshake
			if err := p.segment(at, connection, host, &layers.TCP{SYN: true, ACK: host, Seq: firstOctet - 1, Ack: firstOctet}, nil); err != nil {
				return err
			}
		}
	}
	side := 0
	if answer {
		side = 1
	}
	segment := &layers.TCP{PSH: true, ACK: true, Seq: next[side], Ack: next[1-side]}
	next[side] += uint32(len(frame))
	if err := p.segment(at, connection, answer, segment, frame); err != nil {
		return err
	}
	return p.out.Flush()
}

// segment writes one packet.
func (p *PacketWriter) segment(at time.Time, connection int64, fromHost bool, tcp *layers.TCP, payload []byte) error {
	n := uint32(connection - 1)
	terminal, host := net.IPv4(10, 1, byte(n/mostPerPort>>8), byte(n/mostPerPort)), net.IPv4(10, 0, 0, 1)
	port := layers.TCPPort(1024 + n%mostPerPort)
	ether := &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: terminal, DstIP: host}
	tcp.SrcPort, tcp.DstPort, tcp.Window = port, madeUpPort, 65535
	if fromHost {
		ether.SrcMAC, ether.DstMAC = ether.DstMAC, ether.SrcMAC
		ip.SrcIP, ip.DstIP = host, terminal
		tcp.SrcPort, tcp.DstPort = madeUpPort, port
	}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		return err
	}
	b := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(b, options, ether, ip, tcp, gopacket.Payload(payload)); err != nil {
		return err
	}
	ci := gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(b.Bytes()), Length: len(b.Bytes())}
	return p.out.WritePacket(ci, b.Bytes())
}
