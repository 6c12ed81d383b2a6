package capture

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/posfleet/posfleet/sim/allocs"
)

// packet is one TCP packet of a capture that a test makes.
type packet struct {
	from, to int // ports; the lower is the host's
	seq      uint32
	flags    string // S, F, R
	data     string
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// octets is the packet on Ethernet, or from IP on.
func (p packet) octets(t testing.TB, ethernet bool) []byte {
	t.Helper()
	address := func(port int) net.IP {
		if port < 10000 {
			return net.IP{10, 0, 0, 9}
		}
		return net.IP{10, 0, 0, 1}
	}
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: address(p.from), DstIP: address(p.to)}
	tcp := &layers.TCP{SrcPort: layers.TCPPort(p.from), DstPort: layers.TCPPort(p.to), Seq: p.seq, Window: 1000, ACK: true,
		SYN: strings.Contains(p.flags, "S"), FIN: strings.Contains(p.flags, "F"), RST: strings.Contains(p.flags, "R")}
	tcp.SetNetworkLayerForChecksum(ip)
	parts := []gopacket.SerializableLayer{ip, tcp, gopacket.Payload(p.data)}
	if ethernet {
		parts = slices.Insert(parts, 0, gopacket.SerializableLayer(&layers.Ethernet{SrcMAC: make(net.HardwareAddr, 6), DstMAC: make(net.HardwareAddr, 6), EthernetType: layers.EthernetTypeIPv4}))
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, parts...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// files are the packets, a millisecond apart, as a pcap and a pcapng file.
func files(t testing.TB, packets []packet) map[string][]byte {
	t.Helper()
	var old, ng bytes.Buffer
	w := pcapgo.NewWriter(&old)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	n, err := pcapgo.NewNgWriter(&ng, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range packets {
		b := p.octets(t, true)
		ci := gopacket.CaptureInfo{Timestamp: noon.Add(time.Duration(i) * time.Millisecond), CaptureLength: len(b), Length: len(b)}
		if err := w.WritePacket(ci, b); err != nil {
			t.Fatal(err)
		}
		if err := n.WritePacket(ci, b); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Flush(); err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"pcap": old.Bytes(), "pcapng": ng.Bytes()}
}

func told(streams []*Stream) string {
	var s []string
	for _, st := range streams {
		text := fmt.Sprintf("%s %s %q", st.From[strings.Index(st.From, ":"):], st.To[strings.Index(st.To, ":"):], st.Octets)
		for at, lost := range st.Gaps {
			text += fmt.Sprintf(" -%d@%d", lost, at)
		}
		for _, at := range st.Contradicted {
			text += fmt.Sprintf(" !%d", at)
		}
		if st.Cut != 0 {
			text += fmt.Sprintf(" -%d", st.Cut)
		}
		s = append(s, text)
	}
	return strings.Join(s, "\n")
}

// Packets that begin with their IP header are read, of a link that nobody knows named.
func TestPacketsOfOtherLinksAreReadOrNamed(t *testing.T) {
	octets := packet{40000, 8583, 101, "", "request"}.octets(t, false)
	for link, want := range map[layers.LinkType]string{layers.LinkTypeRaw: "", layers.LinkTypeIPv4: "", 189: "packet 1 is of link type 189, of which no TCP is read", 149: "link type 149"} {
		var b bytes.Buffer
		w := pcapgo.NewWriter(&b)
		if err := w.WriteFileHeader(65535, link); err != nil {
			t.Fatal(err)
		}
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: noon, CaptureLength: len(octets), Length: len(octets)}, octets); err != nil {
			t.Fatal(err)
		}
		streams, err := Packets(b.Bytes(), 0)
		if got := told(streams); want == "" && (err != nil || got != `:40000 :8583 "request"`) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("link type %d: %s, %v", link, got, err)
		}
	}
}

