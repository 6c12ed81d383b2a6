package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/posfleet/posfleet/sim/profile"
)

// talk is a capture of one connection from port 40000 to 8583 and back.
type talk struct {
	t    *testing.T
	file bytes.Buffer
	w    *pcapgo.Writer
	snap int
	seq  map[int]uint32
	seen time.Time
}

func newTalk(t *testing.T, snap int) *talk {
	c := &talk{t: t, snap: snap, seq: map[int]uint32{}, seen: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	c.w = pcapgo.NewWriter(&c.file)
	if err := c.w.WriteFileHeader(uint32(snap), layers.LinkTypeRaw); err != nil {
		t.Fatal(err)
	}
	return c
}

// send writes a packet; of data the first lost octets are not in the capture.
func (c *talk) send(from, to int, data []byte, lost int, syn bool) {
	c.t.Helper()
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: net.IP{10, 0, 0, 1}, DstIP: net.IP{10, 0, 0, 1}}
	tcp := &layers.TCP{SrcPort: layers.TCPPort(from), DstPort: layers.TCPPort(to), Seq: c.seq[from] + uint32(lost), ACK: !syn, SYN: syn, Window: 1000}
	c.seq[from] += uint32(len(data))
	if syn {
		c.seq[from]++
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, ip, tcp, gopacket.Payload(data[lost:])); err != nil {
		c.t.Fatal(err)
	}
	packet := b.Bytes()
	kept := packet[:min(len(packet), c.snap)]
	if err := c.w.WritePacket(gopacket.CaptureInfo{Timestamp: c.seen, CaptureLength: len(kept), Length: len(packet)}, kept); err != nil {
		c.t.Fatal(err)
	}
	c.seen = c.seen.Add(time.Millisecond)
}

// A capture that lacks something gives all messages that are whole in it, says what
// is not, and is an error.
func TestCaptureWithPartsMissingGivesTheRest(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	request, answer, purchase := signedOn(t, p, func([]byte) {})
	const terminal, host = 40000, 8583
	for name, c := range map[string]struct {
		snap     int
		send     func(c *talk)
		cut      int
		port     int
		messages int
		want     []string
	}{
		"begins inside a message": {65535, func(c *talk) {
			c.send(terminal, host, purchase[30:], 0, false)
			c.send(host, terminal, answer, 0, false)
			c.send(terminal, host, request, 0, false)
			c.send(host, terminal, answer, 0, false)
		}, 0, 0, 3, []string{"octets before it are not read, the rest of a message whose beginning is not in the capture\n", "answers message 2 after 1ms"}},
		"a gap": {65535, func(c *talk) {
			c.send(terminal, host, nil, 0, true)
			c.send(terminal, host, request, 0, false)
			c.send(terminal, host, purchase, 40, false)
			c.send(terminal, host, request, 0, false)
			c.send(host, terminal, answer, 0, false)
		}, 0, 0, 3, []string{"note: the capture lacks 40 octets of the connection before it\n", "are not read"}},
		"a whole answer lost": {65535, func(c *talk) {
			c.send(terminal, host, nil, 0, true)
			c.send(host, terminal, nil, 0, true)
			c.send(terminal, host, request, 0, false)
			c.seq[host] += uint32(len(answer))
			c.send(terminal, host, request, 0, false)
			c.send(host, terminal, answer, 0, false)
		}, 0, 0, 3, []string{"octets of the connection before it\n", "octets of the connection before it"}},
		"other octets again": {65535, func(c *talk) {
			c.send(terminal, host, nil, 0, true)
			c.send(terminal, host, request, 0, false)
			c.seq[terminal] -= uint32(len(request))
			c.send(terminal, host, append(bytes.Clone(request[:len(request)-1]), ^request[len(request)-1]), 0, false)
		}, 0, 0, 1, []string{"note: octets of it came again, and others than before"}},
		"packets cut": {96, func(c *talk) {
			c.send(terminal, host, nil, 0, true)
			c.send(terminal, host, request, 0, false)
			c.send(host, terminal, answer, 0, false)
		}, 0, 0, 2, []string{"2 packets are cut at 96 octets by the capture", "-s 0"}},
		"file cut": {65535, func(c *talk) {
			c.send(terminal, host, request, 0, false)
			c.send(host, terminal, answer, 0, false)
		}, 10, 0, 1, []string{"cannot be read to its end"}},
		"TLS": {65535, func(c *talk) {
			c.send(terminal, host, []byte("\x17\x03\x03\x00\x04abcd"), 0, false)
		}, 0, host, 0, []string{"TLS records", "its keys are needed"}},
	} {
		f := newTalk(t, c.snap)
		c.send(f)
		var out bytes.Buffer
		x := explainer{out: bufio.NewWriter(&out), dialect: p.Dialect, port: c.port}
		err := x.input(bytes.NewReader(f.file.Bytes()[:f.file.Len()-c.cut]), "x.pcap")
		if err == nil {
			err = x.verdict()
		}
		x.out.Flush()
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		got := out.String() + err.Error()
		if n := strings.Count("\n"+got, "\nmessage "); n != c.messages {
			t.Errorf("%s: %d messages, want %d", name, n, c.messages)
		}
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, got)
			}
		}
	}
}

