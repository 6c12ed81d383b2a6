package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// signedOn are the frames of a sign-in and its answer, and a purchase whose MAC
// change makes wrong.
func signedOn(t *testing.T, p *profile.Profile, change func(mac []byte)) (request, answer, purchase []byte) {
	t.Helper()
	terminal := p.Terminals[0]
	set, block, err := keys.Issue(p.HSM, terminal.Master, p.SignIn)
	if err != nil {
		t.Fatal(err)
	}
	m := p.Dialect.NewMessage()
	frame := func(of dialect.Transaction) []byte {
		p.Dialect.Form(of).Begin(m)
		copy(m.Head, p.Head)
		m.SetString(wire.Trace, "000001")
		m.SetString(wire.TerminalID, terminal.TID)
		m.SetString(wire.MerchantID, terminal.MID)
		if of == dialect.Purchase {
			m.SetUint(wire.Amount, 100)
			m.AddMAC()
		}
		out, err := wire.AppendFrame(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	request = frame(dialect.SignIn)
	a := p.Dialect.NewMessage()
	a.AnswerTo(m)
	a.SetString(wire.ResponseCode, "00")
	a.Set(wire.WorkingKeys, block)
	if answer, err = wire.AppendFrame(nil, a); err != nil {
		t.Fatal(err)
	}
	purchase = frame(dialect.Purchase)
	covered, mac := m.MACSpan()
	right := set.MAC.MAC(p.MAC, covered)
	copy(mac, right[:])
	change(mac)
	return request, answer, purchase
}

func explained(x explainer, blocks ...[]byte) string {
	var out bytes.Buffer
	x.out = bufio.NewWriter(&out)
	var of []capture.Block
	for _, b := range blocks {
		of = append(of, capture.Block{Octets: b})
	}
	x.messages(of)
	x.out.Flush()
	return out.String()
}

// The keys of a sign-in's answer in the same input check the MACs after it.
func TestMACsOfACaptureAreChecked(t *testing.T) {
	p, err := profile.Bundled("cup", 2)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(mac []byte){
		"MAC  right\n":                func([]byte) {},
		"MAC  right but for its case": func(mac []byte) { copy(mac, bytes.ToLower(mac)) },
		"MAC  right but for the order of its octets": func(mac []byte) {
			for i := range 4 {
				mac[i], mac[7-i] = mac[7-i], mac[i]
			}
		},
		"MAC  wrong": func(mac []byte) { copy(mac, "00000000") },
	} {
		request, answer, purchase := signedOn(t, p, change)
		if want == "MAC  right but for its case" && bytes.Equal(bytes.ToLower(purchase[len(purchase)-8:]), bytes.ToUpper(purchase[len(purchase)-8:])) {
			continue // no letter in it
		}
		got := explained(explainer{dialect: p.Dialect, macs: checker(t, p)}, request, answer, purchase)
		if !strings.Contains(got, "keys of terminal 10000001 unwrapped, check values right (sign-in 004)\n") || !strings.Contains(got, want) {
			t.Errorf("want %s:\n%s", want, got)
		}
		if got := explained(explainer{dialect: p.Dialect, macs: checker(t, p)}, purchase); !strings.Contains(got, "MAC  not checked: no sign-in's answer") {
			t.Error(got)
		}
		if got := explained(explainer{dialect: p.Dialect}, request, answer, purchase); strings.Contains(got, "\nMAC ") || strings.Contains(got, "\nkeys ") {
			t.Error(got)
		}
		other := *p
		other.Terminals = p.Terminals[1:]
		if got := explained(explainer{dialect: p.Dialect, macs: checker(t, &other)}, request, answer, purchase); !strings.Contains(got, "MAC  not checked: the profile has no terminal 10000001") {
			t.Error(got)
		}
		other.Terminals = append([]profile.Terminal{}, p.Terminals...)
		other.Terminals[0].Master = p.Terminals[1].Master
		if bytes.Equal(other.Terminals[0].Master, p.Terminals[0].Master) {
			continue
		}
		if got := explained(explainer{dialect: p.Dialect, macs: checker(t, &other)}, request, answer, purchase); !strings.Contains(got, "cannot be unwrapped") {
			t.Error(got)
		}
	}
}

// Of a capture each answer is told with its request and how long it took, whatever
// else is in it.
func TestAnswersOfACaptureArePaired(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	request, answer, purchase := signedOn(t, p, func([]byte) {})
	var file bytes.Buffer
	w := pcapgo.NewWriter(&file)
	if err := w.WriteFileHeader(65535, layers.LinkTypeRaw); err != nil {
		t.Fatal(err)
	}
	seen := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	seq := map[int]uint32{}
	send := func(from, to int, data []byte) {
		ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: net.IP{10, 0, 0, 1}, DstIP: net.IP{10, 0, 0, 1}}
		tcp := &layers.TCP{SrcPort: layers.TCPPort(from), DstPort: layers.TCPPort(to), Seq: seq[from], ACK: true, PSH: true, Window: 1000}
		seq[from] += uint32(len(data))
		b := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, ip, tcp, gopacket.Payload(data)); err != nil {
			t.Fatal(err)
		}
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: seen, CaptureLength: len(b.Bytes()), Length: len(b.Bytes())}, b.Bytes()); err != nil {
			t.Fatal(err)
		}
		seen = seen.Add(2500 * time.Microsecond)
	}
	send(40000, 8583, request[:20])
	send(40000, 8583, request[20:])
	send(8583, 40000, answer)
	send(40000, 8583, purchase)
	send(40000, 8583, purchase)
	send(50000, 443, []byte("\x16\x03\x01\x02\x00\x01"))
	for name, c := range map[string]struct {
		data []byte
		port int
		want []string
		not  string
	}{
		"all": {file.Bytes(), 0, []string{
			"message 1, 55 octets  2026-11-24 12:00:00.002500Z  10.0.0.1:40000 > 10.0.0.1:8583\n",
			"  10.0.0.1:8583 > 10.0.0.1:40000  answers message 1 after 2.5ms\n",
			"message 4, ", "  again: message 3\n",
			"10.0.0.1:50000 > 10.0.0.1:443: 6 octets, no cup messages; looks like a TLS handshake",
		}, "not read"},
		"port":      {file.Bytes(), 8583, []string{"message 4, "}, ":443"},
		"cut short": {file.Bytes()[:file.Len()-3], 0, []string{"note: x.pcap cannot be read to its end: packet 6: unexpected EOF\n", "message 4, "}, ":443"},
	} {
		var out bytes.Buffer
		x := explainer{out: bufio.NewWriter(&out), dialect: p.Dialect, port: c.port}
		if err := x.input(bytes.NewReader(c.data), "x.pcap"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := x.verdict(); (err != nil) != (name == "cut short") {
			t.Errorf("%s: %v", name, err)
		}
		x.out.Flush()
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s lacks %q:\n%s", name, want, out.String())
			}
		}
		if strings.Contains(out.String(), c.not) {
			t.Errorf("%s has %s:\n%s", name, c.not, out.String())
		}
	}
}