func TestStreamsArePutTogether(t *testing.T) {
	for _, c := range []struct {
		name    string
		packets []packet
		port    int
		want    string
	}{
		{"an exchange", []packet{
			{40000, 8583, 100, "S", ""}, {8583, 40000, 500, "S", ""}, {40000, 8583, 101, "", "requ"}, {40000, 8583, 105, "", "est"},
			{8583, 40000, 501, "", "answer"}, {40000, 8583, 108, "F", ""}}, 0,
			`:40000 :8583 "request"` + "\n" + `:8583 :40000 "answer"`},
		{"out of order and twice", []packet{
			{40000, 8583, 100, "S", ""}, {40000, 8583, 104, "", "def"}, {40000, 8583, 101, "", "abc"}, {40000, 8583, 101, "", "abc"}, {40000, 8583, 103, "", "cdef"}}, 0,
			`:40000 :8583 "abcdef"`},
		{"from the middle on", []packet{{40000, 8583, 4004, "", "def"}, {40000, 8583, 4001, "", "abc"}}, 0, `:40000 :8583 "abcdef"`},
		{"a packet is missing", []packet{{40000, 8583, 100, "S", ""}, {40000, 8583, 101, "", "abc"}, {40000, 8583, 109, "", "xyz"}}, 0,
			`:40000 :8583 "abcxyz" -5@3`},
		{"two hosts", []packet{{40000, 8583, 1, "", "a"}, {40001, 8443, 1, "", "b"}, {8443, 40001, 1, "", "c"}}, 8443,
			`:40001 :8443 "b"` + "\n" + `:8443 :40001 "c"`},
		{"over the end of the numbers", []packet{{40000, 8583, 0xFFFFFFFD, "S", ""}, {40000, 8583, 0xFFFFFFFE, "", "ab"}, {40000, 8583, 0, "", "cd"}}, 0,
			`:40000 :8583 "abcd"`},
		{"the port again", []packet{{40000, 8583, 1, "S", ""}, {40000, 8583, 2, "F", "first"}, {40000, 8583, 9000, "S", ""}, {40000, 8583, 9001, "", "second"}}, 0,
			`:40000 :8583 "first"` + "\n" + `:40000 :8583 "second"`},
		{"the port again, whose connection did not end", []packet{{40000, 8583, 1, "S", ""}, {40000, 8583, 2, "", "first"}, {40000, 8583, 9000, "S", ""}, {40000, 8583, 9001, "", "second"}}, 0,
			`:40000 :8583 "first"` + "\n" + `:40000 :8583 "second"`},
		{"the same octets in other packets", []packet{{40000, 8583, 1, "S", ""}, {40000, 8583, 2, "", "abc"}, {40000, 8583, 5, "", "def"}, {40000, 8583, 3, "", "bcde"}}, 0,
			`:40000 :8583 "abcdef"`},
		{"other octets again", []packet{{40000, 8583, 1, "S", ""}, {40000, 8583, 2, "", "abc"}, {40000, 8583, 5, "", "def"}, {40000, 8583, 3, "", "bcDe"}}, 0,
			`:40000 :8583 "abcdef" !3`},
		{"other octets again, without a beginning and after a gap", []packet{{40000, 8583, 2, "", "abc"}, {40000, 8583, 9, "", "def"}, {40000, 8583, 9, "", "deF"}}, 0,
			`:40000 :8583 "abcdef" -4@3 !5`},
		{"a question whether the connection lives", []packet{{40000, 8583, 1, "S", ""}, {40000, 8583, 2, "", "abc"}, {40000, 8583, 4, "", "\x00"}, {40000, 8583, 5, "", "d"}}, 0,
			`:40000 :8583 "abcd"`},
		{"the first octets are missing", []packet{{40000, 8583, 1, "S", ""}, {40000, 8583, 5, "", "abc"}}, 0, `:40000 :8583 "abc" -3@0`},
		{"the end is missing", []packet{{40000, 8583, 1, "S", ""}, {40000, 8583, 2, "", "abc"}, {40000, 8583, 9, "F", ""}}, 0,
			`:40000 :8583 "abc" -4`},
	} {
		for kind, data := range files(t, c.packets) {
			if !IsPackets(data) {
				t.Errorf("%s is not known", kind)
			}
			streams, err := Packets(data, c.port)
			if got := told(streams); err != nil || got != c.want {
				t.Errorf("%s, %s: %v\n got %s\nwant %s", c.name, kind, err, got, c.want)
			}
			if cut, err := Packets(data[:len(data)-1], c.port); err == nil && len(c.packets) > 1 {
				t.Errorf("%s, %s: a file that is cut off gives %d streams and no error", c.name, kind, len(cut))
			}
		}
	}
}