// A clock that steps back lets an answer bear an earlier time than its request.
func TestAnswerIsPairedThoughTheClockSteppedBack(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	request, answer, _ := signedOn(t, p, func([]byte) {})
	f := newTalk(t, 65535)
	f.send(40000, 8583, request, 0, false)
	f.seen = f.seen.Add(-50 * time.Millisecond)
	f.send(8583, 40000, answer, 0, false)
	var out bytes.Buffer
	x := explainer{out: bufio.NewWriter(&out), dialect: p.Dialect}
	if err := x.input(bytes.NewReader(f.file.Bytes()), "x.pcap"); err != nil {
		t.Fatal(err)
	}
	x.out.Flush()
	if got := out.String(); !strings.Contains(got, "answers message 2, which bears a time 49ms later") {
		t.Errorf("the answer is not paired:\n%s", got)
	}
}

// A gzip file is read as what is in it, and one without end is not.
func TestPackedFilesAreRead(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	pack := func(fill func(w *gzip.Writer)) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		fill(w)
		w.Close()
		return b.Bytes()
	}
	good, err := readAll(bytes.NewReader(pack(func(w *gzip.Writer) { w.Write([]byte(signInDigits)) })))
	if err != nil || string(good) != signInDigits {
		t.Errorf("%q, %v", good, err)
	}
	_, err = readAll(bytes.NewReader(pack(func(w *gzip.Writer) {
		for range mostUnpacked>>20 + 1 {
			w.Write(make([]byte, 1<<20))
		}
	})))
	if err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a bomb: %v", err)
	}
	if _, err := readAll(strings.NewReader("\x1F\x8B\x08 and no more")); err == nil {
		t.Error("a broken file is read")
	}
}

// Empty messages, wherever in a connection, are none that could not be read.
func TestKeepAlivesOfACaptureAreNoBrokenMessages(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	request, _, _ := signedOn(t, p, func([]byte) {})
	const terminal, host = 40000, 8583
	for _, port := range []int{0, host} {
		f := newTalk(t, 65535)
		f.send(terminal, host, nil, 0, true)
		f.send(host, terminal, nil, 0, true)
		for _, data := range [][]byte{{0, 0}, request, {0, 0, 0, 0}} {
			f.send(terminal, host, data, 0, false)
			f.send(host, terminal, []byte{0, 0}, 0, false)
		}
		var out bytes.Buffer
		x := explainer{out: bufio.NewWriter(&out), dialect: p.Dialect, port: port}
		err = x.input(&f.file, "x.pcap")
		if err == nil {
			err = x.verdict()
		}
		x.out.Flush()
		if got := out.String(); err != nil || strings.Count("\n"+got, "\nmessage ") != 1 || !strings.Contains(got, "00000000 after it is an empty message") || !strings.Contains(got, "6 octets, empty messages only") {
			t.Errorf("port %d: %v\n%s", port, err, got)
		}
	}
}