// Whatever octets are left of a message that cannot be read, none shows a card.
func TestOctetsLeftShowNoCard(t *testing.T) {
	const pan = "6225000000000014"
	for _, left := range []string{
		"16" + pan, "37" + pan + "D25121010000012345670", "0016" + hex.EncodeToString([]byte(pan)), hex.EncodeToString([]byte("card " + pan + "=2512101")),
	} {
		if len(left)%2 == 1 {
			left += "0"
		}
		octets, err := hex.DecodeString("60000300006031003100000800002000000000040000000001" + left)
		if err != nil {
			t.Fatal(err)
		}
		got := explained(explainer{dialect: dialect.CUP()}, octets)
		if strings.Contains(got, "000000001") && strings.Contains(got, pan) || strings.Contains(got, hex.EncodeToString([]byte(pan))) || !strings.Contains(got, "left: ") || !strings.Contains(got, "*") {
			t.Errorf("%s is shown as\n%s", left, got)
		}
	}
}

// checker checks MACs with what p knows.
func checker(t *testing.T, p *profile.Profile) *macs {
	t.Helper()
	m, err := newMACs(p, true, "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const signInDigits = "003C600003000060310031000008000020000000C00012000001313030303030303131323334353637383930313233343500110000000000400003303120"

// Files are as tools and systems save them.
func TestFilesInOtherFormsAreRead(t *testing.T) {
	octets, err := hex.DecodeString(signInDigits)
	if err != nil {
		t.Fatal(err)
	}
	utf16 := "\xFF\xFE"
	for _, c := range signInDigits {
		utf16 += string([]byte{byte(c), 0})
	}
	iso := "0800823800000000000004000000000000001124120000" + "000001" + "120000" + "1124" + "301"
	for name, c := range map[string]struct{ dialect, data, want string }{
		"octets":           {"cup", string(octets), " 41  terminal id                  10000001\n"},
		"UTF-16 unmarked":  {"cup", utf16[2:], " 41  terminal id                  10000001\n"},
		"UTF-16, big":      {"cup", "\x00" + utf16[2:len(utf16)-1], " 41  terminal id                  10000001\n"},
		"UTF-16":           {"cup", utf16, " 41  terminal id                  10000001\n"},
		"a log in GBK":     {"cup", "\xB7\xA2\xCB\xCD: " + signInDigits, " 41  terminal id                  10000001\n"},
		"a mark":           {"cup", "\xEF\xBB\xBF" + signInDigits, " 41  terminal id                  10000001\n"},
		"a dialect's text": {"iso87", iso + "\n", " 70  network management code      301\n"},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(c.data), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errors bytes.Buffer
		if code := run([]string{"decode", "--dialect", c.dialect, path}, &out, &errors); code != exitOK || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: exit code %d, %s%s", name, code, &out, &errors)
		}
	}
}

// A log of a network of text has messages as they are, one on each line.
func TestMessagesThatAreTextAreReadLineByLine(t *testing.T) {
	request := "0200" + "3020000000C00000" + "000000" + "000000001000" + "000001" + "31000001" + "898310054110001"
	answer := "0210" + "3020000002C00000" + "000000" + "000000001000" + "000001" + "00" + "31000001" + "898310054110001"
	for _, c := range []struct {
		name, text string
		messages   int
		code       int
	}{
		{"one", request + "\n", 1, exitOK},
		{"two", request + "\r\n\r\n" + answer + "\r\n", 2, exitOK},
		{"one that is cut off", request + "\n" + answer[:60] + "\n", 0, exitUsage},
	} {
		path := filepath.Join(t.TempDir(), "trace.txt")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		code := run([]string{"decode", "--dialect", "iso87-hex", path}, &out, &errs)
		if n := strings.Count(out.String(), "31000001"); code != c.code || c.messages > 0 && n != c.messages {
			t.Errorf("%s: exit %d, %d messages, want %d and %d\n%s%s", c.name, code, n, c.code, c.messages, &out, &errs)
		}
	}
}

// A file is read whose name might be octets, of digits or of base64, and is no message.
func TestFileNamedLikeOctetsIsRead(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"20261127", "dump_missingline", "cafe"} {
		if err := os.WriteFile(name, []byte(signInDigits), 0o600); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		if code := run([]string{"decode", name}, &stdout, &stderr); code != exitOK || !strings.Contains(stdout.String(), "10000001") {
			t.Errorf("%s: exit code %d\n%s%s", name, code, &stdout, &stderr)
		}
	}
	var stdout, stderr bytes.Buffer
	if err := os.WriteFile(signInDigits, []byte("no message"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run([]string{"decode", signInDigits}, &stdout, &stderr); code != exitOK {
		t.Errorf("digits that are a message: exit code %d\n%s", code, &stderr)
	}
}