func TestTimesOfAStream(t *testing.T) {
	streams, err := Packets(files(t, []packet{{40000, 8583, 100, "S", ""}, {40000, 8583, 101, "", "ab"}, {40000, 8583, 103, "", "cd"}})["pcap"], 0)
	if err != nil || len(streams) != 1 {
		t.Fatal(streams, err)
	}
	for i, want := range []int{1, 1, 2, 2} {
		if got := streams[0].At(i); !got.Equal(noon.Add(time.Duration(want) * time.Millisecond)) {
			t.Errorf("octet %d was seen at %v", i, got)
		}
	}
	if !(&Stream{}).At(0).IsZero() {
		t.Error("nothing was seen at a time")
	}
}

// tcpdump -X and -XX print packets from IP or Ethernet on.
func TestDumpsOfPackets(t *testing.T) {
	for _, ethernet := range []bool{true, false} {
		text := ""
		for _, p := range []packet{{40000, 8583, 101, "", "\x00\x04requ"}, {8583, 40000, 501, "", "\x00\x02ok"}} {
			text += "12:00:00.000001 IP 10.0.0.1.40000 > 10.0.0.9.8583: Flags [P.], length 6\n"
			b := p.octets(t, ethernet)
			for i := 0; i < len(b); i += 16 {
				text += fmt.Sprintf("\t0x%04x: ", i)
				for k := i; k < min(i+16, len(b)); k += 2 {
					text += fmt.Sprintf(" %x", b[k:min(k+2, len(b))])
				}
				text += "  ....\n"
			}
		}
		blocks, err := Text(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		streams, ok := Unwrapped(blocks, 0)
		if got := told(streams); !ok || got != `:40000 :8583 "\x00\x04requ"`+"\n"+`:8583 :40000 "\x00\x02ok"` {
			t.Errorf("Ethernet %v: %v %s", ethernet, ok, got)
		}
	}
	if _, ok := Unwrapped([]Block{{Octets: octets(t, signIn)}}, 0); ok {
		t.Error("a message is taken for a packet")
	}
}

// A packet that a router has cut is one packet; where a fragment is missing the capture is
// not whole.
func TestFragmentsArePutTogether(t *testing.T) {
	whole := packet{40000, 8583, 101, "", "a request of some more octets"}.octets(t, false)
	fragment := func(from, to int, more bool) []byte {
		ip := &layers.IPv4{Version: 4, TTL: 64, Id: 7, Protocol: layers.IPProtocolTCP, SrcIP: net.IP(whole[12:16]), DstIP: net.IP(whole[16:20]), FragOffset: uint16(from / 8)}
		if more {
			ip.Flags = layers.IPv4MoreFragments
		}
		b := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, ip, gopacket.Payload(whole[20+from:20+to])); err != nil {
			t.Fatal(err)
		}
		return slices.Clone(b.Bytes())
	}
	first, second, last := fragment(0, 24, true), fragment(24, 32, true), fragment(32, len(whole)-20, false)
	for name, c := range map[string]struct {
		packets [][]byte
		whole   bool
	}{
		"in order": {[][]byte{first, second, last}, true}, "out of order": {[][]byte{last, first, second}, true}, "one missing": {[][]byte{first, last}, false},
	} {
		a := newAssembly(0)
		for _, b := range c.packets {
			if err := a.add(b, layers.LayerTypeIPv4, noon); err != nil {
				t.Fatal(err)
			}
		}
		streams, err := a.finish()
		if got := told(streams); c.whole && (err != nil || got != `:40000 :8583 "a request of some more octets"`) || !c.whole && (err == nil || got != "") {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func FuzzPackets(f *testing.F) {
	for _, data := range files(f, []packet{
		{40000, 8583, 100, "S", ""}, {8583, 40000, 500, "S", ""}, {40000, 8583, 105, "", "est"}, {40000, 8583, 101, "", "requ"},
		{8583, 40000, 503, "", "answer"}, {40000, 8583, 108, "F", ""}}) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if n := allocs.Above(4*uint64(len(data))+4<<20, func() { Packets(data, 0) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(data), n)
		}
		streams, _ := Packets(data, 0)
		n := 0
		for _, s := range streams {
			n += len(s.Octets)
			s.At(len(s.Octets) - 1)
			for at, lost := range s.Gaps {
				if at > len(s.Octets) || lost == 0 {
					t.Fatalf("%d lost at %d of %d", lost, at, len(s.Octets))
				}
			}
		}
		if n > 2*len(data) {
			t.Fatalf("%d octets out of a file of %d", n, len(data))
		}
	})
}
