package host

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
)

// A message type that ends with 1 says that the message came before: it is
// answered as its original was, and books nothing again; when the original did
// not come it is the original.
func TestRepeatTypesAreAnsweredAsTheirOriginals(t *testing.T) {
	for _, network := range []string{"cup", "iso87"} {
		t.Run(network, func(t *testing.T) {
			h, address := listen(t, network)
			p := ready(t, h, address, 0)
			as := func(mti string, kind dialect.Transaction, fields ...field) string {
				m := p.request(kind, fields...)
				m.SetMTI(mti)
				return p.send(m)
			}
			buy := p.request(dialect.Purchase, amount(700), shows("good"))
			p.send(buy)
			rrn := p.ans.FieldText(37)
			buy.SetMTI("0201")
			for range 3 {
				if code := p.send(buy); code != "00" || p.ans.MTI() != "0210" || p.ans.FieldText(37) != rrn {
					t.Fatalf("the repeat got %s %s, reference %s; want 0210 00 and %s", p.ans.MTI(), code, p.ans.FieldText(37), rrn)
				}
			}
			if code := as("0201", dialect.Purchase, amount(300), shows("good")); code != "00" {
				t.Errorf("a repeat whose original was lost got %s, want 00", code)
			}
			if b := bookOf(h, "10000001"); b.Debit != 1000 || b.DebitN != 2 {
				t.Errorf("book %+v, want 1000 in two", b)
			}
			for _, mti := range []string{"0400", "0401", "0420", "0421"} {
				m := p.reversalOf(buy)
				m.SetMTI(mti)
				want := "0410"
				if mti[2] == '2' {
					want = "0430"
				}
				if code := p.send(m); code != "00" || p.ans.MTI() != want {
					t.Errorf("%s got %s %s, want %s 00", mti, p.ans.MTI(), code, want)
				}
			}
			if b := bookOf(h, "10000001"); b.Net() != 300 {
				t.Errorf("net %d after the reversals of 700, want 300", b.Net())
			}
			p.want("00", dialect.Purchase, amount(500), shows("good"))
			back := p.reference()
			refund := p.request(dialect.Refund, amount(200), shows("good"), back)
			p.send(refund)
			refund.SetMTI("0221")
			if code := p.send(refund); code != "00" || p.ans.MTI() != "0230" {
				t.Errorf("0221 got %s %s, want 0230 00", p.ans.MTI(), code)
			}
			if b := bookOf(h, "10000001"); b.Net() != 600 {
				t.Errorf("net %d after a refund of 200, want 600", b.Net())
			}
			if code := as("0801", dialect.SignIn); code == "12" || p.ans.MTI() != "0810" {
				t.Errorf("0801 got %s %s", p.ans.MTI(), code)
			}
		})
	}
}

// A request of a type that the dialect does not have is answered 12, and counted
// by its type.
func TestUnknownTypesAreRefusedAndCounted(t *testing.T) {
	h, address := listen(t, "cup", WithLog(Log{}))
	p := ready(t, h, address, 0)
	for _, mti := range []string{"0600", "0302", "0600", "9999", "0240"} {
		m := p.request(dialect.Purchase, amount(1), shows("good"))
		m.SetMTI(mti)
		p.write(p.frame(m))
		if asks := mti[2] == '0'; asks && !p.hear(patient) || !asks && !p.unanswered() {
			t.Errorf("%s: wrongly answered or not", mti)
		} else if mti[2] == '0' && (p.ans.FieldText(39) != "12" || p.ans.MTI()[:3] != mti[:2]+"1") {
			t.Errorf("%s got %s %s, want 12", mti, p.ans.MTI(), p.ans.FieldText(39))
		}
	}
	want := map[string]int64{"unknown message type 0600": 2, "unknown message type 0302": 1, "answer sent as a request: 9999": 1, "unknown message type 0240": 1}
	for _, n := range h.Noticed() {
		if want[n.What] != n.Times {
			t.Errorf("noticed %q %d times, want %d", n.What, n.Times, want[n.What])
		}
		delete(want, n.What)
	}
	if len(want) > 0 {
		t.Errorf("not noticed: %v", want)
	}
}

// What cannot be read is told: the first of each kind, with its sender, what it
// seems to be, where it is wrong and how it begins. So is a terminal that nobody knows.
func TestUnreadableMessagesAreTold(t *testing.T) {
	var mu sync.Mutex
	var told []string
	h, address := listen(t, "cup", WithLog(Log{Notice: func(text string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, text)
	}}))
	all := func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(told, "\n")
	}
	p := ready(t, h, address, 0)
	frame := func() []byte { return p.frame(p.request(dialect.Echo)) }
	without := func(from, to int) []byte {
		f := frame()
		f = append(f[:from:from], f[to:]...)
		f[1] = byte(len(f) - 2)
		return f
	}
	foreignField := frame()
	foreignField[2+5+6+2+5] |= 1 << 2 // 46
	misrouted := frame()
	misrouted[4] ^= 0x55
	for _, c := range []struct {
		octets []byte
		says   []string
	}{
		{[]byte("GET / HTTP/1.1\r\n\r\n"), []string{"HTTP", "from 127.0.0.1:", "47 45 54"}},
		{[]byte("\x16\x03\x01\x00\xC8\x01\x00\x00\xC4\x03\x03"), []string{"TLS, on a port that is plain"}},
		{without(2, 7), []string{"no TPDU"}},
		{without(7, 13), []string{"no application header"}},
		{foreignField, []string{"field 46", "offset "}},
		{misrouted, []string{"TPDU of another host"}},
		{[]byte("\xFF\xFFxx"), []string{"a length prefix that no message has", "65535 octets announced"}},
		{[]byte("\x00\x03xxx"), []string{"a length prefix that no message has"}},
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			conn.Write(c.octets)
		}
		conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		conn.Read(make([]byte, 500))
		conn.Close()
		for _, words := range c.says {
			for until := time.Now().Add(patient); !strings.Contains(all(), words); time.Sleep(time.Millisecond) {
				if time.Now().After(until) {
					t.Errorf("% X: %q is not told:\n%s", c.octets[:3], words, all())
					break
				}
			}
		}
	}
	p.want("97", dialect.Purchase, amount(1), shows("good"), set(41, "1999\x1b999"))
	p.want("97", dialect.Purchase, amount(1), shows("good"), set(41, "1999\x1b999"))
	mu.Lock()
	defer mu.Unlock()
	if last := told[len(told)-1]; !strings.Contains(last, `no terminal "1999\x1b999" of merchant "123456789012345"`) {
		t.Errorf("the last told is %q", last)
	}
	if len(told) != 8 {
		t.Errorf("%d told, want 8:\n%s", len(told), strings.Join(told, "\n"))
	}
	for _, n := range h.Noticed() {
		if strings.HasPrefix(n.What, "no terminal") && n.Times != 2 {
			t.Errorf("%s: %d times, want 2", n.What, n.Times)
		}
	}
}
